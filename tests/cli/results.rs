//! The destination of results: the same output for any number of jobs, files complete or not at
//! all, pipes that close, interrupts.

use insta::assert_snapshot;

use crate::common::{RunExt, TestEnv, sample_bytes};

/// Returns samples and broken files under many names.
fn many() -> TestEnv {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    let astronaut = sample_bytes("unknown/astronaut.png");
    for (i, name) in ["c", "a", "d", "f", "h", "k"].iter().enumerate() {
        let sample = [
            "unknown/obama2.jpg",
            "unknown/chelsea.png",
            "unknown/astronaut.png",
        ][i % 3];
        env.copy(sample, format!("photos/{name}.jpg"));
    }
    env.write("photos/b.jpg", "");
    env.write("photos/e.png", &astronaut[..astronaut.len() / 3]);
    env.write("photos/g.gif", "GIF89a");
    env.write("photos/i.webp", "no photo");
    env.folder("photos/j.bmp");
    env.write("photos/l.tiff", b"II\x2a\0");
    env
}

#[test]
fn the_number_of_jobs_changes_nothing() {
    let env = many();
    let run = |jobs: &str, format: &str| {
        let mut command = env.facematch();
        command.args(["known", "photos", "--jobs", jobs, "-f", format]);
        command.args(["--width", "250"]);
        command.ends_with(1)
    };
    for format in ["text", "json", "ndjson", "csv"] {
        let (one, four) = (run("1", format), run("4", format));
        assert!(!one.stdout.is_empty());
        assert_eq!(one.text(), four.text(), "{format}");
        assert_eq!(one.stderr, four.stderr, "{format}");
    }
    let records = run("3", "ndjson").records();
    let errors = records
        .iter()
        .filter(|record| record["type"] == "error")
        .count();
    assert_eq!((errors, records.len()), (6, 13));
}

#[test]
fn output_goes_to_a_file_whole() {
    let env = TestEnv::new();
    env.copy("unknown/astronaut.png", "photos/astronaut.png");
    env.write("out.json", "before\tno faces");
    let mut command = env.facematch();
    command.args(["detect", "photos", "-f", "json"]);
    let printed = command.ends_with(0);
    let written = command.args(["-o", "out.json"]).ends_with(0);
    assert_eq!(written.text(), "");
    assert_eq!(std::fs::read(env.path("out.json")).unwrap(), printed.stdout);
    assert_eq!(env.files(), ["out.json", "photos/astronaut.png"]);
}

#[test]
fn some_failed_inputs_still_leave_a_whole_file() {
    let env = TestEnv::new();
    let run = env
        .facematch()
        .args(["detect", "missing.jpg", "-f", "json", "-o", "out.json"])
        .ends_with(1);
    assert_eq!(run.text(), "");
    let written = std::fs::read_to_string(env.path("out.json")).unwrap();
    let records: Vec<serde_json::Value> = serde_json::from_str(&written).unwrap();
    assert_eq!(records.len(), 2);
}

#[test]
fn a_run_that_cannot_start_leaves_the_file_alone() {
    let env = TestEnv::new();
    env.copy("unknown/chelsea.png", "cats/chelsea.png");
    env.write("old.json", "before\tno faces");
    for args in [
        &["detect", "cats", "--models", "missing"][..],
        &["missing", "cats"],
        &["cats", "cats"],
        &["detect", "missing_too", "--landmarks", "missing"],
    ] {
        for target in ["old.json", "new.json"] {
            env.facematch().args(args).args(["-o", target]).ends_with(3);
            assert_eq!(env.files(), ["cats/chelsea.png", "old.json"], "{args:?}");
        }
    }
    let old = std::fs::read_to_string(env.path("old.json")).unwrap();
    assert_eq!(old, "before\tno faces");
}

