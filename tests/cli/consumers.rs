//! Programs that read the output: a key always has the same type, and other programs' readers get
//! every value.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use image::ImageFormat;
use serde_json::Value;

use crate::common::photos::{at_width, encoded, pixels, side_by_side};
use crate::common::{RunExt, TestEnv};

/// Returns photos of all kinds: a match, strangers, two people, no face, a file that cannot be
/// read, and one that is skipped.
fn photos() -> TestEnv {
    let env = TestEnv::new();
    env.copy("known/biden.jpg", "known/biden.jpg");
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("unknown/obama2.jpg", "photos/obama, \"2\".jpg");
    env.copy("unknown/astronaut.png", "photos/astronaut.png");
    env.copy("unknown/chelsea.png", "photos/a/chelsea.png");
    env.write("photos/broken.jpg", "");
    env.write("photos/skipped.jp2", "no photo");
    let (biden, obama) = (pixels("known/biden.jpg"), pixels("known/obama.jpg"));
    let both = side_by_side(&at_width(&obama, 600), &at_width(&biden, 600));
    env.write("photos/two.png", encoded(&both, ImageFormat::Png));
    env.write(
        "labels.csv",
        "image,people\ntwo.png,biden;obama\nastronaut.png,\n",
    );
    env.write(
        "pairs.csv",
        "fold,same,a,b\n1,1,known/obama.jpg,photos/two.png\n1,0,known/biden.jpg,known/obama.jpg\n",
    );
    // Photos for every kind of finding except `far_from_own`.
    env.copy("known/biden.jpg", "bad/biden.jpg");
    env.copy("known/biden.jpg", "bad/obama.2.jpg");
    env.copy("known/obama.jpg", "bad/obama.jpg");
    env.copy("unknown/obama2.jpg", "bad/obama.3.jpg");
    env.copy("unknown/obama2.jpg", "bad/other.jpg");
    env.copy("unknown/chelsea.png", "bad/chelsea.png");
    env.write("bad/broken.jpg", "");
    env.write("bad/two.png", encoded(&both, ImageFormat::Png));
    let small = at_width(&pixels("unknown/astronaut.png"), 200);
    env.write("bad/small.png", encoded(&small, ImageFormat::Png));
    env
}

/// Commands that write records of photos, by name.
const SEARCHES: [(&str, &[&str]); 7] = [
    ("match", &["known", "photos"]),
    ("candidates", &["--all-distances", "known", "photos"]),
    ("detect", &["detect", "photos"]),
    (
        "encodings",
        &["detect", "--with-encodings", "--detector", "hog", "photos"],
    ),
    ("tag", &["tag", "--dry-run", "known", "photos"]),
    (
        "sort",
        &[
            "sort",
            "--dry-run",
            "known",
            "photos",
            "--into",
            "out",
            "--unknown-into",
            "out/unknown",
        ],
    ),
    ("alone", &["known", "photos/astronaut.png"]),
];

/// Commands that write one JSON object, and their exit codes.
const OBJECTS: [(&str, &[&str], i32); 4] = [
    ("check", &["check", "known"], 0),
    ("findings", &["check", "bad"], 1),
    ("pairs", &["eval", "pairs", "pairs.csv"], 0),
    (
        "identify",
        &[
            "eval",
            "identify",
            "known",
            "photos",
            "--labels",
            "labels.csv",
        ],
        0,
    ),
];

/// Returns the output of a search in one form.
fn searched(env: &TestEnv, arguments: &[&str], format: &str) -> Vec<u8> {
    let code = i32::from(arguments.contains(&"photos"));
    let mut command = env.facematch();
    // One cache for all forms: each photo is searched once for each kind of search.
    command.args(arguments).args(["-q", "-f", format]);
    command.arg("--cache=cache.redb").ends_with(code).stdout
}

fn object(env: &TestEnv, arguments: &[&str], code: i32) -> Vec<u8> {
    let mut command = env.facematch();
    command.args(arguments).args(["-q", "-f", "json"]);
    command.ends_with(code).stdout
}

/// The types of values by key, and by key and parent key.
type Types = BTreeMap<String, BTreeSet<&'static str>>;

/// Adds the type of `value`, which is the value of `key` in `parent`, and of everything in it.
fn add_types(parent: &str, key: &str, value: &Value, types: &mut Types) {
    let found = match value {
        Value::Null => return,
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "fraction",
        Value::Number(_) => "whole number",
        Value::String(_) => "string",
        Value::Array(values) => {
            for value in values {
                add_types(key, "[]", value, types);
            }
            "list"
        }
        Value::Object(object) => {
            for (inner, value) in object {
                add_types(key, inner, value, types);
            }
            "object"
        }
    };
    let place = format!("{parent}.{key}");
    types.entry(place).or_default().insert(found);
    // `x` of a box is an integer, `x` of a landmark is not.
    let found = match found {
        "fraction" | "whole number" => "number",
        found => found,
    };
    if key != "[]" {
        types.entry(key.to_owned()).or_default().insert(found);
    }
}

