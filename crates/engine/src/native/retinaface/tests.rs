use image::{Rgb, RgbImage};

use super::*;

const MODEL: &[u8] = include_bytes!("../../../../../models/retinaface_mobilenet_0.25.safetensors");

/// Outputs of the network for generated images, computed with NumPy in 64-bit floats. Those of ONNX
/// Runtime differ by at most 0.0001.
const REFERENCE: &str = include_str!("reference.json");

fn detector(level: SimdLevel) -> RetinafaceDetector {
    RetinafaceDetector::from_bytes(MODEL, level).unwrap()
}

/// Returns the image of the reference.
fn pattern(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let channel = |c: u32| (x * x + 3 * y * y + 7 * x * y * (c + 1)) / 16 + 37 * c;
        Rgb([0, 1, 2].map(|c| channel(c) as u8))
    })
}

#[test]
fn faces_that_overlap_are_one_and_a_least_score_of_0_ends_in_time() {
    let face = |left: f32, score| anchors::Candidate {
        score,
        edges: [left, 0.0, left + 10.0, 10.0],
        points: Default::default(),
    };
    // 10 x 10 pixels, of which 5 and 8 columns are common: 1/3 and 2/3 of the union.
    let kept = suppress_overlapping(vec![face(0.0, 0.8), face(5.0, 0.9), face(7.0, 0.85)]);
    assert_eq!(kept, [face(5.0, 0.9), face(0.0, 0.8)]);
    // Twelve megapixels have half a million anchors.
    let all = (0..500_000).map(|index| face(20.0 * index as f32, index as f32 / 500_000.0));
    let kept = suppress_overlapping(all.collect());
    assert_eq!(
        (kept.len(), kept[0]),
        (20_000, face(20.0 * 499_999.0, 0.999_998))
    );
}

#[test]
fn every_anchor_is_that_of_the_reference_on_every_level() {
    let reference: serde_json::Value = serde_json::from_str(REFERENCE).unwrap();
    for level in SimdLevel::available() {
        for case in reference["cases"].as_array().unwrap() {
            let [width, height] = ["width", "height"].map(|key| case[key].as_u64().unwrap() as u32);
            let mut detector = detector(level);
            let image = pattern(width, height);
            let outputs = detector
                .network
                .outputs(level, &image, &mut detector.memory);
            let found = candidates(outputs, 0.0);
            assert_eq!(found.len() as u64, case["anchors"].as_u64().unwrap());
            for row in case["rows"].as_array().unwrap() {
                let row: Vec<f64> = row
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|n| n.as_f64().unwrap())
                    .collect();
                let face = found[row[0] as usize];
                // The reference counts from the corner of the first pixel.
                let edges = face.edges.map(|edge| f64::from(edge) + 0.5);
                let points = face.points.iter().flat_map(|p| [p.x + 0.5, p.y + 0.5]);
                let numbers = [f64::from(face.score)]
                    .into_iter()
                    .chain(edges)
                    .chain(points);
                for (found, expected) in numbers.zip(&row[1..]) {
                    let close = (found - expected).abs() < 1e-3;
                    assert!(
                        close,
                        "{level} {width}x{height}: {found}, not {expected}, in {row:?}"
                    );
                }
            }
        }
    }
}
