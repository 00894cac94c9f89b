//! Photos that are stored sideways or upside down, without metadata about it: `--try-rotations`.

use image::imageops::{rotate90, rotate270};
use image::{ImageFormat, Rgb, RgbImage};

use crate::common::photos::{at_width, encoded, pixels, side_by_side};
use crate::common::{
    RunExt, TestEnv, assert_near_box, face_box, facematch, only_face, repository, sample_bytes,
};

const FAULTS: &str = "tests/faults/try-rotations-auto";

/// Returns `upright` rotated clockwise by `degrees` about its middle, on a grey square that
/// contains all of it.
fn tilted(upright: &RgbImage, degrees: f64) -> RgbImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (width, height) = (f64::from(upright.width()), f64::from(upright.height()));
    let side = width.hypot(height).ceil();
    RgbImage::from_fn(side as u32, side as u32, |x, y| {
        let (right, down) = (f64::from(x) - side / 2.0, f64::from(y) - side / 2.0);
        let from = [
            width / 2.0 + cos * right + sin * down,
            height / 2.0 - sin * right + cos * down,
        ];
        let [x, y] = from.map(|place| place.round() as i64);
        let pixel = u32::try_from(x).ok().zip(u32::try_from(y).ok());
        let pixel = pixel.and_then(|(x, y)| upright.get_pixel_checked(x, y));
        pixel.copied().unwrap_or(Rgb([128; 3]))
    })
}

fn png(image: &RgbImage) -> Vec<u8> {
    encoded(image, ImageFormat::Png)
}

#[test]
fn every_detector_names_a_face_stored_on_its_side_or_upside_down() {
    for detector in ["retinaface", "hog", "cnn"] {
        let run = facematch()
            .args(["known", FAULTS, "-f", "ndjson", "--try-rotations"])
            .args(["--detector", detector])
            .ends_with(0);
        for photo in ["rot90.jpg", "rot180.jpg"] {
            let record = run.record(format!("{FAULTS}/{photo}"));
            let face = only_face(&record);
            assert_eq!(face["name"], "obama", "{detector} {photo}");
            assert!(face["distance"].as_f64().unwrap() < 0.45, "{face}");
        }
    }
}

#[test]
fn a_turned_face_is_told_where_it_is_in_the_photo_as_displayed() {
    let env = TestEnv::new();
    let upright = at_width(&pixels("unknown/obama2.jpg"), 400);
    let (width, height) = upright.dimensions();
    env.write("upright.png", png(&upright));
    env.write("turned.png", png(&rotate270(&upright)));
    let run = facematch()
        .args(["detect", "-f", "ndjson", "--try-rotations"])
        .args(["--width", "0", "--detector", "hog"])
        .args([env.path("upright.png"), env.path("turned.png")])
        .ends_with(0);
    let upright = run.record(env.path("upright.png"));
    let [x, y, w, h] = face_box(only_face(&upright));
    let turned = run.record(env.path("turned.png"));
    assert_eq!(turned["width"], height);
    let expected = [y, i64::from(width) - x - w, h, w];
    assert_near_box(face_box(only_face(&turned)), expected, 3, "turned");
}

#[test]
fn upright_photos_give_the_same_with_and_without() {
    let run = |more: &[&str]| {
        let arguments = ["known", "unknown", "-f", "ndjson", "--all-distances"];
        let mut command = facematch();
        command.args(arguments).args(more).ends_with(0).stdout
    };
    assert_eq!(run(&["--try-rotations"]), run(&[]));
}

