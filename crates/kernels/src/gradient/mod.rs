//! The strength and direction of the colour gradient at each pixel of a row. Input: three adjacent
//! rows of each colour channel. Output: the length of the gradient and one of 18 orientations, as
//! in the first half of dlib's `impl_extract_fhog_features` (dlib/image_transforms/fhog.h).
//!
//! The channel with the longest gradient counts. It matters which one counts if two are equally
//! long: dlib uses the later one in the pixels that it computes eight at a time, and the earlier
//! one in the few after them.
//!
//! The lengths are small integers before the root, and integers also decide the orientation of each
//! pair of differences, so all levels agree to the last bit. AVX-512 uses the AVX2 variant.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod body;
mod scalar;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::SimdLevel;
use crate::level::kernel;

/// Number of orientations: 9 directions, each with its opposite.
pub const ORIENTATIONS: usize = 18;

/// Number of pixels that dlib computes at a time.
const STEP: usize = 8;

/// Three adjacent rows of the channels red, green and blue.
#[derive(Debug, Clone, Copy)]
pub struct Neighbourhood<'a> {
    /// Row above.
    pub above: [&'a [u8]; 3],
    /// Row whose gradients are computed.
    pub here: [&'a [u8]; 3],
    /// Row below.
    pub below: [&'a [u8]; 3],
}

/// The columns whose gradients are computed.
#[derive(Debug, Clone)]
struct Columns {
    /// Columns that dlib computes eight at a time: of equally strong channels, the later counts.
    body: Range<usize>,
    /// End of the columns after them, fewer than eight: of equally strong channels, the earlier
    /// counts.
    end: usize,
}

/// Writes the gradients of the columns from 1 to below `end`: their lengths, 0 to 361, and
/// orientations, 0 to 17 (20 degrees each, clockwise on the screen from "brighter to the right"; 0
/// where nothing changes).
///
/// # Panics
/// If a row has no column `end`, or an output has no column before it.
pub fn gradient_row(
    level: SimdLevel,
    rows: Neighbourhood<'_>,
    end: usize,
    lengths: &mut [f32],
    orientations: &mut [u8],
) {
    run(level, Row::new(rows, end, lengths, orientations));
}

kernel! {
    fn run(row: Row<'_>);
    scalar: scalar::row,
    avx2: avx2::row,
    neon: body::row,
}

/// The input and output of [`gradient_row`]. Only [`Row::new`] creates it, after checking the
/// lengths.
struct Row<'a> {
    rows: Neighbourhood<'a>,
    columns: Columns,
    lengths: &'a mut [f32],
    orientations: &'a mut [u8],
}

impl<'a> Row<'a> {
    /// Checks that all rows have the columns from 0 to `end`, and both outputs those before it. The
    /// body of the columns starts at column 1 and ends at or before `end`.
    fn new(
        rows: Neighbourhood<'a>,
        end: usize,
        lengths: &'a mut [f32],
        orientations: &'a mut [u8],
    ) -> Self {
        let channels = rows.above.iter().chain(&rows.here).chain(&rows.below);
        assert!(
            { channels }.all(|row| row.len() > end),
            "a row is too short"
        );
        assert!(
            lengths.len() >= end && orientations.len() >= end,
            "an output is too short"
        );
        let steps = end.saturating_sub(1) / STEP;
        let columns = Columns {
            body: 1..1 + steps * STEP,
            end,
        };
        Self {
            rows,
            columns,
            lengths,
            orientations,
        }
    }
}
