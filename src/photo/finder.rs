//! The search for the faces in one photo, stage by stage.

use std::path::Path;

use facematch_image_files::{Original, decode_for_copy, decode_upright};
use image::RgbImage;

use super::{
    Depth, EncodeFrom, Face, FoundFace, PhotoFaces, PhotoSettings, Stage, StageTimes, Turn,
};
use crate::engine::{Detection, FaceEngine, Landmarks};
use crate::error::{EngineError, Error};
use crate::geometry::{PixelBox, Scale};

/// State of the search in one photo.
pub(super) struct Finder<'a> {
    path: &'a Path,
    pub(super) engine: &'a mut dyn FaceEngine,
    pub(super) times: StageTimes,
}

impl<'a> Finder<'a> {
    /// Creates a finder for the photo at `path`, which is not opened.
    pub(super) fn new(path: &'a Path, engine: &'a mut dyn FaceEngine) -> Self {
        Self {
            path,
            engine,
            times: StageTimes::default(),
        }
    }

    /// Finds the faces in `bytes`, the photo's content.
    pub(super) fn find(
        mut self,
        bytes: Vec<u8>,
        settings: &PhotoSettings,
    ) -> Result<PhotoFaces, Error> {
        let (original, copy) = working_copy(self.path, &bytes, settings.width, &mut self.times)?;
        // A large file must not stay in memory during the search, unless it is needed again.
        let (bytes, depth) = match settings.encode_from {
            EncodeFrom::Resized => (Vec::new(), settings.depth),
            EncodeFrom::Original => (bytes, Depth::Landmarks),
        };
        let mut faces = match settings.try_rotations {
            false => self.faces_in(original.size, &copy, depth)?,
            true => self.faces_in_turns(original.size, &copy, depth)?,
        };
        if depth != settings.depth && !faces.is_empty() {
            let whole = self
                .times
                .measure(Stage::Decode, || decode_upright(self.path, &bytes))?;
            self.encode_in(&whole, &mut faces)?;
        }
        for found in &mut faces {
            found.turn.bring_back(&mut found.face, original.size);
        }
        sort_from_left(&mut faces);
        Ok(PhotoFaces {
            original,
            faces,
            copy: Some(copy),
            times: self.times,
        })
    }

    /// Returns the faces in `copy`, the working copy of a photo of `size` (width, height as
    /// displayed), from left to right.
    pub(super) fn faces_in(
        &mut self,
        size: (u32, u32),
        copy: &RgbImage,
        depth: Depth,
    ) -> Result<Vec<FoundFace>, Error> {
        let scale = Scale::new(size, copy.dimensions());
        let (engine, times) = (&mut *self.engine, &mut self.times);
        let found = find_in_copy(copy, scale, engine, depth, times);
        let mut found = found.map_err(|source| self.refused(source))?;
        sort_from_left(&mut found);
        Ok(found)
    }

    /// Encodes `faces` from `whole`, the photo at full size. Their boxes and landmarks are in
    /// pixels of the photo after their [`Turn`].
    fn encode_in(&mut self, whole: &RgbImage, faces: &mut [FoundFace]) -> Result<(), Error> {
        for turn in Turn::ALL {
            let mut faces: Vec<_> = faces
                .iter_mut()
                .filter(|found| found.turn == turn)
                .collect();
            if faces.is_empty() {
                continue;
            }
            let landmarks: Vec<Landmarks> = faces
                .iter()
                .map(|found| Landmarks {
                    model: found.working_landmarks.model,
                    rect: found.face.bounds.rect(),
                    points: found.face.landmarks.clone(),
                })
                .collect();
            let engine = &mut *self.engine;
            let encodings = self.times.measure(Stage::Encode, || {
                engine.encode(&turn.apply(whole), &landmarks)
            });
            let encodings = encodings.map_err(|source| self.refused(source))?;
            for (found, encoding) in faces.iter_mut().zip(encodings) {
                found.face.encoding = Some(encoding);
            }
        }
        Ok(())
    }

    /// Returns the error of this photo for an error of the engine.
    pub(super) fn refused(&self, source: EngineError) -> Error {
        Error::Engine {
            path: self.path.to_owned(),
            source,
        }
    }
}

