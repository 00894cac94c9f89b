//! The loops of all vector levels. `VECTORS` vectors make up the [`Weights`] of one plane, and
//! `MOST` tiles are multiplied with them at a time, so `2 * VECTORS * MOST` sums are in registers.

use super::filters::Weights;
use super::transform::{Direction, transform, transform_row};
use super::{
    BATCH, Cell, Extent, FilterBank, HALF, PAIRS, PAIRS_OF_TILE, PLANES, STRIDE, TILE, Tiles,
    half_of_row, opposite,
};
use crate::lanes::Lanes;

/// Two opposite rows of the transforms of each tile.
type Spectra = [[[Cell; TILE]; 2]; BATCH];

/// The transforms of a tile's planes at one frequency, multiplied by 2: real and imaginary parts,
/// each with the first planes of all pairs before the second ones.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Inputs([[[f32; PAIRS]; 2]; 2]);

/// Two sums over all planes: real parts times weights, and imaginary parts times weights.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Sums([[[f32; PAIRS_OF_TILE]; 4]; 2]);

/// Turns the features of `tiles` into responses. `VECTORS` vectors must make up a [`Weights`].
#[inline(always)]
pub(super) fn respond<L: Lanes, const VECTORS: usize, const MOST: usize>(
    simd: L,
    bank: &FilterBank,
    extent: Extent,
    tiles: &mut Tiles,
) {
    // The lanes of missing tiles are transformed too.
    tiles.responses.fill(Cell::ZERO);
    let mut spectra = [[[Cell::ZERO; TILE]; 2]; BATCH];
    let mut inputs = [Inputs([[[0.0; PAIRS]; 2]; 2]); BATCH];
    let mut weights = bank.weights();
    let (of_tiles, _) = tiles.features.as_chunks_mut::<TILE_CELLS>();
    for tile in of_tiles.iter_mut().take(extent.tiles) {
        transform_columns(simd, Direction::Forwards, tile, TILE);
    }
    for row in HALF {
        transform_rows(simd, &of_tiles[..extent.tiles], row, &mut spectra);
        let rows = [row, opposite(row)].map(|row| row * STRIDE);
        for column in half_of_row(row) {
            let (here, rest) = weights.split_at(PLANES);
            weights = rest;
            let product = Product {
                column,
                weights: here,
                cells: [rows[0] + column, rows[1] + opposite(column)],
            };
            multiply_all::<L, VECTORS, MOST>(
                simd,
                &spectra,
                extent.tiles,
                product,
                &mut inputs,
                &mut tiles.responses,
            );
        }
        // The first and the middle row are their own opposites.
        let distinct = if rows[0] == rows[1] { 1 } else { 2 };
        for row in &rows[..distinct] {
            transform::<L, 1>(simd, Direction::Backwards, &mut tiles.responses[*row..]);
        }
    }
    let (responses, _) = tiles.responses.as_chunks_mut();
    for tile in responses {
        transform_columns(simd, Direction::Backwards, tile, extent.columns);
    }
}

/// Cells of a tile, including those after its rows.
const TILE_CELLS: usize = TILE * STRIDE;

/// Transforms the first `count` columns of a tile.
#[inline(always)]
fn transform_columns<L: Lanes>(
    simd: L,
    direction: Direction,
    tile: &mut [Cell; TILE_CELLS],
    count: usize,
) {
    for column in 0..count {
        transform::<L, STRIDE>(simd, direction, &mut tile[column..]);
    }
}

/// Transforms row `row` and its opposite of `tiles`.
#[inline(always)]
fn transform_rows<L: Lanes>(
    simd: L,
    tiles: &[[Cell; TILE_CELLS]],
    row: usize,
    spectra: &mut Spectra,
) {
    for (tile, spectra) in tiles.iter().zip(spectra) {
        for (row, spectrum) in [row, opposite(row)].into_iter().zip(spectra) {
            transform_row(simd, Direction::Forwards, &tile[row * STRIDE..], spectrum);
        }
    }
}

