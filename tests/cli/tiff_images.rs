//! The choice of the image to search in a TIFF file, and the messages about unsupported ones.

use image::RgbImage;

use crate::common::photos::{at_width, pixels, tiff_of};
use crate::common::{RunExt, TestEnv, only_face};

/// NewSubfileType of a thumbnail, and of a page of a document.
const REDUCED: u32 = 1;
const PAGE: u32 = 2;

fn photo() -> RgbImage {
    at_width(&pixels("unknown/astronaut.png"), 400)
}

fn thumbnail() -> RgbImage {
    at_width(&photo(), 80)
}

#[test]
fn a_thumbnail_is_never_taken_for_the_photo() {
    let env = TestEnv::new();
    let full = (photo(), 0);
    let write = |name: &str, images: &[(RgbImage, u32)]| {
        env.write(format!("photos/{name}"), tiff_of(images, &[(274, 3, 1)]));
    };
    write("before.tif", &[(thumbnail(), REDUCED), full.clone()]);
    write("behind.tif", &[full.clone(), (thumbnail(), REDUCED)]);
    write("unmarked.tif", &[(thumbnail(), 0), full.clone()]);
    let page = at_width(&photo(), 300);
    write("pages.tif", &[(page, PAGE), full.clone()]);
    // A DNG whose only image has colours, and a TIFF by its content.
    let full_dng = tiff_of(std::slice::from_ref(&full), &[(50_706, 4, 0x0104)]);
    env.write("photos/full.dng", full_dng);
    write("photo.NEF", &[(thumbnail(), REDUCED), full]);
    let run = env
        .facematch()
        .args(["detect", "photos", "photos/photo.NEF", "-f", "ndjson"])
        .ends_with(0);
    for (name, width) in [
        ("before.tif", 400),
        ("behind.tif", 400),
        ("unmarked.tif", 400),
        ("pages.tif", 300),
        ("photo.NEF", 400),
        ("full.dng", 400),
    ] {
        let record = run.record(format!("photos/{name}"));
        assert_eq!(record["width"], width, "{name}");
        only_face(&record);
    }
}

#[test]
fn a_file_without_a_photo_says_what_it_is() {
    let env = TestEnv::new();
    let thumbnail = (thumbnail(), REDUCED);
    env.write("small.tif", tiff_of(std::slice::from_ref(&thumbnail), &[]));
    let dng_version = (50_706, 4, 0x0104);
    env.write("raw.dng", tiff_of(&[thumbnail], &[dng_version]));
    for (name, message) in [
        (
            "small.tif",
            "holds no full image, only a thumbnail of 80x80 pixels",
        ),
        (
            "raw.dng",
            "a camera raw file without a JPEG in it that can be read",
        ),
    ] {
        let run = env
            .facematch()
            .args(["detect", name, "-f", "ndjson"])
            .ends_with(1);
        let record = run.record(name);
        assert_eq!(record["kind"], "decode", "{record}");
        let told = record["message"].as_str().unwrap();
        assert!(told.contains(message), "{told}");
    }
}

#[test]
fn a_kind_that_is_not_read_is_named_with_a_way_out() {
    let env = TestEnv::new();
    // The entry comes before the one that it contradicts.
    for (name, entry, kind) in [
        ("lab.tif", (262, 3, 8), "L*a*b*"),
        ("lzma.tif", (259, 3, 0x886D), "LZMA"),
        ("jpeg2000.tif", (259, 3, 0x8798), "JPEG 2000"),
        (
            "old-jpeg.tif",
            (259, 3, 6),
            "JPEG compression of the old kind",
        ),
        ("zstd.tif", (259, 3, 0xC350), "Zstandard"),
        ("float16.tif", (339, 3, 3), "8-bit floating point RGB"),
    ] {
        let tiff = with_entry(&tiff_of(&[(photo(), 0)], &[]), entry);
        env.write(name, tiff);
        let run = env
            .facematch()
            .args(["detect", name, "-f", "ndjson"])
            .ends_with(1);
        let record = run.record(name);
        let told = record["message"].as_str().unwrap();
        assert!(told.contains(kind), "{told}");
        assert!(told.contains("convert it to PNG or JPEG"), "{told}");
    }
}

/// Returns `tiff` with this entry instead of the one with its tag, or of NewSubfileType.
fn with_entry(tiff: &[u8], (tag, kind, number): (u16, u16, u32)) -> Vec<u8> {
    let mut tiff = tiff.to_vec();
    let entries = tiff[10..].chunks_exact(12).take(10);
    let place = entries
        .map(|entry| u16::from_le_bytes([entry[0], entry[1]]))
        .position(|found| found == tag)
        .unwrap_or(0);
    let entry = [
        &tag.to_le_bytes()[..],
        &kind.to_le_bytes(),
        &1_u32.to_le_bytes(),
        &number.to_le_bytes(),
    ];
    tiff.splice(10 + 12 * place..10 + 12 * (place + 1), entry.concat());
    tiff
}
