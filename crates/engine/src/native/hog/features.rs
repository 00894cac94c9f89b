//! Description of an image by histograms of oriented gradients. Input: a level of an image pyramid.
//! Output: a [`FeatureMap`] with 31 numbers for each cell of 8 x 8 pixels: dlib's
//! `extract_fhog_features` (dlib/image_transforms/fhog.h), after Felzenszwalb, Girshick, McAllester
//! and Ramanan, Object detection with discriminatively trained part-based models, 2010.
//!
//! The image is processed from top to bottom, and only the rows of gradients, histograms and
//! energies that the next row of features needs are kept.

use super::histogram::{BLOCK_OFFSET, Band};
use crate::models::hog_filters::CELL;
use crate::native::pyramid::Planes;
use facematch_kernels::SimdLevel;
use facematch_kernels::filter_bank::{BEFORE, Cell, PAIRS, TILE};
use facematch_kernels::gradient::{Neighbourhood, ORIENTATIONS, gradient_row};
use facematch_kernels::hog_features::{CellRows, FeatureRow, SLACK, feature_row};

/// Number of rows of cells that a row of features depends on.
const CELL_ROWS: usize = 3;

/// 31 numbers for each cell of an image except the outermost ones, row by row. Takes 2 bytes for
/// each pixel of the image.
#[derive(Debug, Clone, Default)]
pub(super) struct FeatureMap {
    columns: usize,
    rows: usize,
    /// The cells of the map, followed by leftovers of larger maps.
    cells: Vec<Cell>,
    /// A row of features, plane by plane, with some meaningless numbers after each plane.
    row: Vec<f32>,
}

impl FeatureMap {
    /// Returns the number of cells in a row.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Returns the number of rows of cells.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Copies the part whose first windows are around the cell in `column` and `row` to the rows of
    /// a tile, with zeros outside the map.
    pub(super) fn copy_tile<'a>(
        &self,
        [column, row]: [usize; 2],
        to: impl Iterator<Item = &'a mut [Cell; TILE]>,
    ) {
        // Columns of the tile between which there are cells of the map.
        let begin = BEFORE.saturating_sub(column);
        let end = TILE.min(self.columns + BEFORE - column);
        let first = (column + begin).saturating_sub(BEFORE);
        for (y, to) in (row..).zip(to) {
            if !(BEFORE..self.rows + BEFORE).contains(&y) {
                to.fill(Cell::ZERO);
                continue;
            }
            let from = &self.cells[(y - BEFORE) * self.columns + first..];
            to[..begin].fill(Cell::ZERO);
            to[begin..end].copy_from_slice(&from[..end - begin]);
            to[end..].fill(Cell::ZERO);
        }
    }

    /// Returns the number of bytes allocated.
    pub(super) fn capacity(&self) -> usize {
        self.cells.capacity() * size_of::<Cell>() + self.row.capacity() * size_of::<f32>()
    }

    fn set_size(&mut self, columns: usize, rows: usize) {
        (self.columns, self.rows) = (columns, rows);
        // Leftovers of another image are overwritten row by row. Existing cells are kept for larger
        // images later.
        let cells = self.cells.len().max(columns * rows);
        self.cells.resize(cells, Cell::ZERO);
        self.row.resize(2 * PAIRS * self.stride(), 0.0);
    }

    /// Returns the distance from one plane of a row to the next: features are written in vectors.
    fn stride(&self) -> usize {
        self.columns + SLACK
    }

    /// Returns the destination of a row's features, to be followed by [`FeatureMap::take_row`].
    fn row_mut(&mut self) -> FeatureRow<'_> {
        FeatureRow {
            first: 0,
            stride: self.stride(),
            numbers: &mut self.row,
        }
    }

    /// Stores the features just written as those of row `row`.
    fn take_row(&mut self, row: usize) {
        let stride = self.stride();
        let cells = &mut self.cells[row * self.columns..(row + 1) * self.columns];
        for (block, cells) in cells.chunks_mut(SLACK).enumerate() {
            // Planes are far apart, so a few columns of all of them are copied at a time.
            let mut planes = [[0.0; SLACK]; 2 * PAIRS];
            for (plane, from) in planes.iter_mut().zip(self.row.chunks_exact(stride)) {
                plane.copy_from_slice(&from[block * SLACK..][..SLACK]);
            }
            for (column, cell) in cells.iter_mut().enumerate() {
                cell.real = std::array::from_fn(|pair| planes[2 * pair][column]);
                cell.imaginary = std::array::from_fn(|pair| planes[2 * pair + 1][column]);
            }
        }
    }
}

/// A row of cells whose histograms are complete.
#[derive(Debug, Clone, Default)]
struct CellRow {
    /// Histograms, orientation by orientation, `stride` cells each.
    histograms: Vec<f32>,
    /// Sum of the squares of the nine directions, regardless of sign, for each cell.
    energies: Vec<f32>,
    stride: usize,
}

impl CellRow {
    fn set_size(&mut self, columns: usize) {
        self.stride = columns + SLACK;
        self.histograms.clear();
        self.histograms.resize(ORIENTATIONS * self.stride, 0.0);
        self.energies.clear();
        self.energies.resize(self.stride, 0.0);
    }