#[test]
fn tilted_faces_are_kept_and_so_is_an_upright_face_beside_one_on_its_side() {
    let env = TestEnv::new();
    let obama = at_width(&pixels("known/obama.jpg"), 400);
    let biden = at_width(&pixels("known/biden.jpg"), 400);
    for degrees in [-30, 30, 45] {
        let tilted = tilted(&obama, f64::from(degrees));
        env.write(format!("photos/tilted{degrees}.png"), png(&tilted));
    }
    let both = side_by_side(&obama, &rotate90(&biden));
    env.write("photos/two.png", png(&both));
    let names = |more: &[&str]| {
        let run = facematch()
            .args(["known", "-f", "ndjson", "--width", "800"])
            .arg(env.path("photos"))
            .args(more)
            .ends_with(0);
        let records = run.records();
        let faces = records.iter().filter_map(|r| r["faces"].as_array());
        let names = faces.flatten().filter_map(|face| face["name"].as_str());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    let without = names(&[]);
    assert!(without.iter().all(|name| name == "obama"), "{without:?}");
    assert_eq!(names(&["--try-rotations"]), without);
    assert_eq!(without.len(), 4);
}

#[test]
fn known_photos_on_their_side_are_enrolled_upright() {
    let env = TestEnv::new();
    let fixture = format!("{FAULTS}/rot90.jpg");
    env.write("known/obama.jpg", sample_bytes(&fixture));
    env.copy("unknown/obama2.jpg", "obama2.jpg");
    let run = env
        .facematch()
        .args(["enroll", "known", "-o", "people.safetensors"])
        .arg("--try-rotations")
        .ends_with(0);
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    let run = env
        .facematch()
        .args(["people.safetensors", "obama2.jpg", "-f", "ndjson"])
        .ends_with(0);
    let record = run.record("obama2.jpg");
    assert_eq!(only_face(&record)["name"], "obama");
}

#[test]
fn a_known_face_that_is_upright_in_no_turn_is_left_out_with_a_warning() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    // Halfway between two rotations, where the boxes of the CNN detector suit neither.
    let collins = tilted(&at_width(&pixels("unknown/astronaut.png"), 400), 45.0);
    env.write("known/collins.png", png(&collins));
    let cnn = ["--detector", "cnn", "--upsample", "0"];
    let enroll = |more: &[&str]| {
        env.facematch()
            .args(["enroll", "known", "-o", "people.safetensors"])
            .args(cnn)
            .args(more)
            .ends_with(0)
    };
    let run = enroll(&["--try-rotations"]);
    let warning =
        "known/collins.png: no face in this known photo is upright in any turn; it is left out";
    assert!(run.stderr.contains(warning), "{}", run.stderr);
    assert!(run.stderr.contains("1 person known"), "{}", run.stderr);

    let check = |more: &[&str], code| {
        let mut command = env.facematch();
        let run = command.args(["check", "known"]).args(cnn).args(more);
        run.ends_with(code).text().to_owned()
    };
    let text = check(&["--try-rotations"], 1);
    assert!(
        text.starts_with("known/collins.png\tnot upright\tcollins\t"),
        "{text}"
    );
    let json = check(&["--try-rotations", "-f", "json"], 1);
    assert!(
        json.contains("\"kind\":\"not_upright\"") || json.contains("\"kind\": \"not_upright\"")
    );
    assert!(!check(&[], 0).contains("not upright"));
}

/// `check` recommends `--try-rotations` for a photo without a face.
#[test]
fn what_check_advises_for_a_photo_on_its_side_is_true() {
    let env = TestEnv::new();
    env.copy("known/biden.jpg", "known/biden.jpg");
    env.write(
        "known/obama.jpg",
        sample_bytes(&format!("{FAULTS}/rot90.jpg")),
    );
    let check = |more: &[&str], code| {
        let mut command = env.facematch();
        let run = command.args(["check", "known"]).args(more);
        run.ends_with(code).text().to_owned()
    };
    let text = check(&["--detector", "hog"], 1);
    assert!(text.contains("known/obama.jpg\tno face"), "{text}");
    assert!(text.contains("--try-rotations"), "{text}");
    for detector in ["hog", "auto"] {
        check(&["--try-rotations", "--detector", detector], 0);
        let run = env
            .facematch()
            .args(["known", "--try-rotations", "--detector", detector])
            .arg(repository("unknown/obama2.jpg"))
            .ends_with(0);
        assert!(run.text().contains("\tobama\t"), "{}", run.text());
    }
}
