//! What can go wrong with one photo of a run.

use std::io;
use std::path::PathBuf;

use super::advice::Advised;

/// Why a photo has no result, or only a part of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PhotoError {
    /// Its faces could not be found.
    #[error("{}", Advised(.0))]
    Library(#[from] facematch::Error),
    /// A sidecar could not be read, or is no XMP. It stays as it is.
    #[error("{}: the sidecar {reason}; it stays as it is", path.display())]
    Sidecar {
        /// The sidecar.
        path: PathBuf,
        /// What is wrong with it, such as "is not UTF-8".
        reason: String,
    },
    /// The metadata inside the photo could not be read or written. The photo stays as it is.
    #[error(
        "{}: its metadata cannot be changed: {reason}; the photo stays as it is",
        path.display()
    )]
    Embedding {
        /// The photo.
        path: PathBuf,
        /// What is wrong, in the words of the program that writes it.
        reason: String,
    },
    /// The photo could not be put into a folder. It stays where it is, if it is still there.
    #[error("{}: not sorted: {reason}", path.display())]
    Sorting {
        /// The photo.
        path: PathBuf,
        /// Why, with the place that it was to have, and what to do.
        reason: String,
    },
    /// A picture or a sidecar could not be written.
    #[error("{}: cannot write: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl PhotoError {
    /// One word for programs, stable between versions: the `kind` of an error record.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Library(error) => error.kind(),
            Self::Sidecar { .. } => "sidecar",
            Self::Embedding { .. } => "embedding",
            Self::Sorting { .. } => "sorting",
            Self::Write { .. } => "write",
        }
    }
}
