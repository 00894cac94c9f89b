//! Turns a row of orientation histograms into a row of features. In come the histograms of the cells of one row and the
//! energies of the cells around them; out come 31 numbers for each cell, as in the second half of dlib's
//! `impl_extract_fhog_features` (dlib/image_transforms/fhog.h).
//!
//! Each number of a histogram is cut off at a fifth of the norm of four cells, in the four ways in which a cell lies in
//! a square of four. The features are: 18 orientations, 9 directions without regard to their sign, and for each of the
//! four squares the sum over all orientations.
//!
//! All levels compute the same numbers to the last bit. AVX-512 takes the variant of AVX2: the division and the root
//! take the time, and they are no faster there.

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

/// How many columns behind the last one are read and written at most.
pub const SLACK: usize = 8;

/// The norm of four cells is taken over the root of their energies and this.
const EPSILON: f32 = 0.0001;
/// At which share of the norm a number is cut off, and what makes the cut-off number 0.1.
const CUT_OFF: f32 = 0.2;
const FULL: f32 = 0.1;
/// The share of the sums over all orientations.
const TEXTURE: f32 = 2.0 * 0.2357;

/// What the features of a row are made of. All rows begin with the cell left of the first one that has features.
#[derive(Debug, Clone, Copy)]
pub struct CellRows<'a> {
    /// The energies of the row above, of the row itself, and of the row below.
    pub energies: [&'a [f32]; 3],
    /// The histograms of the row: for each of the 18 orientations, `stride` cells.
    pub histograms: &'a [f32],
    /// The distance from one orientation to the next.
    pub stride: usize,
}

/// Where the features go: number `column` of plane `plane` to `numbers[first + plane * stride + column]`.
#[derive(Debug)]
pub struct FeatureRow<'a> {
    /// All planes.
    pub numbers: &'a mut [f32],
    /// The place of the first feature of the first plane.
    pub first: usize,
    /// The distance from one plane to the next.
    pub stride: usize,
}

/// Writes the features of `count` cells. Up to [`SLACK`] numbers behind each row of them are read and overwritten.
///
/// # Panics
/// If the cells have no room for two more cells and [`SLACK`], or the features none for [`SLACK`].
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

/// What [`feature_row`] has to compute, checked by [`Row::new`], which alone makes it.
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
