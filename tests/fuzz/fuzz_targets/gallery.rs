//! Feeds arbitrary bytes to the reader of gallery files. It must not panic, and a gallery that it
//! reads must stay the same when it is written and read again.
//!
//! From the repository's root, with cargo-fuzz 0.13 and a stable toolchain:
//!
//! ```sh
//! mkdir -p tests/fuzz/corpus/gallery
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz gallery \
//!     tests/fuzz/corpus/gallery tests/fuzz/seeds/gallery -- -max_total_time=60 -max_len=4096
//! ```
#![no_main]

use facematch::engine::SimdLevel;
use facematch::gallery::{read_gallery_from, write_gallery};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = |bytes: &[u8]| read_gallery_from(bytes, bytes.len() as u64, SimdLevel::Scalar);
    if let Ok((gallery, fingerprint)) = read(bytes) {
        let mut written = Vec::new();
        write_gallery(&gallery, &fingerprint, &mut written).expect("memory can be written");
        let (again, _) = read(&written).expect("what was written can be read");
        assert!(again.known_faces().eq(gallery.known_faces()));
    }
});
