//! The default command: who is in which photo.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use facematch::Error;
use facematch::batch::{self, Inputs, walk};
use facematch::drawing::{Marking, Tone};
use facematch::engine::FaceEngine;
use facematch::gallery::{Gallery, GalleryBuilder, person_name};
use facematch::matching::{CandidateCount, DistanceThreshold, Identity, Outcome, identify};
use facematch::photo::{Depth, Face, FoundFace, Stage, StageTimes, find_faces, open};
use facematch::report::{FaceRecord, Finding, MatchingSummary, PhotoRecord, Subject, Summary};

use super::super::args::MatchArgs;
use super::super::config;
use super::super::console::Console;
use super::super::exit::{Exit, Failure};
use super::super::interrupt::UnfinishedFiles;
use super::super::output::Output;
use super::super::pictures::Pictures;
use super::{Search, Searched};

/// What a worker needs to search a photo.
struct Matcher {
    gallery: Gallery,
    threshold: DistanceThreshold,
    candidates: CandidateCount,
    width: u32,
    pictures: Pictures,
}

pub(in super::super) fn run(args: &MatchArgs, console: &Console) -> Result<Exit, Failure> {
    let common = &args.common;
    let known = args.known.clone().unwrap_or_default();
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let known_photos = known_photos(&known, args)?;
    config::warn_of_foreign_formats(&known_photos, console);
    let inputs = config::inputs(&args.unknown, &common.walk, console)?;
    config::check_picture_folders(common)?;
    let output = Output::open(common.output.output.as_deref(), &unfinished)?;

    let began = Instant::now();
    let params = config::engine_params(&common.engine, args.jitters)?;
    let engine = config::load_engine(&params, console)?;
    let name = engine.name();
    let most_photos = inputs.list.len().max(known_photos.list.len());
    let mut engines = config::workers(engine, config::jobs(&common.engine, most_photos));
    let start = began.elapsed();

    let enrolling = Instant::now();
    let gallery = enroll(
        &known,
        &known_photos,
        &mut engines,
        common.engine.width,
        console,
    )?;
    let people = gallery.people();
    let matcher = Matcher {
        gallery,
        threshold: args.threshold,
        candidates: match args.all_distances {
            true => CandidateCount::All,
            false => CandidateCount::Nearest(args.candidates as usize),
        },
        width: common.engine.width,
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
            candidates: match matcher.candidates {
                CandidateCount::All => people,
                CandidateCount::Nearest(count) => count.min(people),
            },
        },
        output,
    };
    search.run(
        |engine, path| matcher.search(engine, path),
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

/// The photos of KNOWN, a folder or one photo.
fn known_photos(known: &Path, args: &MatchArgs) -> Result<Inputs, Failure> {
    std::fs::metadata(known).map_err(|source| Error::Read {
        path: known.to_owned(),
        source,
    })?;
    let photos = walk(
        &[known.to_owned()],
        &config::walk_options(&args.common.walk),
    );
    if photos.list.is_empty() {
        return Err(no_known_face(known, "there are no photos in it"));
    }
    Ok(photos)
}

fn no_known_face(known: &Path, reason: &str) -> Failure {
    Failure::Start(format!(
        "{}: no known face: {reason}; put one photo per person there, such as {}",
        known.display(),
        known.join("Ann.jpg").display()
    ))
}

/// The gallery of the known photos. What is wrong with a photo is a warning.
fn enroll(
    known: &Path,
    photos: &Inputs,
    engines: &mut [Box<dyn FaceEngine>],
    width: u32,
    console: &Console,
) -> Result<Gallery, Failure> {
    let mut builder = GalleryBuilder::default();
    let bar = console.progress("known people", photos.list.len());
    let encode = |engine: &mut dyn FaceEngine, path: &Path| known_faces(engine, path, width);
    batch::run(&photos.list, engines, encode, |path, result| {
        bar.suspend(|| match result {
            Ok(faces) => {
                if let Some(warning) = builder.add(&person_name(known, path), path, &faces) {
                    console.warn(warning);
                }
            }
            Err(error) => console.warn(format_args!("known photo left out: {error}")),
        });
        bar.inc(1);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    let gallery = builder.build();
    if gallery.is_empty() {
        return Err(no_known_face(known, "no face was found in its photos"));
    }
    console.detail(format_args!(
        "{} people known by {} faces",
        gallery.people(),
        gallery.faces()
    ));
    for name in gallery.names().filter(|name| RESERVED_NAMES.contains(name)) {
        console.warn(format_args!(
            "a known person is called {name:?}, which the text form cannot tell from its own word; use -f json"
        ));
    }
    Ok(gallery)
}

/// Words that stand in the place of a name in the text form.
const RESERVED_NAMES: [&str; 2] = ["unknown", "no faces"];

fn known_faces(engine: &mut dyn FaceEngine, path: &Path, width: u32) -> Result<Vec<Face>, Error> {
    let mut times = StageTimes::default();
    let (decoded, copy) = open(path, width, &mut times)?;
    let size = decoded.size();
    drop(decoded);
    let faces = find_faces(path, size, &copy, engine, Depth::Encodings, &mut times)?;
    Ok(faces.into_iter().map(|found| found.face).collect())
}

impl Matcher {
    fn search(&self, engine: &mut dyn FaceEngine, path: &Path) -> Result<Searched, Error> {
        let mut times = StageTimes::default();
        let (decoded, copy) = open(path, self.width, &mut times)?;
        let (size, orientation) = (decoded.size(), decoded.orientation());
        let original = self.pictures.wants_drawings().then_some(decoded);
        let found = find_faces(path, size, &copy, engine, Depth::Encodings, &mut times)?;
        let identities: Vec<Identity> = times.measure(Stage::Match, || {
            found
                .iter()
                .filter_map(|found| found.face.encoding.as_ref())
                .map(|encoding| identify(&self.gallery, encoding, self.threshold, self.candidates))
                .collect()
        });
        times.measure(Stage::Pictures, || {
            self.pictures.write_crops(path, &copy, &found)?;
            match original {
                Some(decoded) if !found.is_empty() => {
                    let markings: Vec<_> = found.iter().zip(&identities).map(marking).collect();
                    self.pictures
                        .write_drawing(path, decoded.into_upright(), &markings)
                }
                _ => Ok(()),
            }
        })?;
        Ok(Searched {
            record: PhotoRecord {
                path: PathBuf::from(path),
                width: size.0,
                height: size.1,
                orientation: orientation.exif(),
                faces: found.iter().zip(identities).map(record).collect(),
            },
            times,
        })
    }
}

fn marking((found, identity): (&FoundFace, &Identity)) -> Marking {
    let (label, tone) = match identity.name() {
        Some(name) => (name.to_owned(), Tone::Known),
        None => (Outcome::Unknown.name().to_owned(), Tone::Unknown),
    };
    let distance = identity
        .distance()
        .map_or_else(String::new, |d| format!(" {d:.2}"));
    Marking {
        bounds: found.face.bounds,
        landmarks: found.face.landmarks.clone(),
        label: Some(label + &distance),
        tone,
    }
}

fn record((found, identity): (&FoundFace, Identity)) -> FaceRecord {
    FaceRecord {
        bounds: found.face.bounds,
        score: found.face.score,
        finding: Finding::Identity(identity),
    }
}
