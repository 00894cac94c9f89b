//! Other programs: exiftool and exiv2 read the output of `facematch tag`, and the recipes of
//! docs/OPTIONS.md run unchanged.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::common::only_face;
use crate::common::{RunExt, TestEnv, repository};
use crate::tagging::{assert_area, oriented_photos, oriented_scene, stored_edges, tagged};

pub(crate) const WHY: &str = "needs exiftool, exiv2 and jq, which .ci/run installs";

/// Returns the output of `tool` about `files` in `folder`. It must not report an error.
pub(crate) fn told(tool: &str, options: &[&str], folder: &Path, files: &[String]) -> String {
    let output = Command::new(tool)
        .args(options)
        .args(files)
        .current_dir(folder)
        .output()
        .expect(WHY);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{tool}: {complaints}");
    assert_eq!(complaints, "", "{tool}");
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn exiftool(folder: &Path, files: &[String]) -> Vec<Value> {
    let options = [
        "-q",
        "-json",
        "-struct",
        "-validate",
        "-warning",
        "-XMP:all",
    ];
    serde_json::from_str(&told("exiftool", &options, folder, files)).unwrap()
}

/// Returns the number in exiftool's "1 Warning (minor)", or 0 for "OK".
pub(crate) fn warnings(validate: &Value) -> u32 {
    let count = validate.as_str().unwrap().split(' ').next().unwrap();
    count.parse().unwrap_or(0)
}

#[test]
#[ignore = "needs exiftool and exiv2"]
fn both_read_the_names_and_regions_of_all_orientations() {
    let (env, upright) = oriented_scene();
    let run = tagged(&env, &[]);
    let sidecars: Vec<_> = oriented_photos()
        .map(|(path, _)| format!("{path}.xmp"))
        .collect();
    let read = exiftool(env.root(), &sidecars);
    assert_eq!(read.len(), 32);
    for (((path, number), sidecar), found) in oriented_photos().zip(&sidecars).zip(&read) {
        assert_eq!(found["SourceFile"], *sidecar);
        assert_eq!(found["Validate"], "OK", "{path}");
        assert_eq!(found["Warning"], Value::Null, "{path}");
        let face = stored_edges(&upright, only_face(&run.record(&path)), number);
        assert_names_obama(&env, sidecar, found, face);
    }
}

/// Checks the output of exiftool, `found`, and of exiv2 for `file`: obama, with the region that a
/// box at `edges` has in a stored image of `size`.
pub(crate) fn assert_names_obama(
    env: &TestEnv,
    file: &str,
    found: &Value,
    (size, edges): ([f64; 2], [f64; 4]),
) {
    for (list, keyword) in [
        ("Subject", "obama"),
        ("HierarchicalSubject", "People|obama"),
        ("TagsList", "People/obama"),
        ("PersonInImage", "obama"),
    ] {
        assert_eq!(found[list], serde_json::json!([keyword]), "{file} {list}");
    }
    let regions = &found["RegionInfo"];
    let number_of = |value: &Value| value.as_f64().unwrap();
    let applied = ["W", "H"].map(|side| number_of(&regions["AppliedToDimensions"][side]));
    assert_eq!(applied, size, "{file}");
    let [region] = &regions["RegionList"].as_array().unwrap()[..] else {
        panic!("{file}: {regions}");
    };
    assert_eq!(
        (&region["Name"], &region["Type"]),
        (&"obama".into(), &"Face".into())
    );
    let area = ["X", "Y", "W", "H"].map(|name| number_of(&region["Area"][name]));
    assert_area(area, size, edges, file);
    // exiv2 agrees on the first number of the area.
    let key = "Xmp.mwg-rs.Regions/mwg-rs:RegionList[1]/mwg-rs:Area/stArea:x";
    let options = ["-Pv", "-K", key];
    let output = told("exiv2", &options, env.root(), &[file.to_owned()]);
    let told: f64 = output.trim().parse().unwrap();
    assert!((told - area[0]).abs() < 1e-6, "{file}: {told}");
}

#[test]
#[ignore = "needs exiftool and exiv2"]
fn both_read_what_was_added_to_the_sidecars_of_photo_managers() {
    for manager in ["digikam", "lightroom", "darktable"] {
        let seed = repository(&format!("tests/fuzz/seeds/sidecar/valid_{manager}.xmp"));
        let existing = std::fs::read(seed).unwrap();
        let env = TestEnv::new();
        env.copy("known/obama.jpg", "known/obama.jpg");
        env.copy("unknown/obama2.jpg", "photos/obama2.jpg");
        let name = "photos/obama2.jpg.xmp";
        env.write(name, &existing);
        let sidecar = [name.to_owned()];
        let before = exiftool(env.root(), &sidecar);
        tagged(&env, &[]);
        let after = exiftool(env.root(), &sidecar);
        let (before, after) = (
            before[0].as_object().unwrap(),
            after[0].as_object().unwrap(),
        );
        assert_keeps_everything(manager, before, after);
        let people = &after["PersonInImage"];
        assert!(people.to_string().contains("obama"), "{manager}: {people}");
        told("exiv2", &["-pa"], env.root(), &sidecar);
        env.facematch().args(["untag", "photos"]).ends_with(0);
        assert_eq!(
            std::fs::read(env.path(name)).unwrap(),
            existing,
            "{manager}"
        );
    }
}

/// Checks that `after` has everything that exiftool found in a file `before`.
pub(crate) fn assert_keeps_everything(
    manager: &str,
    before: &serde_json::Map<String, Value>,
    after: &serde_json::Map<String, Value>,
) {
    assert!(
        warnings(&after["Validate"]) <= warnings(&before["Validate"]),
        "{manager}: {after:?}"
    );
    for (field, value) in before.iter().filter(|(field, _)| *field != "Validate") {
        match (value, &after[field]) {
            (Value::Array(before), Value::Array(after)) => {
                assert!(
                    before.iter().all(|item| after.contains(item)),
                    "{manager} {field}"
                );
            }
            (Value::Object(_), Value::Object(_)) => {}
            // A list of one is a text, and so is an empty one.
            (Value::String(before), Value::Array(_)) if before.is_empty() => {}
            (Value::String(before), Value::Array(after)) => {
                assert!(after.contains(&before.as_str().into()), "{manager} {field}");
            }
            (before, after) => assert_eq!(after, before, "{manager} {field}"),
        }
    }
}

/// Returns the code blocks of the recipes in docs/OPTIONS.md that are marked with `language`.
fn recipes(language: &str) -> Vec<String> {
    let options = std::fs::read_to_string(repository("docs/OPTIONS.md")).unwrap();
    let (_, recipes) = options.split_once("## Recipes").unwrap();
    let opening = format!("```{language}\n");
    let blocks = recipes.split(&opening).skip(1);
    blocks
        .map(|block| block.split_once("```").unwrap().0.to_owned())
        .collect()
}

/// Runs `script` in the home folder of `env` with `facematch` on the path; returns its output.
fn shell(env: &TestEnv, script: &str) -> String {
    let program = assert_cmd::cargo::cargo_bin!("facematch");
    let folders = [program.parent().unwrap().to_owned()];
    let usual = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths(folders.into_iter().chain(std::env::split_paths(&usual)));
    let output = Command::new("sh")
        .args(["-ec", script])
        .current_dir(env.root())
        .env("HOME", env.root())
        .env("PATH", path.unwrap())
        .env_remove("XDG_CACHE_HOME")
        .env_remove("FACEMATCH_CACHE")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "needs jq"]
fn the_recipes_run_as_they_are() {
    let env = TestEnv::new();
    for sample in ["known/obama.jpg", "known/biden.jpg"] {
        env.copy(sample, sample);
    }
    env.copy("unknown/obama2.jpg", "Photos/2008/one.jpg");
    env.copy("unknown/astronaut.png", "Photos/astronaut.png");
    let [digikam, lists] = &recipes("sh")[..] else {
        panic!("two recipes for the shell");
    };
    let photo = env.path("Photos/2008/one.jpg");
    let (photo, sidecar) = (photo.display(), env.path("Photos/2008/one.jpg.xmp"));
    let done = shell(&env, digikam);
    let lines = ["would create", "created"]
        .map(|done| format!("{photo}\t{done}\t{}\tobama\n", sidecar.display()));
    assert_eq!(done, lines.concat());

    for _ in 0..2 {
        assert_eq!(shell(&env, lists), "");
    }
    let list = std::fs::read_to_string(env.path("lists/obama.txt")).unwrap();
    assert_eq!(list, format!("{photo}\n"));

    let [nightly] = &recipes("cron")[..] else {
        panic!("one recipe for cron");
    };
    let command = nightly.strip_prefix("15 3 * * * ").unwrap();
    let installed = env.folder(".cargo/bin").join("facematch");
    std::os::unix::fs::symlink(assert_cmd::cargo::cargo_bin!("facematch"), installed).unwrap();
    shell(&env, command);
    env.copy("unknown/obama2.jpg", "Photos/new.jpg");
    shell(&env, command);
    let log = std::fs::read_to_string(env.path("facematch.log")).unwrap();
    let done: Vec<_> = log
        .lines()
        .filter_map(|line| line.split('\t').nth(1))
        .collect();
    assert_eq!(done, ["created"]);
    assert!(env.path(".cache/facematch/cache.redb").exists());
}
