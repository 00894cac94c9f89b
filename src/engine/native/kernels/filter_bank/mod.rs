//! The responses of several linear filters to a strip of a feature plane. In come one plane of features and the
//! separable filters of that plane; their responses are added to those of the other planes.
//!
//! A strip is [`STRIP`] columns wide and as high as the plane. First each row filter runs along all rows, then each
//! column filter runs along all columns of what the row filters gave, so that the numbers in between stay in the cache.
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

use super::SimdLevel;

/// The width of a strip.
pub(crate) const STRIP: usize = 16;
/// The length of a filter.
pub(crate) const TAPS: usize = 10;
/// How many rows and columns of a window lie before its centre, where it may leave the plane.
pub(crate) const BEFORE: usize = (TAPS - 1) / 2;
/// By how many rows the responses are computed at most.
const ROW_BLOCK: usize = 8;

/// A strip of one plane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strip<'a> {
    /// From the strip's first feature on. Response `column` of a row is made of the features `column` to `column + 9`.
    pub(crate) features: &'a [f32],
    /// The distance from one row to the next.
    pub(crate) stride: usize,
    /// The number of rows.
    pub(crate) rows: usize,
}

/// The responses of all detectors in a strip.
#[derive(Debug, Clone, Default)]
pub(crate) struct Responses {
    rows: usize,
    /// Detector by detector, row by row, [`STRIP`] in a row; some rows at the end of each detector mean nothing.
    numbers: Vec<f32>,
    /// What the row filters of one plane gave, filter by filter, with rows of zeros above and below.
    between: Vec<f32>,
}

impl Responses {
    /// Prepares for `strips` of `rows` rows, `detectors` detectors and at most `filters` filters of a plane.
    pub(crate) fn set_size(&mut self, rows: usize, detectors: usize, filters: usize) {
        self.rows = rows;
        let (padded, between) = (self.padded_rows(), self.between_rows());
        self.numbers.clear();
        self.numbers.resize(detectors * padded * STRIP, 0.0);
        self.between.clear();
        self.between.resize(filters * between * STRIP, 0.0);
    }

    /// Forgets the responses of the strip before.
    pub(crate) fn clear(&mut self) {
        self.numbers.fill(0.0);
    }

    /// The responses of `detector`, row by row.
    pub(crate) fn rows(&self, detector: usize) -> impl Iterator<Item = &[f32; STRIP]> {
        let length = self.padded_rows() * STRIP;
        let numbers = &self.numbers[detector * length..(detector + 1) * length];
        numbers.as_chunks::<STRIP>().0.iter().take(self.rows)
    }

    /// How many bytes it holds in memory.
    pub(crate) fn capacity(&self) -> usize {
        (self.numbers.capacity() + self.between.capacity()) * size_of::<f32>()
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
/// less detectors or filters.
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
    let last = (strip.rows - 1) * strip.stride;
    assert!(strip.features.len() >= last + STRIP + TAPS - 1);
    let detectors = responses.numbers.len() / (responses.padded_rows() * STRIP);
    assert!(filters.runs().iter().all(|run| run.detector < detectors));
    let room = responses.between.len() / (responses.between_rows() * STRIP);
    assert!(filters.len() <= room);
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
