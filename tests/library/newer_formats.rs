//! JPEG XL and AVIF: decoded to what HEIC and other programs make of the same picture.

use std::path::Path;

use facematch::image_files::decode_upright;
use image::RgbImage;

use crate::heic_files::difference;

fn photo(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/photos");
    std::fs::read(folder.join(name)).unwrap()
}

fn decode(bytes: &[u8]) -> Result<RgbImage, String> {
    decode_upright(Path::new("photo"), bytes).map_err(|error| error.to_string())
}

/// Returns `codestream`, a bare JPEG XL, in a container.
fn contained(codestream: &[u8], more: &[u8]) -> Vec<u8> {
    [
        b"\0\0\0\x0CJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl ".as_slice(),
        more,
        &u32::try_from(codestream.len() + 8).unwrap().to_be_bytes(),
        b"jxlc",
        codestream,
    ]
    .concat()
}

#[test]
fn a_jpeg_xl_shows_what_the_heic_does() {
    let bare = photo("portrait.jxl");
    let decoded = decode(&bare).unwrap();
    let difference = difference(&decoded, &decode(&photo("portrait.heic")).unwrap());
    assert!(difference < 5.0, "{difference}");
    assert!(decode(&contained(&bare, b"")).unwrap() == decoded);
}

#[cfg(feature = "avif")]
#[test]
fn an_avif_shows_what_the_heic_does() {
    let decoded = decode(&photo("portrait.avif")).unwrap();
    let difference = difference(&decoded, &decode(&photo("portrait.heic")).unwrap());
    assert!(difference < 5.0, "{difference}");
}

#[cfg(not(feature = "avif"))]
#[test]
fn an_avif_says_how_to_read_it() {
    let message = decode(&photo("portrait.avif")).unwrap_err();
    let expected =
        "photo: built without AVIF: install with `--features avif`, or convert it with avifdec";
    assert_eq!(message, expected);
    // A file that names only the container.
    let mut other = photo("portrait.avif");
    for at in 8..other.len().min(40) {
        if other[at..].starts_with(b"avif") {
            other[at..at + 4].copy_from_slice(b"mif1");
        }
    }
    assert_eq!(decode(&other).unwrap_err(), expected);
}

#[test]
fn what_is_wrong_with_a_jpeg_xl_is_told_in_our_words() {
    let bare = photo("portrait.jxl");
    let cut_off = "photo: cannot decode: the file is cut off (image data is missing)";
    for kept in [2, 10, 100, 5_000, bare.len() - 50] {
        assert_eq!(decode(&bare[..kept]).unwrap_err(), cut_off, "{kept} bytes");
    }
    for at in (2..bare.len()).step_by(211) {
        let mut bytes = bare.clone();
        bytes[at] ^= 0x55;
        if let Err(message) = decode(&bytes) {
            let is_ours = message == cut_off
                || message == "photo: cannot decode: the JPEG XL is damaged"
                || message.starts_with("photo: cannot decode: the decoder failed")
                || message.starts_with("photo: cannot decode: this kind of JPEG XL")
                || message.starts_with("photo: too large: ");
            assert!(is_ours, "{at}: {message}");
        }
    }
}

/// The file says that its grey of 128 is linear light.
#[cfg(feature = "jxl")]
#[test]
fn linear_light_in_jpeg_xl_becomes_srgb() {
    let linear = b"\xFF\x0A\x08\x10\x10\x50\xB4\x08\x08\x02\x01\x00\x30\x00\x4B\x18\x8B\x15\xC2\x49\x41\x1E\x80\x00\x00\x00";
    let decoded = decode_upright(Path::new("photo"), linear).unwrap();
    let grey = decoded.get_pixel(0, 0).0;
    assert!(decoded.pixels().all(|pixel| pixel.0 == grey));
    for level in grey {
        assert!(level.abs_diff(188) <= 1, "{grey:?}");
    }
}
