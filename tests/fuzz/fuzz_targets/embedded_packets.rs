//! Feeds arbitrary bytes to the search for XMP inside photos. It must not panic, and must return
//! the main packet first.
//!
//! From the repository's root, with cargo-fuzz 0.13 and a stable toolchain:
//!
//! ```sh
//! mkdir -p tests/fuzz/corpus/embedded_packets
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz embedded_packets \
//!     tests/fuzz/corpus/embedded_packets tests/fuzz/seeds/embedded_packets -- \
//!     -max_total_time=60 -max_len=8192
//! ```
#![no_main]

use std::io::Cursor;
use std::path::Path;

use facematch_image_files::embedded_packets_from;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(packets) = embedded_packets_from(Path::new("photo"), Cursor::new(bytes)) {
        assert!(packets.len() <= 2);
        let length: usize = packets.iter().map(Vec::len).sum();
        // In a PNG it may be compressed.
        assert!(bytes.starts_with(b"\x89PNG") || length <= bytes.len());
    }
});
