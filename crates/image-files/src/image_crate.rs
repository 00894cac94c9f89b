//! PNG, WebP, BMP and GIF files (first frame): decoded by the crate `image`.

use std::io::{BufRead, Cursor, ErrorKind, Seek};
use std::path::Path;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::decode::{CUT_OFF, check_dimensions, damaged, guarded, too_large};
use super::format::Format;
use super::unsupported::refused;
use super::{Decoded, MAX_DECODED_BYTES, exif};
use crate::error::ImageFileError;

/// Decodes `bytes`, the content of the file at `path`.
///
/// # Errors
/// [`ImageFileError::Decode`] if the file is damaged, cut off or of an unsupported kind,
/// [`ImageFileError::TooLarge`] if it exceeds the limits.
pub(super) fn decode(path: &Path, bytes: &[u8], format: Format) -> Result<Decoded, ImageFileError> {
    let decoder = decoder(path, Cursor::new(bytes), format)?;
    check_size(path, &decoder)?;
    let orientation = exif::orientation(format, bytes);
    let stored = guarded(path, || {
        DynamicImage::from_decoder(decoder).map_err(|error| decoder_error(path, format, error))
    })?
    .into_rgb8();
    Ok(Decoded::new(stored, orientation))
}

/// Returns a decoder for `content`, the content of the file at `path`. It has already read
/// everything before the pixels.
pub(super) fn decoder<'a, R: BufRead + Seek + 'a>(
    path: &Path,
    content: R,
    format: Format,
) -> Result<impl ImageDecoder + use<'a, R>, ImageFileError> {
    let codec = codec(format).ok_or_else(|| refused(path, Some(format)))?;
    let mut reader = ImageReader::with_format(content, codec);
    reader.limits(limits());
    guarded(path, || {
        reader
            .into_decoder()
            .map_err(|error| decoder_error(path, format, error))
    })
}

/// Returns the decoder of the crate `image` for `format`.
fn codec(format: Format) -> Option<ImageFormat> {
    match format {
        Format::Jpeg => Some(ImageFormat::Jpeg),
        Format::Png => Some(ImageFormat::Png),
        Format::WebP => Some(ImageFormat::WebP),
        Format::Bmp => Some(ImageFormat::Bmp),
        Format::Gif => Some(ImageFormat::Gif),
        Format::Tiff
        | Format::Heic
        | Format::Avif
        | Format::JpegXl
        | Format::Jpeg2000
        | Format::Raw => None,
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    limits
}

/// Checks the limits before anything is allocated: not every decoder of the `image` crate enforces
/// all of them.
fn check_size(path: &Path, decoder: &impl ImageDecoder) -> Result<(), ImageFileError> {
    let bytes_a_pixel = decoder.color_type().bytes_per_pixel();
    check_dimensions(path, decoder.dimensions(), bytes_a_pixel.max(3).into())
}

/// Describes a decoder's `error` for users. The decoder's own messages are for programmers.
fn decoder_error(path: &Path, format: Format, error: ImageError) -> ImageFileError {
    let format = format.facts().name;
    match error {
        ImageError::Limits(_) => too_large(
            path,
            format!(
                "decoding takes more than {} MiB of memory",
                MAX_DECODED_BYTES >> 20
            ),
        ),
        ImageError::Unsupported(_) => damaged(
            path,
            &format!("this kind of {format} is not supported; save it as JPEG"),
        ),
        error if is_cut_off(&error) => damaged(path, CUT_OFF),
        _ => damaged(path, &format!("the {format} is damaged")),
    }
}

/// Returns whether the data ended before the image did.
fn is_cut_off(error: &ImageError) -> bool {
    // Most decoders report this only in the message.
    const WORDS: [&str; 3] = ["unexpected end", "unexpected eof", "insufficientinput"];
    let words = error.to_string().to_lowercase();
    matches!(error, ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof)
        || WORDS.iter().any(|end| words.contains(end))
}
