//! The specification: dlib's arithmetic, pixel by pixel.

use std::ops::Range;

use super::{Columns, Neighbourhood, Row};

/// The nine directions, to the four digits that dlib uses.
const DIRECTIONS: [[f32; 2]; 9] = [
    [1.0000, 0.0000],
    [0.9397, 0.3420],
    [0.7660, 0.6428],
    [0.500, 0.8660],
    [0.1736, 0.9848],
    [-0.1736, 0.9848],
    [-0.5000, 0.8660],
    [-0.7660, 0.6428],
    [-0.9397, 0.3420],
];

/// Writes the gradients of `row`.
pub(super) fn row(row: Row<'_>) {
    let Row {
        rows,
        columns,
        lengths,
        orientations,
    } = row;
    let stronger = |a, b| if squared(a) > squared(b) { a } else { b };
    write(rows, columns.body.clone(), lengths, orientations, stronger);
    tail(rows, columns, lengths, orientations);
}

/// Writes the gradients of the columns after the body.
pub(super) fn tail(
    rows: Neighbourhood<'_>,
    columns: Columns,
    lengths: &mut [f32],
    orientations: &mut [u8],
) {
    let stronger = |a, b| if squared(b) > squared(a) { b } else { a };
    let tail = columns.body.end..columns.end;
    write(rows, tail, lengths, orientations, stronger);
}

fn write(
    rows: Neighbourhood<'_>,
    columns: Range<usize>,
    lengths: &mut [f32],
    orientations: &mut [u8],
    stronger: impl Fn([i32; 2], [i32; 2]) -> [i32; 2],
) {
    for x in columns {
        let [red, green, blue] = differences(rows, x);
        let strongest = stronger(stronger(red, green), blue);
        (lengths[x], orientations[x]) = (length(strongest), orientation(strongest));
    }
}

/// Returns the differences between the neighbours of column `x` along x and y, in each channel.
fn differences(rows: Neighbourhood<'_>, x: usize) -> [[i32; 2]; 3] {
    let mut differences = [[0; 2]; 3];
    for (channel, difference) in differences.iter_mut().enumerate() {
        let here = rows.here[channel];
        *difference = [
            i32::from(here[x + 1]) - i32::from(here[x - 1]),
            i32::from(rows.below[channel][x]) - i32::from(rows.above[channel][x]),
        ];
    }
    differences
}

fn squared([x, y]: [i32; 2]) -> i32 {
    x * x + y * y
}

fn length(gradient: [i32; 2]) -> f32 {
    (squared(gradient) as f32).sqrt()
}

/// Returns the direction, or opposite of one, that is nearest to `gradient`.
fn orientation(gradient: [i32; 2]) -> u8 {
    let (x, y) = (gradient[0] as f32, gradient[1] as f32);
    let (mut best, mut nearest) = (0.0, 0);
    for (index, direction) in (0..).zip(DIRECTIONS) {
        let dot = x * direction[0] + y * direction[1];
        if dot > best {
            (best, nearest) = (dot, index);
        } else if -dot > best {
            (best, nearest) = (-dot, index + 9);
        }
    }
    nearest
}
