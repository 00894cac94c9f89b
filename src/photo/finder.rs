//! The search for the faces in one photo, stage by stage.

use std::path::Path;

use facematch_image_files::{Original, decode_for_copy, decode_upright};
use image::RgbImage;

use super::{
    Depth, EncodeFrom, Face, FoundFace, PhotoFaces, PhotoSettings, Stage, StageTimes, Turn,
    USUAL_WIDTH, Width,
};
use crate::engine::{Detection, FaceEngine, Landmarks, face_quality};
use crate::error::{EngineError, Error};
use crate::geometry::{PixelBox, Scale};

/// State of the search in one photo.
pub(super) struct Finder<'a> {
    path: &'a Path,
    settings: &'a PhotoSettings,
    pub(super) engine: &'a mut dyn FaceEngine,
    pub(super) times: StageTimes,
}

/// Largest width of the working copy with [`Width::Auto`].
const LARGEST_WIDTH: u32 = 1600;

/// Width in pixels that [`Width::Auto`] gives the smallest face: faces of a quarter of it are
/// found, and it can be encoded (`docs/ACCURACY.md`).
const SMALLEST_FACE: u32 = 40;

impl<'a> Finder<'a> {
    /// Creates a finder for the photo at `path`, which is not opened.
    pub(super) fn new(
        path: &'a Path,
        settings: &'a PhotoSettings,
        engine: &'a mut dyn FaceEngine,
    ) -> Self {
        Self {
            path,
            settings,
            engine,
            times: StageTimes::default(),
        }
    }

    /// Finds the faces in `bytes`, the photo's content.
    pub(super) fn find(mut self, bytes: Vec<u8>) -> Result<PhotoFaces, Error> {
        let PhotoSettings {
            width,
            min_face,
            min_quality,
            depth,
            encode_from,
            ..
        } = *self.settings;
        let is_needed_again = width == Width::Auto
            || depth == Depth::Encodings && encode_from == EncodeFrom::Original;
        let (original, first_copy) = self.working_copy(&bytes, first_width(width))?;
        // A large file must not stay in memory during the search, unless it is needed again.
        let bytes = if is_needed_again { bytes } else { Vec::new() };
        let (copy, mut faces) = self.searched_copy(original.size, first_copy, &bytes)?;
        faces.retain(|found| {
            let PixelBox { w, h, .. } = found.face.bounds;
            w.max(h) >= min_face
        });
        if depth == Depth::Encodings && faces.iter().any(|f| f.face.quality >= min_quality) {
            match encode_from {
                EncodeFrom::Resized => self.encode(&copy, &mut faces, landmarks_in_copy)?,
                EncodeFrom::Original => {
                    let whole = self
                        .times
                        .measure(Stage::Decode, || decode_upright(self.path, &bytes))?;
                    self.encode(&whole, &mut faces, landmarks_in_photo)?;
                }
            }
        }
        for found in &mut faces {
            found.turn.bring_back(&mut found.face, original.size);
        }
        sort_from_left(&mut faces);
        Ok(PhotoFaces {
            original,
            faces,
            copy_width: copy.width(),
            copy: Some(copy),
            times: self.times,
        })
    }

    /// Searches `copy`, the working copy of a photo of `size`, and with [`Width::Auto`] wider ones,
    /// as the faces require. Returns the last one with its faces. `bytes` are the photo's content.
    fn searched_copy(
        &mut self,
        size: (u32, u32),
        mut copy: RgbImage,
        bytes: &[u8],
    ) -> Result<(RgbImage, Vec<FoundFace>), Error> {
        let mut faces = self.search(size, &copy)?;
        // Not that of the copy, which is narrower if the photo is very tall.
        let mut width = first_width(self.settings.width);
        while self.settings.width == Width::Auto
            && let Some(next) = wider(&faces, width, size.0)
        {
            width = next;
            (_, copy) = self.working_copy(bytes, width)?;
            faces = self.search(size, &copy)?;
        }
        Ok((copy, faces))
    }

