//! Describes an image by histograms of oriented gradients. In comes a level of an image pyramid, out comes a
//! [`FeatureMap`] with 31 numbers for each cell of 8 x 8 pixels: dlib's `extract_fhog_features`
//! (dlib/image_transforms/fhog.h), after Felzenszwalb, Girshick, McAllester and Ramanan, Object detection with
//! discriminatively trained part-based models, 2010.
//!
//! The image is worked on from top to bottom, and only as many rows of gradients, histograms and energies are kept as
//! the next row of features needs.

use std::ops::Range;

use super::histogram::{BLOCK_OFFSET, Band};
use crate::engine::models::hog_filters::{CELL, PLANES};
use crate::engine::native::kernels::SimdLevel;
use crate::engine::native::kernels::filter_bank::{BEFORE, STRIP, Strip, TAPS};
use crate::engine::native::kernels::gradient::{Neighbourhood, ORIENTATIONS, gradient_row};
use crate::engine::native::kernels::hog_features::{CellRows, FeatureRow, SLACK, feature_row};
use crate::engine::native::pyramid::Planes;

/// How many rows of cells a row of features depends on.
const CELL_ROWS: usize = 3;

/// 31 numbers for each cell of an image but the outermost ones: plane by plane, row by row. Takes 2 bytes for each pixel
/// of the image.
#[derive(Debug, Clone, Default)]
pub(super) struct FeatureMap {
    columns: usize,
    rows: usize,
    /// Each row has zeros before and behind it, so that windows may leave it.
    numbers: Vec<f32>,
}

impl FeatureMap {
    /// The number of cells in a row.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// The number of rows of cells.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The strip of `plane` whose first response is that of `column`, a multiple of [`STRIP`] below the number of
    /// columns, and which has the rows `rows`.
    pub(super) fn strip(&self, plane: usize, column: usize, rows: Range<usize>) -> Strip<'_> {
        let start = plane * self.plane_stride();
        Strip {
            features: &self.numbers[start + column..start + self.plane_stride()],
            stride: self.stride(),
            plane_rows: self.rows,
            first: rows.start,
            rows: rows.len(),
        }
    }

    /// How many bytes it holds in memory.
    pub(super) fn capacity(&self) -> usize {
        self.numbers.capacity() * size_of::<f32>()
    }

    fn set_size(&mut self, columns: usize, rows: usize) {
        (self.columns, self.rows) = (columns, rows);
        // What is left of another image is overwritten row by row.
        self.numbers.resize(PLANES * self.plane_stride(), 0.0);
    }

    /// The distance from one row to the next.
    fn stride(&self) -> usize {
        // Windows of the last strip reach `TAPS - 1` cells behind it; features are written in vectors.
        self.columns.next_multiple_of(STRIP) + STRIP.max(TAPS - 1 + SLACK)
    }

    fn plane_stride(&self) -> usize {
        self.rows * self.stride()
    }

    /// Where row `row` goes.
    fn row_mut(&mut self, row: usize) -> FeatureRow<'_> {
        FeatureRow {
            first: row * self.stride() + BEFORE,
            stride: self.plane_stride(),
            numbers: &mut self.numbers,
        }
    }

    /// Zeroes what lies before and behind the features of row `row`.
    fn clear_around(&mut self, row: usize) {
        let (stride, plane_stride) = (self.stride(), self.plane_stride());
        let behind = BEFORE + self.columns;
        for plane in self.numbers.chunks_exact_mut(plane_stride) {
            let row = &mut plane[row * stride..(row + 1) * stride];
            row[..BEFORE].fill(0.0);
            row[behind..].fill(0.0);
        }
    }
}

/// A row of cells whose histograms are complete.
#[derive(Debug, Clone, Default)]
struct CellRow {
    /// Orientation by orientation, `stride` cells each.
    histograms: Vec<f32>,
    /// For each cell the sum of the squares of its nine directions without regard to their sign.
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

/// Makes feature maps. Keeps some rows of the image at hand: about 100 bytes for each column.
#[derive(Debug, Clone)]
pub(super) struct FeatureExtractor {
    level: SimdLevel,
    band: Band,
    cell_rows: [CellRow; CELL_ROWS],
    /// The gradients of a row of pixels, beginning with the first column of the first block.
    lengths: Vec<f32>,
    orientations: Vec<u8>,
}

/// The size of an image in cells, and which of its pixels have a gradient that counts.
#[derive(Debug, Clone, Copy)]
struct Extent {
    /// How many cells, the outermost ones among them.
    cells: usize,
    /// Gradients are those of the pixels from 1 to below this.
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

    /// How many cells have features.
    fn features(self) -> usize {
        self.cells.saturating_sub(2)
    }
}

impl FeatureExtractor {
    /// An extractor with the vector instructions of `level`.
    pub(super) fn new(level: SimdLevel) -> Self {
        Self {
            level,
            band: Band::new(level),
            cell_rows: Default::default(),
            lengths: Vec::new(),
            orientations: Vec::new(),
        }
    }

    /// Writes the features of `image` to `map`, which is empty for an image of less than three cells.
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

    /// How many bytes it holds in memory.
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
        // Gradients before and behind the visible ones are 0 from here on.
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
        // Features begin with the second cell of the image; the first cell is number 1.
        let cells = CellRows {
            energies: [above, here, below].map(|row| &row.energies[1..]),
            histograms: &here.histograms[1..],
            stride: here.stride,
        };
        let (row, columns) = (cell - 2, map.columns());
        feature_row(self.level, cells, columns, map.row_mut(row));
        map.clear_around(row);
    }
}

#[cfg(test)]
mod tests;
