//! Advice for errors of the library, which does not know the program's options.

use std::fmt;

use facematch::gallery::GalleryMismatch;
use facematch::{EngineError, Error, LoadError};

/// How the photos of a gallery are enrolled again.
const REENCODE: &str = ", with facematch enroll --reencode";

/// An error followed by the option that helps.
pub(crate) struct Advised<'a, E>(pub(crate) &'a E);

impl fmt::Display for Advised<'_, LoadError> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let advice = match self.0 {
            LoadError::MissingModel { .. } => {
                "; name the folder that holds the models with --models DIR"
            }
            LoadError::NoModels { .. } => {
                "; name their folder with --models DIR or FACEMATCH_MODELS"
            }
            _ => "",
        };
        write!(f, "{}{advice}", self.0)
    }
}

impl fmt::Display for Advised<'_, Error> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let advice = match self.0 {
            Error::Load(error) => return Advised(error).fmt(f),
            Error::Engine {
                source: EngineError::ImageTooLarge { .. },
                ..
            } => "; use a smaller --width or --upsample",
            Error::GalleryMismatch { mismatch, .. } => match mismatch {
                GalleryMismatch::Encoder { made_with, .. } => {
                    write!(f, "{}{REENCODE}", self.0)?;
                    return match made_with {
                        Some(encoder) => write!(f, ", or give --encoder {}", encoder.name()),
                        None => Ok(()),
                    };
                }
                GalleryMismatch::Landmarks { made_with, .. } => {
                    write!(f, "{}{REENCODE}, or give ", self.0)?;
                    return match made_with {
                        Some(detector) => write!(f, "--detector {}", detector.name()),
                        None => f.write_str("the --landmarks with which it was made"),
                    };
                }
                GalleryMismatch::Options(_) => " (--no-flip, --jitters, --encode-from)",
            },
            _ => "",
        };
        write!(f, "{}{advice}", self.0)
    }
}
