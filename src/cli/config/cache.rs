//! Configuration of the cache of a run, and of `facematch cache`.

use std::path::PathBuf;

/// Cache of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum CacheConfig {
    /// The cache that the environment names, if any.
    #[default]
    Undecided,
    /// No cache, even if the environment names one.
    Off,
    /// The cache in the usual place.
    Usual,
    /// The cache in this file.
    File(PathBuf),
}

impl CacheConfig {
    /// Returns the cache for `--cache`, with or without a file, and for `--no-cache`.
    pub(crate) fn new(cache: Option<Option<PathBuf>>, off: bool) -> Self {
        match cache {
            _ if off => Self::Off,
            None => Self::Undecided,
            Some(None) => Self::Usual,
            Some(Some(file)) => Self::File(file),
        }
    }
}

/// Configuration of `facematch cache`.
#[derive(Debug)]
pub(crate) struct CacheCommandConfig {
    pub(crate) action: CacheAction,
    /// File of the cache, or `None` for the usual place.
    pub(crate) file: Option<PathBuf>,
}

/// Action of `facematch cache`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CacheAction {
    Path,
    Stats,
    Prune { unused_days: Option<u32> },
    Clear,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cache_is_stronger_than_a_cache() {
        let file = || Some(Some(PathBuf::from("c.redb")));
        assert_eq!(CacheConfig::new(file(), true), CacheConfig::Off);
        assert_eq!(
            CacheConfig::new(file(), false),
            CacheConfig::File("c.redb".into())
        );
        assert_eq!(CacheConfig::new(Some(None), false), CacheConfig::Usual);
        assert_eq!(CacheConfig::new(None, false), CacheConfig::default());
    }
}
