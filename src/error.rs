//! The errors of the library. Each names the path that it is about and says what to do where something can be done.
//!
//! The library returns them and never prints; the binary decides what the user sees and which exit code follows.

use std::path::PathBuf;

pub use facematch_engine::{EngineError, LoadError};

/// What can go wrong with a photo, a folder, a model or an engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be opened or read.
    #[error("{}: cannot read: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The path is a folder, a pipe, a device or a socket where a photo was expected.
    #[error("{}: not an image file but {what}", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is: "a folder", "a pipe", ...
        what: &'static str,
    },
    /// The content is none of the formats that can be read.
    #[error("{}: not an image that facematch reads (JPEG, PNG, WebP, TIFF, BMP, GIF)", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// The content is a photo in a format that facematch knows and cannot read.
    #[error("{}: {format} images are not supported; convert it first, for example with {converter}", path.display())]
    ForeignFormat {
        /// The file.
        path: PathBuf,
        /// The format, such as "HEIC".
        format: String,
        /// A program that converts it.
        converter: &'static str,
    },
    /// The file is damaged, cut off, or uses a feature of its format that is not supported.
    #[error("{}: cannot decode: {reason}", path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        reason: String,
    },
    /// The image is larger than the limits allow.
    #[error("{}: too large: {reason}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Which limit it passes, and by how much.
        reason: String,
    },
    /// The face engine could not work on this photo.
    #[error("{}: {source}", path.display())]
    Engine {
        /// The photo.
        path: PathBuf,
        /// What the engine said.
        source: EngineError,
    },
    /// A gallery file is damaged, no gallery, or made with other models than those in use.
    #[error("gallery: {}: {reason}", path.display())]
    Gallery {
        /// The gallery file.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The engine could not be made: of its models, or as it is not part of this build.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A sidecar could not be read, or is no XMP. It stays as it is.
    #[error("{}: the sidecar {reason}; it stays as it is", path.display())]
    Sidecar {
        /// The sidecar.
        path: PathBuf,
        /// What is wrong with it, such as "is not UTF-8".
        reason: String,
    },
    /// The metadata inside a photo could not be read or written. The photo stays as it is.
    #[error("{}: its metadata cannot be changed: {reason}; the photo stays as it is", path.display())]
    Embedding {
        /// The photo.
        path: PathBuf,
        /// What is wrong, in the words of the program that writes it.
        reason: String,
    },
    /// A photo could not be brought into a folder. It stays where it is, if it is still there.
    #[error("{}: not sorted: {reason}", path.display())]
    Sorting {
        /// The photo.
        path: PathBuf,
        /// Why, with the place that it was to have, and what to do.
        reason: String,
    },
    /// A picture, a sidecar or a result file could not be written.
    #[error("{}: cannot write: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A defect of facematch or of a library below it: the photo made it panic.
    #[error("{}: internal error: {message}; please report it with this photo", path.display())]
    Internal {
        /// The photo.
        path: PathBuf,
        /// The panic's message.
        message: String,
    },
}

impl Error {
    /// One word for programs, stable between versions: the `kind` of an error record.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Read { .. } => "read",
            Self::NotAFile { .. } => "not_a_file",
            Self::UnknownFormat { .. } | Self::ForeignFormat { .. } => "format",
            Self::Decode { .. } => "decode",
            Self::TooLarge { .. } => "too_large",
            Self::Engine {
                source: EngineError::ImageTooLarge { .. },
                ..
            } => "too_large",
            Self::Engine { .. } => "engine",
            Self::Gallery { .. } => "gallery",
            Self::Load(LoadError::Unavailable(_)) => "engine_unavailable",
            Self::Load(_) => "model",
            Self::Sidecar { .. } => "sidecar",
            Self::Embedding { .. } => "embedding",
            Self::Sorting { .. } => "sorting",
            Self::Write { .. } => "write",
            Self::Internal { .. } => "internal",
        }
    }

    /// The file or folder that the error is about, when there is one.
    pub fn path(&self) -> Option<&std::path::Path> {
        match self {
            Self::Read { path, .. }
            | Self::NotAFile { path, .. }
            | Self::UnknownFormat { path }
            | Self::ForeignFormat { path, .. }
            | Self::Decode { path, .. }
            | Self::TooLarge { path, .. }
            | Self::Engine { path, .. }
            | Self::Gallery { path, .. }
            | Self::Sidecar { path, .. }
            | Self::Embedding { path, .. }
            | Self::Sorting { path, .. }
            | Self::Write { path, .. }
            | Self::Internal { path, .. } => Some(path),
            Self::Load(error) => error.path(),
        }
    }
}
