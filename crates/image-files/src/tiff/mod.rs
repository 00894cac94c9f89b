//! TIFF files: which of the images is the photo ([`choice`]), how its pixels are stored
//! ([`picture`]), and which colours they have ([`colour`]). The `tiff` crate decompresses them.

mod choice;
mod colour;
mod container;
pub(super) mod directory;
mod lzw_tiles;
mod picture;
#[cfg(test)]
mod test_files;
#[cfg(test)]
mod tests;

use std::path::Path;

use image::RgbImage;
use tiff::TiffError;
use tiff::decoder::{Decoder, DecodingResult, Limits};

use self::colour::Colours;
use self::container::{Container, DirectoryWriter};
use self::directory::{Directory, Tiff, orientation_from, tag};
use self::picture::{JPEG, LZW, Parts, Picture, Problem, UNCOMPRESSED, damaged};
use super::decode::{self, check_bytes, guarded};
use super::{Decoded, MAX_DECODED_BYTES, Orientation};
use crate::error::ImageFileError;

/// Decodes `bytes`, the TIFF file at `path`: the photo in it, never a thumbnail.
///
/// # Errors
/// [`ImageFileError::Decode`] if the file is damaged, unsupported, or contains no photo;
/// [`ImageFileError::TooLarge`] if it exceeds the limits.
pub(super) fn decode(path: &Path, bytes: &[u8]) -> Result<Decoded, ImageFileError> {
    let Some(tiff) = Tiff::of_file(bytes) else {
        return Err(decode::damaged(path, "the header of the TIFF is damaged"));
    };
    let directory = choice::photo(&tiff).map_err(|reason| decode::damaged(path, &reason))?;
    let picture =
        Picture::of(bytes, &directory).map_err(|problem| error(path, &directory, problem))?;
    let image = guarded(path, || {
        rgb(bytes, tiff.big_endian, &picture, &directory)
            .map_err(|problem| error(path, &directory, problem))
    })?;
    Ok(Decoded::new(image, orientation(&tiff, &directory)))
}

/// Returns the orientation of the photo, or that of the file's first directory, where cameras store
/// it for all images.
fn orientation(tiff: &Tiff, photo: &Directory) -> Orientation {
    photo
        .orientation()
        .or_else(|| tiff.first()?.orientation())
        .map_or(Orientation::UPRIGHT, orientation_from)
}

fn error(path: &Path, directory: &Directory, problem: Problem) -> ImageFileError {
    match problem {
        Problem::Damaged(reason) => decode::damaged(path, &reason),
        Problem::Unsupported(kind) => decode::damaged(
            path,
            &format!(
                "a kind of TIFF that facematch does not read ({kind}); convert it to PNG or JPEG"
            ),
        ),
        Problem::TooLarge(bytes) => {
            let side = |tag| directory.number(tag).unwrap_or_default() as u32;
            let size = (side(tag::WIDTH), side(tag::HEIGHT));
            let pixels = u64::from(size.0) * u64::from(size.1);
            let error = check_bytes(path, size, bytes.div_ceil(pixels.max(1)));
            error.err().unwrap_or_else(|| {
                decode::damaged(path, "its tiles take more memory than a photo may")
            })
        }
    }
}

fn rgb(
    file: &[u8],
    big_endian: bool,
    picture: &Picture,
    directory: &Directory,
) -> Result<RgbImage, Problem> {
    let colours = Colours::of(picture, directory)?;
    let used = picture.meaning.samples() as usize;
    let pixels = picture.width as usize * picture.height as usize;
    let rgb = if picture.is_planar {
        let mut planes = Vec::new();
        for plane in 0..used {
            let samples = decompressed(container(file, big_endian, picture, plane)?, picture)?;
            planes.push(bytes_of(samples, picture, 1)?);
        }
        let mut rgb = Vec::with_capacity(3 * pixels);
        for at in 0..pixels {
            let mut samples = [0; 4];
            for (sample, plane) in samples.iter_mut().zip(&planes) {
                *sample = plane[at];
            }
            rgb.extend(colours.rgb(&samples));
        }
        rgb
    } else {
        let per_pixel = usize::from(picture.samples);
        let samples = decompressed(container(file, big_endian, picture, 0)?, picture)?;
        let samples = bytes_of(samples, picture, per_pixel)?;
        if per_pixel == 3 && matches!(colours, Colours::Rgb) {
            samples
        } else {
            let mut rgb = Vec::with_capacity(3 * pixels);
            for samples in samples.chunks_exact(per_pixel).take(pixels) {
                rgb.extend(colours.rgb(samples));
            }
            rgb
        }
    };
    RgbImage::from_raw(picture.width, picture.height, rgb)
        .ok_or_else(|| damaged("the image has no pixels"))
}

