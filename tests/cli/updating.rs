//! `facematch enroll --add` and `--remove`: the contents of an existing gallery file afterwards.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use insta::assert_snapshot;

use crate::common::{RunExt, repository};
use crate::enrolling::{listed, with_gallery};

#[test]
fn people_are_added_removed_and_listed() {
    let env = with_gallery();
    assert_eq!(listed(&env), "biden\t1\nobama\t1\n");

    env.copy("unknown/obama2.jpg", "more/obama.2.jpg");
    env.copy("unknown/astronaut.png", "more/Eileen Collins/1.png");
    let add = ["enroll", "--add", "people.safetensors", "more"];
    let run = env.facematch().args(add).ends_with(0);
    assert_snapshot!(run.stderr, @"facematch: people.safetensors: 3 people known by 4 faces");
    assert_eq!(listed(&env), "Eileen Collins\t1\nbiden\t1\nobama\t2\n");
    // The same photos replace their own faces.
    env.facematch().args(add).ends_with(0);
    assert_eq!(listed(&env), "Eileen Collins\t1\nbiden\t1\nobama\t2\n");
    // Except those that cannot be read.
    env.write("more/obama.2.jpg", "");
    let run = env.facematch().args(add).ends_with(1);
    assert_snapshot!(run.stderr, @"
    facematch: known photo left out: more/obama.2.jpg: cannot decode: the file is empty; its earlier face stays in the gallery
    facematch: people.safetensors: 3 people known by 4 faces; 1 failed
    ");
    assert_eq!(listed(&env), "Eileen Collins\t1\nbiden\t1\nobama\t2\n");

    let remove = ["enroll", "--remove", "obama", "people.safetensors"];
    let run = env.facematch().args(remove).ends_with(0);
    assert_snapshot!(run.stderr, @"facematch: people.safetensors: removed 2 faces; 2 people known by 2 faces");
    assert_eq!(listed(&env), "Eileen Collins\t1\nbiden\t1\n");
    let swapped = ["enroll", "--remove", "people.safetensors", "biden"];
    let run = env.facematch().args(swapped).ends_with(2);
    assert_snapshot!(run.stderr, @r#"facematch: people.safetensors: this is a gallery, not a name; write --remove "biden" people.safetensors"#);

    let run = env.facematch().args(remove).ends_with(3);
    assert_snapshot!(run.stderr, @r#"facematch: people.safetensors: no person in it is named "obama"; list the names with facematch enroll --list"#);

    let rest = [
        "enroll",
        "--remove",
        "biden",
        "--remove",
        "Eileen Collins",
        "people.safetensors",
    ];
    env.facematch().args(rest).ends_with(0);
    assert_eq!(listed(&env), "");
    let run = env
        .facematch()
        .args(["people.safetensors", "unknown"])
        .ends_with(3);
    assert_snapshot!(run.stderr, @"facematch: people.safetensors: no known face: the gallery is empty; add people with facematch enroll --add");
}

/// Its face was once removed.
#[test]
fn a_photo_in_which_nothing_is_found_any_more_keeps_its_face() {
    let env = with_gallery();
    env.copy("unknown/chelsea.png", "known/obama.jpg");
    let add = ["enroll", "--add", "people.safetensors", "known"];
    let run = env.facematch().args(add).ends_with(0);
    assert_snapshot!(run.stderr, @"
    facematch: warning: known/obama.jpg: no face found in this known photo; it is left out; its earlier face stays in the gallery
    facematch: people.safetensors: 2 people known by 2 faces
    ");
    assert_eq!(listed(&env), "biden\t1\nobama\t1\n");
}

#[test]
fn a_photo_of_a_person_is_enrolled_once_however_its_path_is_written() {
    let env = with_gallery();
    let biden = env.path("known/biden.jpg").display().to_string();
    for known in [
        &["./known/"][..],
        &[&biden],
        &["known", "known/./obama.jpg", "./known//biden.jpg"],
    ] {
        env.facematch()
            .args(["enroll", "-q", "--add", "people.safetensors"])
            .args(known)
            .ends_with(0);
        assert_eq!(listed(&env), "biden\t1\nobama\t1\n", "{known:?}");
    }
    // For a new file too.
    env.facematch()
        .args(["enroll", "-q", "known", "known/obama.jpg", "--force"])
        .args(["-o", "people.safetensors"])
        .ends_with(0);
    assert_eq!(listed(&env), "biden\t1\nobama\t1\n");
}

#[test]
fn a_photo_that_is_enrolled_for_somebody_else_takes_nobodys_place() {
    let env = with_gallery();
    env.copy("unknown/obama2.jpg", "more/ann/bob.jpg");
    for known in ["more", "more/ann"] {
        let add = ["enroll", "-q", "--add", "people.safetensors", known];
        env.facematch().args(add).ends_with(0);
    }
    assert_eq!(listed(&env), "ann\t1\nbiden\t1\nbob\t1\nobama\t1\n");
}

/// Gallery files contain U+FFFD instead of such bytes.
#[cfg(target_os = "linux")]
#[test]
fn a_photo_whose_path_is_not_utf_8_is_enrolled_once() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let env = with_gallery();
    let name = OsStr::from_bytes(b"J\xf6rg.jpg");
    env.copy("unknown/obama2.jpg", env.folder("more").join(name));
    for _ in 0..2 {
        let add = ["enroll", "-q", "--add", "people.safetensors", "more"];
        env.facematch().args(add).ends_with(0);
        assert_eq!(listed(&env), "J\\\\xf6rg\t1\nbiden\t1\nobama\t1\n");
    }
}

/// A person who was removed while photos were added once came back.
#[test]
fn a_gallery_that_changes_while_people_are_added_is_not_written_over() {
    let env = with_gallery();
    for number in 0..10 {
        env.copy("unknown/astronaut.png", format!("more/Eileen.{number}.png"));
    }
    std::fs::copy(env.path("people.safetensors"), env.path("changed")).unwrap();
    let remove = ["enroll", "-q", "--remove", "obama", "changed"];
    env.facematch().args(remove).ends_with(0);

    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("facematch"))
        .current_dir(env.root())
        .env("FACEMATCH_MODELS", repository("models"))
        .env_remove("FACEMATCH_CACHE")
        .args(["enroll", "-v", "--jobs", "1"])
        .args(["--add", "people.safetensors", "more"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let mut lines = stderr.lines().map(Result::unwrap);
    // By then the gallery has been read, and the first photo is being searched.
    lines.find(|line| line.contains("engine native")).unwrap();
    std::fs::rename(env.path("changed"), env.path("people.safetensors")).unwrap();
    let told = lines.last().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert_eq!(
        told,
        "facematch: people.safetensors: changed meanwhile, nothing written; run it again"
    );
    assert_eq!(listed(&env), "biden\t1\n");
    let leftovers = env.files();
    assert!(
        !leftovers.iter().any(|file| file.contains(".facematch-")),
        "{leftovers:?}"
    );
}

/// A gallery stores the encoding options once for all its faces.
#[test]
fn faces_of_other_options_for_encodings_are_not_put_into_one_gallery() {
    let env = with_gallery();
    let before = std::fs::read(env.path("people.safetensors")).unwrap();
    for (options, other) in [
        (&["--no-flip"][..], "flip instead of plain"),
        (&["--jitters", "3"], "flip instead of jitters 3"),
        (
            &["--encode-from", "original"],
            "resized instead of original",
        ),
    ] {
        for arguments in [
            &["--add", "people.safetensors", "known"][..],
            &["people.safetensors", "-o", "new.safetensors"],
        ] {
            let run = env
                .facematch()
                .arg("enroll")
                .args(options)
                .args(arguments)
                .ends_with(3);
            let reason = format!(
                "facematch: gallery: people.safetensors: was enrolled with other options for encodings ({other}), "
            );
            assert!(run.stderr.starts_with(&reason), "{}", run.stderr);
        }
    }
    assert!(std::fs::read(env.path("people.safetensors")).unwrap() == before);
    assert!(!env.path("new.safetensors").exists());
}

#[test]
fn a_gallery_that_is_given_twice_counts_once() {
    let env = with_gallery();
    let add = ["enroll", "--add", "people.safetensors"];
    env.facematch()
        .args(add)
        .arg("./people.safetensors")
        .ends_with(0);
    assert_eq!(listed(&env), "biden\t1\nobama\t1\n");
}
