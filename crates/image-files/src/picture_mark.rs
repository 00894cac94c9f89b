//! The mark in pictures that facematch draws. A later search uses it to distinguish them from
//! photos.

/// The program's name, the value of the EXIF field Software.
const NAME: &[u8] = b"facematch\0";

/// Number of bytes at the start of a picture that contain the mark.
pub const MARKED_BYTES: usize = 512;

/// Returns EXIF metadata that contains only the mark, for a picture that facematch writes.
pub fn mark_exif() -> Vec<u8> {
    // The directory follows the 8 bytes of the header, and the text follows the 18 bytes of the
    // directory.
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
        0, // offset
        0,
        0,
        0,
        0, // no further directory
    ];
    [b"II*\0\x08\0\0\0", &DIRECTORY[..], NAME].concat()
}

/// Returns whether a file that starts with `start` has the mark. 512 bytes suffice. All of
/// [`mark_exif`] has to match, because a photo may contain the name.
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
