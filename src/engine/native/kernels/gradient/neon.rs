//! See [`body`](super::body).

use super::{Columns, Neighbourhood};
use crate::engine::native::kernels::Neon;

/// Writes the gradients of `columns`. The caller has checked the lengths.
pub(super) fn row(
    simd: Neon,
    rows: Neighbourhood<'_>,
    columns: Columns,
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
    columns: Columns,
    lengths: &mut [f32],
    orientations: &mut [u8],
) {
    // SAFETY: handed on to the caller.
    unsafe { super::body::row(simd, rows, columns, lengths, orientations) };
}
