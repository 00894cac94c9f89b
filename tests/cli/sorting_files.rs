//! `facematch sort` on systems that have links, permissions and signals: links, read-only files,
//! and the files that a killed run leaves.

use std::os::unix::fs::{MetadataExt, symlink};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::common::photos::{at_width, oriented_jpeg, pixels};
use crate::common::{RunExt, TestEnv};
use crate::sorting::{OBAMA, below, bytes, scene, sort};

#[test]
fn links_lead_to_the_photo_and_are_made_once() {
    for by in ["hardlink", "symlink"] {
        let env = scene();
        let run = sort(&env, &["--by", by], 0);
        assert!(
            run.stderr.contains("2 photos linked to 3 places"),
            "{}",
            run.stderr
        );
        for (link, photo) in [
            ("out/obama/obama.jpg", OBAMA),
            ("out/biden/two.jpg", "photos/two.jpg"),
        ] {
            let [link, photo] = [link, photo].map(|path| env.path(path));
            let is_link = std::fs::symlink_metadata(&link).unwrap().is_symlink();
            assert_eq!(is_link, by == "symlink");
            let inode = |path| std::fs::metadata(path).unwrap().ino();
            assert_eq!(inode(link), inode(photo));
        }
        let again = sort(&env, &["--by", by], 0);
        assert_eq!(again.text(), "", "{by}");
        assert!(again.stderr.contains("2 unchanged"), "{}", again.stderr);
    }
}

#[test]
fn links_do_not_depend_on_how_the_photo_is_called_and_links_to_links_are_not_made() {
    let env = scene();
    env.folder("elsewhere");
    let sort_from = |folder: &str, photos: &str, into: &str| {
        let run = env
            .facematch()
            .current_dir(env.path(folder))
            .args([
                "sort",
                "--detector",
                "hog",
                "--by",
                "symlink",
                "--into",
                into,
            ])
            .arg(env.path("known"))
            .arg(photos)
            .ends_with(0);
        run.stderr
    };
    sort_from("elsewhere", "../photos", "../out");
    std::fs::remove_dir(env.path("elsewhere")).unwrap();
    assert!(env.path("out/obama/obama.jpg").exists());
    let again = sort_from(".", "photos", "out");
    assert!(again.contains("0 photos linked, 2 unchanged"), "{again}");
    // The photos in the folders of the people, too.
    let again = sort_from(".", "out", "out");
    assert!(again.contains("0 photos linked, 3 unchanged"), "{again}");
    assert_eq!(below(&env, "out").len(), 3);
}

#[test]
fn a_link_is_no_copy() {
    let env = scene();
    sort(&env, &["--by", "symlink"], 0);
    sort(&env, &["--by", "copy"], 0);
    std::fs::remove_dir_all(env.path("photos")).unwrap();
    assert!(env.path("out/obama/obama.2.jpg").exists());
}

#[test]
fn a_dry_run_refuses_what_the_real_run_does() {
    let env = scene();
    let place = env.path("elsewhere.jpg");
    std::fs::rename(env.path(OBAMA), &place).unwrap();
    symlink(&place, env.path(OBAMA)).unwrap();
    let run = sort(&env, &["--by", "move", "--first", "--dry-run"], 1);
    assert!(run.stderr.contains("it is a link"), "{}", run.stderr);
    env.write("file", "");
    sort(&env, &["--unknown-into", "file", "--dry-run"], 3);
}

#[test]
fn a_dry_run_knows_photos_of_two_names_and_their_sidecars() {
    for by in ["hardlink", "move", "copy"] {
        let env = TestEnv::new();
        env.copy("known/obama.jpg", "known/obama.jpg");
        env.copy("unknown/obama2.jpg", "photos/a/photo.jpg");
        env.folder("photos/b");
        std::fs::hard_link(
            env.path("photos/a/photo.jpg"),
            env.path("photos/b/photo.jpg"),
        )
        .unwrap();
        // Another sidecar with its stem is where the sidecar of the second would go.
        env.copy("unknown/obama2.jpg", "photos/c/photo.jpeg");
        env.write("photos/a/photo.xmp", "of a");
        env.write("photos/c/photo.xmp", "of c");
        let places = |options: &[&str]| -> Vec<_> {
            let run = sort(&env, &[options, &["--by", by, "-f", "ndjson"]].concat(), 0);
            let records = run.records();
            let places = records.iter().filter(|record| record["type"] == "image");
            places
                .map(|record| record["sorted"][0]["path"].clone())
                .collect()
        };
        let told = places(&["--dry-run"]);
        assert_eq!(places(&[]), told, "{by}");
        assert_eq!(told[2], "out/obama/photo.2.jpeg", "{by}");
    }
}

