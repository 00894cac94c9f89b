//! See [`body`](super::body).

use super::{Extent, FilterBank, Tiles};
use crate::engine::native::kernels::Avx2;

/// Turns the features of `tiles` into responses. The caller has checked the extent.
pub(super) fn respond(simd: Avx2, bank: &FilterBank, extent: Extent, tiles: &mut Tiles) {
    // SAFETY: the level exists only where the processor has the instructions; `mod.rs` has checked the extent.
    unsafe { with_instructions(simd, bank, extent, tiles) };
}

#[target_feature(enable = "avx2,fma")]
unsafe fn with_instructions(simd: Avx2, bank: &FilterBank, extent: Extent, tiles: &mut Tiles) {
    // SAFETY: handed on to the caller; the constants suit the width of the vectors.
    unsafe { super::body::respond::<_, 2, 2>(simd, bank, extent, tiles) };
}
