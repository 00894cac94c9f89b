//! `facematch detect`: the faces of each photo, without any known people.

use std::path::Path;
use std::time::{Duration, Instant};

use facematch::Error;
use facematch::drawing::{Marking, Tone};
use facematch::engine::FaceEngine;
use facematch::photo::{Depth, FoundFace, Stage, StageTimes, find_faces, open};
use facematch::report::{FaceRecord, Finding, PhotoRecord, Subject, Summary};

use super::super::args::DetectArgs;
use super::super::config;
use super::super::console::Console;
use super::super::exit::{Exit, Failure};
use super::super::interrupt::UnfinishedFiles;
use super::super::output::Output;
use super::super::pictures::Pictures;
use super::{Search, Searched};

pub(in super::super) fn run(args: &DetectArgs, console: &Console) -> Result<Exit, Failure> {
    let common = &args.common;
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let inputs = config::inputs(&args.path, &common.walk, console)?;
    config::check_picture_folders(common)?;
    let output = Output::open(common.output.output.as_deref(), &unfinished)?;

    let began = Instant::now();
    let params = config::engine_params(&common.engine, 0)?;
    let engine = config::load_engine(&params, console)?;
    let (name, landmark_model) = (engine.name(), engine.landmark_model());
    let jobs = config::jobs(&common.engine, inputs.list.len());
    let pictures = Pictures::new(&common.output, &unfinished);
    let width = common.engine.width;
    let search = Search {
        common,
        console,
        inputs,
        engines: config::workers(engine, jobs),
        start: began.elapsed(),
        enrolled: Duration::ZERO,
        subject: Subject::Landmarks(landmark_model.point_names()),
        output,
    };
    search.run(
        |engine, path| detect(engine, path, width, &pictures),
        |totals| Summary {
            images: totals.images,
            faces: totals.faces,
            matching: None,
            errors: totals.errors,
            engine: name,
            detector: params.detector.name(),
        },
    )
}

fn detect(
    engine: &mut dyn FaceEngine,
    path: &Path,
    width: u32,
    pictures: &Pictures,
) -> Result<Searched, Error> {
    let mut times = StageTimes::default();
    let (decoded, copy) = open(path, width, &mut times)?;
    let (size, orientation) = (decoded.size(), decoded.orientation());
    let original = pictures.wants_drawings().then_some(decoded);
    let faces = find_faces(path, size, &copy, engine, Depth::Landmarks, &mut times)?;
    times.measure(Stage::Pictures, || {
        pictures.write_crops(path, &copy, &faces)?;
        match original {
            Some(decoded) if !faces.is_empty() => {
                let markings: Vec<_> = faces.iter().map(marking).collect();
                pictures.write_drawing(path, decoded.into_upright(), &markings)
            }
            _ => Ok(()),
        }
    })?;
    Ok(Searched {
        record: PhotoRecord {
            path: path.to_owned(),
            width: size.0,
            height: size.1,
            orientation: orientation.exif(),
            faces: faces.into_iter().map(record).collect(),
        },
        times,
    })
}

fn marking(found: &FoundFace) -> Marking {
    Marking {
        bounds: found.face.bounds,
        landmarks: found.face.landmarks.clone(),
        label: None,
        tone: Tone::Found,
    }
}

fn record(found: FoundFace) -> FaceRecord {
    FaceRecord {
        bounds: found.face.bounds,
        score: found.face.score,
        finding: Finding::Landmarks(found.face.landmarks),
    }
}
