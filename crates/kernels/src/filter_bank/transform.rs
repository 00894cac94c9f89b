//! Fourier transforms of 32 cells, as eight transforms of four followed by four of eight.

use super::{Cell, PAIRS, TILE};
use crate::lanes::Lanes;

/// Complex numbers, one per lane.
#[derive(Clone, Copy)]
struct Complex<V> {
    real: V,
    imaginary: V,
}

/// Cosines of a quarter of a turn, in steps of a 32nd of a turn.
const QUARTER: [f32; 9] = [
    1.0,
    0.980_785_3,
    0.923_879_5,
    0.831_469_6,
    std::f32::consts::FRAC_1_SQRT_2,
    0.555_570_24,
    0.382_683_43,
    0.195_090_32,
    0.0,
];

/// Direction of a transform.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Direction {
    Forwards,
    /// The result is multiplied by 32.
    Backwards,
}

/// Returns the number of cells that a line of 32 spans, each `STEP` after the previous one.
const fn span<const STEP: usize>() -> usize {
    (TILE - 1) * STEP + 1
}

/// Transforms 32 cells of `line`, each `STEP` after the previous one.
///
/// # Panics
/// If `line` ends before the last of them.
#[inline(always)]
pub(super) fn transform<L: Lanes, const STEP: usize>(
    simd: L,
    direction: Direction,
    line: &mut [Cell],
) {
    let line = &mut line[..span::<STEP>()];
    for vector in 0..PAIRS / L::COUNT {
        let lane = vector * L::COUNT;
        let mut fours = [[zero(simd); 4]; 8];
        read::<L, STEP>(simd, direction, line, lane, &mut fours);
        write::<L, STEP>(simd, direction, &fours, line, lane);
    }
}

/// Writes the transform of the first 32 cells of `from` to `to`.
///
/// # Panics
/// If `from` has fewer cells.
#[inline(always)]
pub(super) fn transform_row<L: Lanes>(
    simd: L,
    direction: Direction,
    from: &[Cell],
    to: &mut [Cell; TILE],
) {
    let from = &from[..TILE];
    for vector in 0..PAIRS / L::COUNT {
        let lane = vector * L::COUNT;
        let mut fours = [[zero(simd); 4]; 8];
        read::<L, 1>(simd, direction, from, lane, &mut fours);
        write::<L, 1>(simd, direction, &fours, to, lane);
    }
}

/// Reads the vectors at `lane` of a line and transforms them four by four.
#[inline(always)]
fn read<L: Lanes, const STEP: usize>(
    simd: L,
    direction: Direction,
    line: &[Cell],
    lane: usize,
    fours: &mut [[Complex<L::Vector>; 4]; 8],
) {
    for (second, four) in fours.iter_mut().enumerate() {
        for (first, number) in four.iter_mut().enumerate() {
            let cell = &line[(8 * first + second) * STEP];
            // A backward transform is a forward transform with real and imaginary parts swapped.
            let [real, imaginary] = match direction {
                Direction::Forwards => [&cell.real, &cell.imaginary],
                Direction::Backwards => [&cell.imaginary, &cell.real],
            };
            number.real = simd.load(&real[lane..]);
            number.imaginary = simd.load(&imaginary[lane..]);
        }
        *four = four_points(simd, *four);
        for (first, number) in four.iter_mut().enumerate().skip(1) {
            *number = turned(simd, *number, first * second);
        }
    }
}

/// Transforms `fours` eight by eight and writes them to `lane` of a line.
#[inline(always)]
fn write<L: Lanes, const STEP: usize>(
    simd: L,
    direction: Direction,
    fours: &[[Complex<L::Vector>; 4]; 8],
    line: &mut [Cell],
    lane: usize,
) {
    for first in 0..4 {
        let eight = eight_points(simd, fours, first);
        for (second, number) in eight.iter().enumerate() {
            let cell = &mut line[(first + 4 * second) * STEP];
            let [real, imaginary] = match direction {
                Direction::Forwards => [&mut cell.real, &mut cell.imaginary],
                Direction::Backwards => [&mut cell.imaginary, &mut cell.real],
            };
            simd.store(&mut real[lane..], number.real);
            simd.store(&mut imaginary[lane..], number.imaginary);
        }
    }
}

// The following are functions, not closures: a closure is not compiled for the instructions of the
// function around it.

#[inline(always)]
fn zero<L: Lanes>(simd: L) -> Complex<L::Vector> {
    Complex {
        real: simd.splat(0.0),
        imaginary: simd.splat(0.0),
    }
}

