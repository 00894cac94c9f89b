//! LZW in tiles. The `tiff` crate reads tiles row by row and mistakes the end of some encoders'
//! streams for a cut. These streams are complete when a whole tile is read at once.

use weezl::decode::Configuration;
use weezl::{BitOrder, LzwStatus};

use super::picture::{Places, Problem, damaged};

/// Uncompressed tiles, one after another.
pub(super) struct Tiles {
    pub(super) bytes: Vec<u8>,
    pub(super) offsets: Vec<u32>,
    pub(super) lengths: Vec<u32>,
}

/// Bytes reserved before the first tile for the header of a file.
const HEADER: usize = 8;

/// Decompresses the tiles at `places` in `file`, each of `size` bytes.
pub(super) fn decompressed(file: &[u8], places: Places, size: usize) -> Result<Tiles, Problem> {
    let count = places.offsets.len();
    let most = crate::MAX_DECODED_BYTES as usize;
    let length = size.saturating_mul(count).saturating_add(HEADER);
    if length > most + HEADER {
        return Err(Problem::TooLarge(length as u64));
    }
    let mut bytes = vec![0; length];
    let tiles = bytes[HEADER..].chunks_exact_mut(size.max(1));
    for ((&offset, &length), tile) in places.offsets.iter().zip(places.lengths).zip(tiles) {
        let compressed = file.get(offset as usize..).unwrap_or_default();
        decompress(&compressed[..compressed.len().min(length as usize)], tile)?;
    }
    let offsets = (0..count).map(|at| (HEADER + at * size) as u32).collect();
    Ok(Tiles {
        bytes,
        offsets,
        lengths: vec![size as u32; count],
    })
}

fn decompress(mut compressed: &[u8], mut tile: &mut [u8]) -> Result<(), Problem> {
    let mut decoder = Configuration::with_tiff_size_switch(BitOrder::Msb, 8)
        .with_yield_on_full_buffer(true)
        .build();
    while !tile.is_empty() {
        let result = decoder.decode_bytes(compressed, tile);
        compressed = &compressed[result.consumed_in..];
        tile = &mut tile[result.consumed_out..];
        match result.status {
            Ok(LzwStatus::Ok) => {}
            Ok(LzwStatus::Done | LzwStatus::NoProgress) => break,
            Err(_) => return Err(damaged("the pixels are damaged: an LZW code is wrong")),
        }
    }
    if tile.is_empty() {
        Ok(())
    } else {
        Err(damaged(
            "the file is cut off or damaged: pixels are missing",
        ))
    }
}
