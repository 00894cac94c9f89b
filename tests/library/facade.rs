//! The short way to use the library.

use std::path::Path;

use facematch::gallery::{Fingerprint, write_gallery};
use facematch::photo::{EncodeFrom, PhotoSettings, Width};
use facematch::{EngineParams, Error, Facematch, Rules};

fn repository(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn people_of_a_gallery_file_are_found_unless_another_model_made_it() {
    let params = EngineParams::new(repository("models"));
    let mut facematch = Facematch::new(&params).unwrap();
    let known = facematch.known_people(repository("known")).unwrap();
    let fingerprint = Fingerprint::of(&params, EncodeFrom::Resized).unwrap();
    let mut bytes = Vec::new();
    write_gallery(&known.gallery, &fingerprint, &mut bytes).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("people.safetensors");
    std::fs::write(&path, &bytes).unwrap();

    let gallery = facematch.gallery(&path).unwrap();
    let photo = repository("unknown/obama2.jpg");
    let rules = facematch.automatic_rules(&gallery, 0.01).unwrap();
    let stricter = facematch.automatic_rules(&gallery, 0.001).unwrap();
    assert!(stricter.threshold < rules.threshold);
    let faces = facematch.identify(photo, &gallery, &rules);
    let names: Vec<_> = faces
        .unwrap()
        .iter()
        .map(|(_, identity)| identity.name().map(str::to_owned))
        .collect();
    assert!(names.contains(&Some("obama".to_owned())), "{names:?}");

    // The encoder's SHA-256 begins like this.
    let encoder = b"55533b28";
    let at = bytes.windows(8).position(|part| part == encoder).unwrap();
    bytes[at..][..8].copy_from_slice(b"12345678");
    std::fs::write(&path, &bytes).unwrap();
    let refused = facematch.gallery(&path).unwrap_err();
    assert!(
        matches!(refused, Error::GalleryMismatch { .. }),
        "{refused}"
    );
}

/// The settings could once be changed between the known and the unknown photos.
#[test]
fn known_and_unknown_photos_are_searched_with_the_same_settings() {
    let params = EngineParams::new(repository("models"));
    let settings = PhotoSettings {
        width: Width::Pixels(300),
        encode_from: EncodeFrom::Original,
        ..PhotoSettings::default()
    };
    let mut facematch = Facematch::with_settings(&params, settings).unwrap();
    let known = facematch.known_people(repository("known")).unwrap();
    let distance = |facematch: &mut Facematch| {
        let photo = repository("known/obama.jpg");
        let faces = facematch.identify(photo, &known.gallery, &Rules::default());
        faces.unwrap()[0].1.distance().unwrap()
    };
    assert!(distance(&mut facematch) < 1e-6);
    assert!(distance(&mut facematch.fork()) < 1e-6);
    let mut other = Facematch::new(&params).unwrap();
    assert!(distance(&mut other) > 1e-6);
}
