//! `facematch detect`: the faces of each photo, without any known people.

use std::time::{Duration, Instant};

use facematch::drawing::Tone;
use facematch::photo::{Depth, FoundFace};
use facematch::report::{Finding, Subject, Summary};

use super::super::args::DetectArgs;
use super::super::caching::Session;
use super::super::config;
use super::super::console::Console;
use super::super::exit::{Exit, Failure};
use super::super::interrupt::UnfinishedFiles;
use super::super::output::Output;
use super::super::pictures::Pictures;
use super::Search;
use super::searching::{Judgement, PhotoSearch};

pub(in super::super) fn run(args: &DetectArgs, console: &Console) -> Result<Exit, Failure> {
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
    config::make_picture_folders(&common.output)?;
    let inputs = config::inputs(&args.path, &[], common, console)?;
    let output = Output::open_results(&common.output, &unfinished)?;

    let began = Instant::now();
    let engine = config::load_engine(&params, console)?;
    let (name, landmark_model) = (engine.name(), engine.landmark_model());
    let jobs = config::jobs(&common.engine, inputs.list.len());
    let depth = match with_encodings {
        true => Depth::Encodings,
        false => Depth::Landmarks,
    };
    let session = Session::begin(&common.cache, &params, settings, depth, console)?;
    let photos = PhotoSearch {
        searcher: &session.searcher,
        pictures: Pictures::new(&common.output, &unfinished),
        with_encodings,
    };
    let search = Search {
        common,
        console,
        inputs,
        engines: config::workers(engine, jobs),
        start: began.elapsed(),
        enrolled: Duration::ZERO,
        subject: Subject::Landmarks(landmark_model.point_names()),
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
