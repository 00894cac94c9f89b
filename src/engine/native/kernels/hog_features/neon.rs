//! See [`body`](super::body).

use super::{CellRows, FeatureRow};
use crate::engine::native::kernels::Neon;

/// Writes the features of `count` cells. The caller has checked the lengths.
pub(super) fn feature_row(simd: Neon, cells: CellRows<'_>, count: usize, to: FeatureRow<'_>) {
    // SAFETY: a `Neon` exists only where the processor has the instructions; `mod.rs` has checked the lengths.
    unsafe { with_instructions(simd, cells, count, to) };
}

#[target_feature(enable = "neon")]
unsafe fn with_instructions(simd: Neon, cells: CellRows<'_>, count: usize, to: FeatureRow<'_>) {
    // SAFETY: handed on to the caller.
    unsafe { super::body::feature_row(simd, cells, count, to) };
}
