//! The specification: each response is the sum over the window, first along its rows, then along
//! its columns.

use super::{Cell, Extent, FilterBank, STRIDE, TAPS, TILE, Tiles};
use crate::filter_bank::{PLANES, SeparableFilter};

/// Number of rows that the windows of a tile reach.
const REACH: usize = TILE + TAPS - 1;

/// One plane of a tile, extended by its own start as far as windows reach beyond it.
type Plane = [[f32; REACH]; REACH];

/// Turns the features of `tiles` into responses.
pub(super) fn respond(bank: &FilterBank, extent: Extent, tiles: &mut Tiles) {
    for tile in 0..extent.tiles {
        let features = &tiles.features[tile * TILE * STRIDE..][..TILE * STRIDE];
        let planes: Vec<Plane> = (0..PLANES).map(|plane| plane_of(features, plane)).collect();
        for (filter, products) in bank.products().iter().enumerate() {
            let mut sums = [[0.0; TILE]; TILE];
            for product in products {
                add_filtered(&planes[product.plane], product, &mut sums[..extent.rows]);
            }
            for (sums, responses) in sums.iter().zip(tiles.responses.chunks_mut(STRIDE)) {
                for (sum, cell) in sums.iter().zip(responses) {
                    *cell.response_mut(tile, filter) = *sum;
                }
            }
        }
    }
}

fn plane_of(features: &[Cell], plane: usize) -> Plane {
    std::array::from_fn(|y| {
        std::array::from_fn(|x| {
            let cell = &features[y % TILE * STRIDE + x % TILE];
            [&cell.real, &cell.imaginary][plane % 2][plane / 2]
        })
    })
}

/// Filters the first rows of `plane` with `product` and adds the result to `sums`.
fn add_filtered(plane: &Plane, product: &SeparableFilter, sums: &mut [[f32; TILE]]) {
    let mut across = [[0.0; TILE]; REACH];
    for (row, across) in plane.iter().zip(&mut across[..sums.len() + TAPS - 1]) {
        let shifted = (0..TAPS).filter_map(|tap| row[tap..].first_chunk());
        *across = weighted_sum(&product.row, shifted);
    }
    for (rows, sums) in across.windows(TAPS).zip(sums) {
        for (sum, addend) in sums.iter_mut().zip(weighted_sum(&product.column, rows)) {
            *sum += addend;
        }
    }
}

fn weighted_sum<'a>(
    weights: &[f32; TAPS],
    rows: impl IntoIterator<Item = &'a [f32; TILE]>,
) -> [f32; TILE] {
    let mut sums = [0.0; TILE];
    for (weight, row) in weights.iter().zip(rows) {
        for (sum, number) in sums.iter_mut().zip(row) {
            *sum += number * weight;
        }
    }
    sums
}
