//! `facematch check`: findings in good and bad photos of known people, in both forms, and in
//! gallery files.

use image::ImageFormat;
use insta::assert_snapshot;
use serde_json::Value;

use crate::common::json_schema::JsonSchema;
use crate::common::photos::{at_width, encoded, pixels, side_by_side};
use crate::common::{Run, RunExt, TestEnv, assert_like, facematch};

/// Returns the document of the `json` form, which must conform to its schema.
fn document(run: &Run) -> Value {
    let document: Value = serde_json::from_slice(&run.stdout).unwrap();
    JsonSchema::named("facematch-check-1").assert_valid(&document);
    document
}

fn checked(env: &TestEnv, arguments: &[&str], code: i32) -> Value {
    let run = env
        .facematch()
        .args(["check", "-q", "-f", "json"])
        .args(arguments)
        .ends_with(code);
    document(&run)
}

/// Returns the findings of one kind.
fn findings<'a>(document: &'a Value, kind: &str) -> Vec<&'a Value> {
    let findings = document["findings"].as_array().unwrap();
    findings.iter().filter(|f| f["kind"] == kind).collect()
}

/// Returns the kinds of the findings with the names of their photos' files.
fn kinds(document: &Value) -> Vec<String> {
    let findings = document["findings"].as_array().unwrap();
    let name = |photo: &Value| {
        let path = photo["path"].as_str().unwrap();
        path.replace('\\', "/")
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned()
    };
    findings
        .iter()
        .map(|finding| {
            let photos = finding["photos"].as_array().unwrap();
            let names: Vec<_> = photos.iter().map(name).collect();
            format!("{} {}", finding["kind"].as_str().unwrap(), names.join(" "))
        })
        .collect()
}

#[test]
fn good_photos_end_with_nothing_found() {
    let run = facematch().args(["check", "known"]).ends_with(0);
    assert_snapshot!(run.stderr, @"facematch: 2 photos, 2 faces of 2 people: nothing found");
    let fields: Vec<_> = run.text().trim_end().split('\t').collect();
    assert_eq!(fields[..3], ["known", "best threshold", "-"]);
    assert!(
        fields[3].starts_with("cannot be determined: no person has two different photos"),
        "{fields:?}"
    );
    assert!(fields[3].contains("biden and obama at 0."), "{fields:?}");
}

#[test]
fn each_bad_photo_is_found_for_what_it_is() {
    let env = TestEnv::new();
    env.copy("known/biden.jpg", "known/biden.jpg");
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("unknown/obama2.jpg", "known/obama.3.jpg");
    env.copy("known/biden.jpg", "known/obama.2.jpg");
    env.copy("unknown/chelsea.png", "known/chelsea.png");
    env.write("known/broken.jpg", "no photo");
    let (astronaut, obama) = (pixels("unknown/astronaut.png"), pixels("known/obama.jpg"));
    let both = side_by_side(&at_width(&astronaut, 900), &at_width(&obama, 300));
    env.write("known/Eileen/1.png", encoded(&both, ImageFormat::Png));
    let small = at_width(&astronaut, 200);
    env.write("known/Eileen/2.png", encoded(&small, ImageFormat::Png));

    let document = checked(&env, &["known"], 1);
    assert_eq!(
        kinds(&document),
        [
            "unreadable broken.jpg",
            "no_face chelsea.png",
            "mislabelled obama.2.jpg",
            "same_picture biden.jpg obama.2.jpg",
            "several_faces 1.png",
            "tiny_face 2.png",
        ]
    );
    assert_eq!(document["source"], "photos");
    assert_eq!(
        ["image_count", "face_count", "person_count"].map(|count| document[count].as_u64()),
        [Some(8), Some(6), Some(3)]
    );
    let wrong = findings(&document, "mislabelled")[0];
    assert_eq!(wrong["photos"][0]["person"], "obama");
    assert_eq!(wrong["nearest_other"]["person"], "biden");
    assert_eq!(wrong["nearest_other"]["distance"], 0.0);
    assert!(wrong["nearest_own"]["distance"].as_f64().unwrap() > 0.6);
    assert_eq!(findings(&document, "same_picture")[0]["identical"], true);
    let faces = findings(&document, "several_faces")[0]["face_count"].as_u64();
    assert!(faces.unwrap() >= 2, "{faces:?}");
    let side = findings(&document, "tiny_face")[0]["side"]
        .as_u64()
        .unwrap();
    assert!((20..80).contains(&side), "{side}");
    assert_eq!(
        findings(&document, "unreadable")[0]["error"]["kind"],
        "format"
    );
    let separation = &document["separation"];
    let best = &separation["best"];
    assert!(separation["same_pairs"].as_u64().unwrap() >= 3);
    assert!(best["threshold"].as_f64().unwrap() < 0.8, "{best}");
}

#[test]
fn text_has_a_line_for_each_finding_and_one_for_the_best_threshold() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.1.jpg");
    env.copy("known/obama.jpg", "known/obama.2.jpg");
    env.copy("unknown/obama2.jpg", "known/obama.3.jpg");
    env.copy("known/biden.jpg", "known/biden.jpg");
    env.copy("unknown/chelsea.png", "known/cat.png");
    let run = env
        .facematch()
        .args(["check", "known", "-o", "findings.tsv"])
        .ends_with(1);
    assert_eq!(run.text(), "");
    assert_snapshot!(run.stderr, @"facematch: 5 photos, 4 faces of 2 people: 2 findings");
    let text = std::fs::read_to_string(env.path("findings.tsv")).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[0],
        "known/cat.png\tno face\tcat\tit is left out; replace it, or search it with --try-rotations or a larger --width"
    );
    assert_eq!(
        lines[1],
        "known/obama.1.jpg\tsame picture\tobama\tthe same file as known/obama.2.jpg; it counts once; keep one of them"
    );
    let fields: Vec<_> = lines[2].split('\t').collect();
    assert_eq!(fields[..2], ["known", "best threshold"]);
    assert!(
        (0.3..0.8).contains(&fields[2].parse().unwrap()),
        "{fields:?}"
    );
    assert_like(
        fields[3],
        "FMR 0.00 %, FNMR 0.00 %; FMR 0.00 %, FNMR 0.00 % at the threshold 0.6 (pairs: 2 of one person, 3 of two people)",
    );
    let fields: Vec<_> = lines[3].split('\t').collect();
    assert_eq!(fields[..2], ["known", "automatic threshold"]);
    assert_like(
        fields[3],
        "what --threshold auto takes, so that 1 in 100 strangers gets a name: 0.572 by the shipped table; not \
         estimated from fewer than 5 people",
    );
    assert_eq!(lines.len(), 4);
}

