//! `facematch enroll`: gallery files are created, changed, listed, used as KNOWN, and refused. Also
//! `--with-encodings`.

use insta::assert_snapshot;
use serde_json::Value;

use crate::common::{RunExt, TestEnv, assert_like, facematch, only_face, repository};

/// Returns a folder with a gallery of both sample people, `people.safetensors`.
pub(crate) fn with_gallery() -> TestEnv {
    let env = TestEnv::new();
    for photo in ["known/biden.jpg", "known/obama.jpg", "unknown/obama2.jpg"] {
        env.copy(photo, photo);
    }
    let run = env
        .facematch()
        .args(["enroll", "known", "-o", "people.safetensors"])
        .ends_with(0);
    assert_eq!(run.text(), "");
    let summary = "facematch: people.safetensors: 2 people known by 2 faces\n";
    assert_eq!(run.stderr, summary);
    env
}

/// Returns the output of `--list` for `people.safetensors`.
pub(crate) fn listed(env: &TestEnv) -> String {
    let run = env
        .facematch()
        .args(["enroll", "--list", "people.safetensors"])
        .ends_with(0);
    run.text().to_owned()
}

/// Returns the header of a gallery file, its metadata, and the number of bytes before the numbers.
fn header(bytes: &[u8]) -> (Value, usize) {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    (header, 8 + length)
}

#[test]
fn a_gallery_finds_whom_its_photos_find() {
    let env = with_gallery();
    for form in ["text", "ndjson", "csv"] {
        let search = |known: &str| {
            let mut command = env.facematch();
            command.args([known, "unknown", "-f", form, "--all-distances"]);
            let run = command.ends_with(0);
            (run.text().to_owned(), run.stderr)
        };
        assert_eq!(search("people.safetensors"), search("known"), "{form}");
    }
    // Recognised by its content, not by its name.
    env.write(
        "family.jpg",
        std::fs::read(env.path("people.safetensors")).unwrap(),
    );
    let run = env.facematch().args(["family.jpg", "unknown"]).ends_with(0);
    assert!(run.text().contains("\tobama\t0."), "{}", run.text());
}

