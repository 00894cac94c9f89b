//! Files that a run must not overwrite: files that it reads, files of another kind, and photos of
//! KNOWN. The run reports them before the search.

use insta::assert_snapshot;

use crate::common::{Run, RunExt, TestEnv, repository};
use crate::enrolling::listed;

const LANDMARKS: &str = "shape_predictor_5_face_landmarks.dat";
const XMP: &str = "<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>";

/// Returns a file of each kind that a run reads or that is beside its output.
fn scene() -> TestEnv {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("known/biden.jpg", "known/more/biden.jpg");
    env.copy("unknown/chelsea.png", "photos/cat.png");
    // It is read as a photo, and is the kind of file that results may replace.
    env.write("photos/text.jpg", "no photo at all\n");
    env.write("photos/cat.png.xmp", XMP);
    env.write(
        "pairs.csv",
        "fold,same,a,b\n1,1,photos/cat.png,known/obama.jpg\n",
    );
    env.write("labels.csv", "image,people\ncat.png,\n");
    env.write("paths.txt", "photos/cat.png\nphotos/text.jpg\n");
    env.write(
        "plot.svg",
        "<svg>\n<title>facematch eval pairs</title></svg>\n",
    );
    env.write("logo.svg", "<?xml version=\"1.0\"?>\n<svg></svg>\n");
    env.write("notes.txt", "Milk\nBread\n");
    env.write("archive", b"\x1f\x8b\x08\0");
    std::fs::copy(repository("models").join(LANDMARKS), env.path(LANDMARKS)).unwrap();
    for (arguments, status) in [
        (&["enroll", "known", "-o", "people.safetensors"][..], 0),
        (
            &[
                "detect",
                "--detector",
                "hog",
                "--cache=cache.redb",
                "photos",
            ],
            1,
        ),
    ] {
        env.facematch().args(arguments).ends_with(status);
    }
    env
}

/// Returns all files with their bytes, or `None` for a dangling link.
fn contents(env: &TestEnv) -> Vec<(String, Option<Vec<u8>>)> {
    let with_bytes = |name: String| {
        let bytes = std::fs::read(env.path(&name)).ok();
        (name, bytes)
    };
    env.files().into_iter().map(with_bytes).collect()
}

/// Runs a command that must be refused without changing a file or printing a result.
fn refused(env: &TestEnv, arguments: &[&str]) -> String {
    let before = contents(env);
    let run = env
        .facematch()
        .args(arguments)
        .write_stdin("photos/cat.png\nphotos/text.jpg\n")
        .ends_with(2);
    assert_eq!(run.text(), "", "{arguments:?}");
    assert!(contents(env) == before, "{arguments:?}: {}", run.stderr);
    run.stderr
}

/// Commands that search; an option with the output is appended to each.
const SEARCHES: [&[&str]; 5] = [
    &["known", "photos"],
    &["detect", "photos"],
    &["tag", "known", "photos"],
    &["tag", "-f", "exiftool-json", "known", "photos"],
    &["sort", "known", "photos", "--into", "out"],
];

