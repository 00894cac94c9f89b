//! Synthetic models on synthetic images. For the shipped model on real faces, see
//! `tests/library/landmarks.rs`.

use image::Rgb;
use proptest::prelude::*;

use super::*;
use crate::models::check_landmark_bytes;
use crate::models::shape_predictor::sample::{Sample, Tree, column};

/// 101 x 101 pixels, so that a number of a shape times 100 is in pixels.
const BOX: Rect = Rect {
    left: 10,
    top: 20,
    right: 110,
    bottom: 120,
};

fn predictor(sample: &Sample) -> LandmarkPredictor {
    LandmarkPredictor::from_bytes(&sample.bytes()).unwrap()
}

fn found(sample: &Sample, image: &RgbImage) -> Vec<Point> {
    predictor(sample).landmarks(image, BOX).points
}

/// Returns a five-point model with one cascade of one tree with three splits, whose four leaves
/// move all points to the right and down by 0, 10, 20 and 30 pixels. The root asks whether pixel 0
/// is brighter than pixel 1 by more than `threshold`; the next two ask the same of pixel 1 and 2.
fn asking(threshold: f32) -> Sample {
    let mut sample = Sample::new(5);
    let leaves = [0.0, 0.1, 0.2, 0.3].map(|step| column(vec![step; 10]));
    sample.forests = vec![vec![Tree {
        splits: vec![(0, 1, threshold), (1, 2, threshold), (1, 2, threshold)],
        leaves: leaves.to_vec(),
    }]];
    sample.anchors.truncate(1);
    sample.deltas.truncate(1);
    sample
}

/// Returns the number of pixels by which `asking` moved the landmarks: 0, 10, 20 or 30.
fn answer(sample: &Sample, image: &RgbImage) -> f64 {
    let points = found(sample, image);
    let step = points[0].x - 35.0;
    assert_eq!(points[4], Point::new(85.0 + step, 45.0 + step));
    step
}

/// Returns a black image with the pixels that `Sample::new` reads in `BOX` set to these levels of
/// grey.
fn image_with_pixels(levels: [u8; 3]) -> RgbImage {
    let mut image = RgbImage::new(200, 200);
    // The points 0, 4 and 1 of the mean shape, and 100 times the deltas of the pixels. Those that
    // end in .5 are rounded up.
    let places = [
        (10.0 + 25.0 + 50.0, 20.0 + 50.0 - 25.0),
        (10.0 + 75.0, 20.0 + 25.0 + 12.5),
        (10.0 + 25.0 + 75.0, 20.0 + 50.0),
    ];
    for ((x, y), level) in places.into_iter().zip(levels) {
        let [x, y] = [x, y].map(|at: f64| (at + 0.5).floor() as u32);
        image.put_pixel(x, y, Rgb([level; 3]));
    }
    image
}

#[test]
fn the_leaves_of_all_trees_add_up() {
    for points in [5, 68] {
        let mut sample = Sample::new(points);
        sample.shape.numbers[2] = -0.0076;
        let predictor = predictor(&sample);
        assert_eq!(predictor.model().point_count(), points);
        let landmarks = predictor.landmarks(&RgbImage::new(50, 50), BOX);
        assert_eq!(landmarks.rect, BOX);
        assert_eq!(landmarks.points.len(), points);
        // Four trees of 0.0625 each.
        assert_eq!(landmarks.points[0], Point::new(60.0, 95.0));
        assert_eq!(landmarks.points[1], Point::new(34.0, 95.0));
        assert_eq!(landmarks.points[points - 1], Point::new(110.0, 70.0));
    }
}

#[test]
fn the_pixels_choose_the_leaf() {
    for (levels, step) in [
        ([90, 50, 10], 0.0),
        ([90, 50, 40], 10.0),
        ([10, 50, 10], 20.0),
        ([10, 50, 40], 30.0),
        // Equal to the threshold is not above it.
        ([62, 50, 38], 30.0),
        ([63, 50, 38], 10.0),
    ] {
        assert_eq!(
            answer(&asking(12.0), &image_with_pixels(levels)),
            step,
            "{levels:?}"
        );
    }
}

