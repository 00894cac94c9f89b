//! Winograd's convolution: fewer multiplications for windows of 3x3 and 5x5 that move by 1 (Lavin
//! and Gray, Fast Algorithms for Convolutional Neural Networks, 2016).
//!
//! The input is cut into overlapping patches. [`split`] transforms each patch; the transformed
//! patches are multiplied with transformed filters, which is one matrix product for each number of
//! a patch; [`join`] transforms the products back into a tile of the output. [`Scheme`] defines the
//! sizes of patches and tiles.

mod scalar;
mod scheme;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod vectors;

use std::ops::Range;

pub use scheme::Scheme;

use super::convolution::BLOCK;
use super::extent::{end, fits, product};
use super::{Finish, SimdLevel};
use crate::level::kernel;

/// Maps of several images with adjacent channels, cut into tiles row by row, image by image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Number of images.
    pub images: usize,
    /// Height of an image's output.
    pub rows: usize,
    /// Width of an image's output.
    pub columns: usize,
    /// Number of channels of a pixel; a multiple of [`BLOCK`].
    pub channels: usize,
    /// Step from a pixel to the same one of the next image, in numbers.
    pub image_step: usize,
    /// Step from a pixel to the one below it, in numbers.
    pub row_step: usize,
}

impl Grid {
    /// Returns the number of tiles. Those at the right and bottom edge may extend beyond the
    /// output.
    ///
    /// # Panics
    /// If there are more tiles than a `usize` can count.
    pub fn tiles(&self, scheme: Scheme) -> usize {
        let (rows, columns) = (self.tile_rows(scheme), self.tile_columns(scheme));
        let Some(tiles) = product(&[self.images, rows, columns]) else {
            panic!("a grid has too many tiles");
        };
        tiles
    }

    fn tile_rows(&self, scheme: Scheme) -> usize {
        self.rows.div_ceil(scheme.outputs())
    }

    fn tile_columns(&self, scheme: Scheme) -> usize {
        self.columns.div_ceil(scheme.outputs())
    }

    /// Returns the image, row and column of the first pixel of a tile.
    fn corner(&self, scheme: Scheme, tile: usize) -> (usize, usize, usize) {
        let (row, column) = (
            tile / self.tile_columns(scheme),
            tile % self.tile_columns(scheme),
        );
        let (image, row) = (row / self.tile_rows(scheme), row % self.tile_rows(scheme));
        (image, row * scheme.outputs(), column * scheme.outputs())
    }

    /// Returns the index of a pixel's first number.
    fn place(&self, (image, row, column): (usize, usize, usize)) -> usize {
        image * self.image_step + row * self.row_step + column * self.channels
    }

    /// Returns the end of the last of `rows` x `columns` pixels of the last image, or `None` on
    /// overflow.
    fn end(&self, rows: usize, columns: usize) -> Option<usize> {
        let axes = [
            (self.images, self.image_step),
            (rows, self.row_step),
            (columns, self.channels),
        ];
        end(&axes, self.channels)
    }

    /// Checks that `tiles` are within the grid, and that channels come in whole blocks.
    fn check(&self, scheme: Scheme, tiles: &Range<usize>) {
        assert!(tiles.end <= self.tiles(scheme), "no such tile");
        let is_whole = self.channels.is_multiple_of(BLOCK);
        assert!(is_whole, "a block of channels is not full");
    }

    /// Returns whether `columns` pixels end before the next row starts; `false` on overflow.
    fn is_row(&self, columns: Option<usize>) -> bool {
        let numbers = columns.and_then(|columns| product(&[columns, self.channels]));
        fits(numbers, self.row_step)
    }

    /// Returns whether `numbers` has one number for each number of a patch, each of `tiles` and
    /// each channel.
    fn is_patches(&self, scheme: Scheme, tiles: &Range<usize>, numbers: &[f32]) -> bool {
        let size = scheme.size();
        product(&[size, size, tiles.len(), self.channels]) == Some(numbers.len())
    }
}

/// Transforms the patches of `tiles` of `input`, which is laid out as described by `grid` and
/// starts with the first patch: it includes the padding, and at its right and bottom edge as much
/// as the last patches need.
///
/// In `patches`, the channels are adjacent, for each number of a patch (row by row), for each tile.
///
/// # Panics
/// If a patch extends beyond `input`, `patches` has another length, or a tile is outside the grid.
pub fn split(
    level: SimdLevel,
    scheme: Scheme,
    input: &[f32],
    grid: &Grid,
    tiles: Range<usize>,
    patches: &mut [f32],
) {
    if tiles.is_empty() {
        return;
    }
    let task = Split::new(scheme, input, grid, tiles, patches);
    run_split(level, task);
}

