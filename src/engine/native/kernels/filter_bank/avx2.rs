//! See [`body`](super::body).

use super::{Extent, FilterBank, Tiles};
use crate::engine::native::kernels::Avx2;

/// Turns the features of `tiles` into responses.
pub(super) fn respond(simd: Avx2, bank: &FilterBank, extent: Extent, tiles: &mut Tiles) {
    // SAFETY: `simd` proves that the processor has AVX2 and FMA, all that this safe function requires.
    unsafe { with_instructions(simd, bank, extent, tiles) };
}

#[target_feature(enable = "avx2,fma")]
fn with_instructions(simd: Avx2, bank: &FilterBank, extent: Extent, tiles: &mut Tiles) {
    super::body::respond::<_, 2, 2>(simd, bank, extent, tiles);
}
