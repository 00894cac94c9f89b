//! Compares landmarks of the pure Rust engine with those of dlib itself: for each photo,
//! `reference/*.json` in the folder of evaluation photos has the boxes of its faces and the
//! landmarks that dlib 20.0.1 found in them. To run it:
//!
//! ```sh
//! FACEMATCH_SHARED=<folder> cargo test --release --test library landmarks -- --ignored --nocapture
//! ```

use std::path::Path;
use std::time::Instant;

use facematch::engine::native::landmarks::LandmarkPredictor;

use crate::reference::{references, sixty_eight_point_model};

/// Number of times that the landmarks of a face are found, for the printed time.
const REPETITIONS: u32 = 50;

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
    let file = sixty_eight_point_model();
    compare(file, "landmarks_68");
}

/// Compares the landmarks of every reference face with those at `key`; prints the time per face.
fn compare(file: &Path, key: &str) {
    let predictor = load(file);
    let (mut faces, mut seconds) = (0, 0.0);
    for reference in references() {
        for (index, face) in reference.faces().enumerate() {
            let rect = face.rect();
            let start = Instant::now();
            for _ in 1..REPETITIONS {
                std::hint::black_box(predictor.landmarks(&reference.photo, rect));
            }
            let landmarks = predictor.landmarks(&reference.photo, rect);
            seconds += start.elapsed().as_secs_f64();
            let name = &reference.name;
            assert_eq!(landmarks.points, face.points(key), "{name} face {index}");
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
