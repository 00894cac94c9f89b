//! See [`body`](super::body).

use super::Row;
use crate::engine::native::kernels::Neon;

/// Writes the features of `row`.
pub(super) fn feature_row(simd: Neon, row: Row<'_>) {
    // SAFETY: `simd` proves that the processor has NEON, all that this safe function requires.
    unsafe { with_instructions(simd, row) };
}

#[target_feature(enable = "neon")]
fn with_instructions(simd: Neon, row: Row<'_>) {
    super::body::feature_row(simd, row);
}
