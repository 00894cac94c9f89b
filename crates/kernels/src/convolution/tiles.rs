//! The kernel for all vector levels. A tile is a group of adjacent windows and filters, as many as
//! there are registers for their sums; each weight loaded serves all windows of the tile, and each
//! input number serves all its filters. The windows of a tile are part of a row, or all windows of
//! a small image.

use super::{BLOCK, Job, Task};
use crate::Finish;
use crate::lanes::Lanes;

/// Weights that take fewer bytes than this stay in the processor's cache while a row of windows is
/// computed.
const CACHED_WEIGHTS: usize = 512 << 10;

/// Distance by which weights are fetched ahead of the multiplications, in numbers of a window. The
/// processor prefetches such runs on its own, but not beyond the end of a page.
const FETCHED_AHEAD: usize = 128;

/// Numbers of a run that are multiplied in one turn of the innermost loop, so that counting takes
/// little of the time.
const UNROLLED: usize = 4;

/// Computes the tile that a [`Cursor`] points at.
///
/// # Safety
/// The processor must have the instructions of `L`. All windows and filters that the tile computes,
/// starting at the cursor, must be those of a [`Task`] that [`Task::new`] has checked.
pub(super) type Tile<L> = unsafe fn(L, &Job<'_>, Cursor);

/// Start of a tile.
#[derive(Clone, Copy)]
pub(super) struct Cursor {
    /// First number of its first window.
    input: *const f32,
    /// Weights of its first block of filters.
    weights: *const f32,
    /// Bias of its first filter.
    bias: *const f32,
    /// Slope of its first filter.
    slopes: *const f32,
    /// Place of its first result.
    output: *mut f32,
}

/// Tiles for a given number of blocks of filters: the first is one window wide, the next two, and
/// so on.
pub(super) struct Tiles<L: 'static> {
    /// Number of blocks of filters that each tile computes.
    pub(super) blocks: usize,
    /// Tiles by width.
    pub(super) widths: &'static [Tile<L>],
}

/// Computes `task` with `choice`, the tiles from the largest number of blocks down to 1.
///
/// # Safety
/// Tile `i` of each [`Tiles`] must compute exactly `i + 1` windows of a row and [`Tiles::blocks`]
/// blocks. The macro [`tiles`] guarantees this.
#[inline(always)]
pub(super) unsafe fn run<L: Lanes>(lanes: L, choice: &[Tiles<L>], task: Task<'_>) {
    let Task { job, output } = task;
    let windows = job.windows;
    let groups = || groups(choice, job.filters.channels() / BLOCK);
    let output = output.as_mut_ptr();
    let image_rows =
        || (0..windows.images).flat_map(|image| (0..windows.rows).map(move |row| (image, row)));
    if size_of_val(job.filters.weights()) < CACHED_WEIGHTS {
        for row in image_rows() {
            for (tiles, block) in groups() {
                // SAFETY: `image_rows` counts the rows of the task, and no group from `groups` ends
                // after its last block; `output` is the task's.
                unsafe { one_row(lanes, tiles, &job, row, block, output) };
            }
        }
    } else {
        for (tiles, block) in groups() {
            for row in image_rows() {
                // SAFETY: as in the other branch.
                unsafe { one_row(lanes, tiles, &job, row, block, output) };
            }
        }
    }
}

/// Splits `blocks` blocks of filters into parts; returns the tiles and the first block of each.
fn groups<L>(choice: &[Tiles<L>], blocks: usize) -> impl Iterator<Item = (&Tiles<L>, usize)> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let rest = blocks - next;
        // Splits 4 blocks into 2 and 2 rather than 3 and 1.
        let fitting = choice
            .iter()
            .find(|tiles| rest.is_multiple_of(tiles.blocks) && tiles.blocks <= rest)
            .or_else(|| choice.iter().find(|tiles| tiles.blocks <= rest))?;
        let block = next;
        next += fitting.blocks;
        Some((fitting, block))
    })
}

