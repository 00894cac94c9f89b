//! The error for a file that this build does not read.

use std::path::Path;

use super::format::{Format, Reading};
use crate::error::ImageFileError;

/// Returns the error for the file at `path`, which is in `format` or in none that facematch
/// recognises, and which this build does not read.
pub(super) fn refused(path: &Path, format: Option<Format>) -> ImageFileError {
    let path = path.to_owned();
    let Some(facts) = format.map(Format::facts) else {
        return ImageFileError::UnknownFormat { path };
    };
    match facts.reading {
        Reading::Unsupported { converter } => ImageFileError::ForeignFormat {
            path,
            format: facts.name.to_owned(),
            converter,
        },
        Reading::LeftOut { feature, converter } => ImageFileError::LeftOut {
            path,
            format: facts.name,
            feature,
            converter,
        },
        Reading::Decoded => ImageFileError::UnknownFormat { path },
    }
}
