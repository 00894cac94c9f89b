//! Helpers for the tests of the binary: a scratch folder, the command, its outcome, and generated
//! photos.

#![allow(
    dead_code,
    reason = "every test binary compiles this module and uses a part of it"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what is missing by failing"
)]

pub(crate) mod heif;
pub(crate) mod json_schema;
#[cfg(unix)]
pub(crate) mod limits;
pub(crate) mod photos;
pub(crate) mod raw_files;
pub(crate) mod reference;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use self::json_schema::JsonSchema;

/// Time after which a run counts as hanging. A run over thousands of photos takes minutes on a busy
/// machine.
pub(crate) const HANG: Duration = Duration::from_secs(900);

/// Returns the path of the file or folder `name` in the repository.
pub(crate) fn repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Returns `facematch` in `folder`, with the repository's models and nothing else of the user's
/// environment.
pub(crate) fn facematch_in(folder: &Path) -> Command {
    in_folder(
        Command::new(assert_cmd::cargo::cargo_bin!("facematch")),
        folder,
    )
}

fn in_folder(mut command: Command, folder: &Path) -> Command {
    command
        .current_dir(folder)
        .env("FACEMATCH_MODELS", repository("models"))
        .env_remove("COLUMNS")
        .env_remove("FACEMATCH_CACHE")
        .env_remove("FACEMATCH_FONTS")
        .env_remove("NO_COLOR")
        .env_remove("RUST_BACKTRACE")
        .timeout(HANG);
    command
}

/// Returns `facematch` in the repository, where `known/` and `unknown/` are.
pub(crate) fn facematch() -> Command {
    facematch_in(&repository(""))
}

/// A separate folder for one test.
pub(crate) struct TestEnv {
    folder: TempDir,
}

impl TestEnv {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root().join(name)
    }

    /// Writes the file `name` and creates its folders.
    pub(crate) fn write(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Writes the program `name`, to be run by a test.
    ///
    /// A child process writes it: a file that this process has open for writing is also open in any
    /// child that another test starts at that moment, and the kernel runs no such file ("Text file
    /// busy").
    #[cfg(unix)]
    pub(crate) fn executable(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        Command::new("sh")
            .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
            .arg(&path)
            .write_stdin(bytes.as_ref())
            .assert()
            .success();
        path
    }

    #[cfg(not(unix))]
    pub(crate) fn executable(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        self.write(name, bytes)
    }

    /// Copies the repository's photo `sample` to `name`.
    pub(crate) fn copy(&self, sample: &str, name: impl AsRef<Path>) -> PathBuf {
        self.write(name, sample_bytes(sample))
    }

    pub(crate) fn folder(&self, name: impl AsRef<Path>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    /// Returns `facematch` in this folder.
    pub(crate) fn facematch(&self) -> Command {
        facematch_in(self.root())
    }

    /// Returns all files below this folder, as `a/b.jpg`, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let relative = |path: &PathBuf| {
            let below = path.strip_prefix(self.root()).unwrap();
            below.to_string_lossy().replace('\\', "/")
        };
        let mut files: Vec<_> = files_below(self.root()).iter().map(relative).collect();
        files.sort();
        files
    }
}

/// Returns all files below `folder`, in no order.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}

/// Returns the bytes of the repository's photo `sample`, such as `known/obama.jpg`.
pub(crate) fn sample_bytes(sample: &str) -> Vec<u8> {
    std::fs::read(repository(sample)).unwrap()
}

/// The outcome of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// The ways in which the tests start a run.
pub(crate) trait RunExt {
    /// Runs the command to its end and expects the exit code `code` and no panic.
    fn ends_with(&mut self, code: i32) -> Run;
}

impl RunExt for Command {
    fn ends_with(&mut self, code: i32) -> Run {
        let output = self.output().unwrap();
        let run = Run {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        assert_eq!(run.code, Some(code), "stderr:\n{}", run.stderr);
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        run
    }
}

impl Run {
    /// Returns the results as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// Returns the records of the `ndjson` form after checking each against the schema.
    pub(crate) fn records(&self) -> Vec<Value> {
        let records: Vec<Value> = self
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_valid(&records);
        records
    }

    /// Returns the only record about the photo `path`.
    pub(crate) fn record(&self, path: impl AsRef<OsStr>) -> Value {
        let path = path.as_ref().to_string_lossy();
        let records = self.records();
        let mut about = records.iter().filter(|record| record["path"] == *path);
        let record = about
            .next()
            .unwrap_or_else(|| panic!("no record about {path} in {records:?}"));
        assert!(about.next().is_none(), "several records about {path}");
        record.clone()
    }
}

/// Checks each record against `docs/facematch-1.schema.json`.
pub(crate) fn assert_valid(records: &[Value]) {
    let schema = JsonSchema::named("facematch-1");
    for record in records {
        schema.assert_valid(record);
    }
}

/// Returns a face's box: x, y, w, h.
pub(crate) fn face_box(face: &Value) -> [i64; 4] {
    ["x", "y", "w", "h"].map(|key| face["box"][key].as_i64().unwrap())
}

/// Returns the only face of an image record.
pub(crate) fn only_face(record: &Value) -> &Value {
    let faces = record["faces"]
        .as_array()
        .unwrap_or_else(|| panic!("no image record: {record}"));
    assert_eq!(faces.len(), 1, "{record}");
    &faces[0]
}

pub(crate) fn assert_near_box(got: [i64; 4], wanted: [i64; 4], tolerance: i64, about: &str) {
    let near = got
        .iter()
        .zip(wanted)
        .all(|(got, wanted)| (got - wanted).abs() <= tolerance);
    assert!(near, "{about}: {got:?} instead of {wanted:?}");
}

/// Checks that `got` is `wanted` within a tolerance for its numbers, since another machine's vector
/// instructions round differently: distances may differ by 0.01, pixels by 2.
pub(crate) fn assert_like(got: &str, wanted: &str) {
    let (got_words, got_numbers) = split_numbers(got);
    let (wanted_words, wanted_numbers) = split_numbers(wanted);
    assert_eq!(got_words, wanted_words, "got:\n{got}\nwanted:\n{wanted}");
    for (g, w) in got_numbers.iter().zip(&wanted_numbers) {
        let (value, expected): (f64, f64) = (g.parse().unwrap(), w.parse().unwrap());
        let is_distance = w.contains('.') && expected < 2.0;
        let tolerance = if is_distance { 0.01 } else { 2.0 };
        assert!(
            (value - expected).abs() <= tolerance,
            "{g} instead of {w}; got:\n{got}\nwanted:\n{wanted}"
        );
    }
}

/// Returns the text with `#` for each number, and the numbers.
fn split_numbers(text: &str) -> (String, Vec<String>) {
    let (mut words, mut numbers) = (String::new(), Vec::new());
    let mut characters = text.chars().peekable();
    let mut previous = ' ';
    while let Some(&c) = characters.peek() {
        // Digits inside a word, as in `obama2`, belong to the word.
        if c.is_ascii_digit() && !previous.is_alphanumeric() && previous != '_' {
            let mut number = String::new();
            while let Some(&c) = characters.peek() {
                if !(c.is_ascii_digit() || c == '.') {
                    break;
                }
                number.push(c);
                characters.next();
            }
            words.push('#');
            numbers.push(number);
            previous = '0';
        } else {
            words.push(c);
            previous = c;
            characters.next();
        }
    }
    (words, numbers)
}
