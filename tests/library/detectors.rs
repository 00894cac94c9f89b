//! Compares faces of the native detectors with those of dlib itself: for each photo,
//! `reference/*.json` in the folder of evaluation photos has the boxes and scores that dlib 20.0.1
//! found. To run it:
//!
//! ```sh
//! FACEMATCH_SHARED=<folder> cargo test --release --test library detectors -- --ignored --nocapture
//! ```

use std::path::Path;

use crate::reference::references;
use facematch::engine::models::hog_filters::read_frontal_face_detector;
use facematch::engine::models::network::read_mmod;
use facematch::engine::models::{ModelSource, ShippedModel};
use facematch::engine::native::hog::HogDetector;
use facematch::engine::native::mmod::MmodDetector;
use facematch::engine::{Detection, SimdLevel};
use facematch::geometry::Rect;

/// Maximum difference of a score from dlib's, whose own builds differ by rounding.
const TOLERANCE: f64 = 1e-3;

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn boxes_and_scores_of_the_hog_detector_are_those_of_dlib() {
    let file = ShippedModel::FrontalFaceDetector;
    let model = models().load(file, read_frontal_face_detector).unwrap();
    for level in SimdLevel::available() {
        let mut detector = HogDetector::new(&model, level);
        for photo in references() {
            for upsample in [0, 1] {
                let expected = photo.scored_boxes(&format!("/hog/upsample_{upsample}"), "score");
                let found = detector.detect(&photo.photo, upsample).unwrap();
                assert_same(
                    &found,
                    &expected,
                    &format!("{} {upsample} {level}", photo.name),
                );
            }
        }
        println!("{level}: {} photos agree", references().len());
    }
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn boxes_and_scores_of_the_cnn_detector_are_those_of_dlib() {
    for level in SimdLevel::available() {
        let model = models().load(ShippedModel::CnnDetector, read_mmod).unwrap();
        let mut detector = MmodDetector::new(model, level);
        for photo in references() {
            for upsample in [0, 1] {
                let place = format!("/cnn/upsample_{upsample}");
                let expected = photo.scored_boxes(&place, "confidence");
                let found = detector.detect(&photo.photo, upsample);
                assert_same(
                    &found,
                    &expected,
                    &format!("{} {upsample} {level}", photo.name),
                );
            }
        }
        println!("{level}: {} photos agree", references().len());
    }
}

fn assert_same(found: &[Detection], expected: &[(Rect, f64)], context: &str) {
    assert_eq!(found.len(), expected.len(), "{context}: {found:?}");
    for (found, (rect, score)) in found.iter().zip(expected) {
        assert_eq!(found.rect, *rect, "{context}");
        let difference = f64::from(found.score.unwrap()) - score;
        assert!(difference.abs() < TOLERANCE, "{context}: {difference}");
    }
}

fn models() -> ModelSource {
    ModelSource::from(Path::new(env!("CARGO_MANIFEST_DIR")).join("models"))
}
