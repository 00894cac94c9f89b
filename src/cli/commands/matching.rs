//! The default command: who is in which photo.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use facematch::Error;
use facematch::batch::{self, Inputs};
use facematch::drawing::Tone;
use facematch::engine::FaceEngine;
use facematch::gallery::{Gallery, GalleryBuilder, person_name};
use facematch::matching::{CandidateCount, Identity, Outcome, identify};
use facematch::photo::{Depth, Face, FoundFace, PhotoSettings, StageTimes, search};
use facematch::report::{Finding, MatchingSummary, Subject, Summary};

use super::super::args::{FormatArg, MatchArgs};
use super::super::config;
use super::super::console::Console;
use super::super::exit::{Exit, Failure};
use super::super::interrupt::UnfinishedFiles;
use super::super::output::Output;
use super::super::pictures::Pictures;
use super::searching::{Judgement, PhotoSearch};
use super::{Search, counted};

pub(in super::super) fn run(args: &MatchArgs, console: &Console) -> Result<Exit, Failure> {
    let common = &args.common;
    let known = args.known.as_deref().unwrap_or(Path::new(""));
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let params = config::encoding_params(&common.engine, &args.encoding)?;
    config::make_picture_folders(&common.output)?;
    let known_photos = config::known_photos(known, common, console)?;
    let inputs = config::inputs(&args.unknown, common, console)?;
    let output = Output::open(common.output.output.as_deref(), &unfinished)?;

    let began = Instant::now();
    let engine = config::load_engine(&params, console)?;
    let name = engine.name();
    let most_photos = inputs.list.len().max(known_photos.list.len());
    let mut engines = config::workers(engine, config::jobs(&common.engine, most_photos));
    let start = began.elapsed();

    let enrolling = Instant::now();
    let settings = config::encoding_settings(&common.engine, &args.encoding);
    let gallery = enroll(known, &known_photos, &mut engines, &settings, console)?;
    if common.output.format == FormatArg::Text {
        warn_of_reserved_names(&gallery, console);
    }
    let people = gallery.people();
    let candidates = match args.all_distances {
        true => CandidateCount::All,
        false => CandidateCount::Nearest(args.candidates as usize),
    };
    let photos = PhotoSearch {
        settings,
        depth: Depth::Encodings,
        pictures: Pictures::new(&common.output, &unfinished),
    };
    let search = Search {
        common,
        console,
        inputs,
        engines,
        start,
        enrolled: enrolling.elapsed(),
        subject: Subject::People {
            candidates: match candidates {
                CandidateCount::All => people,
                CandidateCount::Nearest(count) => count.min(people),
            },
        },
        output,
    };
    search.run(
        |engine, path| {
            photos.search(engine, path, |found| {
                judge(found, &gallery, args, candidates)
            })
        },
        |totals| Summary {
            images: totals.images,
            faces: totals.faces,
            matching: Some(MatchingSummary {
                matched: totals.matched,
                unknown: totals.unknown,
                known_people: people,
                threshold: args.threshold.value(),
            }),
            errors: totals.errors,
            engine: name,
            detector: params.detector.name(),
        },
    )
}

/// The gallery of the known photos. What is wrong with a photo is a warning.
fn enroll(
    known: &Path,
    photos: &Inputs,
    engines: &mut [Box<dyn FaceEngine>],
    settings: &PhotoSettings,
    console: &Console,
) -> Result<Gallery, Failure> {
    let mut builder = GalleryBuilder::default();
    let mut unreadable = 0;
    let bar = console.progress("known people", photos.list.len());
    let encode = |engine: &mut dyn FaceEngine, path: &Path| known_faces(engine, path, settings);
    batch::run(&photos.list, engines, encode, |path, result| {
        bar.suspend(|| match result {
            Ok(faces) => {
                if let Some(warning) = builder.add(&person_name(known, path), path, &faces) {
                    console.warn(warning);
                }
            }
            Err(error) => {
                unreadable += 1;
                console.warn(format_args!("known photo left out: {error}"));
            }
        });
        bar.inc(1);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    let gallery = builder.build();
    if gallery.is_empty() {
        let reason = match photos.list.len() {
            photos if photos == unreadable => "none of its photos can be read",
            _ => "no face was found in its photos",
        };
        return Err(config::no_known_face(known, reason));
    }
    console.detail(format_args!(
        "{} known by {}",
        counted(gallery.people(), "person", "people"),
        counted(gallery.faces(), "face", "faces")
    ));
    Ok(gallery)
}

/// Words that stand in the place of a name in the text form.
const RESERVED_NAMES: [&str; 2] = ["unknown", "no faces"];

fn warn_of_reserved_names(gallery: &Gallery, console: &Console) {
    for name in gallery.names().filter(|name| RESERVED_NAMES.contains(name)) {
        console.warn(format_args!(
            "a known person is called {name:?}, which the text form cannot tell from its own word; use -f json"
        ));
    }
}

fn known_faces(
    engine: &mut dyn FaceEngine,
    path: &Path,
    settings: &PhotoSettings,
) -> Result<Vec<Face>, Error> {
    let mut times = StageTimes::default();
    let searched = search(path, settings, Depth::Encodings, engine, &mut times)?;
    Ok(searched.faces.into_iter().map(|found| found.face).collect())
}

fn judge(
    found: &FoundFace,
    gallery: &Gallery,
    args: &MatchArgs,
    candidates: CandidateCount,
) -> Judgement {
    let identity = match &found.face.encoding {
        Some(encoding) => identify(gallery, encoding, args.threshold, candidates),
        // Of a face that was not encoded nothing is known.
        None => Identity {
            outcome: Outcome::Unknown,
            candidates: Vec::new(),
        },
    };
    let (label, tone) = match identity.name() {
        Some(name) => (name, Tone::Known),
        None => (Outcome::Unknown.name(), Tone::Unknown),
    };
    let distance = identity
        .distance()
        .map_or_else(String::new, |d| format!(" {d:.2}"));
    Judgement {
        label: Some(format!("{label}{distance}")),
        tone,
        finding: Finding::Identity(identity),
    }
}
