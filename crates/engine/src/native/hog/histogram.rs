//! Histograms of the orientations of gradients, one band of cells at a time. Input: rows of
//! gradients. Output: the histograms of the cells, filled like those of dlib's
//! `impl_extract_fhog_features` (dlib/image_transforms/fhog.h).
//!
//! Each pixel counts for the four cells around it, in shares that decrease linearly. The eight rows
//! from the middle of one row of cells to the middle of the next therefore count for these two rows
//! of cells, and eight columns between two middles for the same two columns of cells: a block. The
//! shares within a block are the same everywhere.

use crate::models::hog_filters::CELL;
use facematch_kernels::SimdLevel;
use facematch_kernels::histogram::{BLOCK, Histograms, Shares, count_row};

/// Distance of the first block's start before the first pixel.
pub(super) const BLOCK_OFFSET: usize = CELL / 2;

/// The histograms of two adjacent rows of cells while they are filled.
///
/// Cells are counted from 0, which is the one to the left of, or above, the first cell in the
/// image.
#[derive(Debug, Clone)]
pub(super) struct Band {
    level: SimdLevel,
    histograms: Histograms,
    /// Shares of the pixels of a block, row by row.
    shares: [[Shares; BLOCK]; BLOCK],
}

impl Band {
    /// Creates an empty band that is filled with the vector instructions of `level`.
    pub(super) fn new(level: SimdLevel) -> Self {
        Self {
            level,
            histograms: Histograms::default(),
            shares: shares(),
        }
    }

    /// Prepares for `blocks` blocks in a row and discards all counts.
    pub(super) fn set_size(&mut self, blocks: usize) {
        self.histograms.set_size(blocks + 1);
    }

    /// Counts the gradients of row `row` of the blocks: the first of each block, and so on.
    /// `lengths` and `orientations` start at the first column of the first block.
    pub(super) fn count(&mut self, row: usize, lengths: &[f32], orientations: &[u8]) {
        let shares = &self.shares[row];
        let histograms = &mut self.histograms;
        count_row(self.level, lengths, orientations, shares, histograms);
    }

    /// Returns the upper row of cells for `orientation`.
    pub(super) fn upper(&self, orientation: usize) -> impl Iterator<Item = f32> {
        self.histograms
            .of(orientation)
            .iter()
            .map(|[upper, _]| *upper)
    }

    /// Advances to the next band: the lower row of cells becomes the upper one.
    pub(super) fn advance(&mut self) {
        for cells in self.histograms.all_mut() {
            *cells = [cells[1], 0.0];
        }
    }

    /// Returns the number of bytes allocated.
    pub(super) fn capacity(&self) -> usize {
        self.histograms.capacity()
    }
}

/// Returns the shares of the pixels of a block.
fn shares() -> [[Shares; BLOCK]; BLOCK] {
    // Share of the lower or right cell: the distance, in cells, of the pixel's middle from the
    // middle of the upper or left cell.
    let far = |index: usize| (index as f32 + 0.5) / CELL as f32;
    std::array::from_fn(|y| {
        std::array::from_fn(|x| {
            let (lower, right) = (far(y), far(x));
            let (upper, left) = (1.0 - lower, 1.0 - right);
            [upper * left, lower * left, upper * right, lower * right]
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_counts_once_in_all() {
        for block in shares().iter().flatten() {
            assert_eq!(block.iter().sum::<f32>(), 1.0);
        }
        assert_eq!(shares()[0][7][..2], [15.0 / 256.0, 1.0 / 256.0]);
    }

    #[test]
    fn cells_of_a_row_share_the_gradients_of_a_block() {
        for blocks in [1, 4, 7] {
            let mut band = Band::new(SimdLevel::best());
            band.set_size(blocks);
            let mut lengths = vec![0.0; blocks * CELL];
            let mut orientations = vec![3; blocks * CELL];
            let last = blocks * CELL - 1;
            (lengths[last], orientations[last]) = (256.0, 17);
            band.count(0, &lengths, &orientations);
            let upper: Vec<f32> = band.upper(17).collect();
            assert_eq!(upper.len(), blocks + 1);
            assert_eq!(upper[blocks - 1..], [15.0, 225.0]);
            assert_eq!(band.upper(3).sum::<f32>(), 0.0);
            band.advance();
            let lower: Vec<f32> = band.upper(17).collect();
            assert_eq!(lower[blocks - 1..], [1.0, 15.0]);
            band.advance();
            assert_eq!(band.upper(17).sum::<f32>(), 0.0);
        }
    }
}
