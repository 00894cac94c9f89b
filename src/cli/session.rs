//! The engines and the cache of a run, and the messages about the cache.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use facematch::cache::{Cache, CacheError, FaceFinder};
use facematch::engine::{EngineParams, FaceEngine};
use facematch::photo::PhotoSettings;

use super::caching;
use super::config::{CacheConfig, EngineConfig};
use super::console::Console;
use super::engine;
use super::exit::Failure;
use super::guard::RunInputs;
use super::interrupt::UnfinishedFiles;
use super::preprocessing::preprocessor;

/// Duration of a run without a cache above which the program suggests `--cache`.
const LONG_RUN: Duration = Duration::from_secs(30);

/// Everything that finds faces in one run.
pub(super) struct Session<'a> {
    /// One engine per worker, at least one.
    pub(super) engines: Vec<Box<dyn FaceEngine>>,
    pub(super) finder: FaceFinder,
    /// Time to load the engines and to open the cache.
    pub(super) start: Duration,
    /// True if the user has chosen to use a cache or not to use one.
    decided: bool,
    began: Instant,
    console: &'a Console,
}

impl<'a> Session<'a> {
    /// Loads an engine with `params` for each worker that `photos` photos need, and opens the
    /// cache. A cache that cannot be used only causes a warning, unless the user named a file that
    /// is not a cache.
    pub(super) fn begin(
        engine: &EngineConfig,
        cache: &CacheConfig,
        inputs: &RunInputs<'_>,
        params: &EngineParams,
        photos: usize,
        console: &'a Console,
        unfinished: &UnfinishedFiles,
    ) -> Result<Self, Failure> {
        let began = Instant::now();
        let engines = engine::workers(params, engine, photos, console)?;
        let (finder, decided) = finder(cache, inputs, params, engine.settings, console)?;
        let finder = preprocessed(finder, engine, unfinished)?;
        Ok(Self {
            engines,
            finder,
            start: began.elapsed(),
            decided,
            began,
            console,
        })
    }

    /// Ends the session: writes the results to disk and prints messages about the cache.
    pub(super) fn finish(self) {
        let console = self.console;
        match self.finder.close() {
            Ok(Some((known, new))) => {
                console.detail(format_args!("cache: {known} photos known, {new} new"));
            }
            Ok(None) if is_worth_a_hint(self.began.elapsed(), self.decided) => {
                console.summary("with --cache the next run need not search these photos again");
            }
            Ok(None) => {}
            Err(error) => console.warn(format_args!("{error}; continued without it")),
        }
    }
}

/// Returns `finder` with the command that `engine` has for some files.
pub(super) fn preprocessed(
    finder: FaceFinder,
    engine: &EngineConfig,
    unfinished: &UnfinishedFiles,
) -> Result<FaceFinder, Failure> {
    Ok(match &engine.pre {
        Some(pre) => finder.with_preprocessor(preprocessor(pre, unfinished)?),
        None => finder,
    })
}

/// Returns the face finder, and whether the user has chosen to use a cache or not to use one.
fn finder(
    config: &CacheConfig,
    inputs: &RunInputs<'_>,
    params: &EngineParams,
    settings: PhotoSettings,
    console: &Console,
) -> Result<(FaceFinder, bool), Failure> {
    let Some(file) = caching::file(config)? else {
        let decided = *config == CacheConfig::Off;
        return Ok((FaceFinder::new(settings), decided));
    };
    let is_named = matches!(config, CacheConfig::File(_));
    if is_named {
        inputs.check_cache(&file)?;
    }
    let finder = match open(file, console) {
        Ok(cache) => FaceFinder::with_cache(settings, params, cache)?,
        Err(error @ CacheError::Foreign { .. }) if is_named => {
            return Err(Failure::Usage(error.to_string()));
        }
        Err(error) => {
            console.warn(format_args!("{error}; continuing without it"));
            FaceFinder::new(settings)
        }
    };
    Ok((finder, true))
}

fn open(file: PathBuf, console: &Console) -> Result<Cache, CacheError> {
    let (cache, set_aside) = Cache::open(&file)?;
    if let Some(set_aside) = set_aside {
        console.warn(format_args!(
            "cache {}: damaged ({}); renamed to {}; starting with an empty one",
            file.display(),
            set_aside.reason,
            set_aside.path.display()
        ));
    }
    Ok(cache)
}

fn is_worth_a_hint(elapsed: Duration, decided: bool) -> bool {
    elapsed > LONG_RUN && !decided
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_comes_after_a_long_run_that_was_not_told_of_the_cache() {
        for (seconds, decided, expected) in [
            (29, false, false),
            (30, false, false),
            (31, false, true),
            (31, true, false),
        ] {
            let hint = is_worth_a_hint(Duration::from_secs(seconds), decided);
            assert_eq!(hint, expected, "{seconds} s, {decided}");
        }
    }
}
