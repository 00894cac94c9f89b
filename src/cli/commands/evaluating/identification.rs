//! `facematch eval identify`: measures how often faces get the right name and strangers get none.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use facematch::Error;
use facematch::batch::{self, Input};
use facematch::cache::FaceFinder;
use facematch::engine::FaceEngine;
use facematch::gallery::{Fingerprint, Gallery};
use facematch::matching::{Identity, ImpostorDistances, PeoplePairs, Rules, identify_faces};

use super::{read_list, write_figures};
use crate::cli::advice::Advised;
use crate::cli::commands::known::{Enrolled, KnownPeople};
use crate::cli::commands::words::counted;
use crate::cli::config::{EvalIdentifyConfig, FiguresFormat, known_options};
use crate::cli::console::Console;
use crate::cli::engine;
use crate::cli::evaluation::{Label, NamedPhoto, identification, read_labels};
use crate::cli::exit::{Exit, Failure};
use crate::cli::guard::RunInputs;
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::Output;
use crate::cli::report::IdentificationReport;
use crate::cli::session::Session;

/// Findings in a photo: the names given, and the number of faces.
struct Found {
    named: Vec<String>,
    faces: usize,
}

pub(crate) fn run(config: &EvalIdentifyConfig, console: &Console) -> Result<Exit, Failure> {
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let params = engine::params(&config.engine)?;
    let labels = read_list(&config.labels, read_labels)?;
    let labelled = people_of_photos(labels, &config.unknown);
    let options = known_options(false, false, config.engine.pre.as_ref());
    let known = KnownPeople::find(
        std::slice::from_ref(&config.known),
        &options,
        &params,
        config.engine.settings.encode_from,
        console,
    )?;
    let read = RunInputs::new(&config.engine, Some(&config.cache))
        .with_known(&config.known)
        .with_list(&config.labels)
        .with_photos(known.photo_paths())
        .with_photos(labelled.keys().map(PathBuf::as_path));
    let output = Output::open(config.output.as_deref(), &read, &unfinished)?;

    let most_photos = labelled.len().max(known.photos());
    let (engine, cache) = (&config.engine, &config.cache);
    let mut session = Session::begin(
        engine,
        cache,
        &read,
        &params,
        most_photos,
        console,
        &unfinished,
    )?;
    let name = session.engines[0].name();
    let Enrolled {
        gallery,
        unreadable,
    } = known.enroll(&mut session.engines, &params, &session.finder, console)?;
    let made = Fingerprint::of(&params, config.engine.settings.encode_from)?;
    let strangers =
        ImpostorDistances::measured(&made).for_people(PeoplePairs::of(&gallery).as_ref());
    let rules = config.decision.rules(&strangers, gallery.faces());

    let found = identify_photos(&labelled, &mut session, &gallery, &rules, console)?;
    let failed = labelled.len() - found.len();
    let photos: Vec<NamedPhoto> = found
        .into_iter()
        .map(|(path, found)| NamedPhoto {
            people: labelled.get(&path).cloned().unwrap_or_default(),
            named: found.named,
            faces: found.faces,
        })
        .collect();
    let known: BTreeSet<String> = gallery.names().map(str::to_owned).collect();
    warn_of_strangers_in_labels(&photos, &known, console);
    let report = IdentificationReport {
        figures: identification(&photos, &known),
        unreadable: failed,
        threshold: rules.threshold.value(),
        engine: name,
        detector: params.detector.name(),
    };
    write_figures(output, |out| match config.format {
        FiguresFormat::Text => report.write_text(out),
        FiguresFormat::Json => report.write_json(out),
    })?;
    console.summary(format_args!(
        "{} with labels, {} known; {failed} failed",
        counted(labelled.len(), "photo", "photos"),
        counted(gallery.people(), "person", "people"),
    ));
    session.finish();
    Ok(match failed + unreadable {
        0 => Exit::Done,
        _ => Exit::SomeFailed,
    })
}

/// Warns of names in the labels that are not known: a misspelt name makes all figures wrong.
fn warn_of_strangers_in_labels(photos: &[NamedPhoto], known: &BTreeSet<String>, console: &Console) {
    let labelled: BTreeSet<_> = photos.iter().flat_map(|photo| &photo.people).collect();
    let strangers: Vec<_> = labelled
        .iter()
        .filter(|name| !known.contains(**name))
        .collect();
    let Some(first) = strangers.first() else {
        return;
    };
    console.warn(match strangers.len() {
        1 => format!("the labels name {first:?}, who is not known and counts as a stranger"),
        count => format!(
            "the labels name {count} people who are not known and count as strangers, such as {first:?}"
        ),
    });
}

/// Returns the people in each photo, by its path. If a photo has several rows, their people are
/// combined.
fn people_of_photos(labels: Vec<Label>, root: &Path) -> BTreeMap<PathBuf, Vec<String>> {
    let mut people: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for label in labels {
        people
            .entry(root.join(label.image))
            .or_default()
            .extend(label.people);
    }
    people
}

/// Returns the findings in each photo that can be read, and reports errors of the others.
fn identify_photos(
    labelled: &BTreeMap<PathBuf, Vec<String>>,
    session: &mut Session<'_>,
    gallery: &Gallery,
    rules: &Rules,
    console: &Console,
) -> Result<BTreeMap<PathBuf, Found>, Failure> {
    let Session {
        engines, finder, ..
    } = session;
    let photos: Vec<Input> = labelled.keys().cloned().map(Input::photo).collect();
    let mut found = BTreeMap::new();
    let bar = console.progress("searching", photos.len());
    let work = |engine: &mut dyn FaceEngine, path: &Path| {
        names_on_photo(engine, path, finder, gallery, rules)
    };
    let run = batch::run(&photos, engines, work, |path, result| {
        match result {
            Ok(names) => {
                found.insert(path.to_owned(), names);
            }
            Err(error) => bar.suspend(|| console.error(Advised(&error))),
        }
        bar.inc(1);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    run?;
    Ok(found)
}

fn names_on_photo(
    engine: &mut dyn FaceEngine,
    path: &Path,
    finder: &FaceFinder,
    gallery: &Gallery,
    rules: &Rules,
) -> Result<Found, Error> {
    let photo = finder.find(path, engine)?;
    let faces = photo.faces.iter().map(|found| &found.face);
    let identities = identify_faces(gallery, faces, rules);
    Ok(Found {
        named: identities
            .iter()
            .filter_map(Identity::name)
            .map(str::to_owned)
            .collect(),
        faces: photo.faces.len(),
    })
}
