//! Face detection and encoding. Input: an upright RGB image of the working width. Output:
//! detections, landmarks and encodings, all in pixels of that image.
//!
//! [`FaceEngine`] is the boundary: code behind it handles models and pixels, code in front of it
//! handles files, people and reports. [`load`] creates the engine that [`EngineParams`] describe.

#![cfg_attr(not(feature = "dlib"), forbid(unsafe_code))]
#![cfg_attr(feature = "dlib", deny(unsafe_code))]

pub mod chip;
#[cfg(feature = "dlib")]
pub mod dlib;
mod encoding;
mod error;
pub mod jitter;
mod landmark_names;
pub mod models;
pub mod native;
mod pixel_budget;
mod quality;
mod upsampling;

use std::path::PathBuf;

use image::RgbImage;

pub use self::encoding::{ENCODING_LEN, Encoding, distance};
pub use self::error::{EngineError, LoadError};
pub use self::native::NativeEngine;
pub use self::quality::face_quality;
pub use facematch_geometry as geometry;
pub use facematch_kernels::SimdLevel;

use self::encoding::check_encodings;
use self::models::{ModelSource, ShippedModel};
use crate::geometry::{Point, Rect};

/// The implementation that finds and encodes faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    /// Pure Rust.
    Native,
    /// dlib's C++, through the crate dlib-face-recognition.
    Dlib,
}

impl EngineKind {
    /// Returns the name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Dlib => "dlib",
        }
    }

    /// Returns the detector that finds the most faces in a given time.
    pub fn best_detector(self) -> Detector {
        match self {
            Self::Native => Detector::Retinaface,
            Self::Dlib => Detector::Hog,
        }
    }
}

/// A face detector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detector {
    /// `frontal_face_detector`: histograms of oriented gradients and five linear filters. Finds
    /// faces of at least 80x80 pixels (40x40 when upsampled once) that look roughly towards the
    /// camera.
    Hog,
    /// `mmod_human_face_detector`: a convolutional network. Slower, but also finds turned and
    /// covered faces.
    Cnn,
    /// RetinaFace with a MobileNet of a quarter of the width: a convolutional network that finds
    /// faces of 10 pixels and more, turned and covered ones too, in about the time of
    /// [`Hog`](Self::Hog). Only the native engine has it. Its five landmarks align the face, unless
    /// [`EngineParams::landmarks`] names another model.
    Retinaface,
}

impl Detector {
    /// Returns the name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hog => "hog",
            Self::Cnn => "cnn",
            Self::Retinaface => "retinaface",
        }
    }

    /// Returns the least score of a face, unless [`EngineParams::min_score`] says otherwise.
    /// RetinaFace's was chosen so that it finds nothing in photos without people
    /// (`docs/ACCURACY.md`); dlib's detectors have thresholds of their own.
    pub fn default_min_score(self) -> f32 {
        match self {
            Self::Hog | Self::Cnn => 0.0,
            Self::Retinaface => 0.8,
        }
    }

    /// Returns the number of times that an image is usually doubled before detection.
    pub fn default_upsample(self) -> u32 {
        match self {
            Self::Hog | Self::Cnn => 1,
            Self::Retinaface => 0,
        }
    }
}

/// A face encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncoderKind {
    /// dlib's `dlib_face_recognition_resnet_model_v1`.
    Dlib,
    /// MobileFaceNet, a smaller network that tells people apart better (`docs/ACCURACY.md`). Only
    /// the native engine has it, and only for faces that are aligned by the landmarks of
    /// [`Detector::Retinaface`]. Its encodings have a length of 1.
    Mobilefacenet,
}

impl EncoderKind {
    /// Every encoder.
    pub const ALL: [Self; 2] = [Self::Dlib, Self::Mobilefacenet];

    /// Returns the name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dlib => "dlib",
            Self::Mobilefacenet => "mobilefacenet",
        }
    }

    /// Returns the number of numbers in an encoding.
    pub const fn numbers(self) -> usize {
        match self {
            Self::Dlib => 128,
            Self::Mobilefacenet => 192,
        }
    }

    /// Returns the model of the encoder.
    pub fn model(self) -> ShippedModel {
        match self {
            Self::Dlib => ShippedModel::Encoder,
            Self::Mobilefacenet => ShippedModel::Mobilefacenet,
        }
    }
}

