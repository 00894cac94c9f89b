//! Photos generated from the repository's samples.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::imageops::{FilterType, resize};
use image::{DynamicImage, ImageEncoder, ImageFormat, Rgb, RgbImage};

use super::repository;

/// Returns the pixels of the repository's photo `sample`. All samples are stored upright.
pub(crate) fn pixels(sample: &str) -> RgbImage {
    image::open(repository(sample)).unwrap().into_rgb8()
}

/// Returns `image` at `width`, with the same aspect ratio.
pub(crate) fn at_width(image: &RgbImage, width: u32) -> RgbImage {
    let height = image.height() * width / image.width();
    resize(image, width, height, FilterType::Triangle)
}

/// Returns `left` and `right` side by side on a grey background.
pub(crate) fn side_by_side(left: &RgbImage, right: &RgbImage) -> RgbImage {
    let height = left.height().max(right.height());
    let mut both = RgbImage::from_pixel(left.width() + right.width(), height, Rgb([128; 3]));
    image::imageops::replace(&mut both, left, 0, 0);
    image::imageops::replace(&mut both, right, i64::from(left.width()), 0);
    both
}

pub(crate) fn encoded(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(image.clone())
        .write_to(&mut bytes, format)
        .unwrap();
    bytes.into_inner()
}

/// Returns `upright` as stored with the EXIF orientation `number`. For each number, Exif 2.32,
/// section 4.6.4, defines the sides of the displayed picture that are the stored first row and the
/// stored first column.
pub(crate) fn stored(upright: &RgbImage, number: u8) -> RgbImage {
    let (width, height) = upright.dimensions();
    let (right, bottom) = (width - 1, height - 1);
    let size = if number >= 5 {
        (height, width)
    } else {
        (width, height)
    };
    RgbImage::from_fn(size.0, size.1, |column, row| {
        let (x, y) = match number {
            1 => (column, row),
            2 => (right - column, row),
            3 => (right - column, bottom - row),
            4 => (column, bottom - row),
            5 => (row, column),
            6 => (right - row, column),
            7 => (right - row, bottom - column),
            8 => (row, bottom - column),
            _ => panic!("there is no orientation {number}"),
        };
        *upright.get_pixel(x, y)
    })
}

/// Returns a TIFF block with only the orientation, as in the metadata of a JPEG, PNG or WebP.
fn orientation_block(number: u8) -> Vec<u8> {
    let mut block = b"II\x2a\0\x08\0\0\0".to_vec();
    block.extend(1_u16.to_le_bytes());
    block.extend(tiff_entry(0x0112, 3, 1, u32::from(number)));
    block.extend([0; 4]);
    block
}

fn tiff_entry(tag: u16, kind: u16, count: u32, value: u32) -> Vec<u8> {
    let mut entry = Vec::new();
    entry.extend(tag.to_le_bytes());
    entry.extend(kind.to_le_bytes());
    entry.extend(count.to_le_bytes());
    entry.extend(value.to_le_bytes());
    entry
}

/// Encodes a photo as a file, stored with an EXIF orientation.
type Encode = fn(&RgbImage, u8) -> Vec<u8>;

/// The formats that can store an orientation, by their extension.
pub(crate) const ORIENTED_FORMATS: [(&str, Encode); 4] = [
    ("jpg", oriented_jpeg),
    ("png", oriented_png),
    ("webp", oriented_webp),
    ("tif", oriented_tiff),
];

/// Returns `upright` as a JPEG of orientation `number`: turned pixels, and an APP1 segment with the
/// orientation.
pub(crate) fn oriented_jpeg(upright: &RgbImage, number: u8) -> Vec<u8> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 95)
        .encode_image(&stored(upright, number))
        .unwrap();
    let block = orientation_block(number);
    let mut segment = vec![0xFF, 0xE1];
    segment.extend(u16::try_from(block.len() + 8).unwrap().to_be_bytes());
    segment.extend(b"Exif\0\0");
    segment.extend(block);
    // After the start-of-image marker.
    jpeg.splice(2..2, segment);
    jpeg
}

