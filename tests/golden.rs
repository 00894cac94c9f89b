//! The encodings of the sample photos, so that a change of the pipeline that moves them is seen.
//!
//! `FACEMATCH_BLESS=1 cargo test --release --test golden` writes them anew after a change that was meant to.

#![cfg(feature = "dlib")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what is missing by failing"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use facematch::engine::dlib::DlibEngine;
use facematch::engine::{Encoding, EngineParams};
use facematch::photo::{Depth, StageTimes, find_faces, open};

const PHOTOS: [&str; 4] = [
    "known/biden.jpg",
    "known/obama.jpg",
    "unknown/astronaut.png",
    "unknown/obama2.jpg",
];

/// The largest distance that machines may differ by: rounding alone stays far below it, and no two people are so near.
const TOLERANCE: f32 = 0.02;

fn repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn encodings() -> BTreeMap<String, Vec<f32>> {
    let mut engine = DlibEngine::load(&EngineParams::new(repository("models"))).unwrap();
    PHOTOS
        .iter()
        .map(|photo| {
            let path = repository(photo);
            let mut times = StageTimes::default();
            let (original, copy) = open(&path, 500, &mut times).unwrap();
            let faces = find_faces(
                &path,
                original.size,
                &copy,
                &mut engine,
                Depth::Encodings,
                &mut times,
            )
            .unwrap();
            assert_eq!(faces.len(), 1, "{photo}");
            let encoding = faces[0].face.encoding.as_ref().unwrap();
            ((*photo).to_owned(), encoding.values().to_vec())
        })
        .collect()
}

fn encoding(values: &[f32]) -> Encoding {
    Encoding::new(values.try_into().unwrap())
}

#[test]
fn the_samples_have_their_golden_encodings() {
    let file = repository("tests/golden/encodings.json");
    let got = encodings();
    if std::env::var_os("FACEMATCH_BLESS").is_some_and(|value| !value.is_empty()) {
        let lines: Vec<String> = got
            .iter()
            .map(|(photo, values)| {
                let values = serde_json::to_string(values).unwrap();
                format!("  {photo:?}: {values}")
            })
            .collect();
        std::fs::write(&file, format!("{{\n{}\n}}\n", lines.join(",\n"))).unwrap();
    }
    let golden: BTreeMap<String, Vec<f32>> =
        serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(
        got.keys().collect::<Vec<_>>(),
        golden.keys().collect::<Vec<_>>()
    );
    for (photo, values) in &got {
        let distance = encoding(values).distance(&encoding(&golden[photo]));
        assert!(distance <= TOLERANCE, "{photo} moved by {distance}");
    }
}
