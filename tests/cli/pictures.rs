//! Crops and drawings.

use std::path::Path;

use image::{ImageFormat, RgbImage};

use crate::common::photos::{at_width, encoded, oriented_jpeg, pixels};
use crate::common::{RunExt, TestEnv, repository};

const GREEN: [u8; 3] = [40, 200, 80];
const YELLOW: [u8; 3] = [255, 200, 0];
const BLUE: [u8; 3] = [64, 160, 255];
const GREY: [u8; 3] = [170, 170, 170];

/// Returns the number of pixels that are `color`, within the tolerance of JPEG.
fn count(image: &RgbImage, color: [u8; 3]) -> usize {
    let near = |pixel: [u8; 3]| pixel.iter().zip(color).all(|(&a, b)| a.abs_diff(b) <= 24);
    image.pixels().filter(|pixel| near(pixel.0)).count()
}

#[test]
fn crops_are_upright_chips_of_150_pixels() {
    let env = TestEnv::new();
    env.copy("unknown/astronaut.png", "photos/astronaut.png");
    env.copy("unknown/chelsea.png", "photos/chelsea.png");
    let upright = at_width(&pixels("unknown/obama2.jpg"), 400);
    env.write("photos/turned.jpg", oriented_jpeg(&upright, 6));
    env.write("photos/upright.jpg", oriented_jpeg(&upright, 1));
    env.facematch()
        .args(["detect", "photos", "--crops", "out/crops"])
        .ends_with(0);
    let crops: Vec<_> = env
        .files()
        .into_iter()
        .filter(|f| f.starts_with("out"))
        .collect();
    assert_eq!(
        crops,
        [
            "out/crops/photos/astronaut.png.face1.png",
            "out/crops/photos/turned.jpg.face1.png",
            "out/crops/photos/upright.jpg.face1.png",
        ]
    );
    let open = |name: &str| image::open(env.path(name)).unwrap().into_rgb8();
    for crop in &crops {
        assert_eq!(open(crop).dimensions(), (150, 150), "{crop}");
    }
    let (turned, upright) = (open(&crops[1]), open(&crops[2]));
    let difference: f64 = turned
        .iter()
        .zip(upright.iter())
        .map(|(a, b)| f64::from(a.abs_diff(*b)))
        .sum::<f64>()
        / f64::from(150 * 150 * 3);
    assert!(difference < 8.0, "the mean difference is {difference}");
}

#[test]
fn drawings_show_the_photo_as_displayed_with_its_faces() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("unknown/astronaut.png", "photos/astronaut.png");
    env.copy("unknown/chelsea.png", "photos/chelsea.png");
    let upright = at_width(&pixels("unknown/obama2.jpg"), 400);
    env.write("photos/turned.jpg", oriented_jpeg(&upright, 6));
    env.facematch()
        .args(["known", "photos", "--draw", "drawn"])
        .ends_with(0);
    env.facematch()
        .args(["detect", "photos/turned.jpg", "--draw", "found"])
        .ends_with(0);
    let drawings: Vec<_> = env
        .files()
        .into_iter()
        .filter(|f| f.starts_with("drawn") || f.starts_with("found"))
        .collect();
    assert_eq!(
        drawings,
        [
            "drawn/photos/astronaut.png.faces.jpg",
            "drawn/photos/turned.jpg.faces.jpg",
            "found/photos/turned.jpg.faces.jpg",
        ]
    );
    let photos = [pixels("unknown/astronaut.png"), upright.clone(), upright];
    for ((drawing, photo), color) in drawings.iter().zip(photos).zip([YELLOW, GREEN, BLUE]) {
        let drawn = image::open(env.path(drawing)).unwrap().into_rgb8();
        assert_eq!(drawn.dimensions(), photo.dimensions(), "{drawing}");
        let (before, after) = (count(&photo, color), count(&drawn, color));
        assert!(
            after > before + 200,
            "{drawing}: {before} before, {after} after"
        );
    }
}

