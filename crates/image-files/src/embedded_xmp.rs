//! The XMP packet inside a photo's file.
//!
//! Input: a path. Output: the bytes of the packet. No pixels are decoded, and those of a JPEG or a
//! PNG are not even read, so that the tags of a million photos can be searched.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use image::ImageDecoder;

use super::MAX_FILE_BYTES;
use super::decode::{damaged, guarded};
use super::extended_xmp::extended_xmp;
use super::file::{open_file, read_error};
use super::format::{Format, SIGNATURE_BYTES};
use super::heif;
use super::image_crate::decoder;
#[cfg(feature = "jxl")]
use super::jxl;
use super::raw;
use super::tiff::directory::{Tiff, tag};
use super::unsupported::refused;
use crate::error::ImageFileError;

/// Bytes of a JPEG that are read first. Metadata is seldom longer, except for a large preview.
const FIRST_READ: usize = 64 << 10;
/// Offset of the first chunk of a PNG, after the signature (ISO/IEC 15948, 5.2).
const PNG_CHUNKS: u64 = 8;
/// Keyword of an `iTXt` chunk with XMP (XMP specification, part 3, 1.1.5).
const PNG_XMP: &[u8] = b"XML:com.adobe.xmp\0";
/// Bytes after the keyword of uncompressed XMP without a language or a translated keyword.
const PNG_PLAIN: &[u8] = b"\0\0\0\0";
/// Keyword of a text chunk in which ImageMagick stores XMP as hexadecimal digits.
const PNG_RAW_PROFILE: &[u8] = b"Raw profile type xmp\0";
/// Largest PNG text chunk that is read, in bytes. Larger ones are skipped.
const MOST_PNG_BYTES: u64 = 64 << 20;

/// Returns the XMP packet inside the photo at `path` (XMP specification, part 3), in any format, or
/// `None` if there is none.
///
/// For a JPEG this is the main packet, which is incomplete if it refers to an extended one.
///
/// # Errors
/// The same as for [`embedded_packets`].
pub fn embedded_xmp(path: &Path) -> Result<Option<Vec<u8>>, ImageFileError> {
    Ok(embedded_packets(path)?.into_iter().next())
}

/// Returns all XMP inside the photo at `path` (XMP specification, part 3), in any format: no
/// packet, one packet, or for a JPEG the main packet and the extended one that belongs to it.
///
/// # Errors
/// [`ImageFileError::Read`] or [`ImageFileError::NotAFile`] if the file cannot be read,
/// [`ImageFileError::TooLarge`] if it exceeds the limits, [`ImageFileError::UnknownFormat`] or
/// [`ImageFileError::ForeignFormat`] if it is not an image in a supported format,
/// [`ImageFileError::Decode`] if its metadata or the data before it is damaged.
pub fn embedded_packets(path: &Path) -> Result<Vec<Vec<u8>>, ImageFileError> {
    embedded_packets_from(path, open_file(path)?)
}

/// Returns all XMP inside an open photo, like [`embedded_packets`]. Errors refer to the photo as
/// `path`.
///
/// # Errors
/// The same as for [`embedded_packets`], except [`ImageFileError::NotAFile`].
pub fn embedded_packets_from(
    path: &Path,
    file: impl Read + Seek,
) -> Result<Vec<Vec<u8>>, ImageFileError> {
    let mut file = BufReader::new(file);
    let mut start = Vec::new();
    file.by_ref()
        .take(SIGNATURE_BYTES)
        .read_to_end(&mut start)
        .and_then(|_| file.seek(SeekFrom::Start(0)))
        .map_err(|error| read_error(path, error))?;
    if start.is_empty() {
        return Err(damaged(path, "the file is empty"));
    }
    let format = Format::of(&start);
    let packet = match format {
        Some(Format::Jpeg) => {
            let head = read_jpeg_head(&mut file).map_err(|error| read_error(path, error))?;
            return jpeg_packets(path, &head);
        }
        Some(Format::Png) => png_packet(path, &mut file)?,
        Some(Format::Tiff) => tiff_packet(path, file)?,
        Some(Format::Raw) => return raw_packets(path, file),
        Some(format @ (Format::WebP | Format::Bmp | Format::Gif)) => {
            packet(path, decoder(path, file, format)?)?
        }
        Some(format @ (Format::Heic | Format::Avif)) if format.is_read() => {
            heif::packet(path, &content(path, file)?, format)?
        }
        #[cfg(feature = "jxl")]
        Some(Format::JpegXl) => jxl::packet(path, &content(path, file)?)?,
        #[allow(unreachable_patterns, reason = "some builds read them")]
        Some(Format::Heic | Format::Avif | Format::JpegXl | Format::Jpeg2000) | None => {
            return Err(refused(path, format));
        }
    };
    Ok(packet.into_iter().collect())
}

