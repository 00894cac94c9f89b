//! TIFF files written by libtiff, compared with the pixels that libtiff reads from them.

use std::path::{Path, PathBuf};
use std::process::Command;

use facematch::image_files::decode_upright;
use image::{DynamicImage, ImageFormat, RgbImage};

/// A scratch folder with TIFF files.
struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    /// Creates a scene with `rgb.tif`, a part of a photo, whose sides are not multiples of any
    /// tile's or block's.
    fn new() -> Self {
        let scene = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let photo = Path::new(env!("CARGO_MANIFEST_DIR")).join("unknown/chelsea.png");
        let part = image::open(photo).unwrap().crop_imm(150, 60, 151, 101);
        DynamicImage::from(part.into_rgb8())
            .save_with_format(scene.path("rgb.tif"), ImageFormat::Tiff)
            .unwrap();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a tool of libtiff in the folder.
    fn run(&self, tool: &str, arguments: &[&str]) {
        let output = Command::new(tool)
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap_or_else(|error| panic!("{tool} (Debian: libtiff-tools): {error}"));
        assert!(output.status.success(), "{tool} {arguments:?}: {output:?}");
    }

    fn ours(&self, name: &str) -> RgbImage {
        let path = self.path(name);
        decode_upright(&path, &std::fs::read(&path).unwrap()).unwrap()
    }

    /// Returns the pixels of `name` as libtiff reads them.
    fn of_libtiff(&self, name: &str) -> RgbImage {
        self.run("tiff2rgba", &["-c", "none", name, "reference.tif"]);
        let file = std::fs::File::open(self.path("reference.tif")).unwrap();
        let reader = std::io::BufReader::new(file);
        image::load(reader, ImageFormat::Tiff).unwrap().into_rgb8()
    }
}

/// Returns the average difference of a level, and the largest.
fn difference(a: &RgbImage, b: &RgbImage) -> (f64, u8) {
    assert_eq!(a.dimensions(), b.dimensions());
    let differences: Vec<u8> = a
        .iter()
        .zip(b.iter())
        .map(|(a, b)| a.abs_diff(*b))
        .collect();
    let sum: f64 = differences.iter().copied().map(f64::from).sum();
    (
        sum / differences.len() as f64,
        differences.into_iter().max().unwrap(),
    )
}

#[test]
#[ignore = "needs the tools of libtiff (Debian: libtiff-tools)"]
fn every_kind_that_libtiff_writes_has_its_pixels() {
    let scene = Scene::new();
    scene.run("tiff2bw", &["rgb.tif", "grey.tif"]);
    scene.run("tiffmedian", &["-C", "200", "rgb.tif", "palette.tif"]);
    scene.run("tiffdither", &["grey.tif", "bilevel.tif"]);
    let lossless = ["none", "lzw", "zip", "packbits"];
    let predicted = ["lzw:2", "zip:2"];
    let jpeg = ["jpeg", "jpeg:r"];
    let of = |more: &[&'static str]| [&lossless[..], more].concat();
    let sources = [
        ("rgb.tif", of(&[&predicted[..], &jpeg].concat())),
        ("grey.tif", of(&[&predicted[..], &jpeg].concat())),
        ("palette.tif", of(&predicted)),
        ("bilevel.tif", of(&["g4"])),
    ];
    let mut count = 0;
    for (source, compressions) in &sources {
        for compression in compressions {
            for parts in [&["-s", "-r", "16"][..], &["-t", "-w", "32", "-l", "48"]] {
                for form in [
                    &["-p", "contig", "-L"][..],
                    &["-p", "contig", "-B"],
                    &["-p", "contig", "-8"],
                    &["-p", "separate", "-L"],
                ] {
                    // libtiff cannot write separate planes of the other files.
                    let has_planes = *source == "rgb.tif" && *compression != "jpeg";
                    if form[1] == "separate" && !has_planes {
                        continue;
                    }
                    let arguments = [&["-c", compression], parts, form, &[source, "made.tif"]];
                    let arguments = arguments.concat();
                    scene.run("tiffcp", &arguments);
                    let (average, worst) =
                        difference(&scene.ours("made.tif"), &scene.of_libtiff("made.tif"));
                    // JPEG decoders round differently, and interpolate chroma differently.
                    let limits = if compression.starts_with("jpeg") {
                        (2.0, 40)
                    } else {
                        (0.01, 1)
                    };
                    assert!(
                        average <= limits.0 && worst <= limits.1,
                        "{arguments:?}: {average}, {worst} at most"
                    );
                    count += 1;
                }
            }
        }
    }
    assert_eq!(count, 176);
}
