//! Feeds arbitrary bytes to the search for a JPEG's end. It must not panic, and what follows the end must not matter.
//!
//! From the repository's root, with cargo-fuzz 0.13 and a stable toolchain:
//!
//! ```sh
//! mkdir -p tests/fuzz/corpus/jpeg_is_complete
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz jpeg_is_complete \
//!     tests/fuzz/corpus/jpeg_is_complete tests/fuzz/seeds/jpeg_is_complete -- -max_total_time=60 -max_len=4096
//! ```
#![no_main]

use facematch::image::jpeg_is_complete;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if jpeg_is_complete(&bytes[..bytes.len() / 2]) {
        assert!(jpeg_is_complete(bytes));
    }
});
