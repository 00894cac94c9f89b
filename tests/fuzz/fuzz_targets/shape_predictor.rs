//! Feeds arbitrary bytes to the check of landmark models. It must not panic, run out of memory or
//! take long.
//!
//! From the repository's root, with cargo-fuzz 0.13 and a stable toolchain:
//!
//! ```sh
//! mkdir -p tests/fuzz/corpus/shape_predictor
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz shape_predictor \
//!     tests/fuzz/corpus/shape_predictor tests/fuzz/seeds/shape_predictor -- \
//!     -max_total_time=60 -max_len=4096
//! ```
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = facematch::engine::models::check_landmark_bytes(bytes);
});
