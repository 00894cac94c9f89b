//! A compact copy of a gallery's encodings, one byte per number, that selects the rows that can be
//! near a face.
//!
//! Input: encodings and a face. Output: rows. Skipped rows are proven to be further away than a
//! given distance.
//!
//! # Why no row is missed
//!
//! Let `x` be a row, `y` a face, and `z` the row as represented by its bytes, with the error
//! `e = |x - z|`. If the distance `|x - y|` is at most `t`, then `|z - y| <= t + e`, and therefore
//! `|z|^2 - 2 z*y + |y|^2 <= (t + e)^2`. Rearranged:
//!
//! ```text
//! (|z|^2 - e^2) - 2 z*y - 2t e  <=  t^2 - |y|^2
//! ```
//!
//! The [kernel](facematch_kernels::distances) computes the left side for all rows; the right side
//! is one number per face. Everything is computed in `f32`, so each side gets a margin for its
//! rounding errors: the error of a product of 192 terms is at most `194 u (|z|^2 + |y|^2)` with
//! `u = 2^-24`, and that of the three other operations is less than `10 u` of the same sum;
//! together they are below [`ROUNDING`]. Rows and faces whose squares come near the end of the
//! range of `f32` are not judged by estimates.

use super::rows::Rows;
use crate::engine::{EncoderKind, Encoding};
use facematch_kernels::SimdLevel;
use facematch_kernels::distances::{Probe, ROWS, RowGroup, estimate_128, estimate_192};

/// Bound on the rounding errors of an estimate, as a share of the squared norms of row and face.
const ROUNDING: f64 = 1.5e-5;

/// Bound on the rounding errors of [`Encoding::distance`], and of the product of reach and width,
/// as a share.
const DISTANCE_ROUNDING: f64 = 1e-5;

/// Bound on the contribution to a distance of squares that are too small for `f32`.
const UNDERFLOW: f64 = 1e-15;

/// Largest number for which sums of squares stay far from the end of the range of `f32`.
const LARGEST: f32 = 1e15;

/// Largest value of a byte.
const PEAK: f32 = 127.0;

/// The compact copy of the encodings of either encoder.
#[derive(Debug, Clone)]
pub(super) enum Compact {
    Dlib(CompactRows<{ EncoderKind::Dlib.numbers() }>),
    Mobilefacenet(CompactRows<{ EncoderKind::Mobilefacenet.numbers() }>),
}

/// The kernel for encodings of this size.
type Estimate<const SIZE: usize> =
    fn(SimdLevel, &RowGroup<SIZE>, &[Probe<SIZE>], &mut [[f32; ROWS]]);

/// Encodings of a gallery with one byte for each of their `SIZE` numbers.
#[derive(Debug, Clone)]
pub(super) struct CompactRows<const SIZE: usize> {
    estimate: Estimate<SIZE>,
    rows: usize,
    groups: Vec<RowGroup<SIZE>>,
}

/// Faces to search for, each up to its own distance.
#[derive(Debug)]
pub(super) struct Targets<const SIZE: usize> {
    probes: Vec<Probe<SIZE>>,
    /// Squared norm of each face.
    squares: Vec<f64>,
    /// Upper limit for each face of the estimates of rows that can be near.
    limits: Vec<f32>,
    estimates: Vec<[f32; ROWS]>,
}

impl Compact {
    /// Creates the compact copy of `encodings`, or returns `None` if no encoder makes encodings of
    /// their size.
    pub(super) fn of(encodings: &Rows) -> Option<Self> {
        let of_dlib = CompactRows::new(encodings, estimate_128).map(Self::Dlib);
        let of_other = || CompactRows::new(encodings, estimate_192).map(Self::Mobilefacenet);
        of_dlib.or_else(of_other)
    }
}

impl<const SIZE: usize> CompactRows<SIZE> {
    /// Creates the compact copy of `encodings`, or returns `None` if they have another size.
    fn new(encodings: &Rows, estimate: Estimate<SIZE>) -> Option<Self> {
        let rows = encodings.len();
        if encodings.columns() != SIZE {
            return None;
        }
        let firsts = (0..rows).step_by(ROWS);
        Some(Self {
            estimate,
            rows,
            groups: firsts.map(|first| group_of(encodings, first)).collect(),
        })
    }

