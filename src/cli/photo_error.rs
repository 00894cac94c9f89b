//! Errors about one photo of a run.

use std::io;
use std::path::PathBuf;

use facematch_image_files::ImageFileError;

use super::advice::Advised;

/// Reason why a photo has no result, or only part of one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PhotoError {
    /// The photo could not be searched for faces.
    #[error("{}", Advised(.0))]
    Library(#[from] facematch::Error),
    /// A sidecar could not be read or is not XMP. It is left unchanged.
    #[error("{}: the sidecar {reason}; it stays as it is", path.display())]
    Sidecar {
        /// The sidecar.
        path: PathBuf,
        /// Problem with it, such as "is not UTF-8".
        reason: String,
    },
    /// The metadata inside the photo could not be read or written. The photo is left unchanged.
    #[error(
        "{}: its metadata cannot be changed: {reason}; the photo stays as it is",
        path.display()
    )]
    Embedding {
        /// The photo.
        path: PathBuf,
        /// Problem, in the words of the program that writes the metadata.
        reason: String,
    },
    /// The photo could not be put into a folder. It stays where it is, if it still exists.
    #[error("{}: not sorted: {reason}", path.display())]
    Sorting {
        /// The photo.
        path: PathBuf,
        /// Reason, with the intended path and what to do.
        reason: String,
    },
    /// A picture or a sidecar could not be written.
    #[error("{}: cannot write: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Error from the operating system.
        source: io::Error,
    },
}

impl From<ImageFileError> for PhotoError {
    fn from(error: ImageFileError) -> Self {
        Self::Library(error.into())
    }
}

impl PhotoError {
    /// Returns the `kind` of an error record: one word for other programs, stable between versions.
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