#[inline(always)]
fn sum<L: Lanes>(simd: L, a: Complex<L::Vector>, b: Complex<L::Vector>) -> Complex<L::Vector> {
    Complex {
        real: simd.add(a.real, b.real),
        imaginary: simd.add(a.imaginary, b.imaginary),
    }
}

#[inline(always)]
fn difference<L: Lanes>(
    simd: L,
    a: Complex<L::Vector>,
    b: Complex<L::Vector>,
) -> Complex<L::Vector> {
    Complex {
        real: simd.subtract(a.real, b.real),
        imaginary: simd.subtract(a.imaginary, b.imaginary),
    }
}

/// Returns `a + ib`.
#[inline(always)]
fn sum_turned<L: Lanes>(
    simd: L,
    a: Complex<L::Vector>,
    b: Complex<L::Vector>,
) -> Complex<L::Vector> {
    Complex {
        real: simd.subtract(a.real, b.imaginary),
        imaginary: simd.add(a.imaginary, b.real),
    }
}

/// Returns `a - ib`.
#[inline(always)]
fn difference_turned<L: Lanes>(
    simd: L,
    a: Complex<L::Vector>,
    b: Complex<L::Vector>,
) -> Complex<L::Vector> {
    Complex {
        real: simd.add(a.real, b.imaginary),
        imaginary: simd.subtract(a.imaginary, b.real),
    }
}

/// Returns `number`, rotated back by `turns` 32nds of a turn, less than 32.
#[inline(always)]
fn turned<L: Lanes>(simd: L, number: Complex<L::Vector>, turns: usize) -> Complex<L::Vector> {
    let (sine, cosine) = (cosine(turns + 24), simd.splat(cosine(turns)));
    let real = simd.multiply(number.imaginary, simd.splat(sine));
    let imaginary = simd.multiply(number.real, simd.splat(-sine));
    Complex {
        real: simd.multiply_add(number.real, cosine, real),
        imaginary: simd.multiply_add(number.imaginary, cosine, imaginary),
    }
}

/// Returns the cosine of `turns` 32nds of a turn.
const fn cosine(turns: usize) -> f32 {
    let turns = turns % 32;
    let turns = if turns > 16 { 32 - turns } else { turns };
    if turns > 8 {
        -QUARTER[16 - turns]
    } else {
        QUARTER[turns]
    }
}

#[inline(always)]
fn four_points<L: Lanes>(
    simd: L,
    [a, b, c, d]: [Complex<L::Vector>; 4],
) -> [Complex<L::Vector>; 4] {
    let (even_sum, even_difference) = (sum(simd, a, c), difference(simd, a, c));
    let (odd_sum, odd_difference) = (sum(simd, b, d), difference(simd, b, d));
    [
        sum(simd, even_sum, odd_sum),
        difference_turned(simd, even_difference, odd_difference),
        difference(simd, even_sum, odd_sum),
        sum_turned(simd, even_difference, odd_difference),
    ]
}

/// Transforms number `which` of each of the fours.
#[inline(always)]
fn eight_points<L: Lanes>(
    simd: L,
    fours: &[[Complex<L::Vector>; 4]; 8],
    which: usize,
) -> [Complex<L::Vector>; 8] {
    let [a, b, c, d, e, f, g, h] = fours;
    let even = four_points(simd, [a[which], c[which], e[which], g[which]]);
    let odd = four_points(simd, [b[which], d[which], f[which], h[which]]);
    let [first, third] = [
        turned_by_an_eighth(simd, odd[1]),
        turned_by_an_eighth(simd, odd[3]),
    ];
    [
        sum(simd, even[0], odd[0]),
        sum(simd, even[1], first),
        difference_turned(simd, even[2], odd[2]),
        difference_turned(simd, even[3], third),
        difference(simd, even[0], odd[0]),
        difference(simd, even[1], first),
        sum_turned(simd, even[2], odd[2]),
        sum_turned(simd, even[3], third),
    ]
}

/// Returns `number`, rotated back by an eighth of a turn.
#[inline(always)]
fn turned_by_an_eighth<L: Lanes>(simd: L, number: Complex<L::Vector>) -> Complex<L::Vector> {
    let (real, imaginary) = (number.real, number.imaginary);
    let half = simd.splat(std::f32::consts::FRAC_1_SQRT_2);
    Complex {
        real: simd.multiply(half, simd.add(real, imaginary)),
        imaginary: simd.multiply(half, simd.subtract(imaginary, real)),
    }
}
