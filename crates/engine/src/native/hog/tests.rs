//! The shipped detector on the sample pictures. For many photos, see `tests/library/detectors.rs`.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::models::ShippedModel;
use crate::models::hog_filters::read_frontal_face_detector;

fn repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

fn detector(level: SimdLevel) -> HogDetector {
    let file = repository("models").join(ShippedModel::FrontalFaceDetector.file_name());
    let model = read_frontal_face_detector(&std::fs::read(file).unwrap()).unwrap();
    HogDetector::new(&model, level)
}

fn sample(name: &str) -> RgbImage {
    image::open(repository("unknown").join(name))
        .unwrap()
        .to_rgb8()
}

fn rect([left, top, right, bottom]: [i64; 4]) -> Rect {
    Rect {
        left,
        top,
        right,
        bottom,
    }
}

/// Faces that dlib 19.24 finds in `astronaut.png` without and with upsampling.
const ASTRONAUT: [&[([i64; 4], f32)]; 2] = [
    &[([179, 83, 266, 170], 1.534_124)],
    &[
        ([175, 76, 265, 166], 1.164_135),
        ([126, 335, 215, 425], 0.116_614),
    ],
];

#[test]
fn faces_are_those_of_dlib_on_every_level() {
    let levels = SimdLevel::available();
    println!("levels: {levels:?}");
    let (astronaut, cat) = (sample("astronaut.png"), sample("chelsea.png"));
    for level in levels {
        let mut detector = detector(level);
        for (upsample, expected) in (0..).zip(ASTRONAUT) {
            let found = detector.detect(&astronaut, upsample).unwrap();
            assert_eq!(found.len(), expected.len(), "{level} {upsample}: {found:?}");
            for (found, (place, score)) in found.iter().zip(expected) {
                assert_eq!(found.rect, rect(*place), "{level} {upsample}");
                let difference = (found.score.unwrap() - score).abs();
                assert!(difference < 1e-4, "{level} {upsample}: {found:?}");
            }
            assert_eq!(detector.detect(&cat, upsample).unwrap(), []);
        }
    }
}

#[test]
fn levels_are_as_many_as_in_dlib() {
    assert_eq!(level_count((1000, 586)), 13);
    assert_eq!(level_count((1000, 1250)), 16);
    assert_eq!(level_count((500, 500)), 12);
    assert_eq!(level_count((64, 64)), 1);
    assert_eq!(level_count((1, 1)), 1);
    assert_eq!(level_count((0, 0)), 1);
}

#[test]
fn windows_lie_where_dlib_has_them() {
    let window = |x, y| Window {
        cell: [x, y],
        score: 0.0,
    };
    // The first window: its first cell is (0 + 1 - 4) * 8 + 1 - 4, its last one (9 + 1 - 4) * 8 + 1
    // + 4.
    assert_eq!(window(0, 3).rect(), rect([-27, 5, 53, 77]));
    assert_eq!(window(10, 2).rect(), rect([61, -11, 133, 69]));
}

#[test]
fn small_images_have_no_faces_and_large_ones_are_refused() {
    let mut detector = detector(SimdLevel::best());
    for (width, height) in [
        (0, 0),
        (1, 1),
        (500, 7),
        (15, 15),
        (16, 16),
        (24, 24),
        (80, 30),
    ] {
        for upsample in 0..2 {
            let found = detector.detect(&RgbImage::new(width, height), upsample);
            assert_eq!(found, Ok(Vec::new()), "{width} {height}");
        }
    }
    let refusal = detector.detect(&RgbImage::new(1000, 1000), 4).unwrap_err();
    assert_eq!(
        refusal,
        EngineError::ImageTooLarge {
            width: 16_030,
            height: 16_015,
            detector: "hog",
            limit: 160
        }
    );
    assert!(detector.detect(&RgbImage::new(16, 16), u32::MAX).is_err());
}

#[test]
fn memory_is_kept_for_the_next_image_but_not_without_bound() {
    let mut detector = detector(SimdLevel::best());
    detector.detect(&RgbImage::new(300, 200), 1).unwrap();
    let kept = detector.scratch.capacity();
    assert!(kept > 0 && kept < 12 * 602 * 401, "{kept}");
    detector.detect(&RgbImage::new(4000, 3000), 0).unwrap();
    assert_eq!(detector.scratch.capacity(), 0);
    assert_eq!(
        detector.detect(&sample("astronaut.png"), 0).unwrap().len(),
        1
    );
}

#[test]
fn a_model_without_detectors_finds_nothing() {
    let model = FrontalFaceDetector {
        detectors: Vec::new(),
        overlap: OverlapTest {
            intersection_over_union: 0.3,
            covered: 0.7,
        },
    };
    let mut detector = HogDetector::new(&model, SimdLevel::best());
    assert_eq!(detector.detect(&sample("chelsea.png"), 0).unwrap(), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn all_levels_find_the_same_on_images_of_any_size(
        width in 16..160_u32,
        height in 16..160_u32,
        upsample in 0..2_u32,
        seed in any::<u32>(),
    ) {
        let face = image::imageops::crop_imm(&sample("astronaut.png"), 150, 50, 140, 140).to_image();
        let mut image = RgbImage::from_pixel(width, height, image::Rgb([(seed >> 24) as u8; 3]));
        let [x, y] = [seed & 31, (seed >> 5) & 31].map(i64::from);
        image::imageops::overlay(&mut image, &face, x - 16, y - 16);
        let expected = detector(SimdLevel::Scalar).detect(&image, upsample).unwrap();
        for level in SimdLevel::available() {
            let found = detector(level).detect(&image, upsample).unwrap();
            prop_assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert_eq!(found.rect, expected.rect);
                prop_assert!((found.score.unwrap() - expected.score.unwrap()).abs() < 1e-4);
            }
        }
    }
}
