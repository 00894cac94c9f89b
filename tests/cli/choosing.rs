//! The choice of photos to search: folders, options of the walk, paths on standard input.

use image::{ImageFormat, RgbImage};
use insta::assert_snapshot;

use crate::common::photos::{crc32, encoded};
use crate::common::{Run, RunExt, TestEnv, facematch, only_face};

/// Returns a small image without a face.
fn blank() -> Vec<u8> {
    encoded(&RgbImage::new(64, 64), ImageFormat::Png)
}

/// Runs `facematch detect` with as little work as possible.
fn detect(env: &TestEnv, args: &[&str], stdin: &str, code: i32) -> Run {
    env.facematch()
        .args(["detect", "-w", "64", "--upsample", "0", "-q"])
        .args(args)
        .write_stdin(stdin)
        .ends_with(code)
}

/// Returns the paths in the text form.
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

    // A link that leads back is an error, not an endless loop.
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
    env.write("photos/x.JP2", "");
    env.write("photos/y.jp2", "");
    env.write("photos/z.x3f", "");
    let run = env
        .facematch()
        .args(["detect", "photos", "-w", "64", "--upsample", "0"])
        .ends_with(0);
    assert_snapshot!(run.stderr, @"
    facematch: skipped 3 files in unsupported formats: 2 .jp2, 1 .x3f
    facematch: 4 photos, 0 faces; skipped 2 .jp2, 1 .x3f
    ");
    // Every form must report them.
    let quiet = "facematch: skipped 3 files in unsupported formats: 2 .jp2, 1 .x3f\n";
    for format in ["text", "json", "ndjson", "csv"] {
        let run = detect(&env, &["photos", "./photos", "-f", format], "", 0);
        assert_eq!(run.stderr, quiet, "{format}");
        let skipped = r#""skipped":[{"extension":"jp2","count":2},{"extension":"x3f","count":1}]"#;
        assert_eq!(
            run.text().contains(skipped),
            format.ends_with("json"),
            "{format}"
        );
    }
    let records = detect(&env, &["elsewhere", "-f", "ndjson"], "", 0).records();
    assert_eq!(records[1]["skipped"], serde_json::json!([]));
}

#[test]
fn a_named_photo_of_another_format_is_told_with_a_program_that_converts_it() {
    let env = TestEnv::new();
    let message = |name: &str, start: &[u8]| {
        env.write(name, start);
        let run = detect(&env, &[name, "-f", "ndjson"], "", 1);
        assert_eq!(run.record(name)["kind"], "format");
        run.stderr
    };
    // A photo that the user renamed.
    assert_snapshot!(message("b.jpg", b"\0\0\0\x0CjP  \r\n\x87\n\0\0\0\0"), @"facematch: b.jpg: JPEG 2000 images are not supported; convert it first, for example with opj_decompress");
    #[cfg(not(feature = "avif"))]
    assert_snapshot!(message("c.avif", b"\0\0\0\x20ftypavif\0\0\0\0"), @"facematch: c.avif: built without AVIF: install with `--features avif`, or convert it with avifdec");
}

#[test]
fn only_the_exif_of_facematch_marks_a_picture_to_be_skipped() {
    let env = TestEnv::new();
    let mut named = blank();
    // A comment after the header of the PNG.
    let chunk = b"tEXtby\0facematch\0";
    let length = (chunk.len() as u32 - 4).to_be_bytes();
    let sum = crc32(chunk).to_be_bytes();
    named.splice(33..33, [&length[..], chunk, &sum].concat());
    env.write("photos/a.png.face1.png", named);
    assert_eq!(
        paths(&detect(&env, &["photos"], "", 0)),
        ["photos/a.png.face1.png"]
    );
}

