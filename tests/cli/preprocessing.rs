//! `--pre`: another program makes images of files that facematch does not read.

use std::time::{Duration, Instant};

use assert_cmd::Command;

use crate::common::{Run, RunExt, TestEnv, assert_valid, only_face};

/// A folder with a photo, hidden in files of another format by one byte in front, and the program
/// that finds it.
fn scene() -> TestEnv {
    let env = TestEnv::new();
    let photo = std::fs::read(env.copy("unknown/obama2.jpg", "photos/plain.jpg")).unwrap();
    let hidden = [b"?", photo.as_slice()].concat();
    env.write("photos/clip.mp4", &hidden);
    env.write("photos/deep/drawing.psd", &hidden);
    env.write("photos/notes.txt", "no photo");
    env.executable(
        "convert",
        "#!/bin/sh\necho \"$1\" >> runs\ntail -c +2 \"$1\"\n",
    );
    env
}

fn command(env: &TestEnv, more: &[&str]) -> Command {
    let mut command = env.facematch();
    command.args(["detect", "photos", "-f", "ndjson", "--pre", "./convert"]);
    command.args(more);
    command
}

fn runs(env: &TestEnv) -> String {
    let runs = std::fs::read_to_string(env.path("runs")).unwrap_or_default();
    let mut runs: Vec<_> = runs.lines().collect();
    runs.sort_unstable();
    runs.join(" ")
}

fn faces(run: &Run, path: &str) -> serde_json::Value {
    only_face(&run.record(path)).clone()
}

#[test]
fn the_command_makes_images_of_the_files_that_the_pattern_matches() {
    let env = scene();
    let run = command(
        &env,
        &["--pre-glob", "*.{mp4,mov}", "--pre-glob", "deep/*.psd"],
    )
    .ends_with(0);
    assert_valid(&run.records());
    let plain = faces(&run, "photos/plain.jpg");
    for name in ["photos/clip.mp4", "photos/deep/drawing.psd"] {
        assert_eq!(faces(&run, name), plain);
    }
    assert_eq!(run.records().len(), 4);
    assert_eq!(runs(&env), "photos/clip.mp4 photos/deep/drawing.psd");
}

#[test]
fn an_absolute_pattern_is_for_the_same_files_in_the_walk_and_in_the_run() {
    let env = scene();
    let pattern = env.path("photos/*.mp4");
    let run = command(&env, &["--pre-glob", pattern.to_str().unwrap()]).ends_with(0);
    faces(&run, "photos/clip.mp4");
    assert_eq!(runs(&env), "photos/clip.mp4");
}

#[test]
fn without_a_pattern_it_is_for_all_photos_and_unread_formats() {
    let env = scene();
    std::fs::write(env.path("photos/plain.jpg"), b"?").unwrap();
    let run = command(&env, &[]).ends_with(1);
    // The video is no photo, and what is left of plain.jpg is nothing.
    assert_eq!(runs(&env), "photos/deep/drawing.psd photos/plain.jpg");
    faces(&run, "photos/deep/drawing.psd");
    let message = run.record("photos/plain.jpg")["message"].clone();
    let wanted = "photos/plain.jpg: cannot decode: ./convert wrote nothing to standard output";
    assert_eq!(message, wanted);
}

#[test]
fn known_people_pictures_and_the_cache_have_the_image_too() {
    let env = scene();
    std::fs::create_dir(env.path("known")).unwrap();
    std::fs::rename(env.path("photos/clip.mp4"), env.path("known/obama.mp4")).unwrap();
    let options = [
        "--pre",
        "./convert",
        "--pre-glob",
        "*.mp4",
        "--pre-glob",
        "*.psd",
    ];
    let search = |more: &[&str]| {
        let mut command = env.facematch();
        command
            .args(["known", "photos", "--cache=cache"])
            .args(options)
            .args(more);
        command.ends_with(0)
    };
    let first = search(&["--draw", "drawn", "--crops", "crops"]);
    assert_eq!(
        first.text().matches("\tobama\t").count(),
        2,
        "{}",
        first.text()
    );
    for picture in [
        "drawn/photos/deep/drawing.psd.faces.jpg",
        "crops/photos/deep/drawing.psd.face1.png",
    ] {
        assert!(env.path(picture).is_file(), "{picture}");
    }
    // Of a photo in the cache nothing is made again.
    std::fs::remove_file(env.path("runs")).unwrap();
    assert_eq!(search(&[]).text(), first.text());
    assert_eq!(runs(&env), "");
    let checked = env
        .facematch()
        .args(["check", "known"])
        .args(options)
        .ends_with(0);
    assert!(
        checked.stderr.contains("1 photo, 1 face of 1 person"),
        "{}",
        checked.stderr
    );
}

