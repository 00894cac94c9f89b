//! Feeds arbitrary bytes to the reader of cached photos. It must not panic, and a photo that it
//! reads must be written back unchanged.
//!
//! From the repository's root, with cargo-fuzz 0.13 and a stable toolchain:
//!
//! ```sh
//! mkdir -p tests/fuzz/corpus/cache_value
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz cache_value \
//!     tests/fuzz/corpus/cache_value tests/fuzz/seeds/cache_value -- \
//!     -max_total_time=60 -max_len=4096
//! ```
#![no_main]

use facematch::cache::{decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(photo) = decode(bytes) {
        assert_eq!(encode(&photo), bytes);
    }
});
