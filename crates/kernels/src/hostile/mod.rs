//! Tests of every kernel at every level with sizes that no network has: zero, one, odd, and so
//! large that sums and products wrap around. Each slice has an allocation of exactly its size, and
//! is as long as the kernel may require, or one item shorter.
//!
//! A kernel must refuse exactly the sizes that do not fit, computed here in 128 bits, and otherwise
//! give the result of the specification. Under AddressSanitizer (`.ci/run`) these tests also detect
//! an access that is out of bounds by one.

#![allow(
    clippy::borrowed_box,
    reason = "the results of the kernels are compared as they are kept: in boxes of their exact size"
)]

mod networks;

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;

use super::blend_rows::{MAX_PRECISION, RowWeights, blend_rows};
use super::convolution::{BLOCK, PackedFilters, Places, Windows, convolve};
use super::depthwise::{DepthwiseFilters, convolve_depthwise};
use super::distances::{Probe, ROWS, RowGroup, estimate_128};
use super::filter_bank::{BATCH, Cell, Extent, FilterBank, TAPS, TILE, Tiles, respond};
use super::gradient::{Neighbourhood, ORIENTATIONS, gradient_row};
use super::histogram::{self, Histograms, count_row};
use super::hog_features::{self, CellRows, FeatureRow, feature_row};
use super::resize_rows::{self, Columns, RowPair, resize_row};
use super::test_numbers::{bytes, numbers};
use super::winograd::{Grid, Scheme, join, split};
use super::{AlignedNumbers, Finish, SimdLevel};
use crate::convolution::Filters;
use crate::filter_bank::{PLANES, SeparableFilter};

/// Longest slice that is allocated in full, in items.
const LONGEST: u128 = 40_000;

/// Returns sizes whose sums and products wrap around, on 32 bits too.
fn huge() -> impl Strategy<Value = usize> {
    let max = usize::MAX;
    let sizes = vec![
        max,
        max - 1,
        max - 2,
        max - BLOCK,
        max - 15,
        max - 7,
        max / 2,
        max / 2 + 1,
        max / 2 + 2,
        max / 3 + 1,
        max / 4 + 1,
        max / 6 + 1,
        max / 16 + 1,
        max / 17 + 1,
        max / 18 + 1,
        max / 30 + 1,
        max / 31 + 1,
        max / 36 + 1,
        1 << (usize::BITS / 2),
        (1 << (usize::BITS / 2)) + 1,
        1 << (usize::BITS - 4),
        1 << (usize::BITS - 5),
    ];
    prop::sample::select(sizes)
}

/// Returns sizes that no memory holds, so allocating them is a panic; smaller ones might end the
/// process.
fn boundless() -> impl Strategy<Value = usize> {
    let max = usize::MAX;
    let sizes = vec![
        max,
        max - 1,
        max - 14,
        max - 15,
        max / 2,
        max / 2 + 1,
        max / 3 + 1,
        max / 4 + 1,
    ];
    prop::sample::select(sizes)
}

/// Returns the size of an allocation: up to `most`, occasionally one that no memory holds.
fn memory(most: usize) -> impl Strategy<Value = usize> {
    prop_oneof![12 => 0..=most, 1 => boundless()]
}

/// Returns a size up to `most`, occasionally a huge one.
fn size(most: usize) -> impl Strategy<Value = usize> {
    prop_oneof![12 => 0..=most, 1 => huge()]
}

/// Returns the number of items that a slice is too short by; mostly 0.
fn shortage() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(0_usize), 1 => Just(1)]
}

/// Returns the length of a slice that needs `needed` items and is `shortage` too short, and whether
/// it is long enough. A need that does not fit in memory gets a short slice.
fn length(needed: u128, shortage: usize) -> (usize, bool) {
    match usize::try_from(needed.min(LONGEST)) {
        Ok(length) if needed <= LONGEST => {
            let length = length.saturating_sub(shortage);
            (length, needed <= length as u128)
        }
        _ => (64, false),
    }
}

