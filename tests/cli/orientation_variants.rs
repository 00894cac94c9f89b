//! Photos that store their orientation in many ways, with exiftool as the reference for each of
//! them.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::{ImageFormat, Rgb, RgbImage};

use crate::common::photos::{crc32, encoded, tiff_of};
use crate::common::{RunExt, TestEnv};

/// A name, the content, and the orientation.
type Variant = (String, Vec<u8>, u8);

const BYTE: u16 = 1;
const SHORT: u16 = 3;
const LONG: u16 = 4;
const PREFIX: &[u8] = b"Exif\0\0";

/// A directory entry with the orientation.
#[derive(Clone, Copy)]
struct Entry {
    kind: u16,
    count: u32,
    number: u32,
}

/// Returns EXIF metadata with these orientations.
fn block(big_endian: bool, entries: &[Entry]) -> Vec<u8> {
    block_at(8, big_endian, entries)
}

/// Returns the same with the directory at `start`.
fn block_at(start: u32, big_endian: bool, entries: &[Entry]) -> Vec<u8> {
    let two = |n: u16| {
        if big_endian {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    };
    let four = |n: u32| {
        if big_endian {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    };
    let mut block = if big_endian { b"MM" } else { b"II" }.to_vec();
    block.extend(two(42));
    block.extend(four(start));
    block.resize(start as usize, 0);
    block.extend(two(entries.len() as u16));
    for entry in entries {
        block.extend(two(0x0112));
        block.extend(two(entry.kind));
        block.extend(four(entry.count));
        // Small values are at the start of the four bytes.
        let value = match entry.kind {
            3 | 8 => [two(entry.number as u16), [0, 0]].concat(),
            4 | 9 => four(entry.number).to_vec(),
            _ => vec![entry.number as u8, 0, 0, 0],
        };
        block.extend(value);
    }
    block.extend([0; 4]);
    block
}

fn of(number: u32) -> Vec<u8> {
    block(false, &[entry(SHORT, number)])
}

fn entry(kind: u16, number: u32) -> Entry {
    Entry {
        kind,
        count: 1,
        number,
    }
}

fn picture(format: ImageFormat) -> Vec<u8> {
    encoded(&RgbImage::from_pixel(48, 32, Rgb([90, 120, 150])), format)
}

/// Returns a JPEG with APP1 segments of these contents.
fn jpeg(segments: &[Vec<u8>]) -> Vec<u8> {
    let mut jpeg = picture(ImageFormat::Jpeg);
    let segments = segments.iter().flat_map(|content| {
        let length = (content.len() + 2) as u16;
        [&[0xFF, 0xE1][..], &length.to_be_bytes(), content].concat()
    });
    jpeg.splice(2..2, segments.collect::<Vec<_>>());
    jpeg
}

fn jpeg_with(block: Vec<u8>) -> Vec<u8> {
    jpeg(&[[PREFIX, &block].concat()])
}

fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let body = [kind, content].concat();
    let length = (content.len() as u32).to_be_bytes();
    [&length[..], &body, &crc32(&body).to_be_bytes()].concat()
}

/// Returns a PNG with chunks before and after its pixels.
fn png(before: &[Vec<u8>], behind: &[Vec<u8>]) -> Vec<u8> {
    let mut png = picture(ImageFormat::Png);
    let end = png.len() - 12;
    png.splice(end..end, behind.concat());
    // After IHDR.
    png.splice(33..33, before.concat());
    png
}

/// Returns a raw profile as ImageMagick writes it.
fn profile(block: &[u8]) -> Vec<u8> {
    let digits: String = block.iter().map(|byte| format!("{byte:02x}")).collect();
    let lines: Vec<_> = digits.as_bytes().chunks(72).collect();
    let mut profile = format!("\nexif\n{:8}\n", block.len()).into_bytes();
    profile.extend(lines.join(&b'\n'));
    profile.push(b'\n');
    profile
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Returns a WebP of these chunks and the pixels, which are at index `pixels_at`.
fn webp(flags: u8, mut chunks: Vec<(&[u8; 4], Vec<u8>)>, pixels_at: usize) -> Vec<u8> {
    let simple = picture(ImageFormat::WebP);
    let pixels = simple[20..].to_vec();
    chunks.insert(pixels_at, (b"VP8L", pixels));
    // 48x32 pixels.
    chunks.insert(0, (b"VP8X", vec![flags, 0, 0, 0, 47, 0, 0, 31, 0, 0]));
    let mut body = b"WEBP".to_vec();
    for (kind, content) in chunks {
        body.extend(kind);
        body.extend((content.len() as u32).to_le_bytes());
        body.extend(&content);
        body.extend(&[0][..content.len() % 2]);
    }
    [b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body].concat()
}

fn jpegs() -> Vec<Variant> {
    let mut variants = Vec::new();
    let mut add = |name: &str, jpeg: Vec<u8>, number: u8| {
        variants.push((format!("{name}.jpg"), jpeg, number));
    };
    for (order, big_endian) in [("little", false), ("big", true)] {
        // Signed and undefined ones too.
        for kind in [BYTE, SHORT, LONG, 6, 7, 8, 9] {
            let block = block(big_endian, &[entry(kind, 6)]);
            add(&format!("{order}-{kind}"), jpeg_with(block), 6);
        }
    }
    for number in [0, 9, 65_535] {
        add(&format!("number-{number}"), jpeg_with(of(number)), 1);
    }
    let large = block(false, &[entry(LONG, 262)]);
    add("number-262", jpeg_with(large), 1);
    for count in [0, 2] {
        let entry = Entry {
            count,
            ..entry(SHORT, 6)
        };
        add(
            &format!("count-{count}"),
            jpeg_with(block(false, &[entry])),
            1,
        );
    }
    let odd = block_at(9, false, &[entry(SHORT, 6)]);
    add("odd-offset", jpeg_with(odd), 6);
    let twice = block(false, &[entry(SHORT, 6), entry(SHORT, 8)]);
    add("twice", jpeg_with(twice.clone()), 6);
    add("cut-off", jpeg_with(twice[..22].to_vec()), 1);
    let without = block(false, &[]);
    for (name, first, second, number) in [
        ("6-then-8", of(6), of(8), 6),
        ("1-then-6", of(1), of(6), 1),
        ("9-then-6", of(9), of(6), 1),
        ("none-then-6", without, of(6), 6),
        ("garbage-then-6", b"garbage".to_vec(), of(6), 6),
        ("empty-then-6", Vec::new(), of(6), 6),
    ] {
        let segments = [first, second].map(|block| [PREFIX, &block].concat());
        add(name, jpeg(&segments), number);
    }
    add(
        "odd-prefix",
        jpeg(&[[b"Exif\0\xFF", &of(6)[..]].concat()]),
        6,
    );
    add("no-prefix", jpeg(&[of(6)]), 1);
    add("two-prefixes", jpeg_with([PREFIX, &of(6)].concat()), 1);
    // The thumbnail's orientation, in the second directory.
    let mut thumbnail = block(false, &[]);
    thumbnail[10] = 14;
    thumbnail.extend(&of(6)[8..]);
    add("thumbnail", jpeg_with(thumbnail), 1);
    let xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'>\
        <rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description \
        xmlns:tiff='http://ns.adobe.com/tiff/1.0/' tiff:Orientation='6'/></rdf:RDF></x:xmpmeta>";
    add("xmp", jpeg(&[xmp.to_vec()]), 1);
    variants
}

fn pngs() -> Vec<Variant> {
    let exif = |number| chunk(b"eXIf", &of(number));
    let prefixed = [PREFIX, &of(6)].concat();
    let text =
        |keyword: &str, text: &[u8]| chunk(b"tEXt", &[keyword.as_bytes(), b"\0", text].concat());
    let raw = |number: u32| {
        let prefixed = [PREFIX, &of(number)].concat();
        text("Raw profile type exif", &profile(&prefixed))
    };
    let ztxt = chunk(
        b"zTXt",
        &[
            b"Raw profile type exif\0\0",
            &compressed(&profile(&prefixed))[..],
        ]
        .concat(),
    );
    let itxt = |flag: &[u8], language: &[u8], text: &[u8]| {
        let content = [b"Raw profile type exif\0", flag, language, b"\0\0", text].concat();
        chunk(b"iTXt", &content)
    };
    [
        ("before", png(&[exif(6)], &[]), 6),
        ("behind", png(&[], &[exif(6)]), 6),
        ("prefix", png(&[chunk(b"eXIf", &prefixed)], &[]), 6),
        ("two", png(&[exif(6), exif(8)], &[]), 6),
        ("both-sides", png(&[exif(6)], &[exif(8)]), 6),
        ("raw", png(&[raw(6)], &[]), 6),
        ("raw-behind", png(&[], &[raw(6)]), 6),
        (
            "raw-without-prefix",
            png(&[text("Raw profile type exif", &profile(&of(6)))], &[]),
            6,
        ),
        (
            "raw-app1",
            png(&[text("Raw profile type APP1", &profile(&prefixed))], &[]),
            6,
        ),
        (
            "raw-other-case",
            png(&[text("Raw profile type app1", &profile(&prefixed))], &[]),
            1,
        ),
        ("raw-compressed", png(std::slice::from_ref(&ztxt), &[]), 6),
        ("raw-compressed-behind", png(&[], &[ztxt]), 6),
        (
            "raw-itxt",
            png(&[itxt(b"\0\0", b"en", &profile(&prefixed))], &[]),
            1,
        ),
        (
            "raw-itxt-compressed",
            png(
                &[itxt(b"\x01\0", b"en", &compressed(&profile(&prefixed)))],
                &[],
            ),
            1,
        ),
        (
            "raw-itxt-without-language",
            png(&[itxt(b"\0\0", b"", &profile(&prefixed))], &[]),
            6,
        ),
        (
            "raw-itxt-compressed-without-language",
            png(
                &[itxt(b"\x01\0", b"", &compressed(&profile(&prefixed)))],
                &[],
            ),
            6,
        ),
        ("exif-then-raw", png(&[exif(6), raw(8)], &[]), 6),
        ("raw-then-exif", png(&[raw(6), exif(8)], &[]), 6),
        (
            "comment",
            png(&[text("Comment", &profile(&prefixed))], &[]),
            1,
        ),
    ]
    .into_iter()
    .map(|(name, png, number)| (format!("{name}.png"), png, number))
    .collect()
}

fn webps_and_tiffs() -> Vec<Variant> {
    let exif = |block: Vec<u8>| (b"EXIF", block);
    let upright = RgbImage::from_pixel(48, 32, Rgb([90, 120, 150]));
    let images = [(upright, 0)];
    let tiff = |kind: u16| tiff_of(&images, &[(274, kind, 6)]);
    [
        ("behind.webp", webp(8, vec![exif(of(6))], 0), 6),
        ("before.webp", webp(8, vec![exif(of(6))], 1), 6),
        (
            "prefix.webp",
            webp(8, vec![exif([PREFIX, &of(6)].concat())], 0),
            6,
        ),
        ("no-flag.webp", webp(0, vec![exif(of(6))], 0), 6),
        ("two.webp", webp(8, vec![exif(of(6)), exif(of(8))], 0), 6),
        (
            "long.webp",
            webp(8, vec![exif(block(true, &[entry(LONG, 6)]))], 0),
            6,
        ),
        ("byte.tif", tiff(1), 6),
        ("short.tif", tiff(3), 6),
        ("long.tif", tiff(4), 6),
    ]
    .into_iter()
    .map(|(name, photo, number)| (name.to_owned(), photo, number))
    .collect()
}

/// Returns a folder with all variants.
fn variants() -> (TestEnv, Vec<Variant>) {
    let env = TestEnv::new();
    let variants = [jpegs(), pngs(), webps_and_tiffs()].concat();
    for (name, photo, _) in &variants {
        env.write(format!("photos/{name}"), photo);
    }
    (env, variants)
}

#[test]
fn an_orientation_is_found_wherever_it_stands() {
    let (env, variants) = variants();
    let run = env
        .facematch()
        .args(["detect", "photos", "-f", "ndjson", "--detector", "hog"])
        .ends_with(0);
    for (name, _, number) in &variants {
        let record = run.record(format!("photos/{name}"));
        assert_eq!(record["orientation"], *number, "{name}");
    }
}

#[test]
#[ignore = "needs exiftool (Debian: libimage-exiftool-perl)"]
fn exiftool_finds_the_same_orientations() {
    let (env, variants) = variants();
    for (name, _, number) in &variants {
        let output = std::process::Command::new("exiftool")
            .args(["-n", "-s3", "-IFD0:Orientation"])
            .arg(env.path(format!("photos/{name}")))
            .output()
            .expect("exiftool runs");
        let told = String::from_utf8(output.stdout).unwrap();
        // Values other than the eight are not applied.
        let told = told
            .trim()
            .parse()
            .ok()
            .filter(|told| (1..=8).contains(told));
        assert_eq!(told.unwrap_or(1), *number, "{name}");
    }
}
