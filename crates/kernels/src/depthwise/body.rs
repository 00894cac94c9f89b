//! The kernel for all vector levels. A tile is a group of adjacent windows. Windows of 3x3 pixels
//! that move by 1 or 2 overlap, so each pixel is loaded once for all windows that it is part of.

use super::{Job, Task};
use crate::convolution::BLOCK;
use crate::lanes::Lanes;

/// Maximum number of windows in a tile: enough sums for the multiplications not to wait for each
/// other.
const WIDTH: usize = 8;

/// Numbers of a row that are computed before those below them: few enough that the rows of their
/// windows stay in the processor's first cache until the next row needs them.
const STRIP: usize = 1024;

/// Computes `task`.
#[inline(always)]
pub(super) fn run<L: Lanes>(lanes: L, task: Task<'_>) {
    let Task { job, output } = task;
    let (output, filters) = (output.as_mut_ptr(), job.filters);
    let is_3x3 = filters.rows == 3 && filters.columns == 3;
    let step = job.windows.column_step;
    // SAFETY: `output` is the task's, and the windows are as `ThreeByThree` requires.
    unsafe {
        if is_3x3 && step == filters.channels {
            all_rows::<L, ThreeByThree<1>>(lanes, &job, output);
        } else if is_3x3 && step == 2 * filters.channels {
            all_rows::<L, ThreeByThree<2>>(lanes, &job, output);
        } else {
            all_rows::<L, Any>(lanes, &job, output);
        }
    }
}

/// The sums of a tile, for one kind of windows.
trait Window<L: Lanes> {
    /// Adds to `sums` the products of `COUNT` adjacent windows of `shape` with the weights at
    /// `weights`: one vector of channels of each. The first window starts at `input`.
    ///
    /// # Safety
    /// The windows must be those of a job, and of this kind, and the weights those of the same
    /// channels.
    unsafe fn add<const COUNT: usize>(
        lanes: L,
        shape: Shape,
        input: *const f32,
        weights: *const f32,
        sums: &mut [L::Vector; COUNT],
    );
}

/// The size of a job's windows, and steps between their numbers. A copy of its own, so that the
/// compiler knows that no store changes it.
#[derive(Clone, Copy)]
struct Shape {
    rows: usize,
    columns: usize,
    channels: usize,
    row_step: usize,
    column_step: usize,
}

/// Windows of any size and step.
struct Any;

/// Windows of 3x3 pixels that move by `STRIDE` pixels.
struct ThreeByThree<const STRIDE: usize>;

/// Computes all windows of `job`.
///
/// # Safety
/// `job` and `output` must be those of a task that [`Task::new`] has checked, and the windows must
/// be of the kind `W`.
#[inline(always)]
unsafe fn all_rows<L: Lanes, W: Window<L>>(lanes: L, job: &Job<'_>, output: *mut f32) {
    let columns = job.windows.columns;
    let strip = (STRIP / job.filters.channels.max(1))
        .next_multiple_of(WIDTH)
        .max(WIDTH);
    for first in (0..columns).step_by(strip) {
        let end = columns.min(first + strip);
        let count = (end - first).div_ceil(WIDTH);
        for (start, place) in job.rows() {
            let mut column = first;
            for tile in 0..count {
                // Splits evenly: 28 windows are 7, 7, 7 and 7, since the sums of a narrow tile wait
                // for each other.
                let width = (end - column).div_ceil(count - tile);
                let window = start + column * job.windows.column_step;
                let place = place + column * job.places.column_step;
                // SAFETY: `Job::rows` counts the rows of the job, and the windows of the tile are
                // the next `width` ones of the row, none of them after the last.
                unsafe { tile_of_width::<L, W>(width, lanes, job, window, place, output) };
                column += width;
            }
        }
    }
}

/// Computes a [`tile`] of `width` windows, 1 to [`WIDTH`].
///
/// # Safety
/// As for [`tile`].
#[inline(always)]
unsafe fn tile_of_width<L: Lanes, W: Window<L>>(
    width: usize,
    lanes: L,
    job: &Job<'_>,
    window: usize,
    place: usize,
    output: *mut f32,
) {
    macro_rules! tiles {
        ($($count:literal)*) => {
            match width {
                // SAFETY: the tile has as many windows as the caller guarantees.
                $($count => unsafe { tile::<L, W, $count>(lanes, job, window, place, output) },)*
                _ => unreachable!("no tile is that wide"),
            }
        };
    }
    tiles!(1 2 3 4 5 6 7 8);
}

