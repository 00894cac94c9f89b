//! Read-only folders and full disks: `tag`, `untag` and `sort` report each photo, and leave
//! everything unchanged.

use assert_cmd::Command;
use serde_json::Value;

use crate::common::limits::{bound_by_permissions, on_full_disk, read_only};
use crate::common::{RunExt, TestEnv};
use crate::tagging::{EXISTING, PHOTO};

const SIDECAR: &str = "photos/obama2.jpg.xmp";
const OTHER: &str = "photos/z.jpg";

/// Returns two photos of a known person, one with a sidecar.
fn scene() -> TestEnv {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("unknown/obama2.jpg", PHOTO);
    env.copy("unknown/obama2.jpg", OTHER);
    // Too large for the full disk, even after the names are removed.
    env.write(SIDECAR, format!("{EXISTING}{}", "\n".repeat(1000)));
    env
}

/// Returns all files and their bytes.
fn contents(env: &TestEnv) -> Vec<(String, Vec<u8>)> {
    let with_bytes = |name: String| {
        let bytes = std::fs::read(env.path(&name)).unwrap();
        (name, bytes)
    };
    env.files().into_iter().map(with_bytes).collect()
}

const TAG: &[&str] = &[
    "tag",
    "-f",
    "ndjson",
    "--detector",
    "hog",
    "known",
    "photos",
];
const SORT: &[&str] = &[
    "sort",
    "-f",
    "ndjson",
    "--detector",
    "hog",
    "known",
    "photos",
    "--into",
    "out",
];

/// Runs `command` over the photos: each must give an error record of `kind` that contains `reason`
/// (in lower case), and all files must stay unchanged.
#[track_caller]
fn refuses_both(env: &TestEnv, command: &mut Command, kind: &str, reason: &str) {
    let before = contents(env);
    let run = command.ends_with(1);
    let records = run.records();
    let errors: Vec<_> = records
        .iter()
        .filter(|record| record["type"] == "error")
        .collect();
    let photos: Vec<_> = errors
        .iter()
        .map(|error| (&error["path"], &error["kind"]))
        .collect();
    let [first, second, kind] = [PHOTO, OTHER, kind].map(Value::from);
    assert_eq!(photos, [(&first, &kind), (&second, &kind)], "{records:?}");
    for error in errors {
        let message = error["message"].as_str().unwrap();
        assert!(message.to_lowercase().contains(reason), "{message}");
    }
    assert!(contents(env) == before, "{:?}", env.files());
}

/// Runs `untag`, which must report each of `files` on standard error and change nothing.
#[track_caller]
fn untag_refuses(env: &TestEnv, mut command: Command, files: &[&str], reason: &str) {
    let before = contents(env);
    let run = command.args(["untag", "-q", "photos"]).ends_with(1);
    assert_eq!(run.text(), "");
    let lines: Vec<_> = run.stderr.lines().collect();
    assert_eq!(lines.len(), files.len(), "{}", run.stderr);
    for (line, file) in lines.iter().zip(files) {
        assert!(line.contains(file), "{line}");
        assert!(line.to_lowercase().contains(reason), "{line}");
    }
    assert!(contents(env) == before, "{:?}", env.files());
}

#[test]
fn sidecars_in_a_read_only_folder_stay() {
    let env = scene();
    let photos = env.path("photos");
    let denied = "permission denied";
    read_only(&photos, || {
        refuses_both(&env, bound_by_permissions(&env).args(TAG), "write", denied);
    });
    env.facematch().args(TAG).ends_with(0);
    let sidecars = [SIDECAR, "photos/z.jpg.xmp"];
    read_only(&photos, || {
        untag_refuses(&env, bound_by_permissions(&env), &sidecars, denied);
    });
}

#[test]
fn sidecars_on_a_full_disk_stay() {
    let env = scene();
    refuses_both(&env, on_full_disk(&env, 1).args(TAG), "write", "too large");
    env.facematch().args(TAG).ends_with(0);
    // The other one is deleted, which needs no space on the disk.
    std::fs::remove_file(env.path("photos/z.jpg.xmp")).unwrap();
    untag_refuses(&env, on_full_disk(&env, 1), &[SIDECAR], "too large");
}

#[test]
fn nothing_is_sorted_into_a_read_only_folder_or_out_of_one() {
    for (folder, by, reason) in [
        ("out/obama", "copy", "out/obama/"),
        ("out/obama", "move", "out/obama/"),
        ("photos", "move", "cannot be taken from where it is"),
    ] {
        let env = scene();
        let folder = env.folder(folder);
        let mut sort = bound_by_permissions(&env);
        sort.args(SORT).args(["--by", by]);
        read_only(&folder, || {
            refuses_both(&env, &mut sort, "sorting", reason);
        });
        // The same run, with the necessary permissions.
        env.facematch().args(SORT).args(["--by", by]).ends_with(0);
    }
}

#[test]
fn nothing_is_copied_to_a_full_disk() {
    let env = scene();
    let mut sort = on_full_disk(&env, 1);
    sort.args(SORT).args(["--by", "copy"]);
    refuses_both(&env, &mut sort, "sorting", "too large");
}

mod tagging_tools {
    use super::*;

    /// Returns photos that are tagged inside, without sidecars.
    fn tagged_scene() -> TestEnv {
        let env = scene();
        std::fs::remove_file(env.path(SIDECAR)).unwrap();
        env.facematch()
            .args(TAG)
            .args(["--embed", "--no-backup"])
            .ends_with(0);
        env
    }

    #[test]
    #[ignore = "needs exiftool"]
    fn photos_in_a_read_only_folder_stay() {
        let env = scene();
        let mut tag = bound_by_permissions(&env);
        tag.args(TAG).arg("--embed");
        read_only(&env.path("photos"), || {
            refuses_both(
                &env,
                &mut tag,
                "embedding",
                "may nothing be written to the folder",
            );
        });
        let env = tagged_scene();
        read_only(&env.path("photos"), || {
            untag_refuses(
                &env,
                bound_by_permissions(&env),
                &[PHOTO, OTHER],
                "may nothing be written to the folder",
            );
        });
    }

    #[test]
    #[ignore = "needs exiftool"]
    fn photos_on_a_full_disk_stay() {
        // First no room for the packet that ExifTool reads, then room for it but not for the photo.
        for (blocks, reason) in [
            (1, "set tmpdir to another folder"),
            (32, "is the disk full"),
        ] {
            for options in [&["--embed"][..], &["--embed", "--no-backup"]] {
                let env = scene();
                let mut tag = on_full_disk(&env, blocks);
                tag.args(TAG).args(options);
                refuses_both(&env, &mut tag, "embedding", reason);
            }
        }
        let env = tagged_scene();
        let full = on_full_disk(&env, 32);
        untag_refuses(&env, full, &[PHOTO, OTHER], "is the disk full");
    }
}
