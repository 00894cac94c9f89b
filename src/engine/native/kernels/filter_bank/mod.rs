//! The responses of several linear filters to a strip of a feature plane. In come one plane of features and the
//! separable filters of that plane; their responses are added to those of the other planes.
//!
//! A strip is [`STRIP`] columns wide and up to [`BAND`] rows high. First a few row filters run along its rows, then
//! their column filters run along the columns of what they gave, so that the numbers in between stay in the nearest
//! cache.
//! dlib does the same plane by plane in `float_spatially_filter_image_separable`
//! (dlib/image_transforms/spatial_filtering.h), in another order of additions: sums differ in the last digits, and
//! between levels too.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod body;
mod filters;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
#[cfg(test)]
mod tests;

pub(crate) use filters::PlaneFilters;

use std::ops::Range;

use super::SimdLevel;
use crate::engine::models::hog_filters::FILTER;

/// The width of a strip.
pub(crate) const STRIP: usize = 16;
/// The height of a strip at most, for speed.
pub(crate) const BAND: usize = 72;
/// The length of a filter.
pub(crate) const TAPS: usize = FILTER;
/// How many rows and columns of a window lie before its centre, where it may leave the plane.
pub(crate) const BEFORE: usize = (TAPS - 1) / 2;
/// By how many rows the responses are computed at most.
const ROW_BLOCK: usize = 8;
/// How many row filters run along a strip before their column filters do.
const MOST_FILTERS: usize = 5;

/// A strip of one plane, and the features around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strip<'a> {
    /// The plane, without the columns left of the strip. Response `column` of a row is made of the features `column` to
    /// `column + 9`.
    pub(crate) features: &'a [f32],
    /// The distance from one row of the plane to the next.
    pub(crate) stride: usize,
    /// The number of rows of the plane; those above and below are taken to be 0.
    pub(crate) plane_rows: usize,
    /// The first row of the strip.
    pub(crate) first: usize,
    /// The number of rows of the strip.
    pub(crate) rows: usize,
}

impl Strip<'_> {
    /// The rows of the plane that the responses are made of.
    fn sources(&self) -> Range<usize> {
        let end = self.first + self.rows + TAPS - 1 - BEFORE;
        self.first.saturating_sub(BEFORE)..end.min(self.plane_rows)
    }

    /// Where the row filters' numbers of the first of these rows go; the rows before and behind them are 0.
    fn first_between(&self) -> usize {
        BEFORE.saturating_sub(self.first)
    }
}

/// A row of a strip, at the beginning of a line of the cache: a vector that lies in two lines takes twice the time.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Row([f32; STRIP]);

const ZEROS: Row = Row([0.0; STRIP]);

/// The responses of all detectors in a strip.
#[derive(Debug, Clone, Default)]
pub(crate) struct Responses {
    rows: usize,
    /// Detector by detector, row by row; some rows at the end of each detector mean nothing.
    numbers: Vec<Row>,
    /// What some row filters gave, filter by filter, beginning [`BEFORE`] rows above the strip.
    between: Vec<Row>,
}

impl Responses {
    /// Prepares for strips of `rows` rows and for `detectors` detectors.
    pub(crate) fn set_size(&mut self, rows: usize, detectors: usize) {
        self.rows = rows;
        let (padded, between) = (self.padded_rows(), self.between_rows());
        self.numbers.clear();
        self.numbers.resize(detectors * padded, ZEROS);
        self.between.clear();
        self.between.resize(MOST_FILTERS * between, ZEROS);
    }

    /// Forgets the responses of the strip before.
    pub(crate) fn clear(&mut self) {
        self.numbers.fill(ZEROS);
    }

    /// The responses of `detector`, row by row.
    pub(crate) fn rows(&self, detector: usize) -> impl Iterator<Item = &[f32; STRIP]> {
        let first = detector * self.padded_rows();
        let rows = &self.numbers[first..first + self.rows];
        rows.iter().map(|row| &row.0)
    }

    /// How many bytes it holds in memory.
    pub(crate) fn capacity(&self) -> usize {
        (self.numbers.capacity() + self.between.capacity()) * size_of::<Row>()
    }

    fn padded_rows(&self) -> usize {
        self.rows.next_multiple_of(ROW_BLOCK)
    }

    fn between_rows(&self) -> usize {
        self.padded_rows() + TAPS - 1
    }
}

/// Adds the responses of `filters` to `responses`.
///
/// # Panics
/// When the strip has less features than its size says, or `responses` was prepared for another number of rows or for
/// less detectors.
pub(crate) fn add_responses(
    level: SimdLevel,
    strip: Strip<'_>,
    filters: &PlaneFilters,
    responses: &mut Responses,
) {
    if strip.rows == 0 {
        return;
    }
    assert_eq!(strip.rows, responses.rows);
    assert!(strip.first + strip.rows <= strip.plane_rows);
    let last = (strip.plane_rows - 1) * strip.stride;
    assert!(strip.features.len() >= last + STRIP + TAPS - 1);
    let detectors = responses.numbers.len() / responses.padded_rows();
    assert!(filters.runs().iter().all(|run| run.detector < detectors));
    match level {
        SimdLevel::Scalar => scalar::add_responses(strip, filters, responses),
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx2(simd) => avx2::add_responses(simd, strip, filters, responses),
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx512(simd) => avx512::add_responses(simd, strip, filters, responses),
        #[cfg(target_arch = "aarch64")]
        SimdLevel::Neon(simd) => neon::add_responses(simd, strip, filters, responses),
    }
}
