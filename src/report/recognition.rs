//! Recognises files that hold a report of facematch, so that `-o` may replace them.
//!
//! JSON has a schema and CSV a header. Text has neither: every line must have the fields of one of the reports, and one of them
//! a word of ours or the path of a photo, which the lists and tables of other programs do not have.

use std::path::Path;

use serde_json::{Map, Value};

use crate::batch::has_photo_extension;

/// The schema, as JSON begins with it, but for its version.
const JSON_SCHEMAS: [&[u8]; 2] = [b"\"schema\":\"facematch/", b"\"schema\":\"facematch-"];

/// The header of CSV, and the heads of the tables of figures.
const STARTS: [&[u8]; 4] = [
    b"path,path_bytes,",
    b"rate,distance\n",
    b"verification only ",
    b"photos                  ",
];

/// What is done with a file, in the second field of reports about tags and places.
const CHANGES: [&str; 12] = [
    "created",
    "changed",
    "removed",
    "copied",
    "linked",
    "moved",
    "would create",
    "would change",
    "would remove",
    "would copy",
    "would link",
    "would move",
];

/// What is found about a known photo, in the second field of the report of a check.
const FINDINGS: [&str; 10] = [
    "unreadable",
    "no face",
    "not upright",
    "mislabelled",
    "far from own",
    "same picture",
    "close people",
    "several faces",
    "tiny face",
    "best threshold",
];

/// The largest distance of two encodings of length 1.
const MOST_DISTANCE: f32 = 2.0;

/// Whether a file that begins with `start` is a report. The last line of `start` may be cut off unless it `is_whole`, all of the
/// file.
pub fn is_report(start: &[u8], is_whole: bool) -> bool {
    let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    let text = text.trim_ascii_start();
    match text.first() {
        Some(b'{') => has_schema(text),
        Some(b'[') if has_schema(text) || is_for_exiftool(text) => true,
        _ => STARTS.iter().any(|start| text.starts_with(start)) || are_lines(start, is_whole),
    }
}

/// Whether the first line of the JSON `text` that holds a record has a schema of ours.
fn has_schema(text: &[u8]) -> bool {
    let is_there = |schema: &&[u8]| memchr::memmem::find(first_record(text), schema).is_some();
    JSON_SCHEMAS.iter().any(is_there)
}

/// The first record of the JSON `text`, with what stands behind it in its line.
fn first_record(text: &[u8]) -> &[u8] {
    let text = text.strip_prefix(b"[").unwrap_or(text).trim_ascii_start();
    text.split(|&byte| byte == b'\n').next().unwrap_or_default()
}

/// Whether `text` is a JSON array as ExifTool reads it, with nothing in its first record but the tags of faces: the arrays that
/// ExifTool writes have more.
fn is_for_exiftool(text: &[u8]) -> bool {
    let record = first_record(text);
    let record = record.strip_suffix(b",").unwrap_or(record);
    match serde_json::from_slice::<Map<String, Value>>(record) {
        Ok(tags) => {
            let is_ours = |tag: &String| {
                tag == "SourceFile" || tag.starts_with("XMP-") && tag != "XMP-x:XMPToolkit"
            };
            tags.contains_key("XMP-mwg-rs:RegionInfo") && tags.keys().all(is_ours)
        }
        // Without a photo that has names.
        Err(_) => record == b"]",
    }
}

/// How a line fits the reports.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    No,
    /// It has the fields of a report, but other tables may have them, too.
    Fields,
    /// Only a report has it.
    Sure,
}

/// Whether each line of `text` has the fields of a report's line, and one of them surely is one.
fn are_lines(text: &[u8], is_whole: bool) -> bool {
    let complete = match memchr::memrchr(b'\n', text) {
        Some(end) if !is_whole || end + 1 == text.len() => &text[..end],
        _ => text,
    };
    let lines = complete.split(|&byte| byte == b'\n');
    let mut fits = lines.map(|line| fit(&String::from_utf8_lossy(line)));
    let mut is_sure = false;
    fits.all(|fit| {
        is_sure |= fit == Fit::Sure;
        fit != Fit::No
    }) && is_sure
}

