//! Tiles of 14 windows and 2 vectors of 16 filters, or 9 windows and 3 vectors: 28 or 27 of the 32
//! registers hold sums. An image of up to 4x4 windows is one tile.

use super::Task;
use super::tiles::{self, Tile, Tiles, tile_widths};
use crate::Avx512;

const TILES: [Tiles<Avx512>; 3] = [
    tiles::tiles!(Avx512, "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma", [1 2 3 4 5 6 7 8 9 10 11 12 13 14], 2),
    tiles::tiles!(Avx512, "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma", [1 2 3 4 5 6 7 8 9], 3),
    tiles::tiles!(Avx512, "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma", [1 2 3 4 5 6 7 8 9 10 11 12 13 14], 1),
];

/// Tiles that hold all windows of a small image and one block of filters: for 2 rows of 1 to 4
/// columns, for 3 rows, and so on.
const WHOLE_IMAGES: [&[Tile<Avx512>]; 3] = [
    tile_widths!(Avx512, "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma", 2, [1 2 3 4], 1),
    tile_widths!(Avx512, "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma", 3, [1 2 3 4], 1),
    tile_widths!(Avx512, "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma", 4, [1 2 3 4], 1),
];

/// Computes `task`.
pub(super) fn run(avx512: Avx512, task: Task<'_>) {
    let windows = task.job.windows;
    let whole_image = windows
        .rows
        .checked_sub(2)
        .and_then(|index| WHOLE_IMAGES.get(index)?.get(windows.columns - 1));
    // SAFETY: `tiles!` makes tiles of the number of blocks given to it, and their widths count up
    // from 1; the tile found in the table has the task's rows and columns, and one block. `avx512`
    // proves that the processor has AVX-512.
    unsafe {
        match whole_image {
            Some(tile) => tiles::run_whole_images(avx512, *tile, task),
            None => tiles::run(avx512, &TILES, task),
        }
    }
}
