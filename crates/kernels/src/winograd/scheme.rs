//! The matrices of Winograd's convolution for the windows that dlib's networks have.

/// The sizes of tiles and windows. The points are 0, 1, -1, 2, -2 (and infinity) for patches of 6,
/// and 0, 1, -1 for patches of 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Tiles of 4x4 for windows of 3x3: 2.25 multiplications for each number instead of 9.
    Tile4Window3,
    /// Tiles of 2x2 for windows of 3x3: 4 multiplications instead of 9.
    Tile2Window3,
    /// Tiles of 2x2 for windows of 5x5: 9 multiplications instead of 25.
    Tile2Window5,
}

const INPUT_6: [[f32; 6]; 6] = [
    [4.0, 0.0, -5.0, 0.0, 1.0, 0.0],
    [0.0, -4.0, -4.0, 1.0, 1.0, 0.0],
    [0.0, 4.0, -4.0, -1.0, 1.0, 0.0],
    [0.0, -2.0, -1.0, 2.0, 1.0, 0.0],
    [0.0, 2.0, -1.0, -2.0, 1.0, 0.0],
    [0.0, 4.0, 0.0, -5.0, 0.0, 1.0],
];
const INPUT_4: [[f32; 4]; 4] = [
    [1.0, 0.0, -1.0, 0.0],
    [0.0, 1.0, 1.0, 0.0],
    [0.0, -1.0, 1.0, 0.0],
    [0.0, 1.0, 0.0, -1.0],
];
const OUTPUT_6_TO_4: [[f32; 6]; 4] = [
    [1.0, 1.0, 1.0, 1.0, 1.0, 0.0],
    [0.0, 1.0, -1.0, 2.0, -2.0, 0.0],
    [0.0, 1.0, 1.0, 4.0, 4.0, 0.0],
    [0.0, 1.0, -1.0, 8.0, -8.0, 1.0],
];
const OUTPUT_6_TO_2: [[f32; 6]; 2] = [
    [1.0, 1.0, 1.0, 1.0, 1.0, 0.0],
    [0.0, 1.0, -1.0, 2.0, -2.0, 1.0],
];
const OUTPUT_4_TO_2: [[f32; 4]; 2] = [[1.0, 1.0, 1.0, 0.0], [0.0, 1.0, -1.0, -1.0]];
const FILTER_3_TO_6: [[f32; 3]; 6] = [
    [1.0 / 4.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];
const FILTER_3_TO_4: [[f32; 3]; 4] = [
    [1.0, 0.0, 0.0],
    [0.5, 0.5, 0.5],
    [0.5, -0.5, 0.5],
    [0.0, 0.0, 1.0],
];
const FILTER_5_TO_6: [[f32; 5]; 6] = [
    [1.0 / 4.0, 0.0, 0.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0, 1.0 / 3.0, 2.0 / 3.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0, -1.0 / 3.0, 2.0 / 3.0],
    [0.0, 0.0, 0.0, 0.0, 1.0],
];

impl Scheme {
    /// Returns the side of a patch: 6 or 4.
    pub const fn size(self) -> usize {
        match self {
            Self::Tile4Window3 | Self::Tile2Window5 => 6,
            Self::Tile2Window3 => 4,
        }
    }

    /// Returns the side of a tile: 4 or 2.
    pub const fn outputs(self) -> usize {
        match self {
            Self::Tile4Window3 => 4,
            Self::Tile2Window3 | Self::Tile2Window5 => 2,
        }
    }

    /// Returns the side of a window: 3 or 5.
    pub const fn window(self) -> usize {
        match self {
            Self::Tile4Window3 | Self::Tile2Window3 => 3,
            Self::Tile2Window5 => 5,
        }
    }

    /// Returns the matrix that transforms a column of a patch: `size` rows of `size` numbers.
    pub(super) fn input(self) -> &'static [f32] {
        match self {
            Self::Tile4Window3 | Self::Tile2Window5 => INPUT_6.as_flattened(),
            Self::Tile2Window3 => INPUT_4.as_flattened(),
        }
    }

    /// Returns the matrix that transforms a column of products: `outputs` rows of `size` numbers.
    pub(super) fn output(self) -> &'static [f32] {
        match self {
            Self::Tile4Window3 => OUTPUT_6_TO_4.as_flattened(),
            Self::Tile2Window5 => OUTPUT_6_TO_2.as_flattened(),
            Self::Tile2Window3 => OUTPUT_4_TO_2.as_flattened(),
        }
    }

    /// Returns the matrix that transforms a column of a filter: `size` rows of `window` numbers.
    fn filter(self) -> &'static [f32] {
        match self {
            Self::Tile4Window3 => FILTER_3_TO_6.as_flattened(),
            Self::Tile2Window5 => FILTER_5_TO_6.as_flattened(),
            Self::Tile2Window3 => FILTER_3_TO_4.as_flattened(),
        }
    }

    /// Transforms `LANES` filters at once, from `window * window` numbers of each, row by row, to
    /// `size * size`.
    ///
    /// # Panics
    /// If a slice has another length.
    pub fn transform_filters<const LANES: usize>(
        self,
        filters: &[[f32; LANES]],
        transformed: &mut [[f32; LANES]],
    ) {
        let (size, window) = (self.size(), self.window());
        assert_eq!(filters.len(), window * window);
        assert_eq!(transformed.len(), size * size);
        let matrix = self.filter();
        // The columns of the filters first: `size` rows of `window` numbers.
        let mut halfway = [[0.0; LANES]; 6 * 5];
        for (row, weights) in matrix.chunks_exact(window).enumerate() {
            for column in 0..window {
                let sum = &mut halfway[row * window + column];
                for (weight, numbers) in weights.iter().zip(filters.chunks_exact(window)) {
                    add_scaled(sum, *weight, &numbers[column]);
                }
            }
        }
        for (rows, transformed) in halfway
            .chunks_exact(window)
            .zip(transformed.chunks_exact_mut(size))
        {
            for (weights, sum) in matrix.chunks_exact(window).zip(transformed) {
                *sum = [0.0; LANES];
                for (weight, numbers) in weights.iter().zip(rows) {
                    add_scaled(sum, *weight, numbers);
                }
            }
        }
    }
}

/// Adds `weight` times `numbers` to `sums`.
fn add_scaled<const LANES: usize>(sums: &mut [f32; LANES], weight: f32, numbers: &[f32; LANES]) {
    for (sum, number) in sums.iter_mut().zip(numbers) {
        *sum += weight * number;
    }
}
