//! Text on a terminal, simulated by `script`: columns there, tabs everywhere else.

use std::path::Path;

use crate::common::{RunExt, TestEnv, repository};

/// Returns a match, a stranger, no face and two faces, with paths of different lengths.
fn photos() -> TestEnv {
    let env = TestEnv::new();
    env.copy("known/biden.jpg", "known/Joe Biden.jpg");
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("unknown/obama2.jpg", "photos/a/b/obama2.jpg");
    env.copy("unknown/astronaut.png", "photos/c.png");
    env.copy("known/biden.jpg", "photos/山田.jpg");
    env.copy("unknown/chelsea.png", "photos/d.png");
    env
}

/// Returns the output of `facematch` with `arguments` on a terminal of `width` columns, line by
/// line.
fn on_a_terminal(folder: &Path, width: usize, arguments: &str) -> Vec<String> {
    let program = assert_cmd::cargo::cargo_bin!("facematch");
    let line = format!(
        "stty rows 40 cols {width}; '{}' {arguments}",
        program.display()
    );
    let output = std::process::Command::new("script")
        .args(["-q", "-e", "-c", &line, "/dev/null"])
        .current_dir(folder)
        .env("FACEMATCH_MODELS", repository("models"))
        .env("NO_COLOR", "1")
        .env_remove("FACEMATCH_CACHE")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("`script` of util-linux plays the terminal");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("panicked"), "{text}");
    text.lines()
        .map(|line| line.trim_end().to_owned())
        .collect()
}

/// Returns its output into a pipe.
fn in_a_pipe(env: &TestEnv, arguments: &str) -> Vec<String> {
    let run = env.facematch().args(arguments.split(' ')).output().unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Returns `line` with the fields separated by tabs.
fn with_tabs(line: &str) -> String {
    let fields = line.split("  ").map(str::trim);
    let fields: Vec<_> = fields.filter(|field| !field.is_empty()).collect();
    fields.join("\t")
}

/// Returns the number of terminal cells before `part` in `line`.
fn cells_before(line: &str, part: &str) -> usize {
    let before = &line[..line.find(part).unwrap_or_else(|| panic!("{part}: {line}"))];
    // Each ideograph takes two cells.
    before
        .chars()
        .map(|c| 1 + usize::from(c > '\u{2fff}'))
        .sum()
}

#[test]
#[ignore = "needs script(1) of util-linux, to play a terminal"]
fn a_terminal_gets_the_fields_of_a_pipe_in_columns() {
    let env = photos();
    for (arguments, columns) in [
        (
            "-q known photos",
            &["  Joe Biden  ", "  obama  ", "  unknown", "  no faces"][..],
        ),
        ("-q known photos", &["0.3", "0.8"]),
        ("tag -q --dry-run known photos", &["would create"]),
        ("tag -q --dry-run known photos", &["  Joe", "  obama"]),
        (
            "sort -q --dry-run known photos --into people",
            &["would copy"],
        ),
        ("check -q known", &["best threshold"]),
    ] {
        let shown = on_a_terminal(env.root(), 100, arguments);
        let piped = in_a_pipe(&env, arguments);
        assert!(piped.iter().all(|line| line.contains('\t')), "{piped:?}");
        assert!(shown.iter().all(|line| !line.contains('\t')), "{shown:?}");
        let fields: Vec<_> = shown.iter().map(|line| with_tabs(line)).collect();
        assert_eq!(fields, piped, "{arguments}");
        let places: Vec<_> = columns
            .iter()
            .flat_map(|part| {
                let lines = shown.iter().filter(move |line| line.contains(part));
                lines.map(move |line| cells_before(line, part))
            })
            .collect();
        assert!(!places.is_empty(), "{arguments}: {shown:#?}");
        let first = places[0];
        assert!(
            places.iter().all(|place| *place == first),
            "{columns:?}: {shown:#?}"
        );
    }
}

#[test]
#[ignore = "needs script(1) of util-linux, to play a terminal"]
fn boxes_of_faces_stand_in_columns() {
    let env = photos();
    let shown = on_a_terminal(env.root(), 100, "detect -q photos");
    let landmarks = shown.iter().filter(|line| line.contains("left_eye="));
    let places: Vec<_> = landmarks
        .map(|line| cells_before(line, "left_eye="))
        .collect();
    assert_eq!(places, [places[0]; 3], "{shown:#?}");
    let fields: Vec<_> = shown.iter().map(|line| with_tabs(line)).collect();
    assert_eq!(fields, in_a_pipe(&env, "detect -q photos"));
}

#[test]
#[ignore = "needs script(1) of util-linux, to play a terminal"]
fn a_path_that_is_too_long_moves_only_its_own_line() {
    let env = photos();
    let shown = on_a_terminal(env.root(), 30, "-q known photos");
    // 18 columns for the paths; photos/a/b/obama2.jpg has 21.
    let [long, rest @ ..] = &shown[..] else {
        panic!("no lines");
    };
    assert!(long.starts_with("photos/a/b/obama2.jpg  obama  "), "{long}");
    assert_eq!(cells_before(&rest[0], "unknown"), 17, "{rest:#?}");
    assert_eq!(cells_before(&rest[1], "no faces"), 17, "{rest:#?}");
}

#[test]
#[ignore = "needs script(1) of util-linux, to play a terminal"]
fn a_file_gets_tabs_also_from_a_terminal() {
    let env = photos();
    on_a_terminal(env.root(), 100, "-q known photos -o out.tsv");
    let written = std::fs::read_to_string(env.path("out.tsv")).unwrap();
    let piped = env.facematch().args(["known", "photos"]).ends_with(0);
    assert_eq!(written, piped.text());
    assert!(written.contains("photos/d.png\tno faces\n"), "{written}");
}

#[test]
#[ignore = "needs script(1) of util-linux, to play a terminal"]
fn lists_and_statistics_stand_in_columns() {
    let env = photos();
    let enroll = ["enroll", "-q", "known", "-o", "people.safetensors"];
    env.facematch().args(enroll).ends_with(0);
    for arguments in [
        "enroll --list people.safetensors",
        "cache stats --cache=none.redb",
    ] {
        let shown = on_a_terminal(env.root(), 100, arguments);
        let fields: Vec<_> = shown.iter().map(|line| with_tabs(line)).collect();
        assert_eq!(fields, in_a_pipe(&env, arguments));
        assert!(shown.iter().all(|line| !line.contains('\t')), "{shown:?}");
    }
}

#[test]
#[ignore = "needs script(1) of util-linux, to play a terminal"]
fn readme_shows_the_columns_of_a_terminal() {
    let lines = on_a_terminal(&repository(""), 120, "-q known/ unknown/");
    let shown = format!("$ facematch known/ unknown/\n{}\n", lines.join("\n"));
    let readme = std::fs::read_to_string(repository("README.md")).unwrap();
    // Another machine rounds the last digits differently.
    let without_digits = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "#");
    assert!(
        without_digits(&readme).contains(&without_digits(&shown)),
        "{shown}"
    );
}
