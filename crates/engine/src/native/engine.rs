//! The common interface to all parts of the native engine.

use std::sync::Arc;

use image::RgbImage;
use image::imageops::flip_horizontal;

use super::detectors::LoadedDetector;
use super::landmarks::LandmarkPredictor;
use super::lazy::Lazy;
use super::resnet::Encoder;
use crate::chip::{CHIP_PADDING, CHIP_SIZE, ChipGeometry, extract_chips};
use crate::error::{EngineError, LoadError};
use crate::jitter::jittered_chip;
use crate::models::{ShippedModel, read_landmarks, refused};
use crate::{
    Detection, ENCODING_LEN, Encoding, EngineParams, FaceEngine, LandmarkModel, Landmarks,
    check_encodings,
};

/// The detectors, landmarks and encoder of dlib in pure Rust.
pub struct NativeEngine {
    detector: LoadedDetector,
    upsample: u32,
    predictor: Arc<LandmarkPredictor>,
    encoder: Lazy<Encoder>,
    jitters: u32,
    flip: bool,
}

impl NativeEngine {
    /// Loads and checks the models that `params` name.
    ///
    /// # Errors
    /// [`LoadError::MissingModel`], or [`LoadError::Model`] if a model is damaged or not the
    /// expected one.
    pub fn load(params: &EngineParams) -> Result<Self, LoadError> {
        let (models, level) = (&params.models, params.simd);
        let predictor = match &params.landmarks {
            Some(file) => LandmarkPredictor::from_bytes(&read_landmarks(file)?)
                .map_err(|reason| refused(file, reason))?,
            None => models.load(
                ShippedModel::FivePointLandmarks,
                LandmarkPredictor::from_bytes,
            )?,
        };
        let detector = LoadedDetector::load(params.detector, models, level)?;
        let encoder = models.bytes(ShippedModel::Encoder)?;
        Ok(Self {
            detector,
            upsample: params.upsample,
            predictor: Arc::new(predictor),
            encoder: Lazy::new(encoder, level),
            jitters: params.jitters,
            flip: params.flip,
        })
    }

    /// Returns the network's encoding of each chip.
    fn encode_chips(&mut self, chips: &[RgbImage]) -> Result<Vec<Encoding>, EngineError> {
        check_encodings(self.encoder.get()?.encode(chips))
    }

    /// Returns the encoding of each chip and its mirror image.
    fn encode_mirrored(&mut self, chips: Vec<RgbImage>) -> Result<Vec<Encoding>, EngineError> {
        let pairs: Vec<RgbImage> = chips
            .into_iter()
            .flat_map(|chip| {
                let mirrored = flip_horizontal(&chip);
                [chip, mirrored]
            })
            .collect();
        let encodings = self.encode_chips(&pairs)?;
        let (pairs, _) = encodings.as_chunks::<2>();
        Ok(pairs.iter().map(Encoding::of_face_and_mirror).collect())
    }

    /// Returns the mean encoding of the jittered copies of a chip.
    fn encode_jittered(&mut self, chip: &RgbImage) -> Result<Encoding, EngineError> {
        let mut sums = [0.0_f64; ENCODING_LEN];
        for copy in 0..self.jitters {
            let jittered = jittered_chip(chip, copy);
            for encoding in self.encode_chips(std::slice::from_ref(&jittered))? {
                for (sum, number) in sums.iter_mut().zip(encoding.values()) {
                    *sum += f64::from(*number);
                }
            }
        }
        let count = f64::from(self.jitters);
        Ok(Encoding::new(sums.map(|sum| (sum / count) as f32)))
    }
}

impl FaceEngine for NativeEngine {
    fn name(&self) -> &'static str {
        "native"
    }

    fn landmark_model(&self) -> LandmarkModel {
        self.predictor.model()
    }

    fn detect(&mut self, image: &RgbImage) -> Result<Vec<Detection>, EngineError> {
        self.detector.detect(image, self.upsample)
    }

    fn landmarks(
        &mut self,
        image: &RgbImage,
        detections: &[Detection],
    ) -> Result<Vec<Option<Landmarks>>, EngineError> {
        let plausible = |landmarks: &Landmarks| {
            ChipGeometry::of_face(landmarks, CHIP_SIZE, CHIP_PADDING).is_ok()
        };
        let found = detections
            .iter()
            .map(|detection| self.predictor.landmarks(image, detection.rect));
        Ok(found
            .map(|landmarks| Some(landmarks).filter(plausible))
            .collect())
    }

    fn encode(
        &mut self,
        image: &RgbImage,
        landmarks: &[Landmarks],
    ) -> Result<Vec<Encoding>, EngineError> {
        let points = self.landmark_model().point_count();
        if landmarks.iter().any(|face| face.points.len() != points) {
            return Err(EngineError::ForeignLandmarks);
        }
        let geometries = landmarks
            .iter()
            .map(|landmarks| ChipGeometry::of_face(landmarks, CHIP_SIZE, CHIP_PADDING))
            .collect::<Result<Vec<_>, _>>()?;
        if geometries.is_empty() {
            return Ok(Vec::new());
        }
        let chips = extract_chips(image, &geometries);
        if self.jitters > 1 {
            return chips
                .iter()
                .map(|chip| self.encode_jittered(chip))
                .collect();
        }
        if self.flip {
            return self.encode_mirrored(chips);
        }
        self.encode_chips(&chips)
    }

    fn fork(&self) -> Box<dyn FaceEngine> {
        Box::new(Self {
            detector: self.detector.fork(),
            upsample: self.upsample,
            predictor: Arc::clone(&self.predictor),
            encoder: self.encoder.fork(),
            jitters: self.jitters,
            flip: self.flip,
        })
    }
}
