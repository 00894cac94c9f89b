//! The errors of the library. Each contains the path concerned and says what to do if something can
//! be done.
//!
//! The library returns errors and never prints them. The binary decides what the user sees and
//! which exit status follows.

use std::path::PathBuf;

use facematch_image_files::ImageFileError;

use crate::gallery::GalleryMismatch;

pub use facematch_engine::{EngineError, LoadError};

/// Error concerning a photo, a folder, a model or an engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An image file could not be read or decoded.
    #[error(transparent)]
    ImageFile(#[from] ImageFileError),
    /// A file or folder could not be opened or read, other than an image file to decode.
    #[error("{}: cannot read: {source}", path.display())]
    Read {
        /// Path of the file or folder.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The face engine could not process this photo.
    #[error("{}: {source}", path.display())]
    Engine {
        /// Path of the photo.
        path: PathBuf,
        /// Error of the engine.
        source: EngineError,
    },
    /// A gallery file is damaged, or is not a gallery.
    #[error("gallery: {}: {reason}", path.display())]
    Gallery {
        /// Path of the gallery file.
        path: PathBuf,
        /// Description of the problem and what to do about it.
        reason: String,
    },
    /// A gallery file was made in another way than the engine works.
    #[error("gallery: {}: {mismatch}", path.display())]
    GalleryMismatch {
        /// Path of the gallery file.
        path: PathBuf,
        /// The difference.
        mismatch: GalleryMismatch,
    },
    /// The engine could not be created, because of its models or because it is not part of this
    /// build.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A bug in facematch or in one of its libraries: the photo caused a panic.
    #[error("{}: internal error: {message}; please report it with this photo", path.display())]
    Internal {
        /// Path of the photo.
        path: PathBuf,
        /// Message of the panic.
        message: String,
    },
}

impl Error {
    /// Returns one word for programs, stable between versions: the `kind` of an error record.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ImageFile(error) => error.kind(),
            Self::Read { .. } => "read",
            Self::Engine {
                source: EngineError::ImageTooLarge { .. },
                ..
            } => "too_large",
            Self::Engine { .. } => "engine",
            Self::Gallery { .. } | Self::GalleryMismatch { .. } => "gallery",
            Self::Load(LoadError::Unavailable(_)) => "engine_unavailable",
            Self::Load(_) => "model",
            Self::Internal { .. } => "internal",
        }
    }

    /// Returns the file or folder concerned, if there is one.
    pub fn path(&self) -> Option<&std::path::Path> {
        match self {
            Self::ImageFile(error) => Some(error.path()),
            Self::Read { path, .. }
            | Self::Engine { path, .. }
            | Self::Gallery { path, .. }
            | Self::GalleryMismatch { path, .. }
            | Self::Internal { path, .. } => Some(path),
            Self::Load(error) => error.path(),
        }
    }
}