/// Parameters of an engine.
#[derive(Debug, Clone)]
pub struct EngineParams {
    /// Implementation.
    pub kind: EngineKind,
    /// Face detector.
    pub detector: Detector,
    /// Number of times the image is doubled before detection. dlib's detectors find faces of at
    /// least 80 pixels with 0, of 40 with 1, of 20 with 2.
    pub upsample: u32,
    /// Least score of a face, or `None` for [`Detector::default_min_score`]. dlib's engine reports
    /// no scores and ignores it.
    pub min_score: Option<f32>,
    /// Face encoder.
    pub encoder: EncoderKind,
    /// Number of jittered copies of a face averaged into its encoding; 0 and 1 mean the face
    /// itself, once. Only dlib's encoder takes more.
    pub jitters: u32,
    /// True if a face's encoding combines those of its chip and of the chip's mirror image, for
    /// dlib's encoder as in [`Encoding::of_face_and_mirror`]; see
    /// [`has_mirror_images`](Self::has_mirror_images).
    pub flip: bool,
    /// Source of the models.
    pub models: ModelSource,
    /// Landmark model (5 or 68 points) to use instead of the one in `models`.
    pub landmarks: Option<PathBuf>,
    /// Vector instructions of the native engine.
    pub simd: SimdLevel,
}

impl EngineParams {
    /// Returns the parameters of Python's `face_recognition`: HOG, upsampled once, plain encodings.
    /// The models come from `models`, for example a folder.
    pub fn new(models: impl Into<ModelSource>) -> Self {
        Self {
            kind: EngineKind::Native,
            detector: Detector::Hog,
            upsample: 1,
            min_score: None,
            encoder: EncoderKind::Dlib,
            jitters: 0,
            flip: false,
            models: models.into(),
            landmarks: None,
            simd: SimdLevel::best(),
        }
    }

    /// Returns whether a face's encoding combines it with its mirror image: [`flip`](Self::flip)
    /// has no effect on jittered copies, which are mirrored at random.
    pub fn has_mirror_images(&self) -> bool {
        self.flip && self.jitters < 2
    }
}

/// [`EngineParams::new`] with the models built into the program.
#[cfg(feature = "embed-models")]
impl Default for EngineParams {
    fn default() -> Self {
        Self::new(ModelSource::Embedded)
    }
}

/// A face that a detector found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// Position of the face; it may extend beyond the image.
    pub rect: Rect,
    /// Confidence of the detector (above 0; larger is more certain), if the engine reports it.
    pub score: Option<f32>,
    /// Landmarks that the detector found with the face: those of [`LandmarkModel::Retinaface`].
    pub points: Option<[Point; 5]>,
}

/// The landmarks of one face: 5 or 68 points.
#[derive(Debug, Clone, PartialEq)]
pub struct Landmarks {
    /// Model that found them.
    pub model: LandmarkModel,
    /// Detection in which the landmarks were searched.
    pub rect: Rect,
    /// Points in the order of the model; see [`LandmarkModel::point_names`].
    pub points: Vec<Point>,
}

/// A landmark model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LandmarkModel {
    /// Corners of both eyes and the base of the nose.
    FivePoint,
    /// The 68 points of iBUG 300-W.
    SixtyEightPoint,
    /// The five points that RetinaFace finds with a face: centres of the eyes, tip of the nose,
    /// corners of the mouth.
    Retinaface,
}

impl LandmarkModel {
    /// Every landmark model.
    pub const ALL: [Self; 3] = [Self::FivePoint, Self::SixtyEightPoint, Self::Retinaface];

    /// Returns the number of points.
    pub fn point_count(self) -> usize {
        self.point_names().len()
    }

    /// Returns the name of each point. Left and right are those of the picture, not of the person:
    /// `left_eye` is the eye farther to the left of an upright face.
    pub fn point_names(self) -> &'static [&'static str] {
        match self {
            Self::FivePoint => &landmark_names::FIVE_POINTS,
            Self::SixtyEightPoint => &landmark_names::SIXTY_EIGHT_POINTS,
            Self::Retinaface => &landmark_names::RETINAFACE,
        }
    }
}

