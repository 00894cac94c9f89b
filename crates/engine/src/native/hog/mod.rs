//! Face detection with histograms of oriented gradients. Input: an RGB image. Output: boxes with
//! scores, as dlib's `get_frontal_face_detector()` finds them
//! (dlib/image_processing/scan_fhog_pyramid.h and object_detector.h).
//!
//! Five linear filters, each for another pose, are applied to windows of 80 x 80 pixels in every
//! level of an image pyramid. Memory holds one level at a time, including its features.

mod features;
mod histogram;

use std::sync::Arc;

use image::RgbImage;

use self::features::{FeatureExtractor, FeatureMap};
use super::overlap::{ScoredBox, suppress_overlapping};
use super::pyramid::{Planes, Resizer, mapped_below, mapped_up, size_below};
use crate::error::EngineError;
use crate::geometry::Rect;
use crate::models::hog_filters::{CELL, FrontalFaceDetector, MIN_LEVEL, WINDOW};
use crate::models::network::OverlapTest;
use crate::upsampling::{mapped_down, pixels_to_search};
use crate::{Detection, Detector};
use facematch_kernels::SimdLevel;
use facematch_kernels::filter_bank::{
    BATCH, Cell, Extent, FilterBank, INNER, MOST_FILTERS, Tiles, WHOLE, respond,
};

/// Maximum number of pixels; they take about 8 bytes each.
const MAX_PIXELS: u64 = 160_000_000;

/// Memory kept for the next image, in bytes; memory beyond that is freed after a larger image.
const KEPT_BYTES: usize = 64 << 20;

/// The frontal face detector, ready for use.
///
/// Takes 8 bytes of memory for each pixel of the image after upsampling while it works, and keeps
/// up to 64 MiB of it for the next image.
///
/// # Thread safety
/// Works for one thread at a time. [`HogDetector::fork`] returns another one that shares the
/// filters.
#[derive(Debug)]
pub struct HogDetector {
    filters: Arc<Filters>,
    level: SimdLevel,
    scratch: Scratch,
}

/// The filters, and the test for two boxes of one face.
#[derive(Debug)]
struct Filters {
    groups: Vec<Group>,
    overlap: OverlapTest,
}

/// The filters of one bank.
#[derive(Debug)]
struct Group {
    bank: FilterBank,
    thresholds: Vec<f64>,
}

/// Memory for an image, reused for the next one.
#[derive(Debug)]
struct Scratch {
    image: Planes,
    next: Planes,
    extractor: FeatureExtractor,
    features: FeatureMap,
    tiles: Tiles,
}

impl Filters {
    fn new(model: &FrontalFaceDetector) -> Self {
        let groups = model.detectors.chunks(MOST_FILTERS);
        Self {
            groups: groups
                .map(|detectors| Group {
                    bank: FilterBank::new(detectors.iter().map(|each| &each.filters[..])),
                    thresholds: detectors.iter().map(|each| each.threshold).collect(),
                })
                .collect(),
            overlap: model.overlap,
        }
    }
}

impl Scratch {
    fn new(level: SimdLevel) -> Self {
        Self {
            image: Planes::default(),
            next: Planes::default(),
            extractor: FeatureExtractor::new(level),
            features: FeatureMap::default(),
            tiles: Tiles::default(),
        }
    }

    fn capacity(&self) -> usize {
        self.image.capacity()
            + self.next.capacity()
            + self.extractor.capacity()
            + self.features.capacity()
            + self.tiles.capacity()
    }
}

impl HogDetector {
    /// Creates the detector `model` with the vector instructions of `level`.
    ///
    /// # Panics
    /// If a filter's plane is not one of the 31.
    pub fn new(model: &FrontalFaceDetector, level: SimdLevel) -> Self {
        Self {
            filters: Arc::new(Filters::new(model)),
            level,
            scratch: Scratch::new(level),
        }
    }

