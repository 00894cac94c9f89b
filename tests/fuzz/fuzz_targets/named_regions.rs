//! Feeds arbitrary bytes to the reader of the people tagged in an XMP packet. It must not panic,
//! and every person that it reads must have a name and a place in the image.
//!
//! From the repository's root, with cargo-fuzz 0.13 and a stable toolchain:
//!
//! ```sh
//! mkdir -p tests/fuzz/corpus/named_regions
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz named_regions \
//!     tests/fuzz/corpus/named_regions tests/fuzz/seeds/named_regions -- \
//!     -max_total_time=60 -max_len=8192
//! ```
#![no_main]

use facematch_xmp::named_regions;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(found) = named_regions(bytes) else {
        return;
    };
    for region in found.regions.iter().chain(&found.own) {
        assert!(!region.name.trim().is_empty());
        let area = region.area;
        assert!((0.0..=1.0).contains(&area.x) && (0.0..=1.0).contains(&area.y));
        assert!(area.w > 0.0 && area.w <= 1.0 && area.h > 0.0 && area.h <= 1.0);
    }
    assert!(found.dimensions.is_none_or(|(w, h)| w > 0.0 && h > 0.0));
});
