//! Camera raw files: the largest JPEG that the camera put into them. Input: the bytes of a file.
//! Output: the bytes of that JPEG and the orientation of the photo. Sensor data is not decoded.
//!
//! The JPEGs are found where the format says, not by looking for JPEG markers in sensor data:
//! - in directories like those of a TIFF (CR2, NEF, ARW, DNG, PEF, SRW, and with other first bytes
//!   ORF and RW2), see [`directories`];
//! - in boxes of the ISO base media file format (CR3), see [`canon`];
//! - at a fixed place (RAF).
//!
//! ExifTool's tables of tags are the reference.

mod canon;
mod directories;

use std::path::Path;

use facematch_jpeg::Jpeg;

use self::directories::has_sensor_data;
use super::decode::damaged;
use super::exif::orientation_of_jpeg;
use super::tiff::directory::{Tiff, orientation_from, tag};
use super::{Decoded, Orientation, jpeg};
use crate::error::ImageFileError;

/// Start of an RAF.
const FUJI: &[u8] = b"FUJIFILMCCD-RAW ";
/// Place of the offset and the length of the JPEG in an RAF: two big-endian numbers of 4 bytes.
const FUJI_JPEG: usize = 84;

/// Starts of files that consist of directories like those of a TIFF, but have other first bytes:
/// three kinds of ORF, and RW2.
const RAW_TIFFS: [&[u8]; 4] = [b"IIRO", b"IIRS", b"MMOR", b"IIU\0"];

/// JPEG in a raw file.
struct Preview<'a> {
    jpeg: Jpeg<'a>,
    /// Orientation of the photo.
    orientation: Orientation,
}

/// Returns whether `start`, the first bytes of a file, are those of a raw file that is not a TIFF.
pub(super) fn has_signature(start: &[u8]) -> bool {
    start.starts_with(FUJI)
        || RAW_TIFFS.iter().any(|raw| start.starts_with(raw))
        || canon::has_signature(start)
}

/// Returns whether `bytes`, which start like a TIFF, are a raw file.
pub(super) fn is_raw(bytes: &[u8]) -> bool {
    Tiff::of_file(bytes).is_some_and(|tiff| has_sensor_data(&tiff))
}

/// Decodes the largest JPEG in `bytes`, the raw file at `path`, for a copy of `width`.
///
/// # Errors
/// [`ImageFileError::Decode`] if there is none, or if it is damaged or cut off;
/// [`ImageFileError::TooLarge`] if it exceeds the limits.
pub(super) fn decode(path: &Path, bytes: &[u8], width: u32) -> Result<Decoded, ImageFileError> {
    let Some(Preview { jpeg, orientation }) = preview(bytes) else {
        return Err(damaged(
            path,
            "a camera raw file without a JPEG in it that can be read; develop it to a JPEG",
        ));
    };
    Ok(jpeg::decode_turned(path, jpeg, orientation, width)?.into_preview())
}

/// Returns the XMP of the raw file `bytes`. That of an RAF is in its JPEG.
pub(super) fn xmp(bytes: &[u8]) -> Option<&[u8]> {
    match canon::has_signature(bytes) {
        true => canon::xmp(bytes),
        false => Tiff::of_exif(bytes)?.first()?.bytes(tag::XMP),
    }
}

/// Returns the largest JPEG in the raw file `bytes`, or `None` if there is none that can be
/// decoded.
fn preview(bytes: &[u8]) -> Option<Preview<'_>> {
    let (jpegs, orientation) = if let Some(jpeg) = fuji_jpeg(bytes) {
        (vec![jpeg], None)
    } else if canon::has_signature(bytes) {
        canon::jpegs(bytes)
    } else {
        let tiff = Tiff::of_exif(bytes)?;
        (directories::jpegs(&tiff), tiff.first()?.orientation())
    };
    let jpegs = jpegs.into_iter().filter_map(|bytes| Jpeg::new(bytes).ok());
    let jpeg = jpegs.max_by_key(|jpeg| {
        let (width, height) = jpeg.size();
        u64::from(width) * u64::from(height)
    })?;
    // The JPEG may have no orientation, or that of the photo, or 1 although it is stored like the
    // sensor data.
    let orientation = match orientation {
        Some(number) => orientation_from(number),
        None => orientation_of_jpeg(&jpeg),
    };
    Some(Preview { jpeg, orientation })
}

/// Returns the JPEG in the RAF `bytes`, or `None` if they are something else.
pub(super) fn fuji_jpeg(bytes: &[u8]) -> Option<&[u8]> {
    if !bytes.starts_with(FUJI) {
        return None;
    }
    let number = |at: usize| {
        let bytes = bytes.get(at..)?.first_chunk()?;
        usize::try_from(u32::from_be_bytes(*bytes)).ok()
    };
    part(bytes, number(FUJI_JPEG)?, number(FUJI_JPEG + 4)?)
}

/// Returns the `length` bytes at `start`, or those up to the end of the file if it ends before: the
/// decoder reports that.
fn part(bytes: &[u8], start: usize, length: usize) -> Option<&[u8]> {
    let rest = bytes.get(start..)?;
    Some(&rest[..length.min(rest.len())])
}
