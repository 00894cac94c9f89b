//! `--detector retinaface` and `--min-score`.

use insta::assert_snapshot;
use serde_json::Value;

use crate::common::{
    Run, RunExt, TestEnv, assert_valid, face_box, facematch, only_face, repository,
};

const OBAMA2: &str = "unknown/obama2.jpg";

/// dlib's five-point model, which searches in boxes made of the detector's own points.
const FIVE_POINTS: &str = "models/shape_predictor_5_face_landmarks.dat";

/// Path of the 68-point model in Debian's libdlib-data.
const SIXTY_EIGHT_POINTS: &str = "/usr/share/dlib/shape_predictor_68_face_landmarks.dat";

fn retinaface(arguments: &[&str]) -> Run {
    let mut command = facematch();
    command.args(arguments).args(["--detector", "retinaface"]);
    command.ends_with(0)
}

/// Returns the share of the area of `inner` that is within `outer`.
fn share_within(inner: [i64; 4], outer: [i64; 4]) -> f64 {
    let common = |start: usize, length: usize| {
        let end = (inner[start] + inner[length]).min(outer[start] + outer[length]);
        (end - inner[start].max(outer[start])).max(0)
    };
    (common(0, 2) * common(1, 3)) as f64 / (inner[2] * inner[3]) as f64
}

#[test]
fn retinaface_finds_the_people_that_hog_finds() {
    for folder in ["known", "unknown"] {
        let search = ["known", folder, "-f", "ndjson", "--detector"];
        let by = |detector| facematch().args(search).arg(detector).ends_with(0);
        let (found, expected) = (by("auto"), by("hog"));
        let (found, expected) = (found.records(), expected.records());
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found["path"], expected["path"]);
            let faces = |record: &Value| record["faces"].as_array().cloned().unwrap_or_default();
            let (found, expected) = (faces(found), faces(expected));
            assert_eq!(found.len(), expected.len(), "{found:?}");
            for (found, expected) in found.iter().zip(&expected) {
                assert_eq!(found["name"], expected["name"]);
                // Its boxes are narrower and reach from the forehead to the chin.
                let share = share_within(face_box(found), face_box(expected));
                assert!(share > 0.5, "{share}: {found} {expected}");
                let score = found["score"].as_f64().unwrap();
                assert!((0.8..=1.0).contains(&score), "{score}");
            }
        }
        let summary = found.last().unwrap();
        assert_eq!(summary["detector"], "retinaface");
    }
}

/// A regression test: the network takes parts of very large faces for faces, and large smooth
/// things too.
#[test]
fn very_large_faces_are_found_once_and_nothing_else() {
    for width in ["1600", "3000"] {
        let run = facematch()
            .args(["known", "unknown", "-q", "-w", width])
            .ends_with(0);
        let names: Vec<_> = run
            .text()
            .lines()
            .map(|line| line.split('\t').nth(1))
            .collect();
        let expected = [Some("unknown"), Some("no faces"), Some("obama")];
        assert_eq!(names, expected, "{width}");
        assert_eq!(run.stderr, "");
    }
}

#[test]
fn retinaface_has_five_landmarks_of_its_own() {
    let run = retinaface(&["detect", OBAMA2, "-f", "json"]);
    let records: Vec<Value> = serde_json::from_str(run.text()).unwrap();
    assert_valid(&records);
    let landmarks = only_face(&records[0])["landmarks"].as_object().unwrap();
    let names = [
        "left_eye",
        "right_eye",
        "nose_tip",
        "mouth_left",
        "mouth_right",
    ];
    assert_eq!(landmarks.len(), names.len());
    let [left_eye, right_eye, nose, mouth_left, mouth_right] =
        names.map(|name| ["x", "y"].map(|axis| landmarks[name][axis].as_f64().unwrap()));
    for [x, y] in [left_eye, right_eye, nose, mouth_left, mouth_right] {
        let [left, top, width, height] = face_box(only_face(&records[0])).map(|v| v as f64);
        let (right, bottom) = (left + width, top + height);
        assert!((left..right).contains(&x) && (top..bottom).contains(&y));
    }
    assert!(left_eye[0] < nose[0] && nose[0] < right_eye[0]);
    assert!(mouth_left[0] < nose[0] && nose[0] < mouth_right[0]);
    for [eye, mouth] in [[left_eye, mouth_left], [right_eye, mouth_right]] {
        assert!(eye[1] < nose[1] && nose[1] < mouth[1]);
    }
}

#[test]
fn another_landmark_model_can_be_used_with_retinaface() {
    let search =
        |arguments: &[&str]| retinaface(&[arguments, &["--landmarks", FIVE_POINTS]].concat());
    let run = search(&["detect", OBAMA2, "-f", "ndjson"]);
    let record = run.record(OBAMA2);
    let landmarks = only_face(&record)["landmarks"].as_object().unwrap();
    // The same as HOG's, but for the width of a hair: the models searched in other boxes.
    let run = facematch()
        .args(["detect", OBAMA2, "-f", "ndjson", "--detector", "hog"])
        .ends_with(0);
    let of_hog = run.record(OBAMA2);
    let of_hog = only_face(&of_hog)["landmarks"].as_object().unwrap();
    assert_eq!(landmarks.len(), 5);
    for (name, point) in of_hog {
        for axis in ["x", "y"] {
            let [found, expected] = [&landmarks[name], point].map(|p| p[axis].as_f64().unwrap());
            assert!((found - expected).abs() < 12.0, "{name} {found} {expected}");
        }
    }
    let run = search(&["known", OBAMA2]);
    let is_named = run.text().starts_with("unknown/obama2.jpg\tobama\t0.");
    assert!(is_named, "{}", run.text());
}

