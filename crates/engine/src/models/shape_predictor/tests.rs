use proptest::prelude::*;

use super::sample::{Sample, write_integer, write_matrix};
use super::*;

/// Runs [`parse`] and drops the numbers.
fn check(bytes: &[u8]) -> Result<LandmarkModel, Fault> {
    parse(bytes, &mut ())
}

/// Returns the message for a five-point sample after `change`.
fn refusal(change: impl FnOnce(&mut Sample)) -> String {
    let mut sample = Sample::new(5);
    change(&mut sample);
    check(&sample.bytes()).unwrap_err().to_string()
}

fn assert_refused(word: &str, change: impl FnOnce(&mut Sample)) {
    let message = refusal(change);
    assert!(message.contains(word), "{message}");
}

#[test]
fn accepts_five_and_sixty_eight_points() {
    assert_eq!(check(&Sample::new(5).bytes()), Ok(LandmarkModel::FivePoint));
    assert_eq!(
        check(&Sample::new(68).bytes()),
        Ok(LandmarkModel::SixtyEightPoint)
    );
}

#[test]
fn refuses_other_numbers_of_points() {
    for points in [1, 4, 6, 67, 69, 194] {
        assert_eq!(
            check(&Sample::new(points).bytes()),
            Err(Fault::Points(points))
        );
    }
    assert_eq!(
        Fault::Points(194).to_string(),
        "has 194 points; facematch needs 5 or 68"
    );
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let bytes = Sample::new(5).bytes();
    for length in 0..bytes.len() {
        assert!(
            check(&bytes[..length]).is_err(),
            "cut off after {length} bytes"
        );
    }
}

#[test]
fn refuses_what_follows_the_model() {
    assert_refused("1 more bytes follow", |sample| sample.tail.push(0));
}

#[test]
fn refuses_another_version() {
    for version in [-1, 0, 2, 257] {
        let message = refusal(|sample| sample.version = version);
        assert_eq!(message, Fault::NoShapePredictor.to_string());
    }
}

#[test]
fn refuses_a_mean_shape_that_is_none() {
    assert_refused("found 5 x 2 numbers", |sample| {
        (sample.shape.rows, sample.shape.columns) = (5, 2);
    });
    assert_refused("found 9 x 1 numbers", |sample| {
        sample.shape.rows = 9;
        sample.shape.numbers.truncate(9);
    });
    assert_refused(
        "damaged at byte 6: a point of the mean shape is no finite number",
        |sample| {
            sample.shape.numbers[0] = f32::NAN;
        },
    );
}

#[test]
fn refuses_splits_whose_pixels_do_not_exist() {
    assert_refused(
        "a split uses pixel 3 of a cascade with 3 pixels",
        |sample| {
            sample.forests[1][0].splits[2].1 = 3;
        },
    );
    assert_refused("pixel 2 of a cascade with 2 pixels", |sample| {
        sample.anchors[1].pop();
        sample.deltas[1].pop();
    });
    assert_refused("the pixel of a split is negative", |sample| {
        sample.forests[0][0].splits[0].0 = -1;
    });
    assert_refused("a split uses pixel 9223372036854775807", |sample| {
        sample.forests[0][0].splits[0].0 = i64::MAX;
    });
}

#[test]
fn names_the_byte_of_a_wrong_split() {
    let good = Sample::new(5).bytes();
    let mut wrong = Sample::new(5);
    wrong.forests[0][0].splits[0].0 = 9;
    let bytes = wrong.bytes();
    let digit = good.iter().zip(&bytes).position(|(a, b)| a != b).unwrap();
    let message = check(&bytes).unwrap_err().to_string();
    assert!(
        message.starts_with(&format!("damaged at byte {}: ", digit - 1)),
        "{message}"
    );
}

#[test]
fn refuses_trees_that_dlib_would_walk_out_of() {
    assert_refused("3 splits has 3 leaves", |sample| {
        sample.forests[0][0].leaves.pop();
    });
    assert_refused("0 splits has 0 leaves", |sample| {
        sample.forests[0][1].leaves.pop();
    });
    assert_refused("found 2 splits", |sample| {
        sample.forests[0][0].splits.pop();
        sample.forests[0][0].leaves.pop();
    });
}

#[test]
fn refuses_leaves_that_do_not_fit_the_shape() {
    assert_refused("expected a leaf of 10 x 1 numbers, found 8 x 1", |sample| {
        let leaf = &mut sample.forests[1][1].leaves[0];
        leaf.rows = 8;
        leaf.numbers.truncate(8);
    });
    assert_refused("found 1 x 10", |sample| {
        let leaf = &mut sample.forests[1][1].leaves[0];
        (leaf.rows, leaf.columns) = (1, 10);
    });
}

#[test]
fn refuses_numbers_that_are_not_finite() {
    assert_refused("a number of a leaf is no finite number but inf", |sample| {
        sample.forests[0][0].leaves[3].numbers[9] = f32::INFINITY;
    });
    assert_refused(
        "the threshold of a split is no finite number but NaN",
        |sample| {
            sample.forests[0][0].splits[1].2 = f32::NAN;
        },
    );
    assert_refused("the place of a pixel is no finite number", |sample| {
        sample.deltas[1][2].1 = f32::INFINITY;
    });
}

#[test]
fn refuses_anchors_that_are_no_points() {
    assert_refused("an anchor is point 5 of a model with 5 points", |sample| {
        sample.anchors[1][0] = 5;
    });
    assert_refused("an anchor is negative", |sample| sample.anchors[0][0] = -1);
}

#[test]
fn refuses_lists_that_do_not_belong_together() {
    assert_refused("no cascades", |sample| {
        sample.forests.clear();
        sample.anchors.clear();
        sample.deltas.clear();
    });
    assert_refused("a cascade has no trees", |sample| sample.forests[1].clear());
    assert_refused("expected 2 lists of anchors", |sample| {
        sample.anchors.truncate(1);
    });
    assert_refused("expected 2 lists of pixels", |sample| {
        sample.deltas.truncate(1);
    });
    assert_refused("2 pixels for 3 anchors", |sample| {
        sample.deltas[1].truncate(2);
    });
}

#[test]
fn a_huge_count_is_refused_at_once() {
    let sample = Sample::new(5);
    let mut bytes = Vec::new();
    write_integer(&mut bytes, 1);
    write_matrix(&mut bytes, &sample.shape);
    let place = bytes.len();
    for count in [1_i64 << 20, 1 << 40, i64::MAX] {
        bytes.truncate(place);
        write_integer(&mut bytes, count);
        bytes.extend([1, 1].repeat(100));
        let message = check(&bytes).unwrap_err().to_string();
        assert!(
            message.starts_with(&format!("damaged at byte {place}: ")),
            "{message}"
        );
        assert!(
            message.contains("the number of cascades claims"),
            "{message}"
        );
    }
}

#[test]
fn the_seeds_of_the_fuzzer_are_up_to_date() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fuzz/seeds/shape_predictor");
    // The fuzzer is not part of the published package.
    if let Ok(seed) = std::fs::read(folder.join("valid-5-points")) {
        assert_eq!(seed, Sample::new(5).bytes());
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = check(&bytes);
        // After a valid start, so that the later parts are reached too.
        let mut behind = Sample::new(5).bytes();
        behind.truncate(66);
        behind.extend(&bytes);
        let _ = check(&behind);
    }

    #[test]
    fn mutated_files_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = Sample::new(5).bytes();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = check(&bytes);
    }
}
