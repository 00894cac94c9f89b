//! Errors of the engines: [`LoadError`] when one is loaded, [`EngineError`] when it processes an
//! image.

use std::path::{Path, PathBuf};

/// Reason why an engine cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A model file is missing, damaged, or not the expected one.
    #[error("models: {}: {reason}", path.display())]
    Model {
        /// The model file.
        path: PathBuf,
        /// The problem, and the remedy.
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
        /// Folders that were searched.
        searched: Vec<PathBuf>,
    },
    /// The requested engine is not part of this build.
    #[error("{0}")]
    Unavailable(String),
}

impl LoadError {
    /// Returns the file that the error is about, if there is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Model { path, .. } | Self::MissingModel { path } => Some(path),
            Self::NoModels { .. } | Self::Unavailable(_) => None,
        }
    }
}

/// Reason why a face engine rejects an image. It does not name the file; the caller adds the path.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The image, after the requested upsampling, has more pixels than the detector accepts.
    #[error(
        "{width}x{height} pixels after upsampling are more than the {detector} detector takes ({limit} million)"
    )]
    ImageTooLarge {
        /// Number of columns after upsampling.
        width: u64,
        /// Number of rows after upsampling.
        height: u64,
        /// Name of the detector.
        detector: &'static str,
        /// Limit in millions of pixels.
        limit: u64,
    },
    /// The landmark model returned points that cannot belong to a face, so no face chip can be cut.
    #[error("the landmarks of a face are not plausible; is the landmark model the right one?")]
    ImplausibleLandmarks,
    /// The landmarks are not from this engine's model.
    #[error("the landmarks were made by another landmark model")]
    ForeignLandmarks,
    /// The encoder returned an invalid encoding, see
    /// [`Encoding::checked`](crate::Encoding::checked).
    #[error("the encoder returned {0} numbers that are no encoding; is its model the right one?")]
    BadEncoding(usize),
    /// A network passed its check but could not be read.
    #[error("a model of the engine {0}")]
    Model(String),
}

fn list(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
    names.join(", ")
}
