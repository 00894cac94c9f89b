//! Recognition of files that hold a report of facematch, so that `-o` may replace them.
//!
//! Every line of the file must be valid in a report. JSON has its type and schema at its beginning,
//! and CSV its columns. Lines of text have neither, so at least one of them must also contain
//! something that lists and tables of other programs do not: the path of a photo, or one of our
//! words in its field.

use std::io::{self, BufRead, Read};
use std::path::Path;

use facematch::batch::has_photo_extension;
use facematch::engine::EncoderKind;
use serde_json::{Map, Value};

use super::csv::COMMON;
use super::text::NOT_COMPARED;

/// Maximum length of a line in bytes. A record with 1,000 encodings has about a million.
const MAX_LINE: u64 = 64 << 20;

/// Changes to a file, in the second field of reports about tags and places.
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

/// Kinds of findings about a known photo, in the second field of the report of a check.
const FINDINGS: [&str; 12] = [
    "unreadable",
    "no face",
    "not upright",
    "poor face",
    "mislabelled",
    "far from own",
    "same picture",
    "close people",
    "several faces",
    "tiny face",
    "best threshold",
    "automatic threshold",
];

/// Larger than the distances in a report.
const MOST_DISTANCE: f32 = 2.0;

/// Returns whether `content`, the content of a whole file, is a report.
///
/// # Errors
/// An I/O error if it cannot be read.
pub(crate) fn is_report(content: impl BufRead) -> io::Result<bool> {
    let mut lines = Lines(content);
    let Some(first) = lines.next_line()? else {
        return Ok(false);
    };
    let first = first.strip_prefix('\u{feff}').unwrap_or(&first).to_owned();
    if first == "[]" {
        return lines.all(str::is_empty);
    }
    if first == "[" {
        let mut is_closed = false;
        return lines.all(|line| match line {
            "]" => !std::mem::replace(&mut is_closed, true),
            "" => true,
            record => {
                let record = record.strip_suffix(',').unwrap_or(record);
                !is_closed && (is_record(record) || is_for_exiftool(record))
            }
        });
    }
    if first.starts_with('{') {
        return Ok(is_record(&first) && lines.all(is_record)?);
    }
    if first == "rate,distance" {
        return lines.all(is_rate);
    }
    if let Some(columns) = columns_of_csv(&first) {
        return Ok(lines.is_csv(columns));
    }
    let head = first.trim_start();
    // The figures of several encoders have their names.
    let encoder = EncoderKind::ALL.map(EncoderKind::name);
    let encoder = encoder.iter().find_map(|name| head.strip_prefix(name));
    let rest_of_table = match encoder.unwrap_or(head).trim_start() {
        head if head.starts_with("verification only ") && head.ends_with(" end to end") => is_row,
        head if head.starts_with("photos                  ") => is_row_of_a_person,
        _ => return lines.are_text(&first),
    };
    Ok(is_row(&first) && lines.all(rest_of_table)?)
}

/// Lines of a file.
struct Lines<R>(R);

