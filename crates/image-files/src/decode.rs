//! Decoding of files to 8-bit RGB pixels, by content and not by file name: JPEG, PNG, WebP, TIFF,
//! BMP and GIF (first frame).
//!
//! Grey, 16-bit, CMYK and palette images become 8-bit RGB. An alpha channel is dropped and the
//! colours are kept, as in Pillow's `convert("RGB")`. Images that exceed the limits of [`super`]
//! are not decoded.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::RgbImage;

use super::format::Format;
#[cfg(feature = "jxl")]
use super::jxl;
use super::unsupported::refused;
use super::{Decoded, MAX_DECODED_BYTES, heif, image_crate, jpeg, raw, tiff};
use crate::error::ImageFileError;

/// Decodes `bytes`, the content of the file at `path`, and returns all pixels, upright. The file is
/// not opened; `path` is only used in errors.
///
/// # Errors
/// [`ImageFileError::UnknownFormat`] or [`ImageFileError::ForeignFormat`] if `bytes` is not an
/// image in a supported format, [`ImageFileError::Decode`] if it is damaged or cut off,
/// [`ImageFileError::TooLarge`] if it exceeds the limits.
pub fn decode_upright(path: &Path, bytes: &[u8]) -> Result<RgbImage, ImageFileError> {
    // A copy of width 0 has full size.
    decode_for_copy(path, bytes, 0)?.into_upright(path)
}

/// Decodes `bytes` for an upright copy `width` pixels wide; 0 means the width of the photo. A JPEG
/// is decoded only to as many pixels as the copy needs.
///
/// # Errors
/// The same as for [`decode_upright`].
pub fn decode_for_copy(path: &Path, bytes: &[u8], width: u32) -> Result<Decoded, ImageFileError> {
    if bytes.is_empty() {
        return Err(damaged(path, "the file is empty"));
    }
    let format = Format::of(bytes);
    match format {
        Some(Format::Jpeg) => jpeg::decode(path, bytes, width),
        Some(Format::Raw) => raw::decode(path, bytes, width),
        Some(Format::Tiff) if raw::is_raw(bytes) => raw::decode(path, bytes, width),
        Some(Format::Tiff) => tiff::decode(path, bytes),
        Some(format @ (Format::Png | Format::WebP | Format::Bmp | Format::Gif)) => {
            image_crate::decode(path, bytes, format)
        }
        Some(format @ (Format::Heic | Format::Avif)) if format.is_read() => {
            heif::decode(path, bytes, format)
        }
        #[cfg(feature = "jxl")]
        Some(Format::JpegXl) => jxl::decode(path, bytes),
        #[allow(unreachable_patterns, reason = "some builds read them")]
        Some(Format::Heic | Format::Avif | Format::JpegXl | Format::Jpeg2000) | None => {
            Err(refused(path, format))
        }
    }
}

/// Runs `decode`, which calls another library's decoder, for the photo at `path`.
///
/// Such decoders panic on some damaged files. The panic is returned as an error of the file,
/// because it is not a bug in facematch; nothing that the decoder left behind is used again.
pub(super) fn guarded<T>(
    path: &Path,
    decode: impl FnOnce() -> Result<T, ImageFileError>,
) -> Result<T, ImageFileError> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| {
        Err(damaged(
            path,
            "the decoder failed on it; the file is probably damaged",
        ))
    })
}

pub(super) fn check_dimensions(
    path: &Path,
    (width, height): (u32, u32),
    bytes_a_pixel: u64,
) -> Result<(), ImageFileError> {
    if width == 0 || height == 0 {
        return Err(damaged(path, "the image has no pixels"));
    }
    check_bytes(path, (width, height), bytes_a_pixel)
}

pub(super) fn check_bytes(
    path: &Path,
    (width, height): (u32, u32),
    bytes_a_pixel: u64,
) -> Result<(), ImageFileError> {
    let bytes = u64::from(width) * u64::from(height) * bytes_a_pixel;
    if bytes <= MAX_DECODED_BYTES {
        return Ok(());
    }
    Err(too_large(
        path,
        format!(
            "{width}x{height} pixels take {} MiB; at most {} MiB are used for an image",
            bytes >> 20,
            MAX_DECODED_BYTES >> 20
        ),
    ))
}

