//! TIFF files for tests, made of directories with small numbers.

/// A tag and its number, a LONG.
pub(super) type Entry = (u16, u32);

/// Returns a little-endian TIFF of `directories`, one after another.
pub(super) fn tiff(directories: &[&[Entry]]) -> Vec<u8> {
    let mut bytes = b"II\x2a\0".to_vec();
    for entries in directories {
        let here = bytes.len() as u32 + 4;
        bytes.extend(here.to_le_bytes());
        bytes.extend((entries.len() as u16).to_le_bytes());
        for (tag, number) in *entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(4_u16.to_le_bytes());
            bytes.extend(1_u32.to_le_bytes());
            bytes.extend(number.to_le_bytes());
        }
    }
    bytes.extend(0_u32.to_le_bytes());
    bytes
}
