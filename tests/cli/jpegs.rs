//! JPEGs of rare structures, from `tests/faults`: the portrait in them is found, or the error says
//! what they are.

use crate::common::{Run, RunExt, TestEnv, facematch, only_face, repository};

fn fault(name: &str) -> Vec<u8> {
    std::fs::read(repository("tests/faults").join(name)).unwrap()
}

/// Searches the JPEG `bytes` for the people of `known`.
fn search(bytes: &[u8], code: i32) -> Run {
    let env = TestEnv::new();
    let photo = env.write("photo.jpg", bytes);
    facematch()
        .args(["known", photo.to_str().unwrap(), "-f", "ndjson", "-q"])
        .ends_with(code)
}

#[track_caller]
fn assert_obama(name: &str) {
    let run = search(&fault(name), 0);
    let face = only_face(&run.records()[0]).clone();
    assert_eq!(face["name"], "obama", "{name}: {face}");
}

#[test]
fn components_in_separate_scans_are_put_together() {
    for name in ["y_cb_cr_420", "y_cbcr_420", "y_cbcr_440", "cb_cr_y_error"] {
        assert_obama(&format!("jpeg-separate-scans/{name}.jpg"));
    }
}

#[test]
fn rare_sampling_factors_are_read() {
    assert_obama("jpeg-chroma-finer-than-luma/c_1x1_2x2_2x2.jpg");
    assert_obama("jpeg-kinds-not-read/sampling_3x1.jpg");
}

#[test]
fn a_photo_without_its_end_of_image_marker_is_read() {
    for name in ["trailer_no_eoi", "zeros_no_eoi"] {
        assert_obama(&format!("jpeg-without-eoi/{name}.jpg"));
    }
}

#[test]
fn a_cut_off_photo_stays_an_error_whatever_follows() {
    let whole = fault("jpeg-without-eoi/zeros_no_eoi.jpg");
    let length = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    for trailer in [0, 1, 100_000] {
        for cut in [length / 2, length - 50] {
            let bytes = [&whole[..cut], &vec![0; trailer]].concat();
            let record = search(&bytes, 1).records()[0].clone();
            let message = record["message"].as_str().unwrap();
            assert!(message.contains("the file is cut off"), "{message}");
        }
    }
}

#[test]
fn arithmetic_coding_is_named_with_what_helps() {
    let record = search(&fault("jpeg-kinds-not-read/arithmetic.jpg"), 1).records()[0].clone();
    let message = record["message"].as_str().unwrap();
    assert!(
        message.ends_with(
            "arithmetic-coded JPEGs are not supported; \
             `jpegtran -copy all` converts them without loss"
        ),
        "{message}"
    );
}
