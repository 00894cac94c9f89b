//! The specification: each response is the sum over the window, first along its rows, then along its columns.

use super::{PlaneFilters, Responses, Row, STRIP, Strip, TAPS, ZEROS};

/// Adds the responses of all filters.
pub(super) fn add_responses(strip: Strip<'_>, filters: &PlaneFilters, responses: &mut Responses) {
    let (between_rows, padded_rows) = (responses.between_rows(), responses.padded_rows());
    let between = &mut responses.between[..between_rows];
    for run in filters.runs() {
        let first = run.detector * padded_rows;
        let numbers = &mut responses.numbers[first..first + padded_rows];
        for filter in run.filters.clone() {
            filter_rows(strip, &filters.rows()[filter], between);
            add_columns(between, &filters.columns()[filter], numbers);
        }
    }
}

/// Writes what the row filter gives; the rows before and behind are 0.
fn filter_rows(strip: Strip<'_>, filter: &[f32; TAPS], between: &mut [Row]) {
    between.fill(ZEROS);
    let out = &mut between[strip.first_between()..];
    for (y, out) in strip.sources().zip(out) {
        let features = &strip.features[y * strip.stride..][..STRIP + TAPS - 1];
        for (window, out) in features.windows(TAPS).zip(&mut out.0) {
            *out = window.iter().zip(filter).map(|(a, b)| a * b).sum();
        }
    }
}

/// Adds what the column filter makes of that.
fn add_columns(between: &[Row], filter: &[f32; TAPS], numbers: &mut [Row]) {
    for (window, numbers) in between.windows(TAPS).zip(numbers) {
        for (x, number) in numbers.0.iter_mut().enumerate() {
            let products = window.iter().zip(filter).map(|(row, b)| row.0[x] * b);
            *number += products.sum::<f32>();
        }
    }
}
