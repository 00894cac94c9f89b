//! The weights of a convolution in the order in which the kernel reads them.

use super::super::AlignedNumbers;
use crate::engine::models::network::Convolution;

/// How many filters are packed together. Every level computes at least so many at once.
pub const BLOCK: usize = 16;

/// Filters in blocks of [`BLOCK`]: for each block, for each number of the window, one weight of each of its filters.
/// The last block is filled up with filters of zeros.
#[derive(Debug)]
pub struct PackedFilters {
    rows: usize,
    run: usize,
    channels: usize,
    weights: AlignedNumbers,
    bias: Vec<f32>,
}

impl PackedFilters {
    /// Packs `filters` filters for windows of `rows` runs of `run` numbers. `weight(filter, row, place)` says them,
    /// `bias` has one number for each filter.
    pub fn new(
        filters: usize,
        rows: usize,
        run: usize,
        bias: &[f32],
        weight: impl Fn(usize, usize, usize) -> f32,
    ) -> Self {
        let channels = filters.next_multiple_of(BLOCK);
        let mut weights = AlignedNumbers::with_capacity(channels * rows * run);
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
        let mut bias = bias.to_vec();
        bias.resize(channels, 0.0);
        Self {
            rows,
            run,
            channels,
            weights,
            bias,
        }
    }

    /// Packs `convolution` for maps that hold `stored` channels, of which those beyond the convolution's are ignored.
    pub fn of_convolution(convolution: &Convolution, stored: usize) -> Self {
        let channels = convolution.filters.next_multiple_of(BLOCK);
        let area = convolution.rows * convolution.columns;
        let mut weights = AlignedNumbers::zeros(channels * area * stored);
        let (places, _) = weights.as_chunks_mut::<BLOCK>();
        for_each_window(convolution, stored, |block, channel, window| {
            for (place, of_block) in window.iter().enumerate() {
                places[(block * area + place) * stored + channel] = *of_block;
            }
        });
        let mut bias = convolution.bias.clone();
        bias.resize(channels, 0.0);
        Self {
            rows: convolution.rows,
            run: convolution.columns * stored,
            channels,
            weights,
            bias,
        }
    }

    /// Packs what `transform` makes of the windows of `convolution`, for maps that hold `stored` channels: filters of one
    /// pixel, without biases, for each of the `count` numbers that it makes.
    ///
    /// `transform` is given the window of one channel, for each of its numbers one weight of each filter of a block.
    pub fn of_transformed(
        convolution: &Convolution,
        stored: usize,
        count: usize,
        mut transform: impl FnMut(&[[f32; BLOCK]], &mut [[f32; BLOCK]]),
    ) -> Vec<Self> {
        let channels = convolution.filters.next_multiple_of(BLOCK);
        let mut packed: Vec<_> = (0..count)
            .map(|_| AlignedNumbers::with_capacity(channels * stored))
            .collect();
        let mut transformed = vec![[0.0; BLOCK]; count];
        for_each_window(convolution, stored, |_, _, window| {
            transform(window, &mut transformed);
            for (packed, weights) in packed.iter_mut().zip(&transformed) {
                packed.extend_from_slice(weights);
            }
        });
        let of_weights = |weights| Self {
            rows: 1,
            run: stored,
            channels,
            weights,
            bias: vec![0.0; channels],
        };
        packed.into_iter().map(of_weights).collect()
    }

    /// The same with `bias` as the first filters' biases.
    ///
    /// # Panics
    /// When there are more of them than [`Self::channels`].
    #[must_use]
    pub fn with_bias(mut self, bias: &[f32]) -> Self {
        self.bias[..bias.len()].copy_from_slice(bias);
        self
    }

    /// How many runs a window has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many numbers a run has.
    pub fn run(&self) -> usize {
        self.run
    }

    /// How many numbers a result has: the filters, and zeros up to a multiple of [`BLOCK`].
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// One number for each channel.
    pub(super) fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// The weights of all blocks; each has [`Self::block_length`] of them.
    pub(super) fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// How many weights a block has.
    pub(super) fn block_length(&self) -> usize {
        self.rows * self.run * BLOCK
    }
}

/// Hands out the windows of `convolution`: for each block of [`BLOCK`] filters (its index), for each of `stored` channels
/// (its index), for each number of the window one weight of each filter; zeros where there is no such filter or channel.
fn for_each_window(
    convolution: &Convolution,
    stored: usize,
    mut take: impl FnMut(usize, usize, &[[f32; BLOCK]]),
) {
    let area = convolution.rows * convolution.columns;
    let of_filter = convolution.channels * area;
    let mut window = vec![[0.0; BLOCK]; area];
    for (block, filters) in convolution.weights.chunks(BLOCK * of_filter).enumerate() {
        for channel in 0..stored {
            window.fill([0.0; BLOCK]);
            if channel < convolution.channels {
                for (lane, filter) in filters.chunks_exact(of_filter).enumerate() {
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