#[test]
fn results_never_replace_what_the_run_reads() {
    let env = scene();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("photos/text.jpg", env.path("symlink")).unwrap();
        std::fs::hard_link(env.path("photos/text.jpg"), env.path("hardlink")).unwrap();
    }
    let links = ["symlink", "hardlink"].into_iter().filter(|_| cfg!(unix));
    let spellings = ["photos/text.jpg", "./photos/../photos//text.jpg"];
    for photo in spellings.into_iter().chain(links) {
        for search in SEARCHES {
            let told = refused(&env, &[search, &["-o", photo]].concat());
            let reason = "not overwritten: this run reads it as one of the photos; name another file with -o\n";
            assert!(told.ends_with(reason), "{search:?}: {told}");
        }
    }
    let [first, last] = ["-o", "--plot"].map(|option| [option, "pairs.csv"]);
    for arguments in [
        &["known", "-", "-o", "photos/text.jpg"][..],
        &["known", "photos", "-o", "known/obama.jpg"],
        &["known", "photos", "-o", "known/more/biden.jpg"],
        &["known/obama.jpg", "photos", "-o", "known/obama.jpg"],
        &["people.safetensors", "photos", "-o", "people.safetensors"],
        &["--landmarks", LANDMARKS, "known", "photos", "-o", LANDMARKS],
        &["check", "known", "-o", "known/obama.jpg"],
        &["check", "people.safetensors", "-o", "people.safetensors"],
        &["enroll", "known", "-o", "known/obama.jpg", "--force"],
        &["enroll", "--from-tags", "photos", "-o", "photos/text.jpg"],
        &["eval", "impostors", "known", "-o", "known/obama.jpg"],
        &[&["eval", "pairs", "pairs.csv"], &first[..]].concat(),
        &[&["eval", "pairs", "pairs.csv"], &last[..]].concat(),
        &["eval", "pairs", "pairs.csv", "--plot", "photos/cat.png"],
        &[
            "eval",
            "identify",
            "known",
            "photos",
            "--labels",
            "labels.csv",
            "-o",
            "labels.csv",
        ],
        &[
            "eval",
            "identify",
            "known",
            "photos",
            "--labels",
            "labels.csv",
            "-o",
            "photos/cat.png",
        ],
        &["--cache=photos/text.jpg", "known", "photos"],
        &["--cache=people.safetensors", "people.safetensors", "photos"],
    ] {
        let told = refused(&env, arguments);
        assert!(
            told.contains("not overwritten: this run reads it"),
            "{told}"
        );
    }
    let told = refused(
        &env,
        &["known", "photos", "--cache=new.redb", "-o", "./new.redb"],
    );
    assert!(told.contains("it is the cache of this run"), "{told}");
}

#[test]
fn results_replace_no_file_of_another_kind() {
    let env = scene();
    let told = |arguments: &[&str]| refused(&env, arguments);
    let results = |target| told(&["detect", "known", "-o", target]);
    assert_snapshot!(results("photos/cat.png"), @"facematch: photos/cat.png: not overwritten: it is an image; name another file with -o");
    assert_snapshot!(results("people.safetensors"), @"facematch: people.safetensors: not overwritten: it is a gallery; name another file with -o");
    assert_snapshot!(results("cache.redb"), @"facematch: cache.redb: not overwritten: it is a cache; name another file with -o");
    assert_snapshot!(results("plot.svg"), @"facematch: plot.svg: not overwritten: it is an image; name another file with -o");
    assert_snapshot!(results("photos/cat.png.xmp"), @"facematch: photos/cat.png.xmp: not overwritten: it is an XML file; name another file with -o");
    assert_snapshot!(results("archive"), @"facematch: archive: not overwritten: it is a binary file; name another file with -o");
    assert_snapshot!(results("notes.txt"), @"facematch: notes.txt: not overwritten: it is a text file that facematch did not write; name another file with -o");
    assert_snapshot!(results("photos/new.JPG"), @"facematch: photos/new.JPG: not written: a later run would take it for a photo, by its name; name another file with -o");
    assert_snapshot!(results("photos/new.xmp"), @"facematch: photos/new.xmp: not written: a later run would take it for a sidecar, by its name; name another file with -o");
    env.write("prices.tsv", "milk\t2\t1.29\nbread\t1\t2.50\n");
    assert_snapshot!(results("prices.tsv"), @"facematch: prices.tsv: not overwritten: it is a text file that facematch did not write; name another file with -o");
    let plot = |target| told(&["eval", "pairs", "pairs.csv", "--plot", target]);
    assert_snapshot!(plot("-"), @"facematch: -: this cannot go to standard output; name a file");
    assert_snapshot!(plot("labels.csv"), @"facematch: labels.csv: not overwritten: it is a text file that facematch did not write; name another file with --plot");
    assert_snapshot!(plot("logo.svg"), @"facematch: logo.svg: not overwritten: it is an image; name another file with --plot");
    assert_snapshot!(plot("people.safetensors"), @"facematch: people.safetensors: not overwritten: it is a gallery; name another file with --plot");
    for target in ["labels.csv", "photos/cat.png", "cache.redb", LANDMARKS] {
        for force in [&[][..], &["--force"]] {
            let told = told(&[&["enroll", "known", "-o", target], force].concat());
            assert!(told.contains("; name another file with -o"), "{told}");
        }
    }
    for target in ["labels.csv", "archive"] {
        let told = told(&[&format!("--cache={target}"), "known", "photos"]);
        assert!(told.contains("this file is not a cache"), "{told}");
    }
}

