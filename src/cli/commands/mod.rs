//! The commands. Each turns its config into a [`Search`]: photos, an engine per worker, what to do with a photo.

mod batches;
pub(super) mod caching;
pub(super) mod checking;
pub(super) mod detect;
mod earlier_faces;
pub(super) mod enrolling;
pub(super) mod evaluating;
mod known;
mod known_sources;
pub(super) mod matching;
mod searching;
pub(super) mod sorting;
mod tagged_people;
pub(super) mod tagging;

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use batches::Batch;
use facematch::Error;
use facematch::batch::{self, Inputs};
use facematch::engine::FaceEngine;
use facematch::matching::Outcome;
use facematch::photo::StageTimes;
use searching::PhotoResult;

use super::config::RunConfig;
use super::console::Console;
use super::engine;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::photo_error::PhotoError;
use super::progress::grouped;
use super::skipped::by_extension;
use super::terminal;
use super::timings::Timings;
use crate::cli::report::{
    self, Finding, Format, Layout, MatchingSummary, Photo, PhotoOutcome, PhotoRecord, Report,
    Subject, Summary,
};

/// From this number of known people on, the user is always told how many strangers would get a name.
const MANY_PEOPLE: usize = 10;

/// With fewer people the user is told only if more than 1 in so many strangers would get a name.
const FEW_STRANGERS: f64 = 100.0;

/// Rarer than 1 in so many is not told apart: the rates were measured on about as many pairs.
const FEWEST_STRANGERS: f64 = 1e6;

/// From this part of strangers with a name on, a threshold that follows from the gallery is recommended.
const WORTH_ADVICE: f64 = 0.02;

/// What was counted during a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Totals {
    images: usize,
    faces: usize,
    matched: usize,
    ambiguous: usize,
    unknown: usize,
    errors: usize,
    /// Photos without a found face that are too large for the second detector of `--detector auto`.
    not_by_cnn: usize,
    /// Photos that are not searched, by their extension.
    skipped: BTreeMap<String, usize>,
    times: StageTimes,
}

impl Totals {
    fn count(&mut self, photo: &Photo, times: &StageTimes) {
        self.images += 1;
        self.faces += photo.faces.len();
        self.times.add(times);
        for face in &photo.faces {
            match &face.finding {
                Finding::Identity(identity) => match identity.outcome {
                    Outcome::Match => self.matched += 1,
                    Outcome::Ambiguous => self.ambiguous += 1,
                    _ => self.unknown += 1,
                },
                Finding::Landmarks(_) => {}
            }
        }
    }
}

/// What a command did with a photo whose faces were found.
#[derive(Default)]
struct Done {
    outcome: PhotoOutcome,
    /// What it could not do.
    errors: Vec<PhotoError>,
}

impl From<Result<PhotoOutcome, PhotoError>> for Done {
    fn from(result: Result<PhotoOutcome, PhotoError>) -> Self {
        let (outcome, error) = match result {
            Ok(outcome) => (outcome, None),
            Err(error) => (PhotoOutcome::Nothing, Some(error)),
        };
        Self {
            outcome,
            errors: error.into_iter().collect(),
        }
    }
}

/// Does nothing with `photos`.
fn only_found(photos: &[&Photo]) -> Result<Vec<Done>, Failure> {
    Ok(photos.iter().map(|_| Done::default()).collect())
}

/// A search through photos that is ready to begin.
struct Search<'a> {
    config: &'a RunConfig,
    console: &'a Console,
    inputs: Inputs,
    engines: Vec<Box<dyn FaceEngine>>,
    /// How long it took to get the engine ready.
    start: Duration,
    /// Known photos that could not be read.
    unreadable_known: usize,
    /// How long the known people took.
    enrolled: Duration,
    subject: Subject,
    layout: Layout,
    output: Output,
    /// Photos per batch: ExifTool is much slower one photo at a time.
    at_a_time: usize,
}

