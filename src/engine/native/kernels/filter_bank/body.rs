//! The loops of all vector levels. `VECTORS` vectors make the [`Weights`] of one plane, and `MOST` tiles are multiplied
//! with them at a time, so that `2 * VECTORS * MOST` sums are in registers.

use super::filters::Weights;
use super::transform::{Direction, Line, transform};
use super::{
    BATCH, Cell, Extent, FilterBank, HALF, PAIRS, PAIRS_OF_TILE, PLANES, STRIDE, TILE, Tiles,
    half_of_row, opposite,
};
use crate::engine::native::kernels::lanes::Lanes;

/// Two opposite rows of the transforms of each tile.
type Spectra = [[[Cell; TILE]; 2]; BATCH];

/// The transforms of a tile's planes at one frequency, twice as large: real and imaginary parts, each those of the first
/// planes of all pairs, then those of the second ones.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Inputs([[[f32; PAIRS]; 2]; 2]);

/// The sum over all planes of the real parts times the weights, and that of the imaginary parts.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Sums([[[f32; PAIRS_OF_TILE]; 4]; 2]);

/// Turns the features of `tiles` into responses.
///
/// # Safety
/// `VECTORS * COUNT` must be the number of a [`Weights`]' numbers, and `extent` no larger than a batch.
#[inline(always)]
pub(super) unsafe fn respond<L: Lanes, const VECTORS: usize, const MOST: usize>(
    simd: L,
    bank: &FilterBank,
    extent: Extent,
    tiles: &mut Tiles,
) {
    // The lanes of tiles that are not there are transformed too.
    tiles.responses.fill(Cell::ZERO);
    let mut spectra = [[[Cell::ZERO; TILE]; 2]; BATCH];
    let mut inputs = [Inputs([[[0.0; PAIRS]; 2]; 2]); BATCH];
    let mut weights = bank.weights();
    // SAFETY: as demanded of the caller; `Tiles` have all their cells, and `spectra` too.
    unsafe {
        for tile in tiles
            .features
            .chunks_exact_mut(TILE * STRIDE)
            .take(extent.tiles)
        {
            transform_columns(simd, Direction::Forwards, tile, TILE);
        }
        for row in HALF {
            transform_rows(simd, &tiles.features, row, extent.tiles, &mut spectra);
            let rows = [row, opposite(row)].map(|row| row * STRIDE);
            for column in half_of_row(row) {
                let (here, rest) = weights.split_at(PLANES);
                weights = rest;
                let product = Product {
                    column,
                    weights: here,
                    cells: [rows[0] + column, rows[1] + opposite(column)],
                };
                let responses = &mut tiles.responses;
                multiply_all::<L, VECTORS, MOST>(
                    simd,
                    &spectra,
                    extent.tiles,
                    product,
                    &mut inputs,
                    responses,
                );
            }
            // The first and the middle row are opposite to themselves.
            let distinct = if rows[0] == rows[1] { 1 } else { 2 };
            for row in &rows[..distinct] {
                let row = row_of(tiles.responses.as_mut_ptr().add(*row));
                transform(simd, Direction::Backwards, row.readable(), row);
            }
        }
        transform_columns(
            simd,
            Direction::Backwards,
            &mut tiles.responses,
            extent.columns,
        );
    }
}

/// Transforms the first `count` columns of a tile.
///
/// # Safety
/// `tile` must have `TILE` rows of `STRIDE` cells, and `count` be at most `TILE`.
#[inline(always)]
unsafe fn transform_columns<L: Lanes>(
    simd: L,
    direction: Direction,
    tile: &mut [Cell],
    count: usize,
) {
    for column in 0..count {
        // SAFETY: as demanded of the caller.
        unsafe {
            let column = column_of(tile.as_mut_ptr().add(column));
            transform(simd, direction, column.readable(), column);
        }
    }
}

/// Transforms row `row` and the opposite one of the first `count` tiles.
///
/// # Safety
/// `features` must have `count` tiles of `TILE` rows of `STRIDE` cells.
#[inline(always)]
unsafe fn transform_rows<L: Lanes>(
    simd: L,
    features: &[Cell],
    row: usize,
    count: usize,
    spectra: &mut Spectra,
) {
    for (tile, spectra) in spectra.iter_mut().take(count).enumerate() {
        for (row, spectrum) in [row, opposite(row)].into_iter().zip(spectra) {
            // SAFETY: as demanded of the caller.
            unsafe {
                let first = features.as_ptr().add((tile * TILE + row) * STRIDE);
                let to = row_of(spectrum.as_mut_ptr());
                transform(simd, Direction::Forwards, Line { first, step: 1 }, to);
            }
        }
    }
}

/// Multiplies the transforms of `count` tiles, `MOST` of them at a time.
///
/// # Safety
/// As for [`respond`].
#[inline(always)]
unsafe fn multiply_all<L: Lanes, const VECTORS: usize, const MOST: usize>(
    simd: L,
    spectra: &Spectra,
    count: usize,
    product: Product<'_>,
    inputs: &mut [Inputs; BATCH],
    responses: &mut [Cell],
) {
    for first in (0..count).step_by(MOST) {
        // SAFETY: as demanded of the caller; there are that many spectra.
        unsafe {
            match (count - first).min(MOST) {
                1 => multiply::<L, VECTORS, 1>(simd, spectra, first, product, inputs, responses),
                2 => multiply::<L, VECTORS, 2>(simd, spectra, first, product, inputs, responses),
                3 => multiply::<L, VECTORS, 3>(simd, spectra, first, product, inputs, responses),
                _ => multiply::<L, VECTORS, 4>(simd, spectra, first, product, inputs, responses),
            }
        }
    }
}

