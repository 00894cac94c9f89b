//! The test whether a face is upright in the image in which it was found.
//!
//! The landmark model finds five points in any box, and on a face that lies on its side they even
//! look like a face: their angle and their fit to the mean face overlap with those of upright
//! faces. The difference is how little the points move when the box moves slightly, as
//! `docs/ACCURACY.md` shows.

use image::RgbImage;

use super::FoundFace;
use crate::engine::chip::{CHIP_SIZE, ChipGeometry};
use crate::engine::{Detection, FaceEngine, Landmarks};
use crate::error::EngineError;
use crate::geometry::Rect;

/// Largest restlessness of an upright face.
const MOST_RESTLESS: f64 = 0.04;

/// Largest angle of an upright face, in radians. It is above 45 degrees, so that a face halfway
/// between two turns is upright in one of them.
const MOST_TILTED: f64 = std::f64::consts::FRAC_PI_3;

/// Smallest score of a face that is surely upright. HOG finds the eyes of upside-down faces, but
/// never with this high a score.
const LEAST_SURE_SCORE: f32 = 0.5;

/// Moves of the box to the right and down, and its growth on each side, as shares of its width.
const MOVES: [[f64; 3]; 6] = [
    [-0.1, 0.0, 0.0],
    [0.1, 0.0, 0.0],
    [0.0, -0.1, 0.0],
    [0.0, 0.1, 0.0],
    [0.0, 0.0, -0.1],
    [0.0, 0.0, 0.1],
];

/// Distance that landmarks move when their box moves: the median, in sides of the face. The median
/// ignores the moves that take the face out of the box.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct Restlessness(f64);

impl Restlessness {
    /// Returns the restlessness of each of `faces`, which `engine` found in `copy`.
    ///
    /// # Errors
    /// Returns an error if the engine cannot process the image.
    pub(super) fn of_faces(
        faces: &[FoundFace],
        copy: &RgbImage,
        engine: &mut dyn FaceEngine,
    ) -> Result<Vec<Self>, EngineError> {
        let landmarks = faces.iter().map(|found| &found.working_landmarks);
        landmarks
            .map(|landmarks| Self::of(landmarks, copy, engine))
            .collect()
    }

    fn of(
        landmarks: &Landmarks,
        copy: &RgbImage,
        engine: &mut dyn FaceEngine,
    ) -> Result<Self, EngineError> {
        let Some(side) = upright_side(landmarks) else {
            return Ok(Self(f64::INFINITY));
        };
        let boxes = MOVES.map(|step| Detection {
            rect: moved(landmarks.rect, step),
            score: None,
        });
        let found = engine.landmarks(copy, &boxes)?;
        let mut wandered: Vec<f64> = found
            .iter()
            .map(|found| {
                let found = found.as_ref();
                found.map_or(f64::INFINITY, |found| distance(found, landmarks) / side)
            })
            .collect();
        wandered.sort_by(f64::total_cmp);
        Ok(Self(median(&wandered)))
    }

    /// Returns whether the face is upright.
    pub(super) fn is_upright(self) -> bool {
        self.0 <= MOST_RESTLESS
    }

    /// Returns whether the face, found with this score, is so surely upright that no other turn has
    /// to be tried. An engine without scores is trusted.
    pub(super) fn is_surely_upright(self, score: Option<f32>) -> bool {
        self.is_upright() && score.is_none_or(|score| score >= LEAST_SURE_SCORE)
    }

