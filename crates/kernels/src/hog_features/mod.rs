//! Features from a row of orientation histograms. Input: the histograms of the cells of one row and
//! the energies of the cells around them. Output: 31 numbers for each cell, as in the second half
//! of dlib's `impl_extract_fhog_features` (dlib/image_transforms/fhog.h).
//!
//! Each number of a histogram is limited to a fifth of the norm of four cells, in the four squares
//! of four that contain the cell. The features are: 18 orientations, 9 directions regardless of
//! sign, and for each of the four squares the sum over all orientations.
//!
//! All levels compute the same numbers to the last bit. AVX-512 uses the AVX2 variant: the division
//! and the root take most of the time, and they are no faster there.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod body;
mod scalar;
#[cfg(test)]
mod tests;

use super::extent::{end, fits};
use super::gradient::ORIENTATIONS;
use crate::SimdLevel;
use crate::filter_bank::PLANES;
use crate::level::kernel;

/// Maximum number of columns read and written after the last one.
pub const SLACK: usize = 8;

/// Number added to the energies of four cells before the root.
const EPSILON: f32 = 0.0001;
/// Share of the norm that limits a number, and the factor that turns the limit into 0.1.
const CUT_OFF: f32 = 0.2;
const FULL: f32 = 0.1;
/// Share of the sums over all orientations.
const TEXTURE: f32 = 2.0 * 0.2357;

/// Input for the features of a row. All rows start with the cell to the left of the first one that
/// has features.
#[derive(Debug, Clone, Copy)]
pub struct CellRows<'a> {
    /// Energies of the row above, of the row itself, and of the row below.
    pub energies: [&'a [f32]; 3],
    /// Histograms of the row: for each of the 18 orientations, `stride` cells.
    pub histograms: &'a [f32],
    /// Distance from one orientation to the next.
    pub stride: usize,
}

/// Destination of the features: number `column` of plane `plane` goes to
/// `numbers[first + plane * stride + column]`.
#[derive(Debug)]
pub struct FeatureRow<'a> {
    /// All planes.
    pub numbers: &'a mut [f32],
    /// Index of the first feature of the first plane.
    pub first: usize,
    /// Distance from one plane to the next.
    pub stride: usize,
}

/// Writes the features of `count` cells. Up to [`SLACK`] numbers after each row of them are read
/// and overwritten.
///
/// # Panics
/// If the cells have no room for two more cells and [`SLACK`], or the features have none for
/// [`SLACK`].
pub fn feature_row(level: SimdLevel, cells: CellRows<'_>, count: usize, to: FeatureRow<'_>) {
    let row = Row::new(cells, count, to);
    run(level, row);
}

kernel! {
    fn run(row: Row<'_>);
    scalar: scalar::feature_row,
    avx2: body::feature_row,
    neon: body::feature_row,
}

/// The input and output of [`feature_row`]. Only [`Row::new`] creates it, after checking it.
struct Row<'a> {
    cells: CellRows<'a>,
    count: usize,
    to: FeatureRow<'a>,
}

impl<'a> Row<'a> {
    /// Checks that these lie in their slices:
    /// - of each row of energies, the first `count + 2 + SLACK` numbers;
    /// - of each orientation `o`, as many numbers from `o * cells.stride` on;
    /// - of each plane `p`, `count + SLACK` numbers from `to.first + p * to.stride` on.
    fn new(cells: CellRows<'a>, count: usize, to: FeatureRow<'a>) -> Self {
        let (read, written) = (count.saturating_add(2 + SLACK), count.saturating_add(SLACK));
        assert!(
            cells.energies.iter().all(|row| row.len() >= read),
            "a row of energies is too short"
        );
        assert!(
            fits(
                end(&[(ORIENTATIONS, cells.stride)], read),
                cells.histograms.len()
            ),
            "the histograms are too short"
        );
        let last = end(&[(PLANES, to.stride), (2, to.first)], written);
        assert!(
            to.stride >= written && fits(last, to.numbers.len()),
            "the row of features is too short"
        );
        Self { cells, count, to }
    }
}
