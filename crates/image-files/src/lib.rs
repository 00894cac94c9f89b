//! Image files: decodes a file, resizes it to the requested width, then turns it upright.
//!
//! Input: a path. Output: the pixels as stored (those of a JPEG at the scale that the copy needs)
//! with their EXIF orientation, and from them either the upright copy that the engines use or, for
//! pictures, the upright photo itself. This crate also reads the XMP inside a photo, which needs no
//! pixels. It is a crate of its own so that decoders, which are compiled where they are used, are
//! optimised as a whole.

#![forbid(unsafe_code)]

mod decode;
mod decoded;
mod embedded_xmp;
mod error;
mod exif;
mod extended_xmp;
mod file;
mod format;
mod heif;
mod image_crate;
mod jpeg;
#[cfg(feature = "jxl")]
mod jxl;
mod picture_mark;
mod plane_resizing;
mod raw;
mod resampling;
mod resize;
mod tiff;
mod transpose;
mod unsupported;

pub use decode::{decode_for_copy, decode_upright};
pub use decoded::Decoded;
pub use embedded_xmp::{embedded_packets, embedded_packets_from, embedded_xmp, read_jpeg_head};
pub use error::ImageFileError;
pub use file::read_file;
pub use format::{
    foreign_format, has_image_signature, is_raw_extension, is_unread_extension, photo_extensions,
};
pub use picture_mark::{MARKED_BYTES, is_marked, mark_exif};
pub use resize::working_size;

pub use facematch_geometry::{Orientation, Original};
/// Maximum number of bytes of a decoded image. The length of a side does not matter.
pub use facematch_jpeg::MAX_DECODED_BYTES;

/// Size in bytes of the largest file that is read.
pub const MAX_FILE_BYTES: u64 = 512 << 20;

/// Largest working width that a caller can request, in pixels.
pub const MAX_WIDTH: u32 = 16_384;
