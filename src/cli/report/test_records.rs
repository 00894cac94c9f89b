//! Records for the tests of the formatters.

use std::collections::BTreeMap;
use std::path::Path;

use facematch::gallery::Candidate;
use facematch::geometry::{PixelBox, Point};
use facematch::matching::{Identity, Outcome};
use facematch_image_files::ImageFileError;

use super::{
    FaceRecord, Finding, MatchingSummary, Photo, PhotoOutcome, PhotoRecord, Report, Summary,
};
use crate::cli::photo_error::PhotoError;

pub(super) const LANDMARK_NAMES: &[&str] = &["left_eye", "nose"];

fn photo(path: &str, faces: Vec<FaceRecord>) -> PhotoRecord {
    let photo = Photo {
        path: path.into(),
        width: 1126,
        height: 661,
        orientation: 6,
        is_small_preview: false,
        faces,
    };
    PhotoRecord {
        photo,
        outcome: PhotoOutcome::Nothing,
    }
}

fn candidate(name: &str, distance: f32) -> Candidate {
    Candidate {
        name: name.into(),
        distance,
        source: Path::new("known").join(format!("{name}.jpg")).into(),
    }
}

fn face(x: u32, score: Option<f32>, finding: Finding) -> FaceRecord {
    FaceRecord {
        bounds: PixelBox {
            x,
            y: 49,
            w: 166,
            h: 167,
        },
        score,
        quality: 0.8125,
        finding,
        encoding: None,
    }
}

/// Writes a match beside an unknown face, a photo without faces, an odd name, an error, and the
/// end.
pub(super) fn write_people(report: &mut dyn Report) {
    let identity = |outcome, candidates: Vec<Candidate>| {
        let identity = Identity {
            outcome,
            person: candidates
                .first()
                .filter(|_| outcome == Outcome::Match)
                .cloned(),
            candidates,
        };
        Finding::Identity {
            stranger_rate: identity
                .distance()
                .map(|distance| f64::from(distance).powi(9)),
            identity,
        }
    };
    let two = vec![
        face(
            236,
            Some(1.93),
            identity(Outcome::Match, vec![candidate("obama", 0.336_412_3)]),
        ),
        face(
            500,
            None,
            identity(Outcome::Unknown, vec![candidate("biden", 0.75)]),
        ),
    ];
    let odd = vec![face(
        0,
        None,
        identity(Outcome::Match, vec![candidate("Zoë \"Z\", jr.", 0.0)]),
    )];
    let missing = PhotoError::from(ImageFileError::Decode {
        path: "unknown/broken.jpg".into(),
        reason: "the file is empty".into(),
    });
    report
        .photo(&photo("unknown/two, people.jpg", two))
        .unwrap();
    report
        .error(Path::new("unknown/broken.jpg"), &missing)
        .unwrap();
    report.photo(&photo("unknown/cat.jpg", Vec::new())).unwrap();
    report.photo(&photo("unknown/zoë.jpg", odd)).unwrap();
    report
        .finish(&Summary {
            images: 3,
            faces: 3,
            matching: Some(MatchingSummary {
                matched: 2,
                ambiguous: 0,
                unknown: 1,
                not_compared: 0,
                known_people: 3,
                threshold: 0.6,
                stricter: None,
                strangers_named: 0.02,
            }),
            errors: 1,
            skipped: BTreeMap::from([("heic".to_owned(), 2), ("nef".to_owned(), 1)]),
            engine: "fake",
            detector: "hog",
        })
        .unwrap();
}

pub(super) fn write_landmarks(report: &mut dyn Report) {
    let points = vec![Point::new(250.04, 99.96), Point::new(-0.01, 120.5)];
    report
        .photo(&photo(
            "a.jpg",
            vec![face(236, Some(1.5), Finding::Landmarks(points))],
        ))
        .unwrap();
    report
        .finish(&Summary {
            images: 1,
            faces: 1,
            matching: None,
            errors: 0,
            skipped: BTreeMap::new(),
            engine: "fake",
            detector: "cnn",
        })
        .unwrap();
}
