//! Sums of products over windows: the core of a convolution and, with windows of one row, the
//! product of two matrices. Input: maps with adjacent channels, and [`PackedFilters`]. Output: maps
//! of the same kind.
//!
//! A window is `window_rows` runs of `window_run` numbers, `window_row_step` apart. The channels of
//! a pixel are adjacent in memory, and so are the pixels of a row, so one run covers the whole
//! width of a window.
//!
//! For the window at `start` and each filter, the result is
//! `bias + sum(input[start + ...] * weight)`.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod filters;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod tiles;

pub use filters::{BLOCK, Filters, PackedFilters};

use super::extent::{end, fits};
use super::{Finish, SimdLevel};

/// Positions of the windows in the input. All steps are in numbers, not in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// Number of images, one after the other.
    pub images: usize,
    /// Rows of windows per image.
    pub rows: usize,
    /// Windows per row.
    pub columns: usize,
    /// Step from a window to the same one of the next image.
    pub image_step: usize,
    /// Step from a window to the one below it.
    pub row_step: usize,
    /// Step from a window to the one on its right.
    pub column_step: usize,
    /// Number of runs of a window.
    pub window_rows: usize,
    /// Step from one run of a window to the next.
    pub window_row_step: usize,
    /// Length of a run, in numbers.
    pub window_run: usize,
}

/// Positions of the results in the output. All steps are in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// Step from a result to the same one of the next image.
    pub image_step: usize,
    /// Step from a result to the one below it.
    pub row_step: usize,
    /// Step from a result to the one on its right; at least [`PackedFilters::channels`].
    pub column_step: usize,
}

/// Computes the results of all `windows` of `input` and writes them to their `places` in `output`:
/// [`PackedFilters::channels`] numbers for each window.
///
/// # Panics
/// If a window extends beyond `input`, a place extends beyond `output`, or the window and the
/// filters differ in size.
pub fn convolve(
    level: SimdLevel,
    input: &[f32],
    windows: &Windows,
    filters: &PackedFilters,
    output: &mut [f32],
    places: &Places,
    finish: Finish,
) {
    if windows.images == 0 || windows.rows == 0 || windows.columns == 0 {
        return;
    }
    let task = Task::new(input, windows, filters, output, places, finish);
    match level {
        SimdLevel::Scalar => scalar::run(task),
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx2(avx2) => avx2::run(avx2, task),
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx512(avx512) => avx512::run(avx512, task),
        #[cfg(target_arch = "aarch64")]
        SimdLevel::Neon(neon) => neon::run(neon, task),
    }
}

/// A job and its output. Only [`Task::new`] creates it, after checking it.
struct Task<'a> {
    job: Job<'a>,
    output: &'a mut [f32],
}

/// The input of a [`Task`]. Every window lies in the input, and every place in the output of the
/// task.
struct Job<'a> {
    input: &'a [f32],
    windows: &'a Windows,
    filters: &'a PackedFilters,
    places: &'a Places,
    finish: Finish,
}

impl<'a> Task<'a> {
    /// Checks that the windows have the size of the filters, and that the last window and the last
    /// place end within their slices. All others start, and so end, before them, since no step is
    /// negative and nothing overflows.
    fn new(
        input: &'a [f32],
        windows: &'a Windows,
        filters: &'a PackedFilters,
        output: &'a mut [f32],
        places: &'a Places,
        finish: Finish,
    ) -> Self {
        let of_windows = [windows.window_rows, windows.window_run];
        let of_filters = [filters.rows(), filters.run()];
        assert_eq!(of_windows, of_filters, "windows and filters differ in size");
        check(windows, input, places, filters.channels(), output);
        let job = Job {
            input,
            windows,
            filters,
            places,
            finish,
        };
        Self { job, output }
    }
}

/// Checks that the last of `windows` ends within `input`, and the last of `places`, of `channels`
/// numbers each, within `output`.
pub(crate) fn check(
    windows: &Windows,
    input: &[f32],
    places: &Places,
    channels: usize,
    output: &[f32],
) {
    assert!(
        fits(windows.end(), input.len()),
        "a window reaches beyond the input"
    );
    assert!(places.column_step >= channels, "places overlap");
    let end = places.end(windows, channels);
    assert!(fits(end, output.len()), "a place reaches beyond the output");
}

impl Windows {
    /// Returns the end of the last window, or `None` on overflow.
    fn end(&self) -> Option<usize> {
        let axes = [
            (self.images, self.image_step),
            (self.rows, self.row_step),
            (self.columns, self.column_step),
            (self.window_rows, self.window_row_step),
        ];
        end(&axes, self.window_run)
    }
}

impl Places {
    /// Returns the end of the last place, or `None` on overflow.
    fn end(&self, windows: &Windows, channels: usize) -> Option<usize> {
        let axes = [
            (windows.images, self.image_step),
            (windows.rows, self.row_step),
            (windows.columns, self.column_step),
        ];
        end(&axes, channels)
    }
}

#[cfg(test)]
mod tests;
