//! Whether a file holds a report that this program has written, so that a later one may take its place.
//!
//! In come the first bytes of the file; out comes yes or no. The forms with a header or a schema are known by that. Lines of
//! text have none: each of them must have the fields of one of the reports, which a list or a table of somebody else does not.

/// What JSON has near its start: the schema, or the faces of a photo for ExifTool. A dump of ExifTool has its own keys first.
const JSON_KEYS: [&[u8]; 2] = [b"\"facematch", b"\"XMP-mwg-rs:RegionInfo\""];

/// The header of CSV, and the heads of the tables of figures.
const STARTS: [&[u8]; 4] = [
    b"path,path_bytes,",
    b"rate,distance",
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

/// Whether a file that begins with `start` is a report. The last line of `start` may be cut off.
pub fn is_report(start: &[u8]) -> bool {
    let text = start
        .strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(start)
        .trim_ascii_start();
    let has = |key: &&[u8]| memchr::memmem::find(text, key).is_some();
    let is_json = text.starts_with(b"{") || text.starts_with(b"[");
    STARTS.iter().any(|start| text.starts_with(start))
        || text.trim_ascii_end() == b"[]"
        || is_json && JSON_KEYS.iter().any(has)
        || are_lines(start)
}

/// Whether each line of `text` has the fields of a report's line.
fn are_lines(text: &[u8]) -> bool {
    let complete = match memchr::memrchr(b'\n', text) {
        Some(end) => &text[..end],
        None => text,
    };
    let mut lines = complete.split(|&byte| byte == b'\n');
    lines.all(|line| is_line(&String::from_utf8_lossy(line)))
}

fn is_line(line: &str) -> bool {
    let fields: Vec<_> = line.split('\t').map(without_colour).collect();
    let fields: Vec<_> = fields.iter().map(String::as_str).collect();
    match fields[..] {
        [_, found] => ["no faces", "unknown", "ambiguous"].contains(&found),
        [_, change, _] if CHANGES.contains(&change) => true,
        [_, change, _, _] if CHANGES.contains(&change) => true,
        [_, _, distance] => is_decimal(distance),
        [_, kind, _, _] if FINDINGS.contains(&kind) => true,
        [_, _, distance, others] => {
            is_decimal(distance)
                && (others.starts_with("nearest: ") || others.starts_with("candidates: "))
        }
        [_, x, y, w, h, score] | [_, x, y, w, h, score, _] => {
            let is_pixels = |field: &str| field.parse::<u32>().is_ok();
            [x, y, w, h].into_iter().all(is_pixels) && (score == "-" || is_decimal(score))
        }
        _ => false,
    }
}

/// A distance or a score, which have four decimals.
fn is_decimal(field: &str) -> bool {
    let number = field.split_once('.');
    number.is_some_and(|(whole, decimals)| {
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let whole = whole.strip_prefix('-').unwrap_or(whole);
        !whole.is_empty() && is_digits(whole) && decimals.len() == 4 && is_digits(decimals)
    })
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
        for report in [
            &text,
            &text[..text.len() - 3],
            &people(1, COLORED),
            &landmarks(PLAIN),
            "a.jpg\tann\t0.3142\tcandidates: ann 0.3142, bob 0.3150\n",
            "a.jpg\t10\t20\t30\t40\t-\n",
            "a.jpg\tcreated\ta.jpg.xmp\tZo\u{eb}, A\\tB\n",
            "a.jpg\tremoved\ta.jpg.xmp\n",
            "a.jpg\twould copy\tout/ann/a.jpg\tann\n",
            "known/ann.jpg\tno face\tann\tuse another photo\nknown\tbest threshold\t0.500\tcannot be told\n",
            "path,path_bytes,width\r\n",
            "[{\"type\":\"image\",\"schema\":\"facematch/1\"}]",
            "[{\"SourceFile\":\"a.jpg\",\"XMP-mwg-rs:RegionInfo\":{}}]",
            "[]\n",
            "[2019] trip/a.jpg\tno faces\n",
        ] {
            assert!(is_report(report.as_bytes()), "{report:?}");
        }
        assert!(is_report(b"J\xf6rg.jpg\tno faces\n"));
    }

    #[test]
    fn lists_and_tables_of_others_are_no_reports() {
        for text in [
            "Milk\nBread\n",
            "milk\t2\t1.29\nbread\t1\t2.50\n",
            "a.jpg\tno faces\nand my notes about it\n",
            "all:\tprogram\n\tcc -o program main.c\n",
            "10\t300\nAbel_Pacheco\t1\t4\n",
            "image,people\na.jpg,ann\n",
            "P1\t10.jpg\n",
            "{\"title\":\"IMG_1.jpg\"}",
            "[Version]\nAppVersion=5.9\n",
            "[{\"SourceFile\":\"a.jpg\",\"ExifToolVersion\":12.57}]",
        ] {
            assert!(!is_report(text.as_bytes()), "{text:?}");
        }
    }
}
