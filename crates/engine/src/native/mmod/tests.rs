//! The shipped detector on the sample pictures. For many photos, see `tests/library/detectors.rs`.

use std::path::Path;

use super::*;
use crate::models::ShippedModel;
use crate::models::network::read_mmod;

fn repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

fn detector(level: SimdLevel) -> MmodDetector {
    let file = repository("models").join(ShippedModel::CnnDetector.file_name());
    MmodDetector::new(read_mmod(&std::fs::read(file).unwrap()).unwrap(), level)
}

fn sample(name: &str) -> RgbImage {
    image::open(repository("unknown").join(name))
        .unwrap()
        .to_rgb8()
}

/// Faces in `astronaut.png` without and with upsampling: left, top, width, height as dlib 19.24
/// finds them, and the score.
const ASTRONAUT: [([i64; 4], f32); 2] = [
    ([168, 69, 96, 96], 1.062_515),
    ([165, 73, 99, 99], 1.067_306),
];

#[test]
fn faces_are_those_of_dlib_on_every_level() {
    let levels = SimdLevel::available();
    println!("levels: {levels:?}");
    let (astronaut, cat) = (sample("astronaut.png"), sample("chelsea.png"));
    for level in levels {
        let mut detector = detector(level);
        for (upsample, (place, score)) in (0..).zip(ASTRONAUT) {
            let found = detector.detect(&astronaut, upsample);
            assert_eq!(found.len(), 1, "{level} {upsample}: {found:?}");
            let Detection {
                rect, score: got, ..
            } = found[0];
            let got_place = [rect.left, rect.top, rect.width(), rect.height()];
            assert_eq!(got_place, place, "{level} {upsample}");
            let difference = (got.unwrap() - score).abs();
            assert!(difference < 1e-4, "{level} {upsample}: {found:?}");
        }
        assert_eq!(detector.detect(&cat, 0), [], "{level}");
    }
}

#[test]
fn images_too_small_for_a_face_have_none() {
    let mut detector = detector(SimdLevel::best());
    for (width, height) in [(16, 16), (17, 500), (500, 16), (79, 79)] {
        let grey = RgbImage::from_pixel(width, height, image::Rgb([128; 3]));
        assert_eq!(detector.detect(&grey, 0), [], "{width}x{height}");
    }
}

#[test]
fn an_image_leaves_nothing_behind_for_the_next_one() {
    let (astronaut, cat) = (sample("astronaut.png"), sample("chelsea.png"));
    let mut detector = detector(SimdLevel::best());
    let first = detector.detect(&astronaut, 0);
    detector.detect(&cat, 1);
    assert_eq!(detector.detect(&astronaut, 0), first);
    assert_eq!(detector.fork().detect(&astronaut, 0), first);
}
