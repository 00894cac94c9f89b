//! The specification, in the order of additions that all levels keep.

use super::{BLOCK, Row};

/// Number of blocks filled in turn.
pub(super) const STREAMS: usize = 4;

/// Counts all blocks.
pub(super) fn count_row(row: Row<'_>) {
    let Row {
        lengths,
        orientations,
        shares,
        histograms,
    } = row;
    let mut add = |block: usize, pixel: usize| {
        let start = histograms.starts[usize::from(orientations[block][pixel])] + 2 * block;
        let numbers = &mut histograms.numbers[start..start + 4];
        for (number, share) in numbers.iter_mut().zip(shares[pixel]) {
            *number += share * lengths[block][pixel];
        }
    };
    let quarter = lengths.len() / STREAMS;
    for block in 0..quarter {
        for pixel in 0..BLOCK {
            for stream in 0..STREAMS {
                add(stream * quarter + block, pixel);
            }
        }
    }
    for block in STREAMS * quarter..lengths.len() {
        for pixel in 0..BLOCK {
            add(block, pixel);
        }
    }
}