/// What is multiplied, and where the products go.
#[derive(Clone, Copy)]
struct Product<'a> {
    /// The column of the spectra.
    column: usize,
    /// The weights of all planes at that frequency.
    weights: &'a [Weights],
    /// The cells of the responses at that frequency and at the opposite one.
    cells: [usize; 2],
}

impl Line<*mut Cell> {
    fn readable(self) -> Line<*const Cell> {
        Line {
            first: self.first,
            step: self.step,
        }
    }
}

fn row_of(first: *mut Cell) -> Line<*mut Cell> {
    Line { first, step: 1 }
}

fn column_of(first: *mut Cell) -> Line<*mut Cell> {
    Line {
        first,
        step: STRIDE,
    }
}

/// Multiplies the transforms of `COUNT` tiles from `first` on with the weights of all planes, and writes the sums of the
/// products.
///
/// # Safety
/// As for [`respond`]; there must be [`PLANES`] weights.
#[inline(always)]
unsafe fn multiply<L: Lanes, const VECTORS: usize, const COUNT: usize>(
    simd: L,
    spectra: &Spectra,
    first: usize,
    product: Product<'_>,
    inputs: &mut [Inputs; BATCH],
    responses: &mut [Cell],
) {
    for (inputs, [here, there]) in inputs.iter_mut().zip(&spectra[first..first + COUNT]) {
        let (here, there) = (&here[product.column], &there[opposite(product.column)]);
        // SAFETY: as demanded of the caller.
        unsafe { separate(simd, here, there, inputs) };
    }
    let mut sums = [[[simd.splat(0.0); VECTORS]; 2]; COUNT];
    for plane in 0..PLANES {
        let mut weight = [simd.splat(0.0); VECTORS];
        for (index, weight) in weight.iter_mut().enumerate() {
            // SAFETY: as demanded of the caller.
            unsafe {
                let numbers: *const f32 = product.weights.as_ptr().add(plane).cast();
                *weight = simd.load(numbers.add(index * L::COUNT));
            }
        }
        for (sums, inputs) in sums.iter_mut().zip(&*inputs) {
            for (sums, inputs) in sums.iter_mut().zip(&inputs.0) {
                let input = simd.splat(inputs.as_flattened()[plane]);
                for (sum, weight) in sums.iter_mut().zip(&weight) {
                    *sum = simd.multiply_add(input, *weight, *sum);
                }
            }
        }
    }
    for (index, sums) in sums.iter().enumerate() {
        let mut stored = Sums([[[0.0; PAIRS_OF_TILE]; 4]; 2]);
        for (sums, stored) in sums.iter().zip(&mut stored.0) {
            let stored: *mut f32 = stored.as_mut_ptr().cast();
            for (index, sum) in sums.iter().enumerate() {
                // SAFETY: as demanded of the caller.
                unsafe { simd.store(stored.add(index * L::COUNT), *sum) };
            }
        }
        write(&stored, responses, product.cells, first + index);
    }
}

/// The transforms of the planes at a frequency, from those of the pairs `here`, at this frequency, and `there`, at the
/// opposite one.
///
/// # Safety
/// As for [`respond`].
#[inline(always)]
unsafe fn separate<L: Lanes>(simd: L, here: &Cell, there: &Cell, inputs: &mut Inputs) {
    let [real, imaginary] = &mut inputs.0;
    for lane in (0..PAIRS).step_by(L::COUNT) {
        // SAFETY: each array has `PAIRS` numbers, a multiple of `COUNT`.
        unsafe {
            let here_real = simd.load(here.real.as_ptr().add(lane));
            let here_imaginary = simd.load(here.imaginary.as_ptr().add(lane));
            let there_real = simd.load(there.real.as_ptr().add(lane));
            let there_imaginary = simd.load(there.imaginary.as_ptr().add(lane));
            let first_real = simd.add(here_real, there_real);
            let first_imaginary = simd.subtract(here_imaginary, there_imaginary);
            let second_real = simd.add(here_imaginary, there_imaginary);
            let second_imaginary = simd.subtract(there_real, here_real);
            simd.store(real[0].as_mut_ptr().add(lane), first_real);
            simd.store(imaginary[0].as_mut_ptr().add(lane), first_imaginary);
            simd.store(real[1].as_mut_ptr().add(lane), second_real);
            simd.store(imaginary[1].as_mut_ptr().add(lane), second_imaginary);
        }
    }
}

/// Writes the transforms of a tile's responses at a frequency and at the opposite one.
#[inline(always)]
fn write(sums: &Sums, responses: &mut [Cell], cells: [usize; 2], tile: usize) {
    let Sums([of_real, of_imaginary]) = sums;
    let lanes = tile * PAIRS_OF_TILE..(tile + 1) * PAIRS_OF_TILE;
    let here = &mut responses[cells[0]];
    for (index, number) in here.real[lanes.clone()].iter_mut().enumerate() {
        *number = of_real[0][index] - of_imaginary[1][index];
    }
    for (index, number) in here.imaginary[lanes.clone()].iter_mut().enumerate() {
        *number = of_real[1][index] + of_imaginary[0][index];
    }
    let there = &mut responses[cells[1]];
    for (index, number) in there.real[lanes.clone()].iter_mut().enumerate() {
        *number = of_real[2][index] - of_imaginary[3][index];
    }
    for (index, number) in there.imaginary[lanes].iter_mut().enumerate() {
        *number = -(of_real[3][index] + of_imaginary[2][index]);
    }
}
