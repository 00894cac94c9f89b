//! Winograd's convolution: fewer multiplications for windows of 3x3 and 5x5 that move by 1 (Lavin and Gray, Fast
//! Algorithms for Convolutional Neural Networks, 2016).
//!
//! The input is cut into overlapping patches. [`split`] transforms each patch; the transformed patches are multiplied
//! with transformed filters, which is one product of matrices for each number of a patch; [`join`] transforms the
//! products back into a tile of the output. [`Scheme`] says how large patches and tiles are.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
mod scheme;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod vectors;

use std::ops::Range;

pub use scheme::Scheme;

use super::convolution::BLOCK;
use super::{Finish, SimdLevel};

/// Maps of several images, channels next to each other, cut into tiles row by row, image by image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// How many images there are.
    pub images: usize,
    /// The height of an image's output.
    pub rows: usize,
    /// The width of an image's output.
    pub columns: usize,
    /// How many channels a pixel has; a multiple of [`BLOCK`].
    pub channels: usize,
    /// From a pixel to the same one of the next image, in numbers.
    pub image_step: usize,
    /// From a pixel to the one below it, in numbers.
    pub row_step: usize,
}

impl Grid {
    /// How many tiles there are. Those at the right and lower edge may reach beyond the output.
    pub fn tiles(&self, scheme: Scheme) -> usize {
        self.images * self.tile_rows(scheme) * self.tile_columns(scheme)
    }

    fn tile_rows(&self, scheme: Scheme) -> usize {
        self.rows.div_ceil(scheme.outputs())
    }

    fn tile_columns(&self, scheme: Scheme) -> usize {
        self.columns.div_ceil(scheme.outputs())
    }

    /// The image, row and column of the first pixel of a tile.
    fn corner(&self, scheme: Scheme, tile: usize) -> (usize, usize, usize) {
        let (row, column) = (
            tile / self.tile_columns(scheme),
            tile % self.tile_columns(scheme),
        );
        let (image, row) = (row / self.tile_rows(scheme), row % self.tile_rows(scheme));
        (image, row * scheme.outputs(), column * scheme.outputs())
    }

    /// Where a pixel begins.
    fn place(&self, (image, row, column): (usize, usize, usize)) -> usize {
        image * self.image_step + row * self.row_step + column * self.channels
    }

    /// Where the last of `rows` x `columns` pixels of the last image ends.
    fn end(&self, rows: usize, columns: usize) -> usize {
        self.place((self.images - 1, rows - 1, columns - 1)) + self.channels
    }
}

/// Transforms the patches of `tiles` of `input`, which is laid out as `grid` says and begins with the first patch: the
/// padding belongs to it, and at its right and lower edge as much as the last patches need.
///
/// In `patches`, for each number of a patch (row by row), for each tile, the channels stand next to each other.
///
/// # Panics
/// When a patch reaches beyond `input`, `patches` has another length, or a tile is not of the grid.
pub fn split(
    level: SimdLevel,
    scheme: Scheme,
    input: &[f32],
    grid: &Grid,
    tiles: Range<usize>,
    patches: &mut [f32],
) {
    assert!(tiles.end <= grid.tiles(scheme));
    assert!(grid.channels.is_multiple_of(BLOCK));
    if tiles.is_empty() {
        return;
    }
    let beyond = scheme.size() - scheme.outputs();
    let rows = grid.tile_rows(scheme) * scheme.outputs() + beyond;
    let columns = grid.tile_columns(scheme) * scheme.outputs() + beyond;
    assert!(columns * grid.channels <= grid.row_step);
    assert!(grid.end(rows, columns) <= input.len());
    assert_eq!(
        patches.len(),
        scheme.size() * scheme.size() * tiles.len() * grid.channels
    );
    match level {
        SimdLevel::Scalar => scalar::split(scheme, input, grid, tiles, patches),
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx2(avx2) => avx2::split(avx2, scheme, input, grid, tiles, patches),
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx512(avx512) => avx512::split(avx512, scheme, input, grid, tiles, patches),
        #[cfg(target_arch = "aarch64")]
        SimdLevel::Neon(neon) => neon::split(neon, scheme, input, grid, tiles, patches),
    }
}

/// Transforms `products`, laid out as the patches of [`split`], into the pixels of `tiles` of `output`, which is laid
/// out as `grid` says; adds `bias`, one number for each channel, and finishes as `finish` says.
///
/// # Panics
/// When the output reaches beyond `output`, `products` or `bias` has another length, or a tile is not of the grid.
#[allow(
    clippy::too_many_arguments,
    reason = "each is a thing of its own, and a kernel has no use for a type that bundles them"
)]
pub fn join(
    level: SimdLevel,
    scheme: Scheme,
    products: &[f32],
    grid: &Grid,
    tiles: Range<usize>,
    bias: &[f32],
    output: &mut [f32],
    finish: Finish,
) {
    assert!(tiles.end <= grid.tiles(scheme));
    assert!(grid.channels.is_multiple_of(BLOCK));
    if tiles.is_empty() {
        return;
    }
    assert_eq!(bias.len(), grid.channels);
    assert!(grid.columns * grid.channels <= grid.row_step);
    assert!(grid.end(grid.rows, grid.columns) <= output.len());
    assert_eq!(
        products.len(),
        scheme.size() * scheme.size() * tiles.len() * grid.channels
    );
    let task = Join {
        products,
        grid,
        tiles,
        bias,
        finish,
    };
    match level {
        SimdLevel::Scalar => scalar::join(scheme, &task, output),
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx2(avx2) => avx2::join(avx2, scheme, &task, output),
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx512(avx512) => avx512::join(avx512, scheme, &task, output),
        #[cfg(target_arch = "aarch64")]
        SimdLevel::Neon(neon) => neon::join(neon, scheme, &task, output),
    }
}

/// What [`join`] has to compute, checked.
struct Join<'a> {
    products: &'a [f32],
    grid: &'a Grid,
    tiles: Range<usize>,
    bias: &'a [f32],
    finish: Finish,
}

#[cfg(test)]
mod tests;
