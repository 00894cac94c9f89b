//! Configuration of the photos that a run works on.

use std::path::{Path, PathBuf};

use facematch::batch::{Purpose, WalkOptions};

use super::PreConfig;
use crate::cli::exit::Failure;

/// Sources of the photos of a run.
#[derive(Debug)]
pub(crate) struct PhotoSource {
    /// Photos and folders, and `-` for the paths on standard input.
    pub(crate) paths: Vec<PathBuf>,
    /// Folders whose photos are skipped.
    pub(crate) left_out: Vec<PathBuf>,
    pub(crate) options: WalkOptions,
    /// `true` if paths on standard input end with NUL.
    pub(crate) null: bool,
}

impl PhotoSource {
    /// Refuses options that have no effect together, and standard input that is given twice.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        Err(Failure::Usage(match self.stdins() {
            0 if self.null => "-0 needs paths on standard input: give `-` as a path".to_owned(),
            0 | 1 => return Ok(()),
            _ => "standard input can be read only once: give `-` once".to_owned(),
        }))
    }

    pub(crate) fn reads_stdin(&self) -> bool {
        self.stdins() > 0
    }

    /// Returns how often standard input is given.
    fn stdins(&self) -> usize {
        self.paths.iter().filter(|path| is_stdin(path)).count()
    }
}

/// Returns whether `path` stands for the paths on standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Returns the options for walking photos of known people, which may be at any depth.
pub(crate) fn known_options(
    follow_links: bool,
    hidden: bool,
    pre: Option<&PreConfig>,
) -> WalkOptions {
    WalkOptions {
        follow_links,
        hidden,
        purpose: Purpose::KnownPeople,
        ..with_preprocessed(WalkOptions::default(), pre)
    }
}

/// Returns `options` for a run with the command `pre`: the files that it makes images of are taken
/// too.
pub(crate) fn with_preprocessed(options: WalkOptions, pre: Option<&PreConfig>) -> WalkOptions {
    let Some(pre) = pre else {
        return options;
    };
    WalkOptions {
        foreign: pre.patterns.is_empty(),
        also: pre.patterns.clone(),
        ..options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_ends_paths_only_on_standard_input() {
        let source = |path: &str, null| PhotoSource {
            paths: vec!["a".into(), path.into()],
            left_out: Vec::new(),
            options: WalkOptions::default(),
            null,
        };
        for (path, null) in [("-", true), ("-", false), ("./-", false)] {
            source(path, null).check().unwrap();
        }
        let refused = source("./-", true).check().unwrap_err();
        assert_eq!(
            refused.to_string(),
            "-0 needs paths on standard input: give `-` as a path"
        );
    }
}