    /// Returns another detector with the same filters.
    pub fn fork(&self) -> Self {
        Self {
            filters: Arc::clone(&self.filters),
            level: self.level,
            scratch: Scratch::new(self.level),
        }
    }

    /// Returns the faces in `image` after doubling it `upsample` times, highest score first, in
    /// pixels of `image`. 0 finds faces of at least 80 pixels, 1 of 40, 2 of 20. A box may extend
    /// beyond the image.
    ///
    /// # Errors
    /// [`EngineError::ImageTooLarge`] if the image has more than 160 million pixels after
    /// upsampling.
    pub fn detect(
        &mut self,
        image: &RgbImage,
        upsample: u32,
    ) -> Result<Vec<Detection>, EngineError> {
        let size = image.dimensions();
        if pixels_to_search(size, upsample, Detector::Hog, MAX_PIXELS)?.is_none() {
            return Ok(Vec::new());
        }
        let found = self.search(image, upsample);
        if self.scratch.capacity() > KEPT_BYTES {
            self.scratch = Scratch::new(self.level);
        }
        let kept = suppress_overlapping(self.filters.overlap, found);
        Ok(kept
            .into_iter()
            .map(|found| Detection {
                rect: mapped_down(found.rect, upsample),
                score: Some(found.score as f32),
                points: None,
            })
            .collect())
    }

    /// Returns all windows in all levels that a filter takes for a face, in pixels of the upsampled
    /// image.
    fn search(&mut self, image: &RgbImage, upsample: u32) -> Vec<ScoredBox> {
        let resizer = Resizer::new(self.level);
        let scratch = &mut self.scratch;
        resizer.upsample(image, upsample, &mut scratch.image, &mut scratch.next);
        let mut found = Vec::new();
        for index in 0..level_count((scratch.image.width(), scratch.image.height())) {
            if index > 0 {
                let size = size_below((scratch.image.width(), scratch.image.height()));
                resizer.resize(&scratch.image, size, &mut scratch.next);
                std::mem::swap(&mut scratch.image, &mut scratch.next);
            }
            scratch
                .extractor
                .extract(&scratch.image, &mut scratch.features);
            for group in &self.filters.groups {
                let (features, tiles) = (&scratch.features, &mut scratch.tiles);
                scan(self.level, group, features, tiles, |window| {
                    found.push(ScoredBox {
                        score: window.score,
                        rect: mapped_up(window.rect(), index),
                    });
                });
            }
        }
        found
    }
}

/// A position of the detector's window in a level.
#[derive(Debug, Clone, Copy)]
struct Window {
    /// First column and row of its cells in dlib's padded features, four before the first cell that
    /// has features.
    cell: [usize; 2],
    score: f64,
}

impl Window {
    /// Returns the window's position in the level, in pixels: dlib's `fhog_to_image` of the window
    /// in the padded features.
    fn rect(&self) -> Rect {
        let cells = (WINDOW / CELL) as i64;
        let [left, top] = self.cell.map(|cell| cell as i64);
        Rect {
            left: edge(left),
            top: edge(top),
            right: edge(left + cells - 1),
            bottom: edge(top + cells - 1),
        }
    }
}

/// Returns the pixel at the middle of a cell, which is counted from the first cell of the padded
/// features.
fn edge(cell: i64) -> i64 {
    let (cell_size, padding) = (CELL as i64, ((WINDOW / CELL - 1) / 2) as i64);
    let corner = (cell + 1 - padding) * cell_size + 1;
    if corner >= 0 {
        corner + cell_size / 2
    } else {
        corner - cell_size / 2
    }
}

/// Returns the number of levels of the pyramid of an image of `size`: dlib's `create_fhog_pyramid`.
fn level_count((width, height): (usize, usize)) -> usize {
    let mut rect = Rect {
        left: 0,
        top: 0,
        right: width as i64 - 1,
        bottom: height as i64 - 1,
    };
    let mut levels = 0;
    loop {
        rect = mapped_below(rect);
        levels += 1;
        if rect.width().min(rect.height()) < MIN_LEVEL as i64 {
            return levels;
        }
    }
}