/// Also with `--quiet`.
#[test]
fn every_command_counts_what_it_skips() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("unknown/obama2.jpg", "photos/a.jpg");
    env.write("known/biden.JP2", "");
    env.write("photos/b.jpf", "");
    let known = "facematch: known: skipped 1 file in an unsupported format: 1 .jp2\n";
    let photos = "facematch: skipped 1 file in an unsupported format: 1 .jpf\n";
    let both = [known, photos].concat();
    for (args, code, told) in [
        (&["known", "photos"][..], 0, &*both),
        (&["detect", "photos"], 0, photos),
        (&["tag", "--dry-run", "known", "photos"], 0, &both),
        (&["untag", "--dry-run", "photos"], 0, photos),
        (
            &["sort", "--dry-run", "--into", "out", "known", "photos"],
            0,
            &both,
        ),
        (&["enroll", "known", "-o", "people.safetensors"], 0, known),
        (&["check", "known"], 0, known),
    ] {
        let run = env.facematch().args(args).arg("-q").ends_with(code);
        assert_eq!(run.stderr, told, "{args:?}");
        // The second run would refuse to replace an existing file.
        let _ = std::fs::remove_file(env.path("people.safetensors"));
        let run = env.facematch().args(args).ends_with(code);
        assert!(
            run.stderr.contains("; skipped 1 .jp"),
            "{args:?}: {}",
            run.stderr
        );
    }
    let run = env
        .facematch()
        .args(["check", "known", "-q", "-f", "json"])
        .ends_with(0);
    assert!(
        run.text()
            .contains(r#""skipped":[{"extension":"jp2","count":1}]"#),
        "{}",
        run.text()
    );
    let run = env
        .facematch()
        .args(["tag", "--dry-run", "known", "photos", "-f", "ndjson"])
        .ends_with(0);
    let records = run.records();
    assert_eq!(
        records.last().unwrap()["skipped"],
        serde_json::json!([{ "extension": "jpf", "count": 1 }])
    );
}