/// Multiplies the transforms of `count` tiles, `MOST` of them at a time.
#[inline(always)]
fn multiply_all<L: Lanes, const VECTORS: usize, const MOST: usize>(
    simd: L,
    spectra: &Spectra,
    count: usize,
    product: Product<'_>,
    inputs: &mut [Inputs; BATCH],
    responses: &mut [Cell],
) {
    for first in (0..count).step_by(MOST) {
        match (count - first).min(MOST) {
            1 => multiply::<L, VECTORS, 1>(simd, spectra, first, product, inputs, responses),
            2 => multiply::<L, VECTORS, 2>(simd, spectra, first, product, inputs, responses),
            3 => multiply::<L, VECTORS, 3>(simd, spectra, first, product, inputs, responses),
            _ => multiply::<L, VECTORS, 4>(simd, spectra, first, product, inputs, responses),
        }
    }
}

/// Operands of a multiplication and the destination of the products.
#[derive(Clone, Copy)]
struct Product<'a> {
    /// Column of the spectra.
    column: usize,
    /// Weights of all planes at that frequency.
    weights: &'a [Weights],
    /// Cells of the responses at that frequency and at the opposite one.
    cells: [usize; 2],
}

/// Multiplies the transforms of `COUNT` tiles, starting at `first`, with the weights of all planes,
/// and writes the sums of the products.
#[inline(always)]
fn multiply<L: Lanes, const VECTORS: usize, const COUNT: usize>(
    simd: L,
    spectra: &Spectra,
    first: usize,
    product: Product<'_>,
    inputs: &mut [Inputs; BATCH],
    responses: &mut [Cell],
) {
    // Lets the compiler see that all slices below lie within their arrays.
    const { assert!(VECTORS * L::COUNT == 4 * PAIRS_OF_TILE) }
    for (inputs, [here, there]) in inputs.iter_mut().zip(&spectra[first..first + COUNT]) {
        let (here, there) = (&here[product.column], &there[opposite(product.column)]);
        separate(simd, here, there, inputs);
    }
    let mut sums = [[[simd.splat(0.0); VECTORS]; 2]; COUNT];
    for (plane, weights) in product.weights.iter().enumerate().take(PLANES) {
        let weights = weights.0.as_flattened();
        let mut weight = [simd.splat(0.0); VECTORS];
        for (index, weight) in weight.iter_mut().enumerate() {
            *weight = simd.load(&weights[index * L::COUNT..]);
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
            let stored = stored.as_flattened_mut();
            for (index, sum) in sums.iter().enumerate() {
                simd.store(&mut stored[index * L::COUNT..], *sum);
            }
        }
        write(&stored, responses, product.cells, first + index);
    }
}

/// Computes the transforms of the planes at a frequency, from those of the pairs `here`, at this
/// frequency, and `there`, at the opposite one.
#[inline(always)]
fn separate<L: Lanes>(simd: L, here: &Cell, there: &Cell, inputs: &mut Inputs) {
    let [real, imaginary] = &mut inputs.0;
    for vector in 0..PAIRS / L::COUNT {
        let lane = vector * L::COUNT;
        let here_real = simd.load(&here.real[lane..]);
        let here_imaginary = simd.load(&here.imaginary[lane..]);
        let there_real = simd.load(&there.real[lane..]);
        let there_imaginary = simd.load(&there.imaginary[lane..]);
        let first_real = simd.add(here_real, there_real);
        let first_imaginary = simd.subtract(here_imaginary, there_imaginary);
        let second_real = simd.add(here_imaginary, there_imaginary);
        let second_imaginary = simd.subtract(there_real, here_real);
        simd.store(&mut real[0][lane..], first_real);
        simd.store(&mut imaginary[0][lane..], first_imaginary);
        simd.store(&mut real[1][lane..], second_real);
        simd.store(&mut imaginary[1][lane..], second_imaginary);
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