#[test]
fn a_key_has_one_type_in_all_records_of_all_commands() {
    let env = photos();
    let mut records: Vec<Value> = Vec::new();
    for (_, arguments) in SEARCHES {
        let lines = searched(&env, arguments, "ndjson");
        let lines = lines.split(|&byte| byte == b'\n');
        records.extend(
            lines
                .filter(|line| !line.is_empty())
                .map(|line| serde_json::from_slice(line).unwrap()),
        );
    }
    for (_, arguments, code) in OBJECTS {
        records.push(serde_json::from_slice(&object(&env, arguments, code)).unwrap());
    }
    let mut types = Types::new();
    for record in &records {
        add_types("", "record", record, &mut types);
    }
    for key in ["faces", "face_count", "image_count", "findings", "people"] {
        assert!(types.contains_key(key), "{key}");
    }
    let several: Vec<_> = types.iter().filter(|(_, types)| types.len() > 1).collect();
    assert!(several.is_empty(), "{several:?}");
}

#[test]
fn every_finding_has_the_same_keys() {
    let env = photos();
    let document: Value = serde_json::from_slice(&object(&env, &["check", "bad"], 1)).unwrap();
    let findings = document["findings"].as_array().unwrap();
    let kinds: BTreeSet<_> = findings.iter().filter_map(|f| f["kind"].as_str()).collect();
    assert!(kinds.len() >= 7, "{kinds:?}");
    let keys =
        |finding: &Value| -> Vec<String> { finding.as_object().unwrap().keys().cloned().collect() };
    for finding in findings {
        assert_eq!(keys(finding), keys(&findings[0]), "{finding}");
    }
}

#[test]
fn numbers_of_a_table_that_may_be_fractions_have_a_point() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    // Its distance is 0.
    env.copy("known/obama.jpg", "photos/obama.jpg");
    for arguments in [&["known", "photos"][..], &["detect", "photos"]] {
        let mut command = env.facematch();
        let run = command.args(arguments).args(["-f", "csv"]).ends_with(0);
        let mut reader = csv::Reader::from_reader(run.stdout.as_slice());
        let header = reader.headers().unwrap().clone();
        for row in reader.records() {
            let row = row.unwrap();
            let fractions = header.iter().zip(&row).filter(|(column, _)| {
                *column == "score"
                    || ["distance", "_x", "_y"]
                        .iter()
                        .any(|end| column.ends_with(end))
            });
            for (column, cell) in fractions {
                assert!(cell.is_empty() || cell.contains('.'), "{column}: {cell}");
            }
        }
    }
}

/// Writes the output of every command in every form, and one in which the first face comes after
/// 200 photos.
fn write_all(env: &TestEnv, folder: &Path) {
    let write = |name: String, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    for (name, arguments) in SEARCHES {
        for format in ["ndjson", "json", "csv"] {
            if name != "encodings" || format != "csv" {
                write(
                    format!("{name}.{format}"),
                    &searched(env, arguments, format),
                );
            }
        }
    }
    for (name, arguments, code) in OBJECTS {
        write(format!("{name}.object.json"), &object(env, arguments, code));
    }
    for number in 0..200 {
        env.copy("unknown/chelsea.png", format!("late/a/{number:03}.png"));
    }
    env.copy("unknown/astronaut.png", "late/b.png");
    env.copy("unknown/obama2.jpg", "late/c.jpg");
    env.write("late/d.jpg", "");
    for format in ["ndjson", "csv"] {
        let mut command = env.facematch();
        command.args(["known", "late", "--detector", "hog", "--width", "250"]);
        command.args(["-q", "-f", format, "--cache=cache.redb"]);
        let late = command.ends_with(1).text().to_owned();
        write(format!("200.late.{format}"), late.as_bytes());
        // Past the first block of every reader; after the header of a table.
        let header = late
            .split_inclusive('\n')
            .next()
            .filter(|_| format == "csv");
        let header = header.unwrap_or_default();
        let (first, rest) = late[header.len()..].split_once('\n').unwrap();
        let many = [header, &format!("{first}\n").repeat(25_000), rest].concat();
        write(format!("25000.late.{format}"), many.as_bytes());
    }
}

#[test]
#[ignore = "needs jq and a Python with tests/cli/consumers.txt, which FACEMATCH_PYTHON names; .ci/run makes one"]
fn readers_of_tables_get_every_value() {
    let env = photos();
    let folder = tempfile::tempdir().unwrap();
    write_all(&env, folder.path());
    let python = std::env::var_os("FACEMATCH_PYTHON").unwrap_or_else(|| "python3".into());
    let output = std::process::Command::new(python)
        .arg(crate::common::repository("tests/cli/consumers.py"))
        .arg(folder.path())
        .output()
        .unwrap();
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(output.status.success(), "{told}");
    assert!(told.contains(" files"), "{told}");
}
