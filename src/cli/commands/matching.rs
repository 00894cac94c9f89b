//! The default command: finds known people in photos.

use std::time::Instant;

use facematch::batch::{Input, Inputs};
use facematch::gallery::{Fingerprint, Gallery};
use facematch::matching::{
    CandidateCount, Identity, ImpostorDistances, PeoplePairs, Rules, identify_faces,
};
use facematch::photo::FoundFace;

use super::known::{
    Enrolled, KnownPeople, warn_of_close_people, warn_of_similar_names, warn_of_strict_threshold,
};
use super::photo_work::{Judgement, PhotoWork};
use super::run::{Done, Run, only_found};
use crate::cli::config::{DEFAULT_TARGET_FPIR, MatchConfig, Threshold};
use crate::cli::console::Console;
use crate::cli::drawing::Tone;
use crate::cli::engine;
use crate::cli::exit::{Exit, Failure};
use crate::cli::folders::make_picture_folders;
use crate::cli::guard::RunInputs;
use crate::cli::inputs::{check_no_gallery, inputs, is_gallery};
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::Output;
use crate::cli::pictures::Pictures;
use crate::cli::report::{Finding, Format, MatchingSummary, NOT_COMPARED, Photo, Subject, Summary};
use crate::cli::session::Session;
use crate::cli::terminal;

/// A run that matches faces with known people.
pub(super) struct Matching<'a> {
    pub(super) config: &'a MatchConfig,
    /// Photos per batch: ExifTool is much slower one photo at a time.
    pub(super) at_a_time: usize,
}

pub(crate) fn run(config: &MatchConfig, console: &Console) -> Result<Exit, Failure> {
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let candidates = config.decision.candidates;
    let matching = Matching {
        config,
        at_a_time: 1,
    };
    let subject = |gallery: &Gallery, _: &Inputs| {
        let people = gallery.people();
        Subject::People {
            candidates: match candidates {
                CandidateCount::All => people,
                CandidateCount::Nearest(count) => count.min(people),
            },
            people,
        }
    };
    matching.run(console, &unfinished, subject, only_found)
}

