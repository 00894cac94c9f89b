//! Feeds arbitrary bytes to the reader of the frontal face detector. It must not panic, run out of
//! memory or take long.
//!
//! From the repository's root, with cargo-fuzz 0.13 and a stable toolchain:
//!
//! ```sh
//! mkdir -p tests/fuzz/corpus/hog_filters
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz hog_filters \
//!     tests/fuzz/corpus/hog_filters tests/fuzz/seeds/hog_filters -- \
//!     -max_total_time=60 -max_len=4096
//! ```
#![no_main]

use facematch::engine::models::hog_filters::read_frontal_face_detector;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = read_frontal_face_detector(bytes);
});