#[test]
fn an_output_that_cannot_be_written_stops_the_run_at_once() {
    let env = TestEnv::new();
    env.copy("unknown/chelsea.png", "cats/chelsea.png");
    let run = env
        .facematch()
        .args(["detect", "cats", "-o", "cats"])
        .ends_with(3);
    assert_snapshot!(run.stderr, @"facematch: cats: cannot write: this is a folder");
    let run = env
        .facematch()
        .args(["detect", "cats", "-o", "missing/out.json"])
        .ends_with(3);
    assert_snapshot!(run.stderr, @"facematch: missing/out.json: cannot write: the folder missing does not exist");
    assert_eq!(env.files(), ["cats/chelsea.png"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let env = TestEnv::new();
    env.copy("unknown/chelsea.png", "cats/chelsea.png");
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = std::process::Command::new(assert_cmd::cargo::cargo_bin!("facematch"))
        .args(["detect", "cats"])
        .current_dir(env.root())
        .env("FACEMATCH_MODELS", crate::common::repository("models"))
        .stdout(full)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("cannot write: No space left"), "{stderr}");
}

#[cfg(unix)]
mod unix {
    use std::io::{BufRead, BufReader, Read};
    use std::os::unix::fs::symlink;
    use std::process::{Child, Command, ExitStatus, Stdio};
    use std::time::{Duration, Instant};

    use crate::common::{HANG, RunExt, TestEnv, repository};

    /// Number of photos of the long run.
    const PHOTOS: usize = 1000;

    fn long_run() -> TestEnv {
        let env = TestEnv::new();
        env.folder("photos");
        for i in 0..PHOTOS {
            let link = env.path(format!("photos/{i:03}.png"));
            symlink(repository("unknown/astronaut.png"), link).unwrap();
        }
        env
    }

    fn spawn(env: &TestEnv, more: &[&str]) -> Child {
        Command::new(assert_cmd::cargo::cargo_bin!("facematch"))
            .args([
                "detect",
                "photos",
                "--verbose",
                "--jobs",
                "1",
                "-f",
                "ndjson",
            ])
            .args(more)
            .current_dir(env.root())
            .env("FACEMATCH_MODELS", repository("models"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    #[test]
    fn output_to_a_pipe_or_through_a_link_does_not_replace_it() {
        let env = TestEnv::new();
        env.copy("unknown/chelsea.png", "cats/chelsea.png");
        env.write("real.tsv", "before\tno faces");
        symlink("real.tsv", env.path("link.tsv")).unwrap();
        env.facematch()
            .args(["detect", "cats", "-o", "link.tsv"])
            .ends_with(0);
        let wanted = "cats/chelsea.png\tno faces\n";
        assert!(env.path("link.tsv").is_symlink());
        assert_eq!(
            std::fs::read_to_string(env.path("real.tsv")).unwrap(),
            wanted
        );

        let pipe = env.path("pipe");
        assert!(
            Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read_to_string(pipe).unwrap()
        });
        env.facematch()
            .args(["detect", "cats", "-o", "pipe"])
            .ends_with(0);
        assert_eq!(reader.join().unwrap(), wanted);
        assert!(!pipe.is_file());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn signals_that_nohup_ignores_stay_ignored() {
        let env = long_run();
        let mut child = Command::new("sh")
            .arg("-c")
            .arg("trap '' HUP; exec \"$0\" detect photos --verbose --jobs 1 --max-depth 1")
            .arg(assert_cmd::cargo::cargo_bin!("facematch"))
            .current_dir(env.root())
            .env("FACEMATCH_MODELS", repository("models"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        lines.next().unwrap().unwrap();
        let id = child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-HUP", &id])
                .status()
                .unwrap()
                .success()
        );
        // The run continues: more results than a pipe's reader could have missed.
        for _ in 0..5 {
            lines.next().unwrap().unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Waits at most `limit`; a process that takes longer is killed and fails the test.
    fn wait(child: &mut Child, limit: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            if start.elapsed() > limit {
                child.kill().unwrap();
                panic!("still running after {limit:?}");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Returns whether this process was started with SIGINT, signal 2, ignored (Linux, proc(5)).
    fn is_interrupt_ignored() -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
            .is_some_and(|mask| mask >> 1 & 1 == 1)
    }

    fn searched_photos(stderr: &str) -> usize {
        stderr.lines().filter(|line| line.ends_with(" ms")).count()
    }

    /// Returns the number N of "interrupted: N of 1,000 photos done" in `stderr`.
    fn done_of(stderr: &str, photos: &str) -> usize {
        let (_, message) = stderr.split_once("facematch: interrupted: ").unwrap();
        let (done, of) = message.split_once(" of ").unwrap();
        assert_eq!(of, format!("{photos} done\n"));
        done.replace(',', "").parse().unwrap()
    }

    /// It must not wait for the results, whose reader may be `less`.
    #[test]
    fn an_interrupted_run_says_how_far_it_was_though_its_results_are_not_read() {
        let env = TestEnv::new();
        for i in 0..3_000 {
            env.write(format!("photos/{i:04}.jpg"), "");
        }
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("facematch"))
            .args(["detect", "photos", "-f", "ndjson"])
            .current_dir(env.root())
            .env("FACEMATCH_MODELS", repository("models"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(env.path("stderr")).unwrap())
            .spawn()
            .unwrap();
        // A pipe has room for fewer records than there are photos, and the test reads only these.
        let mut results = BufReader::with_capacity(512, child.stdout.take().unwrap());
        for _ in 0..10 {
            results.read_line(&mut String::new()).unwrap();
        }
        let id = child.id().to_string();
        let kill = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(kill.success());
        let status = wait(&mut child, Duration::from_secs(60));
        assert_eq!(status.code(), Some(130));
        let stderr = std::fs::read_to_string(env.path("stderr")).unwrap();
        let done = done_of(
            &stderr[stderr.rfind("facematch: interrupted").unwrap()..],
            "3,000 photos",
        );
        assert!((9..3_000).contains(&done), "{done}");
    }

    #[test]
    fn a_closed_pipe_ends_the_run_quietly() {
        let env = long_run();
        let mut child = spawn(&env, &[]);
        let mut first = String::new();
        let mut results = BufReader::new(child.stdout.take().unwrap());
        results.read_line(&mut first).unwrap();
        assert!(first.contains("photos/000.png"), "{first}");
        drop(results);
        let mut stderr = String::new();
        let mut errors = child.stderr.take().unwrap();
        errors.read_to_string(&mut stderr).unwrap();
        let status = wait(&mut child, HANG);
        assert_eq!(status.code(), Some(0), "{stderr}");
        assert!(
            !stderr.contains("panicked") && !stderr.contains("pipe"),
            "{stderr}"
        );
        // It stops when no program reads its results.
        assert!(searched_photos(&stderr) < PHOTOS, "{stderr}");
    }

    #[test]
    fn what_a_killed_run_left_is_removed_by_the_next_one_and_not_before() {
        let env = long_run();
        let unfinished = || {
            let files = env.files().into_iter();
            files.filter(|file| file.starts_with(".facematch-")).count()
        };
        env.write(".facematch-notes", "of the user");
        let mut alive = spawn(&env, &["--output", "long.json"]);
        let mut line = String::new();
        let mut errors = BufReader::new(alive.stderr.take().unwrap());
        while searched_photos(&line) == 0 {
            assert!(errors.read_line(&mut line).unwrap() > 0, "{line}");
        }
        let short = || {
            env.facematch()
                .args(["detect", "photos/000.png", "-o", "short.tsv"])
                .ends_with(0);
        };
        assert_eq!(unfinished(), 2);
        // A running process owns its file.
        short();
        assert_eq!(unfinished(), 2);
        alive.kill().unwrap();
        alive.wait().unwrap();
        assert_eq!(unfinished(), 2);
        short();
        assert_eq!(unfinished(), 1);
        assert!(env.path(".facematch-notes").exists());
    }

    #[test]
    fn an_interrupted_run_leaves_no_file_behind() {
        for signal in ["-INT", "-TERM"] {
            // A shell starts background processes with this signal ignored, and it stays ignored.
            if signal == "-INT" && is_interrupt_ignored() {
                continue;
            }
            let env = long_run();
            env.write("old.json", "before\tno faces");
            let mut child = spawn(&env, &["--output", "old.json"]);
            let mut errors = BufReader::new(child.stderr.take().unwrap());
            let mut stderr = String::new();
            while searched_photos(&stderr) == 0 {
                assert!(errors.read_line(&mut stderr).unwrap() > 0, "{stderr}");
            }
            let is_unfinished = |file: &String| file.starts_with(".facematch-");
            assert!(env.files().iter().any(is_unfinished));
            let kill = Command::new("kill")
                .args([signal, &child.id().to_string()])
                .status()
                .unwrap();
            assert!(kill.success());
            let status = wait(&mut child, Duration::from_secs(10));
            errors.read_to_string(&mut stderr).unwrap();
            assert_eq!(status.code(), Some(130), "{stderr}");
            assert!(done_of(&stderr, "1,000 photos") < PHOTOS, "{stderr}");
            assert!(searched_photos(&stderr) < PHOTOS, "{stderr}");
            assert!(!env.files().iter().any(is_unfinished));
            let old = std::fs::read_to_string(env.path("old.json")).unwrap();
            assert_eq!(old, "before\tno faces");
        }
    }
}
