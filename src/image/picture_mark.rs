//! The mark in pictures that facematch draws, by which a later search knows them from photos.

/// The program's name as the field Software of EXIF.
const MARK: &[u8] = b"facematch\0";

/// Bytes at the start of a picture among which the mark is.
pub const MARKED_BYTES: usize = 512;

/// EXIF that holds nothing but the mark, for a picture that is written.
pub fn mark_exif() -> Vec<u8> {
    // The directory stands behind the 8 bytes of the header, the text behind the directory of 18 bytes.
    const DIRECTORY: [u8; 18] = [
        1,
        0, // one entry
        0x31,
        0x01,
        2,
        0, // Software, ASCII
        MARK.len() as u8,
        0,
        0,
        0, // length
        26,
        0,
        0,
        0, // place
        0,
        0,
        0,
        0, // no further directory
    ];
    [b"II*\0\x08\0\0\0", &DIRECTORY[..], MARK].concat()
}

/// Whether a file that begins with `start` ([`MARKED_BYTES`] suffice) has the mark.
pub fn is_marked(start: &[u8]) -> bool {
    memchr::memmem::find(&start[..start.len().min(MARKED_BYTES)], MARK).is_some()
}
