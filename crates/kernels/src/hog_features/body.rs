//! The loop of all vector levels.

use super::{CUT_OFF, EPSILON, FULL, Row, SLACK, TEXTURE};
use crate::pixel_lanes::PixelLanes;

/// The limits of a number in the four squares that contain a cell.
#[derive(Clone, Copy)]
struct Squares<V> {
    norms: [V; 4],
    factors: [V; 4],
}

/// Writes the features of `row`, `COUNT` cells at a time, and therefore of up to `COUNT - 1` more.
#[inline(always)]
pub(super) fn feature_row<L: PixelLanes>(simd: L, row: Row<'_>) {
    const { assert!(L::COUNT <= SLACK) }
    let Row { cells, count, to } = row;
    let first = to.numbers[to.first..].as_mut_ptr();
    for column in (0..count).step_by(L::COUNT) {
        // SAFETY: `column` is below `count`, and `COUNT` is at most `SLACK`. So energies are read
        // up to `column + 2 + COUNT`, which is less than `count + 2 + SLACK`; histograms of an
        // orientation up to `column + 1 + COUNT`, which is less than that; and features of a plane
        // are written up to `column + COUNT`, which is less than `count + SLACK`. `Row::new` has
        // checked all three. The rows that are read are shared borrows, so none of them is the row
        // that is written.
        unsafe {
            let squares = squares(simd, cells.energies, column);
            let histograms = cells.histograms.as_ptr().add(column + 1);
            let out = first.add(column);
            let mut texture = [simd.splat(0.0); 4];
            for orientation in (0..18).step_by(3) {
                let mut shares = [[simd.splat(0.0); 4]; 3];
                for (offset, share) in shares.iter_mut().enumerate() {
                    let plane = orientation + offset;
                    *share = cut(
                        simd,
                        &squares,
                        simd.load_unchecked(histograms.add(plane * cells.stride)),
                    );
                    simd.store_unchecked(out.add(plane * to.stride), sum(simd, share));
                }
                for (square, texture) in texture.iter_mut().enumerate() {
                    let two = simd.add(shares[0][square], shares[1][square]);
                    *texture = simd.add(*texture, simd.add(two, shares[2][square]));
                }
            }
            for direction in 0..9 {
                let forwards = simd.load_unchecked(histograms.add(direction * cells.stride));
                let backwards = simd.load_unchecked(histograms.add((direction + 9) * cells.stride));
                let share = cut(simd, &squares, simd.add(forwards, backwards));
                simd.store_unchecked(out.add((18 + direction) * to.stride), sum(simd, &share));
            }
            for (square, sum) in texture.iter().enumerate() {
                let feature = simd.multiply(*sum, simd.splat(TEXTURE));
                simd.store_unchecked(out.add((27 + square) * to.stride), feature);
            }
        }
    }
}

// The following are functions, not closures: a closure is not compiled for the instructions of the
// function around it.

/// Returns the norms of the squares that contain the cells from `column + 1` on.
///
/// # Safety
/// Each row of `energies` must have `COUNT + 2` numbers from `column` on.
#[inline(always)]
unsafe fn squares<L: PixelLanes>(
    simd: L,
    energies: [&[f32]; 3],
    column: usize,
) -> Squares<L::Vector> {
    // SAFETY: `COUNT + 2` numbers of each row are read, which the caller guarantees.
    let (above, here, below) = unsafe {
        (
            three_cells(simd, energies[0].as_ptr().add(column)),
            three_cells(simd, energies[1].as_ptr().add(column)),
            three_cells(simd, energies[2].as_ptr().add(column)),
        )
    };
    let norms = [
        norm(simd, [here[1], here[2], below[1], below[2]]),
        norm(simd, [above[1], above[2], here[1], here[2]]),
        norm(simd, [here[0], here[1], below[0], below[1]]),
        norm(simd, [above[0], above[1], here[0], here[1]]),
    ];
    let full = simd.splat(FULL);
    Squares {
        norms,
        factors: [
            simd.divide(full, norms[0]),
            simd.divide(full, norms[1]),
            simd.divide(full, norms[2]),
            simd.divide(full, norms[3]),
        ],
    }
}

/// Returns the cells at each lane, and the first and second ones after them.
///
/// # Safety
/// `COUNT + 2` numbers must be readable from `from` on.
#[inline(always)]
unsafe fn three_cells<L: PixelLanes>(simd: L, from: *const f32) -> [L::Vector; 3] {
    // SAFETY: the last load ends `2 + COUNT` numbers after `from`, which the caller guarantees.
    unsafe {
        [
            simd.load_unchecked(from),
            simd.load_unchecked(from.add(1)),
            simd.load_unchecked(from.add(2)),
        ]
    }
}

/// Returns a fifth of the norm of four cells.
#[inline(always)]
fn norm<L: PixelLanes>(simd: L, energies: [L::Vector; 4]) -> L::Vector {
    let sum = simd.add(energies[0], energies[1]);
    let sum = simd.add(simd.add(sum, energies[2]), energies[3]);
    let root = simd.square_root(simd.add(sum, simd.splat(EPSILON)));
    simd.multiply(simd.splat(CUT_OFF), root)
}

/// Limits `value` in each of the four squares.
#[inline(always)]
fn cut<L: PixelLanes>(simd: L, squares: &Squares<L::Vector>, value: L::Vector) -> [L::Vector; 4] {
    let (norms, factors) = (&squares.norms, &squares.factors);
    [
        simd.multiply(simd.min(value, norms[0]), factors[0]),
        simd.multiply(simd.min(value, norms[1]), factors[1]),
        simd.multiply(simd.min(value, norms[2]), factors[2]),
        simd.multiply(simd.min(value, norms[3]), factors[3]),
    ]
}

#[inline(always)]
fn sum<L: PixelLanes>(simd: L, share: &[L::Vector; 4]) -> L::Vector {
    simd.add(simd.add(share[0], share[2]), simd.add(share[1], share[3]))
}
