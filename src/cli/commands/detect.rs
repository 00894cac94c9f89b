//! `facematch detect`: the faces of each photo, without any known people.

use std::time::{Duration, Instant};

use facematch::batch::Input;
use facematch::photo::FoundFace;

use super::Search;
use super::searching::{Judgement, PhotoSearch};
use crate::cli::args::DetectArgs;
use crate::cli::caching::Session;
use crate::cli::config;
use crate::cli::console::Console;
use crate::cli::drawing::Tone;
use crate::cli::exit::{Exit, Failure};
use crate::cli::guard::RunInputs;
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::Output;
use crate::cli::pictures::Pictures;
use crate::cli::report::{Finding, Subject, Summary};
use crate::cli::terminal;

pub(crate) fn run(args: &DetectArgs, console: &Console) -> Result<Exit, Failure> {
    let common = &args.common;
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let with_encodings = common.output.with_encodings;
    let (params, settings) = if with_encodings {
        (
            config::encoding_params(&common.engine, &args.encoding)?,
            config::encoding_settings(&common.engine, &args.encoding),
        )
    } else {
        config::refuse_encoding_options(&args.encoding)?;
        (
            config::engine_params(&common.engine)?,
            config::photo_settings(&common.engine),
        )
    };
    config::check_no_exiftool_json(&common.output)?;
    config::check_with_encodings(&common.output)?;
    let _empty_folders = unfinished.empty_folders();
    config::make_picture_folders(&common.output, &unfinished)?;
    let inputs = config::inputs(&args.path, &[], common, console)?;
    let photos = inputs.list.iter().map(Input::path);
    let read = RunInputs::new(&common.engine, Some(&common.cache)).with_photos(photos.clone());
    let output = Output::open_results(&common.output, &read, &unfinished)?;
    read.check_pictures(&common.output, photos)?;

    let began = Instant::now();
    let engine = config::load_engine(&params, console)?;
    let (name, landmark_model) = (engine.name(), engine.landmark_model());
    let jobs = config::jobs(&common.engine, inputs.list.len());
    let session = Session::begin(&common.cache, &read, &params, settings, console)?;
    let photos = PhotoSearch {
        finder: &session.finder,
        pictures: Pictures::new(&common.output, &unfinished),
        with_encodings,
    };
    let paths = inputs.list.iter().map(Input::path);
    let layout = terminal::layout(common.output.output.as_deref(), paths, []);
    let search = Search {
        common,
        console,
        inputs,
        engines: config::workers(engine, jobs),
        start: began.elapsed(),
        unreadable_known: 0,
        enrolled: Duration::ZERO,
        subject: Subject::Landmarks(landmark_model.point_names()),
        layout,
        output,
        at_a_time: 1,
    };
    let exit = search.run(
        |engine, path| photos.search(engine, path, |faces| faces.iter().map(judge).collect()),
        |_| Ok(()),
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
    photos.pictures.warn_of_boxes(console);
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
