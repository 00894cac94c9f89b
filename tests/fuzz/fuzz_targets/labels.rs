//! Feeds arbitrary bytes to the reader of lists of labels. It must not panic, and a list that it
//! reads must have photos.
//!
//! From the repository's root, with cargo-fuzz 0.13 and a stable toolchain:
//!
//! ```sh
//! mkdir -p tests/fuzz/corpus/labels
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz labels \
//!     tests/fuzz/corpus/labels tests/fuzz/seeds/labels -- -max_total_time=60 -max_len=4096
//! ```
#![no_main]

use libfuzzer_sys::fuzz_target;

// The program's modules: no library has them.
#[path = "../../../src/cli/evaluation/labels.rs"]
#[allow(dead_code, reason = "the target calls one function")]
mod labels;
#[path = "../../../src/cli/evaluation/list.rs"]
#[allow(dead_code, reason = "the target calls one function")]
mod list;

use labels::read_labels;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(labels) = read_labels(bytes) {
        assert!(!labels.is_empty());
    }
});
