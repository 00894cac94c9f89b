//! See [`body`](super::body).

use super::Row;
use crate::engine::native::kernels::Avx2;

/// Writes the features of `row`.
pub(super) fn feature_row(simd: Avx2, row: Row<'_>) {
    // SAFETY: `simd` proves that the processor has AVX2 and FMA, all that this safe function requires.
    unsafe { with_instructions(simd, row) };
}

#[target_feature(enable = "avx2,fma")]
fn with_instructions(simd: Avx2, row: Row<'_>) {
    super::body::feature_row(simd, row);
}
