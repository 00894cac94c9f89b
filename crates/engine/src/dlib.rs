//! The engine over dlib's C++, through the crate dlib-face-recognition.
//!
//! The crate is a thin wrapper: it neither upsamples nor reports scores, its jitter uses one global
//! random state, and a C++ exception anywhere but at loading ends the process. Therefore this
//! module upsamples and maps boxes back like dlib's Python module (`run_detector_with_upscale` in
//! its simple_object_detector.h), jitters with [`super::jitter`], and rejects input that dlib
//! cannot handle before passing it on. [`super::models`] checks the models first.

use std::path::Path;
use std::sync::Arc;

use dlib_face_recognition::{
    FaceDetector, FaceDetectorCnn, FaceDetectorTrait, FaceEncoderNetwork, FaceEncoderTrait,
    FaceLandmarks, FaceLocations, ImageMatrix, LandmarkPredictor, LandmarkPredictorTrait,
    Rectangle,
};
use image::RgbImage;

use super::chip::{CHIP_PADDING, CHIP_SIZE, ChipGeometry};
use super::models::{ShippedModel, check_landmarks, check_shipped};
use super::pixel_budget::PixelBudget;
use super::upsampling::{mapped_down, pixels_to_search, upsampled_size};
use super::{
    Detection, Detector, ENCODING_LEN, Encoding, EngineParams, FaceEngine, LandmarkModel,
    Landmarks, jitter,
};
use crate::error::{EngineError, LoadError};
use crate::geometry::{Point, Rect};

/// Maximum number of pixels for the HOG detector, which takes about 8 bytes for each, measured.
const HOG_MAX_PIXELS: u64 = 160_000_000;

/// Maximum number of pixels for the CNN detectors of all workers at a time. They take up to 1,000
/// bytes for each, measured.
const CNN_MAX_PIXELS: u64 = 4_000_000;

/// dlib's detectors, landmarks and encoder.
pub struct DlibEngine {
    detector: LoadedDetector,
    upsample: u32,
    predictor: LandmarkPredictor,
    landmark_model: LandmarkModel,
    encoder: FaceEncoderNetwork,
    jitters: u32,
    flip: bool,
    /// The C++ twins of the landmarks returned last, since the encoder accepts nothing else.
    predicted: Vec<(Landmarks, FaceLandmarks)>,
}

#[derive(Clone)]
enum LoadedDetector {
    Hog(FaceDetector),
    Cnn(CnnDetector),
}

/// The CNN detector. A network keeps the memory of the largest image that it has processed, so each
/// image goes to a copy of an unused network (copying its 0.7 MB takes almost no time). The budget
/// shared by all forks limits the number of pixels processed at a time.
#[derive(Clone)]
struct CnnDetector {
    pristine: Box<FaceDetectorCnn>,
    budget: Arc<PixelBudget>,
}

impl CnnDetector {
    fn detect(&self, image: &RgbImage, upsample: u32) -> Result<Vec<Detection>, EngineError> {
        let (size, limit) = (image.dimensions(), CNN_MAX_PIXELS);
        let Some(pixels) = pixels_to_search(size, upsample, Detector::Cnn, limit)? else {
            return Ok(Vec::new());
        };
        let matrix = upsampled(to_matrix(image), size, upsample);
        let _share = self.budget.take(pixels);
        let network = self.pristine.clone();
        Ok(detections(&network.face_locations(&matrix), upsample))
    }
}

/// Returns the faces in `image` found by HOG.
fn detect_by_hog(
    detector: &FaceDetector,
    image: &RgbImage,
    upsample: u32,
) -> Result<Vec<Detection>, EngineError> {
    let (size, limit) = (image.dimensions(), HOG_MAX_PIXELS);
    if pixels_to_search(size, upsample, Detector::Hog, limit)?.is_none() {
        return Ok(Vec::new());
    }
    let matrix = upsampled(to_matrix(image), size, upsample);
    Ok(detections(&detector.face_locations(&matrix), upsample))
}

/// Converts locations in an image upsampled `upsample` times to detections in the original image.
fn detections(locations: &FaceLocations, upsample: u32) -> Vec<Detection> {
    locations
        .iter()
        .map(|location| Detection {
            rect: mapped_down(from_dlib(location), upsample),
            score: None,
            points: None,
        })
        .collect()
}

