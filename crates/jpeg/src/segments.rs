//! The segments of a JPEG before its image data.

use memchr::memchr;

const START_OF_IMAGE: u8 = 0xD8;
const START_OF_SCAN: u8 = 0xDA;
const END_OF_IMAGE: u8 = 0xD9;

/// Returns the segments of the JPEG `bytes` up to and including the header of its first scan, or
/// all of `bytes` if there is no scan.
pub fn head(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let Some((marker, after)) = next_marker(rest) {
        rest = match marker {
            END_OF_IMAGE => break,
            START_OF_IMAGE => after,
            marker if stands_alone(marker) => after,
            marker => match skip_segment(after) {
                Some(after) if marker == START_OF_SCAN => {
                    return &bytes[..bytes.len() - after.len()];
                }
                Some(after) => after,
                None => break,
            },
        };
    }
    bytes
}

/// Returns the segments of the JPEG `head` that have a length: the code of the marker, and the
/// content.
pub fn segments(head: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = head;
    std::iter::from_fn(move || {
        loop {
            let (marker, after) = next_marker(rest)?;
            if marker == START_OF_IMAGE || stands_alone(marker) {
                rest = after;
                continue;
            }
            rest = skip_segment(after)?;
            let segment = &after[..after.len() - rest.len()];
            return Some((marker, segment.get(2..).unwrap_or_default()));
        }
    })
}

/// Returns the next marker's code and the data after it.
pub(super) fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let start = memchr(0xFF, bytes)?;
    let bytes = &bytes[start..];
    let code = bytes.iter().position(|&b| b != 0xFF)?;
    Some((bytes[code], &bytes[code + 1..]))
}

/// Returns whether the marker has no length and is not the start or end of the image: TEM, RST0 to
/// RST7, and the stuffed zero, which is not a marker.
pub(super) fn stands_alone(marker: u8) -> bool {
    matches!(marker, 0x00 | 0x01 | 0xD0..=0xD7)
}

fn skip_segment(bytes: &[u8]) -> Option<&[u8]> {
    let length = u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]);
    bytes.get(usize::from(length)..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// SOI, an APP1 that holds an end-of-image marker, a scan with stuffing and a restart marker,
    /// EOI.
    const WHOLE: &[u8] = &[
        0xFF, 0xD8, 0xFF, 0xE1, 0x00, 0x04, 0xFF, 0xD9, 0xFF, 0xDA, 0x00, 0x02, 1, 2, 0xFF, 0x00,
        3, 0xFF, 0xD0, 4, 0xFF, 0xD9,
    ];

    #[test]
    fn the_head_ends_with_the_header_of_the_first_scan() {
        assert_eq!(head(WHOLE), &WHOLE[..12]);
        assert_eq!(head(&WHOLE[..11]), &WHOLE[..11], "half a scan header");
        assert_eq!(head(&WHOLE[..8]), &WHOLE[..8], "no scan");
        assert_eq!(head(b""), b"");
    }

    #[test]
    fn segments_are_told_without_their_lengths() {
        let found: Vec<_> = segments(head(WHOLE)).collect();
        assert_eq!(found, [(0xE1, &[0xFF, 0xD9][..]), (START_OF_SCAN, &[])]);
        assert_eq!(segments(&WHOLE[..7]).count(), 0, "half a segment");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = segments(&bytes).count();
            assert!(bytes.starts_with(head(&bytes)));
        }

        #[test]
        fn marker_soup_is_answered(
            bytes in proptest::collection::vec(prop_oneof![Just(0xFF_u8), Just(0xDA), Just(0), Just(2), any::<u8>()], 0..200)
        ) {
            assert!(bytes.starts_with(head(&bytes)));
        }
    }
}
