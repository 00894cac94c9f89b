//! The filters and their Fourier transforms.

use super::{HALF, MOST_FILTERS, PAIRS, PAIRS_OF_TILE, PLANES, TAPS, TILE, half_of_row};

/// Factors for a feature's transform at one frequency: for each pair of filters, the real and the
/// imaginary part of `F + iG`, where `F` and `G` are the transforms of the two, then those of
/// `F - iG`, which gives the responses at the opposite frequency.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Weights(pub(super) [[f32; PAIRS_OF_TILE]; 4]);

/// A filter of one plane: the weight of the cell in row `y` and column `x` is `column[y] * row[x]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeparableFilter {
    /// Plane, 0 to 30.
    pub plane: usize,
    /// One finite number for each column of the window, from the left.
    pub row: [f32; TAPS],
    /// One finite number for each row of the window, from the top.
    pub column: [f32; TAPS],
}

/// Several filters over all planes.
#[derive(Debug, Clone)]
pub struct FilterBank {
    /// Products that add up to a filter, filter by filter.
    products: Vec<Vec<SeparableFilter>>,
    /// Weights frequency by frequency, those in [`HALF`] and [`half_of_row`], and for each the
    /// planes in the order of [`slot`].
    weights: Vec<Weights>,
}

impl FilterBank {
    /// Creates filters that are the sums of `products`, at most [`MOST_FILTERS`].
    ///
    /// # Panics
    /// If there are more filters, or a plane is not one of [`PLANES`].
    pub fn new<'a>(products: impl IntoIterator<Item = &'a [SeparableFilter]>) -> Self {
        let products: Vec<_> = products.into_iter().map(<[_]>::to_vec).collect();
        assert!(
            products.len() <= MOST_FILTERS,
            "too many filters for a bank"
        );
        let mut planes = products.iter().flatten().map(|product| product.plane);
        assert!(planes.all(|plane| plane < PLANES), "no such plane");
        let weights = weights(&products);
        Self { products, weights }
    }

    pub(super) fn products(&self) -> &[Vec<SeparableFilter>] {
        &self.products
    }

    pub(super) fn weights(&self) -> &[Weights] {
        &self.weights
    }
}

/// Returns the index of `plane` among the planes of a frequency: the first planes of all pairs,
/// then the second ones.
fn slot(plane: usize) -> usize {
    plane / 2 + plane % 2 * PAIRS
}

fn weights(filters: &[Vec<SeparableFilter>]) -> Vec<Weights> {
    let frequencies = HALF.map(|row| half_of_row(row).len()).sum::<usize>();
    let mut weights = vec![Weights([[0.0; PAIRS_OF_TILE]; 4]); frequencies * PLANES];
    let turns = turns();
    for (filter, products) in filters.iter().enumerate() {
        for product in products {
            let across = transformed(&product.row, &turns, 1.0);
            let down = transformed(&product.column, &turns, SCALE);
            let frequencies =
                HALF.flat_map(|row| half_of_row(row).map(move |column| (row, column)));
            for (weights, (row, column)) in weights.chunks_exact_mut(PLANES).zip(frequencies) {
                let weight = times(down[row], across[column]);
                add(&mut weights[slot(product.plane)], filter, weight);
            }
        }
    }
    weights
}

/// The inverse transform multiplies by the number of cells, and separating the pairs doubles the
/// features.
const SCALE: f64 = 1.0 / (2 * TILE * TILE) as f64;

/// Adds a part of the transform of `filter`.
fn add(weights: &mut Weights, filter: usize, [real, imaginary]: [f64; 2]) {
    let terms = if filter.is_multiple_of(2) {
        [real, imaginary, real, imaginary]
    } else {
        // The terms times `i` and times `-i`.
        [-imaginary, real, imaginary, -real]
    };
    for (weights, term) in weights.0.iter_mut().zip(terms) {
        weights[filter / 2] += term as f32;
    }
}

/// Returns cosine and sine of each 32nd of a turn.
fn turns() -> [[f64; 2]; TILE] {
    std::array::from_fn(|turn| {
        let (sine, cosine) = (std::f64::consts::TAU * turn as f64 / TILE as f64).sin_cos();
        [cosine, sine]
    })
}

/// Returns the transform of `taps` at each frequency. It is conjugate, since a filter's first
/// number belongs to the window's first.
fn transformed(taps: &[f32; TAPS], turns: &[[f64; 2]; TILE], scale: f64) -> [[f64; 2]; TILE] {
    std::array::from_fn(|frequency| {
        let mut sum = [0.0; 2];
        for (place, tap) in taps.iter().enumerate() {
            let [cosine, sine] = turns[frequency * place % TILE];
            let tap = f64::from(*tap) * scale;
            sum = [sum[0] + tap * cosine, sum[1] + tap * sine];
        }
        sum
    })
}

fn times(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]]
}
