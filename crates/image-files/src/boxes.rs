//! Boxes of the ISO base media file format (ISO/IEC 14496-12, 4.2), of which HEIC, AVIF, CR3 and
//! JPEG XL files consist.

/// Returns the boxes of `bytes`, each with its type and content. The last one may be cut off.
pub(crate) fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (length, after) = bytes.split_first_chunk::<4>()?;
        let (kind, after) = after.split_first_chunk::<4>()?;
        let (header, length) = match u32::from_be_bytes(*length) {
            // Up to the end of the file.
            0 => (8, bytes.len() as u64),
            1 => (16, u64::from_be_bytes(*after.first_chunk()?)),
            length => (8, u64::from(length)),
        };
        let end = usize::try_from(length)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let content = bytes.get(header..end)?;
        bytes = &bytes[end..];
        Some((*kind, content))
    })
}

/// Returns the content of the first box of `bytes` with this type.
pub(crate) fn content<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes)
        .find(|(found, _)| found == kind)
        .map(|(_, content)| content)
}
