//! Tiles of 14 windows and 2 vectors of 16 filters, or 9 windows and 3 vectors: 28 or 27 of the 32 registers hold sums.

use super::Task;
use super::tiles::{self, Tiles, tile_widths};
use crate::engine::native::kernels::Avx512;

const TILES: [Tiles<Avx512>; 3] = [
    Tiles {
        blocks: 2,
        widths: tile_widths!(Avx512, "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma", 2, [1 2 3 4 5 6 7 8 9 10 11 12 13 14]),
    },
    Tiles {
        blocks: 3,
        widths: tile_widths!(Avx512, "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma", 3, [1 2 3 4 5 6 7 8 9]),
    },
    Tiles {
        blocks: 1,
        widths: tile_widths!(Avx512, "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma", 1, [1 2 3 4 5 6 7 8 9 10 11 12 13 14]),
    },
];

/// Computes `task`.
pub(super) fn run(avx512: Avx512, task: &Task<'_>, output: &mut [f32]) {
    // SAFETY: a vector of 16 is one block; an `Avx512` exists only where the processor has AVX-512.
    unsafe { tiles::run(avx512, &TILES, task, output) }
}
