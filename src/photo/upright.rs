//! The test whether a face is upright in the image in which it was found.
//!
//! dlib's landmark models find points in any box, and on a face that lies on its side they even
//! look like a face: their angle and their fit to the mean face overlap with those of upright
//! faces. The difference is how little the points move when the box moves slightly.
//!
//! RetinaFace finds faces in every turn, and its points show the turn of a face that lies on its
//! side. Upside down they are useless, but the score is lower than that of the upright face.
//!
//! `docs/ACCURACY.md` shows both.

use image::RgbImage;

use super::FoundFace;
use crate::engine::chip::{CHIP_SIZE, ChipGeometry};
use crate::engine::{Detection, FaceEngine, LandmarkModel, Landmarks};
use crate::error::EngineError;
use crate::geometry::Rect;

/// Largest restlessness of an upright face.
const MOST_RESTLESS: f64 = 0.04;

/// Largest angle of an upright face, in radians. It is above 45 degrees, so that a face halfway
/// between two turns is upright in one of them.
const MOST_TILTED: f64 = std::f64::consts::FRAC_PI_3;

/// The same with the points of RetinaFace, which are less precise on faces on their side: they
/// differ from upright by 60 degrees and more.
const MOST_TILTED_POINTS: f64 = 50.0 * std::f64::consts::PI / 180.0;

/// Smallest score of a face of RetinaFace that is surely upright. The highest score of an
/// upside-down face of LFW whose points look upright is 0.9988.
const LEAST_SURE_SCORE_OF_RETINAFACE: f32 = 0.999;

/// Smallest score of a face of HOG that is surely upright. HOG finds the eyes of upside-down faces,
/// but never with this high a score.
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

/// How surely a face is upright.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Uprightness {
    /// `true` if the face is upright.
    pub(super) is_upright: bool,
    /// `true` if it is so surely upright that no other turn has to be tried.
    pub(super) is_sure: bool,
    /// Rank among faces of the same detector: the least is the surest.
    doubt: f64,
}

impl Uprightness {
    /// Returns the uprightness of each of `faces`, which `engine` found in `copy`.
    ///
    /// # Errors
    /// Returns an error if the engine cannot process the image.
    pub(super) fn of_faces(
        faces: &[FoundFace],
        copy: &RgbImage,
        engine: &mut dyn FaceEngine,
    ) -> Result<Vec<Self>, EngineError> {
        let of_face = |found: &FoundFace| {
            let (landmarks, score) = (&found.working_landmarks, found.face.score);
            match landmarks.model {
                LandmarkModel::Retinaface => Ok(Self::of_points(landmarks, score)),
                LandmarkModel::FivePoint | LandmarkModel::SixtyEightPoint => {
                    let restlessness = restlessness(landmarks, copy, engine)?;
                    Ok(Self::of_restlessness(restlessness, score))
                }
            }
        };
        faces.iter().map(of_face).collect()
    }

    /// Returns the uprightness of a face with the points of RetinaFace.
    fn of_points(landmarks: &Landmarks, score: Option<f32>) -> Self {
        let is_upright = upright_side(landmarks, MOST_TILTED_POINTS).is_some();
        let score = score.unwrap_or_default();
        Self {
            is_upright,
            is_sure: is_upright && score >= LEAST_SURE_SCORE_OF_RETINAFACE,
            doubt: 1.0 - f64::from(score),
        }
    }

    /// Returns the uprightness of a face whose landmarks are as restless as given. An engine
    /// without scores is trusted.
    pub(super) fn of_restlessness(restlessness: f64, score: Option<f32>) -> Self {
        let is_upright = restlessness <= MOST_RESTLESS;
        Self {
            is_upright,
            is_sure: is_upright && score.is_none_or(|score| score >= LEAST_SURE_SCORE),
            doubt: restlessness,
        }
    }

    /// Orders from the surest face to the least sure.
    pub(super) fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.doubt.total_cmp(&other.doubt)
    }
}