/// Returns the end of the last item along `axes` (count, step).
fn end(axes: &[(usize, usize)], length: usize) -> u128 {
    let starts = axes
        .iter()
        .map(|(count, step)| count.saturating_sub(1) as u128 * *step as u128);
    starts.sum::<u128>() + length as u128
}

/// Returns numbers in an allocation of exactly their size.
fn exact(count: usize, seed: u32) -> Box<[f32]> {
    numbers(count, seed).into_boxed_slice()
}

/// Runs `task` at every level. Each must refuse it unless it `fits`, and otherwise give the result
/// of the scalar level.
fn check<T: Debug>(
    fits: bool,
    task: impl Fn(SimdLevel) -> T,
    agree: impl Fn(&T, &T) -> bool,
) -> Result<(), TestCaseError> {
    let run = |level| catch_unwind(AssertUnwindSafe(|| task(level))).ok();
    let expected = run(SimdLevel::Scalar);
    for level in SimdLevel::available() {
        match (&run(level), &expected) {
            (Some(found), Some(expected)) if fits => {
                prop_assert!(agree(found, expected), "{level}: {found:?} {expected:?}");
            }
            (found, _) => prop_assert_eq!(found.is_some(), fits, "{}", level),
        }
    }
    Ok(())
}

fn are_close(found: &[f32], expected: &[f32]) -> bool {
    let mut pairs = found.iter().zip(expected);
    found.len() == expected.len() && pairs.all(|(a, b)| (a - b).abs() <= 1e-3 * (1.0 + b.abs()))
}

