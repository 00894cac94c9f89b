//! A depthwise convolution: each map has a window of its own. Input: maps with adjacent channels,
//! and [`DepthwiseFilters`]. Output: maps of the same kind, with as many channels.
//!
//! For the window at `start` and each channel, the result is
//! `bias + sum(input[start + ...] * weight)` over the pixels of the window.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod body;
mod scalar;

use crate::convolution::{BLOCK, Places, Windows, check};
use crate::extent::product;
use crate::level::kernel;
use crate::{AlignedNumbers, Finish, SimdLevel};

/// The windows of all channels: for each place of the window, one weight of each channel.
///
/// `unsafe` code relies on the lengths that `new` has checked.
#[derive(Debug)]
pub struct DepthwiseFilters {
    rows: usize,
    columns: usize,
    channels: usize,
    weights: AlignedNumbers,
    bias: Vec<f32>,
    slopes: Vec<f32>,
}

impl DepthwiseFilters {
    /// Packs windows of `rows` x `columns` pixels for maps that hold `channels` channels. `weights`
    /// has the window of each channel, row by row; `bias` and `slopes` (for
    /// [`Finish::StorePrelu`]) have one number for each. Maps may hold more channels than there are
    /// windows; the results of those are 0.
    ///
    /// # Panics
    /// If a window has no pixels, if `channels` is not a multiple of [`BLOCK`] or less than the
    /// number of windows, or if the number of weights or slopes does not match the sizes.
    pub fn new(
        [rows, columns]: [usize; 2],
        channels: usize,
        weights: &[f32],
        bias: &[f32],
        slopes: &[f32],
    ) -> Self {
        assert!(rows > 0 && columns > 0, "a window has no pixels");
        let is_whole = channels.is_multiple_of(BLOCK);
        assert!(is_whole, "a block of channels is not full");
        assert!(bias.len() <= channels, "there are too many windows");
        assert_eq!(bias.len(), slopes.len(), "a window has no slope");
        assert_eq!(
            product(&[rows, columns, bias.len()]),
            Some(weights.len()),
            "the windows have other weights than their sizes say"
        );
        let Some(length) = product(&[rows, columns, channels]) else {
            panic!("the weights do not fit in memory");
        };
        let mut packed = AlignedNumbers::zeros(length);
        for (channel, window) in weights.chunks_exact(rows * columns).enumerate() {
            for (place, weight) in window.iter().enumerate() {
                packed[place * channels + channel] = *weight;
            }
        }
        let padded = |numbers: &[f32]| {
            let mut all = Vec::with_capacity(channels);
            all.extend(numbers);
            all.resize(channels, 0.0);
            all
        };
        Self {
            rows,
            columns,
            channels,
            weights: packed,
            bias: padded(bias),
            slopes: padded(slopes),
        }
    }

    /// Returns the number of channels of the input and of the output.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Returns the same filters in allocations of exactly their size, so that a memory checker sees
    /// every access beyond them.
    #[cfg(test)]
    pub(crate) fn in_exact_memory(mut self) -> Self {
        self.weights = AlignedNumbers::exactly(&self.weights);
        self.bias = self.bias.into_boxed_slice().into_vec();
        self.slopes = self.slopes.into_boxed_slice().into_vec();
        self
    }
}

/// Computes the results of all `windows` of `input` and writes them to their `places` in `output`:
/// [`DepthwiseFilters::channels`] numbers for each window. A run of a window is as many pixels, all
/// their channels included, as the filters are wide.
///
/// # Panics
/// If a window extends beyond `input`, a place extends beyond `output`, or the window and the
/// filters differ in size.
pub fn convolve_depthwise(
    level: SimdLevel,
    input: &[f32],
    windows: &Windows,
    filters: &DepthwiseFilters,
    output: &mut [f32],
    places: &Places,
    finish: Finish,
) {
    if windows.images == 0 || windows.rows == 0 || windows.columns == 0 {
        return;
    }
    run(
        level,
        Task::new(input, windows, filters, output, places, finish),
    );
}

kernel! {
    fn run(task: Task<'_>);
    scalar: scalar::run,
    avx2: body::run,
    avx512: body::run,
    neon: body::run,
}

/// A job and its output. Only [`Task::new`] creates it, after checking it.
struct Task<'a> {
    job: Job<'a>,
    output: &'a mut [f32],
}

/// The input of a [`Task`].
struct Job<'a> {
    input: &'a [f32],
    windows: &'a Windows,
    filters: &'a DepthwiseFilters,
    places: &'a Places,
    finish: Finish,
}

impl<'a> Task<'a> {
    /// Checks that the windows have the size of the filters, and that the last window and the last
    /// place end within their slices. All others start, and so end, before them.
    fn new(
        input: &'a [f32],
        windows: &'a Windows,
        filters: &'a DepthwiseFilters,
        output: &'a mut [f32],
        places: &'a Places,
        finish: Finish,
    ) -> Self {
        let of_windows = [windows.window_rows, windows.window_run];
        let of_filters = [filters.rows, filters.columns * filters.channels];
        assert_eq!(of_windows, of_filters, "windows and filters differ in size");
        check(windows, input, places, filters.channels, output);
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

impl Job<'_> {
    /// Returns the start of the first window of each row of each image, and of its first place.
    fn rows(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (windows, places) = (*self.windows, *self.places);
        (0..windows.images).flat_map(move |image| {
            (0..windows.rows).map(move |row| {
                (
                    image * windows.image_step + row * windows.row_step,
                    image * places.image_step + row * places.row_step,
                )
            })
        })
    }
}

#[cfg(test)]
mod tests;
