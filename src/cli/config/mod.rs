//! Configurations of all commands: plain values that are consistent. `args` makes them from the
//! command line, and the commands are functions of them.

mod cache;
mod commands;
mod decision;
mod engine;
mod enrolling;
mod photos;
mod results;

use std::path::PathBuf;

pub(crate) use cache::{CacheAction, CacheCommandConfig, CacheConfig};
pub(crate) use commands::{
    CheckConfig, DetectConfig, EvalIdentifyConfig, EvalImpostorsConfig, EvalPairsConfig,
    MatchConfig, NameTarget, RunConfig, SortConfig, TagConfig, UntagConfig,
    refuse_encoding_options,
};
pub(crate) use decision::{DEFAULT_TARGET_FPIR, Decision, Threshold};
pub(crate) use engine::{EngineConfig, PreConfig};
pub(crate) use enrolling::{EnrollConfig, GalleryConfig, ReencodeConfig, only_file};
pub(crate) use photos::{PhotoSource, is_stdin, known_options, with_preprocessed};
pub(crate) use results::{FiguresFormat, Results};

/// One call of the program.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) messages: Messages,
    pub(crate) command: Command,
}

/// A command with its configuration.
#[derive(Debug)]
pub(crate) enum Command {
    Match(MatchConfig),
    Detect(DetectConfig),
    Tag(TagConfig),
    Untag(UntagConfig),
    Sort(SortConfig),
    Enroll(EnrollConfig),
    Check(CheckConfig),
    EvalPairs(EvalPairsConfig),
    EvalIdentify(EvalIdentifyConfig),
    EvalImpostors(EvalImpostorsConfig),
    Cache(CacheCommandConfig),
    /// Completion script to print.
    Completions(Vec<u8>),
    /// File names and texts of man pages, to write into `folder`.
    ManPages {
        folder: PathBuf,
        pages: Vec<(String, Vec<u8>)>,
    },
}

/// Messages that the user wants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Messages {
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    pub(crate) progress: When,
}

/// Condition for output that suits a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Only on a terminal.
    Auto,
    Always,
    Never,
}
