//! Messages on standard error, none of which may get into the results.

use facematch::engine::SimdLevel;
use insta::assert_snapshot;

use crate::common::{Run, RunExt, facematch};

fn run(more: &[&str]) -> Run {
    facematch()
        .args(["known/obama.jpg", "unknown", "--jobs", "1"])
        .args(more)
        .ends_with(0)
}

/// Returns the text with `#` for each number that varies between runs.
fn without_times(text: &str) -> String {
    let is_time = |word: &str| word.parse::<f64>().is_ok();
    let mut lines = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let told = words.iter().enumerate().map(|(i, word)| {
            let unit = words.get(i + 1).copied().unwrap_or_default();
            if is_time(word) && ["s", "ms"].contains(&unit) {
                "#"
            } else {
                word
            }
        });
        lines.push(told.collect::<Vec<_>>().join(" "));
    }
    lines.join("\n")
}

#[test]
fn messages_leave_the_results_alone() {
    let run = |more: &[&str]| {
        let mut command = facematch();
        command.args(["known/obama.jpg", "unknown/astronaut.png"]);
        command.args(more).ends_with(0)
    };
    let plain = run(&[]);
    assert!(!plain.text().is_empty());
    for more in [
        &["--quiet"][..],
        &["--timings"],
        &["--progress", "always"],
        &["--progress", "never"],
        &["--color", "never"],
    ] {
        assert_eq!(run(more).text(), plain.text(), "{more:?}");
    }
    // One more field says how far to trust each distance.
    let verbose = run(&["--verbose"]);
    let fields = verbose.text().trim_end().split(['\t', '\n']);
    let (rates, others): (Vec<_>, Vec<_>) = fields.partition(|field| field.ends_with(" strangers"));
    assert_eq!(rates.len(), 1);
    let plain: Vec<_> = plain.text().trim_end().split(['\t', '\n']).collect();
    assert_eq!(others, plain);
}

#[test]
fn quiet_says_nothing() {
    assert_eq!(run(&["--quiet"]).stderr, "");
}

#[test]
fn errors_stay_when_quiet() {
    let run = facematch()
        .args(["detect", "missing.jpg", "--quiet"])
        .ends_with(1);
    assert_snapshot!(run.stderr, @"facematch: missing.jpg: cannot read: No such file or directory (os error 2)");
}