/// Decodes `bytes`, the content of the photo at `path`, as far as its working copy needs, and
/// returns the copy.
pub(super) fn working_copy(
    path: &Path,
    bytes: &[u8],
    width: u32,
    times: &mut StageTimes,
) -> Result<(Original, RgbImage), Error> {
    let decoded = times.measure(Stage::Decode, || decode_for_copy(path, bytes, width))?;
    let copy = times.measure(Stage::Resize, || decoded.upright_copy(path, width))?;
    Ok((decoded.original(), copy))
}

fn sort_from_left(faces: &mut [FoundFace]) {
    faces.sort_by_key(|found| {
        let PixelBox { x, y, w, h } = found.face.bounds;
        (x, y, w, h)
    });
}

fn find_in_copy(
    copy: &RgbImage,
    scale: Scale,
    engine: &mut dyn FaceEngine,
    depth: Depth,
    times: &mut StageTimes,
) -> Result<Vec<FoundFace>, EngineError> {
    let detections = times.measure(Stage::Detect, || engine.detect(copy))?;
    let landmarks = times.measure(Stage::Landmarks, || engine.landmarks(copy, &detections))?;
    let (detections, landmarks): (Vec<Detection>, Vec<Landmarks>) = detections
        .into_iter()
        .zip(landmarks)
        .filter_map(|(detection, landmarks)| Some((detection, landmarks?)))
        .unzip();
    let encodings = match depth {
        Depth::Landmarks => vec![None; landmarks.len()],
        Depth::Encodings => times
            .measure(Stage::Encode, || engine.encode(copy, &landmarks))?
            .into_iter()
            .map(Some)
            .collect(),
    };
    Ok(detections
        .iter()
        .zip(landmarks)
        .zip(encodings)
        .map(|((detection, landmarks), encoding)| FoundFace {
            face: Face {
                bounds: scale.pixel_box(detection.rect),
                score: detection.score,
                landmarks: landmarks.points.iter().map(|&p| scale.point(p)).collect(),
                encoding,
                upright: true,
            },
            turn: Turn::None,
            working_landmarks: landmarks,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_engine::{FakeEngine, NO_FACE, REFUSED};
    use crate::geometry::{Point, Rect};

    fn rect(left: i64, top: i64) -> Rect {
        Rect {
            left,
            top,
            right: left + 9,
            bottom: top + 9,
        }
    }

    fn find(copy: &RgbImage, depth: Depth) -> Result<Vec<FoundFace>, Error> {
        let mut engine = FakeEngine {
            faces: vec![rect(60, 10), NO_FACE, rect(-5, 40), rect(60, 0)],
        };
        Finder::new(Path::new("photo"), &mut engine).faces_in((200, 100), copy, depth)
    }

    #[test]
    fn faces_come_from_left_to_right_in_pixels_of_the_photo() {
        let faces = find(&RgbImage::new(100, 50), Depth::Encodings).unwrap();
        let boxes: Vec<_> = faces.iter().map(|f| f.face.bounds).collect();
        let expected = [(0, 80, 10, 20), (120, 0, 20, 20), (120, 20, 20, 20)];
        assert_eq!(boxes, expected.map(|(x, y, w, h)| PixelBox { x, y, w, h }));
        // Each box keeps its own landmarks and encoding.
        assert_eq!(faces[1].face.landmarks[0], Point::new(120.5, 0.5));
        assert_eq!(faces[1].working_landmarks.points[0], Point::new(60.0, 0.0));
        let encoding = faces[0].face.encoding.as_ref().unwrap();
        assert_eq!(encoding.values()[0], -5.0);
        assert_eq!(faces[0].face.score, Some(1.5));
    }

    #[test]
    fn encodings_are_made_only_when_wanted() {
        let faces = find(&RgbImage::new(100, 50), Depth::Landmarks).unwrap();
        assert_eq!(faces.len(), 3);
        assert!(faces.iter().all(|f| f.face.encoding.is_none()));
    }

    #[test]
    fn what_the_engine_refuses_is_an_error_with_the_path() {
        let copy = RgbImage::from_pixel(100, 50, REFUSED);
        let error = find(&copy, Depth::Encodings).unwrap_err();
        assert_eq!(error.kind(), "engine");
        assert_eq!(error.path(), Some(Path::new("photo")));
    }
}