    /// Calls `look` with the index of a target and of a row for every row that can be within the
    /// target's distance, in the order of the rows. `look` returns the distance up to which the
    /// search continues for this target.
    pub(super) fn for_each_near(
        &self,
        level: SimdLevel,
        targets: &mut Targets<SIZE>,
        mut look: impl FnMut(usize, usize) -> f32,
    ) {
        for (group, first) in self.groups.iter().zip((0..self.rows).step_by(ROWS)) {
            (self.estimate)(level, group, &targets.probes, &mut targets.estimates);
            let rows = (self.rows - first).min(ROWS);
            for target in 0..targets.probes.len() {
                if !targets.may_be_near(target) {
                    continue;
                }
                for row in 0..rows {
                    if is_near(targets.estimates[target][row], targets.limits[target]) {
                        let distance = look(target, first + row);
                        targets.look_up_to(target, distance);
                    }
                }
            }
        }
    }
}

impl<const SIZE: usize> Targets<SIZE> {
    /// Creates targets for faces with these encodings, each with the distance up to which it is
    /// searched, or returns `None` if one of them cannot be judged by estimates.
    pub(super) fn new<'a>(faces: impl IntoIterator<Item = (&'a Encoding, f32)>) -> Option<Self> {
        let mut targets = Self {
            probes: Vec::new(),
            squares: Vec::new(),
            limits: Vec::new(),
            estimates: Vec::new(),
        };
        for (index, (encoding, distance)) in faces.into_iter().enumerate() {
            let numbers: [f32; SIZE] = encoding.values().try_into().ok()?;
            if !is_judged(&numbers) {
                return None;
            }
            let square = |x: f32| f64::from(x) * f64::from(x);
            targets.squares.push(numbers.into_iter().map(square).sum());
            targets.probes.push(Probe {
                numbers,
                reach: 0.0,
            });
            targets.limits.push(0.0);
            targets.estimates.push([0.0; ROWS]);
            targets.look_up_to(index, distance);
        }
        Some(targets)
    }

    fn look_up_to(&mut self, target: usize, distance: f32) {
        let distance = f64::from(distance) * (1.0 + DISTANCE_ROUNDING) + UNDERFLOW;
        let reach = -2.0 * distance * (1.0 + DISTANCE_ROUNDING);
        let square = self.squares[target] * (1.0 - ROUNDING);
        let limit = distance * distance - square + UNDERFLOW * UNDERFLOW;
        self.probes[target].reach = (reach as f32).next_down();
        self.limits[target] = (limit as f32).next_up();
    }

    /// Returns whether a row of the last group may be near. It checks all rows at once, so that the
    /// compiler vectorises the loop.
    // The two are inlined in whatever part of the crate the generic search is compiled.
    #[inline]
    fn may_be_near(&self, target: usize) -> bool {
        let limit = self.limits[target];
        let near = |any, estimate: &f32| any | is_near(*estimate, limit);
        self.estimates[target].iter().fold(false, near)
    }
}

/// Returns whether a row may be near. An estimate that is not a number proves nothing, so the row
/// must be compared.
#[inline]
fn is_near(estimate: f32, limit: f32) -> bool {
    estimate <= limit || estimate.is_nan() || limit.is_nan()
}

/// Returns whether the encoding with these numbers is small enough for estimates.
fn is_judged(numbers: &[f32]) -> bool {
    numbers.iter().all(|number| number.abs() <= LARGEST)
}

/// Creates the group of the encodings from `first` on, at most [`ROWS`].
fn group_of<const SIZE: usize>(encodings: &Rows, first: usize) -> RowGroup<SIZE> {
    let mut group = RowGroup {
        numbers: [[0; ROWS]; SIZE],
        scales: [0.0; ROWS],
        // Unused rows of the last group are never near.
        offsets: [f32::MAX; ROWS],
        widths: [0.0; ROWS],
    };
    let last = encodings.len().min(first + ROWS);
    for row in first..last {
        write_row(&mut group, row - first, encodings.row(row));
    }
    group
}

