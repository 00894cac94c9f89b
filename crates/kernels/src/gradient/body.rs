//! The loop of levels without a variant of their own, in `f32`. All numbers are integers below
//! 2^24, so only the root is rounded.

use std::ops::Range;

use super::{Columns, Neighbourhood, Row, STEP};
use crate::pixel_lanes::PixelLanes;

/// Boundaries between the directions of the first quadrant. A gradient is nearer to direction
/// `i + 1` than to direction `i` if `|y|` times the first number exceeds `|x|` times the second;
/// the numbers are 10,000 times the differences between the directions.
pub(super) const BOUNDARIES: [[i16; 2]; 4] =
    [[3420, 603], [3008, 1737], [2232, 2660], [1188, 3264]];

/// Differences along x and y, and the square of their length.
#[derive(Clone, Copy)]
struct Gradient<V> {
    x: V,
    y: V,
    squared: V,
}

/// The channel to use when several are equally strong.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Ties {
    Earlier,
    Later,
}

/// Writes the gradients of `row`.
#[inline(always)]
pub(super) fn row<L: PixelLanes>(simd: L, row: Row<'_>) {
    let Row {
        rows,
        columns,
        lengths,
        orientations,
    } = row;
    tail(simd, rows, &columns, lengths, orientations);
    some_columns(simd, rows, columns.body, Ties::Later, lengths, orientations);
}

/// Writes the gradients of the columns after the body. It overwrites some columns before them with
/// values that may be wrong, so the body must be written afterwards.
#[inline(always)]
pub(super) fn tail<L: PixelLanes>(
    simd: L,
    rows: Neighbourhood<'_>,
    columns: &Columns,
    lengths: &mut [f32],
    orientations: &mut [u8],
) {
    if columns.body.is_empty() {
        super::scalar::tail(rows, columns.clone(), lengths, orientations);
    } else if columns.body.end < columns.end {
        let last = columns.end - STEP..columns.end;
        // The body has at least `STEP` columns, so these do not start before it.
        some_columns(simd, rows, last, Ties::Earlier, lengths, orientations);
    }
}

/// Writes the gradients of `columns`, whose number is divisible by [`STEP`].
#[inline(always)]
pub(super) fn some_columns<L: PixelLanes>(
    simd: L,
    rows: Neighbourhood<'_>,
    columns: Range<usize>,
    ties: Ties,
    lengths: &mut [f32],
    orientations: &mut [u8],
) {
    for x in columns.step_by(L::COUNT) {
        let red = gradient_of_channel(simd, rows, 0, x);
        let green = gradient_of_channel(simd, rows, 1, x);
        let blue = gradient_of_channel(simd, rows, 2, x);
        let strongest = stronger(simd, ties, stronger(simd, ties, red, green), blue);
        simd.store(&mut lengths[x..], simd.square_root(strongest.squared));
        let orientation = orientation(simd, strongest.x, strongest.y);
        simd.store_bytes(&mut orientations[x..], orientation);
    }
}

#[inline(always)]
fn gradient_of_channel<L: PixelLanes>(
    simd: L,
    rows: Neighbourhood<'_>,
    channel: usize,
    x: usize,
) -> Gradient<L::Vector> {
    let here = rows.here[channel];
    let left = simd.load_bytes(&here[x - 1..]);
    let right = simd.load_bytes(&here[x + 1..]);
    let above = simd.load_bytes(&rows.above[channel][x..]);
    let below = simd.load_bytes(&rows.below[channel][x..]);
    let (x, y) = (simd.subtract(right, left), simd.subtract(below, above));
    let squared = simd.multiply_add(x, x, simd.multiply(y, y));
    Gradient { x, y, squared }
}

/// Returns the longer gradient; if they are equal, `a` if the earlier counts, otherwise `b`.
#[inline(always)]
fn stronger<L: PixelLanes>(
    simd: L,
    ties: Ties,
    a: Gradient<L::Vector>,
    b: Gradient<L::Vector>,
) -> Gradient<L::Vector> {
    let (a, b) = match ties {
        Ties::Earlier => (b, a),
        Ties::Later => (a, b),
    };
    Gradient {
        x: simd.select_greater(a.squared, b.squared, a.x, b.x),
        y: simd.select_greater(a.squared, b.squared, a.y, b.y),
        squared: simd.max(a.squared, b.squared),
    }
}

/// Returns the orientation of a gradient: its direction in the first quadrant, mapped to its own
/// quadrant.
#[inline(always)]
fn orientation<L: PixelLanes>(simd: L, x: L::Vector, y: L::Vector) -> L::Vector {
    let zero = simd.splat(0.0);
    let opposite_x = simd.subtract(zero, x);
    let (along_x, along_y) = (simd.max(x, opposite_x), simd.max(y, simd.subtract(zero, y)));
    let mut direction = zero;
    for [for_y, for_x] in BOUNDARIES {
        let beyond = simd.select_greater(
            simd.multiply(along_y, simd.splat(f32::from(for_y))),
            simd.multiply(along_x, simd.splat(f32::from(for_x))),
            simd.splat(1.0),
            zero,
        );
        direction = simd.add(direction, beyond);
    }
    // Mirrored into the upper half, a gradient to the left has the mirrored direction; one that
    // pointed down has the opposite direction.
    let upright_x = simd.select_greater(zero, y, opposite_x, x);
    let mirrored = simd.subtract(simd.splat(9.0), direction);
    let direction = simd.select_greater(zero, upright_x, mirrored, direction);
    let opposite = simd.select_greater(zero, y, simd.splat(9.0), zero);
    let direction = simd.add(direction, opposite);
    // 18 is the same direction as 0.
    simd.select_greater(direction, simd.splat(17.5), zero, direction)
}