#[test]
fn verbose_tells_engine_people_and_each_photo() {
    let models = crate::common::repository("models");
    let stderr = run(&["--verbose"]).stderr;
    let stderr = stderr
        .replace(&*models.to_string_lossy(), "MODELS")
        .replace(SimdLevel::from_environment().unwrap().name(), "LEVEL");
    assert_snapshot!(without_times(&stderr), @"
    facematch: engine native (LEVEL), detector retinaface, 5 landmarks, models in MODELS
    facematch: 1 person known by 1 face
    facematch: unknown/astronaut.png: 1 face in # ms
    facematch: unknown/chelsea.png: 0 faces in # ms
    facematch: unknown/obama2.jpg: 1 face in # ms
    facematch: 3 photos, 2 faces: 1 known, 1 unknown (1 person known, threshold 0.6)
    ");
}

#[cfg(feature = "embed-models")]
#[test]
fn verbose_says_that_the_models_are_built_in() {
    let run = facematch()
        .env_remove("FACEMATCH_MODELS")
        .env("FACEMATCH_SIMD", "scalar")
        .args(["detect", "unknown/chelsea.png", "--verbose"])
        .ends_with(0);
    assert_snapshot!(without_times(&run.stderr), @"
    facematch: engine native (scalar), detector retinaface, 5 landmarks, models built in
    facematch: unknown/chelsea.png: 0 faces in # ms
    facematch: 1 photo, 0 faces
    ");
}

#[test]
fn the_help_of_verbose_promises_times_where_there_are_some() {
    for (command, has_times) in [
        (&[][..], true),
        (&["detect"], true),
        (&["tag"], true),
        (&["sort"], true),
        (&["untag"], false),
        (&["enroll"], false),
        (&["check"], false),
        (&["eval", "pairs"], false),
        (&["eval", "identify"], false),
        (&["eval", "impostors"], false),
    ] {
        let run = facematch().args(command).arg("--help").ends_with(0);
        let promised = run.text().contains("the time of each photo");
        assert_eq!(promised, has_times, "{command:?}");
        assert!(run.text().contains("--verbose"), "{command:?}");
    }
}

#[cfg(feature = "dlib")]
#[test]
fn verbose_says_no_level_of_an_engine_that_has_none() {
    let run = facematch()
        .args(["detect", "unknown/chelsea.png", "--engine", "dlib", "-v"])
        .ends_with(0);
    let start = "facematch: engine dlib, detector hog, ";
    assert!(run.stderr.starts_with(start), "{}", run.stderr);
}

#[test]
fn timings_are_a_table_of_the_stages() {
    assert_snapshot!(without_times(&run(&["--timings", "--quiet"]).stderr), @"
    stage total mean
    decode # s # ms a photo
    resize # s # ms a photo
    detect # s # ms a photo
    landmarks # s # ms a photo
    encode # s # ms a photo
    match # s # ms a photo
    pictures # s # ms a photo
    together # s # ms a photo
    start # s
    known # s
    search # s for 3 photos with --jobs 1
    ");
}

#[test]
fn a_progress_bar_is_shown_when_asked_for() {
    let shown = run(&["--progress", "always"]).stderr;
    assert!(shown.contains("searching ["), "{shown:?}");
    assert!(shown.contains("/3 photos"), "{shown:?}");
    // The time left is unknown until the first photo is done.
    assert!(!shown.contains(" 0s left"), "{shown:?}");
    let quiet = run(&["--progress", "always", "--quiet"]).stderr;
    assert!(quiet.contains("searching ["), "{quiet:?}");
    // Without a terminal, progress is not shown by default.
    for more in [&["--progress", "never"][..], &[]] {
        let hidden = run(more).stderr;
        assert!(!hidden.contains("searching ["), "{hidden:?}");
    }
}

#[test]
fn names_are_coloured_when_asked_for() {
    let run = run(&["--color", "always"]);
    assert!(
        run.text().contains("\x1b[1;32mobama\x1b[0m"),
        "{:?}",
        run.text()
    );
    assert!(
        run.text().contains("\x1b[33munknown\x1b[0m"),
        "{:?}",
        run.text()
    );
}

/// Returns the program's output on a terminal, simulated by `script`.
#[cfg(target_os = "linux")]
fn on_a_terminal(no_color: Option<&str>, more: &str) -> String {
    let program = assert_cmd::cargo::cargo_bin!("facematch");
    let line = format!(
        "'{}' -q known/obama.jpg unknown/obama2.jpg {more}",
        program.display()
    );
    let mut command = std::process::Command::new("script");
    command
        .args(["-q", "-e", "-c", &line, "/dev/null"])
        .current_dir(crate::common::repository(""))
        .env("FACEMATCH_MODELS", crate::common::repository("models"))
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .stdin(std::process::Stdio::null());
    if let Some(value) = no_color {
        command.env("NO_COLOR", value);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("obama"), "{text}");
    text
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs script(1) of util-linux, to play a terminal"]
fn a_terminal_gets_colours_unless_no_color_is_set() {
    for (no_color, more, colored) in [
        (None, "", true),
        (Some(""), "", true),
        (Some("1"), "", false),
        (Some("1"), "--color always", true),
        (None, "--color never", false),
    ] {
        let text = on_a_terminal(no_color, more);
        assert_eq!(
            text.contains("\x1b["),
            colored,
            "{no_color:?} {more}: {text:?}"
        );
    }
}
