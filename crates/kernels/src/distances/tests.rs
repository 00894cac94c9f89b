use super::*;
use crate::test_numbers::numbers;

/// Size of the encodings of most tests.
const SIZE: usize = 128;

fn group<const SIZE: usize>(seed: u32) -> RowGroup<SIZE> {
    let mut bytes = numbers(ROWS * SIZE, seed).into_iter();
    let mut per_row = numbers(3 * ROWS, seed + 1).into_iter();
    let mut row_numbers = || std::array::from_fn(|_| per_row.next().unwrap());
    RowGroup {
        numbers: std::array::from_fn(|_| {
            std::array::from_fn(|_| (bytes.next().unwrap() * 127.0).round() as i8)
        }),
        scales: row_numbers(),
        offsets: row_numbers(),
        widths: row_numbers(),
    }
}

fn probes<const SIZE: usize>(count: usize) -> Vec<Probe<SIZE>> {
    let values = numbers(count * (SIZE + 1), 5);
    let probe = |values: &[f32]| Probe {
        numbers: values[1..].try_into().unwrap(),
        reach: values[0],
    };
    values.chunks_exact(SIZE + 1).map(probe).collect()
}

/// Either kernel.
type Estimate<const SIZE: usize> =
    fn(SimdLevel, &RowGroup<SIZE>, &[Probe<SIZE>], &mut [[f32; ROWS]]);

fn estimates_by<const SIZE: usize>(
    estimate: Estimate<SIZE>,
    level: SimdLevel,
    group: &RowGroup<SIZE>,
    probes: &[Probe<SIZE>],
) -> Vec<[f32; ROWS]> {
    let mut estimates = vec![[f32::NAN; ROWS]; probes.len()];
    estimate(level, group, probes, &mut estimates);
    estimates
}

fn estimates(level: SimdLevel, group: &RowGroup<SIZE>, probes: &[Probe<SIZE>]) -> Vec<[f32; ROWS]> {
    estimates_by(estimate_128, level, group, probes)
}

#[test]
fn all_levels_agree_within_rounding() {
    levels_agree(estimate_128);
    levels_agree(estimate_192);
}

fn levels_agree<const SIZE: usize>(estimate: Estimate<SIZE>) {
    let levels = SimdLevel::available();
    println!("levels: {levels:?}");
    for count in [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17] {
        let (group, probes) = (group::<SIZE>(count as u32), probes(count));
        let expected = estimates_by(estimate, SimdLevel::Scalar, &group, &probes);
        for &level in &levels {
            let found = estimates_by(estimate, level, &group, &probes);
            for (found, expected) in found.as_flattened().iter().zip(expected.as_flattened()) {
                // Each sum has up to 192 products of at most 127.
                let difference = (found - expected).abs();
                assert!(difference < 1e-2, "{level} {count}: {found} {expected}");
            }
        }
    }
}

#[test]
fn small_whole_numbers_come_out_exactly() {
    let mut group = group::<SIZE>(3);
    group.scales = std::array::from_fn(|row| if row % 2 == 0 { -2.0 } else { 0.5 });
    group.offsets = std::array::from_fn(|row| row as f32);
    group.widths = [3.0; ROWS];
    let mut probes = probes(6);
    for (index, probe) in probes.iter_mut().enumerate() {
        probe.numbers = [0.0; SIZE];
        probe.numbers[index * 20 + 7] = 4.0;
        probe.reach = -(index as f32);
    }
    for level in SimdLevel::available() {
        for (index, found) in estimates(level, &group, &probes).iter().enumerate() {
            for (row, found) in found.iter().enumerate() {
                let product = 4.0 * f32::from(group.numbers[index * 20 + 7][row]);
                let expected =
                    group.offsets[row] + group.scales[row] * product - 3.0 * index as f32;
                assert_eq!(*found, expected, "{level} probe {index} row {row}");
            }
        }
    }
}

#[test]
fn a_row_without_an_estimate_stays_without_one_and_spoils_no_other() {
    let mut group = group::<SIZE>(4);
    group.offsets[9] = f32::NAN;
    for level in SimdLevel::available() {
        for found in estimates(level, &group, &probes(5)) {
            for (row, found) in found.iter().enumerate() {
                assert_eq!(found.is_nan(), row == 9, "{level} row {row}");
            }
        }
    }
}