impl<R: BufRead> Lines<R> {
    /// Returns the next line without its end, with U+FFFD for invalid bytes.
    fn next_line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        (&mut self.0).take(MAX_LINE).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Ok(Some(String::from_utf8_lossy(line).into_owned()))
    }

    fn all(&mut self, mut is_right: impl FnMut(&str) -> bool) -> io::Result<bool> {
        while let Some(line) = self.next_line()? {
            if !is_right(&line) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns whether the other lines are CSV with this number of `columns`.
    fn is_csv(&mut self, columns: usize) -> bool {
        let mut reader = csv::ReaderBuilder::new();
        let reader = reader
            .has_headers(false)
            .flexible(true)
            .from_reader(&mut self.0);
        let mut rows = reader.into_byte_records();
        rows.all(|row| row.is_ok_and(|row| row.len() == columns))
    }

    /// Returns whether `first` and the other lines can be text of a report, and at least one of
    /// them is.
    fn are_text(&mut self, first: &str) -> io::Result<bool> {
        let mut is_sure = fit(first) == Fit::Sure;
        let are_right = fit(first) != Fit::No
            && self.all(|line| {
                let fit = fit(line);
                is_sure |= fit == Fit::Sure;
                fit != Fit::No
            })?;
        Ok(are_right && is_sure)
    }
}

/// Returns whether `line` is a JSON record with its type and one of our schemas at its beginning.
fn is_record(line: &str) -> bool {
    let schema = || {
        let (kind, rest) = line.strip_prefix("{\"type\":\"")?.split_once('"')?;
        let schema = rest.strip_prefix(",\"schema\":\"facematch")?;
        let form = schema
            .strip_prefix("-check")
            .or(schema.strip_prefix("-eval"));
        let version = form.unwrap_or(schema).strip_prefix('/')?;
        let is_letters = kind.bytes().all(|byte| byte.is_ascii_lowercase());
        (is_letters && version.starts_with(|c: char| c.is_ascii_digit())).then_some(())
    };
    schema().is_some() && line.ends_with('}')
}

/// Returns whether `record` is one of ours for ExifTool, with only the tags of faces. Records that
/// ExifTool writes have more tags.
fn is_for_exiftool(record: &str) -> bool {
    let is_ours =
        |tag: &String| tag == "SourceFile" || tag.starts_with("XMP-") && tag != "XMP-x:XMPToolkit";
    serde_json::from_str::<Map<String, Value>>(record)
        .is_ok_and(|tags| tags.contains_key("XMP-mwg-rs:RegionInfo") && tags.keys().all(is_ours))
}

/// Returns the number of columns in the CSV with the header `line`, if it is one of ours.
fn columns_of_csv(line: &str) -> Option<usize> {
    let columns: Vec<_> = line.split(',').collect();
    (columns.starts_with(&COMMON[..11]) && columns.last() == Some(&"error"))
        .then_some(columns.len())
}

/// Returns whether `line` is part of the table of impostors: a rate such as 1.2345e-3, and a
/// distance.
fn is_rate(line: &str) -> bool {
    let fields = line.split_once(',');
    fields.is_some_and(|(rate, distance)| {
        rate.contains('e') && rate.parse::<f64>().is_ok() && is_distance(distance)
    })
}

/// Returns whether `line` is part of a table of figures: a label with values, the header, or the
/// note below the table.
fn is_row(line: &str) -> bool {
    let has_columns =
        line.contains("  ") && line.ends_with(|c: char| c.is_ascii_digit() || "-%)".contains(c));
    has_columns || line.starts_with("* ") || line.ends_with(" end to end")
}

/// Returns whether `line` is part of the tables of identification, the second of which has the
/// people.
fn is_row_of_a_person(line: &str) -> bool {
    line.is_empty() || is_row(line) || line.contains("  ")
}

/// Likelihood that a line of text is from a report.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    No,
    /// The line has the fields of a report, but other tables may have them too.
    Fields,
    /// Only a report has such a line.
    Sure,
}

fn fit(line: &str) -> Fit {
    let fields: Vec<_> = line.split('\t').map(without_colour).collect();
    let mut fields: Vec<_> = fields.iter().map(String::as_str).collect();
    // The rate of strangers, with -v; boxes have more fields.
    let is_rate = |field: &&&str| **field == "-" || field.ends_with(" strangers");
    if fields.len() < 6 && fields.get(3).filter(is_rate).is_some() {
        fields.remove(3);
    }
    let (has_fields, has_word) = match fields[..] {
        [_, "no faces"] | [_, "unknown", "-", NOT_COMPARED] => (true, true),
        [photo, change, file] => (
            is_distance(file) || CHANGES.contains(&change) && is_file_of(photo, file),
            false,
        ),
        [photo, change, file, _] if CHANGES.contains(&change) => (is_file_of(photo, file), false),
        [_, kind, _, advice] if FINDINGS.contains(&kind) => {
            (!advice.is_empty(), kind == "best threshold")
        }
        [_, _, distance, others] => {
            let has_word = others.starts_with("nearest: ") || others.starts_with("candidates: ");
            (has_word && is_distance(distance), has_word)
        }
        [_, x, y, w, h, score] => (are_box([x, y, w, h]) && is_score(score), false),
        [_, x, y, w, h, score, landmarks] => {
            let has_points = landmarks.contains('=') && landmarks.contains(',');
            (
                are_box([x, y, w, h]) && is_score(score) && has_points,
                has_points,
            )
        }
        _ => (false, false),
    };
    match has_fields {
        false => Fit::No,
        true if has_word || has_photo_extension(Path::new(fields[0])) => Fit::Sure,
        true => Fit::Fields,
    }
}

/// Returns whether a report about `photo` may name `file`: the photo, a sidecar, or a file with the
/// same name in another folder.
fn is_file_of(photo: &str, file: &str) -> bool {
    let stem = |path: &str| Some(Path::new(path).file_stem()?.to_string_lossy().into_owned());
    let stems = stem(photo).zip(stem(file));
    file.ends_with(".xmp") || stems.is_some_and(|(photo, file)| file.starts_with(&photo))
}

fn are_box(sides: [&str; 4]) -> bool {
    sides.iter().all(|side| side.parse::<u32>().is_ok())
}

fn is_score(field: &str) -> bool {
    field == "-" || number(field).is_some()
}

fn is_distance(field: &str) -> bool {
    number(field).is_some_and(|distance| (0.0..=MOST_DISTANCE).contains(&distance))
}

/// Parses a distance or a score, which have four decimals.
fn number(field: &str) -> Option<f32> {
    let (_, decimals) = field.split_once('.')?;
    let has_four = decimals.len() == 4 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    has_four.then(|| field.parse().ok()).flatten()
}

