//! See [`body`](super::body).

use super::{Extent, FilterBank, Tiles};
use crate::engine::native::kernels::Neon;

/// Turns the features of `tiles` into responses.
pub(super) fn respond(simd: Neon, bank: &FilterBank, extent: Extent, tiles: &mut Tiles) {
    // SAFETY: `simd` proves that the processor has NEON, all that this safe function requires.
    unsafe { with_instructions(simd, bank, extent, tiles) };
}

#[target_feature(enable = "neon")]
fn with_instructions(simd: Neon, bank: &FilterBank, extent: Extent, tiles: &mut Tiles) {
    super::body::respond::<_, 4, 2>(simd, bank, extent, tiles);
}
