//! Runs the fuzzers' seeds as ordinary tests, so that they are checked without a fuzzer. A seed is valid when its name
//! begins with `valid`; every other one must be refused, and none may panic.

#![allow(clippy::unwrap_used, reason = "a test says what is missing by failing")]

use std::fs;
use std::path::Path;

use facematch::engine::models::check_landmark_bytes;
use facematch::image::jpeg_is_complete;

#[test]
fn landmark_models() {
    check_seeds("shape_predictor", |bytes| {
        check_landmark_bytes(bytes).is_ok()
    });
}

#[test]
fn jpeg_ends() {
    check_seeds("jpeg_is_complete", jpeg_is_complete);
}

fn check_seeds(target: &str, accepts: impl Fn(&[u8]) -> bool) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds");
    let (mut accepted, mut refused) = (0, 0);
    for entry in fs::read_dir(seeds.join(target)).unwrap() {
        let path = entry.unwrap().path();
        let is_valid = path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("valid");
        assert_eq!(
            accepts(&fs::read(&path).unwrap()),
            is_valid,
            "{}",
            path.display()
        );
        *(if is_valid {
            &mut accepted
        } else {
            &mut refused
        }) += 1;
    }
    assert!(
        accepted > 0 && refused > 0,
        "{accepted} accepted, {refused} refused"
    );
}
