//! The orientation in the EXIF metadata of a JPEG, PNG or WebP, wherever these formats and the programs that write them
//! keep it. exiftool decides what is read: of several the first, and numbers of every size.

use std::io::Read;

use facematch_jpeg::Jpeg;
use flate2::read::ZlibDecoder;
use image::ImageFormat;

use super::Orientation;
use super::tiff::directory::{Tiff, orientation_from};

/// What stands before EXIF metadata in a JPEG, and by mistake elsewhere: so many bytes, of which the last does not matter.
const PREFIX: &[u8] = b"Exif\0";
const PREFIX_LENGTH: usize = 6;
/// Where the chunks of a PNG begin: behind its signature (ISO/IEC 15948, 5.2).
const PNG_CHUNKS: usize = 8;
/// Where the chunks of a WebP begin: behind "RIFF", the length, and "WEBP".
const WEBP_CHUNKS: usize = 12;
/// The keywords of text chunks with EXIF metadata in hexadecimal digits, as ImageMagick and exiv2 write them.
const RAW_PROFILES: [&[u8]; 2] = [b"Raw profile type exif\0", b"Raw profile type APP1\0"];
/// Most bytes that are taken out of a compressed text chunk. Metadata are seldom longer, but for a large preview.
const MOST_TEXT: u64 = 4 << 20;

/// How the photo `bytes`, which is no JPEG, is stored; upright when it does not say so, or says nonsense.
pub(super) fn orientation(format: ImageFormat, bytes: &[u8]) -> Orientation {
    let number = match format {
        ImageFormat::Png => of_png(bytes),
        ImageFormat::WebP => of_webp(bytes),
        // The others hold no EXIF metadata.
        _ => None,
    };
    number.map_or(Orientation::UPRIGHT, orientation_from)
}

/// How the photo `jpeg` is stored; upright when it does not say so, or says nonsense.
pub(super) fn orientation_of_jpeg(jpeg: &Jpeg) -> Orientation {
    let segments = jpeg.app1_segments().iter();
    let mut blocks = segments.filter(|content| content.starts_with(PREFIX));
    let number = blocks.find_map(|block| of_block(block));
    number.map_or(Orientation::UPRIGHT, orientation_from)
}

/// The number in `block`, EXIF metadata with or without a prefix.
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

/// The EXIF metadata in a text chunk of a PNG.
fn raw_profile(kind: [u8; 4], chunk: &[u8]) -> Option<Vec<u8>> {
    let text = RAW_PROFILES
        .iter()
        .find_map(|keyword| chunk.strip_prefix(*keyword))?;
    let (is_compressed, text) = match (&kind, text) {
        (b"zTXt", [_, text @ ..]) => (true, text),
        (b"iTXt", [is_compressed, _, text @ ..]) => {
            // A language and a translated keyword, each of which ends with a zero. With a language, exiftool takes it for a
            // translation of the tag and not for EXIF metadata.
            let text = text.strip_prefix(b"\0")?;
            let text = text.splitn(2, |byte| *byte == 0).nth(1)?;
            (*is_compressed != 0, text)
        }
        _ => (false, text),
    };
    let mut inflated = Vec::new();
    if is_compressed {
        let text = ZlibDecoder::new(text).take(MOST_TEXT);
        // What could be read of a damaged text may hold the orientation.
        let _ = { text }.read_to_end(&mut inflated);
    }
    let text = if is_compressed { &inflated } else { text };
    // A line with the name and one with the length, then the digits.
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
        // Chunks begin at even places.
        rest = after.get(length.checked_next_multiple_of(2)?..)?;
    }
    None
}