fn fit(line: &str) -> Fit {
    let fields: Vec<_> = line.split('\t').map(without_colour).collect();
    let fields: Vec<_> = fields.iter().map(String::as_str).collect();
    let (has_fields, has_word) = match fields[..] {
        [_, "no faces"] => (true, true),
        [_, "unknown" | "ambiguous"] => (true, false),
        [_, change, _] | [_, change, _, _] if CHANGES.contains(&change) => (true, true),
        [_, kind, _, _] if FINDINGS.contains(&kind) => (true, true),
        [_, _, distance] => (is_distance(distance), false),
        [_, _, distance, others] => {
            let has_word = others.starts_with("nearest: ") || others.starts_with("candidates: ");
            (has_word && is_distance(distance), has_word)
        }
        [_, x, y, w, h, score] | [_, x, y, w, h, score, _] => {
            let is_pixels = |field: &str| field.parse::<u32>().is_ok();
            let is_score = score == "-" || number(score).is_some();
            ([x, y, w, h].into_iter().all(is_pixels) && is_score, false)
        }
        _ => (false, false),
    };
    match has_fields {
        false => Fit::No,
        true if has_word || has_photo_extension(Path::new(fields[0])) => Fit::Sure,
        true => Fit::Fields,
    }
}

fn is_distance(field: &str) -> bool {
    number(field).is_some_and(|distance| (0.0..=MOST_DISTANCE).contains(&distance))
}

/// A distance or a score, which have four decimals.
fn number(field: &str) -> Option<f32> {
    let (_, decimals) = field.split_once('.')?;
    let has_four = decimals.len() == 4 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    has_four.then(|| field.parse().ok()).flatten()
}

/// `field` without the escape sequences of colours: from the escape character to the letter `m`.
fn without_colour(field: &str) -> String {
    let mut parts = field.split('\x1b');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::text::tests::{COLORED, PLAIN, landmarks, people};
    use super::*;

    #[test]
    fn reports_are_known_in_every_form() {
        let text = people(2, PLAIN);
        assert!(is_report(&text.as_bytes()[..text.len() - 3], false));
        assert!(is_report(b"J\xf6rg.jpg\tno faces\n", true));
        for report in [
            &text,
            &people(1, COLORED),
            &landmarks(PLAIN),
            "a.jpg\tann\t0.3142\tcandidates: ann 0.3142, bob 0.3150\n",
            "scan0001\tann\t0.3142\nscan0002\tno faces\n",
            "a.jpg\t10\t20\t30\t40\t-\n",
            "a.jpg\t10\t20\t30\t40\t-0.1234\n",
            "a.jpg\tcreated\ta.jpg.xmp\tZo\u{eb}, A\\tB\n",
            "scan0001\tremoved\tscan0001.xmp\n",
            "known/ann.jpg\tno face\tann\tuse another photo\nknown\tbest threshold\t0.500\tcannot be told\n",
            "path,path_bytes,width\r\n",
            "[\n{\"type\":\"image\",\"schema\":\"facematch/1\"}\n]\n",
            "[\n{\"SourceFile\":\"a.jpg\",\"XMP-mwg-rs:RegionInfo\":{}},\n{}\n]\n",
            "[\n\n]\n",
            "[]",
            "[2019] trip/a.jpg\tno faces\n",
        ] {
            assert!(is_report(report.as_bytes(), true), "{report:?}");
        }
    }

    #[test]
    fn lists_and_tables_of_others_are_no_reports() {
        for text in [
            "Milk\nBread\n",
            "milk\t2\t1.29\nbread\t1\t2.50\n",
            "EUR\t2024-01-02\t1.0956\n",
            "a.jpg\tjpeg\t3.2500\n",
            "a.jpg\tno faces\nand my notes about it\n",
            "a.jpg\tno faces\nmy notes",
            "all:\tprogram\n\tcc -o program main.c\n",
            "10\t300\nAbel_Pacheco\t1\t4\n",
            "image,people\na.jpg,ann\n",
            "rate,distance_km,city\n",
            "P1\t10.jpg\n",
            "{\"title\":\"IMG_1.jpg\"}",
            "{\"servers\":{\"facematch\":{\"command\":\"x\"}}}",
            "[Version]\nAppVersion=5.9\n",
            "[{\"SourceFile\":\"a.jpg\",\"ExifToolVersion\":12.57}]",
            "[{\"SourceFile\":\"a.jpg\",\"IFD0:Make\":\"Canon\",\"XMP-mwg-rs:RegionInfo\":{}}]",
        ] {
            assert!(!is_report(text.as_bytes(), true), "{text:?}");
        }
    }
}
