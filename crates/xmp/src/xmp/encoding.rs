//! Encodings of packets embedded in photos. Input: bytes. Output: text.

/// Decodes a packet. Some programs write UTF-16, some single bytes of Latin-1, which Adobe's XMP
/// Toolkit accepts too.
pub(crate) fn decoded(packet: &[u8]) -> String {
    let wide = |of: fn([u8; 2]) -> u16| {
        let units = packet.as_chunks::<2>().0.iter().map(|unit| of(*unit));
        char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    match packet {
        [0xFE, 0xFF, ..] | [0, b'<', ..] => wide(u16::from_be_bytes),
        [0xFF, 0xFE, ..] | [b'<', 0, ..] => wide(u16::from_le_bytes),
        _ => packet.utf8_chunks().fold(String::new(), |text, chunk| {
            let invalid = chunk.invalid().iter().map(|&byte| char::from(byte));
            text + chunk.valid() + &String::from_iter(invalid)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_gives_the_same_text() {
        let text = "<a>Zoë 😀</a>";
        let wide: Vec<u16> = text.encode_utf16().collect();
        let big: Vec<_> = wide.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        let little: Vec<_> = wide.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        for bytes in [text.as_bytes(), &big, &little] {
            assert_eq!(decoded(bytes), text);
        }
        let marked = [&[0xFE, 0xFF][..], &big].concat();
        assert_eq!(decoded(&marked), format!("\u{feff}{text}"));
        assert_eq!(decoded(b"<a>Zo\xEB</a>"), "<a>Zoë</a>");
        assert_eq!(decoded(b""), "");
    }
}
