//! `facematch sort --by move`: a photo and its sidecars stay together, and concurrent changes by
//! another program are kept, also on the way to another file system.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::common::{Run, RunExt, TestEnv};

const PHOTO: &str = "photos/a.jpg";
const SIDECAR: &str = "photos/a.jpg.xmp";

/// Number of bytes that take long enough to copy for another program to act meanwhile.
const LARGE: u64 = 96 << 20;

/// Number of attempts to act at the right moment.
const ATTEMPTS: usize = 10;

/// Returns a known person, and a photo of them with a sidecar.
fn scene() -> TestEnv {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("unknown/obama2.jpg", PHOTO);
    env.write(SIDECAR, "of a");
    env
}

/// Returns a folder on another file system, if there is one.
fn elsewhere(env: &TestEnv) -> Option<TempDir> {
    let folder = tempfile::tempdir_in("/dev/shm").ok()?;
    let device = |path: &Path| std::fs::metadata(path).unwrap().dev();
    (device(folder.path()) != device(env.root())).then_some(folder)
}

fn command(env: &TestEnv, into: &Path) -> assert_cmd::Command {
    let mut command = env.facematch();
    command
        .args(["sort", "--by", "move", "--detector", "hog", "-w", "350"])
        .args(["--jobs", "2", "known", "photos", "--into"])
        .arg(into);
    command
}

fn sort(env: &TestEnv, into: &Path, status: i32) -> Run {
    command(env, into).ends_with(status)
}

/// Returns the files below `folder`, sorted.
fn names(folder: &Path) -> Vec<String> {
    let files = crate::common::files_below(folder);
    let name = |file: &PathBuf| file.file_name().unwrap().to_string_lossy().into_owned();
    let mut names: Vec<_> = files.iter().map(name).collect();
    names.sort();
    names
}

/// Sorts into `into` on another file system, and calls `meanwhile` when the sidecar of the photo
/// has arrived there and the photo itself is being copied.
fn sort_while(env: &TestEnv, into: &Path, meanwhile: impl FnOnce() + Send) -> Run {
    let photo = std::fs::File::options().write(true).open(env.path(PHOTO));
    photo.unwrap().set_len(LARGE).unwrap();
    let is_copying = || {
        let folder = into.join("obama");
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut entries = entries.map(|entry| entry.file_name());
        folder.join("a.jpg.xmp").exists()
            && entries.any(|name| name.to_string_lossy().starts_with(".facematch-"))
    };
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let began = Instant::now();
            while !is_copying() && began.elapsed() < Duration::from_secs(60) {
                std::thread::sleep(Duration::from_micros(200));
            }
            meanwhile();
        });
        let output = command(env, into).output().unwrap();
        Run {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    })
}

#[test]
fn what_another_program_saves_while_a_photo_is_moved_is_kept() {
    for changed in [PHOTO, SIDECAR] {
        let seen = (0..ATTEMPTS).any(|_| {
            let env = scene();
            let Some(elsewhere) = elsewhere(&env) else {
                return true;
            };
            let saved = env.write("saved", "saved by another program");
            let run = sort_while(&env, elsewhere.path(), || {
                std::fs::rename(&saved, env.path(changed)).unwrap();
            });
            // It exists, no matter when it was saved.
            let content = std::fs::read_to_string(env.path(changed));
            assert_eq!(content.unwrap(), "saved by another program");
            let refused = run.code == Some(1);
            if refused {
                let told = "photos/a.jpg: not sorted: ";
                let why = "another program changed it while it was being moved; run the command \
                           again; it stays where it is";
                assert!(run.stderr.contains(told), "{}", run.stderr);
                assert!(run.stderr.contains(why), "{}", run.stderr);
                assert_eq!(names(&env.path("photos")), ["a.jpg", "a.jpg.xmp"]);
                assert_eq!(names(elsewhere.path()), [""; 0]);
            }
            refused
        });
        assert!(seen, "{changed}");
    }
}

