//! Options of the engine: jitters, other landmark models, the other detector, extreme sizes.

use facematch::engine::SimdLevel;
use image::{ImageFormat, RgbImage};
use insta::assert_snapshot;
use serde_json::Value;

#[cfg(feature = "dlib")]
use crate::common::assert_like;
use crate::common::photos::encoded;
use crate::common::{
    RunExt, TestEnv, assert_near_box, face_box, facematch, only_face, repository, sample_bytes,
};

const OBAMA2: &str = "unknown/obama2.jpg";

/// Path of the 68-point model in Debian's libdlib-data.
const SIXTY_EIGHT_POINTS: &str = "/usr/share/dlib/shape_predictor_68_face_landmarks.dat";

#[test]
fn jittered_encodings_are_the_same_every_time() {
    let distance = |more: &[&str]| {
        let run = facematch()
            .args(["known/obama.jpg", OBAMA2, "-f", "ndjson"])
            .args(more)
            .ends_with(0);
        only_face(&run.record(OBAMA2))["distance"].as_f64().unwrap()
    };
    let plain = distance(&[]);
    let jittered = distance(&["--jitters", "5"]);
    assert_eq!(jittered, distance(&["--jitters", "5"]));
    assert_ne!(jittered, plain);
    assert!((jittered - plain).abs() < 0.1, "{jittered} against {plain}");
    // The face itself, once.
    assert_eq!(distance(&["--jitters", "1"]), plain);
}

#[test]
fn jittered_results_do_not_depend_on_the_number_of_jobs() {
    let results = |jobs: &str| {
        let run = facematch()
            .args(["known", "unknown", "--jitters", "3", "-f", "json"])
            .args(["--jobs", jobs, "--detector", "hog"])
            .ends_with(0);
        run.stdout
    };
    assert_eq!(results("1"), results("3"));
}

#[test]
fn every_simd_level_prints_the_same_text() {
    let results = |level: Option<&str>, detector: &str| {
        let mut command = facematch();
        command.args(["known", "unknown", "--detector", detector, "-w", "300"]);
        match level {
            Some(level) => command.env("FACEMATCH_SIMD", level),
            None => command.env_remove("FACEMATCH_SIMD"),
        };
        command.ends_with(0).stdout
    };
    for detector in ["hog", "cnn", "retinaface"] {
        let wanted = results(None, detector);
        assert!(!wanted.is_empty());
        for level in SimdLevel::available() {
            let got = results(Some(level.name()), detector);
            assert_eq!(got, wanted, "{detector} {level}");
        }
    }
}

#[cfg(feature = "dlib")]
#[test]
fn the_dlib_engine_gives_the_same_names_and_distances() {
    let results = |engine: &str| {
        let run = facematch()
            .args(["known", "unknown", "--detector", "hog", "--engine", engine])
            .ends_with(0);
        run.text().to_owned()
    };
    assert_like(&results("dlib"), &results("native"));
}

#[cfg(feature = "dlib")]
#[test]
fn the_dlib_engine_tells_no_scores() {
    let run = facematch()
        .args(["detect", OBAMA2, "--engine", "dlib", "-f", "ndjson"])
        .ends_with(0);
    assert_eq!(only_face(&run.record(OBAMA2))["score"], Value::Null);
    assert_eq!(run.records().pop().unwrap()["engine"], "dlib");
}

#[test]
#[ignore = "needs the 68-point model of Debian's libdlib-data"]
fn a_landmark_model_of_68_points_can_be_used() {
    let run = facematch()
        .args([
            "detect",
            OBAMA2,
            "-f",
            "ndjson",
            "--landmarks",
            SIXTY_EIGHT_POINTS,
        ])
        .ends_with(0);
    let record = run.record(OBAMA2);
    let face = only_face(&record);
    let landmarks = face["landmarks"].as_object().unwrap();
    assert_eq!(landmarks.len(), 68);
    let [x, y, w, h] = face_box(face).map(|v| v as f64);
    for (name, point) in landmarks {
        let (px, py) = (point["x"].as_f64().unwrap(), point["y"].as_f64().unwrap());
        let inside =
            (x - w / 2.0..x + w * 1.5).contains(&px) && (y - h / 2.0..y + h * 1.5).contains(&py);
        assert!(inside, "{name} at {px}, {py}");
    }

    // Its chips differ a little from those of the 5 points; the person does not.
    let run = facematch()
        .args(["known", OBAMA2, "--landmarks", SIXTY_EIGHT_POINTS])
        .ends_with(0);
    assert!(
        run.text().starts_with("unknown/obama2.jpg\tobama\t0."),
        "{}",
        run.text()
    );
}

