//! Paths that are awkward to print.

use std::ffi::OsString;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{ImageFormat, RgbImage};
use serde_json::Value;

use crate::common::photos::encoded;
use crate::common::{Run, RunExt, TestEnv, only_face};

/// Returns every name with its representation in the text form.
#[cfg(target_os = "linux")]
fn names() -> Vec<(OsString, &'static [u8])> {
    use std::os::unix::ffi::OsStringExt;
    [
        (b"a b.png".as_slice(), b"a b.png".as_slice()),
        (b"back\\slash.png", b"back\\\\slash.png"),
        (b"comma,s.png", b"comma,s.png"),
        (b"new\nline.png", b"new\\nline.png"),
        (b"quote\"d'.png", b"quote\"d'.png"),
        (b"red\x1b[31m.png", b"red\\x1b[31m.png"),
        (b"tab\t.png", b"tab\\t.png"),
        ("zoë 😀.png".as_bytes(), "zoë 😀.png".as_bytes()),
        (b"\xff\xfe.png", b"\xff\xfe.png"),
    ]
    .map(|(name, text)| (OsString::from_vec(name.to_vec()), text))
    .into()
}

#[cfg(not(target_os = "linux"))]
fn names() -> Vec<(OsString, &'static [u8])> {
    [
        ("a b.png", "a b.png".as_bytes()),
        ("comma,s.png", b"comma,s.png"),
        ("zoë 😀.png", "zoë 😀.png".as_bytes()),
    ]
    .map(|(name, text)| (name.into(), text))
    .into()
}

fn photos() -> TestEnv {
    let env = TestEnv::new();
    for (name, _) in names() {
        env.write(name, encoded(&RgbImage::new(64, 64), ImageFormat::Png));
    }
    env
}

fn detect(env: &TestEnv, format: &str, code: i32, stdin: &[u8]) -> Run {
    env.facematch()
        .args([
            "detect",
            "-w",
            "64",
            "--upsample",
            "0",
            "-0",
            "-",
            "-f",
            format,
        ])
        .write_stdin(stdin)
        .ends_with(code)
}

fn on_stdin() -> Vec<u8> {
    names()
        .into_iter()
        .flat_map(|(name, _)| [name.into_encoded_bytes(), vec![0]].concat())
        .collect()
}

#[test]
fn text_keeps_to_one_line_for_each() {
    let run = detect(&photos(), "text", 0, &on_stdin());
    let wanted: Vec<u8> = names()
        .into_iter()
        .flat_map(|(_, text)| [text, b"\tno faces\n"].concat())
        .collect();
    assert_eq!(
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&wanted)
    );
    assert_eq!(run.stdout, wanted);
}

#[test]
fn json_gives_every_path_back() {
    // In the second run none of the photos exists: errors contain their paths too.
    for (env, code) in [(photos(), 0), (TestEnv::new(), 1)] {
        let run = detect(&env, "ndjson", code, &on_stdin());
        let paths: Vec<Vec<u8>> = run.records().iter().filter_map(path_of).collect();
        assert_eq!(paths, sorted_names());
    }
}

fn sorted_names() -> Vec<Vec<u8>> {
    names()
        .into_iter()
        .map(|(name, _)| name.into_encoded_bytes())
        .collect()
}

/// Returns the exact path of a record, and checks that `path_bytes` is present only if necessary.
fn path_of(record: &Value) -> Option<Vec<u8>> {
    let lossy = record["path"].as_str()?;
    match record["path_bytes"].as_str() {
        None => Some(lossy.as_bytes().to_vec()),
        Some(base64) => {
            let bytes = STANDARD.decode(base64).unwrap();
            assert!(std::str::from_utf8(&bytes).is_err());
            assert_eq!(String::from_utf8_lossy(&bytes), lossy);
            Some(bytes)
        }
    }
}

#[test]
fn csv_gives_every_path_back() {
    let run = detect(&photos(), "csv", 0, &on_stdin());
    let mut reader = csv::Reader::from_reader(run.stdout.as_slice());
    let paths: Vec<Vec<u8>> = reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            match &row[1] {
                "" => row[0].as_bytes().to_vec(),
                base64 => STANDARD.decode(base64).unwrap(),
            }
        })
        .collect();
    assert_eq!(paths, sorted_names());
}

#[test]
fn known_people_keep_their_names() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/O'Brian, \"Zoë\" 😀.1.jpg");
    env.copy("unknown/obama2.jpg", "photo.jpg");
    let name = "O'Brian, \"Zoë\" 😀";
    let run = |format: &str| {
        env.facematch()
            .args(["known", "photo.jpg", "-f", format])
            .ends_with(0)
    };
    let record = run("ndjson").record("photo.jpg");
    assert_eq!(record["faces"][0]["name"], name);
    let text = run("text");
    assert_eq!(text.text().split('\t').nth(1), Some(name));
    let csv = run("csv");
    let mut reader = csv::Reader::from_reader(csv.stdout.as_slice());
    let row = reader.records().next().unwrap().unwrap();
    assert!(row.iter().any(|field| field == name), "{row:?}");
}

/// A Mac stores é as two characters, other systems as one.
#[cfg(target_os = "linux")]
#[test]
fn one_person_has_one_name_however_its_accents_are_spelled() {
    const COMPOSED: &str = "Jos\u{e9}";
    const APART: &str = "Jose\u{301}";
    let env = TestEnv::new();
    env.copy("known/obama.jpg", format!("known/{COMPOSED}.1.jpg"));
    env.copy("known/obama.jpg", format!("known/{APART}.2.jpg"));
    env.copy("unknown/obama2.jpg", "photo.jpg");
    let run = env
        .facematch()
        .args(["--detector", "hog", "known", "photo.jpg", "-f", "ndjson"])
        .ends_with(0);
    let record = run.record("photo.jpg");
    let face = only_face(&record);
    assert_eq!(
        (&face["outcome"], &face["name"]),
        (&"match".into(), &COMPOSED.into())
    );
    let enroll = |options: &[&str]| env.facematch().arg("enroll").args(options).ends_with(0);
    enroll(&["--detector", "hog", "known", "-o", "people.safetensors"]);
    let list = enroll(&["--list", "people.safetensors"]);
    assert_eq!(list.text(), format!("{COMPOSED}\t2\n"));
    let removed = enroll(&["--remove", APART, "people.safetensors"]);
    assert!(
        removed.stderr.contains("removed 2 faces"),
        "{}",
        removed.stderr
    );
}

#[cfg(unix)]
#[test]
fn messages_cannot_forge_a_line_or_command_the_terminal() {
    let env = TestEnv::new();
    env.write("\x1b[31mred\nfacematch: all is well.jpg", "");
    let run = env.facematch().args(["detect", "."]).ends_with(1);
    assert!(!run.stderr.contains('\x1b'), "{:?}", run.stderr);
    assert!(
        run.stderr
            .contains("\\u{1b}[31mred\\nfacematch: all is well"),
        "{:?}",
        run.stderr
    );
    // The error and the summary.
    assert_eq!(run.stderr.lines().count(), 2, "{:?}", run.stderr);
}