fn jpeg_packets(path: &Path, head: &[u8]) -> Result<Vec<Vec<u8>>, ImageFileError> {
    let main = packet(path, decoder(path, io::Cursor::new(head), Format::Jpeg)?)?;
    let extended = main.as_ref().and_then(|main| extended_xmp(head, main));
    Ok(main.into_iter().chain(extended).collect())
}

fn png_packet(
    path: &Path,
    file: &mut BufReader<impl Read + Seek>,
) -> Result<Option<Vec<u8>>, ImageFileError> {
    let before_pixels = packet(path, decoder(path, file.by_ref(), Format::Png)?)?;
    // ExifTool writes the XMP after the pixels.
    let anywhere = find_png_xmp(file).map_err(|error| read_error(path, error))?;
    match (anywhere, before_pixels) {
        (PngXmp::Foreign, _) | (PngXmp::Compressed, None) => Err(damaged(
            path,
            "its XMP is in a form that is not read; exiftool can rewrite it (-XMP:all= -tagsfromfile @ -XMP:all)",
        )),
        (PngXmp::Plain(xmp), None) | (_, Some(xmp)) => Ok(Some(xmp)),
        (PngXmp::None, None) => Ok(None),
    }
}

fn raw_packets(path: &Path, file: impl Read) -> Result<Vec<Vec<u8>>, ImageFileError> {
    let bytes = content(path, file)?;
    match raw::fuji_jpeg(&bytes) {
        Some(jpeg) => jpeg_packets(path, facematch_jpeg::head(jpeg)),
        None => Ok(raw::xmp(&bytes).map(<[u8]>::to_vec).into_iter().collect()),
    }
}

/// Returns the whole content of `file`: the metadata of some formats can be anywhere.
fn content(path: &Path, file: impl Read) -> Result<Vec<u8>, ImageFileError> {
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|error| read_error(path, error))?;
    Ok(bytes)
}

fn tiff_packet(path: &Path, file: impl Read) -> Result<Option<Vec<u8>>, ImageFileError> {
    let bytes = content(path, file)?;
    let directory = Tiff::of_file(&bytes).and_then(|tiff| tiff.first());
    let Some(directory) = directory else {
        return Err(damaged(
            path,
            "the file has no image directory; it may be cut off",
        ));
    };
    let xmp = directory.bytes(tag::XMP);
    if xmp.is_none() && directory.mentions(tag::XMP) {
        return Err(damaged(path, "its XMP: it lies outside the file"));
    }
    Ok(xmp.map(<[u8]>::to_vec))
}

fn packet(path: &Path, mut decoder: impl ImageDecoder) -> Result<Option<Vec<u8>>, ImageFileError> {
    guarded(path, || {
        let xmp = decoder.xmp_metadata();
        xmp.map_err(|error| damaged(path, &format!("its XMP: {error}")))
    })
}

/// Returns the segments of a JPEG before its first scan, which hold its metadata. If `file` is not
/// a JPEG, returns all of it. Little more of a JPEG is read.
///
/// # Errors
/// Returns any error while reading `file`.
pub fn read_jpeg_head(file: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let more = bytes.len().max(FIRST_READ) as u64;
        let read = file.by_ref().take(more).read_to_end(&mut bytes)?;
        let head = facematch_jpeg::head(&bytes).len();
        if head < bytes.len() || (read as u64) < more {
            bytes.truncate(head);
            return Ok(bytes);
        }
    }
}

/// XMP in the text chunks of a PNG.
enum PngXmp {
    None,
    Plain(Vec<u8>),
    /// Compressed XMP, which the decoder reads if it is before the pixels.
    Compressed,
    /// A raw profile, which is not a packet.
    Foreign,
}

impl PngXmp {
    fn of_text(mut chunk: Vec<u8>) -> Self {
        if chunk.starts_with(PNG_RAW_PROFILE) {
            return Self::Foreign;
        }
        match chunk.strip_prefix(PNG_XMP) {
            None => Self::None,
            Some(xmp) if xmp.starts_with(PNG_PLAIN) => {
                Self::Plain(chunk.split_off(PNG_XMP.len() + PNG_PLAIN.len()))
            }
            Some(_) => Self::Compressed,
        }
    }
}