#[test]
#[ignore = "needs the 68-point model of Debian's libdlib-data"]
fn sixty_eight_landmarks_can_be_used_with_retinaface() {
    let with_model = ["--landmarks", SIXTY_EIGHT_POINTS];
    let run = retinaface(&[&["detect", OBAMA2, "-f", "ndjson"], &with_model[..]].concat());
    let record = run.record(OBAMA2);
    let face = only_face(&record);
    let landmarks = face["landmarks"].as_object().unwrap();
    assert_eq!(landmarks.len(), 68);
    let [x, y, w, h] = face_box(face).map(|v| v as f64);
    for (name, point) in landmarks {
        let [px, py] = ["x", "y"].map(|axis| point[axis].as_f64().unwrap());
        let inside =
            (x - w / 4.0..x + w * 1.25).contains(&px) && (y - h / 4.0..y + h * 1.25).contains(&py);
        assert!(inside, "{name} at {px}, {py}");
    }
    let run = retinaface(&[&["known", OBAMA2], &with_model[..]].concat());
    let is_named = run.text().starts_with("unknown/obama2.jpg\tobama\t0.");
    assert!(is_named, "{}", run.text());
}

#[test]
fn faces_of_different_landmarks_are_not_compared() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy(OBAMA2, "obama2.jpg");
    let enroll = |detector: &str| {
        let gallery = format!("{detector}.safetensors");
        env.facematch()
            .args(["enroll", "known", "-o", &gallery, "--detector", detector])
            .ends_with(0);
    };
    let search = |detector: &str, gallery: &str, status| {
        env.facematch()
            .args([gallery, "obama2.jpg", "--detector", detector])
            .ends_with(status)
    };
    enroll("hog");
    enroll("retinaface");
    let (hog, retinaface) = ("hog.safetensors", "retinaface.safetensors");
    assert_snapshot!(search("retinaface", hog, 3).stderr, @"facematch: gallery: hog.safetensors: was made with another landmark model (5 points c4b1e980 instead of 5 points f80a9b7b), so its faces cannot be compared; enroll its photos again, with facematch enroll --reencode, or give --detector hog");
    assert_snapshot!(search("hog", retinaface, 3).stderr, @"facematch: gallery: retinaface.safetensors: was made with another landmark model (5 points f80a9b7b instead of 5 points c4b1e980), so its faces cannot be compared; enroll its photos again, with facematch enroll --reencode, or give --detector retinaface");
    for (detector, gallery) in [("retinaface", retinaface), ("cnn", hog)] {
        let run = search(detector, gallery, 0);
        assert!(run.text().contains("\tobama\t0."), "{}", run.text());
    }
    env.facematch()
        .args(["enroll", "--reencode", hog, "-o", "again.safetensors"])
        .ends_with(0);
    search("retinaface", "again.safetensors", 0);
    // The landmark model of the gallery helps, too.
    env.facematch()
        .args([hog, "obama2.jpg", "--detector", "retinaface"])
        .arg("--landmarks")
        .arg(repository(FIVE_POINTS))
        .ends_with(0);
}

#[test]
fn a_missing_model_of_retinaface_is_named() {
    let env = TestEnv::new();
    env.copy("unknown/chelsea.png", "chelsea.png");
    env.folder("empty");
    let run = env
        .facematch()
        .args(["detect", "chelsea.png", "--models", "empty"])
        .args(["--detector", "retinaface"])
        .ends_with(3);
    assert_snapshot!(run.stderr, @"facematch: models: empty/retinaface_mobilenet_0.25.safetensors: is missing; name the folder that holds the models with --models DIR");
}

#[test]
fn faces_below_the_minimum_score_are_left_out() {
    let faces = |detector: &str, score: &str| {
        let run = facematch()
            .args(["detect", "unknown", "-f", "ndjson", "--min-score", score])
            .args(["--detector", detector])
            .ends_with(0);
        run.records().last().unwrap()["face_count"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(
        ["0.5", "0.99", "1"].map(|score| faces("retinaface", score)),
        [2, 2, 0]
    );
    // The scores of both faces are 1.64 and 1.87.
    assert_eq!(
        ["0", "1.7", "10"].map(|score| faces("hog", score)),
        [2, 1, 0]
    );
}

#[test]
fn a_minimum_score_out_of_range_is_refused() {
    let message = |score: &str| {
        let run = facematch()
            .args(["detect", "unknown", "--min-score", score])
            .ends_with(2);
        assert_eq!(run.text(), "");
        run.stderr
    };
    assert_snapshot!(message("-0.1"), @"
    error: invalid value '-0.1' for '--min-score <S>': expected a number from 0 to 10, such as 0.8

    For more information, try '--help'.
    ");
    for wrong in ["10.1", "NaN", "inf", "high", ""] {
        let error = message(wrong);
        let expected = "expected a number from 0 to 10, such as 0.8";
        assert!(error.contains(expected), "{wrong}: {error}");
    }
}

/// Whether or not the build has that engine.
#[test]
fn the_dlib_engine_has_neither_retinaface_nor_scores() {
    let message = |option: [&str; 2]| {
        let run = facematch()
            .args(["known", "unknown", "--engine", "dlib"])
            .args(option)
            .ends_with(2);
        run.stderr
    };
    assert_snapshot!(message(["--detector", "retinaface"]), @"facematch: --detector retinaface needs --engine native");
    assert_snapshot!(message(["--min-score", "0.5"]), @"facematch: --min-score needs --engine native");
}