    /// Orders from the surest face to the least sure.
    pub(super) fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Returns the side of the face with these landmarks in pixels, or `None` if it is so far from
/// upright that another turn suits it better.
fn upright_side(landmarks: &Landmarks) -> Option<f64> {
    let face = ChipGeometry::of_face(landmarks, CHIP_SIZE, 0.0).ok()?;
    (face.angle().abs() <= MOST_TILTED).then(|| face.side())
}

fn moved(rect: Rect, step: [f64; 3]) -> Rect {
    let [right, down, growth] = step.map(|part| (part * rect.width() as f64).round() as i64);
    Rect {
        left: rect.left + right - growth,
        top: rect.top + down - growth,
        right: rect.right + right + growth,
        bottom: rect.bottom + down + growth,
    }
}

/// Returns the median of numbers in ascending order.
fn median(numbers: &[f64]) -> f64 {
    match numbers {
        [] => f64::INFINITY,
        numbers => f64::midpoint(numbers[(numbers.len() - 1) / 2], numbers[numbers.len() / 2]),
    }
}

/// Returns the root mean square of the distances between the points of `a` and those of `b`.
fn distance(a: &Landmarks, b: &Landmarks) -> f64 {
    let pairs = a.points.iter().zip(&b.points);
    let sum: f64 = pairs
        .map(|(a, b)| (a.x - b.x).powi(2) + (a.y - b.y).powi(2))
        .sum();
    (sum / a.points.len() as f64).sqrt()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::engine::{Encoding, LandmarkModel};
    use crate::geometry::{PixelBox, Point};
    use crate::photo::{Face, Turn};

    pub(in crate::photo) fn restless(value: f64) -> Restlessness {
        Restlessness(value)
    }

    /// Mean face at dlib's five points, as shares of its box.
    const FACE: [[f64; 2]; 5] = [
        [0.86, 0.21],
        [0.65, 0.23],
        [0.12, 0.21],
        [0.33, 0.23],
        [0.49, 0.63],
    ];

    const BOX: Rect = Rect {
        left: 100,
        top: 100,
        right: 199,
        bottom: 199,
    };

    /// An engine whose landmarks follow their box part of the way.
    struct Following(f64);

    impl FaceEngine for Following {
        fn name(&self) -> &'static str {
            "following"
        }

        fn landmark_model(&self) -> LandmarkModel {
            LandmarkModel::FivePoint
        }

        fn detect(&mut self, _: &RgbImage) -> Result<Vec<Detection>, EngineError> {
            Ok(Vec::new())
        }

        fn landmarks(
            &mut self,
            _: &RgbImage,
            detections: &[Detection],
        ) -> Result<Vec<Option<Landmarks>>, EngineError> {
            let landmarks = |rect: Rect| {
                let way = [rect.left - BOX.left, rect.top - BOX.top].map(|way| way as f64 * self.0);
                landmarks_at(rect, way, 0.0)
            };
            Ok(detections
                .iter()
                .map(|detection| Some(landmarks(detection.rect)))
                .collect())
        }

        fn encode(&mut self, _: &RgbImage, _: &[Landmarks]) -> Result<Vec<Encoding>, EngineError> {
            Ok(Vec::new())
        }

        fn fork(&self) -> Box<dyn FaceEngine> {
            Box::new(Self(self.0))
        }
    }

    /// Returns the mean face in `BOX`, moved by `way` pixels and turned by `degrees`.
    fn landmarks_at(rect: Rect, way: [f64; 2], degrees: f64) -> Landmarks {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let points = FACE.map(|[x, y]| {
            let (x, y) = (100.0 * (x - 0.5), 100.0 * (y - 0.5));
            Point::new(
                150.0 + cos * x - sin * y + way[0],
                150.0 + sin * x + cos * y + way[1],
            )
        });
        Landmarks {
            rect,
            points: points.to_vec(),
        }
    }

    fn restlessness(following: f64, degrees: f64) -> Restlessness {
        let working_landmarks = landmarks_at(BOX, [0.0, 0.0], degrees);
        let face = FoundFace {
            face: Face {
                bounds: PixelBox {
                    x: 100,
                    y: 100,
                    w: 100,
                    h: 100,
                },
                score: None,
                landmarks: working_landmarks.points.clone(),
                encoding: None,
                upright: true,
            },
            turn: Turn::None,
            working_landmarks,
        };
        let image = RgbImage::new(1, 1);
        Restlessness::of_faces(&[face], &image, &mut Following(following)).unwrap()[0]
    }

    #[test]
    fn landmarks_that_hold_still_are_upright_and_those_that_follow_the_box_are_not() {
        assert!(restlessness(0.0, 0.0).is_upright());
        assert!(restlessness(0.2, 0.0).is_upright());
        assert!(!restlessness(1.0, 0.0).is_upright());
    }

    #[test]
    fn a_face_far_from_upright_is_not_upright_however_still_it_holds() {
        // The engine finds an upright face in every moved box, so a turned one is restless too.
        assert!(!restlessness(0.0, 80.0).is_upright());
        assert_eq!(upright_side(&landmarks_at(BOX, [0.0; 2], 70.0)), None);
        assert!(upright_side(&landmarks_at(BOX, [0.0; 2], 50.0)).is_some());
    }

    #[test]
    fn an_unsure_detector_leaves_the_turns_to_be_tried() {
        let still = restlessness(0.0, 0.0);
        assert!(still.is_surely_upright(Some(0.9)));
        assert!(still.is_surely_upright(None));
        assert!(!still.is_surely_upright(Some(0.3)));
        assert!(!restlessness(1.0, 0.0).is_surely_upright(Some(0.9)));
    }
}
