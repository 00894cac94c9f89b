//! Advice for errors of the library, which does not know the program's options.

use std::fmt;

use facematch::engine::EncoderKind;
use facematch::gallery::GalleryMismatch;
use facematch::{EngineError, Error, LoadError};

/// An error followed by the option that helps.
pub(crate) struct Advised<'a, E>(pub(crate) &'a E);

/// Writes `error` and what to do about a gallery of another encoder.
fn encoder_advice(
    error: &Error,
    made_with: Option<EncoderKind>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    match made_with {
        Some(encoder) => write!(
            f,
            "{error}, with facematch enroll --reencode, or give --encoder {}",
            encoder.name()
        ),
        None => write!(f, "{error}, with facematch enroll --reencode"),
    }
}

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
                    return encoder_advice(self.0, *made_with, f);
                }
                GalleryMismatch::Landmarks { .. } => {
                    ", with facematch enroll --reencode, or give the --detector and --landmarks with which it was made"
                }
                GalleryMismatch::Options(_) => " (--no-flip, --jitters, --encode-from)",
            },
            _ => "",
        };
        write!(f, "{}{advice}", self.0)
    }
}
