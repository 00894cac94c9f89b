//! See [`body`](super::body).

use std::ops::Range;

use super::Neighbourhood;
use crate::engine::native::kernels::Neon;

/// Writes the gradients of `columns`. The caller has checked the lengths.
pub(super) fn body(
    simd: Neon,
    rows: Neighbourhood<'_>,
    columns: Range<usize>,
    lengths: &mut [f32],
    orientations: &mut [u8],
) {
    // SAFETY: a `Neon` exists only where the processor has the instructions; `gradient_row` has checked the lengths.
    unsafe { with_instructions(simd, rows, columns, lengths, orientations) };
}

#[target_feature(enable = "neon")]
unsafe fn with_instructions(
    simd: Neon,
    rows: Neighbourhood<'_>,
    columns: Range<usize>,
    lengths: &mut [f32],
    orientations: &mut [u8],
) {
    // SAFETY: handed on to the caller.
    unsafe { super::body::body(simd, rows, columns, lengths, orientations) };
}
