//! See [`body`](super::body).

use super::{BLOCK, Histograms, Shares};
use crate::engine::native::kernels::Avx2;

/// Counts all blocks. The caller has checked the lengths.
pub(super) fn count_row(
    _: Avx2,
    lengths: &[[f32; BLOCK]],
    orientations: &[[u8; BLOCK]],
    shares: &[Shares; BLOCK],
    histograms: &mut Histograms,
) {
    // SAFETY: a `Avx2` exists only where the processor has the instructions; `mod.rs` has checked the lengths.
    unsafe { with_instructions(lengths, orientations, shares, histograms) };
}

#[target_feature(enable = "avx2,fma")]
unsafe fn with_instructions(
    lengths: &[[f32; BLOCK]],
    orientations: &[[u8; BLOCK]],
    shares: &[Shares; BLOCK],
    histograms: &mut Histograms,
) {
    // SAFETY: handed on to the caller.
    unsafe { super::body::count_row(lengths, orientations, shares, histograms) };
}
