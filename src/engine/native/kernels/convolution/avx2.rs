//! Tiles of 6 windows and 2 vectors of 8 filters: 12 of the 16 registers hold sums.

use super::Task;
use super::tiles::{self, Tiles, tile_widths};
use crate::engine::native::kernels::Avx2;

const TILES: [Tiles<Avx2>; 1] = [Tiles {
    blocks: 1,
    widths: tile_widths!(Avx2, "avx2,fma", 1, [1 2 3 4 5 6], 2),
}];

/// Computes `task`.
pub(super) fn run(avx2: Avx2, task: &Task<'_>, output: &mut [f32]) {
    // SAFETY: 2 vectors of 8 are one block; an `Avx2` exists only where the processor has AVX2 and FMA.
    unsafe { tiles::run(avx2, &TILES, task, output) }
}