#[test]
fn a_command_that_fails_is_an_error_of_its_photo() {
    let env = scene();
    env.executable(
        "fail",
        "#!/bin/sh\necho starting >&2\necho 'no such frame' >&2\nexit 7\n",
    );
    let failed = |program: &str| {
        let run = env
            .facematch()
            .args([
                "detect",
                "photos",
                "-f",
                "ndjson",
                "--pre-glob",
                "*.mp4",
                "--pre",
                program,
            ])
            .ends_with(1);
        assert_valid(&run.records());
        faces(&run, "photos/plain.jpg");
        let record = run.record("photos/clip.mp4");
        let text = |key: &str| record[key].as_str().unwrap().to_owned();
        [text("kind"), text("message")]
    };
    let [kind, message] = failed("./fail");
    assert_eq!(kind, "decode");
    let wanted = "photos/clip.mp4: cannot decode: ./fail failed with exit status: 7: no such frame";
    assert_eq!(message, wanted);
    env.executable("lost", "#!/no/such/shell\n");
    let [_, message] = failed("./lost");
    assert!(
        message.contains("the program that its first line names is missing"),
        "{message}"
    );
    let [_, message] = failed("yes");
    assert!(
        message.ends_with("yes wrote more than 512 MiB to standard output"),
        "{message}"
    );
    // The file as it is.
    let [_, message] = failed("cat");
    assert!(message.contains("not an image"), "{message}");
}

#[test]
fn a_command_that_does_not_exist_ends_the_run_before_any_photo() {
    let env = scene();
    env.write("text", "#!/bin/sh\n");
    for (program, reason) in [
        ("./none", "--pre ./none: does not exist"),
        ("./text", "--pre ./text: is not executable; use chmod +x"),
        ("./photos", "--pre ./photos: is not a program"),
        ("no-such-program", "--pre no-such-program: is not in PATH"),
        (
            "convert.sh",
            "--pre convert.sh: is not in PATH; the file in the current folder is ./convert.sh",
        ),
    ] {
        env.executable("convert.sh", "#!/bin/sh\n");
        for command in ["detect", "check"] {
            let run = env
                .facematch()
                .args([command, "photos", "--pre", program])
                .ends_with(3);
            assert_eq!(run.stderr, format!("facematch: {reason}\n"));
        }
    }
}

#[test]
fn after_a_change_of_the_script_the_cache_has_no_image_of_it() {
    let env = scene();
    let search = || {
        let options = ["--cache=cache", "--pre-glob", "*.mp4"];
        let run = command(&env, &options).ends_with(0);
        faces(&run, "photos/clip.mp4");
    };
    search();
    search();
    assert_eq!(runs(&env), "photos/clip.mp4");
    env.executable(
        "convert",
        "#!/bin/sh\necho changed >> runs\ntail -c +2 \"$1\"\n",
    );
    search();
    assert_eq!(runs(&env), "changed photos/clip.mp4");
}

/// Neither a command that never ends nor what it has started keeps the run waiting.
#[test]
fn a_command_that_hangs_is_stopped_with_everything_that_it_started() {
    let env = scene();
    for script in [
        "#!/bin/sh\nsleep 600 &\necho $! > child\nwait\n",
        "#!/bin/sh\nexec >&-\nsleep 600 &\necho $! > child\nwait\n",
    ] {
        env.executable("hang", script);
        let start = Instant::now();
        let run = env
            .facematch()
            .args(["detect", "photos", "-f", "ndjson", "--pre", "./hang"])
            .args(["--pre-glob", "*.mp4", "--pre-timeout", "1"])
            .ends_with(1);
        assert!(start.elapsed() < Duration::from_secs(120));
        let message = run.record("photos/clip.mp4")["message"].clone();
        let wanted = "photos/clip.mp4: cannot decode: ./hang did not end within 1s (--pre-timeout) and was stopped";
        assert_eq!(message, wanted);
        let child = std::fs::read_to_string(env.path("child")).unwrap();
        // The process is gone, or waits for somebody to ask for its status.
        let state = std::fs::read_to_string(format!("/proc/{}/stat", child.trim()));
        assert!(state.is_err() || state.is_ok_and(|state| state.contains(") Z ")));
    }
}

#[test]
fn the_options_of_pre_need_it() {
    let env = scene();
    for options in [["--pre-glob", "*.mp4"], ["--pre-timeout", "5"]] {
        let run = env
            .facematch()
            .args(["detect", "photos"])
            .args(options)
            .ends_with(2);
        assert!(run.stderr.contains("--pre <COMMAND>"), "{}", run.stderr);
    }
}