    /// Takes the upper row of `band`.
    fn take(&mut self, band: &Band) {
        for (orientation, row) in self.histograms.chunks_exact_mut(self.stride).enumerate() {
            for (cell, value) in row.iter_mut().zip(band.upper(orientation)) {
                *cell = value;
            }
        }
        self.energies.fill(0.0);
        let (forwards, backwards) = self.histograms.split_at(9 * self.stride);
        let directions = forwards.chunks_exact(self.stride);
        for (forwards, backwards) in directions.zip(backwards.chunks_exact(self.stride)) {
            for ((energy, a), b) in self.energies.iter_mut().zip(forwards).zip(backwards) {
                *energy += (a + b) * (a + b);
            }
        }
    }
}

/// Computes feature maps. Keeps some rows of the image in memory: about 100 bytes for each column.
#[derive(Debug, Clone)]
pub(super) struct FeatureExtractor {
    level: SimdLevel,
    band: Band,
    cell_rows: [CellRow; CELL_ROWS],
    /// Gradients of a row of pixels, starting at the first column of the first block.
    lengths: Vec<f32>,
    orientations: Vec<u8>,
}

/// The size of an image in cells, and the range of its pixels whose gradients count.
#[derive(Debug, Clone, Copy)]
struct Extent {
    /// Number of cells, including the outermost ones.
    cells: usize,
    /// End of the pixels whose gradients count; the first is pixel 1.
    end: usize,
}

impl Extent {
    fn new(pixels: usize) -> Self {
        let cells = (pixels + CELL / 2) / CELL;
        Self {
            cells,
            end: (cells * CELL).min(pixels).saturating_sub(1),
        }
    }

    /// Returns the number of cells that have features.
    fn features(self) -> usize {
        self.cells.saturating_sub(2)
    }
}

impl FeatureExtractor {
    /// Creates an extractor with the vector instructions of `level`.
    pub(super) fn new(level: SimdLevel) -> Self {
        Self {
            level,
            band: Band::new(level),
            cell_rows: Default::default(),
            lengths: Vec::new(),
            orientations: Vec::new(),
        }
    }

    /// Writes the features of `image` to `map`, which is empty for an image of fewer than three
    /// cells.
    pub(super) fn extract(&mut self, image: &Planes, map: &mut FeatureMap) {
        let (across, down) = (Extent::new(image.width()), Extent::new(image.height()));
        if across.features() == 0 || down.features() == 0 {
            map.set_size(0, 0);
            return;
        }
        map.set_size(across.features(), down.features());
        self.set_size(across);
        // The band between the cells `band` and `band + 1`, where 0 is the one above the image.
        for band in 0..=down.cells {
            let first = band * CELL;
            for row in 0..CELL {
                let y = (first + row).wrapping_sub(BLOCK_OFFSET);
                if (1..down.end).contains(&y) {
                    self.count_row(image, y, across.end, row);
                }
            }
            self.cell_rows[band % CELL_ROWS].take(&self.band);
            self.band.advance();
            if band >= CELL_ROWS {
                self.write_row(band - 1, map);
            }
        }
    }

    /// Returns the number of bytes allocated.
    pub(super) fn capacity(&self) -> usize {
        let rows = self.cell_rows.iter().map(|row| row.histograms.capacity());
        (rows.sum::<usize>() + self.lengths.capacity()) * size_of::<f32>() + self.band.capacity()
    }

    fn set_size(&mut self, across: Extent) {
        let blocks = across.cells + 1;
        self.band.set_size(blocks);
        for row in &mut self.cell_rows {
            row.set_size(blocks + 1);
        }
        // Gradients before and after the visible ones are 0 from here on.
        self.lengths.clear();
        self.lengths.resize(blocks * CELL, 0.0);
        self.orientations.clear();
        self.orientations.resize(blocks * CELL, 0);
    }

    /// Adds row `y` of the image to the histograms; it is row `row` of its blocks.
    fn count_row(&mut self, image: &Planes, y: usize, end: usize, row: usize) {
        let rows = Neighbourhood {
            above: image.rows(y - 1),
            here: image.rows(y),
            below: image.rows(y + 1),
        };
        let lengths = &mut self.lengths[BLOCK_OFFSET..];
        let orientations = &mut self.orientations[BLOCK_OFFSET..];
        gradient_row(self.level, rows, end, lengths, orientations);
        self.band.count(row, &self.lengths, &self.orientations);
    }

    /// Writes the features of row `cell` of the cells, where 0 is the one above the image.
    fn write_row(&self, cell: usize, map: &mut FeatureMap) {
        let [above, here, below] =
            [cell - 1, cell, cell + 1].map(|cell| &self.cell_rows[cell % CELL_ROWS]);
        // Features start at the second cell of the image; the first cell is number 1.
        let cells = CellRows {
            energies: [above, here, below].map(|row| &row.energies[1..]),
            histograms: &here.histograms[1..],
            stride: here.stride,
        };
        let (row, columns) = (cell - 2, map.columns());
        feature_row(self.level, cells, columns, map.row_mut());
        map.take_row(row);
    }
}

#[cfg(test)]
mod tests;
