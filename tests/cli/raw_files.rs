//! Camera raw files: the largest JPEG in them is the photo.

use std::path::Path;
use std::process::Command;

use facematch::image_files::decode_upright;
use image::{ImageFormat, RgbImage};

use crate::common::photos::{at_width, encoded, oriented_jpeg, pixels};
use crate::common::raw_files::{RAW_FORMATS, raw_file};
use crate::common::{RunExt, TestEnv, assert_valid};
use crate::tagging_tools::WHY;

fn photo(width: u32) -> RgbImage {
    at_width(&pixels("unknown/obama2.jpg"), width)
}

/// Returns a raw file whose JPEG is `upright` as a camera turned by `orientation` stores it, and a
/// thumbnail of something else.
fn raw_photo(format: &str, upright: &RgbImage, orientation: u8) -> Vec<u8> {
    let mut jpeg = oriented_jpeg(upright, orientation);
    // An RAF has no other orientation. In the other files, that of the JPEG does not count.
    if format != "raf" {
        let exif = jpeg.windows(4).position(|bytes| bytes == b"Exif").unwrap();
        jpeg[exif..exif + 4].copy_from_slice(b"none");
    }
    raw_file(format, &jpeg, &thumbnail(), orientation.into())
}

fn thumbnail() -> Vec<u8> {
    encoded(&RgbImage::new(160, 120), ImageFormat::Jpeg)
}

#[test]
fn a_raw_file_is_searched_like_its_largest_jpeg() {
    let env = TestEnv::new();
    for orientation in [1, 6, 8] {
        let upright = photo(1200);
        env.write("photos/a.jpg", oriented_jpeg(&upright, orientation));
        for format in RAW_FORMATS {
            let bytes = raw_photo(format, &upright, orientation);
            env.write(format!("photos/a.{format}"), bytes);
        }
        let run = env
            .facematch()
            .args(["detect", "photos", "-f", "ndjson"])
            .ends_with(0);
        let records = run.records();
        assert_valid(&records);
        let jpeg = run.record("photos/a.jpg");
        assert_eq!(jpeg["width"], 1200);
        assert_eq!(jpeg["faces"].as_array().unwrap().len(), 1);
        for format in RAW_FORMATS {
            let mut record = run.record(format!("photos/a.{format}"));
            record["path"] = jpeg["path"].clone();
            assert_eq!(record, jpeg, "{format}, orientation {orientation}");
        }
    }
}

#[test]
fn a_preview_narrower_than_twice_the_working_width_is_marked() {
    let env = TestEnv::new();
    env.write("photos/wide.nef", raw_photo("nef", &photo(1000), 1));
    env.write("photos/narrow.cr3", raw_photo("cr3", &photo(999), 1));
    env.write("photos/narrow.jpg", encoded(&photo(999), ImageFormat::Jpeg));
    // The second run takes the photos from the cache.
    for _ in 0..2 {
        let run = env
            .facematch()
            .args(["detect", "photos", "-f", "ndjson", "--cache=cache"])
            .ends_with(0);
        assert_valid(&run.records());
        let preview = |name: &str| run.record(format!("photos/{name}"))["preview"].clone();
        assert_eq!(preview("narrow.cr3"), true);
        assert!(preview("wide.nef").is_null());
        assert!(preview("narrow.jpg").is_null());
    }
}

#[test]
fn a_raw_file_without_a_jpeg_is_an_error() {
    let env = TestEnv::new();
    for format in RAW_FORMATS {
        let bytes = raw_file(format, b"no JPEG", b"none", 1);
        env.write(format!("photos/a.{format}"), bytes);
    }
    let run = env.facematch().args(["detect", "photos"]).ends_with(1);
    let refused = "a camera raw file without a JPEG in it that can be read";
    assert_eq!(run.stderr.matches(refused).count(), RAW_FORMATS.len());
}

#[test]
fn damaged_raw_files_are_errors_and_no_crash() {
    let jpeg = encoded(&photo(64), ImageFormat::Jpeg);
    for format in RAW_FORMATS {
        let whole = raw_file(format, &jpeg, b"none", 6);
        for length in (0..whole.len()).step_by(5) {
            let _ = decode_upright(Path::new("photo"), &whole[..length]);
        }
        // The decoder of JPEGs has tests of its own.
        let start = whole.windows(jpeg.len()).position(|part| part == jpeg);
        let start = start.unwrap();
        for at in (0..whole.len()).filter(|at| !(start + 4..start + jpeg.len()).contains(at)) {
            for bits in [0xFF, 0x80, 0x10, 0x01] {
                let mut bytes = whole.clone();
                bytes[at] ^= bits;
                let _ = decode_upright(Path::new("photo"), &bytes);
            }
        }
    }
}

/// ExifTool finds the same JPEG, so that the files of these tests are what cameras write.
#[test]
#[ignore = "needs exiftool"]
fn exiftool_finds_the_same_jpeg() {
    let env = TestEnv::new();
    let jpeg = encoded(&photo(400), ImageFormat::Jpeg);
    for format in RAW_FORMATS {
        let file = env.write(
            format!("a.{format}"),
            raw_file(format, &jpeg, &thumbnail(), 6),
        );
        let found = ["-JpgFromRaw", "-PreviewImage"].map(|tag| {
            let output = Command::new("exiftool")
                .args(["-b", tag])
                .arg(&file)
                .output();
            output.expect(WHY).stdout
        });
        assert!(found.contains(&jpeg), "{format}");
    }
}
