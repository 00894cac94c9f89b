//! XMP that is longer than a segment of a JPEG: a main packet, and an extended one in parts (XMP
//! specification, part 3, 1.1.3.1).
//!
//! Input: the segments and the main packet. Output: the extended packet.

use memchr::memmem;

/// Marker of APP1.
const APP1: u8 = 0xE1;
/// Prefix of every part.
const SIGNATURE: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
/// Length of a packet's name, an MD5 digest in hexadecimal digits. The main packet contains the
/// name of its extended packet.
const NAME: usize = 32;

/// A part of an extended packet.
struct Part<'a> {
    name: &'a [u8],
    /// Length of the whole packet.
    length: usize,
    /// Offset of the part in the packet.
    offset: usize,
    bytes: &'a [u8],
}

impl<'a> Part<'a> {
    fn of((marker, segment): (u8, &'a [u8])) -> Option<Self> {
        let part = segment.strip_prefix(SIGNATURE)?;
        let (name, part) = part.split_at_checked(NAME)?;
        let (length, part) = part.split_first_chunk()?;
        let (offset, bytes) = part.split_first_chunk()?;
        (marker == APP1).then_some(Self {
            name,
            length: u32::from_be_bytes(*length) as usize,
            offset: u32::from_be_bytes(*offset) as usize,
            bytes,
        })
    }
}

/// Returns the extended packet in the JPEG `head` to which the packet `main` refers, or `None` if
/// it is missing or incomplete.
pub(super) fn extended_xmp(head: &[u8], main: &[u8]) -> Option<Vec<u8>> {
    let parts = facematch_jpeg::segments(head).filter_map(Part::of);
    let mut parts: Vec<_> = parts
        .filter(|part| memmem::find(main, part.name).is_some())
        .collect();
    parts.sort_by_key(|part| part.offset);
    let length = parts.first()?.length;
    let mut packet = Vec::new();
    for part in parts {
        if part.offset != packet.len() || part.length != length {
            return None;
        }
        packet.extend(part.bytes);
    }
    (packet.len() == length).then_some(packet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OWN: &[u8; NAME] = b"0123456789ABCDEF0123456789ABCDEF";
    const MAIN: &[u8] = b"<x xmpNote:HasExtendedXMP='0123456789ABCDEF0123456789ABCDEF'/>";

    fn part(name: &[u8], length: u32, offset: u32, bytes: &[u8]) -> Vec<u8> {
        let content = [
            SIGNATURE,
            name,
            &length.to_be_bytes(),
            &offset.to_be_bytes(),
            bytes,
        ]
        .concat();
        let size = u16::try_from(content.len() + 2).unwrap();
        [&[0xFF, APP1][..], &size.to_be_bytes(), &content].concat()
    }

    fn jpeg(parts: &[Vec<u8>]) -> Vec<u8> {
        [&[0xFF, 0xD8][..], &parts.concat(), &[0xFF, 0xDA, 0, 2]].concat()
    }

    #[test]
    fn parts_come_together_in_their_order() {
        let other = part(&[b'9'; NAME], 3, 0, b"xyz");
        let head = jpeg(&[part(OWN, 6, 4, b"ef"), other, part(OWN, 6, 0, b"abcd")]);
        assert_eq!(extended_xmp(&head, MAIN).unwrap(), b"abcdef");
        assert_eq!(extended_xmp(&head, b"<x/>"), None, "of another packet");
    }

    #[test]
    fn what_is_not_whole_is_none() {
        for parts in [
            vec![],
            vec![part(OWN, 6, 0, b"abcd")],
            vec![part(OWN, 6, 4, b"ef")],
            vec![part(OWN, 6, 0, b"abcd"), part(OWN, 6, 3, b"def")],
            vec![part(OWN, 6, 0, b"abcd"), part(OWN, 7, 4, b"ef")],
            vec![part(OWN, u32::MAX, 0, b"abcd")],
            vec![part(b"short", 6, 0, b"")],
        ] {
            assert_eq!(extended_xmp(&jpeg(&parts), MAIN), None);
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let segment = [SIGNATURE, OWN, &bytes].concat();
            Part::of((APP1, &segment));
            extended_xmp(&bytes, MAIN);
        }
    }
}
