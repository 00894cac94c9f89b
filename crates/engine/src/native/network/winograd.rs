//! A convolution with Winograd's method, tile by tile.

use super::convolution::Workspace;
use crate::models::network::Convolution;
use facematch_kernels::convolution::{BLOCK, PackedFilters, Places, Windows, convolve};
use facematch_kernels::winograd::{Grid, Scheme, join, split};
use facematch_kernels::{AlignedNumbers, Finish, SimdLevel};

/// Number of tiles computed together: a multiple of the width of the matrix kernel's tiles, and few
/// enough for patches and products to stay in the processor's cache.
const TILES_AT_ONCE: usize = 28;

/// The transformed filters of a convolution.
#[derive(Debug)]
pub(super) struct TransformedFilters {
    scheme: Scheme,
    /// One matrix for each number of a patch.
    filters: Vec<PackedFilters>,
    bias: Vec<f32>,
    slopes: Vec<f32>,
}

impl TransformedFilters {
    /// Transforms the filters of `convolution` for maps that hold `stored` channels. The window
    /// must be that of the `scheme`, moving by 1.
    pub(super) fn new(convolution: &Convolution, stored: usize, scheme: Scheme) -> Self {
        assert_eq!(
            [convolution.rows, convolution.columns, convolution.stride],
            [scheme.window(), scheme.window(), 1]
        );
        let padded = |numbers: &[f32]| {
            let mut numbers = numbers.to_vec();
            numbers.resize(convolution.filters.next_multiple_of(BLOCK), 0.0);
            numbers
        };
        Self {
            scheme,
            filters: PackedFilters::of_transformed(
                convolution.filters(),
                stored,
                scheme.size().pow(2),
                |window, transformed| scheme.transform_filters(window, transformed),
            ),
            bias: padded(&convolution.bias),
            slopes: padded(&convolution.slopes),
        }
    }

    /// Returns the number of channels of the output maps.
    pub(super) fn channels(&self) -> usize {
        self.bias.len()
    }

    /// Computes `output`, laid out as described by `to`, from `input`, laid out as described by
    /// `from` and starting with the padding.
    #[allow(
        clippy::too_many_arguments,
        reason = "two maps and how they are laid out"
    )]
    pub(super) fn apply(
        &self,
        level: SimdLevel,
        input: &[f32],
        from: &Grid,
        output: &mut [f32],
        to: &Grid,
        finish: Finish,
        workspace: &mut Workspace,
    ) {
        let scheme = self.scheme;
        let all = from.tiles(scheme);
        for start in (0..all).step_by(TILES_AT_ONCE) {
            let tiles = start..all.min(start + TILES_AT_ONCE);
            let numbers = scheme.size().pow(2) * tiles.len();
            let patches = first_of(&mut workspace.patches, numbers * from.channels);
            let products = first_of(&mut workspace.products, numbers * to.channels);
            split(level, scheme, input, from, tiles.clone(), patches);
            multiply(level, &self.filters, patches, products, tiles.len());
            join(
                level,
                scheme,
                products,
                to,
                tiles,
                &self.bias,
                &self.slopes,
                output,
                finish,
            );
        }
    }
}

/// Returns the first `length` numbers of `numbers`, which grows if necessary.
fn first_of(numbers: &mut AlignedNumbers, length: usize) -> &mut [f32] {
    if numbers.len() < length {
        numbers.resize(length);
    }
    &mut numbers[..length]
}

/// Computes, for each number of a patch, the product of the matrices `patches` (tiles x channels)
/// and `filters`.
fn multiply(
    level: SimdLevel,
    filters: &[PackedFilters],
    patches: &[f32],
    products: &mut [f32],
    tiles: usize,
) {
    let patches = patches.chunks_exact(patches.len() / filters.len());
    let products = products.chunks_exact_mut(products.len() / filters.len());
    for ((filters, patches), products) in filters.iter().zip(patches).zip(products) {
        let windows = Windows {
            images: 1,
            rows: 1,
            columns: tiles,
            image_step: 0,
            row_step: 0,
            column_step: filters.run(),
            window_rows: 1,
            window_row_step: 0,
            window_run: filters.run(),
        };
        let places = Places {
            image_step: 0,
            row_step: 0,
            column_step: filters.channels(),
        };
        let finish = Finish::Store;
        convolve(level, patches, &windows, filters, products, &places, finish);
    }
}
