//! The encodings of the sample photos, so that a change of the pipeline that affects them is
//! noticed.
//!
//! After an intended change, `FACEMATCH_BLESS=1 cargo test --release --test library golden` writes
//! them again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use facematch::engine::{self, Encoding, EngineKind, EngineParams, FaceEngine, SimdLevel};
use facematch::photo::{PhotoSettings, find_faces};

const PHOTOS: [&str; 4] = [
    "known/biden.jpg",
    "known/obama.jpg",
    "unknown/astronaut.png",
    "unknown/obama2.jpg",
];

/// Maximum difference between machines: rounding by itself stays far below it, and no two people
/// are so close.
const TOLERANCE: f32 = 0.02;

fn repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn load(kind: EngineKind, jitters: u32) -> Box<dyn FaceEngine> {
    let mut params = EngineParams::new(repository("models"));
    params.kind = kind;
    params.jitters = jitters;
    params.simd = SimdLevel::from_environment().unwrap();
    engine::load(&params).unwrap()
}

fn encodings(engine: &mut dyn FaceEngine) -> BTreeMap<String, Vec<f32>> {
    PHOTOS
        .iter()
        .map(|photo| {
            let path = repository(photo);
            let photo_faces = find_faces(&path, &PhotoSettings::default(), engine).unwrap();
            let faces = photo_faces.faces;
            assert_eq!(faces.len(), 1, "{photo}");
            let encoding = faces[0].face.encoding.as_ref().unwrap();
            ((*photo).to_owned(), encoding.values().to_vec())
        })
        .collect()
}

fn encoding(values: &[f32]) -> Encoding {
    Encoding::new(values)
}

fn golden() -> BTreeMap<String, Vec<f32>> {
    let file = repository("tests/library/golden.json");
    serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap()
}

fn assert_golden(got: &BTreeMap<String, Vec<f32>>) {
    let golden = golden();
    assert_eq!(
        got.keys().collect::<Vec<_>>(),
        golden.keys().collect::<Vec<_>>()
    );
    for (photo, values) in got {
        let distance = encoding(values).distance(&encoding(&golden[photo]));
        assert!(distance <= TOLERANCE, "{photo} moved by {distance}");
    }
}

#[test]
fn the_samples_have_their_golden_encodings() {
    let got = encodings(&mut *load(EngineKind::Native, 0));
    if std::env::var_os("FACEMATCH_BLESS").is_some_and(|value| !value.is_empty()) {
        let lines: Vec<String> = got
            .iter()
            .map(|(photo, values)| {
                let values = serde_json::to_string(values).unwrap();
                format!("  {photo:?}: {values}")
            })
            .collect();
        let file = repository("tests/library/golden.json");
        std::fs::write(file, format!("{{\n{}\n}}\n", lines.join(",\n"))).unwrap();
    }
    assert_golden(&got);
}

#[cfg(feature = "dlib")]
#[test]
fn dlib_gives_the_samples_their_golden_encodings() {
    assert_golden(&encodings(&mut *load(EngineKind::Dlib, 0)));
}

#[test]
fn jittered_encodings_are_the_same_in_every_fork() {
    let mut engine = load(EngineKind::Native, 3);
    let mut fork = engine.fork();
    let jittered = encodings(&mut *engine);
    assert_eq!(encodings(&mut *fork), jittered);
    assert_eq!(encodings(&mut *engine), jittered);
    assert_ne!(encodings(&mut *load(EngineKind::Native, 0)), jittered);
}
