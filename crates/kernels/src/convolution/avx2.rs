//! Tiles of 6 windows and 2 vectors of 8 filters: 12 of the 16 registers hold sums.

use super::Task;
use super::tiles::{self, Tiles};
use crate::Avx2;

const TILES: [Tiles<Avx2>; 1] = [tiles::tiles!(Avx2, "avx2,fma", [1 2 3 4 5 6], 1)];

/// Computes `task`.
pub(super) fn run(avx2: Avx2, task: Task<'_>) {
    // SAFETY: `tiles!` makes tiles of the number of blocks given to it, and their widths count up
    // from 1; `avx2` proves that the processor has AVX2 and FMA.
    unsafe { tiles::run(avx2, &TILES, task) }
}
