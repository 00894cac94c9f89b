//! Adds the gradients of a row of pixels to the histograms of the surrounding cells. Input: lengths
//! and orientations, eight pixels per block. Output: four numbers are increased for each pixel, as
//! in dlib's `impl_extract_fhog_features` (dlib/image_transforms/fhog.h).
//!
//! The four numbers are adjacent, so they are one vector of four on every processor. Only the data
//! decides which ones, so wider vectors are of no use, and AVX-512 uses the AVX2 variant. Four
//! distant blocks are filled in turn, so a sum need not wait for the one before it. All levels
//! compute the same numbers to the last bit.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod body;
mod scalar;
#[cfg(test)]
mod tests;

use super::gradient::ORIENTATIONS;
use crate::SimdLevel;
use crate::level::kernel;

/// Width of a block, in pixels.
pub const BLOCK: usize = 8;

/// Shares of a pixel: upper left cell, lower left, upper right, lower right.
pub type Shares = [f32; 4];

/// The histograms of two adjacent rows of cells: for each orientation and each column of cells, the
/// upper and the lower number.
#[derive(Debug, Clone)]
pub struct Histograms {
    columns: usize,
    /// `2 * columns` numbers for each orientation. `unsafe` code relies on this and on `starts`;
    /// only [`Self::set_size`] changes them.
    numbers: Vec<f32>,
    /// Start of each orientation; one for every value of a byte, so none is out of range.
    starts: [usize; 256],
}

impl Default for Histograms {
    fn default() -> Self {
        Self {
            columns: 0,
            numbers: Vec::new(),
            starts: [0; 256],
        }
    }
}

impl Histograms {
    /// Prepares for `columns` columns of cells and discards all counts.
    ///
    /// # Panics
    /// If `columns` columns do not fit in memory.
    pub fn set_size(&mut self, columns: usize) {
        let length = columns.saturating_mul(ORIENTATIONS * 2);
        // `Vec` refuses a length that does not fit; until it has room, there are no columns.
        self.columns = 0;
        self.numbers.clear();
        self.numbers.resize(length, 0.0);
        self.columns = columns;
        for (orientation, start) in self.starts.iter_mut().enumerate() {
            *start = orientation.min(ORIENTATIONS - 1) * 2 * columns;
        }
    }

    /// Returns the numbers of one orientation: for each column, the upper and the lower cell.
    #[inline]
    pub fn of(&self, orientation: usize) -> &[[f32; 2]] {
        let start = self.starts[orientation];
        let numbers = &self.numbers[start..start + 2 * self.columns];
        numbers.as_chunks().0
    }

    /// Returns all numbers, orientation by orientation.
    #[inline]
    pub fn all_mut(&mut self) -> &mut [[f32; 2]] {
        self.numbers.as_chunks_mut().0
    }

    /// Returns the number of bytes allocated.
    pub fn capacity(&self) -> usize {
        self.numbers.capacity() * size_of::<f32>()
    }
}

/// Counts a row of pixels. Block `b` counts for the columns `b` and `b + 1` of cells; `shares` are
/// those of the eight pixels of each block. An orientation above 17 counts as 17.
///
/// # Panics
/// If the blocks outnumber the columns minus one, or the numbers of orientations and lengths
/// differ.
pub fn count_row(
    level: SimdLevel,
    lengths: &[f32],
    orientations: &[u8],
    shares: &[Shares; BLOCK],
    histograms: &mut Histograms,
) {
    run(level, Row::new(lengths, orientations, shares, histograms));
}

kernel! {
    fn run(row: Row<'_>);
    scalar: scalar::count_row,
    avx2: body::count_row,
    neon: body::count_row,
}

/// The input and output of [`count_row`]. Only [`Row::new`] creates it, after checking the lengths.
struct Row<'a> {
    lengths: &'a [[f32; BLOCK]],
    orientations: &'a [[u8; BLOCK]],
    shares: &'a [Shares; BLOCK],
    histograms: &'a mut Histograms,
}

impl<'a> Row<'a> {
    /// Checks that there are as many orientations as lengths, and more columns than blocks.
    fn new(
        lengths: &'a [f32],
        orientations: &'a [u8],
        shares: &'a [Shares; BLOCK],
        histograms: &'a mut Histograms,
    ) -> Self {
        let (lengths, _) = lengths.as_chunks();
        let (orientations, _) = orientations.as_chunks();
        assert_eq!(
            orientations.len(),
            lengths.len(),
            "a length has no orientation"
        );
        assert!(lengths.len() < histograms.columns, "a block has no column");
        Self {
            lengths,
            orientations,
            shares,
            histograms,
        }
    }
}
