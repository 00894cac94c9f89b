//! JPEG files: decoded by `facematch-jpeg` at the scale that a copy needs.

use std::path::Path;

use facematch_jpeg::{DctScale, Jpeg, JpegError};

use super::decode::{check_dimensions, damaged, too_large};
use super::resize::working_size;
use super::{Decoded, Orientation, Original, exif, plane_resizing};
use crate::error::ImageFileError;

/// Decodes the JPEG `bytes` at a scale that suffices for a copy of `width`.
///
/// # Errors
/// [`ImageFileError::Decode`] if it is damaged or cut off, [`ImageFileError::TooLarge`] if it
/// exceeds the limits.
pub(super) fn decode(path: &Path, bytes: &[u8], width: u32) -> Result<Decoded, ImageFileError> {
    let jpeg = Jpeg::new(bytes).map_err(|error| jpeg_error(path, error))?;
    let orientation = exif::orientation_of_jpeg(&jpeg);
    decode_turned(path, jpeg, orientation, width)
}

/// Decodes `jpeg`, whose pixels are stored in this `orientation`, like [`decode`].
///
/// # Errors
/// The same as for [`decode`].
pub(super) fn decode_turned(
    path: &Path,
    jpeg: Jpeg,
    orientation: Orientation,
    width: u32,
) -> Result<Decoded, ImageFileError> {
    check_dimensions(path, jpeg.size(), 3)?;
    let size = orientation.turn_size(jpeg.size());
    let scale = match jpeg.has_usual_sampling() {
        true => DctScale::sufficient(size.0, working_size(size, width).0),
        false => DctScale::FULL,
    };
    let planes = jpeg
        .decode(scale)
        .map_err(|error| jpeg_error(path, error))?;
    if scale != DctScale::FULL {
        let original = Original {
            size,
            orientation,
            is_preview: false,
        };
        return Ok(Decoded::reduced(planes, original));
    }
    // Resized like an image in any other format, so that the same faces are found in all formats.
    let stored = plane_resizing::to_rgb(&planes);
    let stored = stored.ok_or_else(|| damaged(path, "the image has no pixels"))?;
    Ok(Decoded::new(stored, orientation))
}

fn jpeg_error(path: &Path, error: JpegError) -> ImageFileError {
    match error {
        JpegError::TooLarge { .. } => too_large(path, error.to_string()),
        _ => damaged(path, &error.to_string()),
    }
}