/// Why a search ended before its last photo.
enum EarlyEnd {
    /// The results could not be written.
    Output(io::Error),
    /// What is done with the photos could not be done with any.
    Failure(Failure),
}

impl EarlyEnd {
    fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<io::Error> for EarlyEnd {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl Search<'_> {
    /// Searches every photo by `work`, several at a time; reports them with what `after` did with
    /// them, in their order, unless that fails; ends with what `summarize` makes of the totals.
    fn run(
        mut self,
        work: impl Fn(&mut dyn FaceEngine, &Path) -> Result<PhotoResult, Error> + Sync,
        after: impl FnMut(&[&Photo]) -> Result<Vec<Done>, Failure>,
        summarize: impl FnOnce(&Totals) -> Summary,
    ) -> Result<Exit, Failure> {
        let began = Instant::now();
        let mut totals = Totals {
            skipped: self.inputs.skipped.clone(),
            ..Totals::default()
        };
        let reported = self.report(work, after, summarize, &mut totals);
        match reported {
            Ok(summary) => {
                self.output.finish()?;
                warn_of_photos_not_searched_by_cnn(totals.not_by_cnn, self.console);
                self.console.summary(in_words(&summary));
                let matching = summary.matching.as_ref().filter(|_| summary.faces > 0);
                if let Some(words) = matching.and_then(strangers_in_words) {
                    self.console.summary(words);
                }
            }
            // Whoever read the results has seen enough.
            Err(end) if end.is_broken_pipe() => {}
            Err(EarlyEnd::Output(error)) => return Err(self.output.failure(error)),
            Err(EarlyEnd::Failure(failure)) => return Err(failure),
        }
        if self.config.timings {
            self.console.table(Timings {
                stages: totals.times,
                start: self.start,
                enrolled: self.enrolled,
                photos: totals.images,
                clock: began.elapsed(),
                jobs: self.engines.len(),
            });
        }
        Ok(match totals.errors + self.unreadable_known {
            0 => Exit::Done,
            _ => Exit::SomeFailed,
        })
    }

    fn report(
        &mut self,
        work: impl Fn(&mut dyn FaceEngine, &Path) -> Result<PhotoResult, Error> + Sync,
        mut after: impl FnMut(&[&Photo]) -> Result<Vec<Done>, Failure>,
        summarize: impl FnOnce(&Totals) -> Summary,
        totals: &mut Totals,
    ) -> Result<Summary, EarlyEnd> {
        let config = self.config;
        let format = config.results.format;
        let style = terminal::style(&config.results, self.layout);
        let mut report = report::new(format, style, self.subject, self.output.writer())?;
        let bar = self.console.progress("searching", self.inputs.list.len());
        let mut end = Ok(());
        // Tagging and sorting are not done for their report: they go on when nobody reads that any more.
        let goes_on = matches!(self.subject, Subject::Tags(_) | Subject::Places)
            && format != Format::ExiftoolJson;
        let (engines, console) = (&mut self.engines, self.console);
        let mut handle = |results: Vec<(&Path, Result<PhotoResult, Error>)>| {
            let photos = results.iter().flat_map(|(_, result)| result);
            let photos: Vec<_> = photos.map(|result| &result.photo).collect();
            let mut done = match after(&photos) {
                Ok(done) => done.into_iter(),
                Err(failure) => {
                    end = Err(EarlyEnd::Failure(failure));
                    return ControlFlow::Break(());
                }
            };
            for (path, result) in results {
                if let Ok(PhotoResult { photo, .. }) = &result
                    && photo.faces.is_empty()
                    && !engine::auto_asks_cnn(&config.engine, (photo.width, photo.height))
                {
                    totals.not_by_cnn += 1;
                }
                let result = result.map(|result| (result, done.next().unwrap_or_default()));
                let added = bar.suspend(|| add(report.as_mut(), path, result, totals, console));
                if end.is_ok() {
                    end = added.map_err(EarlyEnd::Output);
                }
                bar.inc(1);
                match &end {
                    Ok(()) => {}
                    Err(end) if goes_on && end.is_broken_pipe() => {}
                    Err(_) => return ControlFlow::Break(()),
                }
            }
            ControlFlow::Continue(())
        };
        let mut waiting = Batch::begin(self.at_a_time);
        let run = batch::run(
            &self.inputs.list,
            engines,
            work,
            |path, result| match waiting.add((path, result)) {
                results if results.is_empty() => ControlFlow::Continue(()),
                results => {
                    let flow = handle(results);
                    waiting.handled();
                    flow
                }
            },
        );
        // Nothing waits after a break.
        let rest = waiting.rest();
        if !rest.is_empty() {
            let _ = handle(rest);
        }
        bar.finish_and_clear();
        end?;
        run.map_err(|error| EarlyEnd::Failure(error.into()))?;
        let summary = summarize(totals);
        report.finish(&summary)?;
        Ok(summary)
    }
}

/// Warns once of all the photos that [`Totals::not_by_cnn`] counts.
fn warn_of_photos_not_searched_by_cnn(photos: usize, console: &Console) {
    if photos == 0 {
        return;
    }
    let photos = match photos {
        1 => "1 photo was".to_owned(),
        _ => format!("{} photos were", grouped(photos)),
    };
    console.warn(format_args!(
        "{photos} searched only with the hog detector: too large for cnn after resizing; use a smaller --width or --upsample"
    ));
}

/// Adds one result to the report and to the totals.
fn add(
    report: &mut dyn Report,
    path: &Path,
    result: Result<(PhotoResult, Done), Error>,
    totals: &mut Totals,
    console: &Console,
) -> io::Result<()> {
    match result {
        Ok((result, done)) => {
            totals.count(&result.photo, &result.times);
            console.detail(format_args!(
                "{}: {} in {:.0} ms",
                path.display(),
                counted(result.photo.faces.len(), "face", "faces"),
                result.times.total().as_secs_f64() * 1e3
            ));
            let written = report.photo(&PhotoRecord {
                photo: result.photo,
                outcome: done.outcome,
            });
            // Printed and counted even if the report's reader has gone.
            let errors = result.picture_error.into_iter().chain(done.errors);
            let errors = errors.map(|error| add_error(report, path, &error, totals, console));
            errors.fold(written, Result::and)
        }
        Err(error) => add_error(report, path, &error.into(), totals, console),
    }
}

fn add_error(
    report: &mut dyn Report,
    path: &Path,
    error: &PhotoError,
    totals: &mut Totals,
    console: &Console,
) -> io::Result<()> {
    totals.errors += 1;
    console.error(error);
    report.error(path, error)
}

/// The summary as a sentence: "3 photos, 2 faces: 1 known, 1 unknown (2 people known, threshold 0.6); 1 failed; skipped
/// 2 .heic".
fn in_words(summary: &Summary) -> String {
    let mut words = format!(
        "{}, {}",
        counted(summary.images, "photo", "photos"),
        counted(summary.faces, "face", "faces")
    );
    if let Some(matching) = &summary.matching {
        let ambiguous = match matching.ambiguous {
            0 => String::new(),
            count => format!("{count} ambiguous, "),
        };
        words += &format!(
            ": {} known, {ambiguous}{} unknown ({} known, threshold {})",
            matching.matched,
            matching.unknown,
            counted(matching.known_people, "person", "people"),
            rounded_threshold(matching.threshold),
        );
    }
    if summary.errors > 0 {
        words += &format!("; {} failed", summary.errors);
    }
    words + &skipped_in_words(&summary.skipped)
}

/// The end of a summary that says what was skipped, if anything was: "; skipped 2 .heic, 1 .nef".
fn skipped_in_words(skipped: &BTreeMap<String, usize>) -> String {
    match skipped.is_empty() {
        true => String::new(),
        false => format!("; skipped {}", by_extension(skipped)),
    }
}

/// A threshold that was computed has more digits than anybody wants to read.
fn rounded_threshold(threshold: f32) -> f64 {
    (f64::from(threshold) * 1e4).round() / 1e4
}

/// What the threshold means for strangers: "about 1 in 79 strangers would get a name at this threshold". Nothing where few
/// people are known and hardly any stranger would.
fn strangers_in_words(matching: &MatchingSummary) -> Option<String> {
    let named = matching.strangers_named;
    let one_in = (1.0 / named).round();
    if matching.known_people < MANY_PEOPLE && one_in >= FEW_STRANGERS {
        return None;
    }
    let strangers = match one_in {
        _ if named > 2.0 / 3.0 => "most strangers".to_owned(),
        _ if one_in <= FEWEST_STRANGERS => {
            format!("about 1 in {} strangers", grouped(one_in as usize))
        }
        _ => format!(
            "fewer than 1 in {} strangers",
            grouped(FEWEST_STRANGERS as usize)
        ),
    };
    let advice = match named > WORTH_ADVICE {
        true => "; try --threshold auto, or a lower --target-fpir",
        false => "",
    };
    Some(format!(
        "{strangers} would get a name at this threshold{advice}"
    ))
}

/// `count` with the word for it: "1 photo", "2 photos".
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_told_by_what_it_means_for_strangers() {
        let told = |known_people, strangers_named| {
            strangers_in_words(&MatchingSummary {
                matched: 0,
                ambiguous: 0,
                unknown: 0,
                known_people,
                threshold: 0.6,
                strangers_named,
            })
        };
        let words =
            |strangers: &str| Some(format!("{strangers} would get a name at this threshold"));
        assert_eq!(told(2, 0.01266), words("about 1 in 79 strangers"));
        // --threshold auto, but for the last digits.
        assert_eq!(told(2, 0.010_000_01), None);
        assert_eq!(told(9, 0.009), None);
        assert_eq!(told(10, 0.010_000_01), words("about 1 in 100 strangers"));
        assert_eq!(told(10, 1.0 / 1200.0), words("about 1 in 1,200 strangers"));
        for rare in [0.0, 1e-9] {
            assert_eq!(told(10, rare), words("fewer than 1 in 1,000,000 strangers"));
        }
        let advised = |strangers| {
            words(strangers).map(|words| words + "; try --threshold auto, or a lower --target-fpir")
        };
        assert_eq!(told(240, 0.52), advised("about 1 in 2 strangers"));
        assert_eq!(told(10_000, 0.7), advised("most strangers"));
    }

