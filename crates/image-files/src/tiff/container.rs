//! A TIFF in memory that holds one plane of another file's image, for the `tiff` crate: the file's
//! own bytes followed by a directory that facematch generates.
//!
//! The crate cannot read a directory inside another one, returns no samples of palette images, and
//! panics on tiled images with separate planes. Describing each plane as a grey image with as many
//! samples as it has avoids all of these problems.

use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom};

use super::directory::tag;

/// Offset of the directory in bytes. It is beyond the largest file that is read
/// ([`crate::MAX_FILE_BYTES`]), so that a cut-off file still ends at its end.
const DIRECTORY_AT: u32 = 0x8000_0000;

const SHORT: u16 = 3;
const LONG: u16 = 4;
const UNDEFINED: u16 = 7;

/// A file's bytes with a different directory.
pub(super) struct Container<'a> {
    header: [u8; 8],
    file: Cow<'a, [u8]>,
    directory: Vec<u8>,
    position: u64,
}

/// Builder of a directory.
pub(super) struct DirectoryWriter {
    big_endian: bool,
    entries: Vec<(u16, u16, u32, Vec<u8>)>,
}

impl DirectoryWriter {
    /// Creates an empty directory for a file with this byte order.
    pub(super) fn new(big_endian: bool) -> Self {
        Self {
            big_endian,
            entries: Vec::new(),
        }
    }

    /// Adds an entry with a SHORT number.
    pub(super) fn short(&mut self, tag: u16, number: u16) {
        let bytes = self.two_bytes(number).to_vec();
        self.entries.push((tag, SHORT, 1, bytes));
    }

    /// Adds an entry with LONG numbers.
    pub(super) fn longs(&mut self, tag: u16, numbers: &[u32]) {
        let bytes = numbers.iter().flat_map(|&n| self.four_bytes(n)).collect();
        self.entries.push((tag, LONG, numbers.len() as u32, bytes));
    }

    /// Adds the tables that all JPEG streams of the image share.
    pub(super) fn jpeg_tables(&mut self, tables: &[u8]) {
        let count = tables.len() as u32;
        self.entries
            .push((tag::JPEG_TABLES, UNDEFINED, count, tables.to_vec()));
    }

    /// Returns the content of `file` with only this directory.
    pub(super) fn over(mut self, file: Cow<'_, [u8]>) -> Container<'_> {
        self.entries.sort_by_key(|(tag, ..)| *tag);
        let length = 2 + 12 * self.entries.len() + 4;
        let mut directory = self.two_bytes(self.entries.len() as u16).to_vec();
        let mut values: Vec<u8> = Vec::new();
        for (tag, kind, count, bytes) in &self.entries {
            directory.extend(self.two_bytes(*tag));
            directory.extend(self.two_bytes(*kind));
            directory.extend(self.four_bytes(*count));
            if bytes.len() <= 4 {
                directory.extend(bytes.iter().copied().chain([0; 4]).take(4));
            } else {
                let at = DIRECTORY_AT + (length + values.len()) as u32;
                directory.extend(self.four_bytes(at));
                values.extend(bytes);
            }
        }
        // There is no further directory.
        directory.extend([0; 4]);
        directory.extend(values);
        let mut header = *if self.big_endian {
            b"MM\0\x2a\0\0\0\0"
        } else {
            b"II\x2a\0\0\0\0\0"
        };
        header[4..].copy_from_slice(&self.four_bytes(DIRECTORY_AT));
        Container {
            header,
            file,
            directory,
            position: 0,
        }
    }

    fn two_bytes(&self, number: u16) -> [u8; 2] {
        if self.big_endian {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    }

    fn four_bytes(&self, number: u32) -> [u8; 4] {
        if self.big_endian {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    }
}

impl Container<'_> {
    /// Returns the contiguous bytes from the current position.
    fn rest(&self) -> &[u8] {
        let from = |bytes: &'_ [u8], start: u64| {
            let at = usize::try_from(self.position - start).unwrap_or(usize::MAX);
            at.min(bytes.len())
        };
        if self.position >= u64::from(DIRECTORY_AT) {
            &self.directory[from(&self.directory, u64::from(DIRECTORY_AT))..]
        } else if self.position < 8 {
            &self.header[from(&self.header, 0)..]
        } else {
            &self.file[from(&self.file, 0)..]
        }
    }
}

impl Read for Container<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.rest().read(buffer)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Container<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
            SeekFrom::End(offset) => {
                (u64::from(DIRECTORY_AT) + self.directory.len() as u64).checked_add_signed(offset)
            }
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