/// Transforms `products`, laid out like the patches of [`split`], into the pixels of `tiles` of
/// `output`, which is laid out as described by `grid`. Adds `bias` and applies `finish`, with
/// `slopes`; both have one number for each channel.
///
/// # Panics
/// If the output extends beyond `output`, `products`, `bias` or `slopes` has another length, or a
/// tile is outside the grid.
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
    slopes: &[f32],
    output: &mut [f32],
    finish: Finish,
) {
    if tiles.is_empty() {
        return;
    }
    let task = Join::new(scheme, products, grid, tiles, bias, slopes, output, finish);
    run_join(level, task);
}

kernel! {
    fn run_split(task: Split<'_>);
    scalar: scalar::split,
    avx2: vectors::split,
    avx512: vectors::split,
    neon: vectors::split,
}

/// The input and output of [`split`]. Only [`Split::new`] creates it, after checking it.
struct Split<'a> {
    scheme: Scheme,
    input: &'a [f32],
    grid: &'a Grid,
    tiles: Range<usize>,
    patches: &'a mut [f32],
}

impl<'a> Split<'a> {
    /// Checks that the tiles are within the grid, that the patches of all tiles of the grid end
    /// within `input`, and that `patches` has room for those of `tiles`.
    fn new(
        scheme: Scheme,
        input: &'a [f32],
        grid: &'a Grid,
        tiles: Range<usize>,
        patches: &'a mut [f32],
    ) -> Self {
        grid.check(scheme, &tiles);
        // The patches of `tiles` tiles span this many pixels.
        let reach = |tiles: usize| {
            let beyond = scheme.size() - scheme.outputs();
            tiles.checked_mul(scheme.outputs())?.checked_add(beyond)
        };
        let rows = reach(grid.tile_rows(scheme));
        let columns = reach(grid.tile_columns(scheme));
        assert!(grid.is_row(columns), "a row reaches into the next one");
        let end = rows
            .zip(columns)
            .and_then(|(rows, columns)| grid.end(rows, columns));
        assert!(fits(end, input.len()), "a patch reaches beyond the input");
        let is_room = grid.is_patches(scheme, &tiles, patches);
        assert!(is_room, "the patches are not those of the tiles");
        Self {
            scheme,
            input,
            grid,
            tiles,
            patches,
        }
    }
}

kernel! {
    fn run_join(task: Join<'_>);
    scalar: scalar::join,
    avx2: vectors::join,
    avx512: vectors::join,
    neon: vectors::join,
}

/// The input and output of [`join`]. Only [`Join::new`] creates it, after checking it.
struct Join<'a> {
    scheme: Scheme,
    products: &'a [f32],
    grid: &'a Grid,
    tiles: Range<usize>,
    bias: &'a [f32],
    slopes: &'a [f32],
    output: &'a mut [f32],
    finish: Finish,
}

impl<'a> Join<'a> {
    /// Checks that the tiles are within the grid, that all pixels of the grid end within `output`,
    /// that `products` are those of `tiles`, and that there is a bias and a slope for each channel.
    #[allow(clippy::too_many_arguments, reason = "those of `join`")]
    fn new(
        scheme: Scheme,
        products: &'a [f32],
        grid: &'a Grid,
        tiles: Range<usize>,
        bias: &'a [f32],
        slopes: &'a [f32],
        output: &'a mut [f32],
        finish: Finish,
    ) -> Self {
        grid.check(scheme, &tiles);
        assert!(
            grid.is_row(Some(grid.columns)),
            "a row reaches into the next one"
        );
        let end = grid.end(grid.rows, grid.columns);
        assert!(fits(end, output.len()), "a pixel lies beyond the output");
        let is_whole = grid.is_patches(scheme, &tiles, products);
        assert!(is_whole, "the products are not those of the tiles");
        assert_eq!(bias.len(), grid.channels, "a channel has no bias");
        assert_eq!(slopes.len(), grid.channels, "a channel has no slope");
        Self {
            scheme,
            products,
            grid,
            tiles,
            bias,
            slopes,
            output,
            finish,
        }
    }
}

#[cfg(test)]
mod tests;
