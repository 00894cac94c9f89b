//! Face detection with a convolutional network. Input: an RGB image. Output: boxes and scores, as
//! dlib's `mmod_human_face_detector` gives them (`loss_mmod_` in dlib/dnn/loss.h, dlib's
//! tools/python/src/cnn_face_detector.cpp).
//!
//! The whole pyramid of the image is laid out in one image (`tiled_pyramid`), which passes through
//! the `network` at once. The network adds numbers in another order than dlib, so scores differ in
//! the last digits.

mod network;
mod tiled_pyramid;

use std::sync::Arc;

use image::RgbImage;

use self::network::{Memory, Network};
use self::tiled_pyramid::TiledPyramid;
use super::overlap::{ScoredBox, suppress_overlapping};
use super::pyramid::{Planes, Resizer};
use crate::Detection;
use crate::models::network::MmodModel;
use crate::upsampling::mapped_down;
use facematch_kernels::SimdLevel;

/// The face detector with its memory for intermediate numbers.
///
/// # Thread safety
/// Works for one thread at a time. [`MmodDetector::fork`] returns another one that shares the
/// weights.
#[derive(Debug)]
pub struct MmodDetector {
    model: Arc<MmodModel>,
    network: Arc<Network>,
    level: SimdLevel,
    memory: Memory,
}

impl MmodDetector {
    /// Packs the weights of `model`, which takes 3 MB.
    ///
    /// # Panics
    /// If `model` does not have the architecture that
    /// [`read_mmod`](crate::models::network::read_mmod) checks, or the number of a layer's weights
    /// does not match its sizes.
    pub fn new(model: MmodModel, level: SimdLevel) -> Self {
        Self {
            network: Arc::new(Network::new(&model)),
            model: Arc::new(model),
            level,
            memory: Memory::default(),
        }
    }

    /// Returns another detector with the same weights.
    pub fn fork(&self) -> Self {
        Self {
            model: Arc::clone(&self.model),
            network: Arc::clone(&self.network),
            level: self.level,
            memory: Memory::default(),
        }
    }

    /// Returns the faces in `image`, best first, found in a copy that is doubled `upsample` times.
    /// Takes about 100 bytes of memory for each pixel of that copy.
    pub fn detect(&mut self, image: &RgbImage, upsample: u32) -> Vec<Detection> {
        let pyramid = {
            let (mut planes, mut spare) = (Planes::default(), Planes::default());
            Resizer::new(self.level).upsample(image, upsample, &mut planes, &mut spare);
            TiledPyramid::new(&planes, &self.model)
        };
        let scores = self
            .network
            .scores(self.level, pyramid.maps(), &mut self.memory);
        let mut boxes = Vec::new();
        for (row, scores) in scores.rows().enumerate() {
            for (column, &score) in scores.iter().enumerate() {
                if score > 0.0 {
                    let centre = self.network.window_centre([column, row]);
                    boxes.push(ScoredBox {
                        score: score.into(),
                        rect: pyramid.box_in_image(centre, self.model.window),
                    });
                }
            }
        }
        suppress_overlapping(self.model.overlap, boxes)
            .into_iter()
            .map(|found| Detection {
                rect: mapped_down(found.rect, upsample),
                score: Some(found.score as f32),
                points: None,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
