//! `facematch sort`: the files of one shot stay together: a JPEG and its raw file, a photo and the
//! video of its Live Photo.

use crate::common::photos::{at_width, encoded, pixels};
use crate::common::raw_files::raw_file;
use crate::common::{RunExt, TestEnv};
use crate::sorting::{below, bytes, sort};
use image::{ImageFormat, RgbImage};

fn jpeg(sample: &str, width: u32) -> Vec<u8> {
    encoded(&at_width(&pixels(sample), width), ImageFormat::Jpeg)
}

/// Returns a raw file that shows `sample`.
fn raw(format: &str, sample: &str) -> Vec<u8> {
    let small = encoded(&RgbImage::new(160, 120), ImageFormat::Jpeg);
    raw_file(format, &jpeg(sample, 700), &small, 1)
}

/// Returns a camera's shots and a phone's.
fn scene() -> TestEnv {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("known/biden.jpg", "known/biden.jpg");
    // The preview in the raw file shows nobody.
    env.write("photos/a/IMG_1.CR2", raw("cr2", "unknown/chelsea.png"));
    env.copy("unknown/obama2.jpg", "photos/a/IMG_1.JPG");
    env.write("photos/a/IMG_1.CR2.xmp", "of the raw file");
    env.write("photos/a/IMG_1.xmp", "of both");
    env.copy("tests/photos/portrait.heic", "photos/a/IMG_2.HEIC");
    env.write("photos/a/IMG_2.mov", "a video");
    env.write("photos/a/IMG_2.AAE", "edits");
    // Another camera has the same numbers.
    env.write("photos/b/IMG_1.JPG", jpeg("unknown/obama2.jpg", 600));
    env.write("photos/b/IMG_1.NEF", raw("nef", "unknown/obama2.jpg"));
    env.write("photos/b/IMG_2.JPG", jpeg("unknown/obama2.jpg", 650));
    env
}

/// The files of [`scene`] and where they go.
const PLACES: [(&str, &str); 10] = [
    ("photos/a/IMG_1.CR2", "out/obama/IMG_1.CR2"),
    ("photos/a/IMG_1.CR2.xmp", "out/obama/IMG_1.CR2.xmp"),
    ("photos/a/IMG_1.JPG", "out/obama/IMG_1.JPG"),
    ("photos/a/IMG_1.xmp", "out/obama/IMG_1.xmp"),
    ("photos/a/IMG_2.AAE", "out/obama/IMG_2.AAE"),
    ("photos/a/IMG_2.HEIC", "out/obama/IMG_2.HEIC"),
    ("photos/a/IMG_2.mov", "out/obama/IMG_2.mov"),
    ("photos/b/IMG_1.JPG", "out/obama/IMG_1.2.JPG"),
    ("photos/b/IMG_1.NEF", "out/obama/IMG_1.2.NEF"),
    // It is no part of the Live Photo with this number.
    ("photos/b/IMG_2.JPG", "out/obama/IMG_2.2.JPG"),
];

fn places() -> Vec<&'static str> {
    let mut places: Vec<_> = PLACES.iter().map(|(_, place)| *place).collect();
    places.sort_unstable();
    places
}

#[test]
fn files_of_one_shot_go_to_the_same_folder_with_the_same_name() {
    for by in ["copy", "hardlink", "symlink", "move"] {
        let env = scene();
        let before = PLACES.map(|(file, _)| bytes(&env, file));
        let told = sort(&env, &["--by", by, "--dry-run"], 0);
        assert_eq!(below(&env, "out"), [""; 0]);
        let run = sort(&env, &["--by", by], 0);
        assert_eq!(
            run.text(),
            told.text()
                .replace("would copy", "copied")
                .replace("would link", "linked")
                .replace("would move", "moved"),
            "{by}"
        );
        assert_eq!(run.text().lines().count(), 4, "{}", run.text());
        let counted = "; 2 photos go with others of the same shots";
        assert!(run.stderr.contains(counted), "{}", run.stderr);
        assert_eq!(below(&env, "out"), places(), "{by}");
        for ((_, place), before) in PLACES.iter().zip(&before) {
            assert_eq!(bytes(&env, place), *before, "{by}, {place}");
        }
        let left = below(&env, "photos").len();
        assert_eq!(left, if by == "move" { 0 } else { PLACES.len() }, "{by}");
        if by != "move" {
            let again = sort(&env, &["--by", by], 0);
            assert_eq!(again.text(), "", "{by}");
            assert_eq!(below(&env, "out"), places(), "{by}");
        }
    }
}