impl DlibEngine {
    /// Loads and checks the models that `params` name.
    ///
    /// # Errors
    /// [`LoadError::MissingModel`], or [`LoadError::Model`] if a model is damaged or not the
    /// expected one.
    pub fn load(params: &EngineParams) -> Result<Self, LoadError> {
        use_one_thread_for_linear_algebra();
        // dlib opens files itself, so it cannot use the models in the program.
        let models = params.models.folder()?;
        let (landmarks, landmark_model) = match &params.landmarks {
            Some(file) => (file.clone(), check_landmarks(file)?),
            None => (
                check_shipped(&models, ShippedModel::FivePointLandmarks)?,
                LandmarkModel::FivePoint,
            ),
        };
        let encoder = check_shipped(&models, ShippedModel::Encoder)?;
        let detector = match params.detector {
            Detector::Hog => LoadedDetector::Hog(FaceDetector::new()),
            Detector::Cnn => {
                let file = check_shipped(&models, ShippedModel::CnnDetector)?;
                LoadedDetector::Cnn(CnnDetector {
                    pristine: Box::new(open(&file, FaceDetectorCnn::open)?),
                    budget: Arc::new(PixelBudget::new(CNN_MAX_PIXELS)),
                })
            }
            Detector::Retinaface => {
                return Err(LoadError::Unavailable(
                    "the dlib engine has no detector retinaface; it has hog and cnn".to_owned(),
                ));
            }
        };
        Ok(Self {
            detector,
            upsample: params.upsample,
            predictor: open(&landmarks, LandmarkPredictor::open)?,
            landmark_model,
            encoder: open(&encoder, FaceEncoderNetwork::open)?,
            jitters: params.jitters,
            flip: params.has_mirror_images(),
            predicted: Vec::new(),
        })
    }

    fn predict(&self, image: &ImageMatrix, rect: Rect) -> (Landmarks, FaceLandmarks) {
        let twin = self.predictor.face_landmarks(image, &to_dlib(rect));
        let points = twin
            .iter()
            .map(|p| Point::new(p.x() as f64, p.y() as f64))
            .collect();
        let model = self.landmark_model;
        (
            Landmarks {
                model,
                rect,
                points,
            },
            twin,
        )
    }

    /// Returns the C++ landmarks equal to `landmarks`: remembered, or predicted again.
    fn twin_of(
        &mut self,
        image: &ImageMatrix,
        landmarks: &Landmarks,
    ) -> Result<FaceLandmarks, EngineError> {
        // Keeps dlib from allocating a chip of unlimited size.
        ChipGeometry::of_face(landmarks, CHIP_SIZE, CHIP_PADDING)?;
        if let Some(at) = self.predicted.iter().position(|(l, _)| l == landmarks) {
            return Ok(self.predicted.swap_remove(at).1);
        }
        let (again, twin) = self.predict(image, landmarks.rect);
        if again == *landmarks {
            Ok(twin)
        } else {
            Err(EngineError::ForeignLandmarks)
        }
    }

    /// Returns the mean encoding of the jittered copies of one face.
    fn encode_jittered(
        &self,
        image: &RgbImage,
        landmarks: &Landmarks,
        twin: &FaceLandmarks,
    ) -> Result<Encoding, EngineError> {
        let geometry = ChipGeometry::of_face(landmarks, CHIP_SIZE, CHIP_PADDING)?;
        let mut sum = [0.0_f64; ENCODING_LEN];
        for copy in 0..self.jitters {
            let values = self.encode_one(&jitter::jittered(image, &geometry, copy), twin)?;
            sum.iter_mut().zip(values).for_each(|(sum, v)| *sum += v);
        }
        let mean = sum.map(|s| s / f64::from(self.jitters));
        to_encoding(&mean)
    }

    /// Returns the encoding of a face and its mirror image.
    fn encode_mirrored(
        &self,
        image: &RgbImage,
        landmarks: &Landmarks,
        twin: &FaceLandmarks,
    ) -> Result<Encoding, EngineError> {
        let geometry = ChipGeometry::of_face(landmarks, CHIP_SIZE, CHIP_PADDING)?;
        let plain = to_encoding(&self.encode_one(image, twin)?)?;
        let mirrored = to_encoding(&self.encode_one(&jitter::mirrored(image, &geometry), twin)?)?;
        Ok(Encoding::of_face_and_mirror(&[plain, mirrored]))
    }

    /// Returns the encoder's output for one face.
    fn encode_one(
        &self,
        image: &RgbImage,
        twin: &FaceLandmarks,
    ) -> Result<[f64; ENCODING_LEN], EngineError> {
        let twins = std::slice::from_ref(twin);
        let encodings = self.encoder.get_face_encodings(&to_matrix(image), twins, 0);
        let values: &[f64] = encodings.first().map_or(&[], |e| e.as_ref());
        let values = checked(values)?;
        values
            .try_into()
            .map_err(|_| EngineError::BadEncoding(values.len()))
    }
}

