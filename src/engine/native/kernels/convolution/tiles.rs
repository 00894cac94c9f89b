//! The kernel for all levels with vectors. A tile is some neighbouring windows and some filters, as many as there are
//! registers for their sums; each weight that is loaded serves all its windows, each number of the input all its
//! filters. The windows of a tile are part of a row, or all windows of a small image.

use super::super::lanes::Lanes;
use super::{BLOCK, Task};

/// Weights that take fewer bytes than this stay in the processor's cache while a row of windows is computed.
const CACHED_WEIGHTS: usize = 512 << 10;

/// How far ahead of the multiplications weights are fetched, in numbers of a window. The processor follows such runs on
/// its own, but not beyond the end of a page.
const FETCHED_AHEAD: usize = 128;

/// A tile of some width for the windows and filters that a [`Cursor`] points at.
///
/// # Safety
/// As many windows as the tile is wide, and as many filters as it computes, must be there.
pub(super) type Tile<L> = unsafe fn(L, &Task<'_>, Cursor);

/// Where a tile begins.
#[derive(Clone, Copy)]
pub(super) struct Cursor {
    /// The first number of its first window.
    input: *const f32,
    /// The weights of its first block of filters.
    weights: *const f32,
    /// The bias of its first filter.
    bias: *const f32,
    /// The place of its first result.
    output: *mut f32,
}

/// Tiles for some number of blocks of filters: the first is one window wide, the next two, and so on.
pub(super) struct Tiles<L: 'static> {
    /// How many blocks of filters each tile computes.
    pub(super) blocks: usize,
    /// The tiles by their width.
    pub(super) widths: &'static [Tile<L>],
}

/// Computes `task` with `choice`, the tiles from the largest number of blocks to 1.
///
/// # Safety
/// `choice` must hold tiles of exactly the widths and blocks that it says, ending with 1 block.
#[inline(always)]
pub(super) unsafe fn run<L: Lanes>(
    lanes: L,
    choice: &[Tiles<L>],
    task: &Task<'_>,
    output: &mut [f32],
) {
    let windows = task.windows;
    let groups = || groups(choice, task.filters.channels() / BLOCK);
    let output = output.as_mut_ptr();
    let image_rows =
        || (0..windows.images).flat_map(|image| (0..windows.rows).map(move |row| (image, row)));
    if size_of_val(task.filters.weights()) < CACHED_WEIGHTS {
        for row in image_rows() {
            for (tiles, block) in groups() {
                // SAFETY: the row and the block are those of the task.
                unsafe { one_row(lanes, tiles, task, row, block, output) };
            }
        }
    } else {
        for (tiles, block) in groups() {
            for row in image_rows() {
                // SAFETY: the row and the block are those of the task.
                unsafe { one_row(lanes, tiles, task, row, block, output) };
            }
        }
    }
}

/// Splits `blocks` blocks of filters: for each part its tiles and its first block.
fn groups<L>(choice: &[Tiles<L>], blocks: usize) -> impl Iterator<Item = (&Tiles<L>, usize)> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let rest = blocks - next;
        // Of 4 blocks, 2 and 2 rather than 3 and 1.
        let fitting = choice
            .iter()
            .find(|tiles| rest.is_multiple_of(tiles.blocks) && tiles.blocks <= rest)
            .or_else(|| choice.iter().find(|tiles| tiles.blocks <= rest))?;
        let block = next;
        next += fitting.blocks;
        Some((fitting, block))
    })
}

/// Computes the filters of `tiles` from `block` on for one row of windows.
///
/// # Safety
/// The row and the blocks must be those of the task, `output` its whole output.
#[inline(always)]
unsafe fn one_row<L: Lanes>(
    lanes: L,
    tiles: &Tiles<L>,
    task: &Task<'_>,
    (image, row): (usize, usize),
    block: usize,
    output: *mut f32,
) {
    let windows = task.windows;
    let count = windows.columns.div_ceil(tiles.widths.len());
    let mut column = 0;
    for tile in 0..count {
        // Evenly: 35 windows are 12, 12 and 11, as a narrow tile costs almost as much as a wide one.
        let width = (windows.columns - column).div_ceil(count - tile);
        // SAFETY: so many windows are left in the row, and the blocks are there as the caller says.
        unsafe {
            let cursor = cursor(task, [image, row, column], block, output);
            tiles.widths[width - 1](lanes, task, cursor);
        }
        column += width;
    }
}

/// Computes `task` with `tiles`, which hold all windows of an image and one block of filters.
///
/// # Safety
/// The tile must be one for exactly as many rows and columns of windows as the task has.
#[inline(always)]
pub(super) unsafe fn run_whole_images<L: Lanes>(
    lanes: L,
    tile: Tile<L>,
    task: &Task<'_>,
    output: &mut [f32],
) {
    let output = output.as_mut_ptr();
    for block in 0..task.filters.channels() / BLOCK {
        for image in 0..task.windows.images {
            // SAFETY: image and block are those of the task, and each is a whole tile.
            unsafe { tile(lanes, task, cursor(task, [image, 0, 0], block, output)) };
        }
    }
}

