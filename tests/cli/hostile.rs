//! Inputs that are broken, odd or malicious: one record each, and the run continues.

use image::{ImageFormat, Rgb, RgbImage};

#[cfg(unix)]
use crate::common::limits::bound_by_permissions;
use crate::common::photos::{at_width, encoded, pixels, png_bomb};
use crate::common::{Run, RunExt, TestEnv, face_box, only_face, sample_bytes};

/// Returns an intact photo with a face, to which the test adds others.
fn beside_a_whole_photo() -> TestEnv {
    let env = TestEnv::new();
    env.copy("unknown/astronaut.png", "photos/whole.png");
    env
}

/// Searches `photos` and checks that the face in the intact one is found.
fn detect(env: &TestEnv, code: i32) -> Run {
    let run = env
        .facematch()
        .args(["detect", "photos", "-f", "ndjson", "-q"])
        .ends_with(code);
    only_face(&run.record("photos/whole.png"));
    run
}

fn assert_kinds(env: &TestEnv, wanted: &[(&str, &str)]) {
    let run = detect(env, 1);
    for (name, kind) in wanted {
        let record = run.record(format!("photos/{name}"));
        assert_eq!(record["kind"], *kind, "{record}");
        // Standard error by itself shows it too.
        let message = record["message"].as_str().unwrap();
        assert!(
            message.starts_with(&format!("photos/{name}: ")),
            "{message}"
        );
        assert!(run.stderr.contains(message), "{message}\n{}", run.stderr);
    }
    assert_eq!(run.stderr.lines().count(), wanted.len(), "{}", run.stderr);
    // The intact photo and the summary.
    assert_eq!(run.records().len(), wanted.len() + 2);
}

#[test]
fn damaged_files_give_an_error_each() {
    let env = beside_a_whole_photo();
    let jpeg = sample_bytes("unknown/obama2.jpg");
    let png = sample_bytes("unknown/chelsea.png");
    let noise: Vec<u8> = (0..5000_u32)
        .map(|i| (i.wrapping_mul(i).wrapping_mul(2_654_435) >> 13) as u8)
        .collect();
    env.write("photos/empty.jpg", "");
    env.write("photos/noise.jpg", &noise);
    env.write("photos/text.png", "this is no picture\n");
    env.write("photos/cut.jpg", &jpeg[..jpeg.len() / 2]);
    env.write("photos/cut.png", &png[..png.len() / 2]);
    env.write("photos/start.jpg", &jpeg[..3]);
    env.write("photos/header.png", &png[..33]);
    env.write(
        "photos/noise_after_header.jpg",
        [&jpeg[..2000], &noise].concat(),
    );
    assert_kinds(
        &env,
        &[
            ("empty.jpg", "decode"),
            ("noise.jpg", "format"),
            ("text.png", "format"),
            ("cut.jpg", "decode"),
            ("cut.png", "decode"),
            ("start.jpg", "decode"),
            ("header.png", "decode"),
            ("noise_after_header.jpg", "decode"),
        ],
    );
}

#[test]
fn images_beyond_the_limits_are_refused_before_they_are_decoded() {
    let env = beside_a_whole_photo();
    env.write("photos/bomb.png", png_bomb(65_000, 65_000));
    env.write("photos/many.png", png_bomb(16_384, 16_384));
    env.write("photos/long.png", png_bomb(2_000_000_000, 1));
    assert_kinds(
        &env,
        &[
            ("bomb.png", "too_large"),
            ("many.png", "too_large"),
            ("long.png", "too_large"),
        ],
    );
}

