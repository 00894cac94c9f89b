//! Finds faces by histograms of oriented gradients. In comes an RGB image, out come boxes with scores, as dlib's
//! `get_frontal_face_detector()` finds them (dlib/image_processing/scan_fhog_pyramid.h and object_detector.h).
//!
//! Five linear filters, each for another pose, look at windows of 80 x 80 pixels in every level of an image pyramid.
//! One level is in memory at a time, its features included.

mod features;
mod histogram;

use std::sync::Arc;

use image::RgbImage;

use self::features::{FeatureExtractor, FeatureMap};
use super::kernels::SimdLevel;
use super::kernels::filter_bank::{BAND, PlaneFilters, Responses, STRIP, add_responses};
use super::overlap::{ScoredBox, suppress_overlapping};
use super::pyramid::{Planes, Resizer, mapped_below, mapped_up, size_below};
use crate::engine::models::hog_filters::{CELL, FrontalFaceDetector, MIN_LEVEL, PLANES, WINDOW};
use crate::engine::models::network::OverlapTest;
use crate::engine::upsampling::{mapped_down, pixels_to_search};
use crate::engine::{Detection, Detector};
use crate::error::EngineError;
use crate::geometry::Rect;

/// Most pixels that are worked on: they take about 8 bytes each.
const MAX_PIXELS: u64 = 160_000_000;

/// Memory that is kept for the next image, in bytes; what a larger image took is given back.
const KEPT_BYTES: usize = 64 << 20;

/// The frontal face detector, ready for use.
///
/// Takes 8 bytes of memory for each pixel of the image after upsampling while it works, and keeps up to 64 MiB of it
/// for the next image.
///
/// # Thread safety
/// Works for one thread at a time. [`HogDetector::fork`] makes another one that shares the filters.
#[derive(Debug)]
pub struct HogDetector {
    filters: Arc<Filters>,
    level: SimdLevel,
    scratch: Scratch,
}

/// The filters, sorted by plane.
#[derive(Debug)]
struct Filters {
    planes: Vec<PlaneFilters>,
    thresholds: Vec<f64>,
    overlap: OverlapTest,
}

/// What is needed for an image and serves again for the next one.
#[derive(Debug)]
struct Scratch {
    image: Planes,
    next: Planes,
    extractor: FeatureExtractor,
    features: FeatureMap,
    responses: Responses,
}

impl Filters {
    fn new(model: &FrontalFaceDetector) -> Self {
        let mut planes = vec![PlaneFilters::default(); PLANES];
        for (index, detector) in model.detectors.iter().enumerate() {
            for filter in &detector.filters {
                planes[filter.plane].push(index, filter.row, filter.column);
            }
        }
        Self {
            planes,
            thresholds: model.detectors.iter().map(|each| each.threshold).collect(),
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
            responses: Responses::default(),
        }
    }

    fn capacity(&self) -> usize {
        self.image.capacity()
            + self.next.capacity()
            + self.extractor.capacity()
            + self.features.capacity()
            + self.responses.capacity()
    }
}

impl HogDetector {
    /// The detector `model` with the vector instructions of `level`.
    pub fn new(model: &FrontalFaceDetector, level: SimdLevel) -> Self {
        Self {
            filters: Arc::new(Filters::new(model)),
            level,
            scratch: Scratch::new(level),
        }
    }

    /// Another detector with the same filters.
    pub fn fork(&self) -> Self {
        Self {
            filters: Arc::clone(&self.filters),
            level: self.level,
            scratch: Scratch::new(self.level),
        }
    }

    /// The faces in `image` after it was doubled `upsample` times, highest score first, in pixels of `image`. With 0
    /// faces are found from 80 pixels on, with 1 from 40, with 2 from 20. A box may leave the image.
    ///
    /// # Errors
    /// [`EngineError::ImageTooLarge`] when the image has more than 160 million pixels after upsampling.
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
            })
            .collect())
    }

    /// All windows in all levels that some filter takes for a face, in pixels of the upsampled image.
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
            let filters = &self.filters;
            scan(
                self.level,
                filters,
                &scratch.features,
                &mut scratch.responses,
                |window| {
                    found.push(ScoredBox {
                        score: window.score,
                        rect: mapped_up(window.rect(), index),
                    });
                },
            );
        }
        found
    }
}

/// A place of the detector's window in a level.
#[derive(Debug, Clone, Copy)]
struct Window {
    /// Its first column and row of cells in dlib's padded features, four before the first cell that has features.
    cell: [usize; 2],
    score: f64,
}

impl Window {
    /// Where it is in the level, in pixels: dlib's `fhog_to_image` of the window in the padded features.
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

/// The pixel of the middle of a cell, which is counted from the first cell of the padded features on.
fn edge(cell: i64) -> i64 {
    let (cell_size, padding) = (CELL as i64, ((WINDOW / CELL - 1) / 2) as i64);
    let corner = (cell + 1 - padding) * cell_size + 1;
    if corner >= 0 {
        corner + cell_size / 2
    } else {
        corner - cell_size / 2
    }
}

/// How many levels the pyramid of an image of `size` has: dlib's `create_fhog_pyramid`.
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

/// Hands every window with a response of at least its filter's threshold to `found`.
fn scan(
    level: SimdLevel,
    filters: &Filters,
    features: &FeatureMap,
    responses: &mut Responses,
    mut found: impl FnMut(Window),
) {
    // Bands of about the same height.
    let bands = features.rows().div_ceil(BAND);
    for band in 0..bands {
        let rows = band * features.rows() / bands..(band + 1) * features.rows() / bands;
        responses.set_size(rows.len(), filters.thresholds.len());
        for first in (0..features.columns()).step_by(STRIP) {
            responses.clear();
            for (plane, filters) in filters.planes.iter().enumerate() {
                let strip = features.strip(plane, first, rows.clone());
                add_responses(level, strip, filters, responses);
            }
            let columns = STRIP.min(features.columns() - first);
            report(filters, responses, columns, |[x, y], score| {
                let cell = [first + x, rows.start + y];
                found(Window { cell, score });
            });
        }
    }
}

/// Hands every place of the first `columns` columns of a strip, column and row, where the response reaches its threshold
/// to `found`, with its score.
fn report(
    filters: &Filters,
    responses: &Responses,
    columns: usize,
    mut found: impl FnMut([usize; 2], f64),
) {
    for (detector, &threshold) in filters.thresholds.iter().enumerate() {
        for (y, row) in responses.rows(detector).enumerate() {
            if !may_reach(row, threshold) {
                continue;
            }
            for (x, &response) in row[..columns].iter().enumerate() {
                let score = f64::from(response) - threshold;
                if score >= 0.0 {
                    found([x, y], score);
                }
            }
        }
    }
}

/// Whether a response of `row` is about `threshold` or more. Rounded down, it leaves the exact answer to the caller.
fn may_reach(row: &[f32; STRIP], threshold: f64) -> bool {
    let about = (threshold as f32).next_down();
    row.iter()
        .fold(false, |reached, &response| reached | (response >= about))
}

#[cfg(test)]
mod tests;
