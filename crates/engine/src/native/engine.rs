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
use crate::geometry::Rect;
use crate::jitter::jittered_chip;
use crate::models::{ShippedModel, read_landmarks, refused};
use crate::upsampling::rounded;
use crate::{
    Detection, Detector, ENCODING_LEN, Encoding, EngineParams, FaceEngine, LandmarkModel,
    Landmarks, check_encodings,
};

/// The detectors, landmarks and encoder of dlib in pure Rust.
pub struct NativeEngine {
    detector: LoadedDetector,
    upsample: u32,
    min_score: f32,
    landmarks: LandmarkSource,
    encoder: Lazy<Encoder>,
    jitters: u32,
    flip: bool,
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

/// Pixels by which a face of RetinaFace is beside the middle of its chip if it is encoded with its
/// mirror image, so that the two show it in two places. The mean of two places tells people apart
/// better than that of one (`docs/ACCURACY.md`), at no cost.
const ASIDE: f64 = 3.0;

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
        let encoder = models.bytes(ShippedModel::Encoder)?;
        Ok(Self {
            detector,
            upsample: params.upsample,
            min_score: params
                .min_score
                .unwrap_or(params.detector.default_min_score()),
            landmarks,
            encoder: Lazy::new(encoder, level),
            jitters: params.jitters,
            flip: params.flip,
        })
    }

    /// Returns the place of the chip that is encoded.
    fn geometry(&self, landmarks: &Landmarks) -> Result<ChipGeometry, EngineError> {
        let geometry = ChipGeometry::of_face(landmarks, CHIP_SIZE, CHIP_PADDING)?;
        let is_mirrored = self.flip && self.jitters < 2;
        Ok(match landmarks.model {
            LandmarkModel::Retinaface if is_mirrored => geometry.with_face_to_the_right(ASIDE),
            _ => geometry,
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
            ChipGeometry::of_face(landmarks, CHIP_SIZE, CHIP_PADDING).is_ok()
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
            .map(|landmarks| self.geometry(landmarks))
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
            min_score: self.min_score,
            landmarks: self.landmarks.clone(),
            encoder: self.encoder.fork(),
            jitters: self.jitters,
            flip: self.flip,
        })
    }
}