/// Computes all channels of `COUNT` adjacent windows of a row, the first of which starts at
/// `window` in the input. Its place in the output is `place`.
///
/// # Safety
/// As for [`all_rows`]; the windows must be among the job's, and `place` must be the place of the
/// first.
#[inline(always)]
unsafe fn tile<L: Lanes, W: Window<L>, const COUNT: usize>(
    lanes: L,
    job: &Job<'_>,
    window: usize,
    place: usize,
    output: *mut f32,
) {
    const { assert!(BLOCK.is_multiple_of(L::COUNT)) }
    let filters = job.filters;
    let shape = Shape {
        rows: filters.rows,
        columns: filters.columns,
        channels: filters.channels,
        row_step: job.windows.window_row_step,
        column_step: job.windows.column_step,
    };
    let (bias, slopes) = (filters.bias.as_ptr(), filters.slopes.as_ptr());
    let (weights, input) = (filters.weights.as_ptr(), job.input.as_ptr());
    let (step, finish) = (job.places.column_step, job.finish);
    for channel in (0..shape.channels).step_by(L::COUNT) {
        // SAFETY: `Task::new` has checked that the windows and places, with all channels, end
        // within their slices, and `DepthwiseFilters::new` has created as many biases, slopes and
        // weights for each pixel of a window as there are channels. Channels are whole blocks, and
        // a block is whole vectors, so no vector extends beyond the channels.
        unsafe {
            let mut sums = [lanes.load_unchecked(bias.add(channel)); COUNT];
            let (input, weights) = (input.add(window + channel), weights.add(channel));
            W::add(lanes, shape, input, weights, &mut sums);
            let (slopes, mut place) = (slopes.add(channel), output.add(place + channel));
            for sum in sums {
                finish.put_vector(lanes, sum, slopes, place);
                place = place.wrapping_add(step);
            }
        }
    }
}

impl<L: Lanes> Window<L> for Any {
    #[inline(always)]
    unsafe fn add<const COUNT: usize>(
        lanes: L,
        shape: Shape,
        input: *const f32,
        weights: *const f32,
        sums: &mut [L::Vector; COUNT],
    ) {
        for row in 0..shape.rows {
            for column in 0..shape.columns {
                let weight = (row * shape.columns + column) * shape.channels;
                let pixel = row * shape.row_step + column * shape.channels;
                // SAFETY: the pixel is one of each window, and the weight that of its place.
                unsafe {
                    let weight = lanes.load_unchecked(weights.add(weight));
                    for (index, sum) in sums.iter_mut().enumerate() {
                        let number = input.add(pixel + index * shape.column_step);
                        *sum = lanes.multiply_add(lanes.load_unchecked(number), weight, *sum);
                    }
                }
            }
        }
    }
}

impl<L: Lanes, const STRIDE: usize> Window<L> for ThreeByThree<STRIDE> {
    #[inline(always)]
    unsafe fn add<const COUNT: usize>(
        lanes: L,
        shape: Shape,
        input: *const f32,
        weights: *const f32,
        sums: &mut [L::Vector; COUNT],
    ) {
        let (row_step, channels) = (shape.row_step, shape.channels);
        for row in 0..3 {
            // SAFETY: the windows start `STRIDE` pixels after one another, so together they have
            // `STRIDE * (COUNT - 1) + 3` pixels in each of three rows. There are nine weights.
            unsafe {
                let weights = weights.add(row * 3 * channels);
                let weights: [_; 3] = std::array::from_fn(|column| {
                    lanes.load_unchecked(weights.add(column * channels))
                });
                let input = input.add(row * row_step);
                for (index, sum) in sums.iter_mut().enumerate() {
                    for (column, weight) in weights.iter().enumerate() {
                        // The compiler loads each pixel once.
                        let pixel = input.add((STRIDE * index + column) * channels);
                        *sum = lanes.multiply_add(lanes.load_unchecked(pixel), *weight, *sum);
                    }
                }
            }
        }
    }
}
