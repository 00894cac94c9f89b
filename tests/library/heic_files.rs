//! HEIC files: turned, in tiles, with several images, deep, with alpha, damaged. libheif, which
//! most programs use, says what their pixels are.

use std::path::{Path, PathBuf};
use std::process::Command;

use facematch::image_files::decode_upright;
use image::RgbImage;
use image::metadata::Orientation;

use crate::heif::{Coded, Heif, coded, extent, part};

fn photo(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/photos");
    std::fs::read(folder.join(name)).unwrap()
}

fn portrait() -> Coded {
    coded(&photo("portrait.heic"))
}

fn decode(bytes: &[u8]) -> Result<RgbImage, String> {
    decode_upright(Path::new("photo"), bytes).map_err(|error| error.to_string())
}

/// Returns the mean difference of two images of the same size.
pub(crate) fn difference(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: u64 = a
        .iter()
        .zip(b.iter())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / a.len() as f64
}

#[test]
fn a_portrait_has_the_colours_of_its_jpeg() {
    let decoded = decode(&photo("portrait.heic")).unwrap();
    let jpeg = Path::new(env!("CARGO_MANIFEST_DIR")).join("known/obama.jpg");
    let jpeg = image::open(jpeg).unwrap().into_rgb8();
    let small = image::imageops::thumbnail(&jpeg, 342, 427);
    let difference = difference(&decoded, &small);
    assert!(difference < 6.0, "{difference}");
}

#[test]
fn ten_bits_alpha_and_grey_become_rgb() {
    // The gradients from which heif-enc made the files.
    type Gradient = fn(u32, u32) -> [u32; 3];
    let gradients: [(&str, Gradient, f64); 3] = [
        (
            "deep.heic",
            |x, y| [x * 900 / 257, y * 1300 / 257, (x + y) * 500 / 257],
            2.5,
        ),
        ("alpha.heic", |x, y| [x * 3, y * 5, 200 - x], 2.5),
        ("grey.heic", |x, y| [(x * 2 + y * 2) % 256; 3], 1.5),
    ];
    for (name, gradient, most) in gradients {
        let expected = RgbImage::from_fn(70, 50, |x, y| gradient(x, y).map(|v| v as u8).into());
        let difference = difference(&decode(&photo(name)).unwrap(), &expected);
        assert!(difference < most, "{name}: {difference}");
    }
}

#[test]
fn turns_are_those_of_the_container_and_exif_does_not_count() {
    let portrait = portrait();
    let upright = decode(&Heif::of(&portrait).bytes()).unwrap();
    for number in 1..=8 {
        let file = Heif::of(&portrait).turned(number).bytes();
        let mut expected = image::DynamicImage::from(upright.clone());
        expected.apply_orientation(Orientation::from_exif(number).unwrap());
        assert!(decode(&file).unwrap() == expected.into_rgb8(), "{number}");
        let only_exif = Heif {
            exif: Some(number),
            ..Heif::of(&portrait)
        };
        assert!(decode(&only_exif.bytes()).unwrap() == upright, "{number}");
    }
}

#[test]
fn tiles_are_put_together_and_cropped() {
    let portrait = portrait();
    let tile = decode(&Heif::of(&portrait).bytes()).unwrap();
    assert_eq!(tile.dimensions(), portrait.size);
    let (width, height) = (portrait.size.0 * 3 - 51, portrait.size.1 * 2 - 33);
    let file = Heif {
        grid: Some((3, 2, width as u16, height as u16)),
        ..Heif::of(&portrait)
    };
    let expected = RgbImage::from_fn(width, height, |x, y| {
        *tile.get_pixel(x % portrait.size.0, y % portrait.size.1)
    });
    assert!(decode(&file.bytes()).unwrap() == expected);
}

#[test]
fn only_the_primary_image_counts() {
    let (portrait, deep) = (portrait(), coded(&photo("deep.heic")));
    let burst = Heif {
        other: Some(&deep),
        ..Heif::of(&portrait)
    };
    assert!(decode(&burst.bytes()) == decode(&Heif::of(&portrait).bytes()));
}