#[test]
fn grey_is_the_mean_of_the_channels_cut_off() {
    let image = RgbImage::from_pixel(3, 2, Rgb([255, 0, 1]));
    assert_eq!(grey(&image, Point::new(0.0, 0.0)), 85.0);
    let image = RgbImage::from_pixel(3, 2, Rgb([255, 255, 253]));
    assert_eq!(grey(&image, Point::new(2.49, 1.49)), 254.0);
    assert_eq!(grey(&image, Point::new(-0.5, -0.5)), 254.0);
}

#[test]
fn pixels_outside_of_the_image_are_black() {
    let image = RgbImage::from_pixel(3, 2, Rgb([255; 3]));
    for (x, y) in [
        (2.5, 0.0),
        (0.0, 1.5),
        (-0.51, 0.0),
        (0.0, -7.0),
        (f64::NAN, 0.0),
        (0.0, f64::INFINITY),
        (f64::NEG_INFINITY, 0.0),
        (4_294_967_296.0, 0.0),
    ] {
        assert_eq!(grey(&image, Point::new(x, y)), 0.0, "{x} {y}");
    }
    // Pixel 2 of the model is beyond the right edge of this image: 50 - 0 is above 40.
    let image =
        image::imageops::crop_imm(&image_with_pixels([10, 50, 40]), 0, 0, 100, 200).to_image();
    assert_eq!(answer(&asking(40.0), &image), 20.0);
}

#[test]
fn the_pixels_of_later_cascades_follow_the_shape() {
    // A first cascade of one leaf moves everything by 10 pixels, including the pixels that the
    // second one reads.
    let mut sample = asking(12.0);
    let stump = Tree {
        splits: Vec::new(),
        leaves: vec![column(vec![0.1; 10])],
    };
    sample.forests.insert(0, vec![stump]);
    sample.anchors.insert(0, Vec::new());
    sample.deltas.insert(0, Vec::new());
    let image = image_with_pixels([90, 50, 40]);
    let mut moved = RgbImage::new(200, 200);
    image::imageops::replace(&mut moved, &image, 10, 10);
    assert_eq!(answer(&sample, &moved), 20.0);
    assert_eq!(answer(&sample, &image), 40.0);
}

#[test]
fn a_refusal_is_that_of_the_check() {
    let bytes = Sample::new(5).bytes();
    for bytes in [&b"<html>"[..], b"", b"hello", &bytes[..bytes.len() - 1]] {
        assert_eq!(
            LandmarkPredictor::from_bytes(bytes).unwrap_err(),
            check_landmark_bytes(bytes).unwrap_err()
        );
    }
}

#[test]
fn the_shipped_model_is_loaded_whole() {
    let file = crate::models::ShippedModel::FivePointLandmarks.file_name();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let bytes = std::fs::read(folder.join(file)).unwrap();
    let predictor = LandmarkPredictor::from_bytes(&bytes).unwrap();
    assert_eq!(predictor.model(), LandmarkModel::FivePoint);
    assert_eq!(predictor.cascades.len(), 15);
    assert_eq!(predictor.trees.len(), 15 * 500);
    assert_eq!(predictor.splits.len(), 15 * 500 * 15);
    assert_eq!(predictor.leaves.len(), 15 * 500 * 16 * 10);
    assert_eq!(predictor.pixels.len(), 15 * 800);
    let last = predictor.cascades.last().unwrap();
    assert_eq!((last.trees.end, last.pixels.end), (7500, 12_000));
}

/// Returns edges of boxes: near the image, and anywhere.
fn edge() -> impl Strategy<Value = i64> {
    prop_oneof![9 => -50..150_i64, 1 => any::<i64>()]
}

proptest! {
    #[test]
    fn every_model_that_passes_the_check_works_on_every_box(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        edges in prop::array::uniform4(edge()),
        size in (0..40_u32, 0..40_u32),
    ) {
        let mut bytes = Sample::new(5).bytes();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let checked = check_landmark_bytes(&bytes);
        let loaded = LandmarkPredictor::from_bytes(&bytes);
        prop_assert_eq!(checked.is_ok(), loaded.is_ok());
        if let Ok(predictor) = loaded {
            let [left, top, right, bottom] = edges;
            let image = RgbImage::from_pixel(size.0, size.1, Rgb([255; 3]));
            let landmarks = predictor.landmarks(&image, Rect { left, top, right, bottom });
            prop_assert_eq!(landmarks.points.len(), 5);
        }
    }
}
