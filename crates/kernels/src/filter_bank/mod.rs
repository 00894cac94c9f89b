//! The responses of several linear filters to tiles of a feature map. Input: the features of up to
//! [`BATCH`] tiles. Output: for every place of a tile, the response of each filter, the sum over
//! its window and all planes.
//!
//! Tiles are [`TILE`] x [`TILE`] cells, and windows that cross the right or bottom edge wrap around
//! to the opposite one. A tile's responses are therefore products of Fourier transforms, and vector
//! levels compute them that way. This takes less than half of the multiplications of dlib's
//! `float_spatially_filter_image_separable` (dlib/image_transforms/spatial_filtering.h): the
//! transforms of a tile's planes serve all filters, and one inverse transform gives the sum over
//! all planes. The sums differ from dlib's, and between levels, in the last digits.
//!
//! Planes and filters are paired: the first of a pair is the real part of a complex number, the
//! second the imaginary part. The sixteen pairs of planes are adjacent, and so are the pairs of
//! filters of all tiles, so no vector has to be shuffled.

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

/// Width and height of a tile, in cells.
pub const TILE: usize = 32;
/// Number of numbers that describe a cell of the image.
pub const PLANES: usize = 31;
/// Width and height of a filter, in cells.
pub const TAPS: usize = 10;
/// Rows and columns of a window before its centre.
pub const BEFORE: usize = (TAPS - 1) / 2;
/// Columns and rows of a tile whose responses have their windows within the tile.
pub const INNER: usize = TILE - (TAPS - 1);
/// Largest width or height of a map for a tile that starts [`BEFORE`] cells before it and whose
/// windows may wrap around: beyond the edge they find only zeros.
pub const WHOLE: usize = TILE - (TAPS - 1 - BEFORE);
/// Number of tiles processed at a time.
pub const BATCH: usize = 4;
/// Maximum number of filters in a bank.
pub const MOST_FILTERS: usize = 6;
/// Number of complex numbers in a cell.
pub const PAIRS: usize = PLANES.div_ceil(2);
/// Number of complex numbers of a response cell that belong to one tile.
const PAIRS_OF_TILE: usize = PAIRS / BATCH;
/// Distance from one row of a tile to the next. It is not a power of two, since the cells of a
/// column would then evict each other from the first-level cache.
const STRIDE: usize = TILE + 1;

/// Sixteen complex numbers. As features: plane `2i` and plane `2i + 1` of one place. As responses:
/// the filters `2i` and `2i + 1` of tile `t`, in number `4t + i`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub struct Cell {
    /// Real parts.
    pub real: [f32; PAIRS],
    /// Imaginary parts.
    pub imaginary: [f32; PAIRS],
}

impl Cell {
    /// A cell of zeros.
    pub const ZERO: Self = Self::of(0.0);

    /// Returns a cell with `value` everywhere.
    #[inline]
    pub const fn of(value: f32) -> Self {
        Self {
            real: [value; PAIRS],
            imaginary: [value; PAIRS],
        }
    }

    /// Returns the feature of `plane`.
    pub fn feature(&self, plane: usize) -> f32 {
        [self.real, self.imaginary][plane % 2][plane / 2]
    }

    /// Returns the response of `filter` in tile `tile`, for writing.
    #[inline]
    pub fn response_mut(&mut self, tile: usize, filter: usize) -> &mut f32 {
        let part = if filter.is_multiple_of(2) {
            &mut self.real
        } else {
            &mut self.imaginary
        };
        &mut part[tile * PAIRS_OF_TILE + filter / 2]
    }

    /// Returns the response of `filter` in tile `tile`.
    #[inline]
    pub fn response(mut self, tile: usize, filter: usize) -> f32 {
        *self.response_mut(tile, filter)
    }
}

/// Tiles of a map: first their features, then their responses. Allocates no memory until features
/// are written.
#[derive(Debug, Clone, Default)]
pub struct Tiles {
    /// Features tile by tile, row by row, with an unused cell after each row.
    features: Vec<Cell>,
    /// Responses row by row, likewise.
    responses: Vec<Cell>,
}

impl Tiles {
    /// Returns the features of tile `tile`, row by row, for writing.
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

    /// Returns the responses of all tiles in row `y`.
    #[inline]
    pub fn responses(&self, y: usize) -> &[Cell] {
        &self.responses[y * STRIDE..][..TILE]
    }

    /// Returns the number of bytes allocated.
    pub fn capacity(&self) -> usize {
        (self.features.capacity() + self.responses.capacity()) * size_of::<Cell>()
    }
}

/// The part of a batch to compute.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Number of tiles.
    pub tiles: usize,
    /// Columns of responses per tile.
    pub columns: usize,
    /// Rows of responses per tile.
    pub rows: usize,
}

/// Turns the features of `tiles` into responses: the response at (x, y) is computed from the
/// features (x, y) to (x + 9, y + 9), counted modulo [`TILE`]. Responses outside `extent` have no
/// meaning.
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

/// Rows of frequencies; the others mirror them.
const HALF: Range<usize> = 0..TILE / 2 + 1;

/// Returns the columns of row `row` of the frequencies; the others mirror them.
fn half_of_row(row: usize) -> Range<usize> {
    // The first and the middle row mirror themselves.
    if row.is_multiple_of(TILE / 2) {
        HALF
    } else {
        0..TILE
    }
}

/// Returns the frequency opposite to `frequency`.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn opposite(frequency: usize) -> usize {
    (TILE - frequency) % TILE
}