#[test]
fn what_is_no_landmark_model_is_refused() {
    let env = TestEnv::new();
    env.copy("unknown/chelsea.png", "chelsea.png");
    let model = sample_bytes("models/shape_predictor_5_face_landmarks.dat");
    env.write("cut.dat", &model[..100_000]);
    env.write("empty.dat", "");
    env.write("readme.md", "# Models\n");
    env.copy("models/mmod_human_face_detector.dat", "mmod.dat");
    let message = |file: &str| {
        let mut command = env.facematch();
        command.args(["detect", "chelsea.png", "--landmarks", file]);
        command.ends_with(3).stderr
    };
    assert_snapshot!(message("missing.dat"), @"facematch: models: missing.dat: is missing");
    assert_snapshot!(message("cut.dat"), @"facematch: models: cut.dat: damaged at byte 99988: a leaf claims 10 items, more than the 8 bytes that follow can hold; get the file again");
    assert_snapshot!(message("empty.dat"), @"facematch: models: empty.dat: is not a model: it is empty; the download or copy failed, so get the file again");
    assert_snapshot!(message("readme.md"), @"facematch: models: readme.md: is not a landmark model of dlib (a shape predictor)");
    assert_snapshot!(message("mmod.dat"), @"facematch: models: mmod.dat: is not a landmark model of dlib (a shape predictor)");
}

#[test]
fn the_cnn_detector_finds_the_same_face() {
    let run = facematch()
        .args(["detect", "unknown/astronaut.png", "-f", "ndjson"])
        .args(["--detector", "cnn", "--width", "300"])
        .ends_with(0);
    let record = run.record("unknown/astronaut.png");
    assert_near_box(
        face_box(only_face(&record)),
        [179, 78, 93, 93],
        25,
        "astronaut.png",
    );
    assert_eq!(run.records().pop().unwrap()["detector"], "cnn");
}

#[test]
fn boxes_are_those_of_the_photo_at_any_working_width() {
    for width in ["0", "300", "900"] {
        let run = facematch()
            .args(["detect", OBAMA2, "-f", "ndjson", "-w", width])
            .ends_with(0);
        let record = run.record(OBAMA2);
        assert_eq!([&record["width"], &record["height"]], [626, 1200]);
        // The detector's boxes come in steps of a fifth, so they only overlap well.
        let got = face_box(only_face(&record));
        let overlap = overlap(got, [139, 289, 337, 336]);
        assert!(overlap > 0.5, "{width}: {got:?} overlaps by {overlap}");
    }
}

/// Returns the common area of two boxes, as a fraction of the area that both cover.
fn overlap(a: [i64; 4], b: [i64; 4]) -> f64 {
    let common = |start: usize, length: usize| {
        let end = (a[start] + a[length]).min(b[start] + b[length]);
        (end - a[start].max(b[start])).max(0)
    };
    let both = common(0, 2) * common(1, 3);
    both as f64 / (a[2] * a[3] + b[2] * b[3] - both) as f64
}

#[test]
fn upsampling_finds_smaller_faces() {
    let faces = |upsample: &str| {
        let run = facematch()
            .args(["detect", "unknown/astronaut.png", "-f", "ndjson"])
            .args(["--detector", "hog", "-w", "250", "--upsample", upsample])
            .ends_with(0);
        let record = run.record("unknown/astronaut.png");
        record["faces"].as_array().unwrap().len()
    };
    // The face is 45 of 250 pixels wide.
    assert_eq!((faces("0"), faces("1")), (0, 1));
}

#[test]
fn a_working_width_of_1_finds_nothing_and_breaks_nothing() {
    for detector in ["hog", "cnn", "retinaface"] {
        let run = facematch()
            .args(["detect", "unknown/chelsea.png", "-f", "ndjson", "-w", "1"])
            .args(["--detector", detector])
            .ends_with(0);
        assert_eq!(
            run.record("unknown/chelsea.png")["faces"],
            Value::Array(Vec::new())
        );
    }
}

#[test]
fn a_working_copy_beyond_what_the_detector_takes_is_an_error() {
    let env = TestEnv::new();
    let strip = RgbImage::new(64, 8);
    env.write("strip.png", encoded(&strip, ImageFormat::Png));
    for detector in ["hog", "cnn", "retinaface"] {
        let run = env
            .facematch()
            .args([
                "detect",
                "strip.png",
                "-f",
                "ndjson",
                "--detector",
                detector,
            ])
            .args(["--width", "16384", "--upsample", "4"])
            .ends_with(1);
        let record = run.record("strip.png");
        let message = record["message"].as_str().unwrap();
        assert_eq!(record["kind"], "too_large");
        assert!(
            message.contains("use a smaller --width or --upsample"),
            "{message}"
        );
    }
}

#[test]
fn the_models_can_be_named_in_the_environment_and_on_the_command_line() {
    let env = TestEnv::new();
    env.copy("unknown/chelsea.png", "chelsea.png");
    env.facematch()
        .env("FACEMATCH_MODELS", "missing")
        .args(["detect", "chelsea.png"])
        .ends_with(3);
    env.facematch()
        .env("FACEMATCH_MODELS", "missing")
        .args(["detect", "chelsea.png", "--models"])
        .arg(repository("models"))
        .ends_with(0);
}
