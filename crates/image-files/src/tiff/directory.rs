//! The directories of a TIFF file (TIFF 6.0, section 2; BigTIFF) and of EXIF metadata, which has
//! the same layout. This module decodes nothing and reads nothing outside the file.

use facematch_geometry::Orientation;

/// Tags that facematch uses.
pub(crate) mod tag {
    pub(crate) const NEW_SUBFILE_TYPE: u16 = 254;
    pub(crate) const SUBFILE_TYPE: u16 = 255;
    pub(crate) const WIDTH: u16 = 256;
    pub(crate) const HEIGHT: u16 = 257;
    pub(crate) const BITS: u16 = 258;
    pub(crate) const COMPRESSION: u16 = 259;
    pub(crate) const PHOTOMETRIC: u16 = 262;
    pub(crate) const FILL_ORDER: u16 = 266;
    pub(crate) const STRIP_OFFSETS: u16 = 273;
    pub(crate) const ORIENTATION: u16 = 274;
    pub(crate) const SAMPLES: u16 = 277;
    pub(crate) const ROWS_PER_STRIP: u16 = 278;
    pub(crate) const STRIP_BYTES: u16 = 279;
    pub(crate) const PLANAR: u16 = 284;
    pub(crate) const PAGE_NUMBER: u16 = 297;
    pub(crate) const PREDICTOR: u16 = 317;
    pub(crate) const COLOR_MAP: u16 = 320;
    pub(crate) const TILE_WIDTH: u16 = 322;
    pub(crate) const TILE_HEIGHT: u16 = 323;
    pub(crate) const TILE_OFFSETS: u16 = 324;
    pub(crate) const TILE_BYTES: u16 = 325;
    pub(crate) const SUB_DIRECTORIES: u16 = 330;
    pub(crate) const SAMPLE_FORMAT: u16 = 339;
    pub(crate) const JPEG_TABLES: u16 = 347;
    pub(crate) const OLD_JPEG: u16 = 513;
    pub(crate) const YCBCR_COEFFICIENTS: u16 = 529;
    pub(crate) const YCBCR_SUBSAMPLING: u16 = 530;
    pub(crate) const REFERENCE_BLACK_WHITE: u16 = 532;
    pub(crate) const XMP: u16 = 700;
    pub(crate) const DNG_VERSION: u16 = 50_706;
}

/// Maximum number of directories that are read from one file. The pages of a multi-page document
/// have one each.
const MOST_DIRECTORIES: usize = 1024;
/// Maximum number of entries of a directory. A directory with more is damaged.
const MOST_ENTRIES: usize = 4096;

/// A file that starts like a TIFF.
#[derive(Clone, Copy)]
pub(crate) struct Tiff<'a> {
    pub(crate) bytes: &'a [u8],
    pub(super) big_endian: bool,
    /// `true` for a BigTIFF.
    big: bool,
}

impl<'a> Tiff<'a> {
    /// Reads the header of `bytes`, a TIFF or BigTIFF file.
    pub(crate) fn of_file(bytes: &'a [u8]) -> Option<Self> {
        let tiff = Self::of_exif(bytes)?;
        match tiff.number(2, 2)? {
            42 => Some(tiff),
            43 => Some(Self { big: true, ..tiff }),
            _ => None,
        }
    }

    /// Reads the header of EXIF metadata. The version is ignored, as in ExifTool.
    pub(crate) fn of_exif(bytes: &'a [u8]) -> Option<Self> {
        let big_endian = match bytes.get(..2)? {
            b"II" => false,
            b"MM" => true,
            _ => return None,
        };
        Some(Self {
            bytes,
            big_endian,
            big: false,
        })
    }

    /// Returns the part of this file from `start` on, with offsets that count from there.
    pub(crate) fn from(&self, start: usize) -> Option<Self> {
        let bytes = self.bytes.get(start..)?;
        Some(Self { bytes, ..*self })
    }