    #[test]
    fn the_summary_reads_as_a_sentence() {
        let mut summary = Summary {
            images: 1,
            faces: 2,
            matching: None,
            errors: 0,
            skipped: BTreeMap::new(),
            engine: "fake",
            detector: "hog",
        };
        assert_eq!(in_words(&summary), "1 photo, 2 faces");
        summary.errors = 3;
        summary.matching = Some(MatchingSummary {
            matched: 1,
            ambiguous: 0,
            unknown: 1,
            known_people: 1,
            threshold: 0.6,
            strangers_named: 0.005,
        });
        assert_eq!(
            in_words(&summary),
            "1 photo, 2 faces: 1 known, 1 unknown (1 person known, threshold 0.6); 3 failed"
        );
        if let Some(matching) = &mut summary.matching {
            matching.ambiguous = 2;
            matching.threshold = 0.495_871;
        }
        assert_eq!(
            in_words(&summary),
            "1 photo, 2 faces: 1 known, 2 ambiguous, 1 unknown (1 person known, threshold 0.4959); 3 failed"
        );
        summary.matching = None;
        summary.skipped = BTreeMap::from([("heic".to_owned(), 1_200), ("nef".to_owned(), 1)]);
        assert_eq!(
            in_words(&summary),
            "1 photo, 2 faces; 3 failed; skipped 1,200 .heic, 1 .nef"
        );
    }
}
