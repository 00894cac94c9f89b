//! See [`body`](super::body).

use super::{Columns, Neighbourhood};
use crate::engine::native::kernels::Neon;

/// Writes the gradients of `columns`.
pub(super) fn row(
    simd: Neon,
    rows: Neighbourhood<'_>,
    columns: Columns,
    lengths: &mut [f32],
    orientations: &mut [u8],
) {
    // SAFETY: `simd` proves that the processor has NEON, all that this safe function requires.
    unsafe { with_instructions(simd, rows, columns, lengths, orientations) };
}

#[target_feature(enable = "neon")]
fn with_instructions(
    simd: Neon,
    rows: Neighbourhood<'_>,
    columns: Columns,
    lengths: &mut [f32],
    orientations: &mut [u8],
) {
    super::body::row(simd, rows, columns, lengths, orientations);
}
