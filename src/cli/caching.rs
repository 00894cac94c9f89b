//! The cache on the command line: its location, its use during a run, and the messages about it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use facematch::cache::{Cache, CacheError, FaceFinder};
use facematch::engine::EngineParams;
use facematch::photo::PhotoSettings;

use super::config::CacheConfig;
use super::console::Console;
use super::engine::path_in;
use super::exit::Failure;
use super::guard::RunInputs;

/// Duration of a run without a cache above which the program suggests `--cache`.
const LONG_RUN: Duration = Duration::from_secs(30);

/// The face finder of one run.
pub(super) struct Session<'a> {
    pub(super) finder: FaceFinder,
    /// True if the user has chosen to use a cache or not to use one.
    decided: bool,
    began: Instant,
    console: &'a Console,
}

impl<'a> Session<'a> {
    /// Starts a session with engines made from `params`. A cache that cannot be used only causes a
    /// warning, unless the user named a file that is not a cache.
    pub(super) fn begin(
        config: &CacheConfig,
        inputs: &RunInputs<'_>,
        params: &EngineParams,
        settings: PhotoSettings,
        console: &'a Console,
    ) -> Result<Self, Failure> {
        let session = |finder, decided| Self {
            finder,
            decided,
            began: Instant::now(),
            console,
        };
        let Some(file) = file(config)? else {
            let decided = *config == CacheConfig::Off;
            return Ok(session(FaceFinder::new(settings), decided));
        };
        let is_named = matches!(config, CacheConfig::File(_));
        if is_named {
            inputs.check_cache(&file)?;
        }
        Ok(match open(file, console) {
            Ok(cache) => session(FaceFinder::with_cache(settings, params, cache)?, true),
            Err(error @ CacheError::Foreign { .. }) if is_named => {
                return Err(Failure::Usage(error.to_string()));
            }
            Err(error) => {
                console.warn(format_args!("{error}; continuing without it"));
                session(FaceFinder::new(settings), true)
            }
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

/// Returns the cache file that `config` asks for, or `None` if caching is off.
pub(super) fn file(config: &CacheConfig) -> Result<Option<PathBuf>, Failure> {
    match config {
        CacheConfig::Off => Ok(None),
        CacheConfig::Undecided => Ok(from_environment()),
        CacheConfig::Usual => usual_file().map(Some),
        CacheConfig::File(file) => Ok(Some(file.clone())),
    }
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

fn from_environment() -> Option<PathBuf> {
    path_in("FACEMATCH_CACHE")
}

/// Returns the default cache file: `FACEMATCH_CACHE`, else `facematch/cache.redb` in the user's
/// cache folder.
pub(super) fn usual_file() -> Result<PathBuf, Failure> {
    if let Some(file) = from_environment() {
        return Ok(file);
    }
    let folder = if cfg!(windows) {
        std::env::var_os("LOCALAPPDATA").map(PathBuf::from)
    } else {
        cache_home(std::env::var_os("XDG_CACHE_HOME"), std::env::var_os("HOME"))
    };
    match folder {
        Some(folder) => Ok(folder.join("facematch").join("cache.redb")),
        None => Err(Failure::Start(
            "no folder for the cache: neither XDG_CACHE_HOME nor HOME is set; name a file with --cache=FILE"
                .to_owned(),
        )),
    }
}

/// Returns the XDG base directory for caches. The specification says to ignore relative paths,
/// which include the empty one.
fn cache_home(xdg_cache_home: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    xdg_cache_home
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| {
            home.filter(|home| !home.is_empty())
                .map(|home| PathBuf::from(home).join(".cache"))
        })
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

    #[test]
    fn the_usual_place_is_that_of_the_xdg_specification() {
        let of = |xdg: Option<&str>, home: Option<&str>| {
            cache_home(xdg.map(OsString::from), home.map(OsString::from))
        };
        let at_home = Some(PathBuf::from("/home/ann/.cache"));
        assert_eq!(of(Some("/tmp/c"), Some("/home/ann")), Some("/tmp/c".into()));
        for ignored in [None, Some(""), Some("relative")] {
            assert_eq!(of(ignored, Some("/home/ann")), at_home, "{ignored:?}");
        }
        assert_eq!(of(None, Some("")), None);
        assert_eq!(of(None, None), None);
    }
}
