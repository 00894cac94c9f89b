//! The layout of the pixels of a TIFF image, checked before anything is decoded.

use super::directory::{Directory, tag};
use crate::MAX_DECODED_BYTES;

/// Maximum number of strips or tiles of an image. A longer list would exceed the limit of the
/// `tiff` crate.
const MOST_CHUNKS: u64 = 1 << 18;

/// Maximum size of JPEG tables in bytes. All tables that a JPEG can have take less.
const MOST_JPEG_TABLES: usize = 1 << 16;

/// Kinds of compression.
pub(super) const UNCOMPRESSED: u16 = 1;
pub(super) const LZW: u16 = 5;
const OLD_JPEG: u16 = 6;
pub(super) const JPEG: u16 = 7;

/// Reason for not decoding an image.
#[derive(Debug, PartialEq)]
pub(super) enum Problem {
    /// The image is damaged or cut off.
    Damaged(String),
    /// The kind of TIFF is not supported.
    Unsupported(String),
    /// The pixels take this number of bytes, more than the limit.
    TooLarge(u64),
}

/// Meaning of the samples of a pixel (TIFF 6.0, PhotometricInterpretation).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    WhiteIsZero,
    BlackIsZero,
    Rgb,
    Palette,
    Cmyk,
    YCbCr,
}

impl Meaning {
    /// Returns the number of samples that make up a colour. Further ones, such as transparency, are
    /// ignored.
    pub(super) fn samples(self) -> u64 {
        match self {
            Self::WhiteIsZero | Self::BlackIsZero | Self::Palette => 1,
            Self::Rgb | Self::YCbCr => 3,
            Self::Cmyk => 4,
        }
    }
}

/// Parts in which an image is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    /// Strips with this number of rows.
    Strips(u32),
    /// Tiles of this width and height.
    Tiles(u32, u32),
}

/// Offsets of the parts in the file and their lengths in bytes.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    pub(super) offsets: &'a [u32],
    pub(super) lengths: &'a [u32],
}

/// An image of a TIFF file.
#[derive(Debug)]
pub(super) struct Picture<'a> {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) meaning: Meaning,
    /// Bits per sample: 1, 2, 4, 8 or 16, or 32 for floating-point numbers.
    pub(super) bits: u16,
    /// Samples per pixel, of which the first [`Meaning::samples`] are used.
    pub(super) samples: u16,
    /// `true` if each sample has a separate plane.
    pub(super) is_planar: bool,
    pub(super) compression: u16,
    pub(super) predictor: u16,
    pub(super) parts: Parts,
    /// Offsets of the parts, plane by plane, and their lengths in bytes.
    pub(super) offsets: Vec<u32>,
    pub(super) lengths: Vec<u32>,
    pub(super) jpeg_tables: Option<&'a [u8]>,
}

impl<'a> Picture<'a> {
    /// Reads the description of the image of `directory` in `file`.
    pub(super) fn of(file: &[u8], directory: &Directory<'a>) -> Result<Self, Problem> {
        let number = |tag, default| directory.number(tag).unwrap_or(default);
        let (width, height) = (number(tag::WIDTH, 0), number(tag::HEIGHT, 0));
        let (Ok(width), Ok(height)) = (u32::try_from(width), u32::try_from(height)) else {
            return Err(damaged("the image is larger than TIFF allows"));
        };
        if width == 0 || height == 0 {
            return Err(damaged("the image has no pixels"));
        }
        let compression = compression(number(tag::COMPRESSION, UNCOMPRESSED.into()))?;
        let meaning = meaning(directory.number(tag::PHOTOMETRIC))?;
        let samples = number(tag::SAMPLES, 1);
        if samples < meaning.samples() || samples > 64 {
            return Err(Problem::Unsupported(format!(
                "{samples} samples a pixel for {meaning:?}"
            )));
        }
        let bits = bits(directory, meaning)?;
        let is_planar = number(tag::PLANAR, 1) == 2;
        let is_interleaved_jpeg = compression == JPEG && !is_planar;
        if meaning == Meaning::YCbCr && !is_interleaved_jpeg {
            refuse_subsampling(directory)?;
        }
        refuse_odd_forms(directory, bits, compression)?;
        let planes = if is_planar { samples } else { 1 };
        let parts = parts(directory, width, height)?;
        let of_part = match parts {
            Parts::Strips(rows) => u64::from(width) * u64::from(rows),
            Parts::Tiles(width, height) => u64::from(width) * u64::from(height),
        };
        let bytes = (u64::from(width) * u64::from(height))
            .max(of_part)
            .saturating_mul(samples.max(3))
            .saturating_mul(u64::from(bits.max(8)))
            / 8;
        if bytes > MAX_DECODED_BYTES {
            return Err(Problem::TooLarge(bytes));
        }
        let (offsets, lengths) = places(directory, parts, (width, height), planes)?;
        let picture = Self {
            width,
            height,
            meaning,
            bits,
            samples: samples as u16,
            is_planar,
            compression,
            predictor: number(tag::PREDICTOR, 1).min(u64::from(u16::MAX)) as u16,
            parts,
            offsets,
            lengths,
            jpeg_tables: directory.bytes(tag::JPEG_TABLES),
        };
        if compression == JPEG {
            picture.check_jpeg_parts(file)?;
        }
        Ok(picture)
    }

