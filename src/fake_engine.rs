//! An engine without models, for tests of everything above the engine.

use image::{Rgb, RgbImage};

use crate::engine::{Detection, ENCODING_LEN, Encoding, FaceEngine, LandmarkModel, Landmarks};
use crate::error::EngineError;
use crate::geometry::{Point, Rect};

/// Colour of an image that makes the engine panic.
pub(crate) const POISON: Rgb<u8> = Rgb([255, 0, 255]);

/// Detection that has no landmarks.
pub(crate) const NO_FACE: Rect = Rect {
    left: 1,
    top: 1,
    right: 2,
    bottom: 2,
};

/// Colour of an image that the engine refuses.
pub(crate) const REFUSED: Rgb<u8> = Rgb([1, 2, 3]);

/// An engine that finds the same faces in every image. The encoding of a face depends on its
/// position and on the image's first pixel.
#[derive(Debug, Clone, Default)]
pub(crate) struct FakeEngine {
    pub(crate) faces: Vec<Rect>,
}

impl FaceEngine for FakeEngine {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn landmark_model(&self) -> LandmarkModel {
        LandmarkModel::FivePoint
    }

    fn detect(&mut self, image: &RgbImage) -> Result<Vec<Detection>, EngineError> {
        match *image.get_pixel(0, 0) {
            POISON => panic!("poisoned photo"),
            REFUSED => Err(EngineError::ImplausibleLandmarks),
            _ => Ok(self
                .faces
                .iter()
                .map(|&rect| Detection {
                    rect,
                    score: Some(1.5),
                    points: None,
                })
                .collect()),
        }
    }

    fn landmarks(
        &mut self,
        _image: &RgbImage,
        detections: &[Detection],
    ) -> Result<Vec<Option<Landmarks>>, EngineError> {
        Ok(detections
            .iter()
            .map(|&Detection { rect, .. }| {
                let points = vec![Point::new(rect.left as f64, rect.top as f64); 5];
                let model = self.landmark_model();
                (rect != NO_FACE).then_some(Landmarks {
                    model,
                    rect,
                    points,
                })
            })
            .collect())
    }

    fn encode(
        &mut self,
        image: &RgbImage,
        landmarks: &[Landmarks],
    ) -> Result<Vec<Encoding>, EngineError> {
        let tone = f32::from(image.get_pixel(0, 0).0[0]);
        Ok(landmarks
            .iter()
            .map(|landmarks| {
                let mut values = [0.0; ENCODING_LEN];
                values[0] = tone + landmarks.rect.left as f32;
                Encoding::new(values)
            })
            .collect())
    }

    fn fork(&self) -> Box<dyn FaceEngine> {
        Box::new(self.clone())
    }
}
