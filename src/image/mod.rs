//! From a file to upright pixels of the wanted width: decode, then resize, then turn upright.
//!
//! In: a path. Out: [`Decoded`] (the pixels as stored, of a JPEG at the scale that the copy needs, with their EXIF
//! orientation), and from it the upright copy that the engines work on or, where pictures are written, the upright photo
//! itself.

mod component_planes;
mod decode;
mod decoded;
mod embedded_xmp;
mod extended_xmp;
mod jpeg;
mod orientation;
mod picture_mark;
mod resize;
mod scale;
mod scaled_jpeg;
mod transpose;

pub use decode::{decode_bytes, decode_for_copy, has_image_signature, read_file};
pub use decoded::{Decoded, Original};
pub use embedded_xmp::{embedded_packets, embedded_packets_from, embedded_xmp, read_jpeg_head};
#[doc(hidden)]
pub use jpeg::is_complete as jpeg_is_complete;
pub use orientation::Orientation;
pub use picture_mark::{MARKED_BYTES, is_marked, mark_exif};
#[doc(hidden)]
pub use scaled_jpeg::scales_jpeg;

/// Largest width and height that is decoded, and that a resized copy may have, in pixels.
pub const MAX_SIDE: u32 = 16_384;

/// Most bytes that one decoded image may take.
pub const MAX_DECODED_BYTES: u64 = 512 << 20;

/// Largest file that is read.
pub const MAX_FILE_BYTES: u64 = 512 << 20;

/// Largest working width that can be asked for.
pub const MAX_WIDTH: u32 = MAX_SIDE;