    /// Returns the size in bytes of a decompressed tile, or of a decompressed strip with all its
    /// rows. It is no more than the limit for an image.
    pub(super) fn part_bytes(&self) -> usize {
        let (width, height) = self.part_size();
        let samples = if self.is_planar { 1 } else { self.samples };
        let bits = width as usize * usize::from(samples) * usize::from(self.bits);
        bits.div_ceil(8) * height as usize
    }

    fn part_size(&self) -> (u32, u32) {
        match self.parts {
            Parts::Strips(rows) => (self.width, rows),
            Parts::Tiles(width, height) => (width, height),
        }
    }

    /// Returns the places of the parts of a plane, or of all samples if they are not in separate
    /// planes.
    pub(super) fn places(&self, plane: usize) -> Places<'_> {
        let planes = if self.is_planar { self.samples } else { 1 };
        let count = self.offsets.len() / usize::from(planes);
        let range = count * plane..count * (plane + 1);
        Places {
            offsets: &self.offsets[range.clone()],
            lengths: &self.lengths[range],
        }
    }

    /// Compares each part with its JPEG header: a part of another size would shift all rows after
    /// it, or take more memory than the image.
    fn check_jpeg_parts(&self, file: &[u8]) -> Result<(), Problem> {
        let components = if self.is_planar { 1 } else { self.samples };
        let (width, height) = self.part_size();
        match self.jpeg_tables.map_or(4, <[u8]>::len) {
            0..4 => return Err(damaged("its JPEG tables are cut off")),
            4..=MOST_JPEG_TABLES => {}
            _ => return Err(damaged("its JPEG tables are too long")),
        }
        for (&offset, &length) in self.offsets.iter().zip(&self.lengths) {
            let part = file
                .get(offset as usize..)
                .map(|rest| &rest[..rest.len().min(length as usize)]);
            let frame = part.and_then(|part| {
                let mut segments = facematch_jpeg::segments(facematch_jpeg::head(part));
                segments.find(|(marker, _)| {
                    matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC)
                })
            });
            // Precision, height, width, number of components (ITU-T T.81, B.2.2).
            let Some((_, &[8, a, b, c, d, count, ..])) = frame else {
                return Err(damaged("one of its JPEG streams is damaged or cut off"));
            };
            let rows = u32::from(u16::from_be_bytes([a, b]));
            let columns = u32::from(u16::from_be_bytes([c, d]));
            if columns != width || rows > height || u16::from(count) != components {
                return Err(damaged(
                    "one of its JPEG streams is not of the size that the directory names",
                ));
            }
        }
        Ok(())
    }
}

pub(super) fn damaged(reason: &str) -> Problem {
    Problem::Damaged(reason.to_owned())
}

fn compression(number: u64) -> Result<u16, Problem> {
    let number = u16::try_from(number).unwrap_or(u16::MAX);
    let name = match number {
        // None, fax group 4, LZW, JPEG, Deflate (two numbers), PackBits.
        UNCOMPRESSED | 4 | LZW | JPEG | 8 | 32_773 | 32_946 => return Ok(number),
        2 | 3 => "fax compression of group 3",
        OLD_JPEG => "JPEG compression of the old kind",
        34_712 | 33_003 | 33_005 => "JPEG 2000 compression",
        34_887 => "LERC compression",
        34_925 => "LZMA compression",
        50_000 | 34_926 => "Zstandard compression",
        34_927 | 50_001 => "WebP compression",
        50_002 | 52_546 => "JPEG XL compression",
        34_676 | 34_677 => "SGI LogLuv compression",
        other => return Err(Problem::Unsupported(format!("compression {other}"))),
    };
    Err(Problem::Unsupported(name.to_owned()))
}

fn meaning(number: Option<u64>) -> Result<Meaning, Problem> {
    let name = match number {
        Some(0) => return Ok(Meaning::WhiteIsZero),
        Some(1) => return Ok(Meaning::BlackIsZero),
        Some(2) => return Ok(Meaning::Rgb),
        Some(3) => return Ok(Meaning::Palette),
        Some(5) => return Ok(Meaning::Cmyk),
        Some(6) => return Ok(Meaning::YCbCr),
        Some(8..=10) => "colours as L*a*b*",
        Some(32_844 | 32_845) => "colours as LogLuv",
        Some(other) => {
            return Err(Problem::Unsupported(format!(
                "photometric interpretation {other}"
            )));
        }
        None => return Err(damaged("it does not say what its samples mean")),
    };
    Err(Problem::Unsupported(name.to_owned()))
}