#[test]
fn the_file_is_what_the_documentation_says() {
    let env = with_gallery();
    let bytes = std::fs::read(env.path("people.safetensors")).unwrap();
    let (header, start) = header(&bytes);
    let metadata = &header["__metadata__"];
    assert_eq!(metadata["format"], "facematch-gallery/1");
    assert_eq!(metadata["averaged"], "flip");
    assert_eq!(metadata["encode_from"], "resized");
    assert_eq!(metadata["names"], r#"["biden","obama"]"#);
    assert_eq!(
        metadata["sources"],
        r#"["known/biden.jpg","known/obama.jpg"]"#
    );
    let boxes: Vec<[u32; 4]> = serde_json::from_str(metadata["boxes"].as_str().unwrap()).unwrap();
    assert!(
        boxes.iter().all(|[_, _, w, h]| *w > 50 && *h > 50),
        "{boxes:?}"
    );
    assert!(
        metadata["landmarks"]
            .as_str()
            .unwrap()
            .starts_with("5 f80a9b7")
    );
    assert_eq!(header["encodings"]["shape"], serde_json::json!([2, 128]));
    assert_eq!(bytes.len(), start + 2 * 512);
    // The numbers are those of --with-encodings.
    let run = env
        .facematch()
        .args([
            "known",
            "known/biden.jpg",
            "-f",
            "ndjson",
            "--with-encodings",
        ])
        .ends_with(0);
    let record = run.record("known/biden.jpg");
    let told: Vec<f32> = serde_json::from_value(only_face(&record)["encoding"].clone()).unwrap();
    let stored = bytes[start..start + 512].chunks(4);
    let stored: Vec<f32> = stored
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect();
    assert_eq!(told, stored);
    // A second run creates the same file.
    let run = [
        "enroll",
        "known",
        "-q",
        "-o",
        "again.safetensors",
        "--jobs",
        "2",
    ];
    assert_eq!(env.facematch().args(run).ends_with(0).stderr, "");
    assert_eq!(std::fs::read(env.path("again.safetensors")).unwrap(), bytes);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_it_even_where_everybody_could_read_the_file_before() {
    use std::os::unix::fs::PermissionsExt;
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    let file = env.write("people.safetensors", "");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    for target in ["people.safetensors", "new.safetensors"] {
        env.facematch()
            .args(["enroll", "known", "-o", target])
            .ends_with(0);
        let mode = std::fs::metadata(env.path(target))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{target}");
    }
}

#[test]
fn galleries_folders_and_photos_become_one_gallery() {
    let env = with_gallery();
    env.copy("unknown/astronaut.png", "more/eileen.png");
    env.facematch()
        .args([
            "enroll",
            "people.safetensors",
            "more",
            "known/obama.jpg",
            "-o",
            "all.safetensors",
        ])
        .ends_with(0);
    let run = env
        .facematch()
        .args(["enroll", "--list", "all.safetensors"])
        .ends_with(0);
    assert_eq!(run.text(), "biden\t1\neileen\t1\nobama\t1\n");
}

#[test]
fn known_photos_that_are_left_out_are_told() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("unknown/chelsea.png", "known/chelsea.png");
    env.write("known/broken.jpg", "");
    let run = env
        .facematch()
        .args(["enroll", "known", "-o", "people.safetensors"])
        .ends_with(1);
    assert_snapshot!(run.stderr, @"
    facematch: known photo left out: known/broken.jpg: cannot decode: the file is empty
    facematch: warning: known/chelsea.png: no face found in this known photo; it is left out
    facematch: people.safetensors: 1 person known by 1 face; 1 failed
    ");
    assert_eq!(listed(&env), "obama\t1\n");
    // No person at all: no file.
    std::fs::remove_file(env.path("known/obama.jpg")).unwrap();
    env.facematch()
        .args(["enroll", "known", "-o", "nobody.safetensors"])
        .ends_with(3);
    assert!(!env.path("nobody.safetensors").exists());
}

#[test]
fn a_gallery_of_other_models_is_refused_with_what_to_do() {
    let env = with_gallery();
    let bytes = std::fs::read(env.path("people.safetensors")).unwrap();
    let changed = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = bytes
            .windows(from.len())
            .position(|part| part == from.as_bytes());
        let mut bytes = bytes.clone();
        bytes[at.unwrap()..][..to.len()].copy_from_slice(to.as_bytes());
        env.write("changed.safetensors", bytes);
        for arguments in [
            &["changed.safetensors", "unknown"][..],
            &["enroll", "--add", "changed.safetensors", "known"],
        ] {
            let run = env.facematch().args(arguments).ends_with(3);
            assert_eq!(run.text(), "");
            if arguments[0] != "enroll" {
                continue;
            }
            return run.stderr;
        }
        String::new()
    };
    assert_snapshot!(changed("55533b28", "12345678"), @"facematch: gallery: changed.safetensors: was made with another face encoder (12345678 instead of dlib), so its faces cannot be compared; enroll its photos again, with facematch enroll --reencode");
    assert_snapshot!(changed("5 f80a9b7b", "8 f80a9b7b"), @"facematch: gallery: changed.safetensors: was made with another landmark model (8 points f80a9b7b instead of 5 points f80a9b7b), so its faces cannot be compared; enroll its photos again, with facematch enroll --reencode, or give the --landmarks with which it was made");
}

#[test]
fn other_options_for_encodings_are_a_warning() {
    let env = with_gallery();
    let run = env
        .facematch()
        .args(["people.safetensors", "unknown", "--no-flip"])
        .ends_with(0);
    let warning = "enrolled with other options for encodings (flip instead of plain)";
    assert!(run.stderr.contains(warning), "{}", run.stderr);
    let run = env
        .facematch()
        .args(["people.safetensors", "unknown", "--encode-from", "original"])
        .ends_with(0);
    let warning = "enrolled with other options for encodings (resized instead of original)";
    assert!(run.stderr.contains(warning), "{}", run.stderr);
}

#[test]
fn damaged_galleries_are_named() {
    let env = with_gallery();
    let bytes = std::fs::read(env.path("people.safetensors")).unwrap();
    env.write("cut.safetensors", &bytes[..bytes.len() - 1]);
    env.write("header.safetensors", &bytes[..100]);
    env.write("photo.safetensors", "no gallery at all");
    let message = |arguments: &[&str]| env.facematch().args(arguments).ends_with(3).stderr;
    assert_snapshot!(message(&["cut.safetensors", "unknown"]), @"facematch: gallery: cut.safetensors: is damaged: it is cut off; enroll its photos again");
    assert_snapshot!(message(&["enroll", "--list", "header.safetensors"]), @"facematch: gallery: header.safetensors: is damaged: the length of its header is wrong; enroll its photos again");
    assert_snapshot!(message(&["enroll", "--add", "photo.safetensors", "known"]), @"facematch: photo.safetensors: not a gallery file; make one with facematch enroll KNOWN -o FILE");
    assert_snapshot!(message(&["enroll", "--list", "none.safetensors"]), @"facematch: none.safetensors: cannot read: No such file or directory (os error 2)");
    assert_eq!(
        std::fs::read(env.path("photo.safetensors")).unwrap(),
        b"no gallery at all"
    );
}

#[test]
fn a_gallery_with_absurd_numbers_is_refused_before_anything_is_searched() {
    let env = with_gallery();
    env.copy(
        "tests/faults/gallery-huge-number/huge.safetensors",
        "huge.safetensors",
    );
    let known = std::fs::read(env.path("people.safetensors")).unwrap();
    for arguments in [
        &["-f", "json", "huge.safetensors", "unknown"][..],
        &["-f", "text", "huge.safetensors", "unknown"],
        &["tag", "huge.safetensors", "unknown"],
        &["check", "huge.safetensors"],
        &["enroll", "--list", "huge.safetensors"],
        &["enroll", "--add", "people.safetensors", "huge.safetensors"],
    ] {
        let run = env.facematch().args(arguments).ends_with(3);
        assert_eq!(run.text(), "", "{arguments:?}");
        assert_eq!(
            run.stderr,
            "facematch: gallery: huge.safetensors: is damaged: face 1 (biden) has numbers that no encoder gives; enroll its \
             photos again\n",
            "{arguments:?}"
        );
    }
    assert_eq!(
        std::fs::read(env.path("people.safetensors")).unwrap(),
        known
    );
}

#[test]
fn wrong_usage_is_told() {
    let env = TestEnv::new();
    let message = |arguments: &[&str]| env.facematch().args(arguments).ends_with(2).stderr;
    let missing = message(&["enroll", "known"]);
    assert!(
        missing.contains("--output <FILE>|--add <FILE>|--remove <NAME>|--list"),
        "{missing}"
    );
    for (option, told) in [
        (&["--width", "300"][..], "--width"),
        (&["--jitters", "5"], "--jitters"),
        // Options at their defaults are given too.
        (&["--jitters", "0"], "--jitters"),
        (&["--detector", "auto"], "--detector"),
        (&["--cache"], "--cache"),
        (&["--hidden"], "--hidden"),
    ] {
        for what in [&["--list"][..], &["--remove", "ann"]] {
            let told = format!("facematch: {told} needs -o or --add\n");
            assert_eq!(message(&[&["enroll", "a"], what, option].concat()), told);
        }
    }
    message(&["enroll", "-o", "people.safetensors"]);
    message(&["enroll", "known", "-o", "a", "--add", "b"]);
    assert_snapshot!(message(&["enroll", "--list", "a", "b"]), @"facematch: --list takes one gallery file");
    assert_snapshot!(message(&["enroll", "--remove", "ann", "a", "b"]), @"facematch: --remove takes one gallery file");
    let other = message(&["-t", "0.5", "enroll", "photos"]);
    assert!(
        other.contains("'-t' is an option of 'facematch KNOWN UNKNOWN'"),
        "{other}"
    );
    assert_snapshot!(message(&["detect", "--no-flip", "photos"]), @"facematch: --no-flip needs --with-encodings");
    assert_snapshot!(message(&["detect", "--min-quality", "0.3", "photos"]), @"facematch: --min-quality needs --with-encodings");
    let encodings = "facematch: --with-encodings needs -f json or -f ndjson\n";
    for form in ["text", "csv"] {
        let known = repository("known").display().to_string();
        let arguments = ["--with-encodings", "-f", form, &known];
        assert_eq!(message(&[&arguments[..], &[&known]].concat()), encodings);
        assert_eq!(message(&[&["detect"], &arguments[..]].concat()), encodings);
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_encodings_among_the_results() {
    use std::os::unix::fs::PermissionsExt;
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    for (options, expected) in [(&[][..], 0o644), (&["--with-encodings"], 0o600)] {
        for command in [&["detect", "known"][..], &["known", "known"]] {
            let file = env.write("out.json", "[]");
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
            env.facematch()
                .args(command)
                .args(["-f", "json", "-o", "out.json"])
                .args(options)
                .ends_with(0);
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, expected, "{command:?} {options:?}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_read_or_written_is_named() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    let message = |arguments: &[&str]| env.facematch().args(arguments).ends_with(3).stderr;
    // Reading its start is an error, for the superuser too.
    assert_snapshot!(message(&["enroll", "--list", "/proc/self/mem"]), @"facematch: /proc/self/mem: cannot read: Input/output error (os error 5)");
    assert_snapshot!(message(&["enroll", "known", "-o", "/dev/full"]), @"facematch: /dev/full: cannot write: No space left on device (os error 28)");
    assert_snapshot!(message(&["detect", "known", "-o", "/dev/full"]), @"facematch: /dev/full: cannot write: No space left on device (os error 28)");
    env.write(
        "pairs.csv",
        "fold,same,a,b\n1,1,known/obama.jpg,known/obama.jpg\n",
    );
    let pairs = [
        "eval",
        "pairs",
        "pairs.csv",
        "-o",
        "figures",
        "--plot",
        "/dev/full",
    ];
    assert_snapshot!(message(&pairs), @"facematch: /dev/full: cannot write: No space left on device (os error 28)");
}

#[test]
fn encodings_are_told_by_both_commands_when_asked_for() {
    let encoding = |arguments: &[&str]| {
        let run = facematch()
            .args(arguments)
            .args(["unknown/obama2.jpg", "-f", "ndjson", "--detector", "hog"])
            .ends_with(0);
        let record = run.record("unknown/obama2.jpg");
        only_face(&record)["encoding"].clone()
    };
    let matched = encoding(&["--with-encodings", "known"]);
    assert_eq!(matched.as_array().unwrap().len(), 128);
    assert_eq!(encoding(&["detect", "--with-encodings"]), matched);
    assert_eq!(encoding(&["known"]), Value::Null);
    assert_eq!(encoding(&["detect"]), Value::Null);
}

#[test]
fn the_example_of_the_docs_is_what_the_program_prints() {
    let env = TestEnv::new();
    let file = env.path("people.safetensors");
    let run = facematch()
        .args(["enroll", "known/", "-o"])
        .arg(&file)
        .ends_with(0);
    let readme = std::fs::read_to_string(repository("docs/GALLERIES.md")).unwrap();
    let summary = run
        .stderr
        .replace(&*file.to_string_lossy(), "people.safetensors");
    let shown = format!("$ facematch enroll known/ -o people.safetensors\n{summary}");
    assert!(readme.contains(&shown), "{shown}");
    let run = facematch()
        .arg("-q")
        .arg(&file)
        .arg("unknown/obama2.jpg")
        .ends_with(0);
    let shown = "$ facematch -q people.safetensors unknown/obama2.jpg\n";
    let line = readme.split_once(shown).unwrap().1.lines().next().unwrap();
    // README shows a terminal, where spaces fill the columns.
    let columns = line
        .split("  ")
        .map(str::trim)
        .filter(|column| !column.is_empty());
    assert_like(
        run.text().trim_end(),
        &columns.collect::<Vec<_>>().join("\t"),
    );
}
