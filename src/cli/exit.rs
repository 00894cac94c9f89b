//! Exit statuses, and failures that end the program.

use std::path::PathBuf;
use std::process::ExitCode;

use facematch::LoadError;
use facematch::batch::RunError;

use super::advice::Advised;

/// Exit status of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done, with or without matches.
    Done,
    /// 1: done, but some inputs failed.
    SomeFailed,
    /// 2: wrong usage. clap uses the same code.
    Usage,
    /// 3: could not start, or could not write the results.
    CouldNotStart,
}

/// 130: interrupted (128 + SIGINT).
pub(crate) const INTERRUPTED: i32 = 130;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::from(0),
            Exit::SomeFailed => Self::from(1),
            Exit::Usage => Self::from(2),
            Exit::CouldNotStart => Self::from(3),
        }
    }
}

/// Reason why a command ended before its work was done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The arguments are wrong.
    #[error("{0}")]
    Usage(String),
    /// The run could not start.
    #[error("{0}")]
    Start(String),
    /// The engine could not be loaded.
    #[error("{}", Advised(.0))]
    Load(#[from] LoadError),
    /// KNOWN could not be read.
    #[error("{}", Advised(.0))]
    Library(#[from] facematch::Error),
    /// The photos could not be processed.
    #[error("{}{}", .0, advice(.0))]
    Run(#[from] RunError),
    /// The results could not be written.
    #[error("{target}: cannot write: {source}")]
    Output {
        /// The file, or "standard output".
        target: String,
        /// Error from the operating system.
        source: std::io::Error,
    },
    /// The folder for the results is missing.
    #[error("{}: cannot write: the folder {} {reason}", target.display(), folder.display())]
    NoFolder {
        /// The file.
        target: PathBuf,
        /// Its folder.
        folder: PathBuf,
        /// "does not exist", or another problem with the folder.
        reason: &'static str,
    },
    /// Another program changed a file after facematch read it and before facematch wrote it.
    #[error("{}: changed meanwhile, nothing written; run it again", .0.display())]
    Changed(PathBuf),
}

/// Advice that follows the system's own error message if no thread can be started.
pub(crate) const NO_THREADS: &str = "; the limit on threads (ulimit -u) or on memory is reached: raise it, end other \
                                     programs, or use a smaller --jobs";

/// Returns advice about `error`.
fn advice(error: &RunError) -> &'static str {
    match error {
        RunError::NoWorker(_) => NO_THREADS,
        _ => "",
    }
}

impl Failure {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Start(_)
            | Self::Load(_)
            | Self::Library(_)
            | Self::Run(_)
            | Self::Output { .. }
            | Self::NoFolder { .. }
            | Self::Changed(_) => Exit::CouldNotStart,
        }
    }
}