fn bits(directory: &Directory, meaning: Meaning) -> Result<u16, Problem> {
    let all: Vec<_> = directory
        .numbers(tag::BITS)
        .map_or_else(|| vec![1], |bits| bits.take(64).collect());
    let bits = all.first().copied().unwrap_or(1);
    if all.iter().any(|other| *other != bits) {
        return Err(Problem::Unsupported(
            "samples of different numbers of bits".to_owned(),
        ));
    }
    let format = directory.number(tag::SAMPLE_FORMAT).unwrap_or(1);
    let kind = match format {
        1 | 4 => "",
        2 => " signed",
        3 => " floating point",
        _ => " complex",
    };
    let is_read = match (format, bits) {
        (1 | 4, 1 | 2 | 4 | 8) => true,
        (1 | 4, 16) => meaning != Meaning::Palette,
        (3, 32) => meaning == Meaning::Rgb,
        _ => false,
    };
    if is_read {
        return Ok(bits as u16);
    }
    let colours = match meaning {
        Meaning::WhiteIsZero | Meaning::BlackIsZero => "grey",
        Meaning::Rgb => "RGB",
        Meaning::Palette => "palette",
        Meaning::Cmyk => "CMYK",
        Meaning::YCbCr => "YCbCr",
    };
    Err(Problem::Unsupported(format!(
        "{bits}-bit{kind} {colours} samples"
    )))
}

/// Rejects forms that the `tiff` crate would decode incorrectly without an error.
fn refuse_odd_forms(directory: &Directory, bits: u16, compression: u16) -> Result<(), Problem> {
    if directory.number(tag::FILL_ORDER) == Some(2) {
        return Err(Problem::Unsupported("reversed order of bits".to_owned()));
    }
    if compression == JPEG && bits != 8 {
        return Err(Problem::Unsupported(format!(
            "JPEG compression with {bits}-bit samples"
        )));
    }
    Ok(())
}

/// Rejects subsampled chroma, because only the JPEG decoder enlarges it to the size of luma.
fn refuse_subsampling(directory: &Directory) -> Result<(), Problem> {
    let subsampling = directory.numbers(tag::YCBCR_SUBSAMPLING);
    let is_subsampled =
        subsampling.is_none_or(|mut subsampling| subsampling.any(|factor| factor != 1));
    if is_subsampled {
        return Err(Problem::Unsupported(
            "subsampled YCbCr colours without JPEG compression or in separate planes".to_owned(),
        ));
    }
    Ok(())
}

fn parts(directory: &Directory, width: u32, height: u32) -> Result<Parts, Problem> {
    let side = |tag| directory.number(tag).and_then(|n| u32::try_from(n).ok());
    if directory.has(tag::TILE_OFFSETS) {
        return match (side(tag::TILE_WIDTH), side(tag::TILE_HEIGHT)) {
            (Some(width @ 1..), Some(height @ 1..)) => Ok(Parts::Tiles(width, height)),
            _ => Err(damaged("its tiles have no size")),
        };
    }
    if directory.has(tag::STRIP_OFFSETS) {
        let rows = directory.number(tag::ROWS_PER_STRIP);
        return match rows.unwrap_or(height.into()).min(height.into()) as u32 {
            0 => Err(damaged("its strips have no rows")),
            rows => Ok(Parts::Strips(rows)),
        };
    }
    if directory.has(tag::OLD_JPEG) {
        compression(OLD_JPEG.into())?;
    }
    Err(damaged(&format!(
        "there is no place for the {width}x{height} pixels"
    )))
}

/// Reads the offsets of the parts and their lengths.
fn places(
    directory: &Directory,
    parts: Parts,
    (width, height): (u32, u32),
    planes: u64,
) -> Result<(Vec<u32>, Vec<u32>), Problem> {
    let (count, offsets, lengths) = match parts {
        Parts::Strips(rows) => (
            u64::from(height.div_ceil(rows)),
            tag::STRIP_OFFSETS,
            tag::STRIP_BYTES,
        ),
        Parts::Tiles(across, down) => (
            u64::from(width.div_ceil(across)) * u64::from(height.div_ceil(down)),
            tag::TILE_OFFSETS,
            tag::TILE_BYTES,
        ),
    };
    let count = count.saturating_mul(planes);
    if count > MOST_CHUNKS {
        return Err(Problem::Unsupported(format!(
            "{count} strips or tiles; at most {MOST_CHUNKS} are read"
        )));
    }
    let list = |tag| {
        let numbers: Vec<_> = directory
            .numbers(tag)
            .map(|numbers| numbers.take(count as usize).collect())
            .unwrap_or_default();
        // Outside any file that is read, and before the generated directory.
        let outside = u64::from(u32::MAX >> 1);
        let numbers = numbers.into_iter().map(|n: u64| n.min(outside) as u32);
        numbers.collect::<Vec<_>>()
    };
    let (offsets, lengths) = (list(offsets), list(lengths));
    if offsets.len() as u64 != count || lengths.len() as u64 != count {
        return Err(damaged(&format!(
            "it names {} strips or tiles and has {count}",
            offsets.len().min(lengths.len())
        )));
    }
    Ok((offsets, lengths))
}
