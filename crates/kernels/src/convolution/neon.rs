//! Tiles of 6 windows and 4 vectors of 4 filters: 24 of the 32 registers hold sums.

use super::Task;
use super::tiles::{self, Tiles};
use crate::Neon;

const TILES: [Tiles<Neon>; 1] = [tiles::tiles!(Neon, "neon", [1 2 3 4 5 6], 1)];

/// Computes `task`.
pub(super) fn run(neon: Neon, task: Task<'_>) {
    // SAFETY: `tiles!` makes tiles of the number of blocks given to it, and their widths count up
    // from 1; `neon` proves that the processor has NEON.
    unsafe { tiles::run(neon, &TILES, task) }
}
