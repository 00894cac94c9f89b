//! Feeds arbitrary bytes to the readers of all networks. They must not panic, run out of memory or
//! take long. A whole network is too large for a seed, so the shipped models may be added to the
//! corpus.
//!
//! From the repository's root, with cargo-fuzz 0.13 and a stable toolchain:
//!
//! ```sh
//! mkdir -p tests/fuzz/corpus/networks
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz networks \
//!     tests/fuzz/corpus/networks tests/fuzz/seeds/networks -- -max_total_time=60 -max_len=8192
//! ```
#![no_main]

use facematch::engine::models::mobilefacenet::read_mobilefacenet;
use facematch::engine::models::network::{read_mmod, read_resnet};
use facematch::engine::models::retinaface::read_retinaface;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = read_resnet(bytes);
    let _ = read_mmod(bytes);
    let _ = read_retinaface(bytes);
    let _ = read_mobilefacenet(bytes);
});
