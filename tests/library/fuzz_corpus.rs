//! Runs the fuzzers' seeds as ordinary tests, so that they are checked without a fuzzer. A seed is
//! valid if its name starts with `valid`; every other one must be refused, and none may panic.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use facematch::cache::decode;
use facematch::engine::SimdLevel;
use facematch::engine::models::hog_filters::read_frontal_face_detector;
use facematch::engine::models::mobilefacenet::read_mobilefacenet;
use facematch::engine::models::network::{read_mmod, read_resnet};
use facematch::engine::models::retinaface::read_retinaface;
use facematch::engine::models::{ShippedModel, check_landmark_bytes};
use facematch::gallery::read_gallery_from;
use facematch_image_files::{decode_upright, embedded_packets_from};
use facematch_jpeg::DctScale;
use facematch_xmp::{
    Area, FaceTag, PhotoTags, Stamp, WithoutTags, holds, named_regions, new_sidecar, with_tags,
    without_tags,
};

#[test]
fn landmark_models() {
    check_seeds("shape_predictor", |bytes| {
        check_landmark_bytes(bytes).is_ok()
    });
}

#[test]
fn frontal_face_detectors() {
    check_seeds("hog_filters", |bytes| {
        read_frontal_face_detector(bytes).is_ok()
    });
}

#[test]
fn scaled_jpegs() {
    check_seeds("scaled_jpeg", |bytes| {
        let decoded: Vec<_> = DctScale::all()
            .map(|scale| facematch_jpeg::decode(bytes, scale).is_ok())
            .collect();
        assert!(decoded.iter().all(|d| *d == decoded[0]), "{decoded:?}");
        decoded[0]
    });
}

#[test]
fn galleries() {
    check_seeds("gallery", |bytes| {
        read_gallery_from(bytes, bytes.len() as u64, SimdLevel::Scalar).is_ok()
    });
}

#[test]
fn cache_values() {
    check_seeds("cache_value", |bytes| decode(bytes).is_some());
}

#[test]
fn sidecars() {
    let face = FaceTag {
        name: "Ann".to_owned(),
        area: Area {
            x: 0.5,
            y: 0.25,
            w: 0.125,
            h: 0.25,
        },
        distance: 0.35,
    };
    let tags = PhotoTags {
        stored_size: (640, 480),
        faces: vec![face],
    };
    let stamp = Stamp {
        version: "0.1.0",
        date: "2026-11-26T12:00:00Z",
    };
    check_seeds("sidecar", |bytes| {
        let sidecar = new_sidecar(&[bytes], &tags, stamp).unwrap().unwrap();
        match without_tags(&sidecar).unwrap() {
            WithoutTags::Nothing => {}
            WithoutTags::Copied(copy) => assert!(holds(&[bytes], &copy)),
            other => panic!("{other:?}"),
        }
        with_tags(Some(bytes), &tags, stamp).is_ok()
    });
}

#[test]
fn photos() {
    check_seeds("decode", |bytes| {
        decode_upright(Path::new("photo"), bytes).is_ok()
    });
}

#[test]
fn packets_in_photos() {
    check_seeds("embedded_packets", |bytes| {
        let packets = embedded_packets_from(Path::new("photo"), Cursor::new(bytes));
        packets.is_ok_and(|packets| !packets.is_empty())
    });
}

#[test]
fn people_in_tags() {
    check_seeds("named_regions", |bytes| named_regions(bytes).is_ok());
}

/// The seeds are parts of networks and other files, none of them valid, since whole networks are
/// too large for seeds. The shipped models serve as valid ones.
#[test]
fn networks() {
    let accepts = |bytes: &[u8]| {
        [
            read_resnet(bytes).is_ok(),
            read_mmod(bytes).is_ok(),
            read_retinaface(bytes).is_ok(),
            read_mobilefacenet(bytes).is_ok(),
        ]
    };
    let (accepted, refused) = run_seeds("networks", |bytes| accepts(bytes).contains(&true));
    assert_eq!(accepted, 0);
    assert!(refused > 0, "no seeds");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    for (model, expected) in [
        (ShippedModel::Encoder, [true, false, false, false]),
        (ShippedModel::CnnDetector, [false, true, false, false]),
        (ShippedModel::Retinaface, [false, false, true, false]),
        (ShippedModel::Mobilefacenet, [false, false, false, true]),
        (ShippedModel::FivePointLandmarks, [false; 4]),
    ] {
        let bytes = fs::read(folder.join(model.file_name())).unwrap();
        assert_eq!(accepts(&bytes), expected, "{model:?}");
    }
}

/// Runs the seeds of `target`, some of which must be valid and some not.
fn check_seeds(target: &str, accepts: impl Fn(&[u8]) -> bool) {
    let (accepted, refused) = run_seeds(target, accepts);
    assert!(
        accepted > 0 && refused > 0,
        "{accepted} accepted, {refused} refused"
    );
}

/// Runs the seeds of `target`; returns how many are accepted and how many refused, which must match
/// their names.
fn run_seeds(target: &str, accepts: impl Fn(&[u8]) -> bool) -> (usize, usize) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds");
    let (mut accepted, mut refused) = (0, 0);
    for entry in fs::read_dir(seeds.join(target)).unwrap() {
        let path = entry.unwrap().path();
        let is_valid = path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("valid");
        assert_eq!(
            accepts(&fs::read(&path).unwrap()),
            is_valid,
            "{}",
            path.display()
        );
        *(if is_valid {
            &mut accepted
        } else {
            &mut refused
        }) += 1;
    }
    (accepted, refused)
}