#[test]
fn a_panorama_may_be_as_long_as_memory_allows() {
    let env = TestEnv::new();
    let face = at_width(&pixels("unknown/astronaut.png"), 450);
    let mut panorama = RgbImage::from_pixel(17_000, 450, Rgb([128; 3]));
    image::imageops::replace(&mut panorama, &face, 16_500, 0);
    for (name, format) in [
        ("wide.jpg", ImageFormat::Jpeg),
        ("wide.png", ImageFormat::Png),
        ("wide.tif", ImageFormat::Tiff),
        ("wide.bmp", ImageFormat::Bmp),
        ("wide.gif", ImageFormat::Gif),
    ] {
        env.write(format!("photos/{name}"), encoded(&panorama, format));
    }
    let run = env
        .facematch()
        .args(["detect", "photos", "-f", "ndjson", "--width", "8500"])
        .args(["--detector", "hog"])
        .ends_with(0);
    for name in ["wide.jpg", "wide.png", "wide.tif", "wide.bmp", "wide.gif"] {
        let record = run.record(format!("photos/{name}"));
        assert_eq!([&record["width"], &record["height"]], [17_000, 450]);
        assert!(face_box(only_face(&record))[0] > 16_500, "{record}");
    }
}

/// The weights for resizing 178,000,000 pixels to one side took 7 GB; those for these took 800 MB.
#[cfg(target_os = "linux")]
#[test]
fn a_very_long_image_takes_little_memory() {
    let env = TestEnv::new();
    for (name, width, height) in [("wide.png", 20_000_000, 1), ("high.png", 1, 20_000_000)] {
        let image = RgbImage::from_pixel(width, height, Rgb([128; 3]));
        env.write(name, encoded(&image, ImageFormat::Png));
        crate::common::limits::with_memory(&env, 700_000)
            .args(["detect", "--detector", "hog", "--jobs", "1", name])
            .ends_with(0);
    }
}

#[test]
fn odd_but_whole_images_are_searched() {
    let env = beside_a_whole_photo();
    let write = |name: &str, width, height| {
        let image = RgbImage::from_pixel(width, height, Rgb([9, 99, 199]));
        env.write(format!("photos/{name}"), encoded(&image, ImageFormat::Png));
    };
    write("dot.png", 1, 1);
    write("strip.png", 16_384, 1);
    write("narrow.png", 10, 300);
    // At the working width it would be 100,000 pixels high, so its copy is narrower.
    write("tall.png", 1, 200);
    write("tower.png", 1, 70_000);
    // The content decides the format, not the name.
    env.copy("unknown/obama2.jpg", "photos/really_a_jpeg.gif");
    let run = detect(&env, 0);
    for (name, faces) in [
        ("dot.png", 0),
        ("strip.png", 0),
        ("narrow.png", 0),
        ("tall.png", 0),
        ("tower.png", 0),
        ("really_a_jpeg.gif", 1),
    ] {
        let record = run.record(format!("photos/{name}"));
        assert_eq!(record["faces"].as_array().unwrap().len(), faces, "{record}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_does_not_hang_the_run() {
    use std::os::unix::fs::symlink;
    let env = beside_a_whole_photo();
    env.folder("photos/folder.jpg");
    symlink(env.path("nowhere"), env.path("photos/nowhere.jpg")).unwrap();
    symlink("/dev/zero", env.path("photos/zeros.jpg")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(env.path("photos/pipe.jpg"))
        .status()
        .unwrap();
    assert!(made.success());
    assert_kinds(
        &env,
        &[
            ("folder.jpg", "not_a_file"),
            ("nowhere.jpg", "read"),
            ("zeros.jpg", "not_a_file"),
            ("pipe.jpg", "not_a_file"),
        ],
    );
}

#[cfg(unix)]
#[test]
fn a_file_without_permission_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let env = beside_a_whole_photo();
    let secret = env.copy("unknown/chelsea.png", "photos/secret.png");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o000)).unwrap();
    let run = bound_by_permissions(&env)
        .args(["detect", "photos", "-f", "ndjson", "-q"])
        .ends_with(1);
    only_face(&run.record("photos/whole.png"));
    assert_eq!(run.record("photos/secret.png")["kind"], "read");
}

#[test]
fn folders_named_like_photos_are_searched_all_the_same() {
    let env = TestEnv::new();
    env.copy("unknown/astronaut.png", "album.jpg/astronaut.png");
    let run = env
        .facematch()
        .args(["detect", "album.jpg", "-f", "ndjson"])
        .ends_with(0);
    only_face(&run.record("album.jpg/astronaut.png"));
}