#[test]
fn a_clean_aperture_is_cut_out() {
    let portrait = portrait();
    let numbers = [302_u32, 1, 402, 1, (-20_i32).cast_unsigned(), 2, 0, 1];
    let aperture: Vec<u8> = numbers.iter().flat_map(|n| n.to_be_bytes()).collect();
    let mut file = Heif::of(&portrait);
    file.properties.push(part(b"clap", &aperture));
    assert_eq!(portrait.size, (342, 428));
    let whole = decode(&Heif::of(&portrait).bytes()).unwrap();
    let expected = image::imageops::crop_imm(&whole, 10, 13, 302, 402).to_image();
    assert!(decode(&file.bytes()).unwrap() == expected);
}

#[test]
fn a_huge_picture_is_refused_before_it_is_decoded() {
    let mut portrait = portrait();
    portrait.size = (60_000, 60_000);
    let error = decode(&Heif::of(&portrait).bytes()).unwrap_err();
    assert!(
        error.starts_with("photo: too large: 60000x60000 pixels"),
        "{error}"
    );
    let portrait = self::portrait();
    let grid = Heif {
        grid: Some((255, 255, u16::MAX, u16::MAX)),
        ..Heif::of(&portrait)
    };
    let error = decode(&grid.bytes()).unwrap_err();
    assert!(
        error.starts_with("photo: too large: 65535x65535 pixels"),
        "{error}"
    );
    // Tiles that are not seen.
    let grid = Heif {
        grid: Some((255, 255, 300, 300)),
        ..Heif::of(&portrait)
    };
    assert_eq!(decode(&grid.bytes()).unwrap_err(), DAMAGED);
    // A coded picture that is larger than the container says.
    let mut small = self::portrait();
    small.size = (20, 20);
    let error = decode(&Heif::of(&small).bytes()).unwrap_err();
    assert!(
        error.starts_with("photo: cannot decode: HEIC files of this kind"),
        "{error}"
    );
    let mut large = self::portrait();
    large.size = (400, 500);
    assert_eq!(decode(&Heif::of(&large).bytes()).unwrap_err(), DAMAGED);
}

const DAMAGED: &str = "photo: cannot decode: the HEIC is damaged";
const CUT_OFF: &str = "photo: cannot decode: the file is cut off (image data is missing)";

#[test]
fn parts_without_a_size_take_no_memory() {
    // 65,535 parts of no bytes for each of 65,535 items.
    let mut locations = vec![0, 0, 0, 0, 0, 0, 0xFF, 0xFF];
    for id in 0..u16::MAX {
        locations.extend(id.to_be_bytes());
        locations.extend([0, 0, 0xFF, 0xFF]);
    }
    let meta = [&[0; 4][..], &part(b"iloc", &locations)].concat();
    let file = [part(b"ftyp", b"heic\0\0\0\0heic"), part(b"meta", &meta)].concat();
    assert_eq!(decode(&file).unwrap_err(), DAMAGED);
}

#[test]
fn what_is_wrong_is_told_in_our_words() {
    let portrait = portrait();
    let grid = Heif {
        grid: Some((2, 1, 684, 427)),
        ..Heif::of(&portrait)
    };
    for whole in [
        photo("grey.heic"),
        photo("deep.heic"),
        grid.turned(6).bytes(),
    ] {
        for kept in (12..whole.len()).step_by(whole.len() / 60 + 1) {
            assert!(decode(&whole[..kept]).is_err(), "{kept} bytes");
        }
        assert_eq!(decode(&whole[..whole.len() - 8]).unwrap_err(), CUT_OFF);
        for at in (12..whole.len().min(1500)).step_by(3) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            let Err(message) = decode(&bytes) else {
                continue;
            };
            let words = message.strip_prefix("photo: cannot decode: ");
            let is_ours = words.is_none_or(|words| {
                words.starts_with("HEIC files ")
                    || words.starts_with("the decoder failed")
                    || words.starts_with("the image has no pixels")
            });
            assert!(
                is_ours || message == DAMAGED || message == CUT_OFF,
                "{at}: {message}"
            );
        }
    }
    let sequence = part(b"ftyp", b"msf1\0\0\0\0hevc");
    let message = decode(&[sequence, part(b"moov", &[0; 8])].concat()).unwrap_err();
    let expected =
        "photo: cannot decode: HEIC files without a still image are not supported; save it as JPEG";
    assert_eq!(message, expected);
    let mut other = Heif::of(&portrait);
    other.properties.push(extent((1, 1)));
    assert!(decode(&other.bytes()).is_ok());
}

