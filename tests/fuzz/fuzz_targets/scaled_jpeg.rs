//! Feeds arbitrary bytes to the JPEG decoder, at every scale. It must not panic, run out of memory
//! or take long, and must decode a JPEG at every scale or at none.
//!
//! From the repository's root, with cargo-fuzz 0.13 and a stable toolchain:
//!
//! ```sh
//! mkdir -p tests/fuzz/corpus/scaled_jpeg
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz scaled_jpeg \
//!     tests/fuzz/corpus/scaled_jpeg tests/fuzz/seeds/scaled_jpeg -- \
//!     -max_total_time=60 -max_len=8192
//! ```
#![no_main]

use facematch_jpeg::{DctScale, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let whole = decode(bytes, DctScale::FULL).is_ok();
    for scale in DctScale::all() {
        assert_eq!(decode(bytes, scale).is_ok(), whole);
    }
});
