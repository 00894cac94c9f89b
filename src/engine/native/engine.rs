//! All parts of the native engine behind one border.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use image::RgbImage;

use super::hog::HogDetector;
use super::kernels::SimdLevel;
use super::landmarks::LandmarkPredictor;
use super::mmod::MmodDetector;
use super::resnet::Encoder;
use crate::engine::chip::{CHIP_PADDING, CHIP_SIZE, ChipGeometry, extract_chips};
use crate::engine::jitter::jittered_chip;
use crate::engine::models::hog_filters::read_frontal_face_detector;
use crate::engine::models::network::read_mmod;
use crate::engine::models::{ShippedModel, read_landmarks, refused};
use crate::engine::pixel_budget::PixelBudget;
use crate::engine::upsampling::pixels_to_search;
use crate::engine::{
    Detection, Detector, ENCODING_LEN, Encoding, EngineParams, FaceEngine, LandmarkModel, Landmarks,
};
use crate::error::{EngineError, Error};

/// Most pixels that the CNN detectors of all workers are given at a time: they take about 100 bytes for each.
const CNN_MAX_PIXELS: u64 = 16_000_000;

/// The detectors, landmarks and encoder of dlib in pure Rust.
pub struct NativeEngine {
    detector: LoadedDetector,
    upsample: u32,
    predictor: Arc<LandmarkPredictor>,
    encoder: LazyEncoder,
    jitters: u32,
}

enum LoadedDetector {
    Hog(Box<HogDetector>),
    Cnn(MmodDetector, Arc<PixelBudget>),
}

/// The encoder, which is made when it is needed first: `facematch detect` never needs it, and other commands find faces
/// before.
struct LazyEncoder {
    shared: Arc<SharedEncoder>,
    own: Option<Encoder>,
}

/// What the encoders of all forks have in common.
struct SharedEncoder {
    /// The model, checked, until the first encoder is made of it.
    model: Mutex<Cow<'static, [u8]>>,
    level: SimdLevel,
    /// The first encoder, which the others are forks of, or why there is none.
    first: OnceLock<Result<Encoder, String>>,
}

impl NativeEngine {
    /// Loads and checks the models that `params` name.
    ///
    /// # Errors
    /// [`Error::Model`] when a model is missing, damaged or not the expected one.
    pub fn load(params: &EngineParams) -> Result<Self, Error> {
        let (models, level) = (&params.models, params.simd);
        let predictor = match &params.landmarks {
            Some(file) => LandmarkPredictor::from_bytes(&read_landmarks(file)?)
                .map_err(|reason| refused(file, reason))?,
            None => models.load(
                ShippedModel::FivePointLandmarks,
                LandmarkPredictor::from_bytes,
            )?,
        };
        let detector = match params.detector {
            Detector::Hog => {
                let model = models.load(
                    ShippedModel::FrontalFaceDetector,
                    read_frontal_face_detector,
                )?;
                LoadedDetector::Hog(Box::new(HogDetector::new(&model, level)))
            }
            Detector::Cnn => {
                let model = models.load(ShippedModel::CnnDetector, read_mmod)?;
                let budget = Arc::new(PixelBudget::new(CNN_MAX_PIXELS));
                LoadedDetector::Cnn(MmodDetector::new(model, level), budget)
            }
        };
        let encoder = SharedEncoder {
            model: Mutex::new(models.bytes(ShippedModel::Encoder)?),
            level,
            first: OnceLock::new(),
        };
        Ok(Self {
            detector,
            upsample: params.upsample,
            predictor: Arc::new(predictor),
            encoder: LazyEncoder {
                shared: Arc::new(encoder),
                own: None,
            },
            jitters: params.jitters,
        })
    }

    /// The mean encoding of the jittered copies of a chip.
    fn encode_jittered(&mut self, chip: &RgbImage) -> Result<Encoding, EngineError> {
        let mut sums = [0.0_f64; ENCODING_LEN];
        for copy in 0..self.jitters {
            let jittered = jittered_chip(chip, copy);
            for encoding in self.encoder.get()?.encode(std::slice::from_ref(&jittered)) {
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
        match &mut self.detector {
            LoadedDetector::Hog(detector) => detector.detect(image, self.upsample),
            LoadedDetector::Cnn(detector, budget) => {
                let (size, limit) = (image.dimensions(), CNN_MAX_PIXELS);
                let pixels = pixels_to_search(size, self.upsample, Detector::Cnn, limit)?;
                let Some(pixels) = pixels else {
                    return Ok(Vec::new());
                };
                let _share = budget.take(pixels);
                Ok(detector.detect(image, self.upsample))
            }
        }
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
        Ok(self.encoder.get()?.encode(&chips))
    }

    fn fork(&self) -> Box<dyn FaceEngine> {
        Box::new(Self {
            detector: match &self.detector {
                LoadedDetector::Hog(detector) => LoadedDetector::Hog(Box::new(detector.fork())),
                LoadedDetector::Cnn(detector, budget) => {
                    LoadedDetector::Cnn(detector.fork(), Arc::clone(budget))
                }
            },
            upsample: self.upsample,
            predictor: Arc::clone(&self.predictor),
            encoder: LazyEncoder {
                shared: Arc::clone(&self.encoder.shared),
                own: None,
            },
            jitters: self.jitters,
        })
    }
}

impl LazyEncoder {
    fn get(&mut self) -> Result<&mut Encoder, EngineError> {
        let own = match self.own.take() {
            Some(encoder) => encoder,
            None => self.shared.first()?.fork(),
        };
        Ok(self.own.insert(own))
    }
}

impl SharedEncoder {
    fn first(&self) -> Result<&Encoder, EngineError> {
        let first = self.first.get_or_init(|| {
            let mut model = self.model.lock().unwrap_or_else(PoisonError::into_inner);
            let bytes = std::mem::take(&mut *model);
            Encoder::from_bytes(&bytes, self.level)
        });
        let refused = |reason: &String| EngineError::Encoder(reason.clone());
        first.as_ref().map_err(refused)
    }
}
