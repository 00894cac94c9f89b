//! Which photos are searched: folders, options of the walk, paths on standard input.

use image::{ImageFormat, RgbImage};
use insta::assert_snapshot;

use crate::common::photos::encoded;
use crate::common::{Run, RunExt, TestEnv};

/// Little to decode, and no face in it.
fn blank() -> Vec<u8> {
    encoded(&RgbImage::new(64, 64), ImageFormat::Png)
}

/// `facematch detect` with as little work as can be.
fn detect(env: &TestEnv, args: &[&str], stdin: &str, code: i32) -> Run {
    env.facematch()
        .args(["detect", "-w", "64", "--upsample", "0", "-q"])
        .args(args)
        .write_stdin(stdin)
        .ends_with(code)
}

/// The paths in the text form.
fn paths(run: &Run) -> Vec<String> {
    run.text()
        .lines()
        .map(|line| line.split('\t').next().unwrap().to_owned())
        .collect()
}

fn tree() -> TestEnv {
    let env = TestEnv::new();
    for name in [
        "photos/a.png",
        "photos/b/c.PNG",
        "photos/b/d/e.png",
        "photos/.hidden.png",
        "photos/.thumbs/f.png",
        "photos/scan0001",
        "elsewhere/g.png",
    ] {
        env.write(name, blank());
    }
    env.write("photos/notes.txt", "text");
    env.write("photos/README", "text");
    env
}

#[test]
fn folders_are_searched_at_any_depth_in_the_order_of_their_bytes() {
    let run = detect(&tree(), &["photos", "elsewhere"], "", 0);
    assert_eq!(
        paths(&run),
        [
            "elsewhere/g.png",
            "photos/a.png",
            "photos/b/c.PNG",
            "photos/b/d/e.png",
            "photos/scan0001"
        ]
    );
}

#[test]
fn the_depth_can_be_limited() {
    let env = tree();
    let at_depth = |depth: &str| paths(&detect(&env, &["photos", "--max-depth", depth], "", 0));
    assert_eq!(at_depth("1"), ["photos/a.png", "photos/scan0001"]);
    assert_eq!(
        at_depth("2"),
        ["photos/a.png", "photos/b/c.PNG", "photos/scan0001"]
    );
}

#[test]
fn hidden_photos_are_searched_when_asked_for() {
    let run = detect(&tree(), &["photos", "--hidden", "--max-depth", "2"], "", 0);
    assert_eq!(
        paths(&run),
        [
            "photos/.hidden.png",
            "photos/.thumbs/f.png",
            "photos/a.png",
            "photos/b/c.PNG",
            "photos/scan0001"
        ]
    );
}

#[cfg(unix)]
#[test]
fn links_to_folders_are_entered_when_asked_for() {
    use std::os::unix::fs::symlink;
    let env = tree();
    symlink(env.path("elsewhere"), env.path("photos/b/link")).unwrap();
    symlink(env.path("elsewhere/g.png"), env.path("photos/file.png")).unwrap();
    let without = paths(&detect(&env, &["photos"], "", 0));
    assert!(
        without.contains(&"photos/file.png".to_owned()),
        "{without:?}"
    );
    assert!(
        !without.contains(&"photos/b/link/g.png".to_owned()),
        "{without:?}"
    );
    let with = paths(&detect(&env, &["photos", "--follow-links"], "", 0));
    assert!(with.contains(&"photos/b/link/g.png".to_owned()), "{with:?}");

    // A link that leads back is an error, not a hang.
    symlink(env.path("photos"), env.path("photos/b/back")).unwrap();
    let run = detect(&env, &["photos", "--follow-links", "-f", "ndjson"], "", 1);
    let error = run.record("photos/b/back");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("the link leads back to photos"),
        "{message}"
    );
}

#[test]
fn formats_that_are_not_read_are_mentioned() {
    let env = tree();
    env.write("photos/x.HEIC", "");
    env.write("photos/y.heic", "");
    env.write("photos/z.nef", "");
    let run = env
        .facematch()
        .args(["detect", "photos", "-w", "64", "--upsample", "0"])
        .ends_with(0);
    assert_snapshot!(run.stderr, @"
    facematch: warning: passed over photos in formats that facematch does not read: 2 .heic, 1 .nef
    facematch: 4 photos, 0 faces
    ");
}

#[test]
fn a_path_that_is_given_twice_is_searched_once() {
    let run = detect(
        &tree(),
        &["photos/a.png", "photos/a.png", "photos", "--max-depth", "1"],
        "",
        0,
    );
    assert_eq!(paths(&run), ["photos/a.png", "photos/scan0001"]);
}

#[test]
fn paths_come_on_standard_input() {
    let env = tree();
    let lines = "photos/b\n\nphotos/a.png\nmissing.png\n";
    let run = detect(&env, &["-", "elsewhere", "-f", "ndjson"], lines, 1);
    let records = run.records();
    let found: Vec<_> = records
        .iter()
        .filter(|record| record["type"] == "image")
        .map(|record| record["path"].as_str().unwrap())
        .collect();
    assert_eq!(
        found,
        [
            "elsewhere/g.png",
            "photos/a.png",
            "photos/b/c.PNG",
            "photos/b/d/e.png"
        ]
    );
    let errors: Vec<_> = records
        .iter()
        .filter(|record| record["type"] == "error")
        .collect();
    assert_eq!(errors.len(), 1);
    assert_eq!(
        [&errors[0]["path"], &errors[0]["kind"]],
        ["missing.png", "read"]
    );
}

#[test]
fn paths_on_standard_input_can_end_with_nul() {
    let env = tree();
    env.write("two\nlines.png", blank());
    let run = detect(&env, &["-0", "-"], "two\nlines.png\0photos/a.png\0", 0);
    assert_eq!(paths(&run), ["photos/a.png", "two\\nlines.png"]);
}

#[test]
fn no_paths_on_standard_input_are_nothing_to_search() {
    let run = detect(&tree(), &["-"], "", 3);
    assert_snapshot!(run.stderr, @"facematch: nothing to search: no photos in standard input");
}

#[test]
fn the_default_command_reads_paths_too() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("unknown/obama2.jpg", "x.jpg");
    let run = env
        .facematch()
        .args(["known", "-", "-0"])
        .write_stdin("x.jpg\0")
        .ends_with(0);
    assert!(run.text().starts_with("x.jpg\tobama\t"), "{}", run.text());
}

#[test]
fn max_depth_does_not_cut_the_known_people() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/Barack Obama/portraits/1.jpg");
    env.copy("unknown/obama2.jpg", "photos/a.jpg");
    env.copy("unknown/astronaut.png", "photos/deeper/b.png");
    let run = env
        .facematch()
        .args(["--max-depth", "1", "known", "photos"])
        .ends_with(0);
    assert!(
        run.text().starts_with("photos/a.jpg\tBarack Obama\t"),
        "{}",
        run.text()
    );
    assert_eq!(run.text().lines().count(), 1);
}