/// Runs `tool` and returns whether it succeeded.
fn run(tool: &str, arguments: &[&str], folder: &Path) {
    let output = Command::new(tool)
        .args(arguments)
        .current_dir(folder)
        .output();
    let output = output.expect("needs heif-enc and heif-convert, which .ci/run installs");
    assert!(output.status.success(), "{tool} {arguments:?}: {output:?}");
}

/// Decodes the HEIC at `path` with libheif.
fn by_libheif(path: &Path) -> RgbImage {
    let png = path.with_extension("libheif.png");
    let names = [path, &png].map(|path| path.to_str().unwrap());
    run("heif-convert", &names, path.parent().unwrap());
    image::open(png).unwrap().into_rgb8()
}

fn assert_like_libheif(path: &Path) {
    let decoded = decode(&std::fs::read(path).unwrap()).unwrap();
    let difference = difference(&decoded, &by_libheif(path));
    assert!(difference <= 2.0, "{}: {difference}", path.display());
}

/// Pictures from which heif-enc makes files.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("known");
    let obama = image::open(known.join("obama.jpg")).unwrap();
    let odd = obama.crop_imm(100, 100, 333, 221);
    let pictures = [
        ("rgb.png", image::DynamicImage::from(obama.to_rgb8())),
        ("odd.png", odd.to_rgb8().into()),
        ("alpha.png", odd.to_rgba8().into()),
        ("grey.png", odd.to_luma8().into()),
        ("deep.png", odd.to_rgb16().into()),
    ];
    let saved = pictures.map(|(name, picture)| {
        picture.save(folder.join(name)).unwrap();
        folder.join(name)
    });
    saved.to_vec()
}

#[test]
#[ignore = "needs heif-enc and heif-convert"]
fn libheif_decodes_to_the_same_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let options: [&[&str]; 9] = [
        &[],
        &["-q", "20"],
        &["-b", "10"],
        &["-b", "12"],
        &["-t", "128"],
        &["--no-alpha"],
        &["-p", "chroma=444"],
        &["-p", "chroma=422"],
        &["-L", "-p", "chroma=444", "--matrix_coefficients=0"],
    ];
    let mut count = 0;
    for source in sources(folder.path()) {
        for options in options {
            let heic = folder.path().join(format!("{count}.heic"));
            let names = [source.to_str().unwrap(), "-o", heic.to_str().unwrap()];
            run("heif-enc", &[options, &names].concat(), folder.path());
            assert_like_libheif(&heic);
            count += 1;
        }
    }
}

#[test]
#[ignore = "needs heif-convert"]
fn libheif_turns_crops_and_composes_in_the_same_way() {
    let folder = tempfile::tempdir().unwrap();
    let portrait = portrait();
    let write = |name: String, heif: Heif| {
        let path = folder.path().join(name);
        std::fs::write(&path, heif.bytes()).unwrap();
        path
    };
    for number in 1..=8 {
        let turned = Heif::of(&portrait).turned(number);
        assert_like_libheif(&write(format!("{number}.heic"), turned));
        let grid = Heif {
            grid: Some((2, 3, 600, 1000)),
            ..Heif::of(&portrait)
        };
        assert_like_libheif(&write(format!("grid{number}.heic"), grid.turned(number)));
    }
}
