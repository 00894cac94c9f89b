//! The mark in pictures that facematch draws, by which a later search knows them from photos.

/// The program's name, the value of the EXIF field Software.
const NAME: &[u8] = b"facematch\0";

/// Bytes at the start of a picture among which the mark is.
pub(crate) const MARKED_BYTES: usize = 512;

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
        NAME.len() as u8,
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
    [b"II*\0\x08\0\0\0", &DIRECTORY[..], NAME].concat()
}

/// Whether a file that begins with `start` (512 bytes suffice) has the mark: all of [`mark_exif`], as a photo may well
/// contain the name.
pub fn is_marked(start: &[u8]) -> bool {
    let start = &start[..start.len().min(MARKED_BYTES)];
    memchr::memmem::find(start, &mark_exif()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_alone_is_no_mark() {
        let picture = |middle: &[u8]| [b"\xFF\xD8\xFF", middle, b"more"].concat();
        assert!(is_marked(&picture(&mark_exif())));
        assert!(!is_marked(&picture(b"by facematch\0")));
        assert!(!is_marked(&[&[0; MARKED_BYTES], &mark_exif()[..]].concat()));
    }
}
