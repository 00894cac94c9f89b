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
        let Convolution {
            filters,
            channels,
            rows,
            columns,
            ..
        } = *convolution;
        let weight = |filter: usize, row: usize, place: usize| {
            let (column, channel) = (place / stored, place % stored);
            if channel >= channels {
                return 0.0;
            }
            let index = ((filter * channels + channel) * rows + row) * columns + column;
            convolution.weights[index]
        };
        Self::new(filters, rows, columns * stored, &convolution.bias, weight)
    }

    /// Filters for windows of one run of `run` numbers and without biases. `weights` must be packed already; `channels`
    /// must be a multiple of [`BLOCK`].
    ///
    /// # Panics
    /// When it is not, or `weights` has another length.
    pub fn of_matrix(channels: usize, run: usize, weights: AlignedNumbers) -> Self {
        assert!(channels.is_multiple_of(BLOCK));
        assert_eq!(weights.len(), channels * run);
        Self {
            rows: 1,
            run,
            channels,
            weights,
            bias: vec![0.0; channels],
        }
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
