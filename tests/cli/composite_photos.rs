//! Files with more than one picture: motion photos, gain maps (Ultra HDR), multi-picture files and
//! HEIC files with other images count once, as their main picture. HEIC and raw files have
//! drawings, crops and a cache like other photos.

use image::{ImageFormat, RgbImage};

use crate::common::heif::{Heif, coded, part};
use crate::common::photos::{at_width, encoded, pixels};
use crate::common::raw_files::raw_file;
use crate::common::{RunExt, TestEnv, only_face, repository};

fn jpeg(sample: &str, width: u32) -> Vec<u8> {
    encoded(&at_width(&pixels(sample), width), ImageFormat::Jpeg)
}

/// Inserts an application segment after the start of `jpeg` (ITU-T T.81, B.2.4.6).
fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, content, &jpeg[2..]].concat()
}

/// Returns `main` and `other` as a multi-picture file (CIPA DC-007), as Ultra HDR stores a gain
/// map.
fn multi_picture(main: &[u8], other: &[u8]) -> Vec<u8> {
    let number = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
    let index = |main_length: usize| {
        let entries = [
            [0x2003_0000, main_length, 0, 0].map(number),
            // Offsets count from the byte order.
            [0, other.len(), main_length - 10, 0].map(number),
        ];
        let mut index = b"MPF\0MM\0*\0\0\0\x08\0\x03".to_vec();
        index.extend(b"\xB0\0\0\x07\0\0\0\x040100");
        index.extend(b"\xB0\x01\0\x04\0\0\0\x01\0\0\0\x02");
        index.extend(b"\xB0\x02\0\x07\0\0\0\x20\0\0\0\x32");
        index.extend([0; 4]);
        index.extend(entries.concat().concat());
        index
    };
    let length = with_segment(main, 0xE2, &index(main.len())).len();
    [&with_segment(main, 0xE2, &index(length)), other].concat()
}

#[test]
fn a_file_with_several_pictures_counts_once_as_the_main_one() {
    let env = TestEnv::new();
    let main = jpeg("unknown/obama2.jpg", 600);
    let other = jpeg("unknown/chelsea.png", 300);
    let video = [
        part(b"ftyp", b"mp42\0\0\0\0isommp42"),
        // A picture inside of the video is none of the photo.
        part(b"mdat", &jpeg("unknown/astronaut.png", 300)),
    ];
    env.write("photos/plain.jpg", &main);
    env.write(
        "photos/motion.jpg",
        [&main, video.concat().as_slice()].concat(),
    );
    env.write(
        "photos/PXL.MP.jpg",
        [&main, video.concat().as_slice()].concat(),
    );
    env.write("photos/hdr.jpg", multi_picture(&main, &other));
    env.write("photos/stereo.mpo", multi_picture(&main, &main));
    let run = env
        .facematch()
        .args(["detect", "photos", "-f", "ndjson"])
        .ends_with(0);
    assert_eq!(run.records().len(), 6, "{}", run.text());
    let mut plain = run.record("photos/plain.jpg");
    only_face(&plain);
    for name in ["motion.jpg", "PXL.MP.jpg", "hdr.jpg", "stereo.mpo"] {
        let path = format!("photos/{name}");
        let record = run.record(&path);
        plain["path"] = path.into();
        assert_eq!(record, plain, "{name}");
    }
}

#[test]
fn a_heic_with_other_images_counts_once_as_the_primary_one() {
    let env = TestEnv::new();
    let read = |name: &str| std::fs::read(repository(&format!("tests/photos/{name}"))).unwrap();
    let [portrait, other] = ["portrait.heic", "alpha.heic"].map(|name| coded(&read(name)));
    let mut with_other = Heif::of(&portrait);
    env.write("photos/one.heic", with_other.bytes());
    with_other.other = Some(&other);
    env.write("photos/two.heic", with_other.bytes());
    // A motion photo of Samsung: the video follows.
    let video = part(b"mpvd", &part(b"ftyp", b"mp42\0\0\0\0isommp42"));
    env.write("photos/motion.heic", [with_other.bytes(), video].concat());
    let run = env
        .facematch()
        .args(["detect", "photos", "-f", "ndjson"])
        .ends_with(0);
    assert_eq!(run.records().len(), 4, "{}", run.text());
    let mut one = run.record("photos/one.heic");
    only_face(&one);
    for name in ["two.heic", "motion.heic"] {
        let path = format!("photos/{name}");
        let record = run.record(&path);
        one["path"] = path.into();
        assert_eq!(record, one, "{name}");
    }
}

#[test]
fn heic_and_raw_files_have_drawings_crops_and_a_cache() {
    let env = TestEnv::new();
    env.copy("tests/photos/portrait.heic", "photos/a.heic");
    env.copy("tests/photos/portrait.jxl", "photos/b.jxl");
    let small = encoded(&RgbImage::new(160, 120), ImageFormat::Jpeg);
    let raw = raw_file("cr2", &jpeg("unknown/obama2.jpg", 700), &small, 6);
    env.write("photos/c.cr2", raw);
    let detect = |options: &[&str]| {
        env.facematch()
            .args(["detect", "photos", "--try-rotations", "-f", "ndjson"])
            .args(["--cache=cache"])
            .args(options)
            .ends_with(0)
    };
    let first = detect(&["--draw", "drawn", "--crops", "crops"]);
    for (photo, wide) in [("a.heic", false), ("b.jxl", false), ("c.cr2", true)] {
        let record = first.record(format!("photos/{photo}"));
        only_face(&record);
        let size = ["width", "height"].map(|side| record[side].as_u64().unwrap());
        assert_eq!(size[0] > size[1], wide, "{photo}");
        let drawing = image::open(env.path(format!("drawn/photos/{photo}.faces.jpg"))).unwrap();
        let drawn = [drawing.width(), drawing.height()].map(u64::from);
        assert_eq!(drawn, size, "{photo}");
        image::open(env.path(format!("crops/photos/{photo}.face1.png"))).unwrap();
    }
    assert_eq!(detect(&[]).text(), first.text());
}