/// Returns `upright` as a PNG of orientation `number`.
pub(crate) fn oriented_png(upright: &RgbImage, number: u8) -> Vec<u8> {
    let mut png = Vec::new();
    oriented(PngEncoder::new(&mut png), upright, number);
    png
}

/// Returns `upright` as a WebP of orientation `number`.
pub(crate) fn oriented_webp(upright: &RgbImage, number: u8) -> Vec<u8> {
    let mut webp = Vec::new();
    oriented(WebPEncoder::new_lossless(&mut webp), upright, number);
    webp
}

fn oriented(mut encoder: impl ImageEncoder, upright: &RgbImage, number: u8) {
    encoder
        .set_exif_metadata(orientation_block(number))
        .unwrap();
    stored(upright, number).write_with_encoder(encoder).unwrap();
}

/// Returns `upright` as an uncompressed TIFF of orientation `number`.
pub(crate) fn oriented_tiff(upright: &RgbImage, number: u8) -> Vec<u8> {
    tiff_of(
        &[(stored(upright, number), 0)],
        &[(274, 3, u32::from(number))],
    )
}

/// Returns an uncompressed TIFF of images, each with its NewSubfileType. The first also has the
/// entries `more`: tag, type, and a number.
pub(crate) fn tiff_of(images: &[(RgbImage, u32)], more: &[(u16, u16, u32)]) -> Vec<u8> {
    let mut tiff = b"II\x2a\0\x08\0\0\0".to_vec();
    for (at, (image, subfile_type)) in images.iter().enumerate() {
        let pixels = image.as_raw();
        let mut entries = vec![
            (254, 4, 1, *subfile_type),
            (256, 4, 1, image.width()),
            (257, 4, 1, image.height()),
            (258, 3, 3, 0),
            (259, 3, 1, 1),
            (262, 3, 1, 2),
            (273, 4, 1, 0),
            (277, 3, 1, 3),
            (278, 4, 1, image.height()),
            (279, 4, 1, u32::try_from(pixels.len()).unwrap()),
        ];
        if at == 0 {
            entries.extend(
                more.iter()
                    .map(|&(tag, kind, number)| (tag, kind, 1, number)),
            );
        }
        entries.sort_unstable();
        let bits_at = u32::try_from(tiff.len() + 2 + 12 * entries.len() + 4).unwrap();
        tiff.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
        for (tag, kind, count, value) in entries {
            let value = match tag {
                258 => bits_at,
                273 => bits_at + 6,
                _ => value,
            };
            tiff.extend(tiff_entry(tag, kind, count, value));
        }
        let is_last = at + 1 == images.len();
        let next_at = bits_at as usize + 6 + pixels.len();
        let next_at = if is_last { 0 } else { next_at };
        tiff.extend(u32::try_from(next_at).unwrap().to_le_bytes());
        tiff.extend([8, 0, 8, 0, 8, 0]);
        tiff.extend(pixels);
    }
    tiff
}

/// Returns a PNG that claims `width` x `height` pixels and contains almost none.
pub(crate) fn png_bomb(width: u32, height: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let header = [
        width.to_be_bytes().as_slice(),
        height.to_be_bytes().as_slice(),
        &[8, 2, 0, 0, 0],
    ]
    .concat();
    for (kind, data) in [
        (b"IHDR", header.as_slice()),
        // An empty zlib stream.
        (b"IDAT", &[0x78, 0x9C, 0x03, 0, 0, 0, 0, 0x01]),
        (b"IEND", &[]),
    ] {
        let body = [kind, data].concat();
        png.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        png.extend(&body);
        png.extend(crc32(&body).to_be_bytes());
    }
    png
}

/// Returns the CRC-32 as used by PNG (ISO 3309).
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 * (crc & 1))
        })
    })
}