#[test]
fn a_face_that_is_not_compared_is_grey() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    // The face is 19 pixels wide.
    let small = at_width(&pixels("unknown/astronaut.png"), 100);
    env.write("small.png", encoded(&small, ImageFormat::Png));
    let drawn = |quality: &str| {
        env.facematch()
            .args(["known", "small.png", "--draw", "drawn"])
            .args(["--min-quality", quality])
            .ends_with(0);
        let drawing = image::open(env.path("drawn/small.png.faces.jpg")).unwrap();
        let drawing = drawing.into_rgb8();
        [GREY, YELLOW].map(|color| count(&drawing, color) > count(&small, color) + 50)
    };
    assert_eq!(drawn("0.9"), [true, false]);
    assert_eq!(drawn("0"), [false, true]);
}

/// The letters 山 and 田 are in tests/fonts/shapes.ttf and not in the built-in font.
#[test]
fn names_are_drawn_in_a_font_that_has_their_letters_or_a_warning_says_that_none_has() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/山田.jpg");
    env.copy("unknown/obama2.jpg", "photo.jpg");
    env.copy("unknown/obama2.jpg", "same.jpg");
    env.folder("none");
    let draw = |fonts: &Path, target: &str| {
        env.facematch()
            .env("FACEMATCH_FONTS", fonts)
            .args(["known", "photo.jpg", "same.jpg", "--draw", target])
            .ends_with(0)
    };
    let without = draw(&env.path("none"), "without");
    let warning = "facematch: warning: no font has the letters 山田, which are drawn as boxes; install Noto Sans CJK";
    assert_eq!(
        without.stderr.matches(warning).count(),
        1,
        "{}",
        without.stderr
    );
    assert!(
        without.stderr.contains("FACEMATCH_FONTS"),
        "{}",
        without.stderr
    );
    let with = draw(&repository("tests/fonts"), "with");
    assert!(!with.stderr.contains("warning"), "{}", with.stderr);
    let drawing =
        |target: &str| std::fs::read(env.path(target).join("photo.jpg.faces.jpg")).unwrap();
    assert_ne!(drawing("without"), drawing("with"));
}

#[test]
fn the_crop_of_a_face_in_a_turned_photo_is_upright() {
    let env = TestEnv::new();
    let upright = at_width(&pixels("unknown/obama2.jpg"), 400);
    env.write("upright.png", encoded(&upright, ImageFormat::Png));
    let turned = image::imageops::rotate180(&upright);
    env.write("turned.png", encoded(&turned, ImageFormat::Png));
    env.facematch()
        .args(["detect", ".", "--crops", "out", "--try-rotations"])
        .ends_with(0);
    let open = |name: &str| {
        let path = env.path(format!("out/{name}.png.face1.png"));
        image::open(path).unwrap().into_rgb8()
    };
    let (turned, upright) = (open("turned"), open("upright"));
    let pairs = turned.iter().zip(upright.iter());
    let sum: f64 = pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
    assert!(sum / f64::from(150 * 150 * 3) < 8.0, "{sum}");
}

