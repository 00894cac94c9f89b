//! The common interface to the detectors of the native engine.

use std::sync::Arc;

use image::RgbImage;

use super::hog::HogDetector;
use super::lazy::Lazy;
use super::mmod::MmodDetector;
use super::retinaface::RetinafaceDetector;
use crate::error::{EngineError, LoadError};
use crate::models::hog_filters::read_frontal_face_detector;
use crate::models::{ModelSource, ShippedModel};
use crate::pixel_budget::PixelBudget;
use crate::upsampling::pixels_to_search;
use crate::{Detection, Detector};
use facematch_kernels::SimdLevel;

/// Maximum number of pixels for the CNN detectors of all workers at a time. They take about 100
/// bytes for each.
const CNN_MAX_PIXELS: u64 = 16_000_000;

/// The requested detector.
pub(super) enum LoadedDetector {
    Hog(Box<HogDetector>),
    Cnn(CnnDetector),
    Retinaface(Box<RetinafaceDetector>),
}

/// The CNN detector with the budget that it shares with those of the other threads.
pub(super) struct CnnDetector {
    detector: Lazy<MmodDetector>,
    budget: Arc<PixelBudget>,
}

impl LoadedDetector {
    /// Loads `detector`.
    ///
    /// # Errors
    /// [`LoadError::MissingModel`], or [`LoadError::Model`] if its model is damaged or not the
    /// expected one.
    pub(super) fn load(
        detector: Detector,
        models: &ModelSource,
        level: SimdLevel,
    ) -> Result<Self, LoadError> {
        Ok(match detector {
            Detector::Hog => {
                let model = models.load(
                    ShippedModel::FrontalFaceDetector,
                    read_frontal_face_detector,
                )?;
                Self::Hog(Box::new(HogDetector::new(&model, level)))
            }
            Detector::Cnn => Self::Cnn(CnnDetector {
                detector: Lazy::new(models.bytes(ShippedModel::CnnDetector)?, level),
                budget: Arc::new(PixelBudget::new(CNN_MAX_PIXELS)),
            }),
            Detector::Retinaface => Self::Retinaface(Box::new(
                models.load(ShippedModel::Retinaface, |bytes| {
                    RetinafaceDetector::from_bytes(bytes, level)
                })?,
            )),
        })
    }

    /// Returns the faces in `image`, upsampled `upsample` times, with scores of at least
    /// `min_score`.
    ///
    /// # Errors
    /// If the image is too large for the detector.
    pub(super) fn detect(
        &mut self,
        image: &RgbImage,
        upsample: u32,
        min_score: f32,
    ) -> Result<Vec<Detection>, EngineError> {
        let is_sure = |face: &Detection| face.score.is_none_or(|score| score >= min_score);
        let sure = |faces: Vec<Detection>| faces.into_iter().filter(is_sure).collect::<Vec<_>>();
        match self {
            Self::Hog(detector) => detector.detect(image, upsample).map(sure),
            Self::Cnn(detector) => detector.detect(image, upsample).map(sure),
            Self::Retinaface(detector) => detector.detect(image, upsample, min_score),
        }
    }

    /// Returns the same detectors for another thread.
    pub(super) fn fork(&self) -> Self {
        match self {
            Self::Hog(detector) => Self::Hog(Box::new(detector.fork())),
            Self::Cnn(detector) => Self::Cnn(detector.fork()),
            Self::Retinaface(detector) => Self::Retinaface(Box::new(detector.fork())),
        }
    }
}

impl CnnDetector {
    fn detect(&mut self, image: &RgbImage, upsample: u32) -> Result<Vec<Detection>, EngineError> {
        let (size, limit) = (image.dimensions(), CNN_MAX_PIXELS);
        let Some(pixels) = pixels_to_search(size, upsample, Detector::Cnn, limit)? else {
            return Ok(Vec::new());
        };
        let detector = self.detector.get()?;
        let _share = self.budget.take(pixels);
        Ok(detector.detect(image, upsample))
    }

    fn fork(&self) -> Self {
        Self {
            detector: self.detector.fork(),
            budget: Arc::clone(&self.budget),
        }
    }
}
