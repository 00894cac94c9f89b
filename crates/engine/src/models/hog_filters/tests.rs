use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::models::ShippedModel;

static SHIPPED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    std::fs::read(folder.join(ShippedModel::FrontalFaceDetector.file_name())).unwrap()
});

fn assert_sound(model: &FrontalFaceDetector) {
    let overlap = model.overlap;
    assert!((0.0..=1.0).contains(&overlap.intersection_over_union));
    assert!((0.0..=1.0).contains(&overlap.covered));
    for detector in &model.detectors {
        assert!(detector.threshold.is_finite());
        for filter in &detector.filters {
            assert!(filter.plane < PLANES);
            let numbers = filter.row.iter().chain(&filter.column);
            assert!({ numbers }.all(|number| number.is_finite()));
        }
    }
}

#[test]
fn the_shipped_detector_is_read() {
    let model = read_frontal_face_detector(&SHIPPED).unwrap();
    assert_sound(&model);
    let counts = model.detectors.iter().map(|each| each.filters.len());
    assert_eq!(counts.collect::<Vec<_>>(), [61, 58, 54, 66, 66]);
    let thresholds = [
        3.274_495_777,
        3.986_821_636,
        3.895_935_675,
        3.514_869_035,
        3.558_029_026,
    ];
    for (detector, threshold) in model.detectors.iter().zip(thresholds) {
        assert!((detector.threshold - threshold).abs() < 1e-9);
        assert!(detector.filters.is_sorted_by_key(|filter| filter.plane));
    }
    assert!((model.overlap.intersection_over_union - 0.330_082).abs() < 1e-6);
    assert!((model.overlap.covered - 0.788_571).abs() < 1e-6);
}

#[test]
fn another_file_is_named() {
    let refusal = |bytes: &[u8]| read_frontal_face_detector(bytes).unwrap_err();
    assert_eq!(refusal(b"hello"), "is not a frontal face detector of dlib");
    assert!(refusal(b"").contains("empty"));
    assert!(refusal(b"version https://git-lfs.").contains("git lfs pull"));
}

#[test]
fn damage_is_named_with_its_place() {
    let refusal = |at: usize, byte| {
        let mut bytes = SHIPPED.clone();
        bytes[at] = byte;
        read_frontal_face_detector(&bytes).unwrap_err()
    };
    for (at, byte, sentence) in [
        (
            26,
            81,
            "byte 25: expected 80 for the width of the detector's window, found 81",
        ),
        (30, 4, "byte 29: expected 8 for the size of a cell, found 4"),
        (
            40,
            0x87,
            "byte 40: expected the overlap of two boxes from 0 to 1, found -0.33008212188056446",
        ),
        (
            75,
            31,
            "byte 74: expected the plane of a filter from 0 to 30, found 31",
        ),
        (
            77,
            9,
            "byte 76: expected 10 x 1 numbers for the row of a filter, found 9 x 1",
        ),
    ] {
        let expected = format!("damaged at {sentence}; get the file again");
        assert_eq!(refusal(at, byte), expected);
    }
    let longer = [&SHIPPED[..], b"!"].concat();
    assert_eq!(
        read_frontal_face_detector(&longer).unwrap_err(),
        "damaged at byte 39752: the model ends here, but 1 more bytes follow; get the file again"
    );
}

#[test]
fn every_cut_is_refused() {
    for length in (0..2000).chain((2000..SHIPPED.len()).step_by(97)) {
        assert!(
            read_frontal_face_detector(&SHIPPED[..length]).is_err(),
            "{length}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn changed_bytes_give_an_error_or_sound_numbers(
        places in prop::collection::vec((prop_oneof![0..300_usize, 0..39_752_usize], any::<u8>()), 1..4)
    ) {
        let mut bytes = SHIPPED.clone();
        for (at, byte) in places {
            bytes[at] = byte;
        }
        if let Ok(model) = read_frontal_face_detector(&bytes) {
            assert_sound(&model);
        }
    }

    #[test]
    fn bytes_left_out_or_put_in_never_panic(at in 0..39_000_usize, length in 1..20_usize) {
        let shorter = [&SHIPPED[..at], &SHIPPED[at + length..]].concat();
        let longer = [&SHIPPED[..at], &vec![1; length][..], &SHIPPED[at..]].concat();
        for bytes in [shorter, longer] {
            if let Ok(model) = read_frontal_face_detector(&bytes) {
                assert_sound(&model);
            }
        }
    }
}