/// Computes the filters of `tiles`, starting at `block`, for one row of windows.
///
/// # Safety
/// `job` and `output` must be those of a [`Task`], the row and the blocks must be among the job's,
/// and `tiles` must be as [`run`] requires.
#[inline(always)]
unsafe fn one_row<L: Lanes>(
    lanes: L,
    tiles: &Tiles<L>,
    job: &Job<'_>,
    (image, row): (usize, usize),
    block: usize,
    output: *mut f32,
) {
    let windows = job.windows;
    let count = windows.columns.div_ceil(tiles.widths.len());
    let mut column = 0;
    for tile in 0..count {
        // Splits evenly: 35 windows are 12, 12 and 11, since a narrow tile takes almost as long as
        // a wide one.
        let width = (windows.columns - column).div_ceil(count - tile);
        // SAFETY: `width` is at most `windows.columns - column`, so these windows are in the row;
        // the tile computes `width` of them, and the caller guarantees the rest.
        unsafe {
            let cursor = cursor(job, [image, row, column], block, output);
            tiles.widths[width - 1](lanes, job, cursor);
        }
        column += width;
    }
}

/// Computes `task` with `tile`, which holds all windows of an image and one block of filters.
///
/// # Safety
/// The tile must compute exactly as many rows and columns of windows as the task has, and one
/// block.
#[inline(always)]
pub(super) unsafe fn run_whole_images<L: Lanes>(lanes: L, tile: Tile<L>, task: Task<'_>) {
    let Task { job, output } = task;
    let output = output.as_mut_ptr();
    for block in 0..job.filters.channels() / BLOCK {
        for image in 0..job.windows.images {
            // SAFETY: the loops count the job's images and blocks; the tile computes the image and
            // the block, as the caller guarantees, and nothing else.
            unsafe { tile(lanes, &job, cursor(&job, [image, 0, 0], block, output)) };
        }
    }
}

/// Returns the start of the tile whose first window is in this image, row and column, and whose
/// first block of filters is `block`.
///
/// # Safety
/// `job` and `output` must be those of a [`Task`], and the window and the block must be among the
/// job's.
#[inline(always)]
unsafe fn cursor(
    job: &Job<'_>,
    [image, row, column]: [usize; 3],
    block: usize,
    output: *mut f32,
) -> Cursor {
    let (windows, places, filters) = (job.windows, job.places, job.filters);
    let window = image * windows.image_step + row * windows.row_step + column * windows.column_step;
    let place = image * places.image_step + row * places.row_step + column * places.column_step;
    // SAFETY: `Task::new` has checked, in arithmetic that does not wrap, that the last window and
    // the last place, with all channels, end within their slices; this window and place start no
    // later. `PackedFilters::of_parts` has checked that each block has its weights, and
    // has created its biases and slopes.
    unsafe {
        Cursor {
            input: job.input.as_ptr().add(window),
            weights: filters
                .weights()
                .as_ptr()
                .add(block * filters.block_length()),
            bias: filters.bias().as_ptr().add(block * BLOCK),
            slopes: filters.slopes().as_ptr().add(block * BLOCK),
            output: output.add(place + block * BLOCK),
        }
    }
}

/// Computes a tile of `ROWS` x `WIDTH` windows and `VECTORS` vectors of filters.
///
/// # Safety
/// All of them, starting at `cursor`, must be those of a [`Task`] that [`Task::new`] has checked.
#[inline(always)]
pub(super) unsafe fn tile<L: Lanes, const ROWS: usize, const WIDTH: usize, const VECTORS: usize>(
    lanes: L,
    job: &Job<'_>,
    cursor: Cursor,
) {
    const { assert!((VECTORS * L::COUNT).is_multiple_of(BLOCK)) }
    // SAFETY: the biases, slopes and places are those of the tile's filters and windows, which the
    // caller guarantees.
    unsafe {
        let bias =
            std::array::from_fn(|vector| lanes.load_unchecked(cursor.bias.add(vector * L::COUNT)));
        let sums = [[bias; WIDTH]; ROWS];
        let sums = with_products::<L, ROWS, WIDTH, VECTORS>(lanes, job, cursor, sums);
        let places = *job.places;
        // Each way to finish has loops of its own, small enough for the compiler to unroll them:
        // otherwise it does not keep the sums in registers.
        macro_rules! put {
            ($finish:expr) => {
                for (row, sums) in sums.iter().enumerate() {
                    for (column, sums) in sums.iter().enumerate() {
                        let place = row * places.row_step + column * places.column_step;
                        for (vector, sum) in sums.iter().enumerate() {
                            let lane = vector * L::COUNT;
                            let (slopes, place) =
                                (cursor.slopes.add(lane), cursor.output.add(place + lane));
                            $finish.put_vector(lanes, *sum, slopes, place);
                        }
                    }
                }
            };
        }
        match job.finish {
            Finish::Store => put!(Finish::Store),
            Finish::StoreRelu => put!(Finish::StoreRelu),
            Finish::StorePrelu => put!(Finish::StorePrelu),
            Finish::Add => put!(Finish::Add),
            Finish::AddRelu => put!(Finish::AddRelu),
        }
    }
}

