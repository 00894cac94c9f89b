//! The formats in which phones and programs store photos: the same portrait gets the same name in
//! all of them, and turned HEIC photos have their faces where the JPEG has them.

use std::path::Path;
use std::process::Command;

use image::{ImageFormat, RgbImage};
use serde_json::Value;

use crate::common::heif::{Heif, coded};
use crate::common::photos::{encoded, pixels, stored};
use crate::common::{RunExt, TestEnv, only_face, repository};

#[test]
fn a_portrait_has_the_same_name_in_all_formats() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("known/biden.jpg", "known/biden.jpg");
    let bytes = std::fs::read(repository("tests/photos/portrait.heic")).unwrap();
    let portrait = facematch::image_files::decode_upright(Path::new("portrait"), &bytes).unwrap();
    for (name, format) in [
        ("a.jpg", ImageFormat::Jpeg),
        ("a.png", ImageFormat::Png),
        ("a.webp", ImageFormat::WebP),
        ("a.tif", ImageFormat::Tiff),
    ] {
        env.write(format!("photos/{name}"), encoded(&portrait, format));
    }
    env.copy("tests/photos/portrait.heic", "photos/a.heic");
    // The content counts.
    env.copy("tests/photos/portrait.heic", "photos/b.JPG");
    env.write("photos/b.HEIC", encoded(&portrait, ImageFormat::Jpeg));
    env.copy("tests/photos/portrait.jxl", "photos/a.jxl");
    let mut count = 8;
    if cfg!(feature = "avif") {
        env.copy("tests/photos/portrait.avif", "photos/a.avif");
        count += 1;
    }
    let run = env
        .facematch()
        .args(["known", "photos", "-q", "-f", "ndjson"])
        .ends_with(0);
    let records = run.records();
    let (_, photos) = records.split_last().unwrap();
    assert_eq!(photos.len(), count, "{}", run.stderr);
    let mut distances = Vec::new();
    for photo in photos {
        let face = only_face(photo);
        assert_eq!(face["name"], "obama", "{photo}");
        distances.push(face["distance"].as_f64().unwrap());
    }
    let least = distances.iter().copied().fold(f64::MAX, f64::min);
    let most = distances.iter().copied().fold(0.0, f64::max);
    assert!(most - least < 0.05, "{distances:?}");
}

/// Returns `image` as heif-enc codes it.
fn heic(env: &TestEnv, image: &RgbImage, name: &str) -> Vec<u8> {
    env.write(format!("{name}.png"), encoded(image, ImageFormat::Png));
    let status = Command::new("heif-enc")
        .args([
            "-q",
            "80",
            &format!("{name}.png"),
            "-o",
            &format!("{name}.heic"),
        ])
        .current_dir(env.root())
        .output()
        .expect("needs heif-enc, which .ci/run installs");
    assert!(status.status.success(), "{status:?}");
    std::fs::read(env.path(format!("{name}.heic"))).unwrap()
}

#[test]
#[ignore = "needs heif-enc"]
fn faces_in_heic_are_where_the_jpeg_has_them_in_all_orientations() {
    for sample in ["known/obama.jpg", "known/biden.jpg", "unknown/obama2.jpg"] {
        let env = TestEnv::new();
        // An even size, which is coded without a crop.
        let image = pixels(sample);
        let (width, height) = (image.width() & !63, image.height() & !63);
        let image = image::imageops::crop_imm(&image, 0, 0, width, height).to_image();
        env.write("photos/0.jpg", encoded(&image, ImageFormat::Jpeg));
        for number in 1..=8 {
            let file = heic(&env, &stored(&image, number), &format!("stored{number}"));
            let turned = Heif::of(&coded(&file)).turned(number).bytes();
            env.write(format!("photos/{number}.heic"), turned);
        }
        let run = env
            .facematch()
            .args(["detect", "photos", "-q", "-f", "ndjson"])
            .ends_with(0);
        let edges = |record: &Value| {
            let [x, y, w, h] =
                ["x", "y", "w", "h"].map(|key| only_face(record)["box"][key].as_f64().unwrap());
            [x, y, x + w, y + h]
        };
        let upright = edges(&run.record("photos/0.jpg"));
        let side = upright[2] - upright[0];
        for number in 1..=8 {
            let found = edges(&run.record(format!("photos/{number}.heic")));
            for (found, expected) in found.iter().zip(upright) {
                let apart = (found - expected).abs() / side;
                assert!(apart < 0.03, "{sample}, {number}: {found} {expected}");
            }
        }
    }
}
