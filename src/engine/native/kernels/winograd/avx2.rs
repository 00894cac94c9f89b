//! Vectors of 8 channels.

use std::ops::Range;

use super::{Grid, Join, Scheme, vectors};
use crate::engine::native::kernels::Avx2;

/// Transforms the patches of `tiles`.
pub(super) fn split(
    avx2: Avx2,
    scheme: Scheme,
    input: &[f32],
    grid: &Grid,
    tiles: Range<usize>,
    patches: &mut [f32],
) {
    #[target_feature(enable = "avx2,fma")]
    unsafe fn compiled(
        avx2: Avx2,
        scheme: Scheme,
        input: &[f32],
        grid: &Grid,
        tiles: Range<usize>,
        patches: &mut [f32],
    ) {
        // SAFETY: `super::split` has checked the lengths.
        unsafe { vectors::split(avx2, scheme, input, grid, tiles, patches) }
    }
    // SAFETY: an `Avx2` exists only where the processor has these instructions.
    unsafe { compiled(avx2, scheme, input, grid, tiles, patches) }
}

/// Transforms products into pixels.
pub(super) fn join(avx2: Avx2, scheme: Scheme, task: &Join<'_>, output: &mut [f32]) {
    #[target_feature(enable = "avx2,fma")]
    unsafe fn compiled(avx2: Avx2, scheme: Scheme, task: &Join<'_>, output: &mut [f32]) {
        // SAFETY: `super::join` has checked the lengths.
        unsafe { vectors::join(avx2, scheme, task, output) }
    }
    // SAFETY: an `Avx2` exists only where the processor has these instructions.
    unsafe { compiled(avx2, scheme, task, output) }
}