#[test]
fn a_shot_is_moved_to_another_file_system_completely() {
    let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else {
        return;
    };
    let env = scene();
    let before = PLACES.map(|(file, _)| bytes(&env, file));
    let into = elsewhere.path().to_str().unwrap();
    env.facematch()
        .args(["sort", "--by", "move", "known", "photos", "--into", into])
        .ends_with(0);
    for ((_, place), before) in PLACES.iter().zip(&before) {
        let place = elsewhere.path().join(place.strip_prefix("out/").unwrap());
        assert_eq!(std::fs::read(&place).unwrap(), *before, "{place:?}");
    }
    assert_eq!(below(&env, "photos"), [""; 0]);
}

#[test]
fn the_raw_file_of_a_shot_leads_if_the_jpeg_is_not_searched() {
    let env = scene();
    std::fs::remove_dir_all(env.path("photos/b")).unwrap();
    env.write("photos/a/IMG_1.CR2", raw("cr2", "known/biden.jpg"));
    sort(&env, &["--by", "move", "--ext", "cr2"], 0);
    let wanted = ["IMG_1.CR2", "IMG_1.CR2.xmp", "IMG_1.JPG", "IMG_1.xmp"];
    assert_eq!(
        below(&env, "out"),
        wanted.map(|name| format!("out/biden/{name}"))
    );
}

#[test]
fn no_file_of_a_shot_is_overwritten_and_none_is_left_behind() {
    for (there, by) in [
        ("IMG_1.CR2", "move"),
        ("IMG_1.DNG", "copy"),
        ("IMG_1.MOV", "hardlink"),
        ("IMG_2.mov", "move"),
        ("IMG_2.JPG", "symlink"),
    ] {
        let env = scene();
        std::fs::remove_dir_all(env.path("photos/b")).unwrap();
        env.write(format!("out/obama/{there}"), "of another shot");
        sort(&env, &["--by", by], 0);
        assert_eq!(
            bytes(&env, &format!("out/obama/{there}")),
            b"of another shot"
        );
        let number = &there[..5];
        let numbered = PLACES.iter().filter(|(file, _)| file.contains("/a/"));
        let mut wanted: Vec<_> = numbered
            .map(|(_, place)| place.replace(number, &format!("{number}.2")))
            .collect();
        wanted.push(format!("out/obama/{there}"));
        wanted.sort();
        assert_eq!(below(&env, "out"), wanted, "{there}");
    }
}

/// A file that cannot be moved keeps its whole shot where it is.
#[cfg(unix)]
#[test]
fn a_shot_stays_where_it_is_if_a_file_of_it_cannot_be_moved() {
    let env = scene();
    std::fs::remove_dir_all(env.path("photos/b")).unwrap();
    let raw = env.path("photos/a/IMG_1.CR2");
    std::fs::rename(&raw, env.path("elsewhere.CR2")).unwrap();
    std::os::unix::fs::symlink(env.path("elsewhere.CR2"), &raw).unwrap();
    let run = sort(&env, &["--by", "move"], 1);
    assert!(run.stderr.contains("it is a link"), "{}", run.stderr);
    let stay = below(&env, "photos");
    assert_eq!(
        stay,
        ["IMG_1.CR2", "IMG_1.CR2.xmp", "IMG_1.JPG", "IMG_1.xmp"]
            .map(|name| format!("photos/a/{name}"))
    );
    assert!(env.path("elsewhere.CR2").exists());
    assert_eq!(below(&env, "out").len(), 3);
}

#[test]
fn all_files_of_a_shot_stay_or_go_into_the_folder_for_strangers() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("unknown/astronaut.png", "photos/IMG_1.jpg");
    env.write("photos/IMG_1.arw", raw("arw", "unknown/obama2.jpg"));
    env.write("photos/IMG_1.MOV", "a video");
    sort(&env, &["--by", "move"], 0);
    assert_eq!(below(&env, "photos").len(), 3);
    sort(&env, &["--by", "move", "--unknown-into", "strangers"], 0);
    assert_eq!(below(&env, "photos"), [""; 0]);
    assert_eq!(
        below(&env, "strangers"),
        ["IMG_1.MOV", "IMG_1.arw", "IMG_1.jpg"].map(|name| format!("strangers/{name}"))
    );
}
