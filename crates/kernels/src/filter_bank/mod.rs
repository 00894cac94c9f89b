//! The responses of several linear filters to tiles of a feature map. In come the features of up to [`BATCH`] tiles;
//! out comes, for every place of a tile, the response of each filter: the sum over its window and all planes.
//!
//! Tiles are [`TILE`] x [`TILE`] cells, and windows that leave one on the right or at the bottom go on at the other end.
//! So a tile's responses are products of Fourier transforms, and vector levels compute them as such, which takes less
//! than half of the multiplications of dlib's `float_spatially_filter_image_separable`
//! (dlib/image_transforms/spatial_filtering.h): the transforms of a tile's planes serve all filters, and one transform
//! back gives the sum over all planes. Sums differ from dlib's in the last digits, and between levels too.
//!
//! Planes and filters are taken in pairs: the first of a pair is the real part of a complex number, the second the
//! imaginary part. The sixteen pairs of planes lie side by side, and so do the pairs of filters of all tiles, so that
//! no vector has to be shuffled.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod body;
mod filters;
mod scalar;
#[cfg(test)]
mod tests;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod transform;

pub use filters::{FilterBank, SeparableFilter};

use std::ops::Range;

use crate::SimdLevel;
use crate::level::kernel;

/// The width and height of a tile.
pub const TILE: usize = 32;
/// How many numbers describe a cell of the image.
pub const PLANES: usize = 31;
/// The width and height of a filter, in cells.
pub const TAPS: usize = 10;
/// How many rows and columns of a window lie before its centre.
pub const BEFORE: usize = (TAPS - 1) / 2;
/// How many columns and rows of a tile have responses whose windows lie within the tile.
pub const INNER: usize = TILE - (TAPS - 1);
/// The width or height of a map whose windows may go on at the other end of a tile that begins [`BEFORE`] cells before
/// the map: what they find there is 0.
pub const WHOLE: usize = TILE - (TAPS - 1 - BEFORE);
/// How many tiles are worked on at a time.
pub const BATCH: usize = 4;
/// How many filters a bank has at most.
pub const MOST_FILTERS: usize = 6;
/// How many complex numbers make a cell.
pub const PAIRS: usize = PLANES.div_ceil(2);
/// How many complex numbers of a cell belong to a tile, when they are responses.
const PAIRS_OF_TILE: usize = PAIRS / BATCH;
/// From one row of a tile to the next: not a power of two, since the cells of a column would then be in each other's
/// place in the nearest cache.
const STRIDE: usize = TILE + 1;

/// Sixteen complex numbers. As features: plane `2i` and plane `2i + 1` of one place. As responses: the filters `2i` and
/// `2i + 1` of tile `t` in number `4t + i`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub struct Cell {
    /// The real parts.
    pub real: [f32; PAIRS],
    /// The imaginary parts.
    pub imaginary: [f32; PAIRS],
}

impl Cell {
    /// 0 everywhere.
    pub const ZERO: Self = Self::of(0.0);

    /// `value` everywhere.
    #[inline]
    pub const fn of(value: f32) -> Self {
        Self {
            real: [value; PAIRS],
            imaginary: [value; PAIRS],
        }
    }

    /// The feature of `plane`.
    pub fn feature(&self, plane: usize) -> f32 {
        [self.real, self.imaginary][plane % 2][plane / 2]
    }

    /// The response of `filter` in tile `tile`.
    #[inline]
    pub fn response_mut(&mut self, tile: usize, filter: usize) -> &mut f32 {
        let part = if filter.is_multiple_of(2) {
            &mut self.real
        } else {
            &mut self.imaginary
        };
        &mut part[tile * PAIRS_OF_TILE + filter / 2]
    }

    /// The response of `filter` in tile `tile`.
    #[inline]
    pub fn response(mut self, tile: usize, filter: usize) -> f32 {
        *self.response_mut(tile, filter)
    }
}

/// Tiles of a map: first their features, then their responses. Takes no memory until features are written.
#[derive(Debug, Clone, Default)]
pub struct Tiles {
    /// Tile by tile, row by row, with an unused cell behind each row.
    features: Vec<Cell>,
    /// Row by row, likewise.
    responses: Vec<Cell>,
}

impl Tiles {
    /// The features of tile `tile`, row by row, to be written.
    #[inline]
    pub fn rows_mut(&mut self, tile: usize) -> impl Iterator<Item = &mut [Cell; TILE]> {
        self.make_room();
        let first = tile * TILE * STRIDE;
        let rows = self.features[first..first + TILE * STRIDE].chunks_exact_mut(STRIDE);
        rows.filter_map(|row| row.first_chunk_mut())
    }

    fn make_room(&mut self) {
        self.features.resize(BATCH * TILE * STRIDE, Cell::ZERO);
        self.responses.resize(TILE * STRIDE, Cell::ZERO);
    }

    /// The responses of all tiles in row `y`.
    #[inline]
    pub fn responses(&self, y: usize) -> &[Cell] {
        &self.responses[y * STRIDE..][..TILE]
    }

    /// How many bytes they hold in memory.
    pub fn capacity(&self) -> usize {
        (self.features.capacity() + self.responses.capacity()) * size_of::<Cell>()
    }
}

/// Which part of a batch is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// How many tiles.
    pub tiles: usize,
    /// How many columns of responses of each of them.
    pub columns: usize,
    /// How many rows.
    pub rows: usize,
}

/// Turns the features of `tiles` into responses: that of the place (x, y) is made of the features (x, y) to (x + 9,
/// y + 9), counted modulo [`TILE`]. What lies outside of `extent` means nothing.
///
/// # Panics
/// If `extent` is larger than a batch.
pub fn respond(level: SimdLevel, bank: &FilterBank, extent: Extent, tiles: &mut Tiles) {
    assert!(
        extent.tiles <= BATCH && extent.columns <= TILE && extent.rows <= TILE,
        "more than a batch is wanted"
    );
    tiles.make_room();
    run(level, bank, extent, tiles);
}

kernel! {
    fn run(bank: &FilterBank, extent: Extent, tiles: &mut Tiles);
    scalar: scalar::respond,
    avx2: body::respond::<_, 2, 2>,
    avx512: body::respond::<_, 1, 4>,
    neon: body::respond::<_, 4, 2>,
}

/// The rows of frequencies of which the others are the mirror image.
const HALF: Range<usize> = 0..TILE / 2 + 1;

/// The columns of row `row` of the frequencies of which the others are the mirror image.
fn half_of_row(row: usize) -> Range<usize> {
    // The first and the middle row mirror themselves.
    if row.is_multiple_of(TILE / 2) {
        HALF
    } else {
        0..TILE
    }
}

/// Where the frequency opposite to `frequency` is.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn opposite(frequency: usize) -> usize {
    (TILE - frequency) % TILE
}