#[test]
fn a_picture_that_cannot_be_written_is_an_error_beside_the_photos_record() {
    let env = TestEnv::new();
    env.copy("unknown/astronaut.png", "photos/astronaut.png");
    // A file where a folder is needed.
    env.write("out/photos", "");
    let run = env
        .facematch()
        .args(["detect", "photos", "--crops", "out", "-f", "ndjson"])
        .ends_with(1);
    let records = run.records();
    let types: Vec<_> = records
        .iter()
        .map(|r| r["type"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["image", "error", "summary"]);
    assert_eq!(records[0]["faces"].as_array().unwrap().len(), 1);
    assert_eq!(records[1]["kind"], "write");
    assert_eq!(records[1]["path"], "photos/astronaut.png");
}

#[test]
fn a_second_run_does_not_search_the_pictures_of_the_first() {
    let env = TestEnv::new();
    env.copy("unknown/astronaut.png", "astronaut.png");
    for _ in 0..2 {
        let run = env
            .facematch()
            .args(["detect", ".", "-f", "ndjson"])
            .args(["--crops", "out/crops", "--draw", "out/drawn"])
            .ends_with(0);
        assert_eq!(run.records().len(), 2);
    }
}

/// In this case, the drawings are beside the photos.
#[test]
fn a_later_run_without_the_option_does_not_search_the_pictures_either() {
    for folder in [".", "photos", "out"] {
        let env = TestEnv::new();
        env.copy("known/obama.jpg", "known/obama.jpg");
        env.copy("unknown/obama2.jpg", "here/photos/a.jpg");
        env.copy("known/biden.jpg", "here/b.jpg");
        let run = |more: &[&str]| {
            let mut command = env.facematch();
            command.current_dir(env.path("here"));
            command.args(["../known", ".", "-f", "ndjson"]).args(more);
            let mut records = command.ends_with(0).records();
            (records.pop().unwrap(), records)
        };
        let (_, first) = run(&["--draw", folder, "--crops", folder]);
        assert_eq!(first.len(), 2);
        for more in [&[][..], &["--draw", folder, "--crops", folder]] {
            // The photos in the folder are searched, and the picture of a known photo does not
            // become a person.
            let (summary, records) = run(more);
            assert_eq!(records, first, "{folder}");
            assert_eq!(summary["known_people"], 1);
            let skipped = serde_json::json!([
                { "extension": "face.png", "count": 2 },
                { "extension": "faces.jpg", "count": 2 },
            ]);
            assert_eq!(summary["skipped"], skipped);
        }
    }
}

#[test]
fn people_are_known_by_crops_that_the_user_has_put_there() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "a.jpg");
    env.copy("unknown/obama2.jpg", "b.jpg");
    env.facematch()
        .args(["detect", "a.jpg", "--crops", "known"])
        .ends_with(0);
    let run = env
        .facematch()
        .args(["known/a.jpg.face1.png", "b.jpg"])
        .ends_with(0);
    assert!(
        run.text().starts_with("b.jpg\ta.jpg.face1\t"),
        "{}",
        run.text()
    );
    let run = env.facematch().args(["known", "b.jpg"]).ends_with(0);
    assert!(
        run.text().starts_with("b.jpg\ta.jpg.face1\t"),
        "{}",
        run.text()
    );
}

#[test]
fn photos_of_the_folder_above_and_of_a_folder_of_underscores_have_pictures_of_their_own() {
    let env = TestEnv::new();
    let photo = encoded(
        &at_width(&pixels("unknown/obama2.jpg"), 300),
        ImageFormat::Png,
    );
    env.write("a.png", &photo);
    env.write("below/__/a.png", &photo);
    for (option, ending) in [("--draw", "faces.jpg"), ("--crops", "face1.png")] {
        let mut command = env.facematch();
        command.current_dir(env.path("below"));
        command.args(["detect", "-q", "../a.png", "__/a.png", option, "out"]);
        command.ends_with(0);
        for folder in ["__", "___"] {
            let picture = format!("below/out/{folder}/a.png.{ending}");
            assert!(env.path(&picture).is_file(), "{picture}");
        }
    }
}

#[cfg(unix)]
#[test]
fn two_photos_that_would_have_the_same_picture_are_refused() {
    let env = TestEnv::new();
    let absolute = env.write("a.png", "photo");
    let relative = absolute.strip_prefix("/").unwrap();
    let copy = env.write(relative, "another photo");
    assert_ne!(absolute, copy);
    for (option, ending) in [("--draw", "faces.jpg"), ("--crops", "face1.png")] {
        let mut command = env.facematch();
        command.args(["detect", option, "out"]);
        let run = command.arg(&absolute).arg(relative).ends_with(2);
        let (absolute, relative) = (absolute.display(), relative.display());
        let wanted = format!(
            "facematch: out/{relative}.{ending}: {absolute} and {relative} would both have this picture; search them in two \
             runs, with a folder for each\n"
        );
        assert_eq!(run.stderr, wanted);
    }
}