#[test]
fn a_photo_that_is_a_link_is_copied_and_never_moved() {
    let env = scene();
    let place = env.path("elsewhere.jpg");
    std::fs::rename(env.path(OBAMA), &place).unwrap();
    symlink(&place, env.path(OBAMA)).unwrap();
    let run = sort(&env, &["--by", "move", "--first"], 1);
    assert!(run.stderr.contains("it is a link"), "{}", run.stderr);
    assert!(place.exists() && env.path(OBAMA).exists());
    sort(&env, &["--by", "copy"], 0);
    let copy = env.path("out/obama/obama.jpg");
    assert!(!std::fs::symlink_metadata(&copy).unwrap().is_symlink());
}

#[test]
fn nothing_is_written_over_whatever_stands_there() {
    let env = scene();
    env.folder("out/obama/obama.jpg");
    symlink("nowhere", env.folder("out/biden").join("two.jpg")).unwrap();
    sort(&env, &[], 0);
    assert!(env.path("out/obama/obama.2.jpg").exists());
    assert!(env.path("out/biden/two.2.jpg").exists());
    assert!(
        std::fs::read_link(env.path("out/biden/two.jpg"))
            .unwrap()
            .ends_with("nowhere")
    );
}

#[test]
fn a_move_that_was_cut_off_is_finished() {
    let env = scene();
    let photo = bytes(&env, OBAMA);
    env.folder("out/obama");
    std::fs::hard_link(env.path(OBAMA), env.path("out/obama/obama.jpg")).unwrap();
    sort(&env, &["--by", "move", "--first"], 0);
    assert_eq!(bytes(&env, "out/obama/obama.jpg"), photo);
    assert!(!env.path(OBAMA).exists());
    assert!(!env.path("out/obama/obama.2.jpg").exists());
}

#[test]
fn a_folder_that_cannot_be_written_costs_error_records() {
    // A file instead of a person's folder: root may write everywhere.
    let env = scene();
    env.write("out/obama", "a file");
    let before = (bytes(&env, OBAMA), bytes(&env, "photos/two.jpg"));
    let run = sort(&env, &["--by", "move", "--first", "-f", "ndjson"], 1);
    let records = run.records();
    let error = records
        .iter()
        .find(|record| record["type"] == "error")
        .unwrap();
    assert_eq!(
        (&error["kind"], &error["path"]),
        (&json!("sorting"), &json!(OBAMA))
    );
    assert!(
        error["message"].as_str().unwrap().contains("out/obama: "),
        "{error}"
    );
    assert_eq!(bytes(&env, OBAMA), before.0);
    assert_eq!(bytes(&env, "out/biden/two.jpg"), before.1);
}

/// A process that opens it for reading waits for a writer.
#[test]
fn a_pipe_in_the_place_of_a_sidecar_is_an_error_and_not_waited_for() {
    let env = scene();
    let pipe = format!("{OBAMA}.xmp");
    let made = Command::new("mkfifo").arg(env.path(&pipe)).status();
    assert!(made.unwrap().success());
    let run = sort(&env, &["--by", "copy"], 1);
    let told = format!("{OBAMA}: not sorted: {pipe}: it is not a file; ");
    assert!(run.stderr.contains(&told), "{}", run.stderr);
    assert!(env.path("out/biden/two.jpg").exists());
}

#[test]
fn a_run_that_is_killed_loses_no_photo() {
    const PHOTOS: usize = 80;
    for by in ["move", "copy"] {
        let env = TestEnv::new();
        env.copy("known/obama.jpg", "known/obama.jpg");
        let small = oriented_jpeg(&at_width(&pixels("unknown/obama2.jpg"), 120), 1);
        let content = |number: usize| [&small[..], &number.to_le_bytes()].concat();
        for number in 0..PHOTOS {
            env.write(format!("photos/{number}/photo.jpg"), content(number));
        }
        for round in 1.. {
            let mut child = Command::new(assert_cmd::cargo::cargo_bin!("facematch"))
                .current_dir(env.root())
                .args(["sort", "-q", "-w", "120", "--detector", "hog", "--no-flip"])
                .args([
                    "--by",
                    by,
                    "--cache=cache.redb",
                    "known",
                    "photos",
                    "--into",
                    "out",
                ])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(Duration::from_millis(120 * round));
            child.kill().unwrap();
            let ended = child.wait().unwrap();
            let sorted = below(&env, "out/obama/photo.");
            let mut there: Vec<_> = sorted.iter().map(|photo| bytes(&env, photo)).collect();
            there.extend(below(&env, "photos").iter().map(|photo| bytes(&env, photo)));
            there.sort();
            there.dedup();
            let mut wanted: Vec<_> = (0..PHOTOS).map(content).collect();
            wanted.sort();
            assert_eq!(there.len(), wanted.len(), "{by} round {round}");
            assert!(there == wanted, "{by} round {round}");
            // All moved: nothing is left to search.
            if ended.success() || (by == "move" && below(&env, "photos").is_empty()) {
                assert_eq!(sorted.len(), PHOTOS, "{by}");
                break;
            }
        }
    }
}
