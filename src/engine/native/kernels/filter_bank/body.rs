//! The loops of all vector levels. `VECTORS` vectors make a row of a strip, and `ROWS` rows of responses are in
//! registers at a time, `ROWS * VECTORS` being enough sums to keep the multipliers busy.

use super::{PlaneFilters, Responses, Row, Strip, TAPS, ZEROS};
use crate::engine::native::kernels::lanes::Lanes;

/// Adds the responses of all filters.
///
/// # Safety
/// `VECTORS * COUNT` must be `STRIP`, `ROWS` must divide `ROW_BLOCK`, and everything must be as `add_responses` of
/// `mod.rs` checks.
#[inline(always)]
pub(super) unsafe fn add_responses<L: Lanes, const VECTORS: usize, const ROWS: usize>(
    simd: L,
    strip: Strip<'_>,
    filters: &PlaneFilters,
    responses: &mut Responses,
) {
    let (padded_rows, between_rows) = (responses.padded_rows(), responses.between_rows());
    for part in filters.parts() {
        let rows = &filters.rows()[part.clone()];
        let out = &mut responses.between[..];
        // SAFETY: a part has 1 to 5 filters, and the rest is as demanded of the caller.
        unsafe {
            match rows.len() {
                1 => filter_rows::<L, VECTORS, 1>(simd, strip, rows, out, between_rows),
                2 => filter_rows::<L, VECTORS, 2>(simd, strip, rows, out, between_rows),
                3 => filter_rows::<L, VECTORS, 3>(simd, strip, rows, out, between_rows),
                4 => filter_rows::<L, VECTORS, 4>(simd, strip, rows, out, between_rows),
                _ => filter_rows::<L, VECTORS, 5>(simd, strip, rows, out, between_rows),
            }
        }
        for run in filters.runs() {
            let filters_of_run = run.within(&part);
            if filters_of_run.is_empty() {
                continue;
            }
            let columns = &filters.columns()[filters_of_run.clone()];
            let between = &responses.between[(filters_of_run.start - part.start) * between_rows..];
            let numbers = &mut responses.numbers[run.detector * padded_rows..];
            for row in (0..padded_rows).step_by(ROWS) {
                let (between, numbers) = (&between[row..], &mut numbers[row..]);
                // SAFETY: `ROWS` rows of responses begin here, and `ROWS + 9` rows of each filter.
                unsafe {
                    add_columns::<L, VECTORS, ROWS>(simd, columns, between, between_rows, numbers);
                }
            }
        }
    }
}

/// Runs `FILTERS` row filters along the rows of the strip and around it.
///
/// # Safety
/// There must be `FILTERS` filters, each with room for `between_rows` rows in `out`, and the strip must have its
/// features.
#[inline(always)]
unsafe fn filter_rows<L: Lanes, const VECTORS: usize, const FILTERS: usize>(
    simd: L,
    strip: Strip<'_>,
    filters: &[[f32; TAPS]],
    out: &mut [Row],
    between_rows: usize,
) {
    let (sources, first) = (strip.sources(), strip.first_between());
    let behind = first + sources.len();
    for out in out.chunks_exact_mut(between_rows).take(FILTERS) {
        out[..first].fill(ZEROS);
        out[behind..].fill(ZEROS);
    }
    for (row, y) in (first..behind).zip(sources) {
        // SAFETY: as demanded of the caller: a row has `STRIP + TAPS - 1` features.
        unsafe {
            let features = strip.features.as_ptr().add(y * strip.stride);
            let mut sums = [[simd.splat(0.0); VECTORS]; FILTERS];
            for tap in 0..TAPS {
                let window = load_row::<L, VECTORS>(simd, features.add(tap));
                for (sums, filter) in sums.iter_mut().zip(filters) {
                    add_product(simd, sums, &window, simd.splat(filter[tap]));
                }
            }
            for (filter, sums) in sums.iter().enumerate() {
                let row = filter * between_rows + row;
                store_row(simd, out.as_mut_ptr().add(row).cast(), sums);
            }
        }
    }
}

/// Adds what the column filters of one detector make of that to `ROWS` rows of its responses.
///
/// # Safety
/// `numbers` must have `ROWS` rows, and `between` must have `ROWS + TAPS - 1` rows for each column filter, the first ones
/// `between_rows` apart.
#[inline(always)]
unsafe fn add_columns<L: Lanes, const VECTORS: usize, const ROWS: usize>(
    simd: L,
    columns: &[[f32; TAPS]],
    between: &[Row],
    between_rows: usize,
    numbers: &mut [Row],
) {
    // SAFETY: as demanded of the caller; the last row read of a filter is `ROWS + TAPS - 2`.
    unsafe {
        let numbers = numbers.as_mut_ptr();
        let mut sums = [[simd.splat(0.0); VECTORS]; ROWS];
        for (row, sums) in sums.iter_mut().enumerate() {
            *sums = load_row::<L, VECTORS>(simd, numbers.add(row).cast());
        }
        for (filter, column) in columns.iter().enumerate() {
            let between = between.as_ptr().add(filter * between_rows);
            // Two taps at a time, so that a row that is loaded counts twice.
            for tap in (0..TAPS).step_by(2) {
                let upper = simd.splat(column[tap]);
                let lower = simd.splat(column[tap + 1]);
                let first = load_row::<L, VECTORS>(simd, between.add(tap).cast());
                add_product(simd, &mut sums[0], &first, upper);
                for row in 1..ROWS {
                    let next = load_row::<L, VECTORS>(simd, between.add(tap + row).cast());
                    add_product(simd, &mut sums[row], &next, upper);
                    add_product(simd, &mut sums[row - 1], &next, lower);
                }
                let last = load_row::<L, VECTORS>(simd, between.add(tap + ROWS).cast());
                add_product(simd, &mut sums[ROWS - 1], &last, lower);
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            store_row(simd, numbers.add(row).cast(), sums);
        }
    }
}

// These are functions, not closures: a closure is not compiled for the instructions of the function around it.

/// # Safety
/// `VECTORS * COUNT` numbers must be readable.
#[inline(always)]
unsafe fn load_row<L: Lanes, const VECTORS: usize>(
    simd: L,
    from: *const f32,
) -> [L::Vector; VECTORS] {
    let mut vectors = [simd.splat(0.0); VECTORS];
    for (index, vector) in vectors.iter_mut().enumerate() {
        // SAFETY: as demanded of the caller.
        *vector = unsafe { simd.load(from.add(index * L::COUNT)) };
    }
    vectors
}

/// # Safety
/// `VECTORS * COUNT` numbers must be writable.
#[inline(always)]
unsafe fn store_row<L: Lanes, const VECTORS: usize>(
    simd: L,
    to: *mut f32,
    vectors: &[L::Vector; VECTORS],
) {
    for (index, vector) in vectors.iter().enumerate() {
        // SAFETY: as demanded of the caller.
        unsafe { simd.store(to.add(index * L::COUNT), *vector) };
    }
}

/// Adds `numbers * weight` to `sums`.
#[inline(always)]
fn add_product<L: Lanes, const VECTORS: usize>(
    simd: L,
    sums: &mut [L::Vector; VECTORS],
    numbers: &[L::Vector; VECTORS],
    weight: L::Vector,
) {
    for (sum, number) in sums.iter_mut().zip(numbers) {
        *sum = simd.multiply_add(*number, weight, *sum);
    }
}
