//! Feeds arbitrary bytes to the tagging of sidecars, and to new sidecars as the metadata inside a
//! photo. It must not panic; a tagged sidecar needs no more tags and can be untagged, which leaves
//! nothing of a new sidecar.
//!
//! From the repository's root, with cargo-fuzz 0.13 and a stable toolchain:
//!
//! ```sh
//! mkdir -p tests/fuzz/corpus/sidecar
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz sidecar \
//!     tests/fuzz/corpus/sidecar tests/fuzz/seeds/sidecar -- -max_total_time=60 -max_len=8192
//! ```
#![no_main]

use facematch_xmp::{
    Area, FaceTag, PhotoTags, Stamp, WithoutTags, holds, new_sidecar, with_tags, without_tags,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let tags = PhotoTags {
        stored_size: (640, 480),
        faces: vec![FaceTag {
            name: "Eileen & Co".to_owned(),
            area: Area {
                x: 0.5,
                y: 0.25,
                w: 0.125,
                h: 0.25,
            },
            distance: 0.35,
        }],
    };
    let stamp = Stamp {
        version: "0.1.0",
        date: "2026-11-26T12:00:00Z",
    };
    let _ = without_tags(bytes);
    if let Ok(Some(tagged)) = with_tags(Some(bytes), &tags, stamp) {
        assert_eq!(with_tags(Some(&tagged), &tags, stamp), Ok(None));
        let untagged = without_tags(&tagged).unwrap();
        assert_ne!(untagged, WithoutTags::Unchanged);
    }
    // `None` if facematch has named the face in it and the user removed that.
    let Some(sidecar) = new_sidecar(&[bytes], &tags, stamp).unwrap() else {
        return;
    };
    assert_eq!(with_tags(Some(&sidecar), &tags, stamp), Ok(None));
    match without_tags(&sidecar).unwrap() {
        WithoutTags::Nothing => {}
        WithoutTags::Copied(copy) => assert!(holds(&[bytes], &copy)),
        other => panic!("{other:?}"),
    }
});
