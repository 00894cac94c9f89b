//! `facematch tag --embed` if exiftool is missing, too old or fails. `tagging_tools_embedding`
//! tests it with a working exiftool.

use crate::common::RunExt;
#[cfg(unix)]
use crate::common::TestEnv;
use crate::tagging::{PHOTO, scene, tag};

#[test]
fn options_of_sidecars_and_of_photos_do_not_go_together() {
    let env = scene();
    let run = tag(&env, &["--embed", "--sidecar-naming", "adobe"], 2);
    assert!(run.stderr.contains("cannot be used with"), "{}", run.stderr);
    let run = tag(&env, &["--no-backup"], 2);
    assert!(run.stderr.contains("--embed"), "{}", run.stderr);
}

#[test]
fn names_for_exiftool_are_printed_and_nothing_is_written() {
    let env = scene();
    let before = env.files();
    let run = tag(&env, &["-f", "exiftool-json"], 0);
    let told: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let [photo] = &told.as_array().unwrap()[..] else {
        panic!("{told}");
    };
    assert_eq!(photo["SourceFile"], PHOTO);
    assert_eq!(photo["XMP-dc:Subject"], serde_json::json!(["obama"]));
    let region = &photo["XMP-mwg-rs:RegionInfo"]["RegionList"][0];
    assert_eq!(
        (&region["Name"], &region["Type"]),
        (&"obama".into(), &"Face".into())
    );
    assert_eq!(env.files(), before);
}

#[test]
fn the_form_for_exiftool_is_of_tag_alone_and_of_no_photo_that_is_written_to() {
    let env = scene();
    let run = tag(&env, &["-f", "exiftool-json", "--embed"], 2);
    assert!(run.stderr.contains("leave out --embed"), "{}", run.stderr);
    for arguments in [&["known", "photos"][..], &["detect", "photos"]] {
        let mut facematch = env.facematch();
        let run = facematch
            .args(arguments)
            .args(["-f", "exiftool-json"])
            .ends_with(2);
        assert!(run.stderr.contains("facematch tag"), "{}", run.stderr);
    }
}

