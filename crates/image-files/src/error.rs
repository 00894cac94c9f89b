//! The errors of reading an image file. Each contains the path and says what to do if something can
//! be done.

use std::path::{Path, PathBuf};

use crate::format::read_formats;

/// Error concerning an image file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageFileError {
    /// The file could not be opened or read.
    #[error("{}: cannot read: {source}", path.display())]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The path is a folder, a pipe, a device or a socket where a photo was expected.
    #[error("{}: not an image file but {what}", path.display())]
    NotAFile {
        /// Path that was given.
        path: PathBuf,
        /// Kind of the path: "a folder", "a pipe", ...
        what: &'static str,
    },
    /// The content is not in a supported format.
    #[error("{}: not an image that facematch reads ({})", path.display(), read_formats())]
    UnknownFormat {
        /// Path of the file.
        path: PathBuf,
    },
    /// The content is a photo in a format that facematch recognises but does not support.
    #[error("{}: {format} images are not supported; convert it first, for example with {converter}", path.display())]
    ForeignFormat {
        /// Path of the file.
        path: PathBuf,
        /// Name of the format, such as "HEIC".
        format: String,
        /// Name of a program that converts the format.
        converter: &'static str,
    },
    /// The content is a photo in a format whose decoder this build of facematch does not have.
    #[error("{}: built without {format}: install with `--features {feature}`, or convert it with {converter}", path.display())]
    LeftOut {
        /// Path of the file.
        path: PathBuf,
        /// Name of the format, such as "AVIF".
        format: &'static str,
        /// Name of the feature with the decoder.
        feature: &'static str,
        /// Name of a program that converts the format.
        converter: &'static str,
    },
    /// The file is damaged, cut off, or uses an unsupported feature of its format.
    #[error("{}: cannot decode: {reason}", path.display())]
    Decode {
        /// Path of the file.
        path: PathBuf,
        /// Reason why the file cannot be decoded.
        reason: String,
    },
    /// The image exceeds the limits.
    #[error("{}: too large: {reason}", path.display())]
    TooLarge {
        /// Path of the file.
        path: PathBuf,
        /// Limit that the image exceeds, and by how much.
        reason: String,
    },
}

impl ImageFileError {
    /// Returns one word for programs, stable between versions.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Read { .. } => "read",
            Self::NotAFile { .. } => "not_a_file",
            Self::UnknownFormat { .. } | Self::ForeignFormat { .. } | Self::LeftOut { .. } => {
                "format"
            }
            Self::Decode { .. } => "decode",
            Self::TooLarge { .. } => "too_large",
        }
    }

    /// Returns the path that was given.
    pub fn path(&self) -> &Path {
        match self {
            Self::Read { path, .. }
            | Self::NotAFile { path, .. }
            | Self::UnknownFormat { path }
            | Self::ForeignFormat { path, .. }
            | Self::LeftOut { path, .. }
            | Self::Decode { path, .. }
            | Self::TooLarge { path, .. } => path,
        }
    }
}