/// Passes every window with a response of at least its filter's threshold to `found`.
fn scan(
    level: SimdLevel,
    group: &Group,
    features: &FeatureMap,
    tiles: &mut Tiles,
    mut found: impl FnMut(Window),
) {
    let [across, down] = [features.columns(), features.rows()].map(Cut::new);
    let firsts: Vec<[usize; 2]> = down
        .firsts()
        .flat_map(|y| across.firsts().map(move |x| [x, y]))
        .collect();
    // Batches of about the same size.
    let batches = firsts.len().div_ceil(BATCH);
    for batch in 0..batches {
        let firsts = &firsts[batch * firsts.len() / batches..(batch + 1) * firsts.len() / batches];
        for (tile, first) in firsts.iter().enumerate() {
            features.copy_tile(*first, tiles.rows_mut(tile));
        }
        let extent = Extent {
            tiles: firsts.len(),
            columns: across.length,
            rows: down.length,
        };
        respond(level, &group.bank, extent, tiles);
        report(&group.thresholds, tiles, extent, |tile, [x, y], score| {
            let [first_x, first_y] = firsts[tile];
            let cell = [first_x + x, first_y + y];
            if cell[0] < features.columns() && cell[1] < features.rows() {
                found(Window { cell, score });
            }
        });
    }
}

/// The division of a map into tiles in one direction.
#[derive(Debug, Clone, Copy)]
struct Cut {
    /// Number of responses of a tile that belong to no other tile.
    length: usize,
    tiles: usize,
}

impl Cut {
    fn new(cells: usize) -> Self {
        let length = if cells <= WHOLE { cells } else { INNER };
        Self {
            length,
            tiles: if cells == 0 {
                0
            } else {
                cells.div_ceil(length)
            },
        }
    }

    /// Returns the first place of each tile.
    fn firsts(self) -> impl Iterator<Item = usize> {
        (0..self.tiles).map(move |tile| tile * self.length)
    }
}

/// Passes tile, place (column and row) and score of every response in `extent` that reaches its
/// threshold to `found`.
fn report(
    thresholds: &[f64],
    tiles: &Tiles,
    extent: Extent,
    mut found: impl FnMut(usize, [usize; 2], f64),
) {
    // Rounded down, so that the exact comparison below decides.
    let mut about = Cell::of(f32::INFINITY);
    for tile in 0..extent.tiles {
        for (filter, threshold) in thresholds.iter().enumerate() {
            *about.response_mut(tile, filter) = (*threshold as f32).next_down();
        }
    }
    for y in 0..extent.rows {
        for (x, cell) in tiles.responses(y)[..extent.columns].iter().enumerate() {
            if !reaches(cell, &about) {
                continue;
            }
            for tile in 0..extent.tiles {
                for (filter, threshold) in thresholds.iter().enumerate() {
                    let score = f64::from(cell.response(tile, filter)) - threshold;
                    if score >= 0.0 {
                        found(tile, [x, y], score);
                    }
                }
            }
        }
    }
}

/// Returns whether a number of `cell` is at least that of `thresholds`.
fn reaches(cell: &Cell, thresholds: &Cell) -> bool {
    let pairs = [
        (&cell.real, &thresholds.real),
        (&cell.imaginary, &thresholds.imaginary),
    ];
    // The largest surplus, in a form that the compiler turns into vectors.
    let mut most = [f32::NEG_INFINITY; 4];
    for (numbers, thresholds) in pairs {
        let numbers = numbers.as_chunks::<4>().0;
        for (numbers, thresholds) in numbers.iter().zip(thresholds.as_chunks::<4>().0) {
            for ((most, number), threshold) in most.iter_mut().zip(numbers).zip(thresholds) {
                let surplus = number - threshold;
                *most = if surplus > *most { surplus } else { *most };
            }
        }
    }
    most.iter().any(|most| *most >= 0.0)
}

#[cfg(test)]
mod tests;
