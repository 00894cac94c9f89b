use image::imageops::flip_horizontal;
use image::{Rgb, RgbImage};

use super::*;

const MODEL: &[u8] = include_bytes!("../../../../../models/mobilefacenet.safetensors");

/// Encodings of a generated image and of its mirror image, computed with NumPy in 64-bit floats
/// from the original model. Those of LiteRT differ by at most 0.0001.
const REFERENCE: &str = include_str!("reference.json");

/// Returns the image of the reference.
fn pattern() -> RgbImage {
    RgbImage::from_fn(CHIP_SIZE, CHIP_SIZE, |x, y| {
        let channel = |c: u32| (x * x + 3 * y * y + 7 * x * y * (c + 1)) / 16 + 37 * c;
        Rgb([0, 1, 2].map(|c| channel(c) as u8))
    })
}

#[test]
fn encodings_are_those_of_the_reference_on_every_level() {
    let reference: serde_json::Value = serde_json::from_str(REFERENCE).unwrap();
    let expected: Vec<f64> = reference["encodings"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|encoding| encoding.as_array().unwrap())
        .map(|number| number.as_f64().unwrap())
        .collect();
    let chips = [pattern(), flip_horizontal(&pattern())];
    for level in SimdLevel::available() {
        let mut encoder = MobilefacenetEncoder::from_bytes(MODEL, level).unwrap();
        let found = encoder.encode(&chips);
        assert_eq!(found.as_flattened().len(), expected.len());
        for (found, expected) in found.as_flattened().iter().zip(&expected) {
            let difference = (f64::from(*found) - expected).abs();
            assert!(difference < 1e-4, "{level}: {found}, not {expected}");
        }
        // The encoding of a chip depends neither on those before it nor on the thread.
        assert_eq!(encoder.fork().encode(&chips[1..]), found[1..]);
    }
}

#[test]
#[should_panic(expected = "(150, 150)")]
fn a_chip_of_another_size_is_refused() {
    let mut encoder = MobilefacenetEncoder::from_bytes(MODEL, SimdLevel::best()).unwrap();
    encoder.encode(&[RgbImage::new(150, 150)]);
}
