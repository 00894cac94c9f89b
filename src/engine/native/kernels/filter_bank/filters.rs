//! The filters of one plane, sorted by detector.

use std::ops::Range;

use super::{MOST_FILTERS, TAPS};

/// The separable filters of all detectors that look at one plane.
#[derive(Debug, Clone, Default)]
pub(crate) struct PlaneFilters {
    rows: Vec<[f32; TAPS]>,
    columns: Vec<[f32; TAPS]>,
    runs: Vec<Run>,
}

/// The filters of one detector.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) detector: usize,
    /// Which of the plane's filters; never empty.
    pub(super) filters: Range<usize>,
}

impl PlaneFilters {
    /// Adds a filter of `detector`. A detector's filters must follow one another.
    pub(crate) fn push(&mut self, detector: usize, row: [f32; TAPS], column: [f32; TAPS]) {
        let index = self.rows.len();
        self.rows.push(row);
        self.columns.push(column);
        match self.runs.last_mut() {
            Some(run) if run.detector == detector => run.filters.end = index + 1,
            _ => self.runs.push(Run {
                detector,
                filters: index..index + 1,
            }),
        }
    }

    pub(super) fn rows(&self) -> &[[f32; TAPS]] {
        &self.rows
    }

    pub(super) fn columns(&self) -> &[[f32; TAPS]] {
        &self.columns
    }

    pub(super) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// All filters in parts of about the same size, at most [`MOST_FILTERS`].
    pub(super) fn parts(&self) -> impl Iterator<Item = Range<usize>> {
        let count = self.rows.len();
        let parts = count.div_ceil(MOST_FILTERS);
        (0..parts).map(move |part| part * count / parts..(part + 1) * count / parts)
    }
}

impl Run {
    /// The filters of the run that are in `part`.
    pub(super) fn within(&self, part: &Range<usize>) -> Range<usize> {
        self.filters.start.max(part.start)..self.filters.end.min(part.end)
    }
}
