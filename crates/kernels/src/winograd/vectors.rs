//! The kernels for all vector levels: adjacent channels are transformed together. The products with
//! the matrices are written out, since most of their numbers are 0 or 1.

use super::{BLOCK, Join, Scheme, Split};
use crate::lanes::Lanes;

/// Transforms the patches of tiles.
#[inline(always)]
pub(super) fn split<L: Lanes>(lanes: L, task: Split<'_>) {
    match task.scheme {
        Scheme::Tile4Window3 | Scheme::Tile2Window5 => split_by::<L, Input6, 6>(lanes, task),
        Scheme::Tile2Window3 => split_by::<L, Input4, 4>(lanes, task),
    }
}

/// Transforms products into pixels.
#[inline(always)]
pub(super) fn join<L: Lanes>(lanes: L, task: Join<'_>) {
    match task.scheme {
        Scheme::Tile4Window3 => join_by::<L, Output6To4, 6, 4>(lanes, task),
        Scheme::Tile2Window5 => join_by::<L, Output6To2, 6, 2>(lanes, task),
        Scheme::Tile2Window3 => join_by::<L, Output4To2, 4, 2>(lanes, task),
    }
}

/// The transformation of one column or row of a patch. A trait rather than closures, which are not
/// always inlined.
trait Axis<L: Lanes, const FROM: usize, const TO: usize> {
    fn transform(lanes: L, numbers: [L::Vector; FROM]) -> [L::Vector; TO];
}

struct Input6;
struct Input4;
struct Output6To4;
struct Output6To2;
struct Output4To2;

/// Computes [`split`] with one transformation for both axes.
#[inline(always)]
fn split_by<L: Lanes, A: Axis<L, SIZE, SIZE>, const SIZE: usize>(lanes: L, task: Split<'_>) {
    const { assert!(BLOCK.is_multiple_of(L::COUNT)) }
    assert_eq!(SIZE, task.scheme.size());
    let Split {
        scheme,
        input,
        grid,
        tiles,
        patches,
    } = task;
    // A copy, so that the compiler knows that no store changes it.
    let grid = *grid;
    let number_step = tiles.len() * grid.channels;
    for (index, tile) in tiles.enumerate() {
        let start = grid.place(grid.corner(scheme, tile));
        for channel in (0..grid.channels).step_by(L::COUNT) {
            // SAFETY: `Split::new` has checked that the tile is within the grid, that the `SIZE` x
            // `SIZE` pixels from its corner on end within `input`, with all channels, and that
            // `patches` has `SIZE * SIZE * number_step` numbers. Channels are whole blocks, and a
            // block is whole vectors, so no vector extends beyond the channels.
            unsafe {
                let from = input.as_ptr().add(start + channel);
                let mut columns = [[lanes.splat(0.0); SIZE]; SIZE];
                for (column, transformed) in columns.iter_mut().enumerate() {
                    let mut numbers = [lanes.splat(0.0); SIZE];
                    for (row, number) in numbers.iter_mut().enumerate() {
                        let pixel = row * grid.row_step + column * grid.channels;
                        *number = lanes.load_unchecked(from.add(pixel));
                    }
                    *transformed = A::transform(lanes, numbers);
                }
                let to = patches.as_mut_ptr().add(index * grid.channels + channel);
                for row in 0..SIZE {
                    let numbers = A::transform(lanes, row_of(lanes, &columns, row));
                    for (column, number) in numbers.into_iter().enumerate() {
                        let to = to.add((row * SIZE + column) * number_step);
                        lanes.store_unchecked(to, number);
                    }
                }
            }
        }
    }
}