    /// Returns the first directory.
    pub(crate) fn first(&self) -> Option<Directory<'a>> {
        let start = if self.big {
            self.number(8, 8)
        } else {
            self.number(4, 4)
        };
        self.directory(start?)
    }

    /// Returns the directories with images, each once: those of the chain, each followed by the
    /// ones inside it.
    pub(crate) fn directories(&self) -> Vec<Directory<'a>> {
        let mut found: Vec<Directory<'a>> = Vec::new();
        let mut chain = Vec::new();
        let mut next = self.first();
        while let Some(directory) = next {
            if chain.contains(&directory.start) || chain.len() >= MOST_DIRECTORIES {
                break;
            }
            chain.push(directory.start);
            let inside = directory.numbers(tag::SUB_DIRECTORIES);
            let inside = inside.into_iter().flatten();
            next = directory.next.and_then(|start| self.directory(start));
            let here = std::iter::once(directory);
            for directory in here.chain(inside.filter_map(|start| self.directory(start))) {
                // A directory of the chain may also be inside another one.
                let is_new = found.iter().all(|known| known.start != directory.start);
                if is_new && found.len() < MOST_DIRECTORIES {
                    found.push(directory);
                }
            }
        }
        found
    }

    /// Returns whether the header is that of a Canon raw file (CR2).
    pub(crate) fn is_canon_raw(&self) -> bool {
        self.bytes.get(8..11) == Some(b"CR\x02")
    }

    /// Returns the directory at `start`.
    pub(crate) fn directory(&self, start: u64) -> Option<Directory<'a>> {
        let (count_size, entry_size) = if self.big { (8, 20) } else { (2, 12) };
        let at = usize::try_from(start).ok()?;
        let count = usize::try_from(self.number(at, count_size)?).ok()?;
        if count > MOST_ENTRIES {
            return None;
        }
        let entries_at = at.checked_add(count_size)?;
        let length = count.checked_mul(entry_size)?;
        let entries = self.bytes.get(entries_at..)?.get(..length)?;
        let next_size = if self.big { 8 } else { 4 };
        let next = self.number(entries_at + length, next_size);
        Some(Directory {
            tiff: *self,
            start,
            entries,
            next: next.filter(|next| *next != 0),
        })
    }

    /// Returns the number in the `size` bytes at `at`.
    fn number(&self, at: usize, size: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..)?.get(..size)?;
        Some(number(bytes, self.big_endian))
    }
}

fn number(bytes: &[u8], big_endian: bool) -> u64 {
    let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    if big_endian {
        bytes.iter().fold(0, join)
    } else {
        bytes.iter().rev().fold(0, join)
    }
}

/// A directory, which describes one image.
#[derive(Clone)]
pub(crate) struct Directory<'a> {
    tiff: Tiff<'a>,
    start: u64,
    entries: &'a [u8],
    next: Option<u64>,
}

/// Values of an entry.
struct Value<'a> {
    /// TIFF type of the values.
    kind: u64,
    bytes: &'a [u8],
    count: usize,
    /// Offset in the file, unless the values are in the entry itself.
    place: Option<usize>,
}

