//! Compares the detector RetinaFace with the original network in ONNX Runtime: the same faces in
//! group photos, with the same scores, boxes and points. To run it with a Python that has the
//! packages in `retinaface_onnx.txt`:
//!
//! ```sh
//! FACEMATCH_PYTHON=<python> FACEMATCH_SHARED=<folder> \
//!     cargo test --release --test library retinaface -- --ignored --nocapture
//! ```

use std::path::Path;
use std::process::Command;

use facematch::batch::{WalkOptions, walk};
use facematch::engine::models::retinaface::read_retinaface;
use facematch::engine::models::{ModelSource, ShippedModel};
use facematch::engine::native::retinaface::RetinafaceDetector;
use facematch::engine::{Detection, SimdLevel};
use image::RgbImage;
use serde::Deserialize;

use crate::reference::{shared, working_copy};

/// Default width of the program.
const WIDTH: u32 = 500;

/// Lowest score of a face, also in `retinaface_onnx.py`.
const MIN_SCORE: f32 = 0.5;

/// Maximum difference of a score.
const SCORE_TOLERANCE: f64 = 1e-4;

/// Maximum difference of an edge of a box, in pixels: the detector rounds to whole pixels.
const EDGE_TOLERANCE: f64 = 0.51;

/// Maximum difference of a point, in pixels.
const POINT_TOLERANCE: f64 = 0.01 + 1.0 / 32.0;

/// A face, or a candidate for one. Places are in pixels, from the upper left corner of the photo.
#[derive(Debug, Deserialize)]
struct Face {
    score: f64,
    /// Left, top, right and bottom edge.
    edges: [f64; 4],
    /// x and y of each point.
    points: [f64; 10],
}

impl Face {
    fn from_detection(detection: &Detection) -> Self {
        let rect = detection.rect;
        let points = detection.points.unwrap();
        Self {
            score: detection.score.unwrap().into(),
            edges: [rect.left, rect.top, rect.right + 1, rect.bottom + 1].map(|edge| edge as f64),
            // The detector's (0, 0) is the centre of the first pixel.
            points: std::array::from_fn(|index| {
                let point = points[index / 2];
                [point.x, point.y][index % 2] + 0.5
            }),
        }
    }

    fn edge_difference(&self, other: &Self) -> f64 {
        largest_difference(&self.edges, &other.edges)
    }

    fn has_box_of(&self, other: &Self) -> bool {
        self.edge_difference(other) <= EDGE_TOLERANCE
    }

    /// Returns whether rounding decides if the score reaches [`MIN_SCORE`].
    fn is_borderline(&self) -> bool {
        self.score < f64::from(MIN_SCORE) + SCORE_TOLERANCE
    }
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, f64::max)
}

/// The largest differences of a score, an edge and a point.
#[derive(Debug, Default)]
struct Differences {
    faces: usize,
    score: f64,
    edge: f64,
    point: f64,
}

impl Differences {
    fn add(&mut self, found: &Face, expected: &Face) {
        self.faces += 1;
        self.score = self.score.max((found.score - expected.score).abs());
        self.edge = self.edge.max(found.edge_difference(expected));
        let point = largest_difference(&found.points, &expected.points);
        self.point = self.point.max(point);
    }
}

#[test]
#[ignore = "needs the evaluation photos, FACEMATCH_SHARED=<folder>, and a Python with tests/library/retinaface_onnx.txt, which FACEMATCH_PYTHON names; .ci/run makes one"]
fn faces_are_those_of_onnx_runtime() {
    let inputs = walk(&[shared("data/groups")], &WalkOptions::default()).list;
    let (names, photos): (Vec<_>, Vec<_>) = inputs
        .iter()
        .map(|input| (input.path().display(), working_copy(input.path(), WIDTH)))
        .unzip();
    let expected = faces_of_onnx_runtime(&photos);
    let models = ModelSource::from(Path::new(env!("CARGO_MANIFEST_DIR")).join("models"));
    let file = ShippedModel::Retinaface;
    let model = models.load(file, read_retinaface).unwrap();
    for level in SimdLevel::available() {
        let mut detector = RetinafaceDetector::new(&model, level);
        let mut differences = Differences::default();
        for ((name, photo), expected) in names.iter().zip(&photos).zip(&expected) {
            let found = detector.detect(photo, 0, MIN_SCORE).unwrap();
            let found: Vec<_> = found.iter().map(Face::from_detection).collect();
            for face in &found {
                let mut candidates = expected.iter().flatten();
                match candidates.find(|candidate| candidate.has_box_of(face)) {
                    Some(candidate) => differences.add(face, candidate),
                    None => assert!(face.is_borderline(), "{level} {name}: only here: {face:?}"),
                }
            }
            for candidates in expected {
                let is_found = |candidate: &Face| found.iter().any(|f| f.has_box_of(candidate));
                let is_same = candidates.iter().any(is_found) || candidates[0].is_borderline();
                assert!(is_same, "{level} {name}: not found: {candidates:?}");
            }
        }
        let summary = format!("{level}: {} photos, {differences:?}", photos.len());
        println!("{summary}");
        assert!(differences.faces > 500, "{summary}");
        assert!(differences.score <= SCORE_TOLERANCE, "{summary}");
        assert!(differences.point <= POINT_TOLERANCE, "{summary}");
    }
}

/// Returns the faces that ONNX Runtime finds in each photo. A face is a list of candidates, best
/// first; rounding may decide which of them is the face.
fn faces_of_onnx_runtime(photos: &[RgbImage]) -> Vec<Vec<Vec<Face>>> {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let sizes: Vec<_> = photos.iter().map(RgbImage::dimensions).collect();
    let sizes = serde_json::to_vec(&sizes).unwrap();
    std::fs::write(file("photos.json"), sizes).unwrap();
    for (number, photo) in photos.iter().enumerate() {
        std::fs::write(file(&format!("{number}.rgb")), photo.as_raw()).unwrap();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/library/retinaface_onnx.py");
    let python = std::env::var_os("FACEMATCH_PYTHON").unwrap_or_else(|| "python3".into());
    let output = Command::new(python)
        .args([&script, folder.path()])
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    let faces = std::fs::read(file("faces.json")).unwrap();
    let faces: Vec<_> = serde_json::from_slice(&faces).unwrap();
    assert_eq!(faces.len(), photos.len());
    faces
}