#[test]
fn a_photo_that_another_program_has_moved_away_is_no_longer_there() {
    let seen = (0..ATTEMPTS).any(|_| {
        let env = scene();
        env.copy("unknown/obama2.jpg", "photos/b.jpg");
        let Some(elsewhere) = elsewhere(&env) else {
            return true;
        };
        let run = sort_while(&env, elsewhere.path(), || {
            let _ = std::fs::rename(env.path("photos/b.jpg"), env.path("b.jpg"));
        });
        let told = "photos/b.jpg: not sorted: it is no longer there; another program moved or \
                    removed it\n";
        let is_told = run.stderr.contains(told);
        assert!(!run.stderr.contains("stays where it is"), "{}", run.stderr);
        assert!(is_told || run.code == Some(0), "{}", run.stderr);
        is_told
    });
    assert!(seen);
}

#[test]
fn a_sidecar_in_capital_letters_goes_along() {
    for sidecar in ["a.jpg.XMP", "a.XMP"] {
        let env = scene();
        std::fs::remove_file(env.path(SIDECAR)).unwrap();
        env.write(format!("photos/{sidecar}"), "of a");
        // Another photo with this name and a sidecar already exists.
        env.write("out/obama/a.jpg", "another photo");
        env.write("out/obama/a.jpg.XMP", "of the other photo");
        sort(&env, &env.path("out"), 0);
        assert_eq!(names(&env.path("photos")), [""; 0]);
        let moved = format!("out/obama/{}", sidecar.replacen("a.", "a.2.", 1));
        assert_eq!(std::fs::read_to_string(env.path(moved)).unwrap(), "of a");
        let names = names(&env.path("out"));
        assert_eq!(names.len(), 4, "{names:?}");
    }
}

#[test]
fn a_photo_is_not_put_beside_a_sidecar_of_another_in_capital_letters() {
    let env = scene();
    env.write("out/obama/a.XMP", "of another photo");
    sort(&env, &env.path("out"), 0);
    let moved = names(&env.path("out"));
    assert_eq!(moved, ["a.2.jpg", "a.2.jpg.xmp", "a.XMP"]);
}

#[test]
fn photos_whose_names_end_with_a_number_take_no_sidecar_of_each_other() {
    let env = scene();
    std::fs::rename(env.path(PHOTO), env.path("photos/a.jpg.1")).unwrap();
    sort(&env, &env.path("out"), 0);
    assert_eq!(names(&env.path("photos")), ["a.jpg.xmp"]);
    assert_eq!(names(&env.path("out")), ["a.jpg.1"]);
}

#[test]
fn the_sidecar_that_cannot_be_moved_is_named() {
    let env = scene();
    std::fs::rename(env.path(SIDECAR), env.path("real.xmp")).unwrap();
    std::os::unix::fs::symlink("../real.xmp", env.path(SIDECAR)).unwrap();
    for options in [&["--dry-run"][..], &[]] {
        let run = command(&env, &env.path("out")).args(options).ends_with(1);
        let told = format!("{PHOTO}: not sorted: {SIDECAR}: it is a link, ");
        assert!(run.stderr.contains(&told), "{}", run.stderr);
        assert_eq!(names(&env.path("photos")), ["a.jpg", "a.jpg.xmp"]);
        assert!(!env.path("out/obama/a.jpg").exists());
    }
}

/// The states in which a run can be killed.
#[test]
fn a_move_that_was_killed_keeps_a_photo_and_its_sidecar_together() {
    let link = |env: &TestEnv, name: &str| {
        let target = env.folder("out/obama").join(name);
        std::fs::hard_link(env.path(format!("photos/{name}")), target).unwrap();
    };
    let states: [&dyn Fn(&TestEnv); 3] = [
        &|env| link(env, "a.jpg.xmp"),
        &|env| {
            ["a.jpg.xmp", "a.jpg"]
                .iter()
                .for_each(|name| link(env, name));
        },
        &|env| {
            ["a.jpg.xmp", "a.jpg"]
                .iter()
                .for_each(|name| link(env, name));
            std::fs::remove_file(env.path(SIDECAR)).unwrap();
        },
    ];
    for (number, killed) in states.into_iter().enumerate() {
        let env = scene();
        killed(&env);
        sort(&env, &env.path("out"), 0);
        assert_eq!(names(&env.path("photos")), [""; 0], "{number}");
        assert_eq!(names(&env.path("out")), ["a.jpg", "a.jpg.xmp"], "{number}");
    }
}

