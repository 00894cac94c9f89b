//! A run through photos: processes each one and reports them in order.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use facematch::Error;
use facematch::batch::{self, Inputs};
use facematch::engine::FaceEngine;
use facematch::matching::Outcome;
use facematch::photo::StageTimes;

use super::batches::Batch;
use super::photo_work::PhotoResult;
use super::words::{counted, in_words, strangers_in_words};
use crate::cli::config::RunConfig;
use crate::cli::console::Console;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::photo_error::PhotoError;
use crate::cli::report::{
    self, Finding, Format, Layout, Photo, PhotoOutcome, PhotoRecord, Report, Subject, Summary,
};
use crate::cli::terminal;
use crate::cli::timings::Timings;

/// Totals of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) images: usize,
    pub(super) faces: usize,
    pub(super) matched: usize,
    pub(super) ambiguous: usize,
    pub(super) unknown: usize,
    /// Number of unknown faces that were not compared.
    pub(super) not_compared: usize,
    pub(super) errors: usize,
    /// Number of skipped photos by extension.
    pub(super) skipped: BTreeMap<String, usize>,
    pub(super) times: StageTimes,
}

impl Totals {
    fn count(&mut self, photo: &Photo, times: &StageTimes) {
        self.images += 1;
        self.faces += photo.faces.len();
        self.times.add(times);
        for face in &photo.faces {
            match &face.finding {
                Finding::Identity { identity, .. } => match identity.outcome {
                    Outcome::Match => self.matched += 1,
                    Outcome::Ambiguous => self.ambiguous += 1,
                    _ => {
                        self.unknown += 1;
                        self.not_compared += usize::from(identity.candidates.is_empty());
                    }
                },
                Finding::Landmarks(_) => {}
            }
        }
    }
}

/// Outcome of a command's actions on a searched photo, and their errors.
#[derive(Default)]
pub(super) struct Done {
    pub(super) outcome: PhotoOutcome,
    /// Errors from actions that failed.
    pub(super) errors: Vec<PhotoError>,
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

/// Does nothing with `photos`: the command only reports them.
pub(super) fn only_found(photos: &[&Photo]) -> Result<Vec<Done>, Failure> {
    Ok(photos.iter().map(|_| Done::default()).collect())
}

/// A run through photos that is ready to start.
pub(super) struct Run<'a> {
    pub(super) config: &'a RunConfig,
    pub(super) console: &'a Console,
    pub(super) inputs: Inputs,
    pub(super) engines: &'a mut [Box<dyn FaceEngine>],
    /// Time to load the engines and to open the cache.
    pub(super) start: Duration,
    /// Number of known photos that could not be read.
    pub(super) unreadable_known: usize,
    /// Time to find and encode the known people.
    pub(super) enrolled: Duration,
    pub(super) subject: Subject,
    pub(super) layout: Layout,
    pub(super) output: Output,
    /// Photos per batch: ExifTool is much slower one photo at a time.
    pub(super) at_a_time: usize,
}

/// Reason why a run ended before its last photo.
enum EarlyEnd {
    /// The results could not be written.
    Output(io::Error),
    /// `after` failed for all photos, not just for one.
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

impl Run<'_> {
    /// Calls `work` on every photo, several at a time, and `after` on the results, in order;
    /// reports both. Stops if `after` fails. `summarize` turns the totals into the summary.
    pub(super) fn run(
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
                self.console.summary(in_words(&summary));
                let matching = summary.matching.as_ref().filter(|_| summary.faces > 0);
                if let Some(words) = matching.and_then(strangers_in_words) {
                    self.console.summary(words);
                }
            }
            // The reader of the results closed the pipe and needs no more.
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
        let style = terminal::style(&config.results, self.layout, self.console.is_verbose());
        let mut report = report::new(format, style, self.subject, self.output.writer())?;
        let bar = self.console.progress("searching", self.inputs.list.len());
        let mut end = Ok(());
        // The report is not the purpose of tagging and sorting, so they continue after its reader
        // has closed the pipe.
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
        // After a break no results are waiting.
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
            // Errors are printed and counted even if the report's reader has closed the pipe.
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
