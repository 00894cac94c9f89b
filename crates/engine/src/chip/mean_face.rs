//! The mean faces that landmarks are aligned with: the position of each landmark of an upright face
//! in the unit square.
//!
//! The numbers for dlib's models are those of its `get_face_chip_details`
//! (`dlib/image_transforms/interpolation.h`). Of the 68 points it omits the outline of the face,
//! the eyebrows and the lower lip, which move most with pose and expression.

use crate::LandmarkModel;
use crate::geometry::Point;
use crate::models::mobilefacenet::CHIP_SIZE;

/// A landmark's index in its model, and its position in the unit square (x to the right, y
/// downwards).
pub(super) type MeanPoint = (usize, Point);

/// Returns the mean face for the landmarks of `model`.
pub(super) fn of_model(model: LandmarkModel) -> &'static [MeanPoint] {
    match model {
        LandmarkModel::FivePoint => &FIVE_POINTS,
        LandmarkModel::SixtyEightPoint => &SIXTY_EIGHT_POINTS,
        LandmarkModel::Retinaface => &RETINAFACE,
    }
}

/// Mean places of RetinaFace's points in chips of faces that dlib aligned: (47.3, 45.2), (101.1,
/// 45.8), (73.7, 77.2), (50.7, 103.2) and (96.8, 103.3) of 150 pixels with a padding of 0.25. They
/// are moved away from their middle by a fiftieth, so that the face is larger by as much, which
/// tells people apart better (`docs/ACCURACY.md`).
const RETINAFACE: [MeanPoint; 5] = [
    (0, Point::new(0.218, 0.196)),
    (1, Point::new(0.767, 0.202)),
    (2, Point::new(0.487, 0.522)),
    (3, Point::new(0.252, 0.788)),
    (4, Point::new(0.723, 0.789)),
];

/// The template of ArcFace (Deng et al., 2019) for RetinaFace's points, in chips of 112 pixels that
/// have no padding.
pub(super) const ARCFACE: [MeanPoint; 5] = [
    of_arcface(0, 38.2946, 51.6963),
    of_arcface(1, 73.5318, 51.5014),
    of_arcface(2, 56.0252, 71.7366),
    of_arcface(3, 41.5493, 92.3655),
    of_arcface(4, 70.7299, 92.2041),
];

/// Returns a point whose place is counted from the centre of the chip's first pixel, half a pixel
/// from its corner.
const fn of_arcface(index: usize, x: f64, y: f64) -> MeanPoint {
    let side = CHIP_SIZE as f64;
    (index, Point::new((x + 0.5) / side, (y + 0.5) / side))
}

const FIVE_POINTS: [MeanPoint; 5] = [
    (0, Point::new(0.8595674595992, 0.2134981538014)),
    (1, Point::new(0.6460604764104, 0.2289674387677)),
    (2, Point::new(0.1205750620789, 0.2137274526848)),
    (3, Point::new(0.3340850613712, 0.2290642403242)),
    (4, Point::new(0.4901123135679, 0.6277975316475)),
];

const SIXTY_EIGHT_POINTS: [MeanPoint; 33] = [
    (27, Point::new(0.490127, 0.203352)),
    (28, Point::new(0.490127, 0.307009)),
    (29, Point::new(0.490127, 0.409805)),
    (30, Point::new(0.490127, 0.515625)),
    (31, Point::new(0.36688, 0.587326)),
    (32, Point::new(0.426036, 0.609345)),
    (33, Point::new(0.490127, 0.628106)),
    (34, Point::new(0.554217, 0.609345)),
    (35, Point::new(0.613373, 0.587326)),
    (36, Point::new(0.121737, 0.216423)),
    (37, Point::new(0.187122, 0.178758)),
    (38, Point::new(0.265825, 0.179852)),
    (39, Point::new(0.334606, 0.231733)),
    (40, Point::new(0.260918, 0.245099)),
    (41, Point::new(0.182743, 0.244077)),
    (42, Point::new(0.645647, 0.231733)),
    (43, Point::new(0.714428, 0.179852)),
    (44, Point::new(0.793132, 0.178758)),
    (45, Point::new(0.858516, 0.216423)),
    (46, Point::new(0.79751, 0.244077)),
    (47, Point::new(0.719335, 0.245099)),
    (48, Point::new(0.254149, 0.780233)),
    (49, Point::new(0.340985, 0.745405)),
    (50, Point::new(0.428858, 0.727388)),
    (51, Point::new(0.490127, 0.742578)),
    (52, Point::new(0.551395, 0.727388)),
    (53, Point::new(0.639268, 0.745405)),
    (54, Point::new(0.726104, 0.780233)),
    (60, Point::new(0.290379, 0.784792)),
    (61, Point::new(0.428096, 0.778746)),
    (62, Point::new(0.490127, 0.785343)),
    (63, Point::new(0.552157, 0.778746)),
    (64, Point::new(0.689874, 0.784792)),
];
