//! The cache that a run uses, and what `facematch cache` does with one.

use std::path::PathBuf;

/// The cache of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum CacheConfig {
    /// The one that the environment names, if it does.
    #[default]
    Undecided,
    /// None, whatever the environment says.
    Off,
    /// The one in the usual place.
    Usual,
    /// The one in this file.
    File(PathBuf),
}

impl CacheConfig {
    /// The cache for `--cache`, with a file or without, and for `--no-cache`.
    pub(crate) fn new(cache: Option<Option<PathBuf>>, off: bool) -> Self {
        match cache {
            _ if off => Self::Off,
            None => Self::Undecided,
            Some(None) => Self::Usual,
            Some(Some(file)) => Self::File(file),
        }
    }
}

/// What `facematch cache` is asked to do.
#[derive(Debug)]
pub(crate) struct CacheCommandConfig {
    pub(crate) action: CacheAction,
    /// The cache, if it is not the usual one.
    pub(crate) file: Option<PathBuf>,
}

/// What is done with a cache.
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