#[test]
fn results_replace_earlier_ones_and_empty_files_and_lie_anywhere() {
    let env = scene();
    env.write("old.tsv", "photos/cat.png\tno faces\n");
    env.write("empty.tsv", "");
    for target in [
        "old.tsv",
        "empty.tsv",
        "new.tsv",
        "photos/new.tsv",
        "known/new.tsv",
    ] {
        env.facematch()
            .args([
                "detect",
                "--detector",
                "hog",
                "photos/cat.png",
                "-o",
                target,
            ])
            .ends_with(0);
        let written = std::fs::read_to_string(env.path(target)).unwrap();
        assert_eq!(written, "photos/cat.png\tno faces\n", "{target}");
    }
    let standard = ["detect", "--detector", "hog", "photos/cat.png", "-o", "-"];
    let run = env.facematch().args(standard).ends_with(0);
    assert_eq!(run.text(), "photos/cat.png\tno faces\n");
    for target in ["plot.svg", "new.svg"] {
        env.facematch()
            .args([
                "eval",
                "pairs",
                "pairs.csv",
                "-o",
                "old.tsv",
                "--plot",
                target,
            ])
            .ends_with(0);
        let plot = std::fs::read_to_string(env.path(target)).unwrap();
        assert!(plot.len() > 1000, "{plot}");
    }
}

/// The code that recognises a report must know all of them.
#[test]
fn a_second_run_replaces_the_results_of_the_first() {
    let env = scene();
    std::fs::remove_file(env.path("photos/text.jpg")).unwrap();
    env.copy("unknown/obama2.jpg", "photos/obama2.jpg");
    let commands: [&[&str]; 14] = [
        &["known", "photos"],
        &["--all-distances", "--color", "always", "known", "photos"],
        &["known", "photos", "-f", "json"],
        &["known", "photos", "-f", "ndjson"],
        &["known", "photos", "-f", "csv"],
        &["detect", "photos"],
        &["tag", "known", "photos", "-f", "exiftool-json"],
        &["tag", "known", "photos/cat.png", "-f", "exiftool-json"],
        &["tag", "known", "photos", "--dry-run"],
        &["sort", "known", "photos", "--into", "out", "--dry-run"],
        &["check", "known"],
        &["check", "known", "-f", "json"],
        &["eval", "pairs", "pairs.csv"],
        &[
            "eval",
            "identify",
            "known",
            "photos",
            "--labels",
            "labels.csv",
            "-f",
            "json",
        ],
    ];
    for command in commands {
        let _ = std::fs::remove_file(env.path("results"));
        let run = || {
            let mut facematch = env.facematch();
            facematch
                .args(command)
                .args(["--detector", "hog", "-o", "results"]);
            let output = facematch.output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                matches!(output.status.code(), Some(0 | 1)),
                "{command:?}: {stderr}"
            );
            std::fs::read(env.path("results")).unwrap()
        };
        assert!(run() == run(), "{command:?}");
    }
}

/// As in a shell, the file that the link points to is created.
#[cfg(unix)]
#[test]
fn results_go_where_a_link_leads_that_leads_nowhere_yet() {
    let env = scene();
    std::fs::create_dir(env.path("disk")).unwrap();
    std::os::unix::fs::symlink("disk/new.tsv", env.path("link.tsv")).unwrap();
    env.facematch()
        .args(["detect", "photos/cat.png", "-o", "link.tsv"])
        .ends_with(0);
    assert!(env.path("link.tsv").is_symlink());
    let written = std::fs::read_to_string(env.path("disk/new.tsv")).unwrap();
    assert_eq!(written, "photos/cat.png\tno faces\n");
}