proptest! {
    #[test]
    fn blended_rows_stay_within_their_slices(
        rows in 0_usize..9,
        stride in size(200),
        width in 0_usize..150,
        short in shortage(),
        precision in 0..MAX_PRECISION + 2,
    ) {
        let needed = if rows == 0 { 0 } else { end(&[(rows, stride)], width) };
        let (length, is_source) = length(needed, short);
        let source = bytes(length, 1);
        let weights: Box<[i16]> = bytes(rows, 2).iter().map(|byte| i16::from(*byte) - 99).collect();
        let task = |level| {
            let mut out = vec![0; width].into_boxed_slice();
            let weights = RowWeights { weights: &weights, precision };
            blend_rows(level, &source, stride, weights, &mut out);
            out
        };
        check(is_source && (1..=MAX_PRECISION).contains(&precision), task, |a, b| a == b)?;
    }

    #[test]
    fn features_stay_within_their_slices(
        count in size(40),
        first in size(20),
        gaps in (size(9), size(9)),
        shortages in [shortage(), shortage(), shortage()],
        which in 0_usize..3,
    ) {
        let slack = hog_features::SLACK;
        let read = count as u128 + 2 + slack as u128;
        // Rows of histograms may overlap; rows of features may not.
        let (cell_stride, stride) = (gaps.0, count.saturating_add(slack).saturating_add(gaps.1));
        let (short, is_energies) = length(read, shortages[0]);
        let (long, _) = length(read, 0);
        let orientations = (ORIENTATIONS - 1) as u128 * cell_stride as u128;
        let (histograms, is_histograms) = length(orientations + read, shortages[1]);
        let planes = (PLANES - 1) as u128 * stride as u128;
        let needed = first as u128 + planes + count as u128 + slack as u128;
        let (written, is_written) = length(needed, shortages[2]);
        let energies = [0, 1, 2].map(|row| exact(if row == which { short } else { long }, row as u32));
        let energies = energies.map(|row| row.iter().map(|number| number.abs()).collect::<Box<[_]>>());
        let histograms: Box<[_]> = exact(histograms, 4).iter().map(|number| number.abs()).collect();
        let task = |level| {
            let mut numbers = exact(written, 5);
            let cells = CellRows {
                energies: energies.each_ref().map(|row| &**row),
                histograms: &histograms,
                stride: cell_stride,
            };
            feature_row(level, cells, count, FeatureRow { numbers: &mut numbers, first, stride });
            numbers
        };
        let agree = |a: &Box<[f32]>, b: &Box<[f32]>| {
            // Numbers after the features of a plane have no meaning.
            let of_planes = |numbers: &[f32]| -> Vec<f32> {
                let planes = (0..PLANES).flat_map(|plane| &numbers[first + plane * stride..][..count]);
                planes.chain(&numbers[..first]).copied().collect()
            };
            of_planes(a) == of_planes(b)
        };
        check(is_energies && is_histograms && is_written, task, agree)?;
    }

    #[test]
    fn histograms_stay_within_their_columns(
        columns in prop_oneof![12 => 0_usize..=20, 1 => boundless(), 1 => Just(usize::MAX / 36 + 1)],
        pixels in (0_usize..170, 0_usize..170),
        is_matched in any::<bool>(),
        any_orientation in any::<bool>(),
    ) {
        let block = histogram::BLOCK;
        let (lengths, orientations) = if is_matched {
            let blocks = pixels.0 % columns.saturating_add(1).min(22);
            (blocks * block + pixels.1 % block, blocks * block + pixels.0 % block)
        } else {
            pixels
        };
        let is_memory = columns <= 20;
        let fits = is_memory && lengths / block < columns && orientations / block == lengths / block;
        let lengths = exact(lengths, 1);
        let mut orientations = bytes(orientations, 2);
        if !any_orientation {
            orientations.iter_mut().for_each(|orientation| *orientation %= 18);
        }
        let shares = std::array::from_fn(|pixel| [0.1 * pixel as f32, 0.2, 0.3, 0.4]);
        let task = |level| {
            let mut histograms = Histograms::default();
            histograms.set_size(columns);
            count_row(level, &lengths, &orientations, &shares, &mut histograms);
            histograms.all_mut().to_vec()
        };
        check(fits, task, |a, b| a == b)?;
        // After a size that does not fit, there is room for nothing.
        let task = |level| {
            let mut histograms = Histograms::default();
            histograms.set_size(5);
            let _ = catch_unwind(AssertUnwindSafe(|| histograms.set_size(columns)));
            count_row(level, &lengths, &orientations, &shares, &mut histograms);
            histograms.all_mut().to_vec()
        };
        check(fits, task, |a, b| a == b)?;
    }

    #[test]
    fn gradients_stay_within_their_rows(
        end in size(100),
        shortages in [shortage(), shortage(), shortage()],
        which in 0_usize..9,
    ) {
        let (row, is_row) = length(end as u128 + 1, shortages[0]);
        let (other, _) = length(end as u128 + 1, 0);
        let (lengths, is_lengths) = length(end as u128, shortages[1]);
        let (orientations, is_orientations) = length(end as u128, shortages[2]);
        let rows: Vec<_> = (0..9)
            .map(|index| bytes(if index == which { row } else { other }, index as u32))
            .collect();
        let channels = |first: usize| [0, 1, 2].map(|channel| &*rows[first + channel]);
        let rows = Neighbourhood { above: channels(0), here: channels(3), below: channels(6) };
        let task = |level| {
            let mut lengths = exact(lengths, 1);
            let mut orientations = bytes(orientations, 2);
            gradient_row(level, rows, end, &mut lengths, &mut orientations);
            (lengths, orientations)
        };
        check(is_row && is_lengths && is_orientations, task, |a, b| a == b)?;
    }

    #[test]
    fn resized_rows_stay_within_their_slices(
        source_width in size(120),
        width in memory(130),
        shortages in [shortage(), shortage()],
        which in 0_usize..6,
        which_out in 0_usize..3,
        height in 1_usize..40,
    ) {
        let columns = catch_unwind(|| Columns::new(source_width, width)).ok();
        let is_memory = width <= 130 || source_width == 0;
        prop_assert_eq!(columns.is_some(), is_memory);
        let Some(columns) = columns else { return Ok(()) };
        let (row, is_row) = length(source_width as u128 + resize_rows::SLACK as u128, shortages[0]);
        let (other, _) = length(source_width as u128 + resize_rows::SLACK as u128, 0);
        let (out, is_out) = length(columns.width() as u128, shortages[1]);
        let rows: Vec<_> = (0..6)
            .map(|index| bytes(if index == which { row } else { other }, index as u32))
            .collect();
        let pairs: Vec<_> = RowPair::all(30, height).collect();
        let task = |level| {
            let mut outs = [0, 1, 2].map(|index| bytes(if index == which_out { out } else { columns.width() }, 7));
            resize_row(
                level,
                &columns,
                pairs[height / 2],
                [&rows[0], &rows[1], &rows[2]],
                [&rows[3], &rows[4], &rows[5]],
                outs.each_mut().map(|row| &mut **row),
            );
            outs
        };
        check(is_row && is_out, task, |a, b| a == b)?;
    }

    #[test]
    fn distances_need_an_estimate_for_each_probe(probes in 0_usize..12, estimates in 0_usize..12) {
        let of_rows = |seed| numbers(ROWS, seed).try_into().unwrap();
        let group = Box::new(RowGroup {
            numbers: std::array::from_fn(|place| std::array::from_fn(|row| (place * 7 + row * 13) as i8)),
            scales: of_rows(1),
            offsets: of_rows(2),
            widths: of_rows(3),
        });
        let probe = |seed| Probe::<128> {
            numbers: numbers(128, seed as u32).try_into().unwrap(),
            reach: 0.5,
        };
        let probes: Box<[_]> = (0..probes).map(probe).collect();
        let task = |level| {
            let mut estimates = vec![[0.0; ROWS]; estimates].into_boxed_slice();
            estimate_128(level, &group, &probes, &mut estimates);
            estimates
        };
        let agree = |a: &Box<[[f32; ROWS]]>, b: &Box<[[f32; ROWS]]>| {
            are_close(a.as_flattened(), b.as_flattened())
        };
        check(probes.len() == estimates, task, agree)?;
    }

    #[test]
    fn filter_banks_stay_within_their_tiles(
        extent in (size(BATCH), size(TILE), size(TILE)),
        filters in 0_usize..8,
        plane in prop_oneof![20 => 0..PLANES, 1 => size(40)],
    ) {
        let extent = Extent { tiles: extent.0, columns: extent.1, rows: extent.2 };
        let product = SeparableFilter { plane, row: [0.1; TAPS], column: [0.2; TAPS] };
        let is_extent = extent.tiles <= BATCH && extent.columns <= TILE && extent.rows <= TILE;
        let is_bank = filters <= 6 && (filters == 0 || plane < PLANES);
        let task = |level| {
            let bank = FilterBank::new((0..filters).map(|_| std::slice::from_ref(&product)));
            let mut tiles = Tiles::default();
            for tile in 0..BATCH {
                for (y, row) in tiles.rows_mut(tile).enumerate() {
                    row.fill(Cell::of((tile + y) as f32 * 0.01));
                }
            }
            respond(level, &bank, extent, &mut tiles);
            let rows = (0..extent.rows).map(|y| tiles.responses(y)[..extent.columns].to_vec());
            let cells = rows.flatten().flat_map(|cell| {
                (0..extent.tiles).flat_map(move |tile| (0..filters).map(move |filter| cell.response(tile, filter)))
            });
            cells.collect::<Vec<_>>()
        };
        check(is_extent && is_bank, task, |a, b| are_close(a, b))?;
    }

    #[test]
    fn aligned_numbers_are_as_many_as_they_say(length in memory(100), larger in memory(200)) {
        let numbers = catch_unwind(|| AlignedNumbers::zeros(length)).ok();
        prop_assert_eq!(numbers.as_ref().map(|numbers| numbers.len()), (length <= 100).then_some(length));
        let Some(mut numbers) = numbers else { return Ok(()) };
        let is_resized = catch_unwind(AssertUnwindSafe(|| numbers.resize(larger))).is_ok();
        prop_assert_eq!(is_resized, larger <= 200);
        prop_assert_eq!(numbers.len(), if is_resized { larger } else { length });
    }
}
