//! Faces of the pure Rust HOG detector against those of dlib itself: `reference/*.json` in the folder of evaluation
//! photos names for each photo the boxes and scores that dlib 20.0.1 found in it.
//!
//! Run it with `FACEMATCH_SHARED=<folder> cargo test --release --test reference_hog -- --ignored --nocapture`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what is missing by failing"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use facematch::engine::Detection;
use facematch::engine::models::ShippedModel;
use facematch::engine::models::hog_filters::read_frontal_face_detector;
use facematch::engine::native::hog::HogDetector;
use facematch::engine::native::kernels::SimdLevel;
use facematch::geometry::Rect;
use image::RgbImage;
use serde_json::Value;

/// How often a photo is searched for the time that is printed.
const REPETITIONS: u32 = 10;
/// How far a score may be from dlib's, whose own builds differ by rounding.
const TOLERANCE: f64 = 1e-3;

/// A reference photo, and what dlib found in it: first without upsampling, then with.
struct Reference {
    name: String,
    photo: RgbImage,
    found: [Vec<(Rect, f64)>; 2],
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn boxes_and_scores_are_those_of_dlib() {
    let references = references();
    assert!(!references.is_empty(), "no reference photos found");
    for level in SimdLevel::available() {
        let mut detector = load(level);
        for reference in &references {
            for (upsample, expected) in (0..).zip(&reference.found) {
                let found = detector.detect(&reference.photo, upsample).unwrap();
                let context = format!("{} {upsample} {level}", reference.name);
                assert_same(&found, expected, &context);
            }
        }
        println!("{level}: {} photos agree", references.len());
    }
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn times() {
    for level in SimdLevel::available() {
        let mut detector = load(level);
        for reference in references() {
            let times = [0, 1].map(|upsample| fastest(&mut detector, &reference.photo, upsample));
            let (width, height) = reference.photo.dimensions();
            println!("{level} {width}x{height}: {times:.2?} {}", reference.name);
        }
    }
}

fn fastest(detector: &mut HogDetector, photo: &RgbImage, upsample: u32) -> Duration {
    let time = |_| {
        let start = Instant::now();
        std::hint::black_box(detector.detect(photo, upsample).unwrap());
        start.elapsed()
    };
    (0..REPETITIONS).map(time).min().unwrap()
}

fn assert_same(found: &[Detection], expected: &[(Rect, f64)], context: &str) {
    assert_eq!(found.len(), expected.len(), "{context}: {found:?}");
    for (found, (rect, score)) in found.iter().zip(expected) {
        assert_eq!(found.rect, *rect, "{context}");
        let difference = f64::from(found.score.unwrap()) - score;
        assert!(difference.abs() < TOLERANCE, "{context}: {difference}");
    }
}

fn load(level: SimdLevel) -> HogDetector {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let file = folder.join(ShippedModel::FrontalFaceDetector.file_name());
    let model = read_frontal_face_detector(&std::fs::read(file).unwrap()).unwrap();
    HogDetector::new(&model, level)
}

fn references() -> Vec<Reference> {
    let shared = std::env::var_os("FACEMATCH_SHARED").expect("FACEMATCH_SHARED is not set");
    let folder = PathBuf::from(shared).join("reference");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    let read = |file: &PathBuf| read_reference(&folder, file);
    files.iter().map(read).collect()
}

fn read_reference(folder: &Path, file: &Path) -> Reference {
    let json: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let name = json["image"].as_str().unwrap();
    let found = ["upsample_0", "upsample_1"].map(|key| {
        let boxes = json["hog"][key].as_array().unwrap();
        boxes.iter().map(read_box).collect()
    });
    Reference {
        photo: image::open(folder.join(name)).unwrap().to_rgb8(),
        name: name.to_owned(),
        found,
    }
}

fn read_box(json: &Value) -> (Rect, f64) {
    let edge = |name: &str| json[name].as_i64().unwrap();
    let rect = Rect {
        left: edge("left"),
        top: edge("top"),
        right: edge("right"),
        bottom: edge("bottom"),
    };
    (rect, json["score"].as_f64().unwrap())
}
