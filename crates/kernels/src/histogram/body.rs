//! The loop of all vector levels: four adjacent numbers at a time, which the compiler turns into a
//! vector.

use super::scalar::STREAMS;
use super::{Row, Shares};

/// Counts all blocks.
#[inline(always)]
pub(super) fn count_row<Level>(_: Level, row: Row<'_>) {
    let Row {
        lengths,
        orientations,
        shares,
        histograms,
    } = row;
    let quarter = lengths.len() / STREAMS;
    let numbers = histograms.numbers.as_mut_ptr();
    let starts = &histograms.starts;
    for block in 0..quarter {
        for (pixel, shares) in shares.iter().enumerate() {
            for stream in 0..STREAMS {
                let block = stream * quarter + block;
                // SAFETY: `block` is below `STREAMS * quarter`, which does not exceed the number of
                // lengths, and `Row::new` has checked that there are as many orientations, and more
                // columns. So `2 * block + 4` is at most `2 * columns`, and `Histograms` has that
                // many numbers from each of its `starts` on.
                unsafe {
                    let length = lengths.get_unchecked(block)[pixel];
                    let orientation = orientations.get_unchecked(block)[pixel];
                    let start = starts[usize::from(orientation)];
                    add(numbers.add(2 * block + start), length, shares);
                }
            }
        }
    }
    for block in STREAMS * quarter..lengths.len() {
        for (pixel, shares) in shares.iter().enumerate() {
            let (length, orientation) = (lengths[block][pixel], orientations[block][pixel]);
            // SAFETY: `block` is below the number of lengths; the rest is as in the loop above.
            unsafe {
                let start = starts[usize::from(orientation)];
                add(numbers.add(2 * block + start), length, shares);
            }
        }
    }
}

/// Adds `length`, multiplied by each of `shares`, to four numbers.
///
/// # Safety
/// Four numbers must be readable and writable from `numbers` on.
#[inline(always)]
unsafe fn add(numbers: *mut f32, length: f32, shares: &Shares) {
    let numbers: *mut [f32; 4] = numbers.cast();
    // SAFETY: the caller guarantees four numbers; an array has the alignment of its items.
    unsafe {
        let [a, b, c, d] = *numbers;
        *numbers = [
            a + shares[0] * length,
            b + shares[1] * length,
            c + shares[2] * length,
            d + shares[3] * length,
        ];
    }
}
