//! Feeds arbitrary bytes to the decoders of photos: the choice of the image in a TIFF, its storage,
//! the container of a HEIC, and the search for the orientation. They must not panic.
//!
//! From the repository's root, with cargo-fuzz 0.13 and a stable toolchain:
//!
//! ```sh
//! mkdir -p tests/fuzz/corpus/decode
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz decode \
//!     tests/fuzz/corpus/decode tests/fuzz/seeds/decode -- \
//!     -max_total_time=60 -max_len=8192 -rss_limit_mb=4096
//! ```
#![no_main]

use std::path::Path;

use facematch::image_files::decode_upright;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = decode_upright(Path::new("photo"), bytes);
});
