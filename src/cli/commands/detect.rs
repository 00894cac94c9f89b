//! `facematch detect`: finds the faces of each photo, without known people.

use std::time::Duration;

use facematch::batch::Input;
use facematch::photo::FoundFace;

use super::photo_work::{Judgement, PhotoWork};
use super::run::{Run, only_found};
use crate::cli::config::DetectConfig;
use crate::cli::console::Console;
use crate::cli::drawing::Tone;
use crate::cli::engine;
use crate::cli::exit::{Exit, Failure};
use crate::cli::folders::make_picture_folders;
use crate::cli::guard::RunInputs;
use crate::cli::inputs::{check_no_gallery, inputs};
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::Output;
use crate::cli::pictures::Pictures;
use crate::cli::report::{Finding, Subject, Summary};
use crate::cli::session::Session;
use crate::cli::terminal;

pub(crate) fn run(config: &DetectConfig, console: &Console) -> Result<Exit, Failure> {
    let config = &config.run;
    check_no_gallery(&config.photos.paths, |gallery| {
        let gallery = gallery.display();
        format!("facematch {gallery} PHOTO... finds these people in photos")
    })?;
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let params = engine::params(&config.engine)?;
    let _empty_folders = unfinished.empty_folders();
    make_picture_folders(&config.results, &unfinished)?;
    let inputs = inputs(&config.photos, console)?;
    let photos = inputs.list.iter().map(Input::path);
    let read = RunInputs::new(&config.engine, Some(&config.cache)).with_photos(photos.clone());
    let output = Output::open_results(&config.results, &read, &unfinished)?;
    read.check_pictures(&config.results, photos)?;

    let (engine, cache) = (&config.engine, &config.cache);
    let mut session = Session::begin(
        engine,
        cache,
        &read,
        &params,
        inputs.list.len(),
        console,
        &unfinished,
    )?;
    let (name, landmark_model) = (
        session.engines[0].name(),
        session.engines[0].landmark_model(),
    );
    let work = PhotoWork {
        finder: &session.finder,
        pictures: Pictures::new(&config.results, &unfinished),
        with_encodings: config.results.with_encodings,
    };
    let paths = inputs.list.iter().map(Input::path);
    let layout = terminal::layout(config.results.file.as_deref(), paths, []);
    let run = Run {
        config,
        console,
        inputs,
        engines: &mut session.engines,
        start: session.start,
        unreadable_known: 0,
        enrolled: Duration::ZERO,
        subject: Subject::Landmarks(landmark_model.point_names()),
        layout,
        output,
        at_a_time: 1,
    };
    let exit = run.run(
        |engine, path| work.result(engine, path, |faces| faces.iter().map(judge).collect()),
        only_found,
        |totals| Summary {
            images: totals.images,
            faces: totals.faces,
            matching: None,
            errors: totals.errors,
            skipped: totals.skipped.clone(),
            engine: name,
            detector: params.detector.name(),
        },
    )?;
    work.pictures.warn_of_boxes(console);
    session.finish();
    Ok(exit)
}

fn judge(found: &FoundFace) -> Judgement {
    Judgement {
        finding: Finding::Landmarks(found.face.landmarks.clone()),
        label: None,
        tone: Tone::Found,
    }
}
