//! The specification: each response is the sum over the window, first along its rows, then along its columns.

use super::{BEFORE, PlaneFilters, Responses, STRIP, Strip, TAPS};

/// Adds the responses of all filters.
pub(super) fn add_responses(strip: Strip<'_>, filters: &PlaneFilters, responses: &mut Responses) {
    let between_rows = responses.between_rows();
    let padded_rows = responses.padded_rows();
    let between = &mut responses.between[..between_rows * STRIP];
    for run in filters.runs() {
        let first = run.detector * padded_rows * STRIP;
        let numbers = &mut responses.numbers[first..first + padded_rows * STRIP];
        for filter in run.filters.clone() {
            filter_rows(strip, &filters.rows()[filter], between);
            add_columns(between, &filters.columns()[filter], numbers);
        }
    }
}

/// Writes what the row filter gives, from row [`BEFORE`] on; the rows before and behind stay 0.
fn filter_rows(strip: Strip<'_>, filter: &[f32; TAPS], between: &mut [f32]) {
    for (y, out) in between.chunks_exact_mut(STRIP).skip(BEFORE).enumerate() {
        if y == strip.rows {
            break;
        }
        let features = &strip.features[y * strip.stride..][..STRIP + TAPS - 1];
        for (window, out) in features.windows(TAPS).zip(out) {
            *out = dot(window.iter().copied(), filter);
        }
    }
}

/// Adds what the column filter makes of that.
fn add_columns(between: &[f32], filter: &[f32; TAPS], numbers: &mut [f32]) {
    for (index, number) in numbers.iter_mut().enumerate() {
        let column = between[index..].iter().step_by(STRIP);
        *number += dot(column.copied(), filter);
    }
}

fn dot(numbers: impl Iterator<Item = f32>, filter: &[f32; TAPS]) -> f32 {
    numbers.zip(filter).map(|(a, b)| a * b).sum()
}
