//! The specification: dlib's arithmetic, cell by cell.

use super::{CUT_OFF, CellRows, EPSILON, FULL, Row, TEXTURE};

/// Writes the features of `row`.
pub(super) fn feature_row(row: Row<'_>) {
    let Row { cells, count, to } = row;
    for column in 0..count {
        for (plane, number) in features(cells, column).into_iter().enumerate() {
            to.numbers[to.first + plane * to.stride + column] = number;
        }
    }
}

fn features(cells: CellRows<'_>, column: usize) -> [f32; super::PLANES] {
    let norms = norms(cells.energies, column);
    let factors = norms.map(|norm| FULL / norm);
    let histogram = |orientation: usize| cells.histograms[orientation * cells.stride + column + 1];
    let cut = |value: f32| -> [f32; 4] {
        std::array::from_fn(|square| value.min(norms[square]) * factors[square])
    };
    let mut features = [0.0; super::PLANES];
    let mut texture = [0.0; 4];
    for first in (0..18).step_by(3) {
        let shares = [first, first + 1, first + 2].map(|o| cut(histogram(o)));
        for (offset, share) in shares.iter().enumerate() {
            features[first + offset] = sum(*share);
        }
        for (square, sum) in texture.iter_mut().enumerate() {
            *sum += shares[0][square] + shares[1][square] + shares[2][square];
        }
    }
    for direction in 0..9 {
        features[18 + direction] = sum(cut(histogram(direction) + histogram(direction + 9)));
    }
    for (feature, sum) in features[27..].iter_mut().zip(texture) {
        *feature = sum * TEXTURE;
    }
    features
}

/// Returns a fifth of the norm of the four squares that contain the cell: to the lower right, upper
/// right, lower left and upper left of it.
fn norms(energies: [&[f32]; 3], column: usize) -> [f32; 4] {
    let square = |row: usize, column: usize| {
        let [upper, lower] = [energies[row], energies[row + 1]];
        let sum = upper[column] + upper[column + 1] + lower[column] + lower[column + 1];
        CUT_OFF * (sum + EPSILON).sqrt()
    };
    [
        square(1, column + 1),
        square(0, column + 1),
        square(1, column),
        square(0, column),
    ]
}

/// Returns the sum in the order of dlib's `simd4f` with SSE2.
fn sum([a, b, c, d]: [f32; 4]) -> f32 {
    (a + c) + (b + d)
}
