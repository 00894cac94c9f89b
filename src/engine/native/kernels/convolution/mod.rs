//! Sums of products over windows: the heart of a convolution, and with windows of one row the product of two matrices.
//! In come maps with their channels next to each other, and [`PackedFilters`]; out come maps of the same kind.
//!
//! A window is `window_rows` runs of `window_run` numbers, one `window_row_step` after the other. As the channels of a
//! pixel are neighbours in memory, and pixels of a row are, one run covers the whole width of a window.
//!
//! For the window at `start` and each filter the result is `bias + sum(input[start + ...] * weight)`.

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

pub use filters::{BLOCK, PackedFilters};

use super::{Finish, SimdLevel};

/// Where the windows lie in the input. All steps are in numbers, not in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// How many images there are, one behind the other.
    pub images: usize,
    /// How many rows of windows each image has.
    pub rows: usize,
    /// How many windows each row has.
    pub columns: usize,
    /// From a window to the same one of the next image.
    pub image_step: usize,
    /// From a window to the one below it.
    pub row_step: usize,
    /// From a window to the one on its right.
    pub column_step: usize,
    /// How many runs a window has.
    pub window_rows: usize,
    /// From one run of a window to the next.
    pub window_row_step: usize,
    /// How many numbers a run has.
    pub window_run: usize,
}

/// Where the results go. All steps are in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// From a result to the same one of the next image.
    pub image_step: usize,
    /// From a result to the one below it.
    pub row_step: usize,
    /// From a result to the one on its right; at least [`PackedFilters::channels`].
    pub column_step: usize,
}

/// Computes the results of all `windows` of `input` and puts them into their `places` in `output`: for each window
/// [`PackedFilters::channels`] numbers.
///
/// # Panics
/// When a window reaches beyond `input`, a place beyond `output`, or the window and the filters differ in size.
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
    assert_eq!(windows.window_rows, filters.rows());
    assert_eq!(windows.window_run, filters.run());
    assert!(windows.end() <= input.len());
    assert!(places.column_step >= filters.channels());
    assert!(places.end(windows, filters.channels()) <= output.len());
    let task = Task {
        input,
        windows,
        filters,
        places,
        finish,
    };
    match level {
        SimdLevel::Scalar => scalar::run(&task, output),
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx2(avx2) => avx2::run(avx2, &task, output),
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx512(avx512) => avx512::run(avx512, &task, output),
        #[cfg(target_arch = "aarch64")]
        SimdLevel::Neon(neon) => neon::run(neon, &task, output),
    }
}

/// What there is to compute, checked: every window lies in the input, every place in the output.
struct Task<'a> {
    input: &'a [f32],
    windows: &'a Windows,
    filters: &'a PackedFilters,
    places: &'a Places,
    finish: Finish,
}

impl Windows {
    /// The end of the last window.
    fn end(&self) -> usize {
        let last = [
            (self.images, self.image_step),
            (self.rows, self.row_step),
            (self.columns, self.column_step),
            (self.window_rows, self.window_row_step),
        ];
        reach(&last) + self.window_run
    }
}

impl Places {
    /// The end of the last place.
    fn end(&self, windows: &Windows, channels: usize) -> usize {
        let last = [
            (windows.images, self.image_step),
            (windows.rows, self.row_step),
            (windows.columns, self.column_step),
        ];
        reach(&last) + channels
    }
}

/// Where the last of so many things, so many steps apart, begins.
fn reach(counts_and_steps: &[(usize, usize)]) -> usize {
    let parts = counts_and_steps
        .iter()
        .map(|(count, step)| count.saturating_sub(1).saturating_mul(*step));
    parts.fold(0, usize::saturating_add)
}

#[cfg(test)]
mod tests;