impl FaceEngine for DlibEngine {
    fn name(&self) -> &'static str {
        "dlib"
    }

    fn landmark_model(&self) -> LandmarkModel {
        self.landmark_model
    }

    fn detect(&mut self, image: &RgbImage) -> Result<Vec<Detection>, EngineError> {
        match &self.detector {
            LoadedDetector::Hog(detector) => detect_by_hog(detector, image, self.upsample),
            LoadedDetector::Cnn(detector) => detector.detect(image, self.upsample),
        }
    }

    fn landmarks(
        &mut self,
        image: &RgbImage,
        detections: &[Detection],
    ) -> Result<Vec<Option<Landmarks>>, EngineError> {
        let matrix = to_matrix(image);
        self.predicted = detections
            .iter()
            .map(|detection| self.predict(&matrix, detection.rect))
            .collect();
        let plausible = |landmarks: &&Landmarks| {
            ChipGeometry::of_face(landmarks, CHIP_SIZE, CHIP_PADDING).is_ok()
        };
        Ok(self
            .predicted
            .iter()
            .map(|(landmarks, _)| Some(landmarks).filter(plausible).cloned())
            .collect())
    }

    fn encode(
        &mut self,
        image: &RgbImage,
        landmarks: &[Landmarks],
    ) -> Result<Vec<Encoding>, EngineError> {
        if landmarks.is_empty() {
            return Ok(Vec::new());
        }
        let matrix = to_matrix(image);
        let twins = landmarks
            .iter()
            .map(|landmarks| self.twin_of(&matrix, landmarks))
            .collect::<Result<Vec<_>, _>>()?;
        if self.jitters > 1 {
            return landmarks
                .iter()
                .zip(&twins)
                .map(|(landmarks, twin)| self.encode_jittered(image, landmarks, twin))
                .collect();
        }
        if self.flip {
            return landmarks
                .iter()
                .zip(&twins)
                .map(|(landmarks, twin)| self.encode_mirrored(image, landmarks, twin))
                .collect();
        }
        let encodings = self.encoder.get_face_encodings(&matrix, &twins, 0);
        encodings
            .iter()
            .map(|encoding| to_encoding(checked(encoding.as_ref())?))
            .collect()
    }

    fn fork(&self) -> Box<dyn FaceEngine> {
        Box::new(Self {
            detector: self.detector.clone(),
            upsample: self.upsample,
            predictor: self.predictor.clone(),
            landmark_model: self.landmark_model,
            encoder: self.encoder.clone(),
            jitters: self.jitters,
            flip: self.flip,
            predicted: Vec::new(),
        })
    }
}

/// Opens a model that has been checked. The crate panics on a path that is not UTF-8.
fn open<'p, M>(
    file: &'p Path,
    opener: impl FnOnce(&'p Path) -> Result<M, String>,
) -> Result<M, LoadError> {
    let model_error = |reason: String| LoadError::Model {
        path: file.to_owned(),
        reason,
    };
    if file.to_str().is_none() {
        return Err(model_error(
            "dlib cannot open a path that is not UTF-8; rename the folder".to_owned(),
        ));
    }
    opener(file).map_err(model_error)
}

/// Limits OpenBLAS to one thread: every worker has an engine of its own, and threads inside the
/// matrix products would only compete for the cores.
fn use_one_thread_for_linear_algebra() {
    #[allow(
        unsafe_code,
        reason = "OpenBLAS is linked by dlib-face-recognition and has no Rust interface"
    )]
    mod openblas {
        unsafe extern "C" {
            pub(super) safe fn openblas_set_num_threads(threads: std::ffi::c_int);
        }
    }
    openblas::openblas_set_num_threads(1);
}

fn to_matrix(image: &RgbImage) -> ImageMatrix {
    let (width, height) = image.dimensions();
    #[allow(
        unsafe_code,
        reason = "the crate's safe constructor takes image 0.24, which this program does not use"
    )]
    // SAFETY: an `RgbImage` has at least width * height * 3 bytes, rows from the top, without
    // padding; dlib copies them.
    unsafe {
        ImageMatrix::new(width as usize, height as usize, image.as_raw().as_ptr())
    }
}

fn to_dlib(rect: Rect) -> Rectangle {
    Rectangle {
        left: rect.left as _,
        top: rect.top as _,
        right: rect.right as _,
        bottom: rect.bottom as _,
    }
}

fn from_dlib(rect: &Rectangle) -> Rect {
    // A C `long` has 32 bits on some systems and 64 on others.
    #[allow(
        clippy::useless_conversion,
        reason = "it is one where a C `long` has 64 bits"
    )]
    let coordinate = i64::from;
    Rect {
        left: coordinate(rect.left),
        top: coordinate(rect.top),
        right: coordinate(rect.right),
        bottom: coordinate(rect.bottom),
    }
}

fn upsampled(matrix: ImageMatrix, size: (u32, u32), times: u32) -> ImageMatrix {
    (1..=times).fold(matrix, |matrix, step| {
        let (width, height) = upsampled_size(size, step);
        matrix.resize(width as usize, height as usize)
    })
}

fn checked(values: &[f64]) -> Result<&[f64], EngineError> {
    if values.len() == ENCODING_LEN && values.iter().all(|v| v.is_finite()) {
        Ok(values)
    } else {
        Err(EngineError::BadEncoding(values.len()))
    }
}

fn to_encoding(values: &[f64]) -> Result<Encoding, EngineError> {
    let values: &[f64; ENCODING_LEN] = values
        .try_into()
        .map_err(|_| EngineError::BadEncoding(values.len()))?;
    Encoding::checked(values.map(|v| v as f32)).ok_or(EngineError::BadEncoding(ENCODING_LEN))
}
