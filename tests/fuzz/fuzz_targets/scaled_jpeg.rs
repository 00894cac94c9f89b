//! Feeds arbitrary bytes to the decoding of JPEGs at each reduced scale. Nothing may panic, run out of memory or take long.
//!
//! From the repository's root, with cargo-fuzz 0.13 and a stable toolchain:
//!
//! ```sh
//! mkdir -p tests/fuzz/corpus/scaled_jpeg
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz scaled_jpeg \
//!     tests/fuzz/corpus/scaled_jpeg tests/fuzz/seeds/scaled_jpeg -- -max_total_time=60 -max_len=8192
//! ```
#![no_main]

use facematch::image::scales_jpeg;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    scales_jpeg(bytes);
});
