//! From a file to upright pixels of the wanted width: decode, then resize, then turn upright.
//!
//! In: a path. Out: [`Decoded`] (the pixels as stored, with their EXIF orientation), and from it the upright copy that
//! the engines work on and, where pictures are written, the upright photo itself.

mod decode;
mod jpeg;
mod orientation;
mod resize;

pub use decode::{Decoded, decode_bytes, has_image_signature, read_file};
#[doc(hidden)]
pub use jpeg::is_complete as jpeg_is_complete;
pub use orientation::Orientation;

/// Largest width and height that is decoded, and that a resized copy may have, in pixels.
pub const MAX_SIDE: u32 = 16_384;

/// Most bytes that one decoded image may take.
pub const MAX_DECODED_BYTES: u64 = 512 << 20;

/// Largest file that is read.
pub const MAX_FILE_BYTES: u64 = 512 << 20;

/// Largest working width that can be asked for.
pub const MAX_WIDTH: u32 = MAX_SIDE;