    fn working_copy(&mut self, bytes: &[u8], width: u32) -> Result<(Original, RgbImage), Error> {
        working_copy(self.path, bytes, width, &mut self.times)
    }

    /// Returns the faces in `copy`, each in pixels of the photo of `size` after its [`Turn`].
    fn search(&mut self, size: (u32, u32), copy: &RgbImage) -> Result<Vec<FoundFace>, Error> {
        match self.settings.try_rotations {
            false => self.faces_in(size, copy),
            true => self.faces_in_turns(size, copy),
        }
    }

    /// Returns the faces in `copy`, the working copy of a photo of `size` (width, height as
    /// displayed), from left to right.
    pub(super) fn faces_in(
        &mut self,
        size: (u32, u32),
        copy: &RgbImage,
    ) -> Result<Vec<FoundFace>, Error> {
        let found = self.find_in_copy(Scale::new(size, copy.dimensions()), copy);
        let mut found = found.map_err(|source| self.refused(source))?;
        sort_from_left(&mut found);
        Ok(found)
    }

    fn find_in_copy(
        &mut self,
        scale: Scale,
        copy: &RgbImage,
    ) -> Result<Vec<FoundFace>, EngineError> {
        let (engine, times) = (&mut *self.engine, &mut self.times);
        let detections = times.measure(Stage::Detect, || engine.detect(copy))?;
        times.measure(Stage::Landmarks, || {
            let landmarks = engine.landmarks(copy, &detections)?;
            let faces = detections.iter().zip(landmarks);
            let faces = faces.filter_map(|(detection, landmarks)| {
                Some(found_face(copy, scale, detection, landmarks?))
            });
            Ok(faces.collect())
        })
    }

