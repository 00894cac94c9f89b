//! See [`body`](super::body).

use super::{CellRows, FeatureRow};
use crate::engine::native::kernels::Avx2;

/// Writes the features of `count` cells. The caller has checked the lengths.
pub(super) fn feature_row(simd: Avx2, cells: CellRows<'_>, count: usize, to: FeatureRow<'_>) {
    // SAFETY: a `Avx2` exists only where the processor has the instructions; `mod.rs` has checked the lengths.
    unsafe { with_instructions(simd, cells, count, to) };
}

#[target_feature(enable = "avx2,fma")]
unsafe fn with_instructions(simd: Avx2, cells: CellRows<'_>, count: usize, to: FeatureRow<'_>) {
    // SAFETY: handed on to the caller.
    unsafe { super::body::feature_row(simd, cells, count, to) };
}
