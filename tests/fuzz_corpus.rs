//! Runs the fuzzers' seeds as ordinary tests, so that they are checked without a fuzzer. A seed is valid when its name
//! begins with `valid`; every other one must be refused, and none may panic.

use std::fs;
use std::path::Path;

use facematch::engine::models::check_landmark_bytes;

#[test]
fn landmark_models() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds/shape_predictor");
    // The published package comes without the fuzzers.
    let Ok(entries) = fs::read_dir(&folder) else {
        return;
    };
    let (mut accepted, mut refused) = (0, 0);
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        let result = check_landmark_bytes(&fs::read(&path).unwrap());
        assert_eq!(
            result.is_ok(),
            name.starts_with("valid"),
            "{name}: {result:?}"
        );
        match result {
            Ok(_) => accepted += 1,
            Err(reason) => {
                assert!(!reason.is_empty(), "{name}");
                refused += 1;
            }
        }
    }
    assert!(
        accepted > 0 && refused > 0,
        "{accepted} accepted, {refused} refused"
    );
}