/// Computes [`join`] with one transformation for both axes.
#[inline(always)]
fn join_by<L: Lanes, A: Axis<L, SIZE, OUTPUTS>, const SIZE: usize, const OUTPUTS: usize>(
    lanes: L,
    task: Join<'_>,
) {
    const { assert!(BLOCK.is_multiple_of(L::COUNT)) }
    assert_eq!([SIZE, OUTPUTS], [task.scheme.size(), task.scheme.outputs()]);
    let Join {
        scheme,
        products,
        grid,
        tiles,
        bias,
        slopes,
        output,
        finish,
    } = task;
    let grid = *grid;
    let number_step = tiles.len() * grid.channels;
    for (index, tile) in tiles.enumerate() {
        let (image, row, column) = grid.corner(scheme, tile);
        let height = OUTPUTS.min(grid.rows - row);
        let width = OUTPUTS.min(grid.columns - column);
        let place = grid.place((image, row, column));
        for channel in (0..grid.channels).step_by(L::COUNT) {
            // SAFETY: `Join::new` has checked that the tile is within the grid, that `products` has
            // `SIZE * SIZE * number_step` numbers, `bias` and `slopes` one for each channel, and
            // that all pixels of the grid end within `output`, with all channels; `height` and
            // `width` stay within the grid. Channels are whole blocks, and a block is whole
            // vectors, so no vector extends beyond the channels.
            unsafe {
                let from = products.as_ptr().add(index * grid.channels + channel);
                let mut columns = [[lanes.splat(0.0); OUTPUTS]; SIZE];
                for (column, transformed) in columns.iter_mut().enumerate() {
                    let mut numbers = [lanes.splat(0.0); SIZE];
                    for (row, number) in numbers.iter_mut().enumerate() {
                        let from = from.add((row * SIZE + column) * number_step);
                        *number = lanes.load_unchecked(from);
                    }
                    *transformed = A::transform(lanes, numbers);
                }
                let bias = lanes.load_unchecked(bias.as_ptr().add(channel));
                let slopes = slopes.as_ptr().add(channel);
                let to = output.as_mut_ptr().add(place + channel);
                for row in 0..height {
                    let pixels = A::transform(lanes, row_of(lanes, &columns, row));
                    for (column, pixel) in pixels.into_iter().enumerate().take(width) {
                        let to = to.add(row * grid.row_step + column * grid.channels);
                        finish.put_vector(lanes, lanes.add(pixel, bias), slopes, to);
                    }
                }
            }
        }
    }
}

/// Returns the vectors of one row of columns.
#[inline(always)]
fn row_of<L: Lanes, const LENGTH: usize, const SIZE: usize>(
    lanes: L,
    columns: &[[L::Vector; LENGTH]; SIZE],
    row: usize,
) -> [L::Vector; SIZE] {
    let mut numbers = [lanes.splat(0.0); SIZE];
    for (number, column) in numbers.iter_mut().zip(columns) {
        *number = column[row];
    }
    numbers
}

/// Returns `factor * a + b`.
#[inline(always)]
fn times<L: Lanes>(lanes: L, factor: f32, a: L::Vector, b: L::Vector) -> L::Vector {
    lanes.multiply_add(lanes.splat(factor), a, b)
}

impl<L: Lanes> Axis<L, 6, 6> for Input6 {
    #[inline(always)]
    fn transform(lanes: L, [a, b, c, d, e, f]: [L::Vector; 6]) -> [L::Vector; 6] {
        let even = times(lanes, -4.0, c, e);
        let odd = times(lanes, -4.0, b, d);
        let even_2 = lanes.subtract(e, c);
        let odd_2 = lanes.subtract(d, b);
        [
            times(lanes, 4.0, a, times(lanes, -5.0, c, e)),
            lanes.add(even, odd),
            lanes.subtract(even, odd),
            times(lanes, 2.0, odd_2, even_2),
            times(lanes, -2.0, odd_2, even_2),
            times(lanes, 4.0, b, times(lanes, -5.0, d, f)),
        ]
    }
}

impl<L: Lanes> Axis<L, 4, 4> for Input4 {
    #[inline(always)]
    fn transform(lanes: L, [a, b, c, d]: [L::Vector; 4]) -> [L::Vector; 4] {
        [
            lanes.subtract(a, c),
            lanes.add(b, c),
            lanes.subtract(c, b),
            lanes.subtract(b, d),
        ]
    }
}

impl<L: Lanes> Axis<L, 6, 4> for Output6To4 {
    #[inline(always)]
    fn transform(lanes: L, [a, b, c, d, e, f]: [L::Vector; 6]) -> [L::Vector; 4] {
        let (sum, difference) = (lanes.add(b, c), lanes.subtract(b, c));
        let (sum_2, difference_2) = (lanes.add(d, e), lanes.subtract(d, e));
        [
            lanes.add(lanes.add(a, sum), sum_2),
            times(lanes, 2.0, difference_2, difference),
            times(lanes, 4.0, sum_2, sum),
            lanes.add(times(lanes, 8.0, difference_2, difference), f),
        ]
    }
}

impl<L: Lanes> Axis<L, 6, 2> for Output6To2 {
    #[inline(always)]
    fn transform(lanes: L, [a, b, c, d, e, f]: [L::Vector; 6]) -> [L::Vector; 2] {
        let difference = lanes.subtract(b, c);
        let difference_2 = lanes.subtract(d, e);
        let sum = lanes.add(lanes.add(b, c), lanes.add(d, e));
        [
            lanes.add(a, sum),
            lanes.add(
                lanes.multiply_add(lanes.splat(2.0), difference_2, difference),
                f,
            ),
        ]
    }
}

impl<L: Lanes> Axis<L, 4, 2> for Output4To2 {
    #[inline(always)]
    fn transform(lanes: L, [a, b, c, d]: [L::Vector; 4]) -> [L::Vector; 2] {
        [
            lanes.add(a, lanes.add(b, c)),
            lanes.subtract(lanes.subtract(b, c), d),
        ]
    }
}