fn write_row<const SIZE: usize>(group: &mut RowGroup<SIZE>, row: usize, numbers: &[f32]) {
    if !is_judged(numbers) {
        group.offsets[row] = f32::NAN;
        return;
    }
    let peak = numbers
        .iter()
        .fold(0.0_f32, |peak, number| peak.max(number.abs()));
    let scale = peak / PEAK;
    let per_scale = if scale.is_normal() { 1.0 / scale } else { 0.0 };
    let (mut square, mut error) = (0.0, 0.0);
    for (number, bytes) in numbers.iter().zip(&mut group.numbers) {
        // Exceeds the largest byte only by rounding; the conversion saturates.
        let byte = (number * per_scale).round() as i8;
        bytes[row] = byte;
        let copy = f64::from(byte) * f64::from(scale);
        square += copy * copy;
        let difference = f64::from(*number) - copy;
        error += difference * difference;
    }
    let width = (error.sqrt() as f32).next_up();
    let error = f64::from(width) * f64::from(width);
    let offset = square * (1.0 - ROUNDING) - error * (1.0 + ROUNDING);
    group.scales[row] = -2.0 * scale;
    group.offsets[row] = (offset as f32).next_down();
    group.widths[row] = width;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ENCODING_LEN;
    use proptest::prelude::*;

    fn rows(encodings: &[Encoding]) -> Rows {
        let mut rows = Rows::default();
        for encoding in encodings {
            rows.push(encoding.values());
        }
        rows
    }

    fn compact(encodings: &[Encoding]) -> CompactRows<ENCODING_LEN> {
        CompactRows::new(&rows(encodings), estimate_128).unwrap()
    }

    /// Generates encodings of any magnitude, and occasionally one far outside the usual range.
    fn encoding() -> impl Strategy<Value = Encoding> {
        let numbers = || proptest::collection::vec(-1.0_f32..1.0, ENCODING_LEN);
        let magnitude = prop_oneof![
            6 => Just(0.3_f32),
            1 => prop::sample::select(vec![0.0, 1e-42, 1e-30, 1e-15, 1e-3, 40.0, 1e6, 1e15, 1e19, 1e37]),
        ];
        (numbers(), magnitude).prop_map(|(numbers, magnitude)| {
            Encoding::new(numbers.iter().map(|n| n * magnitude).collect::<Vec<_>>())
        })
    }

    /// Generates encodings, some of which are slightly moved copies of others.
    fn encodings() -> impl Strategy<Value = Vec<Encoding>> {
        let moved = (
            any::<prop::sample::Index>(),
            1e-7_f32..0.1,
            0_usize..ENCODING_LEN,
        );
        let moved = proptest::collection::vec(moved, 0..30);
        (proptest::collection::vec(encoding(), 1..100), moved).prop_map(|(mut encodings, moved)| {
            for (index, by, place) in moved {
                let mut numbers = encodings[index.index(encodings.len())].values().to_vec();
                numbers[place] += by;
                encodings.push(Encoding::new(numbers));
            }
            encodings
        })
    }

    proptest! {
        #[test]
        fn no_row_within_the_distance_is_passed_over(
            encodings in encodings(),
            which in any::<prop::sample::Index>(),
            probe in encoding(),
            share in 0.0_f32..1.5,
        ) {
            let compact = compact(&encodings);
            let row = which.index(encodings.len());
            // A face among the known ones, and one that is not; up to the distance of some row, or
            // around it.
            for probe in [&encodings[row], &probe] {
                let to_row = probe.distance(&encodings[which.index(encodings.len() / 2 + 1)]);
                for distance in [0.0, to_row, to_row * share] {
                    for level in SimdLevel::available() {
                        let Some(mut targets) = Targets::new([(probe, distance)]) else {
                            prop_assert!(!is_judged(probe.values()));
                            continue;
                        };
                        let mut seen = vec![false; encodings.len()];
                        compact.for_each_near(level, &mut targets, |_, row| {
                            seen[row] = true;
                            distance
                        });
                        for (row, encoding) in encodings.iter().enumerate() {
                            let near = probe.distance(encoding) <= distance;
                            prop_assert!(seen[row] || !near, "{level}: row {row}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn rows_far_away_are_passed_over() {
        pass_over_rows_far_away(estimate_128, 0.05);
        pass_over_rows_far_away(estimate_192, 0.06);
    }

    fn pass_over_rows_far_away<const SIZE: usize>(estimate: Estimate<SIZE>, distance: f32) {
        let row = |value: f32| Encoding::new([value; SIZE]);
        let encodings: Vec<_> = (0..300).map(|i| row(i as f32 * 0.01)).collect();
        let compact = CompactRows::new(&rows(&encodings), estimate).unwrap();
        let probe = row(1.0);
        for level in SimdLevel::available() {
            let mut targets = Targets::new([(&probe, distance)]).unwrap();
            let mut seen = Vec::new();
            compact.for_each_near(level, &mut targets, |target, row| {
                seen.push((target, row));
                distance
            });
            assert_eq!(seen, [(0, 100)], "{level}");
        }
    }

    #[test]
    fn a_copy_is_of_the_encoder_that_makes_encodings_of_this_size() {
        let copy = |size: usize| Compact::of(&rows(&[Encoding::new(vec![0.1; size])]));
        assert!(matches!(copy(128), Some(Compact::Dlib(_))));
        assert!(matches!(copy(192), Some(Compact::Mobilefacenet(_))));
        assert!(copy(64).is_none());
    }
}
