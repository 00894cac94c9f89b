//! The weights of a convolution, in the order in which the kernel reads them.

use crate::AlignedNumbers;
use crate::extent::product;

/// Number of filters packed together. Every level computes at least this many at once.
pub const BLOCK: usize = 16;

/// The filters of a convolution, as a model stores them.
#[derive(Debug, Clone, Copy)]
pub struct Filters<'a> {
    /// Number of filters.
    pub count: usize,
    /// Number of input channels.
    pub channels: usize,
    /// Height of the window.
    pub rows: usize,
    /// Width of the window.
    pub columns: usize,
    /// Weights: for each filter, for each channel, the window row by row.
    pub weights: &'a [f32],
    /// One number for each filter.
    pub bias: &'a [f32],
}

/// Filters in blocks of [`BLOCK`]: for each block, for each number of the window, one weight of
/// each of its filters. The last block is padded with filters of zeros.
///
/// `unsafe` code relies on the lengths that `of_parts` has checked.
#[derive(Debug)]
pub struct PackedFilters {
    rows: usize,
    run: usize,
    channels: usize,
    weights: AlignedNumbers,
    bias: Vec<f32>,
    slopes: Vec<f32>,
}

impl PackedFilters {
    /// Packs `filters` filters for windows of `rows` runs of `run` numbers.
    /// `weight(filter, row, place)` returns each weight; `bias` has one number for each filter.
    ///
    /// # Panics
    /// If a window has no numbers, or the weights do not fit in memory.
    pub fn new(
        filters: usize,
        rows: usize,
        run: usize,
        bias: &[f32],
        weight: impl Fn(usize, usize, usize) -> f32,
    ) -> Self {
        let channels = channels(filters);
        let mut weights = AlignedNumbers::with_capacity(weight_count(channels, rows, run));
        for block in (0..channels).step_by(BLOCK) {
            for row in 0..rows {
                for place in 0..run {
                    let of_block: [f32; BLOCK] = std::array::from_fn(|lane| {
                        if block + lane < filters {
                            weight(block + lane, row, place)
                        } else {
                            0.0
                        }
                    });
                    weights.extend_from_slice(&of_block);
                }
            }
        }
        Self::of_parts(rows, run, channels, weights, bias)
    }

    /// Packs `filters` for maps that hold `stored` channels; channels beyond those of the filters
    /// are ignored.
    ///
    /// # Panics
    /// If a window has no numbers, or the number of weights does not match the sizes.
    pub fn pack(filters: Filters<'_>, stored: usize) -> Self {
        filters.check();
        let channels = channels(filters.count);
        let run = product_or_most(&[filters.columns, stored]);
        let mut weights = AlignedNumbers::zeros(weight_count(channels, filters.rows, run));
        let area = filters.rows * filters.columns;
        let (places, _) = weights.as_chunks_mut::<BLOCK>();
        for_each_window(filters, stored, |block, channel, window| {
            for (place, of_block) in window.iter().enumerate() {
                places[(block * area + place) * stored + channel] = *of_block;
            }
        });
        Self::of_parts(filters.rows, run, channels, weights, filters.bias)
    }

    /// Packs the result of `transform` for the windows of `filters`, for maps that hold `stored`
    /// channels: for each of the `count` numbers that it produces, filters of one pixel without
    /// biases.
    ///
    /// `transform` receives the window of one channel: for each of its numbers, one weight of each
    /// filter of a block.
    ///
    /// # Panics
    /// If a window has no numbers, or the number of weights does not match the sizes.
    pub fn of_transformed(
        filters: Filters<'_>,
        stored: usize,
        count: usize,
        mut transform: impl FnMut(&[[f32; BLOCK]], &mut [[f32; BLOCK]]),
    ) -> Vec<Self> {
        filters.check();
        let channels = channels(filters.count);
        let weight_count = weight_count(channels, 1, stored);
        let mut packed: Vec<_> = (0..count)
            .map(|_| AlignedNumbers::with_capacity(weight_count))
            .collect();
        let mut transformed = vec![[0.0; BLOCK]; count];
        for_each_window(filters, stored, |_, _, window| {
            transform(window, &mut transformed);
            for (packed, weights) in packed.iter_mut().zip(&transformed) {
                packed.extend_from_slice(weights);
            }
        });
        let of_weights = |weights| Self::of_parts(1, stored, channels, weights, &[]);
        packed.into_iter().map(of_weights).collect()
    }