#[test]
fn people_who_are_closer_than_the_threshold_are_told_nearest_first() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/barack.jpg");
    env.copy("unknown/obama2.jpg", "known/obama.jpg");
    env.copy("known/biden.jpg", "known/biden.jpg");
    let document = checked(&env, &["known"], 1);
    assert_eq!(kinds(&document), ["close_people barack.jpg obama.jpg"]);
    let document = checked(&env, &["known", "-t", "1.2"], 1);
    let close = findings(&document, "close_people");
    assert_eq!(close.len(), 3);
    let distances: Vec<_> = close
        .iter()
        .map(|f| f["distance"].as_f64().unwrap())
        .collect();
    assert!(distances.is_sorted(), "{distances:?}");
    let document = checked(&env, &["known", "-t", "0.2"], 0);
    assert_eq!(document["findings"], serde_json::json!([]));
    assert_eq!(
        document["separation"]["nearest_people"]["photos"][0]["person"],
        "barack"
    );
}

#[test]
fn a_photo_that_is_near_nobody_is_far_from_its_person() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.1.jpg");
    env.copy("unknown/obama2.jpg", "known/obama.2.jpg");
    env.copy("unknown/astronaut.png", "known/obama.3.png");
    let document = checked(&env, &["known"], 1);
    assert_eq!(kinds(&document), ["far_from_own obama.3.png"]);
    assert_eq!(
        findings(&document, "far_from_own")[0]["nearest_other"],
        Value::Null
    );
}

#[test]
fn a_gallery_file_is_checked_by_its_encodings_alone() {
    let env = TestEnv::new();
    env.copy("known/biden.jpg", "known/biden.jpg");
    env.copy("known/biden.jpg", "known/obama.2.jpg");
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("unknown/chelsea.png", "known/chelsea.png");
    let enroll = ["enroll", "-q", "known", "-o", "people.safetensors"];
    env.facematch().args(enroll).ends_with(0);
    let document = checked(&env, &["people.safetensors"], 1);
    let expected = [
        "mislabelled obama.2.jpg",
        "same_picture biden.jpg obama.2.jpg",
    ];
    assert_eq!(kinds(&document), expected);
    assert_eq!(document["source"], "gallery");
    // Without the files, only the pictures can be the same.
    assert_eq!(findings(&document, "same_picture")[0]["identical"], false);
    let run = env
        .facematch()
        .args(["check", "people.safetensors"])
        .ends_with(1);
    assert!(
        run.stderr.contains("a gallery file has no photos"),
        "{}",
        run.stderr
    );
}

#[test]
fn options_about_photos_are_refused_with_a_gallery_file() {
    let env = TestEnv::new();
    env.copy("known/biden.jpg", "known/biden.jpg");
    let enroll = ["enroll", "-q", "known", "-o", "people.safetensors"];
    env.facematch().args(enroll).ends_with(0);
    let check = |more: &[&str], code| {
        let mut command = env.facematch();
        let run = command.args(["check", "people.safetensors"]).args(more);
        run.ends_with(code)
    };
    for option in [
        &["--width", "800"][..],
        &["--width", "500"],
        &["--upsample", "0"],
        &["--detector", "hog"],
        &["--try-rotations"],
        &["--no-flip"],
        &["--jitters", "3"],
        &["--hidden"],
        &["--follow-links"],
    ] {
        let run = check(option, 2);
        let message = format!("{} has no effect on a gallery file", option[0]);
        assert!(run.stderr.contains(&message), "{}", run.stderr);
    }
    check(&["--jobs", "2", "--threshold", "0.5"], 0);
}

#[test]
fn the_same_photos_give_the_same_bytes_for_any_number_of_jobs() {
    let env = TestEnv::new();
    env.copy("known/biden.jpg", "known/biden.jpg");
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("known/obama.jpg", "known/obama.4.jpg");
    env.copy("unknown/chelsea.png", "known/chelsea.png");
    let with = |jobs: &str| {
        let arguments = ["check", "known", "-f", "json", "-j", jobs];
        env.facematch().args(arguments).ends_with(1).stdout
    };
    assert_eq!(with("1"), with("4"));
}

#[test]
fn what_cannot_be_checked_says_why() {
    let env = TestEnv::new();
    env.write("bad/ann.jpg", "no photo");
    env.folder("empty");
    let run = env.facematch().args(["check", "bad"]).ends_with(3);
    assert!(
        run.stderr.contains("ann.jpg: not an image"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("none of its photos can be read"),
        "{}",
        run.stderr
    );
    for known in ["empty", "missing"] {
        env.facematch().args(["check", known]).ends_with(3);
    }
    for arguments in [
        &["check"][..],
        &["check", "bad", "-t", "near"],
        &["-t", "3", "check", "bad"],
    ] {
        env.facematch().args(arguments).ends_with(2);
    }
}
