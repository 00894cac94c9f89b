//! `facematch tag`, `untag` and `enroll --from-tags` with HEIC, JPEG XL, camera raw files and files
//! of `--pre`.

use image::{ImageFormat, RgbImage};

use crate::common::photos::{at_width, encoded, pixels};
use crate::common::raw_files::{RAW_FORMATS, raw_file};
use crate::common::{RunExt, TestEnv};
use crate::enrolling::listed;
use crate::tagging::{tag, untag};
use crate::tagging_tools::told;

/// Returns a raw file that shows Obama.
fn raw(format: &str) -> Vec<u8> {
    let jpeg = encoded(
        &at_width(&pixels("unknown/obama2.jpg"), 700),
        ImageFormat::Jpeg,
    );
    let small = encoded(&RgbImage::new(160, 120), ImageFormat::Jpeg);
    raw_file(format, &jpeg, &small, 1)
}

/// Returns a known person, and photos of them in formats of phones and cameras.
fn scene() -> TestEnv {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("tests/photos/portrait.heic", "photos/a.HEIC");
    env.copy("tests/photos/portrait.jxl", "photos/b.jxl");
    env.copy("unknown/obama2.jpg", "photos/c.JPG");
    env.write("photos/c.NEF", raw("nef"));
    env
}

fn sidecars(env: &TestEnv) -> Vec<String> {
    let files = env.files().into_iter();
    let is_sidecar = |file: &String| file.ends_with(".xmp");
    files.filter(is_sidecar).collect()
}

#[test]
fn photos_of_phones_and_cameras_get_sidecars() {
    let env = scene();
    let before = env.files();
    tag(&env, &[], 0);
    let wanted = ["a.HEIC.xmp", "b.jxl.xmp", "c.JPG.xmp", "c.NEF.xmp"];
    assert_eq!(sidecars(&env), wanted.map(|name| format!("photos/{name}")));
    assert_eq!(tag(&env, &[], 0).text(), "");
    untag(&env, &[], 0);
    assert_eq!(env.files(), before);
}

#[test]
fn a_raw_file_and_its_jpeg_share_the_sidecar_with_the_name_of_adobe() {
    let env = scene();
    let before = env.files();
    tag(&env, &["--sidecar-naming", "adobe"], 0);
    assert_eq!(
        sidecars(&env),
        ["a.xmp", "b.xmp", "c.xmp"].map(|name| format!("photos/{name}"))
    );
    // Each of both finds the names there.
    let again = tag(&env, &["--sidecar-naming", "adobe"], 0);
    assert_eq!(again.text(), "");
    let again = tag(&env, &[], 0);
    assert_eq!(again.text(), "");
    untag(&env, &[], 0);
    assert_eq!(env.files(), before);
}

/// facematch reads no XMP in a file whose format it does not know, so there is nothing to copy.
#[cfg(unix)]
#[test]
fn files_of_pre_get_sidecars() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    let photo = std::fs::read(env.copy("unknown/obama2.jpg", "photo.jpg")).unwrap();
    for (name, start) in [
        ("clip.mp4", b"\0\0\0\x14ftypisom\0\0\0\0isom".as_slice()),
        ("drawing.psd", b"8BPS\0\x01\0\0\0\0\0\0\0\x03\0\0\0\0\0\0"),
        ("scan.jp2", b"\0\0\0\x0CjP  \r\n\x87\n\0\0\0\x14ftyp"),
    ] {
        assert_eq!(start.len(), 20, "{name}");
        env.write(format!("photos/{name}"), [start, &photo].concat());
    }
    env.executable("convert", "#!/bin/sh\ntail -c +21 \"$1\"\n");
    let before = env.files();
    let pre = ["--pre", "./convert", "--pre-glob", "*.{mp4,psd,jp2}"];
    tag(&env, &pre, 0);
    let wanted = ["clip.mp4.xmp", "drawing.psd.xmp", "scan.jp2.xmp"];
    assert_eq!(sidecars(&env), wanted.map(|name| format!("photos/{name}")));
    assert_eq!(tag(&env, &pre, 0).text(), "");
    let names = ["clip.mp4", "drawing.psd", "scan.jp2"].map(|name| format!("photos/{name}"));
    env.facematch().arg("untag").args(names).ends_with(0);
    assert_eq!(env.files(), before);
}

#[test]
#[ignore = "needs exiftool"]
fn exiftool_writes_names_into_heic_and_raw_files_and_out_again() {
    let env = scene();
    // ExifTool looks for more in an RAF than the file of these tests has.
    let formats = RAW_FORMATS.into_iter().filter(|format| *format != "raf");
    for format in formats.clone() {
        env.write(format!("photos/{format}.{format}"), raw(format));
    }
    let run = tag(&env, &["--embed", "-f", "ndjson"], 1);
    let records = run.records();
    let errors: Vec<_> = records
        .iter()
        .filter(|record| record["type"] == "error")
        .map(|record| record["message"].as_str().unwrap())
        .collect();
    assert_eq!(
        errors,
        [
            "photos/b.jxl: its metadata cannot be changed: [minor] Will wrap JXL codestream in \
             ISO BMFF container for writing (leave out --embed to write a sidecar); the photo \
             stays as it is"
        ]
    );
    let again = tag(&env, &["--embed"], 1);
    assert_eq!(again.text(), "");
    for format in formats {
        let photo = format!("photos/{format}.{format}");
        let names = told("exiftool", &["-s3", "-RegionName"], env.root(), &[photo]);
        assert_eq!(names.trim(), "obama", "{format}");
    }
    untag(&env, &[], 0);
    for photo in ["photos/a.HEIC", "photos/c.NEF", "photos/cr3.cr3"] {
        let xmp = told("exiftool", &["-b", "-XMP"], env.root(), &[photo.to_owned()]);
        assert_eq!(xmp, "", "{photo}");
    }
}

#[test]
#[ignore = "needs exiftool"]
fn people_are_known_by_regions_inside_heic_and_raw_files() {
    let env = scene();
    std::fs::remove_file(env.path("photos/b.jxl")).unwrap();
    std::fs::remove_file(env.path("photos/c.JPG")).unwrap();
    env.write("photos/d.cr3", raw("cr3"));
    env.write("photos/e.dng", raw("dng"));
    let names = ["a.HEIC", "c.NEF", "d.cr3", "e.dng"];
    for (name, area) in names.iter().zip([
        "X=0.5365,Y=0.2248,W=0.2485,H=0.2904",
        "X=0.49,Y=0.36,W=0.6,H=0.38",
        "X=0.49,Y=0.36,W=0.6,H=0.38",
        "X=0.49,Y=0.36,W=0.6,H=0.38",
    ]) {
        let person = name.split('.').next().unwrap();
        let region = format!(
            "-RegionInfo={{RegionList=[{{Area={{{area},Unit=normalized}},Name=Person {person},\
             Type=Face}}]}}"
        );
        told(
            "exiftool",
            &["-q", "-overwrite_original", &region],
            env.root(),
            &[format!("photos/{name}")],
        );
    }
    env.facematch()
        .args([
            "enroll",
            "--from-tags",
            "photos",
            "-o",
            "people.safetensors",
        ])
        .ends_with(0);
    assert_eq!(
        listed(&env),
        "Person a\t1\nPerson c\t1\nPerson d\t1\nPerson e\t1\n"
    );
}