/// Message for a file that ends before its image does.
pub(super) const CUT_OFF: &str = "the file is cut off (image data is missing)";

pub(super) fn damaged(path: &Path, reason: &str) -> ImageFileError {
    ImageFileError::Decode {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

pub(super) fn too_large(path: &Path, reason: String) -> ImageFileError {
    ImageFileError::TooLarge {
        path: path.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, Rgba};

    use crate::format::has_image_signature;
    use crate::resize::working_size;
    use crate::{Orientation, Original};

    fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    const FORMATS: [ImageFormat; 6] = [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::WebP,
        ImageFormat::Tiff,
        ImageFormat::Bmp,
        ImageFormat::Gif,
    ];

    fn decode(bytes: &[u8]) -> Result<Decoded, ImageFileError> {
        decode_for_copy(Path::new("photo"), bytes, 0)
    }

    fn upright(decoded: Decoded) -> RgbImage {
        decoded.into_upright(Path::new("photo")).unwrap()
    }

    fn first_pixel(bytes: &[u8]) -> [u8; 3] {
        upright(decode(bytes).unwrap()).get_pixel(0, 0).0
    }

    #[test]
    fn every_format_is_read_by_content() {
        let image = RgbImage::from_pixel(8, 4, Rgb([200, 100, 50]));
        for format in FORMATS {
            let bytes = encoded(image.clone(), format);
            assert!(has_image_signature(&bytes[..16]), "{format:?}");
            let decoded = decode(&bytes).unwrap();
            assert_eq!(decoded.original().size, (8, 4), "{format:?}");
            let pixel = upright(decoded).get_pixel(3, 3).0;
            for (got, wanted) in pixel.iter().zip([200, 100, 50]) {
                assert!(got.abs_diff(wanted) <= 8, "{format:?}: {pixel:?}");
            }
        }
    }

    #[test]
    fn other_depths_and_channels_become_8_bit_rgb() {
        let grey = ImageBuffer::from_pixel(2, 2, Luma([77_u8]));
        assert_eq!(first_pixel(&encoded(grey, ImageFormat::Png)), [77, 77, 77]);
        let grey_16 = ImageBuffer::from_pixel(2, 2, Luma([0x8000_u16]));
        assert_eq!(
            first_pixel(&encoded(grey_16, ImageFormat::Png)),
            [128, 128, 128]
        );
        let rgb_16 = ImageBuffer::from_pixel(2, 2, Rgb([0xFFFF_u16, 0x8000, 0]));
        assert_eq!(
            first_pixel(&encoded(rgb_16, ImageFormat::Png)),
            [255, 128, 0]
        );
        let alpha = ImageBuffer::from_pixel(2, 2, Rgba([10_u8, 20, 30, 0]));
        assert_eq!(first_pixel(&encoded(alpha, ImageFormat::Png)), [10, 20, 30]);
        let grey_alpha = ImageBuffer::from_pixel(2, 2, LumaA([9_u8, 128]));
        assert_eq!(
            first_pixel(&encoded(grey_alpha, ImageFormat::Png)),
            [9, 9, 9]
        );
    }

    #[test]
    fn what_is_no_image_is_named() {
        assert_eq!(decode(b"").unwrap_err().kind(), "decode");
        assert_eq!(
            decode(b"<html>not a photo</html>").unwrap_err().kind(),
            "format"
        );
        // ICO is an image format, but not a supported one.
        assert_eq!(
            decode(&[0, 0, 1, 0, 1, 0, 16, 16]).unwrap_err().kind(),
            "format"
        );
    }

    #[test]
    fn a_cut_off_file_is_an_error_in_every_format() {
        let image = RgbImage::from_fn(64, 64, |x, y| {
            Rgb([x as u8 * 4, y as u8 * 4, (x * y) as u8])
        });
        for format in FORMATS {
            let bytes = encoded(image.clone(), format);
            for part in [bytes.len() / 4, bytes.len() / 2] {
                let result = decode(&bytes[..part]);
                assert!(
                    result.is_err(),
                    "{format:?} cut to {part} of {}",
                    bytes.len()
                );
            }
        }
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_decoded() {
        let mut png = encoded(RgbImage::new(4, 4), ImageFormat::Png);
        // Width and height in IHDR. Their checksum has to be corrected too, or the header is
        // rejected.
        png[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
        let mut crc = flate_crc(&png[12..29]).to_be_bytes().to_vec();
        png.splice(29..33, crc.drain(..));
        let error = decode(&png).unwrap_err();
        assert_eq!(error.kind(), "too_large", "{error}");
    }

    /// Computes the CRC-32 of PNG (ISO 3309) bit by bit.
    fn flate_crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| {
                (crc >> 1) ^ (0xEDB8_8320 * (crc & 1))
            })
        })
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_in_our_words() {
        for (format, name) in [
            (ImageFormat::Png, "PNG"),
            (ImageFormat::Gif, "GIF"),
            (ImageFormat::WebP, "WebP"),
            (ImageFormat::Bmp, "BMP"),
        ] {
            let noise = RgbImage::from_fn(64, 64, |x, y| Rgb([((x * 37) ^ (y * 91)) as u8; 3]));
            let whole = encoded(noise, format);
            let refused = |bytes: &[u8]| decode(bytes).err().map(|error| error.to_string());
            for kept in [whole.len() / 2, whole.len() - 8] {
                let message = refused(&whole[..kept]);
                // The WebP decoder does not distinguish cut-off files from other damage.
                let expected = match format {
                    ImageFormat::WebP => "photo: cannot decode: the WebP is damaged".to_owned(),
                    _ => format!("photo: cannot decode: {CUT_OFF}"),
                };
                assert_eq!(message, Some(expected), "{name}, {kept} bytes");
            }
            for at in 16..whole.len() {
                let mut bytes = whole.clone();
                bytes[at] ^= 0x55;
                let Some(message) = refused(&bytes) else {
                    continue;
                };
                let words = message.strip_prefix("photo: cannot decode: ");
                let is_ours = words.is_none_or(|words| {
                    words == CUT_OFF
                        || words == format!("the {name} is damaged")
                        || words.starts_with(&format!("this kind of {name} is"))
                        || words.starts_with("the decoder failed")
                });
                assert!(is_ours, "{message}");
            }
        }
    }

    /// Returns `jpeg` with the orientation `number` in an EXIF segment.
    fn with_orientation(jpeg: &[u8], number: u8) -> Vec<u8> {
        let exif = [
            b"\xFF\xE1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".as_slice(),
            &[number, 0, 0, 0, 0, 0, 0, 0],
        ];
        [&jpeg[..2], &exif.concat(), &jpeg[2..]].concat()
    }

    #[test]
    fn a_jpeg_is_decoded_to_as_many_pixels_as_its_upright_copy_needs() {
        let jpeg = encoded(RgbImage::new(640, 160), ImageFormat::Jpeg);
        for number in 1..=8 {
            let bytes = with_orientation(&jpeg, number);
            // The copy needs 200 columns; the photo has 640 when upright and 160 when turned.
            let (size, decoded_size) = match number {
                1..=4 => ((640, 160), (240, 60)),
                _ => ((160, 640), (160, 640)),
            };
            let decoded = decode_for_copy(Path::new("photo"), &bytes, 100).unwrap();
            let orientation = Orientation::from_exif(number).unwrap();
            let expected = Original {
                size,
                orientation,
                is_preview: false,
            };
            assert_eq!(decoded.original(), expected);
            let copy = decoded.upright_copy(Path::new("photo"), 100).unwrap();
            assert_eq!(copy.dimensions(), working_size(size, 100));
            assert_eq!(upright(decoded).dimensions(), decoded_size);
            assert_eq!(upright(decode(&bytes).unwrap()).dimensions(), size);
        }
    }
}
