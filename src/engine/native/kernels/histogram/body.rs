//! The loop of all vector levels: four neighbouring numbers at a time, which the compiler takes for a vector.

use super::scalar::STREAMS;
use super::{BLOCK, Histograms, Shares};

/// Counts all blocks.
#[inline(always)]
pub(super) fn count_row(
    lengths: &[[f32; BLOCK]],
    orientations: &[[u8; BLOCK]],
    shares: &[Shares; BLOCK],
    histograms: &mut Histograms,
) {
    let Histograms {
        numbers, starts, ..
    } = histograms;
    let quarter = lengths.len() / STREAMS;
    let streams: [_; STREAMS] = std::array::from_fn(|stream| {
        let blocks = stream * quarter..(stream + 1) * quarter;
        (&lengths[blocks.clone()], &orientations[blocks])
    });
    for block in 0..quarter {
        for (pixel, shares) in shares.iter().enumerate() {
            for (stream, (lengths, orientations)) in streams.iter().enumerate() {
                let start = starts[usize::from(orientations[block][pixel])];
                let column = stream * quarter + block;
                add(
                    &mut numbers[start + 2 * column..],
                    lengths[block][pixel],
                    shares,
                );
            }
        }
    }
    for block in STREAMS * quarter..lengths.len() {
        for (pixel, shares) in shares.iter().enumerate() {
            let start = starts[usize::from(orientations[block][pixel])];
            add(
                &mut numbers[start + 2 * block..],
                lengths[block][pixel],
                shares,
            );
        }
    }
}

/// Adds `length` in these shares to the first four numbers.
#[inline(always)]
fn add(numbers: &mut [f32], length: f32, shares: &Shares) {
    let numbers = &mut numbers[..4];
    for (number, share) in numbers.iter_mut().zip(shares) {
        *number += share * length;
    }
}