#[test]
fn a_move_to_another_file_system_that_was_killed_keeps_a_photo_and_its_sidecar_together() {
    let env = scene();
    let Some(elsewhere) = elsewhere(&env) else {
        return;
    };
    let folder = elsewhere.path().join("obama");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(env.path(SIDECAR), folder.join("a.jpg.xmp")).unwrap();
    sort(&env, elsewhere.path(), 0);
    assert_eq!(names(&env.path("photos")), [""; 0]);
    assert_eq!(names(elsewhere.path()), ["a.jpg", "a.jpg.xmp"]);
}

#[test]
#[ignore = "needs strace"]
fn a_move_that_is_killed_at_any_call_is_finished_by_the_next_run() {
    for call in ["linkat", "unlink"] {
        for number in 1..=2 {
            let env = scene();
            let status = Command::new("strace")
                .current_dir(env.root())
                .args([
                    "-f",
                    "-o",
                    "/dev/null",
                    "-e",
                    &format!("trace={call}"),
                    "-e",
                ])
                .arg(format!("inject={call}:signal=KILL:when={number}"))
                .arg(assert_cmd::cargo::cargo_bin!("facematch"))
                .args([
                    "sort",
                    "-q",
                    "--by",
                    "move",
                    "--detector",
                    "hog",
                    "-w",
                    "350",
                ])
                .args(["known", "photos", "--into", "out"])
                .env("FACEMATCH_MODELS", crate::common::repository("models"))
                .status();
            assert!(!status.unwrap().success(), "{call} {number}");
            assert!(env.path(PHOTO).exists(), "{call} {number}");
            sort(&env, &env.path("out"), 0);
            assert_eq!(names(&env.path("photos")), [""; 0], "{call} {number}");
            let moved = names(&env.path("out"));
            assert_eq!(moved, ["a.jpg", "a.jpg.xmp"], "{call} {number}");
        }
    }
}

/// As on case-insensitive file systems.
#[test]
#[ignore = "needs unshare and mount"]
fn a_photo_that_is_in_its_place_stays_however_its_folder_is_called() {
    let env = scene();
    sort(&env, &env.path("out"), 0);
    env.folder("OUT");
    let script = "mount --bind out OUT && exec \"$0\" \"$@\"";
    let run = assert_cmd::Command::new("unshare")
        .current_dir(env.root())
        .env("FACEMATCH_MODELS", crate::common::repository("models"))
        .args(["-rm", "sh", "-c", script])
        .arg(assert_cmd::cargo::cargo_bin!("facematch"))
        .args(["sort", "--by", "move", "--detector", "hog", "-w", "350"])
        .args(["known", "OUT/obama", "--into", "out"])
        .ends_with(0);
    assert!(run.stderr.contains("1 unchanged"), "{}", run.stderr);
    assert_eq!(names(&env.path("out")), ["a.jpg", "a.jpg.xmp"]);
}

#[test]
fn a_photo_keeps_its_tags_and_its_owner_on_another_file_system() {
    const TAGS: &str = "user.xdg.tags";
    let env = scene();
    let Some(elsewhere) = elsewhere(&env) else {
        return;
    };
    let is_root = std::fs::metadata(env.path(PHOTO)).unwrap().uid() == 0;
    let probe = elsewhere.path().join("probe");
    std::fs::write(&probe, "").unwrap();
    let has_attributes = xattr::set(&probe, TAGS, b"family").is_ok();
    for name in [PHOTO, SIDECAR] {
        if is_root {
            std::os::unix::fs::chown(env.path(name), Some(1234), Some(4321)).unwrap();
        }
        let _ = xattr::set(env.path(name), TAGS, b"family");
    }
    let of = |path: &Path| {
        let metadata = std::fs::metadata(path).unwrap();
        let tags = xattr::get(path, TAGS).unwrap_or_default();
        let tags = tags.filter(|_| has_attributes);
        (metadata.uid(), metadata.gid(), metadata.mode(), tags)
    };
    let before = [PHOTO, SIDECAR].map(|name| of(&env.path(name)));
    sort(&env, elsewhere.path(), 0);
    let after = ["obama/a.jpg", "obama/a.jpg.xmp"].map(|name| of(&elsewhere.path().join(name)));
    assert_eq!(after, before);
}
