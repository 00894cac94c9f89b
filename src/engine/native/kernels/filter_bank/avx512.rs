//! See [`body`](super::body).

use super::{Extent, FilterBank, Tiles};
use crate::engine::native::kernels::Avx512;

/// Turns the features of `tiles` into responses. The caller has checked the extent.
pub(super) fn respond(simd: Avx512, bank: &FilterBank, extent: Extent, tiles: &mut Tiles) {
    // SAFETY: the level exists only where the processor has the instructions; `mod.rs` has checked the extent.
    unsafe { with_instructions(simd, bank, extent, tiles) };
}

#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma")]
unsafe fn with_instructions(simd: Avx512, bank: &FilterBank, extent: Extent, tiles: &mut Tiles) {
    // SAFETY: handed on to the caller; the constants suit the width of the vectors.
    unsafe { super::body::respond::<_, 1, 4>(simd, bank, extent, tiles) };
}
