//! Face chips against those of dlib itself: `reference/*.json` in the folder of evaluation photos names for each photo
//! the landmarks that dlib 20.0.1 found and the chips that it cut.
//!
//! Run it with `FACEMATCH_SHARED=<folder> cargo test --test reference_chips -- --ignored --nocapture`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what is missing by failing"
)]

use std::path::{Path, PathBuf};

use facematch::engine::Landmarks;
use facematch::engine::chip::{CHIP_PADDING, CHIP_SIZE, ChipGeometry, extract_chips};
use facematch::geometry::{Point, Rect};
use image::RgbImage;
use serde_json::Value;

/// How two images of the same size differ, in levels of 0 to 255.
struct Difference {
    mean: f64,
    max: u8,
}

/// A photo, the landmarks of its faces, and dlib's chips of them.
struct Reference {
    name: String,
    photo: RgbImage,
    faces: Vec<(Landmarks, RgbImage)>,
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn chips_are_those_of_dlib() {
    let mut differences = Vec::new();
    for reference in references() {
        let geometries = geometries(&reference);
        let together = extract_chips(&reference.photo, &geometries);
        for (index, (_, expected)) in reference.faces.iter().enumerate() {
            let alone = extract_chips(&reference.photo, &geometries[index..=index]);
            for (way, chip) in [("together", &together[index]), ("alone", &alone[0])] {
                let difference = difference(chip, expected);
                let Difference { mean, max } = difference;
                println!(
                    "{} face {index} {way}: mean {mean:.6} max {max}",
                    reference.name
                );
                differences.push(difference);
            }
        }
    }
    assert!(!differences.is_empty(), "no reference chips found");
    // They are the same to the last bit on x86-64. Elsewhere the sine may differ in its last digit, and dlib cuts
    // fractions off, so that a pixel here and there can differ by a level.
    for Difference { mean, max } in differences {
        assert!(mean <= 0.001 && max <= 1, "mean {mean} max {max}");
    }
}

fn geometries(reference: &Reference) -> Vec<ChipGeometry> {
    let faces = reference.faces.iter();
    faces
        .map(|(landmarks, _)| ChipGeometry::of_face(landmarks, CHIP_SIZE, CHIP_PADDING).unwrap())
        .collect()
}

fn difference(a: &RgbImage, b: &RgbImage) -> Difference {
    assert_eq!(a.dimensions(), b.dimensions());
    let levels: Vec<u8> = a
        .iter()
        .zip(b.iter())
        .map(|(a, b)| a.abs_diff(*b))
        .collect();
    let sum: f64 = levels.iter().copied().map(f64::from).sum();
    Difference {
        mean: sum / levels.len() as f64,
        max: levels.into_iter().max().unwrap(),
    }
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
    files.iter().map(|file| reference(&folder, file)).collect()
}

fn reference(folder: &Path, file: &Path) -> Reference {
    let json: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let open = |name: &Value| {
        image::open(folder.join(name.as_str().unwrap()))
            .unwrap()
            .to_rgb8()
    };
    let faces = json["faces"].as_array().unwrap();
    Reference {
        name: json["image"].as_str().unwrap().to_owned(),
        photo: open(&json["image"]),
        faces: faces
            .iter()
            .map(|face| (landmarks(face), open(&face["chip"])))
            .collect(),
    }
}

fn landmarks(face: &Value) -> Landmarks {
    let [left, top, right, bottom] = std::array::from_fn(|i| face["rect"][i].as_i64().unwrap());
    let points = face["landmarks_5"].as_array().unwrap();
    Landmarks {
        rect: Rect {
            left,
            top,
            right,
            bottom,
        },
        points: points
            .iter()
            .map(|point| Point::new(point[0].as_f64().unwrap(), point[1].as_f64().unwrap()))
            .collect(),
    }
}
