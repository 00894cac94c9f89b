//! Vectors of 16 channels.

use std::ops::Range;

use super::{Grid, Join, Scheme, vectors};
use crate::engine::native::kernels::Avx512;

/// Transforms the patches of `tiles`.
pub(super) fn split(
    avx512: Avx512,
    scheme: Scheme,
    input: &[f32],
    grid: &Grid,
    tiles: Range<usize>,
    patches: &mut [f32],
) {
    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma")]
    unsafe fn compiled(
        avx512: Avx512,
        scheme: Scheme,
        input: &[f32],
        grid: &Grid,
        tiles: Range<usize>,
        patches: &mut [f32],
    ) {
        // SAFETY: `super::split` has checked the lengths.
        unsafe { vectors::split(avx512, scheme, input, grid, tiles, patches) }
    }
    // SAFETY: an `Avx512` exists only where the processor has these instructions.
    unsafe { compiled(avx512, scheme, input, grid, tiles, patches) }
}

/// Transforms products into pixels.
pub(super) fn join(avx512: Avx512, scheme: Scheme, task: &Join<'_>, output: &mut [f32]) {
    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma")]
    unsafe fn compiled(avx512: Avx512, scheme: Scheme, task: &Join<'_>, output: &mut [f32]) {
        // SAFETY: `super::join` has checked the lengths.
        unsafe { vectors::join(avx512, scheme, task, output) }
    }
    // SAFETY: an `Avx512` exists only where the processor has these instructions.
    unsafe { compiled(avx512, scheme, task, output) }
}
