//! See [`body`](super::body).

use super::{BLOCK, Histograms, Shares};
use crate::engine::native::kernels::Avx2;

/// Counts all blocks.
pub(super) fn count_row(
    _: Avx2,
    lengths: &[[f32; BLOCK]],
    orientations: &[[u8; BLOCK]],
    shares: &[Shares; BLOCK],
    histograms: &mut Histograms,
) {
    // SAFETY: the first argument proves that the processor has AVX2 and FMA, all that this safe function requires.
    unsafe { with_instructions(lengths, orientations, shares, histograms) };
}

#[target_feature(enable = "avx2,fma")]
fn with_instructions(
    lengths: &[[f32; BLOCK]],
    orientations: &[[u8; BLOCK]],
    shares: &[Shares; BLOCK],
    histograms: &mut Histograms,
) {
    super::body::count_row(lengths, orientations, shares, histograms);
}
