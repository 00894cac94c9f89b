//! The reasons why a JPEG cannot be decoded.

use std::fmt;

use crate::MAX_DECODED_BYTES;

/// Reason why a JPEG cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JpegError {
    /// The image data ends too early.
    CutOff,
    /// A part contradicts the standard.
    Damaged(&'static str),
    /// A kind of JPEG that is not supported.
    Unsupported(&'static str),
    /// The pixels, or the coefficients of a progressive JPEG, take too much memory.
    TooLarge {
        /// Required memory, in bytes.
        bytes: u64,
    },
}

impl std::error::Error for JpegError {}

impl fmt::Display for JpegError {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::CutOff => formatter.write_str("the file is cut off (image data is missing)"),
            Self::Damaged(what) => write!(formatter, "the JPEG is damaged: {what}"),
            Self::Unsupported(what) => formatter.write_str(what),
            Self::TooLarge { bytes } => {
                write!(
                    formatter,
                    "decoding the JPEG takes {} MiB; at most {} MiB are used for an image",
                    bytes >> 20,
                    MAX_DECODED_BYTES >> 20
                )
            }
        }
    }
}
