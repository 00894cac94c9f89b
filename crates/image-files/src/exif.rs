//! The orientation in the EXIF metadata of a JPEG, PNG or WebP, in all places where these formats
//! and the programs that write them store it. ExifTool is the reference: the first of several
//! counts, and numbers may have any size.

use std::io::Read;

use facematch_jpeg::Jpeg;
use flate2::read::ZlibDecoder;

use super::Orientation;
use super::format::Format;
use super::tiff::directory::{Tiff, orientation_from};

/// Prefix of EXIF metadata in a JPEG, and by mistake elsewhere. It has [`PREFIX_LENGTH`] bytes, and
/// the last one does not matter.
const PREFIX: &[u8] = b"Exif\0";
const PREFIX_LENGTH: usize = 6;
/// Offset of the first chunk of a PNG, after the signature (ISO/IEC 15948, 5.2).
const PNG_CHUNKS: usize = 8;
/// Offset of the first chunk of a WebP, after "RIFF", the length, and "WEBP".
const WEBP_CHUNKS: usize = 12;
/// Keywords of text chunks with EXIF metadata in hexadecimal digits, as written by ImageMagick and
/// exiv2.
const RAW_PROFILES: [&[u8]; 2] = [b"Raw profile type exif\0", b"Raw profile type APP1\0"];
/// Maximum number of bytes that are inflated from a compressed text chunk. Metadata is seldom
/// longer, except for a large preview.
const MOST_TEXT: u64 = 4 << 20;

/// Returns the orientation of the photo `bytes`, which is not a JPEG. It is upright if the photo
/// has no orientation or an invalid one.
pub(super) fn orientation(format: Format, bytes: &[u8]) -> Orientation {
    let number = match format {
        Format::Png => of_png(bytes),
        Format::WebP => of_webp(bytes),
        // A JPEG and a TIFF are read elsewhere, and the others hold no EXIF metadata.
        Format::Jpeg
        | Format::Tiff
        | Format::Bmp
        | Format::Gif
        | Format::Heic
        | Format::Avif
        | Format::JpegXl
        | Format::Jpeg2000
        | Format::Raw => None,
    };
    number.map_or(Orientation::UPRIGHT, orientation_from)
}

/// Returns the orientation of the photo `jpeg`. It is upright if the photo has no orientation or an
/// invalid one.
pub(super) fn orientation_of_jpeg(jpeg: &Jpeg) -> Orientation {
    let segments = jpeg.app1_segments().iter();
    let mut blocks = segments.filter(|content| content.starts_with(PREFIX));
    let number = blocks.find_map(|block| of_block(block));
    number.map_or(Orientation::UPRIGHT, orientation_from)
}

/// Returns the orientation number in `block`, EXIF metadata with or without a prefix.
fn of_block(block: &[u8]) -> Option<u64> {
    let block = match block.get(PREFIX_LENGTH..) {
        Some(rest) if block.starts_with(PREFIX) => rest,
        _ => block,
    };
    Tiff::of_exif(block)?.first()?.orientation()
}

fn of_png(bytes: &[u8]) -> Option<u64> {
    let mut rest = bytes.get(PNG_CHUNKS..)?;
    while let Some((length, after)) = rest.split_first_chunk() {
        let (kind, after) = after.split_first_chunk::<4>()?;
        let content = after.get(..u32::from_be_bytes(*length) as usize)?;
        let found = match kind {
            b"eXIf" => of_block(content),
            b"tEXt" | b"zTXt" | b"iTXt" => raw_profile(*kind, content).and_then(|p| of_block(&p)),
            b"IEND" => return None,
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        let checksum = 4;
        rest = after.get(content.len() + checksum..)?;
    }
    None
}

/// Returns the EXIF metadata in a text chunk of a PNG.
fn raw_profile(kind: [u8; 4], chunk: &[u8]) -> Option<Vec<u8>> {
    let text = RAW_PROFILES
        .iter()
        .find_map(|keyword| chunk.strip_prefix(*keyword))?;
    let (is_compressed, text) = match (&kind, text) {
        (b"zTXt", [_, text @ ..]) => (true, text),
        (b"iTXt", [is_compressed, _, text @ ..]) => {
            // A language and a translated keyword follow, each terminated by a zero byte. ExifTool
            // takes a chunk with a language for a translation of the tag and not for EXIF metadata.
            let text = text.strip_prefix(b"\0")?;
            let text = text.splitn(2, |byte| *byte == 0).nth(1)?;
            (*is_compressed != 0, text)
        }
        _ => (false, text),
    };
    let mut inflated = Vec::new();
    if is_compressed {
        let text = ZlibDecoder::new(text).take(MOST_TEXT);
        // The readable part of damaged text may contain the orientation.
        let _ = { text }.read_to_end(&mut inflated);
    }
    let text = if is_compressed { &inflated } else { text };
    // A line with the name, a line with the length, then the digits.
    let digits = text
        .trim_ascii_start()
        .splitn(3, |byte| *byte == b'\n')
        .nth(2)?;
    let digits: Vec<u8> = digits
        .iter()
        .map_while(|byte| match byte {
            b'\n' | b'\r' | b' ' => Some(None),
            digit => (*digit as char).to_digit(16).map(Some),
        })
        .flatten()
        .map(|digit| digit as u8)
        .collect();
    let bytes = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]);
    Some(bytes.collect())
}

fn of_webp(bytes: &[u8]) -> Option<u64> {
    let mut rest = bytes.get(WEBP_CHUNKS..)?;
    while let Some((kind, after)) = rest.split_first_chunk::<4>() {
        let (length, after) = after.split_first_chunk()?;
        let length = u32::from_le_bytes(*length) as usize;
        let content = after.get(..length)?;
        let found = (kind == b"EXIF").then(|| of_block(content)).flatten();
        if found.is_some() {
            return found;
        }
        // Chunks start at even offsets.
        rest = after.get(length.checked_next_multiple_of(2)?..)?;
    }
    None
}