/// Finds, aligns and encodes faces.
///
/// # Thread safety
/// An engine works for one thread at a time; each worker gets its own from [`FaceEngine::fork`].
pub trait FaceEngine: Send {
    /// Returns the engine's name in reports: `native` or `dlib`.
    fn name(&self) -> &'static str;

    /// Returns the landmark model in use.
    fn landmark_model(&self) -> LandmarkModel;

    /// Returns the faces in `image`, in no particular order.
    ///
    /// # Errors
    /// If the image is too large for the detector. An image too small to hold a face has none,
    /// which is not an error.
    fn detect(&mut self, image: &RgbImage) -> Result<Vec<Detection>, EngineError>;

    /// Returns the landmarks of each detection, in the same order, or `None` if the model finds no
    /// face after all: its points coincide or are far away.
    ///
    /// # Errors
    /// If the engine cannot process the image.
    fn landmarks(
        &mut self,
        image: &RgbImage,
        detections: &[Detection],
    ) -> Result<Vec<Option<Landmarks>>, EngineError>;

    /// Returns the encoding of each face, in the same order. The same image and landmarks give the
    /// same encodings, jittered or not, on every thread.
    ///
    /// # Errors
    /// If the landmarks are not from this engine.
    fn encode(
        &mut self,
        image: &RgbImage,
        landmarks: &[Landmarks],
    ) -> Result<Vec<Encoding>, EngineError>;

    /// Returns another engine that gives the same results, for another thread.
    fn fork(&self) -> Box<dyn FaceEngine>;
}

/// Checks that this build has the engine `kind`.
///
/// # Errors
/// [`LoadError::Unavailable`], with the remedy, if it does not.
pub fn check_available(kind: EngineKind) -> Result<(), LoadError> {
    match kind {
        EngineKind::Native => Ok(()),
        EngineKind::Dlib if cfg!(feature = "dlib") => Ok(()),
        EngineKind::Dlib => Err(without_dlib()),
    }
}

fn without_dlib() -> LoadError {
    LoadError::Unavailable(
        "this build has no dlib engine; build it with --features dlib".to_owned(),
    )
}

/// Creates the engine that `params` describe, with its models checked and loaded.
///
/// # Errors
/// [`LoadError::Unavailable`] if this build lacks the engine, or if the encoder does not work with
/// the other parameters; [`LoadError::MissingModel`] or [`LoadError::Model`] if a model is missing,
/// damaged or not the expected one.
pub fn load(params: &EngineParams) -> Result<Box<dyn FaceEngine>, LoadError> {
    check_encoder(params)?;
    match params.kind {
        EngineKind::Native => Ok(Box::new(NativeEngine::load(params)?)),
        #[cfg(feature = "dlib")]
        EngineKind::Dlib => Ok(Box::new(dlib::DlibEngine::load(params)?)),
        #[cfg(not(feature = "dlib"))]
        EngineKind::Dlib => Err(without_dlib()),
    }
}

/// Refuses parameters with which the encoder does not work.
fn check_encoder(params: &EngineParams) -> Result<(), LoadError> {
    let has_its_landmarks = params.detector == Detector::Retinaface && params.landmarks.is_none();
    let works = match params.encoder {
        EncoderKind::Dlib => true,
        EncoderKind::Mobilefacenet => {
            params.kind == EngineKind::Native && has_its_landmarks && params.jitters < 2
        }
    };
    match works {
        true => Ok(()),
        false => Err(LoadError::Unavailable(
            "the encoder mobilefacenet needs the native engine, the detector retinaface with its own \
             landmarks, and no jittered copies"
                .to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_landmark_has_a_name_of_its_own() {
        for model in LandmarkModel::ALL {
            let names: std::collections::BTreeSet<_> = model.point_names().iter().collect();
            assert_eq!(names.len(), model.point_count());
        }
        assert_eq!(LandmarkModel::FivePoint.point_count(), 5);
        assert_eq!(LandmarkModel::SixtyEightPoint.point_count(), 68);
    }
}