/// Returns the XMP in the text chunks of a PNG, before or after the pixels: the first one, or one
/// in a foreign form. The search ends where the file is cut off.
fn find_png_xmp(file: &mut BufReader<impl Read + Seek>) -> io::Result<PngXmp> {
    let mut found = PngXmp::None;
    file.seek(SeekFrom::Start(PNG_CHUNKS))?;
    let mut header = [0; 8];
    while read_whole(file, &mut header)? {
        let [a, b, c, d, kind @ ..] = header;
        let length = u64::from(u32::from_be_bytes([a, b, c, d]));
        let mut unread = length;
        if matches!(&kind, b"iTXt" | b"zTXt" | b"tEXt") && length <= MOST_PNG_BYTES {
            let mut chunk = Vec::new();
            unread -= file.by_ref().take(length).read_to_end(&mut chunk)? as u64;
            match PngXmp::of_text(chunk) {
                foreign @ PngXmp::Foreign => return Ok(foreign),
                xmp if unread == 0 && matches!(found, PngXmp::None) => found = xmp,
                _ => {}
            }
        }
        let checksum = 4;
        file.seek_relative((unread + checksum).cast_signed())?;
    }
    Ok(found)
}

/// Fills `buffer` and returns whether the file was long enough.
fn read_whole(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, ImageFormat, RgbImage};
    use std::path::PathBuf;

    const XMP: &[u8] = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>";

    struct Scene {
        folder: tempfile::TempDir,
    }

    impl Scene {
        fn new() -> Self {
            Self {
                folder: tempfile::tempdir().unwrap(),
            }
        }

        fn photo(&self, bytes: &[u8]) -> PathBuf {
            let path = self.folder.path().join("photo");
            std::fs::write(&path, bytes).unwrap();
            path
        }

        fn xmp_of(&self, bytes: &[u8]) -> Result<Option<Vec<u8>>, ImageFileError> {
            embedded_xmp(&self.photo(bytes))
        }
    }

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let mut bytes = io::Cursor::new(Vec::new());
        DynamicImage::from(RgbImage::new(64, 48))
            .write_to(&mut bytes, format)
            .unwrap();
        bytes.into_inner()
    }

    /// Returns a segment of a JPEG (ITU-T T.81, B.1.1.4).
    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len() + 2).unwrap();
        [&[0xFF, marker][..], &length.to_be_bytes(), content].concat()
    }

    fn jpeg_with(segments: &[Vec<u8>]) -> Vec<u8> {
        let mut jpeg = encoded(ImageFormat::Jpeg);
        jpeg.splice(2..2, segments.concat());
        jpeg
    }

    fn app1() -> Vec<u8> {
        segment(0xE1, &[b"http://ns.adobe.com/xap/1.0/\0", XMP].concat())
    }

    #[test]
    fn a_jpeg_has_it_in_a_segment_however_much_stands_before_it() {
        let scene = Scene::new();
        assert_eq!(scene.xmp_of(&jpeg_with(&[app1()])).unwrap().unwrap(), XMP);
        let preview = vec![segment(0xE2, &[1; 60_000]); 9];
        let late = jpeg_with(&[preview, vec![app1()]].concat());
        assert_eq!(scene.xmp_of(&late).unwrap().unwrap(), XMP);
        assert_eq!(scene.xmp_of(&encoded(ImageFormat::Jpeg)).unwrap(), None);
    }

    #[test]
    fn pixels_are_not_looked_at() {
        let jpeg = jpeg_with(&[app1()]);
        let scan = facematch_jpeg::head(&jpeg).len();
        let cut_off = Scene::new().xmp_of(&jpeg[..scan]);
        assert_eq!(cut_off.unwrap().unwrap(), XMP);
    }

    /// Returns a chunk of a PNG with its checksum, which the decoder verifies.
    fn chunk(content: &[u8]) -> Vec<u8> {
        chunk_of(b"iTXt", content)
    }

    fn chunk_of(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let body = [kind, content].concat();
        let checksum = !body.iter().fold(u32::MAX, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| {
                (crc >> 1) ^ (0xEDB8_8320 * (crc & 1))
            })
        });
        let length = u32::try_from(content.len()).unwrap();
        [&length.to_be_bytes(), &body[..], &checksum.to_be_bytes()].concat()
    }

    #[test]
    fn a_png_has_it_before_its_pixels_or_behind_them() {
        let scene = Scene::new();
        let png = encoded(ImageFormat::Png);
        let xmp = chunk(&[PNG_XMP, PNG_PLAIN, XMP].concat());
        let other = chunk(b"Comment\0\0\0\0\0nothing");
        // IHDR has 13 bytes, and IEND is the last chunk.
        for at in [8 + 12 + 13, png.len() - 12] {
            let mut with_xmp = png.clone();
            with_xmp.splice(at..at, [&other[..], &xmp].concat());
            assert_eq!(scene.xmp_of(&with_xmp).unwrap().unwrap(), XMP, "at {at}");
        }
        assert_eq!(scene.xmp_of(&png).unwrap(), None);
    }

    #[test]
    fn xmp_in_a_png_that_is_not_read_is_an_error_and_not_taken_for_none() {
        let scene = Scene::new();
        let png = encoded(ImageFormat::Png);
        let profile = chunk_of(b"zTXt", &[PNG_RAW_PROFILE, b"\0compressed"].concat());
        let compressed = chunk(&[PNG_XMP, b"\x01\0\0\0compressed"].concat());
        for (at, chunk) in [
            (8 + 12 + 13, &profile),
            (png.len() - 12, &profile),
            (png.len() - 12, &compressed),
        ] {
            let mut with_xmp = png.clone();
            with_xmp.splice(at..at, chunk.iter().copied());
            let error = scene.xmp_of(&with_xmp).unwrap_err().to_string();
            assert!(error.contains("in a form that is not read"), "{error}");
        }
    }

    #[test]
    fn a_webp_and_a_gif_without_it_have_none() {
        for format in [ImageFormat::WebP, ImageFormat::Gif, ImageFormat::Bmp] {
            assert_eq!(Scene::new().xmp_of(&encoded(format)).unwrap(), None);
        }
    }

    #[test]
    fn a_webp_has_it_in_a_chunk() {
        let webp = encoded(ImageFormat::WebP);
        // The extended format (RFC 9649, section 2.7): VP8X with the XMP flag and the size minus
        // one, then the pixels, then the XMP.
        let size = [4, 0, 0, 0, 63, 0, 0, 47, 0, 0];
        let part = |name: &[u8], content: &[u8]| {
            let length = u32::try_from(content.len()).unwrap();
            let padding = vec![0; content.len() % 2];
            [name, &length.to_le_bytes(), content, &padding].concat()
        };
        let body = [
            b"WEBP",
            &part(b"VP8X", &size)[..],
            &webp[12..],
            &part(b"XMP ", XMP),
        ]
        .concat();
        assert_eq!(
            Scene::new().xmp_of(&part(b"RIFF", &body)).unwrap().unwrap(),
            XMP
        );
    }

    #[test]
    fn a_tiff_has_it_in_a_tag() {
        let tiff = encoded(ImageFormat::Tiff);
        assert_eq!(&tiff[..4], b"II*\0");
        let at = usize::try_from(u32::from_le_bytes(tiff[4..8].try_into().unwrap())).unwrap();
        let count = u16::from_le_bytes(tiff[at..at + 2].try_into().unwrap());
        // A copy of the directory at the end of the file with one more entry (TIFF 6.0, section 2),
        // whose tag is 700.
        let entries = &tiff[at + 2..at + 2 + 12 * usize::from(count)];
        let directory = u32::try_from(tiff.len()).unwrap();
        let length = u32::try_from(XMP.len()).unwrap();
        let xmp_at = directory + 2 + 12 * u32::from(count + 1) + 4;
        let mut entry = [700_u16.to_le_bytes(), 1_u16.to_le_bytes()].concat();
        entry.extend([length.to_le_bytes(), xmp_at.to_le_bytes()].concat());
        let is_before = |old: &&[u8]| u16::from_le_bytes([old[0], old[1]]) < 700;
        let mut sorted: Vec<&[u8]> = entries.chunks(12).take_while(is_before).collect();
        let before = sorted.len();
        sorted.push(&entry);
        sorted.extend(entries.chunks(12).skip(before));
        let mut with_xmp = tiff.clone();
        with_xmp[4..8].copy_from_slice(&directory.to_le_bytes());
        with_xmp.extend((count + 1).to_le_bytes());
        with_xmp.extend(sorted.concat());
        with_xmp.extend([0; 4]);
        with_xmp.extend(XMP);
        assert_eq!(Scene::new().xmp_of(&with_xmp).unwrap().unwrap(), XMP);
    }

    #[test]
    fn what_is_no_photo_is_an_error() {
        let scene = Scene::new();
        let kind = |bytes: &[u8]| scene.xmp_of(bytes).unwrap_err().kind();
        assert_eq!(kind(b""), "decode");
        assert_eq!(kind(b"<html>no photo</html>"), "format");
        assert_eq!(kind(&encoded(ImageFormat::Png)[..20]), "decode");
        let folder = embedded_xmp(scene.folder.path());
        assert_eq!(folder.unwrap_err().kind(), "not_a_file");
    }
}