    /// Encodes those of `faces` that are good enough from `image`, in which `landmarks` returns
    /// their landmarks.
    fn encode(
        &mut self,
        image: &RgbImage,
        faces: &mut [FoundFace],
        landmarks: impl Fn(&FoundFace) -> Landmarks,
    ) -> Result<(), Error> {
        let min_quality = self.settings.min_quality;
        for turn in Turn::ALL {
            let mut faces: Vec<_> = faces
                .iter_mut()
                .filter(|found| found.turn == turn && found.face.quality >= min_quality)
                .collect();
            if faces.is_empty() {
                continue;
            }
            let landmarks: Vec<Landmarks> = faces.iter().map(|found| landmarks(found)).collect();
            let engine = &mut *self.engine;
            let encodings = self.times.measure(Stage::Encode, || {
                engine.encode(&turn.apply(image), &landmarks)
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

/// Returns the width of the working copy that is searched first.
fn first_width(width: Width) -> u32 {
    match width {
        Width::Pixels(width) => width,
        Width::Auto => USUAL_WIDTH,
    }
}

/// Returns the landmarks of a face in its working copy.
fn landmarks_in_copy(found: &FoundFace) -> Landmarks {
    found.working_landmarks.clone()
}

/// Returns the landmarks of a face in the photo at full size.
fn landmarks_in_photo(found: &FoundFace) -> Landmarks {
    Landmarks {
        model: found.working_landmarks.model,
        rect: found.face.bounds.rect(),
        points: found.face.landmarks.clone(),
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

/// Returns the face `detection` with its `landmarks`, in pixels of the photo.
fn found_face(
    copy: &RgbImage,
    scale: Scale,
    detection: &Detection,
    landmarks: Landmarks,
) -> FoundFace {
    FoundFace {
        face: Face {
            bounds: scale.pixel_box(detection.rect),
            score: detection.score,
            landmarks: landmarks.points.iter().map(|&p| scale.point(p)).collect(),
            encoding: None,
            quality: face_quality(copy, scale.detail(), &landmarks, detection.score),
            upright: true,
        },
        turn: Turn::None,
        working_landmarks: landmarks,
    }
}

/// Returns the width of the working copy that is searched after one of `width` in which `faces`
/// were found: it is as wide as the smallest of them requires, or twice as wide if there are none.
/// Returns `None` if this copy is wide enough, or as wide as it may be. `photo` is the width of the
/// photo.
fn wider(faces: &[FoundFace], width: u32, photo: u32) -> Option<u32> {
    let side = |found: &FoundFace| found.working_landmarks.rect.width();
    let smallest = faces.iter().map(side).min();
    let smallest = smallest.map_or(SMALLEST_FACE / 2, |side| {
        u32::try_from(side).unwrap_or_default()
    });
    let wanted = width.saturating_mul(SMALLEST_FACE) / smallest.max(1);
    let wanted = wanted.min(LARGEST_WIDTH).min(photo);
    // A copy that is hardly wider shows nothing new.
    (wanted > width + width / 8).then_some(wanted)
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

    /// Finds the faces in `copy`, the working copy of a photo of twice its size.
    fn find(copy: &RgbImage, settings: &PhotoSettings) -> Result<Vec<FoundFace>, Error> {
        let mut engine = FakeEngine {
            faces: vec![rect(60, 10), NO_FACE, rect(-5, 40), rect(60, 0)],
        };
        // Its landmarks coincide, so its faces are of no quality.
        let settings = &PhotoSettings {
            min_quality: 0.0,
            ..*settings
        };
        let size = (2 * copy.width(), 2 * copy.height());
        let mut finder = Finder::new(Path::new("photo"), settings, &mut engine);
        let mut faces = finder.faces_in(size, copy)?;
        if settings.depth == Depth::Encodings {
            finder.encode(copy, &mut faces, landmarks_in_copy)?;
        }
        Ok(faces)
    }

    const NOT_ENCODED: PhotoSettings = PhotoSettings {
        width: Width::Pixels(500),
        min_face: 0,
        min_quality: 0.0,
        depth: Depth::Landmarks,
        encode_from: EncodeFrom::Resized,
        try_rotations: false,
    };

    #[test]
    fn faces_come_from_left_to_right_in_pixels_of_the_photo() {
        let faces = find(&RgbImage::new(100, 50), &PhotoSettings::default()).unwrap();
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
        let faces = find(&RgbImage::new(100, 50), &NOT_ENCODED).unwrap();
        assert_eq!(faces.len(), 3);
        assert!(faces.iter().all(|f| f.face.encoding.is_none()));
    }

    #[test]
    fn a_copy_is_as_wide_as_its_smallest_face_requires() {
        let face = |side: i64| {
            let mut face = find(&RgbImage::new(100, 50), &NOT_ENCODED)
                .unwrap()
                .remove(0);
            face.working_landmarks.rect.right = face.working_landmarks.rect.left + side - 1;
            face
        };
        for (sides, width, photo, expected) in [
            (&[][..], 500, 4_000, Some(1_000)),
            (&[], 1_000, 4_000, Some(1_600)),
            (&[], 1_600, 4_000, None),
            (&[], 500, 510, None),
            (&[40, 90], 500, 4_000, None),
            (&[38], 500, 4_000, None),
            (&[90, 20], 500, 4_000, Some(1_000)),
            (&[90, 16], 500, 800, Some(800)),
            (&[16], 500, 400, None),
            (&[5], 500, 4_000, Some(1_600)),
            (&[0], 500, 4_000, Some(1_600)),
        ] {
            let faces: Vec<_> = sides.iter().map(|&side| face(side)).collect();
            let found = wider(&faces, width, photo);
            assert_eq!(found, expected, "{sides:?} {width} {photo}");
        }
    }

    #[test]
    fn what_the_engine_refuses_is_an_error_with_the_path() {
        let copy = RgbImage::from_pixel(100, 50, REFUSED);
        let error = find(&copy, &PhotoSettings::default()).unwrap_err();
        assert_eq!(error.kind(), "engine");
        assert_eq!(error.path(), Some(Path::new("photo")));
    }
}
