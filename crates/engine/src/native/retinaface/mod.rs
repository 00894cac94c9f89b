//! Face detection with RetinaFace, a convolutional network. Input: an RGB image. Output: boxes,
//! scores and five landmarks of each face (Deng et al., 2020; the code of
//! biubug6/Pytorch_Retinaface).
//!
//! One pass of the `network` over the image finds faces of up to 512 pixels (`scales`: and one over
//! each half of a larger image the larger ones): for each pixel of three levels, 1/8, 1/16 and 1/32
//! as large as the image, and for two anchors there, it tells how surely a face is at the anchor,
//! and how the face differs from it.

mod anchors;
mod first_stage;
mod network;
mod scales;

use std::borrow::Cow;
use std::sync::Arc;

use image::RgbImage;

use self::anchors::{candidates, suppress_overlapping};
use self::network::{Memory, Network};
use super::pyramid::Resizer;
use crate::error::EngineError;
use crate::models::retinaface::{RetinafaceModel, read_retinaface};
use crate::upsampling::pixels_to_search;
use crate::{Detection, Detector};
use facematch_kernels::SimdLevel;

/// Maximum number of pixels; they take about 30 bytes each.
const MAX_PIXELS: u64 = 64_000_000;

/// Memory kept for the next image, in bytes; memory beyond that is freed after a larger image.
const KEPT_BYTES: usize = 64 << 20;

/// The face detector with its memory for intermediate numbers.
///
/// # Thread safety
/// Works for one thread at a time. [`RetinafaceDetector::fork`] returns another one that shares the
/// weights.
#[derive(Debug)]
pub struct RetinafaceDetector {
    network: Arc<Network>,
    level: SimdLevel,
    memory: Memory,
}

impl RetinafaceDetector {
    /// Packs the weights of `model`, which takes 6 MB.
    pub fn new(model: &RetinafaceModel, level: SimdLevel) -> Self {
        Self::of_network(Arc::new(Network::new(model)), level)
    }

    /// Loads the network in `bytes`, the content of `retinaface_mobilenet_0.25.safetensors`.
    ///
    /// # Errors
    /// The sentence of [`read_retinaface`] that says why the bytes are refused.
    pub fn from_bytes(bytes: &[u8], level: SimdLevel) -> Result<Self, String> {
        read_retinaface(bytes).map(|model| Self::new(&model, level))
    }

    fn of_network(network: Arc<Network>, level: SimdLevel) -> Self {
        Self {
            network,
            level,
            memory: Memory::default(),
        }
    }

    /// Returns another detector with the same weights.
    pub fn fork(&self) -> Self {
        Self::of_network(Arc::clone(&self.network), self.level)
    }

    /// Returns the faces with a score of at least `min_score` (0 to 1) in `image`, best first,
    /// found in a copy that is doubled `upsample` times.
    ///
    /// # Errors
    /// [`EngineError::ImageTooLarge`] if the copy has more than 64 million pixels.
    pub fn detect(
        &mut self,
        image: &RgbImage,
        upsample: u32,
        min_score: f32,
    ) -> Result<Vec<Detection>, EngineError> {
        let (size, detector) = (image.dimensions(), Detector::Retinaface);
        if pixels_to_search(size, upsample, detector, MAX_PIXELS)?.is_none() {
            return Ok(Vec::new());
        }
        let doubled = match upsample {
            0 => Cow::Borrowed(image),
            _ => Cow::Owned(Resizer::new(self.level).upsampled(image, upsample)),
        };
        let copies = scales::copies(&doubled);
        let found = copies.iter().map(|copy| {
            let outputs = self.network.outputs(self.level, copy, &mut self.memory);
            suppress_overlapping(candidates(outputs, min_score))
        });
        let found = scales::joined(found.collect());
        if self.memory.capacity() > KEPT_BYTES {
            *self = self.fork();
        }
        let detections = found.into_iter();
        Ok(detections.map(|face| face.detection(upsample)).collect())
    }
}

#[cfg(test)]
mod tests;
