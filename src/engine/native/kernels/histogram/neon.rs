//! See [`body`](super::body).

use super::{BLOCK, Histograms, Shares};
use crate::engine::native::kernels::Neon;

/// Counts all blocks.
///
/// # Safety
/// There must be as many orientations as lengths, and more columns than blocks.
pub(super) unsafe fn count_row(
    _: Neon,
    lengths: &[[f32; BLOCK]],
    orientations: &[[u8; BLOCK]],
    shares: &[Shares; BLOCK],
    histograms: &mut Histograms,
) {
    // SAFETY: the first argument proves that the processor has NEON; the caller guarantees the lengths.
    unsafe { with_instructions(lengths, orientations, shares, histograms) };
}

/// # Safety
/// As for [`count_row`].
#[target_feature(enable = "neon")]
unsafe fn with_instructions(
    lengths: &[[f32; BLOCK]],
    orientations: &[[u8; BLOCK]],
    shares: &[Shares; BLOCK],
    histograms: &mut Histograms,
) {
    // SAFETY: the caller guarantees the lengths.
    unsafe { super::body::count_row(lengths, orientations, shares, histograms) };
}
