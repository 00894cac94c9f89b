//! The location of the cache.

use std::ffi::OsString;
use std::path::PathBuf;

use super::config::CacheConfig;
use super::engine::path_in;
use super::exit::Failure;

/// Returns the cache file that `config` asks for, or `None` if caching is off.
pub(super) fn file(config: &CacheConfig) -> Result<Option<PathBuf>, Failure> {
    match config {
        CacheConfig::Off => Ok(None),
        CacheConfig::Undecided => Ok(from_environment()),
        CacheConfig::Usual => usual_file().map(Some),
        CacheConfig::File(file) => Ok(Some(file.clone())),
    }
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
