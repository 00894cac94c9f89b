//! The common interface to all parts of the native engine.

use std::sync::Arc;

use image::RgbImage;

use super::detectors::LoadedDetector;
use super::encoders::LoadedEncoder;
use super::landmarks::LandmarkPredictor;
use crate::chip::{CHIP_PADDING, CHIP_SIZE, ChipGeometry, extract_chips};
use crate::error::{EngineError, LoadError};
use crate::geometry::Rect;
use crate::models::{ShippedModel, read_landmarks, refused};
use crate::upsampling::rounded;
use crate::{Detection, Detector, Encoding, EngineParams, FaceEngine, LandmarkModel, Landmarks};

/// The detectors, landmarks and encoders in pure Rust.
pub struct NativeEngine {
    detector: LoadedDetector,
    upsample: u32,
    min_score: f32,
    landmarks: LandmarkSource,
    encoder: LoadedEncoder,
}

/// Where the landmarks of a face come from.
#[derive(Clone)]
enum LandmarkSource {
    /// A landmark model searches them in the box of the face.
    Model(Arc<LandmarkPredictor>),
    /// The detector has found them with the face.
    Detector,
}

impl LandmarkSource {
    fn model(&self) -> LandmarkModel {
        match self {
            Self::Model(predictor) => predictor.model(),
            Self::Detector => LandmarkModel::Retinaface,
        }
    }

    /// Returns the landmarks of `face`, or `None` if the detector that should have found them has
    /// not.
    fn landmarks(&self, image: &RgbImage, face: &Detection) -> Option<Landmarks> {
        match self {
            Self::Model(predictor) => Some(predictor.landmarks(image, box_to_search(face))),
            Self::Detector => face.points.map(|points| Landmarks {
                model: LandmarkModel::Retinaface,
                rect: face.rect,
                points: points.to_vec(),
            }),
        }
    }
}

/// Side of the boxes that HOG finds, with which dlib's landmark models were trained, in sides of
/// the face's square; the median of 217 faces of LFW. Their centres are those of the squares.
const HOG_BOX: f64 = 1.35;

/// Returns the box in which a landmark model searches for the landmarks of `face`: like that of HOG
/// if the detector finds points, and otherwise its own.
fn box_to_search(face: &Detection) -> Rect {
    let square = face.points.and_then(|points| {
        let landmarks = Landmarks {
            model: LandmarkModel::Retinaface,
            rect: face.rect,
            points: points.to_vec(),
        };
        ChipGeometry::of_face(&landmarks, CHIP_SIZE, 0.0).ok()
    });
    square.map_or(face.rect, |square| {
        let (centre, half) = (square.centre(), HOG_BOX * square.side() / 2.0);
        Rect {
            left: rounded(centre.x - half),
            top: rounded(centre.y - half),
            right: rounded(centre.x + half),
            bottom: rounded(centre.y + half),
        }
    })
}

impl NativeEngine {
    /// Loads and checks the models that `params` name.
    ///
    /// # Errors
    /// [`LoadError::MissingModel`], or [`LoadError::Model`] if a model is damaged or not the
    /// expected one.
    pub fn load(params: &EngineParams) -> Result<Self, LoadError> {
        let (models, level) = (&params.models, params.simd);
        let predictor = match (&params.landmarks, params.detector) {
            (Some(file), _) => Some(
                LandmarkPredictor::from_bytes(&read_landmarks(file)?)
                    .map_err(|reason| refused(file, reason))?,
            ),
            (None, Detector::Retinaface) => None,
            (None, _) => Some(models.load(
                ShippedModel::FivePointLandmarks,
                LandmarkPredictor::from_bytes,
            )?),
        };
        let landmarks = predictor.map_or(LandmarkSource::Detector, |predictor| {
            LandmarkSource::Model(Arc::new(predictor))
        });
        let detector = LoadedDetector::load(params.detector, models, level)?;
        let encoder = LoadedEncoder::load(params)?;
        Ok(Self {
            detector,
            upsample: params.upsample,
            min_score: params
                .min_score
                .unwrap_or(params.detector.default_min_score()),
            landmarks,
            encoder,
        })
    }
}

impl FaceEngine for NativeEngine {
    fn name(&self) -> &'static str {
        "native"
    }

    fn landmark_model(&self) -> LandmarkModel {
        self.landmarks.model()
    }

    fn detect(&mut self, image: &RgbImage) -> Result<Vec<Detection>, EngineError> {
        self.detector.detect(image, self.upsample, self.min_score)
    }

    fn landmarks(
        &mut self,
        image: &RgbImage,
        detections: &[Detection],
    ) -> Result<Vec<Option<Landmarks>>, EngineError> {
        let plausible = |landmarks: &Landmarks| {
            // Crops and qualities need dlib's chip too.
            ChipGeometry::of_face(landmarks, CHIP_SIZE, CHIP_PADDING).is_ok()
                && self.encoder.geometry(landmarks).is_ok()
        };
        let found = detections
            .iter()
            .map(|face| self.landmarks.landmarks(image, face));
        Ok(found.map(|landmarks| landmarks.filter(plausible)).collect())
    }

    fn encode(
        &mut self,
        image: &RgbImage,
        landmarks: &[Landmarks],
    ) -> Result<Vec<Encoding>, EngineError> {
        let model = self.landmark_model();
        if landmarks.iter().any(|face| face.model != model) {
            return Err(EngineError::ForeignLandmarks);
        }
        let geometries = landmarks
            .iter()
            .map(|landmarks| self.encoder.geometry(landmarks))
            .collect::<Result<Vec<_>, _>>()?;
        if geometries.is_empty() {
            return Ok(Vec::new());
        }
        self.encoder.encode(extract_chips(image, &geometries))
    }

    fn fork(&self) -> Box<dyn FaceEngine> {
        Box::new(Self {
            detector: self.detector.fork(),
            upsample: self.upsample,
            min_score: self.min_score,
            landmarks: self.landmarks.clone(),
            encoder: self.encoder.fork(),
        })
    }
}
