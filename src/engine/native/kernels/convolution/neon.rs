//! Tiles of 6 windows and 4 vectors of 4 filters: 24 of the 32 registers hold sums.

use super::Task;
use super::tiles::{self, Tiles, tile_widths};
use crate::engine::native::kernels::Neon;

const TILES: [Tiles<Neon>; 1] = [Tiles {
    blocks: 1,
    widths: tile_widths!(Neon, "neon", 1, [1 2 3 4 5 6], 4),
}];

/// Computes `task`.
pub(super) fn run(neon: Neon, task: &Task<'_>, output: &mut [f32]) {
    // SAFETY: 4 vectors of 4 are one block; a `Neon` exists only where the processor has NEON.
    unsafe { tiles::run(neon, &TILES, task, output) }
}