/// Returns how far landmarks move when their box moves: the median distance, in sides of the face.
/// The median ignores the moves that take the face out of the box.
fn restlessness(
    landmarks: &Landmarks,
    copy: &RgbImage,
    engine: &mut dyn FaceEngine,
) -> Result<f64, EngineError> {
    let Some(side) = upright_side(landmarks, MOST_TILTED) else {
        return Ok(f64::INFINITY);
    };
    let boxes = MOVES.map(|step| Detection {
        rect: moved(landmarks.rect, step),
        score: None,
        points: None,
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
    Ok(median(&wandered))
}

/// Returns the side of the face with these landmarks in pixels, or `None` if it is turned by more
/// than `most` radians, so that another turn suits it better.
fn upright_side(landmarks: &Landmarks, most: f64) -> Option<f64> {
    let face = ChipGeometry::of_face(landmarks, CHIP_SIZE, 0.0).ok()?;
    (face.angle().abs() <= most).then(|| face.side())
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
    use crate::engine::Encoding;
    use crate::geometry::{PixelBox, Point};
    use crate::photo::{Face, Turn};

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
            model: LandmarkModel::FivePoint,
            rect,
            points: points.to_vec(),
        }
    }

    /// Returns a face with a score and these landmarks.
    fn found(score: Option<f32>, working_landmarks: Landmarks) -> FoundFace {
        FoundFace {
            face: Face {
                bounds: PixelBox {
                    x: 100,
                    y: 100,
                    w: 100,
                    h: 100,
                },
                score,
                landmarks: working_landmarks.points.clone(),
                encoding: None,
                quality: 1.0,
                upright: true,
            },
            turn: Turn::None,
            working_landmarks,
        }
    }

    fn uprightness(following: f64, degrees: f64, score: Option<f32>) -> Uprightness {
        let face = found(score, landmarks_at(BOX, [0.0, 0.0], degrees));
        let image = RgbImage::new(1, 1);
        Uprightness::of_faces(&[face], &image, &mut Following(following)).unwrap()[0]
    }

    #[test]
    fn landmarks_that_hold_still_are_upright_and_those_that_follow_the_box_are_not() {
        assert!(uprightness(0.0, 0.0, None).is_upright);
        assert!(uprightness(0.2, 0.0, None).is_upright);
        assert!(!uprightness(1.0, 0.0, None).is_upright);
    }

    #[test]
    fn a_face_far_from_upright_is_not_upright_however_still_it_holds() {
        // The engine finds an upright face in every moved box, so a turned one is restless too.
        assert!(!uprightness(0.0, 80.0, None).is_upright);
        let side = |degrees| upright_side(&landmarks_at(BOX, [0.0; 2], degrees), MOST_TILTED);
        assert_eq!(side(70.0), None);
        assert!(side(50.0).is_some());
    }

    #[test]
    fn an_unsure_detector_leaves_the_turns_to_be_tried() {
        assert!(uprightness(0.0, 0.0, Some(0.9)).is_sure);
        assert!(uprightness(0.0, 0.0, None).is_sure);
        assert!(!uprightness(0.0, 0.0, Some(0.3)).is_sure);
        assert!(!uprightness(1.0, 0.0, Some(0.9)).is_sure);
    }

    #[test]
    fn the_points_of_retinaface_show_the_turn_and_its_score_whether_they_can_be_trusted() {
        // The eyes, the nose and the mouth of a face in a square of 100 pixels.
        let upright = [
            [22.0, 20.0],
            [76.0, 21.0],
            [49.0, 52.0],
            [26.0, 78.0],
            [72.0, 78.0],
        ];
        let of = |degrees: f64, score| {
            let (sin, cos) = degrees.to_radians().sin_cos();
            let turned =
                |[x, y]: [f64; 2]| Point::new(150.0 + cos * x - sin * y, 150.0 + sin * x + cos * y);
            let points = upright
                .map(|place| turned(place.map(|at| at - 50.0)))
                .to_vec();
            let model = LandmarkModel::Retinaface;
            let face = found(
                Some(score),
                Landmarks {
                    model,
                    rect: BOX,
                    points,
                },
            );
            // The engine is not asked.
            let image = RgbImage::new(1, 1);
            Uprightness::of_faces(&[face], &image, &mut Following(1.0)).unwrap()[0]
        };
        let sure = of(10.0, 0.9992);
        assert!(sure.is_upright && sure.is_sure);
        let unsure = of(-40.0, 0.9988);
        assert!(unsure.is_upright && !unsure.is_sure);
        assert!(sure.order(&unsure).is_lt());
        for degrees in [-90.0, 60.0, 180.0] {
            assert!(!of(degrees, 0.9999).is_upright, "{degrees}");
        }
    }
}