/// The name that counts is that of the file that the link points to.
#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_yet_is_no_way_around_the_name_of_a_photo() {
    let env = scene();
    let link = |target: &str, link: &str| {
        std::os::unix::fs::symlink(target, env.path(link)).unwrap();
    };
    link("known/new.jpg", "link.tsv");
    link("new.png", "other.tsv");
    assert_snapshot!(refused(&env, &["known", "photos", "-o", "link.tsv"]), @"facematch: link.tsv: not written: it would become a photo of KNOWN; name another file with -o");
    assert_snapshot!(refused(&env, &["known", "photos", "-o", "other.tsv"]), @"facematch: other.tsv: not written: a later run would take it for a photo, by its name; name another file with -o");
    for cache in ["--cache=link.tsv", "--cache=new.jpg"] {
        let told = refused(&env, &["known", "photos", cache]);
        assert!(told.contains("not written: "), "{told}");
    }
}

#[cfg(unix)]
#[test]
fn pictures_do_not_get_into_known_through_a_link() {
    let env = scene();
    std::fs::create_dir(env.path("out")).unwrap();
    std::os::unix::fs::symlink("../known", env.path("out/photos")).unwrap();
    for option in ["--draw", "--crops"] {
        let told = refused(&env, &["known", "photos", option, "out"]);
        assert!(told.contains("would become known photos"), "{told}");
    }
}

#[test]
fn a_gallery_is_replaced_only_by_force() {
    let env = scene();
    env.copy("unknown/astronaut.png", "others/eileen.png");
    let enroll = ["enroll", "others", "-o", "people.safetensors"];
    assert_snapshot!(refused(&env, &enroll), @"facematch: people.safetensors: not overwritten: it is a gallery; add people with --add, or replace it with --force");
    assert_snapshot!(refused(&env, &["enroll", "people.safetensors", "others", "-o", "people.safetensors", "--force"]), @"facematch: people.safetensors: not overwritten: this run reads it; add people to it with --add");
    assert_eq!(listed(&env), "more\t1\nobama\t1\n");
    env.facematch().args(enroll).arg("--force").ends_with(0);
    assert_eq!(listed(&env), "eileen\t1\n");
    let add = ["enroll", "--add", "people.safetensors", "known"];
    refused(&env, &[&add[..], &["--force"]].concat());
    env.facematch().args(add).ends_with(0);
}

#[test]
fn nothing_becomes_a_photo_of_known() {
    let env = scene();
    assert_snapshot!(refused(&env, &["known", "photos", "-o", "known/more/new.jpg"]), @"facematch: known/more/new.jpg: not written: it would become a photo of KNOWN; name another file with -o");
    refused(&env, &["enroll", "known", "-o", "known/new.png"]);
    refused(&env, &["--cache=known/new.png", "known", "photos"]);
    for option in ["--draw", "--crops"] {
        for folder in ["known", "known/new", "photos/../known"] {
            let told = refused(&env, &["known", "photos", option, folder]);
            assert!(told.contains(": this is part of KNOWN"), "{told}");
            assert!(!env.path("known/new").exists());
        }
        let told = refused(&env, &["known", "photos", "known", option, "."]);
        assert!(told.contains(": this is part of KNOWN"), "{told}");
    }
}

#[test]
fn pictures_never_replace_photos_that_are_searched() {
    let env = scene();
    env.copy("unknown/astronaut.png", "photos/a.png");
    for (option, picture) in [
        ("--draw", "a.png.faces.jpg"),
        ("--crops", "a.png.face2.png"),
    ] {
        let crop = env.path("photos/a.png.face1.png");
        std::fs::copy(env.path("photos/cat.png"), &crop).unwrap();
        let photo = env.copy("unknown/chelsea.png", format!("photos/{picture}"));
        let told = refused(
            &env,
            &[
                "detect",
                "photos/a.png",
                "known",
                &format!("photos/{picture}"),
                option,
                ".",
            ],
        );
        let reason = format!("photos/{picture}: not overwritten: this run reads it");
        assert!(told.contains(&reason), "{told}");
        // From an earlier run, or another photo of the user: it is not searched now.
        std::fs::remove_file(photo).unwrap();
        std::fs::remove_file(crop).unwrap();
    }
    // Another kind of file with the name of a picture.
    env.write("out/photos/a.png.faces.jpg", "notes");
    let run = env
        .facematch()
        .args([
            "detect",
            "--detector",
            "hog",
            "photos/a.png",
            "--draw",
            "out",
        ])
        .ends_with(1);
    assert!(run.stderr.contains("it is a text file"), "{}", run.stderr);
    let kept = std::fs::read_to_string(env.path("out/photos/a.png.faces.jpg")).unwrap();
    assert_eq!(kept, "notes");
}