impl<'a> Directory<'a> {
    /// Returns the first entry with this tag.
    fn entry(&self, tag: u16) -> Option<&'a [u8]> {
        let entry_size = if self.tiff.big { 20 } else { 12 };
        self.entries
            .chunks_exact(entry_size)
            .find(|entry| number(&entry[..2], self.tiff.big_endian) == u64::from(tag))
    }

    /// Returns the values of the first entry with this tag, if they lie inside the file.
    fn value(&self, tag: u16) -> Option<Value<'a>> {
        let entry = self.entry(tag)?;
        let Tiff {
            big_endian, big, ..
        } = self.tiff;
        let inline = if big { 8 } else { 4 };
        let kind = number(&entry[2..4], big_endian);
        let (count, in_place) = entry[4..].split_at(inline);
        let count = usize::try_from(number(count, big_endian)).ok()?;
        let length = count.checked_mul(size_of(kind)?)?;
        let (bytes, place) = if length <= inline {
            (&in_place[..length], None)
        } else {
            let at = usize::try_from(number(in_place, big_endian)).ok()?;
            (self.tiff.bytes.get(at..)?.get(..length)?, Some(at))
        };
        Some(Value {
            kind,
            bytes,
            count,
            place,
        })
    }

    /// Returns the bytes of the values of any type.
    pub(crate) fn bytes(&self, tag: u16) -> Option<&'a [u8]> {
        self.value(tag).map(|value| value.bytes)
    }

    /// Returns the offset in the file of the values of any type, unless they are in the entry
    /// itself.
    pub(crate) fn place(&self, tag: u16) -> Option<usize> {
        self.value(tag)?.place
    }

    /// Returns whether there is such an entry, even if its values lie outside the file.
    pub(crate) fn mentions(&self, tag: u16) -> bool {
        self.entry(tag).is_some()
    }

    /// Returns whether there is such an entry with a value.
    pub(crate) fn has(&self, tag: u16) -> bool {
        self.value(tag).is_some_and(|value| value.count > 0)
    }

    /// Returns the number of values.
    pub(crate) fn count(&self, tag: u16) -> usize {
        self.value(tag).map_or(0, |value| value.count)
    }

    /// Returns the values if they are whole numbers. Negative ones become very large.
    pub(crate) fn numbers(&self, tag: u16) -> Option<impl Iterator<Item = u64> + use<'a>> {
        let value = self.value(tag)?;
        // BYTE, SHORT, LONG, SBYTE, UNDEFINED, SSHORT, SLONG, IFD, LONG8, SLONG8, IFD8.
        if !matches!(value.kind, 1 | 3 | 4 | 6..=9 | 13 | 16..=18) {
            return None;
        }
        let big_endian = self.tiff.big_endian;
        let values = value.bytes.chunks_exact(size_of(value.kind)?);
        Some(values.map(move |bytes| number(bytes, big_endian)))
    }

    /// Returns the first value if it is a whole number.
    pub(crate) fn number(&self, tag: u16) -> Option<u64> {
        self.numbers(tag)?.next()
    }

    /// Returns the values if they are fractions.
    pub(super) fn fractions(&self, tag: u16) -> Option<Vec<f32>> {
        let value = self.value(tag).filter(|value| value.kind == 5)?;
        let big_endian = self.tiff.big_endian;
        let fractions = value.bytes.chunks_exact(8).map(|bytes| {
            let (numerator, denominator) = bytes.split_at(4);
            number(numerator, big_endian) as f32 / number(denominator, big_endian) as f32
        });
        Some(fractions.collect())
    }

    /// Returns the orientation as stored: a single whole number of any size, as cameras and
    /// programs write it (Exif requires a SHORT).
    pub(crate) fn orientation(&self) -> Option<u64> {
        (self.count(tag::ORIENTATION) == 1)
            .then(|| self.number(tag::ORIENTATION))
            .flatten()
    }
}

/// Returns the size in bytes of a value of this TIFF type.
fn size_of(kind: u64) -> Option<usize> {
    Some(match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16..=18 => 8,
        _ => return None,
    })
}

/// Returns the orientation with this EXIF `number`, or upright if the number is invalid.
pub(crate) fn orientation_from(number: u64) -> Orientation {
    let number = u8::try_from(number).ok();
    number
        .and_then(Orientation::from_exif)
        .unwrap_or(Orientation::UPRIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiff::test_files::tiff;

    #[test]
    fn the_chain_goes_on_behind_a_directory_that_is_inside_another_too_and_ends_where_it_returns() {
        let [first, second, third] = [8, 26, 44];
        let mut bytes = tiff(&[
            &[(tag::SUB_DIRECTORIES, second)],
            &[(tag::WIDTH, 1)],
            &[(tag::WIDTH, 2)],
        ]);
        let starts = |bytes: &[u8]| {
            let tiff = Tiff::of_file(bytes).unwrap();
            let starts = tiff.directories().into_iter().map(|found| found.start);
            starts.collect::<Vec<_>>()
        };
        assert_eq!(starts(&bytes), [first, second, third].map(u64::from));
        let end = bytes.len() - 4;
        bytes[end..].copy_from_slice(&first.to_le_bytes());
        assert_eq!(starts(&bytes), [first, second, third].map(u64::from));
    }
}
