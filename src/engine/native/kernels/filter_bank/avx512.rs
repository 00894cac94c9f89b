//! See [`body`](super::body).

use super::{Extent, FilterBank, Tiles};
use crate::engine::native::kernels::Avx512;

/// Turns the features of `tiles` into responses.
pub(super) fn respond(simd: Avx512, bank: &FilterBank, extent: Extent, tiles: &mut Tiles) {
    // SAFETY: `simd` proves that the processor has AVX-512, all that this safe function requires.
    unsafe { with_instructions(simd, bank, extent, tiles) };
}

#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma")]
fn with_instructions(simd: Avx512, bank: &FilterBank, extent: Extent, tiles: &mut Tiles) {
    super::body::respond::<_, 1, 4>(simd, bank, extent, tiles);
}