#[test]
fn jpegs_under_other_names_are_searched() {
    let env = TestEnv::new();
    let names = [
        "DSCN0001.MPO",
        "IMG_0001.HEIC",
        "photo.jpg_large",
        "scan.pjpeg",
    ];
    for name in names {
        env.copy("unknown/obama2.jpg", format!("photos/{name}"));
        env.copy("known/obama.jpg", format!("known/Obama/{name}"));
    }
    // Copies that other programs keep when they change a photo.
    for name in ["scan.pjpeg_original", "scan.pjpeg~", "scan.pjpeg.bak"] {
        env.copy("known/biden.jpg", format!("photos/{name}"));
        env.copy("known/biden.jpg", format!("known/Obama/{name}"));
    }
    // Would be reported as missing if it were searched.
    env.copy("known/biden.jpg", "photos/recovered.dat");
    env.write("photos/real.JP2", b"\0\0\0\x0CjP  \r\n\x87\n\0\0\0\0");
    let run = env
        .facematch()
        .args(["known", "photos", "-q", "-f", "ndjson"])
        .ends_with(0);
    let records = run.records();
    let (summary, images) = records.split_last().unwrap();
    for (image, name) in images.iter().zip(names) {
        assert_eq!(image["path"], format!("photos/{name}"));
        assert_eq!(only_face(image)["name"], "Obama", "{name}");
    }
    assert_eq!(images.len(), names.len());
    assert_eq!(
        summary["skipped"],
        serde_json::json!([
            { "extension": "dat", "count": 1 },
            { "extension": "jp2", "count": 1 },
        ])
    );
    assert_snapshot!(run.stderr, @r"
    facematch: skipped 1 file in an unsupported format: 1 .jp2
    facematch: skipped 1 photo that is not named like one: 1 .dat
    ");
    let run = env
        .facematch()
        .args(["enroll", "known", "-o", "people.safetensors"])
        .ends_with(0);
    let stderr = run.stderr;
    assert!(stderr.contains("1 person known by 4 faces"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_given_in_several_spellings_is_searched_once() {
    let env = tree();
    let whole = env.path("photos").display().to_string();
    std::os::unix::fs::symlink(env.path("photos"), env.path("link")).unwrap();
    let wanted = paths(&detect(&env, &["photos"], "", 0));
    let spellings = [
        "photos",
        "./photos",
        "photos/",
        "photos/../photos",
        &whole,
        "link",
    ];
    assert_eq!(paths(&detect(&env, &spellings, "", 0)), wanted);
    let listed = "./photos/a.png\nphotos/b\nlink\n";
    assert_eq!(paths(&detect(&env, &["photos", "-"], listed, 0)), wanted);

    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    std::os::unix::fs::symlink(env.path("known"), env.path("link")).unwrap();
    let known = ["known", "./known", "known/../known", "link"];
    let mut enroll = env.facematch();
    enroll
        .arg("enroll")
        .args(known)
        .args(["-o", "people.safetensors"]);
    let stderr = enroll.ends_with(0).stderr;
    assert!(stderr.contains("1 person known by 1 face\n"), "{stderr}");
}

#[test]
fn a_photo_on_standard_input_is_one_line() {
    let message = |args: &[&str], stdin: Vec<u8>| {
        let run = TestEnv::new()
            .facematch()
            .arg("detect")
            .args(args)
            .write_stdin(stdin)
            .ends_with(2);
        assert_eq!(run.text(), "");
        run.stderr
    };
    let photo = crate::common::sample_bytes("unknown/obama2.jpg");
    let told = "facematch: standard input is a photo, not a list of paths; save it to a file and give its path instead of `-`, which reads paths\n";
    for photo in [photo, blank()] {
        for args in [&["-"][..], &["-0", "-"]] {
            assert_eq!(message(args, photo.clone()), told);
        }
    }
    assert_snapshot!(message(&["-"], b"a.jpg\0b.jpg\0".to_vec()), @"facematch: standard input contains NUL bytes; add -0 if its paths end with NUL, as those of find -print0 do");
}

#[test]
fn standard_input_is_given_only_once() {
    for command in [&["known"][..], &["detect"], &["untag"]] {
        let run = facematch()
            .args(command)
            .args(["-", "-"])
            .write_stdin("unknown/obama2.jpg\n")
            .ends_with(2);
        let expected = "facematch: standard input can be read only once: give `-` once\n";
        assert_eq!(run.stderr, expected, "{command:?}");
    }
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
fn a_list_of_paths_may_come_from_windows() {
    let env = tree();
    let lines = "\u{feff}photos/a.png\r\n\r\nphotos/b\r\nelsewhere/g.png";
    let run = detect(&env, &["-"], lines, 0);
    assert_eq!(
        paths(&run),
        [
            "elsewhere/g.png",
            "photos/a.png",
            "photos/b/c.PNG",
            "photos/b/d/e.png"
        ]
    );
    let run = detect(&env, &["-"], "missing.png\r\n", 1);
    assert!(run.stderr.contains("missing.png: "), "{}", run.stderr);
    let run = detect(&env, &["-", "-0"], "\u{feff}photos/a.png\0", 0);
    assert_eq!(paths(&run), ["photos/a.png"]);
}

#[cfg(unix)]
#[test]
fn a_carriage_return_that_belongs_to_a_name_is_kept() {
    let env = tree();
    env.write("photos/odd.png\r", blank());
    let run = detect(&env, &["-"], "photos/odd.png\r\n", 0);
    assert_eq!(paths(&run), ["photos/odd.png\\r"]);
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

#[test]
fn extensions_and_patterns_choose_the_files_of_folders() {
    let env = TestEnv::new();
    let photo = "unknown/chelsea.png";
    for name in [
        "a.png",
        "b.PNG",
        "c.jpg",
        "d.txt",
        "@eaDir/a.png",
        "2019/05/e.png",
        "2019/f.png",
    ] {
        env.copy(photo, format!("photos/{name}"));
    }
    let chosen = |options: &[&str]| {
        let arguments = [&["photos"], options].concat();
        let run = detect(&env, &arguments, "", 0);
        let names: Vec<_> = paths(&run)
            .iter()
            .map(|path| path.replace("photos/", ""))
            .collect();
        names.join(" ")
    };
    assert_eq!(chosen(&["--ext", "jpg"]), "c.jpg");
    assert_eq!(chosen(&["--ext", ".JPG,txt"]), "c.jpg d.txt");
    assert_eq!(chosen(&["--ext", "jpg, txt"]), "c.jpg d.txt");
    let without = ["--exclude", "@eaDir", "--exclude", "2019/*"];
    assert_eq!(chosen(&without), "a.png b.PNG c.jpg");
    assert_eq!(
        chosen(&["--exclude", "2019/**", "--ext", "png"]),
        "@eaDir/a.png a.png b.PNG"
    );
    assert_eq!(chosen(&["--exclude", "*.png"]), "c.jpg");
    let absolute = env.path("photos/2019");
    let without = [
        "--exclude",
        absolute.to_str().unwrap(),
        "--exclude",
        "./@eaDir/",
    ];
    assert_eq!(chosen(&without), "a.png b.PNG c.jpg");
    // A file that is named is searched.
    assert_eq!(chosen(&["photos/a.png", "--ext", "jpg"]), "a.png c.jpg");
    for (option, value) in [
        ("--ext", "a/b"),
        ("--ext", ""),
        ("--exclude", "[a"),
        ("--exclude", ""),
    ] {
        let run = env
            .facematch()
            .args(["detect", "photos", option, value])
            .ends_with(2);
        assert!(run.stderr.contains(option), "{}", run.stderr);
    }
}
