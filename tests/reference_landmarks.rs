//! Landmarks of the pure Rust engine against those of dlib itself: `reference/*.json` in the folder of evaluation
//! photos names for each photo the boxes of its faces and the landmarks that dlib 20.0.1 found in them.
//!
//! Run it with `FACEMATCH_SHARED=<folder> cargo test --release --test reference_landmarks -- --ignored --nocapture`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what is missing by failing"
)]

use std::path::{Path, PathBuf};
use std::time::Instant;

use facematch::engine::native::landmarks::LandmarkPredictor;
use facematch::geometry::{Point, Rect};
use image::RgbImage;
use serde_json::Value;

/// How often the landmarks of a face are found for the time that is printed.
const REPETITIONS: u32 = 50;

/// A face of a reference photo, and dlib's landmarks of it.
struct Face {
    rect: Rect,
    points: Vec<Point>,
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn five_points_are_those_of_dlib() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("models/shape_predictor_5_face_landmarks.dat");
    compare(&file, "landmarks_5");
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn sixty_eight_points_are_those_of_dlib() {
    // Of Debian's libdlib-data. Not shipped: the photos that it was trained with are not for commercial use.
    let file = Path::new("/usr/share/dlib/shape_predictor_68_face_landmarks.dat");
    if file.exists() {
        compare(file, "landmarks_68");
    } else {
        println!("{} is missing: nothing compared", file.display());
    }
}

/// Compares the landmarks of every reference face with those under `key`; prints the time per face.
fn compare(file: &Path, key: &str) {
    let predictor = load(file);
    let (mut faces, mut seconds) = (0, 0.0);
    for (name, photo, expected) in references(key) {
        for (index, face) in expected.iter().enumerate() {
            let start = Instant::now();
            for _ in 1..REPETITIONS {
                std::hint::black_box(predictor.landmarks(&photo, face.rect));
            }
            let landmarks = predictor.landmarks(&photo, face.rect);
            seconds += start.elapsed().as_secs_f64();
            assert_eq!(landmarks.points, face.points, "{name} face {index}");
            assert_eq!(landmarks.points.len(), predictor.model().point_count());
            faces += 1;
        }
    }
    assert!(faces > 0, "no reference faces found");
    let microseconds = seconds * 1e6 / f64::from(faces * REPETITIONS);
    println!("{key}: {faces} faces, {microseconds:.0} microseconds per face");
}

fn load(file: &Path) -> LandmarkPredictor {
    let bytes = std::fs::read(file).unwrap();
    let start = Instant::now();
    let predictor = LandmarkPredictor::from_bytes(&bytes).unwrap();
    println!("{}: loaded in {:?}", file.display(), start.elapsed());
    predictor
}

/// Name, pixels and faces of each reference photo.
fn references(key: &str) -> Vec<(String, RgbImage, Vec<Face>)> {
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
    files
        .iter()
        .map(|file| {
            let json: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
            let name = json["image"].as_str().unwrap();
            let photo = image::open(folder.join(name)).unwrap().to_rgb8();
            let faces = json["faces"].as_array().unwrap();
            (
                name.to_owned(),
                photo,
                faces.iter().map(|face| read_face(face, key)).collect(),
            )
        })
        .collect()
}

fn read_face(face: &Value, key: &str) -> Face {
    let [left, top, right, bottom] = std::array::from_fn(|i| face["rect"][i].as_i64().unwrap());
    let coordinate = |number: &Value| number.as_f64().unwrap();
    Face {
        rect: Rect {
            left,
            top,
            right,
            bottom,
        },
        points: face[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|point| Point::new(coordinate(&point[0]), coordinate(&point[1])))
            .collect(),
    }
}