/// Where the tile begins whose first window is in this image, row and column, and whose first block of filters this is.
///
/// # Safety
/// The window and the block must be those of the task, `output` its whole output.
#[inline(always)]
unsafe fn cursor(
    task: &Task<'_>,
    [image, row, column]: [usize; 3],
    block: usize,
    output: *mut f32,
) -> Cursor {
    let (windows, places, filters) = (task.windows, task.places, task.filters);
    let window = image * windows.image_step + row * windows.row_step + column * windows.column_step;
    let place = image * places.image_step + row * places.row_step + column * places.column_step;
    // SAFETY: `convolve` has checked that all windows and places lie in their slices.
    unsafe {
        Cursor {
            input: task.input.as_ptr().add(window),
            weights: filters
                .weights()
                .as_ptr()
                .add(block * filters.block_length()),
            bias: filters.bias().as_ptr().add(block * BLOCK),
            output: output.add(place + block * BLOCK),
        }
    }
}

/// Computes a tile of `ROWS` x `WIDTH` windows and `VECTORS` vectors of filters.
///
/// # Safety
/// They must be there from `cursor` on.
#[inline(always)]
pub(super) unsafe fn tile<L: Lanes, const ROWS: usize, const WIDTH: usize, const VECTORS: usize>(
    lanes: L,
    task: &Task<'_>,
    cursor: Cursor,
) {
    // SAFETY: the caller says that all of the tile is there.
    unsafe {
        let bias = std::array::from_fn(|vector| lanes.load(cursor.bias.add(vector * L::COUNT)));
        let mut sums = [[bias; WIDTH]; ROWS];
        add_products::<L, ROWS, WIDTH, VECTORS>(lanes, task, cursor, &mut sums);
        for (row, sums) in sums.iter().enumerate() {
            for (column, sums) in sums.iter().enumerate() {
                let places = task.places;
                let place = row * places.row_step + column * places.column_step;
                for (vector, sum) in sums.iter().enumerate() {
                    let place = cursor.output.add(place + vector * L::COUNT);
                    task.finish.put_vector(lanes, *sum, place);
                }
            }
        }
    }
}

/// Adds to `sums` the products of all numbers of the tile's windows with their weights.
///
/// # Safety
/// As for [`tile`].
#[inline(always)]
unsafe fn add_products<L: Lanes, const ROWS: usize, const WIDTH: usize, const VECTORS: usize>(
    lanes: L,
    task: &Task<'_>,
    cursor: Cursor,
    sums: &mut [[[L::Vector; VECTORS]; WIDTH]; ROWS],
) {
    let windows = task.windows;
    let block_length = task.filters.block_length();
    let mut weights = cursor.weights;
    for window_row in 0..windows.window_rows {
        // SAFETY: see the caller.
        unsafe {
            let start = cursor.input.add(window_row * windows.window_row_step);
            let mut runs: [_; ROWS] = std::array::from_fn(|row| start.add(row * windows.row_step));
            for _ in 0..windows.window_run {
                let mut loaded = [lanes.splat(0.0); VECTORS];
                for (vector, weight) in loaded.iter_mut().enumerate() {
                    let lane = vector * L::COUNT;
                    let weights = weights.add(lane / BLOCK * block_length + lane % BLOCK);
                    *weight = lanes.load(weights);
                    lanes.prefetch(weights.wrapping_add(FETCHED_AHEAD * BLOCK));
                }
                for (run, sums) in runs.iter_mut().zip(sums.iter_mut()) {
                    for (column, sums) in sums.iter_mut().enumerate() {
                        let number = lanes.splat(*run.add(column * windows.column_step));
                        for (sum, weight) in sums.iter_mut().zip(loaded) {
                            *sum = lanes.multiply_add(number, weight, *sum);
                        }
                    }
                    *run = run.add(1);
                }
                weights = weights.add(BLOCK);
            }
        }
    }
}

/// The tiles of `$rows` rows of windows, each `$width` and `$vectors` vectors of filters, compiled with `$features`: an
/// array of [`Tile`]s.
macro_rules! tile_widths {
    ($lanes:ty, $features:literal, $rows:literal, [$($width:literal)*], $vectors:literal) => {
        &[$({
            #[target_feature(enable = $features)]
            unsafe fn compiled(
                lanes: $lanes,
                task: &$crate::engine::native::kernels::convolution::Task<'_>,
                cursor: $crate::engine::native::kernels::convolution::tiles::Cursor,
            ) {
                // SAFETY: the caller says that all of the tile is there.
                unsafe {
                    $crate::engine::native::kernels::convolution::tiles::tile::<_, $rows, $width, $vectors>(
                        lanes, task, cursor,
                    )
                }
            }
            compiled as $crate::engine::native::kernels::convolution::tiles::Tile<$lanes>
        }),*]
    };
}
pub(super) use tile_widths;