impl Matching<'_> {
    /// Reports who is in each photo and what `after` did with it, in the order of the photos.
    /// `subject` returns the subject of the report for the gallery of known people and the photos.
    pub(super) fn run(
        &self,
        console: &Console,
        unfinished: &UnfinishedFiles,
        subject: impl FnOnce(&Gallery, &Inputs) -> Subject,
        after: impl FnMut(&[&Photo]) -> Result<Vec<Done>, Failure>,
    ) -> Result<Exit, Failure> {
        let MatchConfig {
            known,
            known_options,
            decision,
            run: config,
        } = self.config;
        check_no_gallery(&config.photos.paths, |_| match is_gallery(known) {
            true => "facematch enroll joins several galleries".to_owned(),
            false => "give it first, before the photos".to_owned(),
        })?;
        let params = engine::params(&config.engine)?;
        let encode_from = config.engine.settings.encode_from;
        let _empty_folders = unfinished.empty_folders();
        make_picture_folders(&config.results, unfinished)?;
        let finding = Instant::now();
        let roots = std::slice::from_ref(known);
        let people = KnownPeople::find(roots, known_options, &params, encode_from, console)?;
        let found = finding.elapsed();
        let inputs = inputs(&config.photos, console)?;
        let photos = inputs.list.iter().map(Input::path);
        let read = RunInputs::new(&config.engine, Some(&config.cache))
            .with_known(known)
            .with_photos(people.photo_paths())
            .with_photos(photos.clone());
        let output = Output::open_results(&config.results, &read, unfinished)?;
        read.check_pictures(&config.results, photos)?;

        let most_photos = inputs.list.len().max(people.photos());
        let (engine, cache) = (&config.engine, &config.cache);
        let mut session = Session::begin(
            engine,
            cache,
            &read,
            &params,
            most_photos,
            console,
            unfinished,
        )?;
        let name = session.engines[0].name();

        let enrolling = Instant::now();
        let finder = &session.finder;
        let Enrolled {
            gallery,
            unreadable,
        } = people.enroll(&mut session.engines, &params, finder, console)?;
        let people = gallery.people();
        let subject = subject(&gallery, &inputs);
        if config.results.format == Format::Text && matches!(subject, Subject::People { .. }) {
            warn_of_reserved_names(&gallery, console);
        }
        let measured = ImpostorDistances::measured(&Fingerprint::of(&params, encode_from)?);
        let pairs = PeoplePairs::of(&gallery);
        let strangers = measured.clone().for_people(pairs.as_ref());
        let rules = decision.rules(&strangers, gallery.faces());
        // Not the threshold of the run: several names of one person make the automatic one small.
        let usual = Rules::default_for(params.encoder).threshold;
        warn_of_similar_names(&gallery, usual, console);
        // The pairs are moved: they take up to 8 MB and are no longer needed.
        let stricter = match (decision.threshold, pairs) {
            (Threshold::Fixed(threshold), pairs) => {
                let better = strangers.threshold_for(DEFAULT_TARGET_FPIR, gallery.faces());
                let has_warned = pairs.is_some_and(|pairs| {
                    warn_of_close_people(&pairs, threshold, &measured, better, console)
                });
                (!has_warned).then_some("--threshold auto")
            }
            (Threshold::Auto { target_fpir }, _) => {
                let usual = measured.threshold_for(target_fpir, gallery.faces());
                warn_of_strict_threshold(rules.threshold, usual, console);
                Some("a lower --target-fpir")
            }
        };
        let work = PhotoWork {
            finder,
            pictures: Pictures::new(&config.results, unfinished),
            with_encodings: config.results.with_encodings,
        };
        let paths = inputs.list.iter().map(Input::path);
        let layout = terminal::layout(config.results.file.as_deref(), paths, gallery.names());
        let run = Run {
            config,
            console,
            inputs,
            engines: &mut session.engines,
            start: session.start,
            unreadable_known: unreadable,
            enrolled: found + enrolling.elapsed(),
            subject,
            layout,
            output,
            at_a_time: self.at_a_time,
        };
        let exit = run.run(
            |engine, path| {
                work.result(engine, path, |faces| {
                    judge(faces, &gallery, &rules, &strangers)
                })
            },
            after,
            |totals| Summary {
                images: totals.images,
                faces: totals.faces,
                matching: Some(MatchingSummary {
                    matched: totals.matched,
                    ambiguous: totals.ambiguous,
                    unknown: totals.unknown,
                    not_compared: totals.not_compared,
                    known_people: people,
                    threshold: rules.threshold.value(),
                    stricter,
                    strangers_named: strangers
                        .stranger_rate(rules.threshold.value(), gallery.faces()),
                }),
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
}

/// Words that the text format prints instead of a name.
const RESERVED_NAMES: [&str; 3] = ["ambiguous", "unknown", "no faces"];

fn warn_of_reserved_names(gallery: &Gallery, console: &Console) {
    for name in gallery.names().filter(|name| RESERVED_NAMES.contains(name)) {
        console.warn(format_args!(
            "a known person is called {name:?}, which the text form cannot tell from its own word; use -f json"
        ));
    }
}

/// Returns the identity of each face in a photo.
fn judge(
    faces: &[FoundFace],
    gallery: &Gallery,
    rules: &Rules,
    strangers: &ImpostorDistances,
) -> Vec<Judgement> {
    let identities = identify_faces(gallery, faces.iter().map(|found| &found.face), rules);
    let rate = |distance| strangers.stranger_rate(distance, gallery.faces());
    let identities = identities.into_iter();
    identities
        .map(|identity| {
            let stranger_rate = identity.distance().map(rate);
            judgement(identity, stranger_rate)
        })
        .collect()
}

fn judgement(identity: Identity, stranger_rate: Option<f64>) -> Judgement {
    let (label, tone) = match identity.name() {
        Some(name) => (name, Tone::Known),
        None if identity.candidates.is_empty() => (NOT_COMPARED, Tone::NotCompared),
        None => (identity.outcome.name(), Tone::Unknown),
    };
    let distance = identity
        .distance()
        .map_or_else(String::new, |d| format!(" {d:.2}"));
    Judgement {
        label: Some(format!("{label}{distance}")),
        tone,
        finding: Finding::Identity {
            identity,
            stranger_rate,
        },
    }
}
