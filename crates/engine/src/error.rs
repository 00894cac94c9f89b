//! What can go wrong: [`LoadError`] when an engine is made, [`EngineError`] when it works.

use std::path::{Path, PathBuf};

/// An engine cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A model file is missing, damaged, or not the one that was expected.
    #[error("models: {}: {reason}", path.display())]
    Model {
        /// The model file.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A model file that facematch ships does not exist.
    #[error("models: {}: is missing", path.display())]
    MissingModel {
        /// The model file.
        path: PathBuf,
    },
    /// No folder with the models was found.
    #[error("no models found; looked in {}", list(.searched))]
    NoModels {
        /// The folders that were looked at.
        searched: Vec<PathBuf>,
    },
    /// The engine was asked for but is not part of this build.
    #[error("{0}")]
    Unavailable(String),
}

impl LoadError {
    /// The file that the error is about, when there is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Model { path, .. } | Self::MissingModel { path } => Some(path),
            Self::NoModels { .. } | Self::Unavailable(_) => None,
        }
    }
}

/// A face engine refuses an image. It does not know the file; the caller adds the path.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The image, upsampled as asked, has more pixels than the detector can be given.
    #[error(
        "{width}x{height} pixels after upsampling are more than the {detector} detector takes ({limit} million)"
    )]
    ImageTooLarge {
        /// Columns after upsampling.
        width: u64,
        /// Rows after upsampling.
        height: u64,
        /// The detector's name.
        detector: &'static str,
        /// The limit in millions of pixels.
        limit: u64,
    },
    /// The landmark model put the points where no face can be, so that no face chip can be cut.
    #[error("the landmarks of a face are not plausible; is the landmark model the right one?")]
    ImplausibleLandmarks,
    /// The landmarks do not come from this engine's model.
    #[error("the landmarks were made by another landmark model")]
    ForeignLandmarks,
    /// The encoder returned something that is no encoding, see [`Encoding::checked`](crate::Encoding::checked).
    #[error("the encoder returned {0} numbers that are no encoding; is its model the right one?")]
    BadEncoding(usize),
    /// A network passed its check and could not be read all the same.
    #[error("a model of the engine {0}")]
    Model(String),
}

fn list(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
    names.join(", ")
}
