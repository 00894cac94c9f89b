//! Vectors of 4 channels.

use std::ops::Range;

use super::{Grid, Join, Scheme, vectors};
use crate::engine::native::kernels::Neon;

/// Transforms the patches of `tiles`.
pub(super) fn split(
    neon: Neon,
    scheme: Scheme,
    input: &[f32],
    grid: &Grid,
    tiles: Range<usize>,
    patches: &mut [f32],
) {
    #[target_feature(enable = "neon")]
    unsafe fn compiled(
        neon: Neon,
        scheme: Scheme,
        input: &[f32],
        grid: &Grid,
        tiles: Range<usize>,
        patches: &mut [f32],
    ) {
        // SAFETY: `super::split` has checked the lengths.
        unsafe { vectors::split(neon, scheme, input, grid, tiles, patches) }
    }
    // SAFETY: a `Neon` exists only where the processor has these instructions.
    unsafe { compiled(neon, scheme, input, grid, tiles, patches) }
}

/// Transforms products into pixels.
pub(super) fn join(neon: Neon, scheme: Scheme, task: &Join<'_>, output: &mut [f32]) {
    #[target_feature(enable = "neon")]
    unsafe fn compiled(neon: Neon, scheme: Scheme, task: &Join<'_>, output: &mut [f32]) {
        // SAFETY: `super::join` has checked the lengths.
        unsafe { vectors::join(neon, scheme, task, output) }
    }
    // SAFETY: a `Neon` exists only where the processor has these instructions.
    unsafe { compiled(neon, scheme, task, output) }
}
