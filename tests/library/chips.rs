//! Compares face chips with those of dlib itself: for each photo, `reference/*.json` in the folder
//! of evaluation photos has the landmarks that dlib 20.0.1 found and the chips that it cut. To run
//! it:
//!
//! ```sh
//! FACEMATCH_SHARED=<folder> cargo test --release --test library chips -- --ignored --nocapture
//! ```

use facematch::engine::chip::{CHIP_PADDING, CHIP_SIZE, ChipGeometry, extract_chips};
use facematch::engine::{LandmarkModel, Landmarks};
use image::RgbImage;

use crate::reference::{ReferenceFace, references};

/// The difference between two images of the same size, in levels of 0 to 255.
struct Difference {
    mean: f64,
    max: u8,
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn chips_are_those_of_dlib() {
    let mut differences = Vec::new();
    for reference in references() {
        let geometries: Vec<_> = reference.faces().map(geometry).collect();
        let together = extract_chips(&reference.photo, &geometries);
        for (index, face) in reference.faces().enumerate() {
            let expected = face.chip();
            let alone = extract_chips(&reference.photo, &geometries[index..=index]);
            for (way, chip) in [("together", &together[index]), ("alone", &alone[0])] {
                let difference = difference(chip, &expected);
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
    // They are the same to the last bit on x86-64. Elsewhere the sine may differ in its last digit,
    // and dlib truncates fractions, so an occasional pixel can differ by a level.
    for Difference { mean, max } in differences {
        assert!(mean <= 0.001 && max <= 1, "mean {mean} max {max}");
    }
}

fn geometry(face: ReferenceFace<'_>) -> ChipGeometry {
    let landmarks = Landmarks {
        model: LandmarkModel::FivePoint,
        rect: face.rect(),
        points: face.points("landmarks_5"),
    };
    ChipGeometry::of_face(&landmarks, CHIP_SIZE, CHIP_PADDING).unwrap()
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