#[test]
fn the_help_of_tag_lists_the_form_for_exiftool_and_no_other_help_does() {
    let env = scene();
    for (command, is_listed) in [("tag", true), ("sort", false), ("detect", false)] {
        let run = env.facematch().args([command, "--help"]).ends_with(0);
        let values = run.text().split("Possible values:").collect::<Vec<_>>();
        let lists_it = values.iter().any(|part| part.contains("- exiftool-json:"));
        assert_eq!(lists_it, is_listed, "{}", run.text());
    }
    let run = tag(&env, &["-f", "exiftool"], 2);
    let told = "[possible values: text, json, ndjson, csv, exiftool-json]";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    let mut facematch = env.facematch();
    let run = facematch
        .args([
            "sort",
            "--into",
            "sorted",
            "known",
            "photos",
            "-f",
            "exiftool-json",
        ])
        .ends_with(2);
    let told = "works only with facematch tag";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

#[cfg(unix)]
pub(crate) mod unix {
    use image::ImageFormat;

    use super::*;
    use crate::common::photos::{at_width, encoded, oriented_jpeg, pixels};

    /// Installs `script` as the exiftool of `env`, before all programs of the system.
    pub(crate) fn exiftool(env: &TestEnv, script: &str) -> std::ffi::OsString {
        env.executable("bin/exiftool", format!("#!/bin/sh\n{script}\n"));
        let folders = [env.path("bin"), "/usr/bin".into(), "/bin".into()];
        std::env::join_paths(folders).unwrap()
    }

    pub(crate) fn embed(
        env: &TestEnv,
        path: impl AsRef<std::ffi::OsStr>,
        status: i32,
    ) -> crate::common::Run {
        env.facematch()
            .env("PATH", path)
            .args(["tag", "--embed", "--detector", "hog", "known", "photos"])
            .ends_with(status)
    }

    #[test]
    fn without_exiftool_nothing_is_searched_and_it_is_told_what_to_install() {
        let env = scene();
        let before = env.files();
        let run = embed(&env, env.folder("empty"), 3);
        assert_eq!(run.text(), "");
        for part in ["exiftool", "libimage-exiftool-perl", "without --embed"] {
            assert!(run.stderr.contains(part), "{}", run.stderr);
        }
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        assert_eq!(env.files(), before);
    }

    /// Returns the part of a script that answers the query for its version.
    fn telling(version: &str) -> String {
        format!(
            "question() {{ while read -r line; do case $line in -execute*) return; esac; done; }}
            question; echo {version}; echo '{{ready1}}'; echo '{{ready1}}' >&2"
        )
    }

    #[test]
    fn an_exiftool_that_is_too_old_is_refused() {
        let env = scene();
        let path = exiftool(&env, &telling("11.88"));
        let before = env.files();
        let run = embed(&env, path, 3);
        let told = "exiftool 11.88 is too old; install version 12 or newer, or write sidecars";
        assert!(run.stderr.contains(told), "{}", run.stderr);
        assert_eq!(run.text(), "");
        assert_eq!(env.files(), before);
    }

    #[test]
    fn an_exiftool_that_ends_at_its_start_is_refused() {
        let env = scene();
        let run = embed(&env, exiftool(&env, "exit 1"), 3);
        let told = "exiftool failed: it ended without an answer; see what exiftool -ver says";
        assert!(run.stderr.contains(told), "{}", run.stderr);
    }

    #[test]
    fn an_exiftool_that_does_not_begin_holds_up_no_other_error() {
        let env = scene();
        let path = exiftool(&env, "exec sleep 1000");
        std::fs::remove_dir_all(env.path("known")).unwrap();
        let run = embed(&env, path, 3);
        assert!(run.stderr.contains("known"), "{}", run.stderr);
    }

    #[test]
    fn an_exiftool_that_ends_costs_its_photo_an_error_and_the_run_goes_on() {
        let env = scene();
        env.copy("unknown/obama2.jpg", "photos/again.jpg");
        // One that prints nothing, and one that prints more than a pipe holds.
        let flood = "head -c 200000 /dev/zero | tr '\\0' x >&2";
        for script in [":", flood] {
            let version = telling("12.57");
            let path = exiftool(&env, &format!("{version}\nquestion; {script}"));
            let before = env.files();
            let run = embed(&env, path, 1);
            for photo in ["photos/again.jpg", PHOTO] {
                let told = format!("{photo}: its metadata cannot be changed: exiftool failed");
                assert!(run.stderr.contains(&told), "{}", run.stderr);
            }
            assert!(run.stderr.contains("4 photos"), "{}", run.stderr);
            assert!(run.stderr.contains("2 failed"), "{}", run.stderr);
            assert_eq!(env.files(), before);
        }
    }

    /// Returns a photo that is written without a query about it first.
    fn without_xmp() -> Vec<u8> {
        oriented_jpeg(&at_width(&pixels("unknown/obama2.jpg"), 400), 1)
    }

    /// Returns a script that claims to have written every photo. Before that, it does `also`,
    /// "PATTERN) COMMANDS", at each argument that matches the pattern.
    fn agreeing(also: &str) -> String {
        format!(
            "while read -r line; do case $line in {also};; esac; case $line in
                -ver) said=12.57;;
                -j) said='[{{}}]';;
                -json=*) photos=0; said=;;
                /*) photos=$((photos + 1));;
                -execute*) mark=\"{{ready${{line#-execute}}}}\"
                    echo \"${{said:-    $photos image files updated}}\"; echo \"$mark\"; echo \"$mark\" >&2;;
            esac; done"
        )
    }

    #[test]
    fn an_exiftool_that_ends_on_one_of_many_photos_is_started_again_for_the_next() {
        let env = scene();
        for name in ["a", "b", "c", "d"] {
            env.write(format!("photos/{name}.jpg"), without_xmp());
        }
        let path = exiftool(&env, &agreeing("*/photos/b.jpg) exit 1"));
        let run = embed(&env, path, 1);
        let told: Vec<_> = run.text().lines().collect();
        let changed = |photo: &str| told.contains(&&*format!("{photo}\tchanged\t{photo}\tobama"));
        for photo in ["photos/a.jpg", "photos/c.jpg", "photos/d.jpg", PHOTO] {
            assert!(changed(photo), "{told:?}");
        }
        let told = "photos/b.jpg: its metadata cannot be changed: exiftool failed";
        assert!(run.stderr.contains(told), "{}", run.stderr);
        assert!(run.stderr.contains("1 failed"), "{}", run.stderr);
    }

    #[test]
    fn what_another_program_wrote_into_a_photo_meanwhile_stays() {
        let env = scene();
        env.copy("unknown/obama2.jpg", "photos/a.jpg");
        // ExifTool is asked about its XMP after the photo before it has been read.
        let png = encoded(
            &at_width(&pixels("unknown/obama2.jpg"), 400),
            ImageFormat::Png,
        );
        env.write("photos/b.png", png);
        let path = exiftool(&env, &agreeing("*/photos/b.png) printf x >> photos/a.jpg"));
        let run = embed(&env, path, 1);
        let told =
            "photos/a.jpg: its metadata cannot be changed: another program changed it meanwhile";
        assert!(run.stderr.contains(told), "{}", run.stderr);
        assert!(
            run.text().contains("photos/b.png\tchanged"),
            "{}",
            run.text()
        );
    }

    #[test]
    fn what_another_program_wrote_before_an_exiftool_ended_stays() {
        let env = scene();
        for name in ["a", "b", "c"] {
            env.write(format!("photos/{name}.jpg"), without_xmp());
        }
        let once = "[ -e ended ] || { touch ended; printf x >> photos/b.jpg; exit 1; }";
        let path = exiftool(&env, &agreeing(&format!("*/photos/b.jpg) {once}")));
        let run = embed(&env, path, 1);
        let told =
            "photos/b.jpg: its metadata cannot be changed: another program changed it meanwhile";
        assert!(run.stderr.contains(told), "{}", run.stderr);
        assert!(run.stderr.contains("1 failed"), "{}", run.stderr);
        assert_eq!(run.text().matches("changed").count(), 3, "{}", run.text());
    }

    #[test]
    fn names_inside_of_a_photo_that_nobody_can_take_out_are_told_and_the_other_files_cleaned() {
        let env = scene();
        let mut photo = std::fs::read(env.path(PHOTO)).unwrap();
        photo.extend(b"urn:facematch:ns:1.0/");
        env.write("photos/a.jpg", &photo);
        tag(&env, &[], 0);
        let run = env
            .facematch()
            .env("PATH", env.folder("empty"))
            .args(["untag", "photos"])
            .ends_with(1);
        let removed = run.text().lines().count();
        assert_eq!(removed, 2, "{}", run.text());
        let told = "photos/a.jpg: its metadata cannot be changed: exiftool, which writes into photos, cannot be run";
        assert!(run.stderr.contains(told), "{}", run.stderr);
        assert_eq!(std::fs::read(env.path("photos/a.jpg")).unwrap(), photo);
        // A photo without names from facematch needs no exiftool.
        std::fs::remove_file(env.path("photos/a.jpg")).unwrap();
        env.facematch()
            .env("PATH", env.folder("empty"))
            .args(["untag", "photos"])
            .ends_with(0);
    }
}