    /// Checks that the number of weights matches the sizes, and pads the biases with zeros.
    fn of_parts(
        rows: usize,
        run: usize,
        channels: usize,
        weights: AlignedNumbers,
        bias: &[f32],
    ) -> Self {
        assert!(rows > 0 && run > 0, "a window has no numbers");
        assert!(
            channels.is_multiple_of(BLOCK),
            "a block of filters is not full"
        );
        assert_eq!(
            Some(weights.len()),
            product(&[channels, rows, run]),
            "the filters have other weights than their sizes say"
        );
        let mut all = Vec::with_capacity(channels);
        all.extend(bias.iter().take(channels));
        all.resize(channels, 0.0);
        Self {
            rows,
            run,
            channels,
            weights,
            bias: all,
            slopes: vec![0.0; channels],
        }
    }

    /// Returns the same filters with `bias` as the biases of the first ones.
    ///
    /// # Panics
    /// If `bias` is longer than [`Self::channels`].
    #[must_use]
    pub fn with_bias(mut self, bias: &[f32]) -> Self {
        self.bias[..bias.len()].copy_from_slice(bias);
        self
    }

    /// Returns the same filters with `slopes` as the slopes of the first ones, for
    /// [`Finish::StorePrelu`](crate::Finish::StorePrelu); they were 0.
    ///
    /// # Panics
    /// If `slopes` is longer than [`Self::channels`].
    #[must_use]
    pub fn with_slopes(mut self, slopes: &[f32]) -> Self {
        self.slopes[..slopes.len()].copy_from_slice(slopes);
        self
    }

    /// Returns the number of runs of a window.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the number of numbers in a run.
    pub fn run(&self) -> usize {
        self.run
    }

    /// Returns the number of numbers in a result: the filters, rounded up to a multiple of
    /// [`BLOCK`].
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Returns one bias for each channel.
    pub(super) fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// Returns one slope for each channel.
    pub(super) fn slopes(&self) -> &[f32] {
        &self.slopes
    }

    /// Returns the weights of all blocks, [`Self::block_length`] for each.
    pub(super) fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// Returns the number of weights in a block. If there is a block, this does not exceed the
    /// number of all weights.
    pub(super) fn block_length(&self) -> usize {
        self.rows * self.run * BLOCK
    }

    /// Returns the same filters in allocations of exactly their size, so that a memory checker sees
    /// every access beyond them.
    #[cfg(test)]
    pub fn in_exact_memory(mut self) -> Self {
        self.weights = AlignedNumbers::exactly(&self.weights);
        self.bias = self.bias.into_boxed_slice().into_vec();
        self.slopes = self.slopes.into_boxed_slice().into_vec();
        self
    }
}

impl Filters<'_> {
    /// Checks that the number of weights matches the sizes, so that memory of those sizes can be
    /// allocated.
    ///
    /// # Panics
    /// If it does not match.
    pub fn check(&self) {
        let Self {
            count,
            channels,
            rows,
            columns,
            ..
        } = *self;
        assert_eq!(
            Some(self.weights.len()),
            product(&[count, channels, rows, columns]),
            "a convolution has other weights than its sizes say"
        );
        assert!(
            channels > 0 && rows > 0 && columns > 0,
            "a window has no numbers"
        );
    }
}

/// Returns the number of channels for `filters` filters, with the last block filled.
fn channels(filters: usize) -> usize {
    filters
        .checked_next_multiple_of(BLOCK)
        .unwrap_or(usize::MAX)
}

/// Returns the number of weights for `channels` channels, or `usize::MAX`, which fits in no memory,
/// on overflow.
fn weight_count(channels: usize, rows: usize, run: usize) -> usize {
    product_or_most(&[channels, rows, run])
}

fn product_or_most(factors: &[usize]) -> usize {
    product(factors).unwrap_or(usize::MAX)
}

/// Passes on the windows of `filters`: for each block of [`BLOCK`] filters (its index), for each of
/// `stored` channels (its index), for each number of the window, one weight of each filter. Missing
/// filters and channels have zeros.
fn for_each_window(
    filters: Filters<'_>,
    stored: usize,
    mut take: impl FnMut(usize, usize, &[[f32; BLOCK]]),
) {
    let area = product_or_most(&[filters.rows, filters.columns]);
    let of_filter = product_or_most(&[filters.channels, area]);
    let mut window = vec![[0.0; BLOCK]; area];
    for (block, block_weights) in filters
        .weights
        .chunks(of_filter.saturating_mul(BLOCK))
        .enumerate()
    {
        for channel in 0..stored {
            window.fill([0.0; BLOCK]);
            if channel < filters.channels {
                for (lane, filter) in block_weights.chunks_exact(of_filter).enumerate() {
                    let weights = &filter[channel * area..][..area];
                    for (of_block, weight) in window.iter_mut().zip(weights) {
                        of_block[lane] = *weight;
                    }
                }
            }
            take(block, channel, &window);
        }
    }
}
