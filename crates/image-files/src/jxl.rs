//! JPEG XL files, in their container or bare, decoded by `jxl-oxide`.
//!
//! Input: the bytes of a file. Output: its first frame, upright: the orientation in its header is
//! applied by the decoder, and that in EXIF metadata does not count (ISO/IEC 18181-2, 9.4).

use std::path::Path;

use image::RgbImage;
use jxl_oxide::color::{ColourEncoding, ColourSpace};
use jxl_oxide::{
    AllocTracker, EnumColourEncoding, InitializeResult, JxlImage, JxlThreadPool, RenderingIntent,
};

use super::decode::{CUT_OFF, check_dimensions, damaged, guarded, too_large};
use super::heif::{Boxes, Problem};
use super::{Decoded, Orientation};
use crate::error::ImageFileError;

/// Start of a file without a container.
const BARE: &[u8] = b"\xFF\x0A";
/// Most bytes that the decoder allocates: it needs some 30 for a pixel.
const MOST_MEMORY: usize = 2 << 30;
/// Bytes that are decoded at first, for the header.
const FIRST: usize = 4 << 10;

/// Decodes `bytes`, the file at `path`.
///
/// # Errors
/// [`ImageFileError::Decode`] if the file is damaged, cut off or of an unsupported kind,
/// [`ImageFileError::TooLarge`] if it exceeds the limits.
pub(super) fn decode(path: &Path, bytes: &[u8]) -> Result<Decoded, ImageFileError> {
    let pixels = guarded(path, || pixels(path, bytes))?;
    Ok(Decoded::new(pixels, Orientation::UPRIGHT))
}

fn pixels(path: &Path, bytes: &[u8]) -> Result<RgbImage, ImageFileError> {
    let decoder_error = |error: Box<dyn std::error::Error + Send + Sync>| {
        let words = error.to_string();
        if words.contains("out of memory") || words.contains("memory limit") {
            let most = MOST_MEMORY >> 20;
            too_large(
                path,
                format!("decoding takes more than {most} MiB of memory"),
            )
        } else {
            damaged(path, "the JPEG XL is damaged")
        }
    };
    // Without threads: photos are decoded in parallel.
    let mut unread = JxlImage::builder()
        .pool(JxlThreadPool::none())
        .alloc_tracker(AllocTracker::with_limit(MOST_MEMORY))
        .build_uninit();
    let (mut rest, mut part) = (bytes, FIRST);
    let mut image = loop {
        let (now, later) = rest.split_at(part.min(rest.len()));
        let used = unread.feed_bytes(now).map_err(decoder_error)?;
        rest = rest.get(used..).unwrap_or_default();
        match unread.try_init().map_err(decoder_error)? {
            InitializeResult::Initialized(image) => break image,
            InitializeResult::NeedMoreData(_) if later.is_empty() => {
                return Err(damaged(path, CUT_OFF));
            }
            InitializeResult::NeedMoreData(same) => unread = same,
        }
        part = part.saturating_mul(4);
    };
    check_dimensions(path, (image.width(), image.height()), 3)?;
    // Faces in linear light, or in that of HDR, look unlike those that the models know. Colours of
    // an ICC profile stay as they are, as in other formats.
    if let ColourEncoding::Enum(encoding) = &image.image_header().metadata.colour_encoding {
        let srgb = match encoding.colour_space {
            ColourSpace::Grey => EnumColourEncoding::gray_srgb,
            _ => EnumColourEncoding::srgb,
        };
        image.request_color_encoding(srgb(RenderingIntent::Relative));
    }
    image.feed_bytes(rest).map_err(decoder_error)?;
    if !image.is_loading_done() {
        return Err(damaged(path, CUT_OFF));
    }
    let render = image.render_frame(0).map_err(decoder_error)?;
    let mut stream = render.stream_no_alpha();
    let (width, height, channels) = (stream.width(), stream.height(), stream.channels());
    check_dimensions(path, (width, height), 3)?;
    let size = width as usize * height as usize;
    let pixels = match channels {
        1 => {
            let mut grey = vec![0_u8; size];
            stream.write_to_buffer(&mut grey);
            grey.into_iter().flat_map(|level| [level; 3]).collect()
        }
        3 => {
            let mut pixels = vec![0_u8; size * 3];
            stream.write_to_buffer(&mut pixels);
            pixels
        }
        _ => {
            let kind = "this kind of JPEG XL is not supported; save it as JPEG";
            return Err(damaged(path, kind));
        }
    };
    let image = RgbImage::from_raw(width, height, pixels);
    image.ok_or_else(|| damaged(path, "the image has no pixels"))
}

/// Returns the XMP in `bytes`, the file at `path`.
///
/// # Errors
/// [`ImageFileError::Decode`] if the file is damaged or cut off, or if its XMP is compressed.
pub(super) fn packet(path: &Path, bytes: &[u8]) -> Result<Option<Vec<u8>>, ImageFileError> {
    if bytes.starts_with(BARE) {
        return Ok(None);
    }
    for child in Boxes(bytes) {
        match child {
            Ok(([b'x', b'm', b'l', b' '], content)) => return Ok(Some(content.to_vec())),
            Ok(([b'b', b'r', b'o', b'b'], [b'x', b'm', b'l', b' ', ..])) => {
                return Err(damaged(
                    path,
                    "JPEG XL files with compressed XMP are not supported; exiftool can rewrite it (-XMP:all= -tagsfromfile @ -XMP:all)",
                ));
            }
            Ok(_) => {}
            Err(Problem::CutOff) => return Err(damaged(path, CUT_OFF)),
            Err(_) => return Err(damaged(path, "the JPEG XL is damaged")),
        }
    }
    Ok(None)
}
