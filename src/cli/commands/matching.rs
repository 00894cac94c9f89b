//! The default command: who is in which photo.

use std::path::{Path, PathBuf};
use std::time::Instant;

use facematch::batch::Input;
use facematch::gallery::Gallery;
use facematch::matching::{CandidateCount, Identity, Rules, identify_faces};
use facematch::photo::FoundFace;

use super::Search;
use super::known::{Enrolled, KnownPeople, warn_of_similar_names};
use super::searching::{Judgement, PhotoSearch, Searched};
use crate::cli::args::{CommonArgs, DecisionArgs, EncodingArgs, FormatArg, MatchArgs};
use crate::cli::caching::Session;
use crate::cli::config;
use crate::cli::console::Console;
use crate::cli::drawing::Tone;
use crate::cli::exit::{Exit, Failure};
use crate::cli::guard::RunInputs;
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::Output;
use crate::cli::pictures::Pictures;
use crate::cli::report::{Finding, MatchingSummary, Subject, Summary};
use crate::cli::terminal;

/// Whom to look for, and where.
pub(super) struct PeopleSearch<'a> {
    pub(super) known: &'a Path,
    pub(super) photos: &'a [PathBuf],
    /// Folders whose photos are not searched.
    pub(super) left_out: &'a [PathBuf],
    pub(super) decision: &'a DecisionArgs,
    pub(super) candidates: CandidateCount,
    pub(super) encoding: &'a EncodingArgs,
    pub(super) common: &'a CommonArgs,
    /// Photos per batch: ExifTool is much slower one photo at a time.
    pub(super) at_a_time: usize,
}

pub(crate) fn run(args: &MatchArgs, console: &Console) -> Result<Exit, Failure> {
    config::check_no_exiftool_json(&args.common.output)?;
    if let Some(known) = &args.known {
        config::check_no_command(known, &args.unknown)?;
    }
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let candidates = match args.all_distances {
        true => CandidateCount::All,
        false => CandidateCount::Nearest(args.candidates as usize),
    };
    let search = PeopleSearch {
        known: args.known.as_deref().unwrap_or(Path::new("")),
        photos: &args.unknown,
        left_out: &[],
        decision: &args.decision,
        candidates,
        encoding: &args.encoding,
        common: &args.common,
        at_a_time: 1,
    };
    let subject = |gallery: &Gallery| {
        let people = gallery.people();
        Subject::People {
            candidates: match candidates {
                CandidateCount::All => people,
                CandidateCount::Nearest(count) => count.min(people),
            },
            people,
        }
    };
    search.run(console, &unfinished, subject, |_| Ok(()))
}

impl PeopleSearch<'_> {
    /// Searches the photos and reports what `subject` makes of the known people. They go through `after`, in
    /// their order, before they are reported.
    pub(super) fn run(
        &self,
        console: &Console,
        unfinished: &UnfinishedFiles,
        subject: impl FnOnce(&Gallery) -> Subject,
        after: impl FnMut(&mut [&mut Searched]) -> Result<(), Failure>,
    ) -> Result<Exit, Failure> {
        let common = self.common;
        config::check_decision(self.decision)?;
        config::check_order(self.known, self.photos)?;
        let params = config::encoding_params(&common.engine, self.encoding)?;
        let settings = config::encoding_settings(&common.engine, self.encoding);
        let _empty_folders = unfinished.empty_folders();
        config::make_picture_folders(&common.output, unfinished)?;
        config::check_with_encodings(&common.output)?;
        let options = config::known_options(common.walk.follow_links, common.walk.hidden);
        let finding = Instant::now();
        let known = [self.known.to_owned()];
        let known = KnownPeople::find(&known, &options, &params, settings.encode_from, console)?;
        let found = finding.elapsed();
        let inputs = config::inputs(self.photos, self.left_out, common, console)?;
        let photos = inputs.list.iter().map(Input::path);
        let read = RunInputs::new(&common.engine, Some(&common.cache))
            .with_known(self.known)
            .with_photos(known.photo_paths())
            .with_photos(photos.clone());
        let output = Output::open_results(&common.output, &read, unfinished)?;
        read.check_pictures(&common.output, photos)?;

        let began = Instant::now();
        let engine = config::load_engine(&params, console)?;
        let name = engine.name();
        let most_photos = inputs.list.len().max(known.photos());
        let mut engines = config::workers(engine, config::jobs(&common.engine, most_photos));
        let start = began.elapsed();

        let enrolling = Instant::now();
        let session = Session::begin(&common.cache, &read, &params, settings, console)?;
        let finder = &session.finder;
        let Enrolled {
            gallery,
            unreadable,
        } = known.enroll(&mut engines, &params, finder, console)?;
        let people = gallery.people();
        let subject = subject(&gallery);
        if common.output.format == FormatArg::Text && matches!(subject, Subject::People { .. }) {
            warn_of_reserved_names(&gallery, console);
        }
        let strangers = config::impostor_distances(&params);
        let rules = config::rules(self.decision, self.candidates, &strangers, gallery.faces());
        warn_of_similar_names(&gallery, rules.threshold, console);
        let photos = PhotoSearch {
            finder,
            pictures: Pictures::new(&common.output, unfinished),
            with_encodings: common.output.with_encodings,
        };
        let paths = inputs.list.iter().map(Input::path);
        let layout = terminal::layout(common.output.output.as_deref(), paths, gallery.names());
        let search = Search {
            common,
            console,
            inputs,
            engines,
            start,
            unreadable_known: unreadable,
            enrolled: found + enrolling.elapsed(),
            subject,
            layout,
            output,
            at_a_time: self.at_a_time,
        };
        let exit = search.run(
            |engine, path| photos.search(engine, path, |faces| judge(faces, &gallery, &rules)),
            after,
            |totals| Summary {
                images: totals.images,
                faces: totals.faces,
                matching: Some(MatchingSummary {
                    matched: totals.matched,
                    ambiguous: totals.ambiguous,
                    unknown: totals.unknown,
                    known_people: people,
                    threshold: rules.threshold.value(),
                    strangers_named: strangers.strangers_named(rules.threshold, gallery.faces()),
                }),
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
}

/// Words that stand in the place of a name in the text form.
const RESERVED_NAMES: [&str; 3] = ["ambiguous", "unknown", "no faces"];

fn warn_of_reserved_names(gallery: &Gallery, console: &Console) {
    for name in gallery.names().filter(|name| RESERVED_NAMES.contains(name)) {
        console.warn(format_args!(
            "a known person is called {name:?}, which the text form cannot tell from its own word; use -f json"
        ));
    }
}

/// Returns who each face of a photo is.
fn judge(faces: &[FoundFace], gallery: &Gallery, rules: &Rules) -> Vec<Judgement> {
    let identities = identify_faces(gallery, faces.iter().map(|found| &found.face), rules);
    identities.into_iter().map(judgement).collect()
}

fn judgement(identity: Identity) -> Judgement {
    let (label, tone) = match identity.name() {
        Some(name) => (name, Tone::Known),
        None => (identity.outcome.name(), Tone::Unknown),
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