/// Returns `field` without the escape sequences of colours, from the escape character to the letter
/// `m`.
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
    use super::*;
    use crate::cli::report::text::tests::{COLORED, PLAIN, WITH_RATES, landmarks, people};

    fn is_one(text: &str) -> bool {
        is_report(text.as_bytes()).unwrap()
    }

    #[test]
    fn reports_are_known_in_every_form() {
        assert!(is_report(&b"J\xf6rg.jpg\tno faces\n"[..]).unwrap());
        for report in [
            &*people(2, PLAIN),
            &people(1, COLORED),
            &people(1, WITH_RATES),
            &landmarks(PLAIN),
            "a.jpg\tann\t0.3142\tcandidates: ann 0.3142, bob 0.3150\n",
            "a\tunknown\t-\tnot compared\na\tunknown\t-\t-\tnot compared\n",
            "scan0001\tann\t0.3142\nscan0002\tno faces\n",
            "a.jpg\t10\t20\t30\t40\t-\n",
            "a.jpg\t10\t20\t30\t40\t-0.1234\n",
            "a.jpg\tcreated\ta.jpg.xmp\tZo\u{eb}, A\\tB\n",
            "a.jpg\tremoved\ta.xmp\n",
            "a.jpg\twould copy\tout/ann/a.2.jpg\tann\n",
            "known/ann.jpg\tno face\tann\tuse another photo\nknown\tbest threshold\t0.500\tcannot be determined\n",
            "rate,distance\n1.0000e-4,0.2100\n",
            "          verification only   end to end\npairs (same, different)   2 (1, 1)   2 (1, 1)\nFMR   0.00 %   -\n* fewer\n",
            "dlib   verification only   end to end\nFMR   0.00 %   -\nmobilefacenet   verification only   end to end\nFMR   0.00 %   -\n",
            "photos                        1\nFNIR (missed)    0.00 %\n\nprecision  recall  person\n  -   -   1  ann\n",
            "[\n{\"type\":\"image\",\"schema\":\"facematch/1\"},\n{\"type\":\"summary\",\"schema\":\"facematch/1\"}\n]\n",
            "{\"type\":\"check\",\"schema\":\"facematch-check/1\"}\n",
            "[\n{\"SourceFile\":\"a.jpg\",\"XMP-mwg-rs:RegionInfo\":{}}\n]\n",
            "[\n\n]\n",
            "[]",
            "[2019] trip/a.jpg\tno faces\n",
        ] {
            assert!(is_one(report), "{report:?}");
        }
    }

    #[test]
    fn lists_and_tables_of_others_are_no_reports() {
        let long = "a.jpg\tno faces\n".repeat(10_000);
        let header = COMMON.join(",");
        for text in [
            "Milk\nBread\n",
            "milk\t2\t1.29\nbread\t1\t2.50\n",
            "EUR\t2024-01-02\t1.0956\n",
            "a.jpg\tjpeg\t3.2500\n",
            "a.jpg\tno faces\nand my notes about it\n",
            "a.jpg\tno faces\nmy notes",
            &format!("{long}my notes\n"),
            "task 1\tcreated\t2024-01-02\n",
            "/etc/hosts\tchanged\troot\n",
            "ann.jpg\tunknown\n",
            "all:\tprogram\n\tcc -o program main.c\n",
            "10\t300\nAbel_Pacheco\t1\t4\n",
            "image,people\na.jpg,ann\n",
            "path,path_bytes,owner\n/etc,4096,root\n",
            &format!("{header},error,comment\n"),
            &format!("{header},error\nmy notes\n"),
            "rate,distance_km,city\n",
            "rate,distance\n2.5,10\n",
            "verification only on Mondays\n",
            "photos                  my packing list\n",
            "P1\t10.jpg\n",
            "{\"title\":\"IMG_1.jpg\"}",
            "{\"servers\":{\"facematch\":{\"command\":\"x\"}}}",
            "{\"schema\":\"facematch-notes/1\",\"text\":\"mine\"}",
            "{\"album\":\"Rome\",\"faces\":{\"type\":\"image\",\"schema\":\"facematch/1\"}}",
            "{\"type\":\"image\",\"schema\":\"facematch/1\"}\n{\"note\":1}\n",
            "[\n{\"type\":\"image\",\"schema\":\"facematch/1\"}\n]\nmy notes\n",
            "[]\n[1,2,3]\n",
            "[Version]\nAppVersion=5.9\n",
            "[{\"SourceFile\":\"a.jpg\",\"ExifToolVersion\":12.57}]",
            "[\n{\"SourceFile\":\"a.jpg\",\"IFD0:Make\":\"Canon\",\"XMP-mwg-rs:RegionInfo\":{}}\n]",
        ] {
            assert!(!is_one(text), "{text:?}");
        }
    }
}
