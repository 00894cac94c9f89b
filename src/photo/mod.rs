//! One photo: from its path to the faces in it. Decode, resize, detect, landmarks, encodings, and how long each took.
//!
//! [`open`] reads a photo and makes its working copy; [`find_faces`] looks for faces in the copy and gives them in
//! pixels of the photo as displayed. [`open_whole`] is for whoever needs all pixels, to draw on them. [`search()`] does
//! all of it as [`PhotoSettings`] say.

mod search;
mod turn;
mod turns;
mod upright;

use std::path::Path;
use std::time::{Duration, Instant};

use image::RgbImage;

use crate::engine::{Detection, Encoding, FaceEngine, Landmarks};
use crate::error::{EngineError, Error};
use crate::geometry::{PixelBox, Point, Scale};
use crate::image::{Original, decode_bytes, decode_for_copy, read_file};

pub use search::{EncodeFrom, FoundPhoto, PhotoSettings, SearchedPhoto, search, search_bytes};
pub use turn::Turn;

/// A face, in pixels of the photo as displayed.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    /// Where it is; inside the photo.
    pub bounds: PixelBox,
    /// How sure the detector is, where the engine tells.
    pub score: Option<f32>,
    /// Its landmarks, in the order of the landmark model.
    pub landmarks: Vec<Point>,
    /// Its encoding, unless only [`Depth::Landmarks`] was asked for.
    pub encoding: Option<Encoding>,
    /// Whether it is upright in the turn that it was found in. False only when all turns were tried
    /// ([`PhotoSettings::try_rotations`]) and it is upright in none: its encoding says little about the person.
    pub upright: bool,
}

/// A face together with what is needed to cut its chip out of the working copy.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundFace {
    /// The face in pixels of the photo.
    pub face: Face,
    /// How far the working copy was turned when the face was found in it.
    pub turn: Turn,
    /// Its landmarks in pixels of the working copy turned so far.
    pub working_landmarks: Landmarks,
}

/// How far a face is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Where it is and its landmarks.
    Landmarks,
    /// Its encoding too.
    Encodings,
}

/// The stages of the pipeline, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Read the file and decode it.
    Decode,
    /// Resize and turn upright.
    Resize,
    /// Find the faces.
    Detect,
    /// Find their landmarks.
    Landmarks,
    /// Cut the face chips and encode them.
    Encode,
    /// Compare with the known people.
    Match,
    /// Write crops and drawings.
    Pictures,
}

impl Stage {
    /// All stages, in their order.
    pub const ALL: [Self; 7] = [
        Self::Decode,
        Self::Resize,
        Self::Detect,
        Self::Landmarks,
        Self::Encode,
        Self::Match,
        Self::Pictures,
    ];

    /// The name in the table of `--timings`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Resize => "resize",
            Self::Detect => "detect",
            Self::Landmarks => "landmarks",
            Self::Encode => "encode",
            Self::Match => "match",
            Self::Pictures => "pictures",
        }
    }
}

/// The time that each stage took, summed over one or many photos.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StageTimes([Duration; Stage::ALL.len()]);

impl StageTimes {
    /// Runs `work` and counts its time for `stage`.
    pub fn measure<T>(&mut self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.0[stage as usize] += start.elapsed();
        result
    }

    /// The time counted for `stage`.
    pub fn of(&self, stage: Stage) -> Duration {
        self.0[stage as usize]
    }

    /// The time of all stages.
    pub fn total(&self) -> Duration {
        self.0.iter().sum()
    }

    /// Adds the times of another photo.
    pub fn add(&mut self, other: &Self) {
        for (sum, time) in self.0.iter_mut().zip(other.0) {
            *sum += time;
        }
    }
}

/// Reads the photo at `path` and makes its upright working copy, `width` pixels wide (0: as wide as the photo).
///
/// Only as much of it is decoded as the copy needs, and nothing of that is kept.
///
/// # Errors
/// When the photo cannot be read or decoded, or passes the limits of [`crate::image`].
pub fn open(
    path: &Path,
    width: u32,
    times: &mut StageTimes,
) -> Result<(Original, RgbImage), Error> {
    let bytes = times.measure(Stage::Decode, || read_file(path))?;
    open_bytes(path, &bytes, width, times)
}

/// [`open`] of a file at `path` whose content is `bytes`.
fn open_bytes(
    path: &Path,
    bytes: &[u8],
    width: u32,
    times: &mut StageTimes,
) -> Result<(Original, RgbImage), Error> {
    let decoded = times.measure(Stage::Decode, || decode_for_copy(path, bytes, width))?;
    let copy = times.measure(Stage::Resize, || decoded.upright_copy(path, width))?;
    Ok((decoded.original(), copy))
}

/// Reads the photo at `path`: all of its pixels, upright.
///
/// # Errors
/// When the photo cannot be read or decoded, or passes the limits of [`crate::image`].
pub fn open_whole(path: &Path) -> Result<RgbImage, Error> {
    decode_bytes(path, &read_file(path)?)?.into_upright(path)
}

/// The faces in `copy`, the working copy of a photo of `size` (width, height as displayed) at `path`, from left to
/// right.
///
/// # Errors
/// [`Error::Engine`] when the engine refuses the photo.
pub fn find_faces(
    path: &Path,
    size: (u32, u32),
    copy: &RgbImage,
    engine: &mut dyn FaceEngine,
    depth: Depth,
    times: &mut StageTimes,
) -> Result<Vec<FoundFace>, Error> {
    let scale = Scale::new(size, copy.dimensions());
    let mut found =
        find_in_copy(copy, scale, engine, depth, times).map_err(|source| Error::Engine {
            path: path.to_owned(),
            source,
        })?;
    sort_from_left(&mut found);
    Ok(found)
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
    use crate::geometry::Rect;

    fn rect(left: i64, top: i64) -> Rect {
        Rect {
            left,
            top,
            right: left + 9,
            bottom: top + 9,
        }
    }

    fn search(copy: &RgbImage, depth: Depth) -> Result<Vec<FoundFace>, Error> {
        let mut engine = FakeEngine {
            faces: vec![rect(60, 10), NO_FACE, rect(-5, 40), rect(60, 0)],
        };
        let mut times = StageTimes::default();
        find_faces(
            Path::new("photo"),
            (200, 100),
            copy,
            &mut engine,
            depth,
            &mut times,
        )
    }

    #[test]
    fn faces_come_from_left_to_right_in_pixels_of_the_photo() {
        let faces = search(&RgbImage::new(100, 50), Depth::Encodings).unwrap();
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
        let faces = search(&RgbImage::new(100, 50), Depth::Landmarks).unwrap();
        assert_eq!(faces.len(), 3);
        assert!(faces.iter().all(|f| f.face.encoding.is_none()));
    }

    #[test]
    fn what_the_engine_refuses_is_an_error_with_the_path() {
        let copy = RgbImage::from_pixel(100, 50, REFUSED);
        let error = search(&copy, Depth::Encodings).unwrap_err();
        assert_eq!(error.kind(), "engine");
        assert_eq!(error.path(), Some(Path::new("photo")));
    }

    #[test]
    fn times_are_summed_by_stage() {
        let mut times = StageTimes::default();
        times.measure(Stage::Detect, || {
            std::thread::sleep(Duration::from_millis(2));
        });
        let mut sum = times;
        sum.add(&times);
        assert!(times.of(Stage::Detect) >= Duration::from_millis(2));
        assert_eq!(sum.of(Stage::Detect), 2 * times.of(Stage::Detect));
        assert_eq!(sum.total(), sum.of(Stage::Detect));
    }
}
