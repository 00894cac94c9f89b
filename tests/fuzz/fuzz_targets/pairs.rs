//! Feeds arbitrary bytes to the reader of lists of pairs. It must not panic, and a list that it
//! reads must have pairs.
//!
//! From the repository's root, with cargo-fuzz 0.13 and a stable toolchain:
//!
//! ```sh
//! mkdir -p tests/fuzz/corpus/pairs
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz pairs \
//!     tests/fuzz/corpus/pairs tests/fuzz/seeds/pairs -- -max_total_time=60 -max_len=4096
//! ```
#![no_main]

use libfuzzer_sys::fuzz_target;

// The program's modules: no library has them.
#[path = "../../../src/cli/evaluation/pairs.rs"]
#[allow(dead_code, reason = "the target calls one function")]
mod pairs;
#[path = "../../../src/cli/evaluation/list.rs"]
#[allow(dead_code, reason = "the target calls one function")]
mod list;

use pairs::read_pairs;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(pairs) = read_pairs(bytes) {
        assert!(!pairs.is_empty());
    }
});