/// Returns `sums` and, added to them, the products of all numbers of the tile's windows with their
/// weights.
///
/// # Safety
/// As for [`tile`].
#[inline(always)]
unsafe fn with_products<L: Lanes, const ROWS: usize, const WIDTH: usize, const VECTORS: usize>(
    lanes: L,
    job: &Job<'_>,
    cursor: Cursor,
    mut sums: [[[L::Vector; VECTORS]; WIDTH]; ROWS],
) -> [[[L::Vector; VECTORS]; WIDTH]; ROWS] {
    let (windows, block_length) = (*job.windows, job.filters.block_length());
    let mut weights = cursor.weights;
    for window_row in 0..windows.window_rows {
        // SAFETY: `window_row` and the numbers of the runs are within the tile's windows, and
        // `weights` advances by one number of a window at a time, as often as a block has weights;
        // the caller guarantees windows and filters. A prefetch accesses nothing.
        unsafe {
            let start = cursor.input.add(window_row * windows.window_row_step);
            let mut runs: [_; ROWS] = std::array::from_fn(|row| start.add(row * windows.row_step));
            // A macro, since the compiler does not keep the sums in registers across calls.
            macro_rules! multiply {
                ($number:expr) => {
                    let mut loaded = [lanes.splat(0.0); VECTORS];
                    for (vector, weight) in loaded.iter_mut().enumerate() {
                        let lane = vector * L::COUNT;
                        let weights = weights.add(lane / BLOCK * block_length + lane % BLOCK);
                        *weight = lanes.load_unchecked(weights);
                        if lane % BLOCK == 0 {
                            lanes.prefetch(weights.wrapping_add(FETCHED_AHEAD * BLOCK));
                        }
                    }
                    for (run, sums) in runs.iter().zip(sums.iter_mut()) {
                        for (column, sums) in sums.iter_mut().enumerate() {
                            let number = *run.add($number + column * windows.column_step);
                            let number = lanes.splat(number);
                            for (sum, weight) in sums.iter_mut().zip(loaded) {
                                *sum = lanes.multiply_add(number, weight, *sum);
                            }
                        }
                    }
                    weights = weights.add(BLOCK);
                };
            }
            for _ in 0..windows.window_run / UNROLLED {
                const { assert!(UNROLLED == 4) }
                multiply!(0);
                multiply!(1);
                multiply!(2);
                multiply!(3);
                runs = runs.map(|run| run.add(UNROLLED));
            }
            for number in 0..windows.window_run % UNROLLED {
                multiply!(number);
            }
        }
    }
    sums
}

/// An array of [`Tile`]s of `$rows` rows of windows, each `$width` windows wide, and `$blocks`
/// blocks of filters, compiled with `$features`.
macro_rules! tile_widths {
    ($lanes:ty, $features:literal, $rows:literal, [$($width:literal)*], $blocks:literal) => {
        &[$({
            #[target_feature(enable = $features)]
            unsafe fn compiled(
                lanes: $lanes,
                job: &$crate::convolution::Job<'_>,
                cursor: $crate::convolution::tiles::Cursor,
            ) {
                use $crate::convolution::{BLOCK, tiles};
                use $crate::lanes::Lanes;

                const VECTORS: usize = $blocks * BLOCK / <$lanes as Lanes>::COUNT;
                // SAFETY: the caller of a `Tile` guarantees what this tile requires.
                unsafe { tiles::tile::<_, $rows, $width, VECTORS>(lanes, job, cursor) }
            }
            compiled as $crate::convolution::tiles::Tile<$lanes>
        }),*]
    };
}
pub(super) use tile_widths;

/// [`Tiles`] of one row, as [`run`] requires them: the widths must be 1, 2, 3 and so on.
macro_rules! tiles {
    ($lanes:ty, $features:literal, [$($width:literal)*], $blocks:literal) => {
        $crate::convolution::tiles::Tiles {
            blocks: $blocks,
            widths: $crate::convolution::tiles::tile_widths!(
                $lanes, $features, 1, [$($width)*], $blocks
            ),
        }
    };
}
pub(super) use tiles;