/// Returns `file` with a directory for one plane of `picture`, or for all samples if they are not
/// in separate planes.
fn container<'a>(
    file: &'a [u8],
    big_endian: bool,
    picture: &Picture,
    plane: usize,
) -> Result<Container<'a>, Problem> {
    let samples = if picture.is_planar {
        1
    } else {
        picture.samples
    };
    let places = picture.places(plane);
    let mut directory = DirectoryWriter::new(big_endian);
    directory.longs(tag::WIDTH, &[picture.width]);
    directory.longs(tag::HEIGHT, &[picture.height]);
    directory.short(tag::BITS, picture.bits);
    // Always grey, so that the crate returns all samples unchanged.
    directory.short(tag::PHOTOMETRIC, 1);
    directory.short(tag::SAMPLES, samples);
    directory.short(tag::PREDICTOR, picture.predictor);
    if picture.bits == 32 {
        directory.short(tag::SAMPLE_FORMAT, 3);
    }
    if let Some(tables) = picture.jpeg_tables.filter(|_| picture.compression == JPEG) {
        directory.jpeg_tables(tables);
    }
    match picture.parts {
        Parts::Strips(rows) => {
            directory.longs(tag::ROWS_PER_STRIP, &[rows]);
            directory.longs(tag::STRIP_OFFSETS, places.offsets);
            directory.longs(tag::STRIP_BYTES, places.lengths);
        }
        Parts::Tiles(width, height) => {
            directory.longs(tag::TILE_WIDTH, &[width]);
            directory.longs(tag::TILE_HEIGHT, &[height]);
            if picture.compression == LZW {
                let tiles = lzw_tiles::decompressed(file, places, picture.part_bytes())?;
                directory.short(tag::COMPRESSION, UNCOMPRESSED);
                directory.longs(tag::TILE_OFFSETS, &tiles.offsets);
                directory.longs(tag::TILE_BYTES, &tiles.lengths);
                return Ok(directory.over(tiles.bytes.into()));
            }
            directory.longs(tag::TILE_OFFSETS, places.offsets);
            directory.longs(tag::TILE_BYTES, places.lengths);
        }
    }
    directory.short(tag::COMPRESSION, picture.compression);
    Ok(directory.over(file.into()))
}

fn decompressed(container: Container, picture: &Picture) -> Result<DecodingResult, Problem> {
    let decode = || {
        let mut limits = Limits::default();
        limits.decoding_buffer_size = MAX_DECODED_BYTES as usize;
        limits.intermediate_buffer_size = MAX_DECODED_BYTES as usize;
        let mut samples = DecodingResult::U8(Vec::new());
        Decoder::new(container)?
            .with_limits(limits)
            .read_image_to_buffer(&mut samples)?;
        Ok(samples)
    };
    decode().map_err(|error: TiffError| match error {
        TiffError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            damaged("the file is cut off or damaged: pixels are missing")
        }
        TiffError::UnsupportedError(_) => {
            Problem::Unsupported(format!("{}-bit samples in this form", picture.bits))
        }
        _ => damaged("the pixels are damaged"),
    })
}

/// Returns the samples as bytes, `per_pixel` for each pixel: levels from 0 to 255, or indices into
/// a palette.
fn bytes_of(
    samples: DecodingResult,
    picture: &Picture,
    per_pixel: usize,
) -> Result<Vec<u8>, Problem> {
    let per_row = picture.width as usize * per_pixel;
    let wanted = per_row * picture.height as usize;
    let bytes = match samples {
        DecodingResult::U8(packed) if picture.bits < 8 => unpacked(&packed, picture, per_row),
        DecodingResult::U8(bytes) => bytes,
        DecodingResult::U16(samples) => samples
            .into_iter()
            .map(|sample| ((u32::from(sample) + 128) / 257) as u8)
            .collect(),
        // A cast from float to integer saturates.
        DecodingResult::F32(samples) => samples
            .into_iter()
            .map(|sample| (sample * 255.0).round() as u8)
            .collect(),
        _ => Vec::new(),
    };
    if bytes.len() < wanted {
        return Err(damaged("pixels are missing"));
    }
    Ok(bytes)
}

/// Unpacks samples of fewer than 8 bits. Each row starts at a byte.
fn unpacked(packed: &[u8], picture: &Picture, per_row: usize) -> Vec<u8> {
    let bits = usize::from(picture.bits);
    let per_byte = 8 / bits;
    let most = (1_u16 << bits) - 1;
    let level = |value: u16| match picture.meaning {
        picture::Meaning::Palette => value as u8,
        _ => (value * 255 / most) as u8,
    };
    let rows = packed.chunks_exact(per_row.div_ceil(per_byte));
    rows.flat_map(|row| {
        (0..per_row).map(move |at| {
            let shift = 8 - bits * (at % per_byte + 1);
            level(u16::from(row[at / per_byte] >> shift) & most)
        })
    })
    .collect()
}
