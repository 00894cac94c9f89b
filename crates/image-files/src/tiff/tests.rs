//! Small TIFF files with known pixels for every meaning of samples.

use std::path::Path;

use super::directory::tag;
use super::*;

/// Returns a big-endian TIFF with one strip. Entries have SHORT numbers; those that do not fit are
/// stored after the directory.
fn file(size: (u16, u16), more: &[(u16, &[u16])], pixels: &[u8]) -> Vec<u8> {
    let mut entries: Vec<(u16, Vec<u16>)> = vec![
        (tag::WIDTH, vec![size.0]),
        (tag::HEIGHT, vec![size.1]),
        (tag::STRIP_OFFSETS, vec![8]),
        (tag::STRIP_BYTES, vec![pixels.len() as u16]),
    ];
    entries.extend(more.iter().map(|(tag, numbers)| (*tag, numbers.to_vec())));
    entries.sort();
    let directory_at = 8 + pixels.len();
    let mut bytes = b"MM\0\x2a".to_vec();
    bytes.extend((directory_at as u32).to_be_bytes());
    bytes.extend(pixels);
    bytes.extend((entries.len() as u16).to_be_bytes());
    let mut values: Vec<u8> = Vec::new();
    let values_at = directory_at + 2 + 12 * entries.len() + 4;
    for (tag, numbers) in &entries {
        bytes.extend(tag.to_be_bytes());
        bytes.extend(3_u16.to_be_bytes());
        bytes.extend((numbers.len() as u32).to_be_bytes());
        let value: Vec<u8> = numbers.iter().flat_map(|n| n.to_be_bytes()).collect();
        if value.len() <= 4 {
            bytes.extend(value.iter().copied().chain([0; 4]).take(4));
        } else {
            bytes.extend(((values_at + values.len()) as u32).to_be_bytes());
            values.extend(value);
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(values);
    bytes
}

fn rgb_of(bytes: &[u8]) -> Result<Vec<u8>, ImageFileError> {
    let path = Path::new("photo.tif");
    Ok(decode(path, bytes)?.into_upright(path)?.into_raw())
}

const BITS: u16 = tag::BITS;
const MEANING: u16 = tag::PHOTOMETRIC;
const SAMPLES: u16 = tag::SAMPLES;

#[test]
fn palettes_of_every_depth_are_read() {
    for bits in [1_u16, 2, 4, 8] {
        let count = 1_usize << bits;
        // The last colour is (255, 128, 0), the first is (0, 64, 32), and all others are black.
        let mut map = vec![0_u16; 3 * count];
        map[count - 1] = 0xFFFF;
        map[count] = 0x4040;
        map[2 * count - 1] = 0x8080;
        map[2 * count] = 0x2020;
        let entries: [(u16, &[u16]); 3] =
            [(BITS, &[bits]), (MEANING, &[3]), (tag::COLOR_MAP, &map)];
        // Last, first, last, in two rows.
        let last = (count - 1) as u8;
        let row = match bits {
            8 => vec![last, 0, last],
            4 => vec![0xF0, 0xF0],
            2 => vec![0b1100_1100],
            _ => vec![0b1010_0000],
        };
        let pixels = [row.clone(), row].concat();
        let (first, last) = ([0, 64, 32], [255, 128, 0]);
        let wanted = [last, first, last, last, first, last].concat();
        assert_eq!(
            rgb_of(&file((3, 2), &entries, &pixels)).unwrap(),
            wanted,
            "{bits} bits"
        );
        // A palette of 8-bit levels.
        let bytes: Vec<u16> = map.iter().map(|level| level >> 8).collect();
        let entries = [entries[0], entries[1], (tag::COLOR_MAP, &bytes)];
        assert_eq!(
            rgb_of(&file((3, 2), &entries, &pixels)).unwrap(),
            wanted,
            "{bits} bits"
        );
    }
}

#[test]
fn grey_levels_of_every_depth_are_read() {
    for (bits, pixels) in [
        (1_u16, &[0b0100_0000][..]),
        (2, &[0b0011_0000]),
        (4, &[0x0F]),
        (8, &[0, 255]),
        (16, &[0, 0, 0xFF, 0xFF]),
    ] {
        for (meaning, wanted) in [(1, [0, 0, 0, 255, 255, 255]), (0, [255, 255, 255, 0, 0, 0])] {
            let entries: [(u16, &[u16]); 2] = [(BITS, &[bits]), (MEANING, &[meaning])];
            assert_eq!(
                rgb_of(&file((2, 1), &entries, pixels)).unwrap(),
                wanted,
                "{bits} bits"
            );
        }
    }
}

#[test]
fn samples_besides_the_colours_are_left_out() {
    let alpha: (u16, &[u16]) = (338, &[2]);
    let grey: [(u16, &[u16]); 4] = [(BITS, &[8, 8]), (MEANING, &[1]), (SAMPLES, &[2]), alpha];
    let pixels = [9, 0, 200, 255];
    assert_eq!(
        rgb_of(&file((2, 1), &grey, &pixels)).unwrap(),
        [9, 9, 9, 200, 200, 200]
    );
    let rgb: [(u16, &[u16]); 4] = [
        (BITS, &[8, 8, 8, 8]),
        (MEANING, &[2]),
        (SAMPLES, &[4]),
        alpha,
    ];
    let pixels = [1, 2, 3, 0, 4, 5, 6, 255];
    assert_eq!(
        rgb_of(&file((2, 1), &rgb, &pixels)).unwrap(),
        [1, 2, 3, 4, 5, 6]
    );
    let cmyk: [(u16, &[u16]); 3] = [(BITS, &[8, 8, 8, 8]), (MEANING, &[5]), (SAMPLES, &[4])];
    let pixels = [0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255];
    let wanted = [255, 255, 255, 0, 255, 255, 0, 0, 0];
    assert_eq!(rgb_of(&file((3, 1), &cmyk, &pixels)).unwrap(), wanted);
}

/// The `tiff` crate does not recognise the padding of tiles in the second and later planes.
#[test]
fn tiles_of_separate_planes_are_read() {
    // Two tiles of 2x2 across, one down, for each of three planes.
    let entries: [(u16, &[u16]); 8] = [
        (BITS, &[8, 8, 8]),
        (MEANING, &[2]),
        (SAMPLES, &[3]),
        (tag::PLANAR, &[2]),
        (tag::TILE_WIDTH, &[2]),
        (tag::TILE_HEIGHT, &[2]),
        (tag::TILE_OFFSETS, &[8, 12, 16, 20, 24, 28]),
        (tag::TILE_BYTES, &[4; 6]),
    ];
    let plane = |n: u8| [n, n + 1, 99, 99, n + 2, 99, 99, 99];
    let pixels = [plane(10), plane(20), plane(30)].concat();
    let wanted = [10, 20, 30, 11, 21, 31, 12, 22, 32];
    assert_eq!(rgb_of(&file((3, 1), &entries, &pixels)).unwrap(), wanted);
}

#[test]
fn pixels_that_are_missing_are_an_error() {
    let rgb: [(u16, &[u16]); 3] = [(BITS, &[8, 8, 8]), (MEANING, &[2]), (SAMPLES, &[3])];
    // The directory follows the pixels and is not mistaken for them.
    let error = rgb_of(&file((200, 100), &rgb, &[7; 6]))
        .unwrap_err()
        .to_string();
    assert!(error.contains("pixels are missing"), "{error}");
}

#[test]
fn an_image_that_would_take_too_much_memory_names_size_and_limit() {
    let rgb: [(u16, &[u16]); 3] = [(BITS, &[8, 8, 8]), (MEANING, &[2]), (SAMPLES, &[3])];
    let error = rgb_of(&file((65_535, 65_535), &rgb, &[7; 6])).unwrap_err();
    assert_eq!(error.kind(), "too_large");
    let error = error.to_string();
    assert!(
        error.contains("65535x65535") && error.contains("512 MiB"),
        "{error}"
    );
}