#[test]
fn a_missing_folder_is_named_before_anything_is_searched() {
    let env = scene();
    let message = |arguments: &[&str]| -> String {
        let before = contents(&env);
        let run: Run = env.facematch().args(arguments).ends_with(3);
        assert!(contents(&env) == before);
        run.stderr
    };
    assert_snapshot!(message(&["known", "photos", "-o", "nodir/x"]), @"facematch: nodir/x: cannot write: the folder nodir does not exist");
    assert_snapshot!(message(&["known", "photos", "-o", "nodir/"]), @"facematch: nodir/: cannot write: the folder nodir/ does not exist");
    assert_snapshot!(message(&["known", "photos", "-o", "labels.csv/x"]), @"facematch: labels.csv/x: cannot write: the folder labels.csv is not a folder");
    assert_snapshot!(message(&["eval", "pairs", "pairs.csv", "--plot", "nodir/x.svg"]), @"facematch: nodir/x.svg: cannot write: the folder nodir does not exist");
    let told = "cannot write: the folder nodir does not exist";
    for arguments in [
        &["enroll", "known"][..],
        &["check", "known"],
        &["eval", "impostors", "known"],
        &[
            "eval",
            "identify",
            "known",
            "photos",
            "--labels",
            "labels.csv",
        ],
    ] {
        let message = message(&[arguments, &["-o", "nodir/x"]].concat());
        assert!(message.contains(told), "{arguments:?}: {message}");
    }
    // The file system has no such names, which would only turn out at the end.
    let long = "x".repeat(300);
    message(&["known", "photos", "-o", &long]);
}

#[cfg(unix)]
#[test]
fn the_file_behind_standard_input_output_and_error_stays() {
    use std::process::{Command, Stdio};
    let env = scene();
    let open = |name: &str| {
        std::fs::File::options()
            .read(true)
            .append(true)
            .create(true)
            .open(env.path(name))
            .unwrap()
    };
    let run = |arguments: &[&str], stdin: Stdio, stdout: Stdio, stderr: Stdio| {
        Command::new(assert_cmd::cargo::cargo_bin!("facematch"))
            .current_dir(env.root())
            .args(["detect", "-q", "--detector", "hog"])
            .args(arguments)
            .stdin(stdin)
            .stdout(stdout)
            .stderr(stderr)
            .status()
            .unwrap()
            .code()
    };
    let paths = std::fs::read(env.path("paths.txt")).unwrap();
    let code = run(
        &["-", "-o", "paths.txt"],
        open("paths.txt").into(),
        Stdio::null(),
        Stdio::null(),
    );
    assert_eq!(code, Some(2));
    assert_eq!(std::fs::read(env.path("paths.txt")).unwrap(), paths);
    let result = "photos/cat.png\tno faces\n";
    env.write("log", "first\n");
    let cat = "photos/cat.png";
    for target in ["/dev/stdout", "log"] {
        let code = run(
            &[cat, "-o", target],
            Stdio::null(),
            open("log").into(),
            Stdio::null(),
        );
        assert_eq!(code, Some(0));
    }
    let code = run(
        &[cat, "-o", "/dev/stderr"],
        Stdio::null(),
        Stdio::null(),
        open("log").into(),
    );
    assert_eq!(code, Some(0));
    let log = std::fs::read_to_string(env.path("log")).unwrap();
    assert_eq!(log, format!("first\n{result}{result}{result}"));
}

#[cfg(unix)]
#[test]
fn a_write_protected_file_stays() {
    use std::os::unix::fs::PermissionsExt;
    let env = scene();
    for target in ["labels.csv", "people.safetensors"] {
        std::fs::set_permissions(env.path(target), PermissionsExt::from_mode(0o444)).unwrap();
    }
    assert_snapshot!(refused(&env, &["detect", "known", "-o", "labels.csv"]), @"facematch: labels.csv: not overwritten: it is write-protected; name another file with -o");
    assert_snapshot!(refused(&env, &["enroll", "--add", "people.safetensors", "known"]), @"facematch: people.safetensors: not overwritten: it is write-protected; make it writable");
}
