//! Decisions: strangers, known people, and people who look alike.

use insta::assert_snapshot;

use crate::common::photos::{at_width, encoded, pixels, side_by_side};
use crate::common::{Run, RunExt, TestEnv, assert_like, facematch, only_face};

const OBAMA2: &str = "unknown/obama2.jpg";

#[test]
fn threshold_0_makes_everybody_unknown() {
    let run = facematch()
        .args(["known", OBAMA2, "--threshold", "0"])
        .ends_with(0);
    assert_like(
        run.text(),
        "unknown/obama2.jpg\tunknown\t0.3984\tnearest: obama\n",
    );
}

#[test]
fn the_threshold_decides() {
    for (threshold, outcome) in [("0.36", "unknown"), ("0.42", "match")] {
        let run = facematch()
            .args(["known", OBAMA2, "-f", "ndjson", "-t", threshold])
            .ends_with(0);
        let record = run.record(OBAMA2);
        assert_eq!(only_face(&record)["outcome"], outcome, "{threshold}");
    }
}

#[test]
fn candidates_are_listed_nearest_first() {
    let text = "unknown/obama2.jpg\tobama\t0.3984\tcandidates: obama 0.3984, biden 0.8389\n";
    for more in [&["--candidates", "2"][..], &["--all-distances"]] {
        let run = facematch().args(["known", OBAMA2]).args(more).ends_with(0);
        assert_like(run.text(), text);
    }

    let run = facematch()
        .args(["known", OBAMA2, "--all-distances", "-f", "csv"])
        .ends_with(0);
    let field = csv_fields(&run);
    assert_eq!(field("candidate_1_name"), "obama");
    assert_eq!(field("candidate_2_name"), "biden");
    assert_eq!(field("candidate_2_source"), "known/biden.jpg");
    assert!(!run.text().contains("candidate_3_name"));
}

/// Returns the first row of a table, by column name.
fn csv_fields(run: &Run) -> impl Fn(&str) -> String {
    let mut reader = csv::Reader::from_reader(run.stdout.as_slice());
    let header = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    move |name| row[header.iter().position(|column| column == name).unwrap()].to_owned()
}

#[test]
fn csv_has_no_column_for_people_whom_nobody_knows() {
    let run = facematch()
        .args(["known/obama.jpg", OBAMA2, "-f", "csv"])
        .ends_with(0);
    assert_eq!(csv_fields(&run)("candidate_1_name"), "obama");
    assert!(!run.text().contains("candidate_2_name"), "{}", run.text());
}

#[test]
fn files_and_folders_name_the_people() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/Barack Obama/a/deep.jpg");
    env.copy("known/biden.jpg", "known/Zoë.jpg");
    env.copy("unknown/astronaut.png", "known/Zoë.2.png");
    env.copy("unknown/obama2.jpg", "photos/1.jpg");
    env.copy("unknown/astronaut.png", "photos/2.png");
    let run = env
        .facematch()
        .args(["known", "photos", "-f", "ndjson", "--all-distances"])
        .ends_with(0);
    let first = run.record("photos/1.jpg");
    assert_eq!(only_face(&first)["name"], "Barack Obama");
    assert_eq!(
        only_face(&first)["candidates"][0]["source"],
        "known/Barack Obama/a/deep.jpg"
    );
    // Two photos are one person, whose distance is that of the nearer one.
    let second = run.record("photos/2.png");
    assert_eq!(only_face(&second)["name"], "Zoë");
    assert_eq!(only_face(&second)["distance"], 0.0);
    assert_eq!(
        only_face(&second)["candidates"].as_array().unwrap().len(),
        2
    );
    assert_eq!(run.records().pop().unwrap()["known_people"], 2);
}

#[test]
fn one_photo_can_stand_for_known() {
    let run = facematch().args(["known/obama.jpg", OBAMA2]).ends_with(0);
    assert_like(run.text(), "unknown/obama2.jpg\tobama\t0.3984\n");
}

#[test]
fn odd_known_photos_are_told_of_and_the_run_goes_on() {
    let env = TestEnv::new();
    let both = side_by_side(
        &pixels("unknown/astronaut.png"),
        &at_width(&pixels("known/obama.jpg"), 512),
    );
    env.write("known/pair.png", encoded(&both, image::ImageFormat::Png));
    env.copy("unknown/chelsea.png", "known/cat.png");
    env.write("known/broken.jpg", "no photo");
    env.copy("known/biden.jpg", "known/unknown.jpg");
    env.copy("unknown/obama2.jpg", "photo.jpg");
    let run = env.facematch().args(["known", "photo.jpg"]).ends_with(1);
    // The larger face of the pair is Obama's.
    let fields: Vec<&str> = run.text().trim_end().split('\t').collect();
    assert_eq!(fields[..2], ["photo.jpg", "pair"]);
    assert_snapshot!(run.stderr, @r#"
    facematch: known photo left out: known/broken.jpg: not an image that facematch reads (JPEG, PNG, WebP, TIFF, BMP, GIF, HEIC, JPEG XL, camera raw)
    facematch: warning: known/cat.png: no face found in this known photo; it is left out
    facematch: warning: known/pair.png: 2 faces in this known photo; the largest is taken for pair
    facematch: warning: a known person is called "unknown", which the text form cannot tell from its own word; use -f json
    facematch: 1 photo, 1 face: 1 known, 0 unknown (2 people known, threshold 0.6)
    facematch: about 1 in 78 strangers would get a name at this threshold
    "#);

    let quiet = env
        .facematch()
        .args(["known", "photo.jpg", "--quiet"])
        .ends_with(1);
    assert_eq!(quiet.stdout, run.stdout);
    assert_snapshot!(quiet.stderr, @"facematch: known photo left out: known/broken.jpg: not an image that facematch reads (JPEG, PNG, WebP, TIFF, BMP, GIF, HEIC, JPEG XL, camera raw)");
}

#[test]
fn every_face_of_a_photo_is_named_from_left_to_right() {
    let env = TestEnv::new();
    let both = side_by_side(
        &at_width(&pixels("unknown/obama2.jpg"), 512),
        &pixels("unknown/astronaut.png"),
    );
    env.write("both.png", encoded(&both, image::ImageFormat::Png));
    env.copy("known/obama.jpg", "obama.jpg");
    let run = env.facematch().args(["obama.jpg", "both.png"]).ends_with(0);
    let people: Vec<_> = run
        .text()
        .lines()
        .map(|line| line.split('\t').nth(1).unwrap())
        .collect();
    assert_eq!(people, ["obama", "unknown"]);
}

#[test]
fn known_photos_with_several_faces_are_counted_in_one_warning() {
    let env = TestEnv::new();
    let obama = at_width(&pixels("known/obama.jpg"), 512);
    let pair = side_by_side(&obama, &at_width(&pixels("unknown/astronaut.png"), 400));
    for name in ["known/ann.png", "known/bob.png"] {
        env.write(name, encoded(&pair, image::ImageFormat::Png));
    }
    env.copy("unknown/chelsea.png", "cat.png");
    let warnings = |more: &[&str]| {
        let run = env
            .facematch()
            .args(["known", "cat.png"])
            .args(more)
            .ends_with(0);
        let warnings = run.stderr.lines().filter(|line| line.contains("faces"));
        let warnings = warnings.filter(|line| line.contains("warning: "));
        warnings.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(warnings(&[]), @"facematch: warning: 2 known photos have several faces, and the largest in each is used; --verbose lists them");
    assert_snapshot!(warnings(&["--verbose"]), @"
    facematch: warning: known/ann.png: 2 faces in this known photo; the largest is taken for ann
    facematch: warning: known/bob.png: 2 faces in this known photo; the largest is taken for bob
    ");
}

#[test]
fn a_person_is_in_a_photo_once_unless_that_is_allowed() {
    let env = TestEnv::new();
    let obama = at_width(&pixels("known/obama.jpg"), 512);
    let twice = side_by_side(&obama, &at_width(&pixels("unknown/obama2.jpg"), 512));
    env.write("twice.png", encoded(&twice, image::ImageFormat::Png));
    let photo = env.path("twice.png");
    let outcomes = |more: &[&str]| -> Vec<String> {
        let run = facematch()
            .args(["known/obama.jpg", "-f", "ndjson"])
            .arg(&photo)
            .args(more)
            .ends_with(0);
        let faces = run.records()[0]["faces"].as_array().unwrap().clone();
        let outcome = |face: &serde_json::Value| face["outcome"].as_str().unwrap().to_owned();
        faces.iter().map(outcome).collect()
    };
    assert_eq!(outcomes(&[]), ["match", "unknown"]);
    assert_eq!(outcomes(&["--allow-repeat"]), ["match", "match"]);
}

#[test]
fn two_people_as_near_are_ambiguous_in_every_form() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/ann.jpg");
    env.copy("known/obama.jpg", "known/bob.jpg");
    env.copy("unknown/obama2.jpg", "photo.jpg");
    let run = env.facematch().args(["known", "photo.jpg"]).ends_with(0);
    assert_like(
        run.text(),
        "photo.jpg\tambiguous\t0.3984\tcandidates: ann 0.3984, bob 0.3984\n",
    );
    assert!(
        run.stderr.contains("0 known, 1 ambiguous, 0 unknown"),
        "{}",
        run.stderr
    );
    let run = env
        .facematch()
        .args(["known", "photo.jpg", "-f", "ndjson"])
        .ends_with(0);
    let record = run.record("photo.jpg");
    let face = only_face(&record);
    assert_eq!(
        (&face["outcome"], &face["name"]),
        (&"ambiguous".into(), &serde_json::Value::Null)
    );
    assert_eq!(face["candidates"].as_array().unwrap().len(), 2);
    let run = env
        .facematch()
        .args(["known", "photo.jpg", "-f", "csv"])
        .ends_with(0);
    let field = csv_fields(&run);
    assert_eq!((&*field("outcome"), &*field("name")), ("ambiguous", ""));
    assert_eq!(field("candidate_1_name"), "ann");
    assert_eq!(field("candidate_2_name"), "bob");
    assert_eq!(field("candidate_2_source"), "known/bob.jpg");
    let run = env
        .facematch()
        .args(["known", "photo.jpg", "--margin", "0"])
        .ends_with(0);
    assert!(run.text().starts_with("photo.jpg\tann\t"), "{}", run.text());
}

#[test]
fn an_automatic_threshold_follows_from_the_target() {
    let threshold = |more: &[&str]| {
        let run = facematch()
            .args(["known", OBAMA2, "-f", "ndjson", "-t", "auto"])
            .args(more)
            .ends_with(0);
        run.records().last().unwrap()["threshold"].as_f64().unwrap()
    };
    let usual = threshold(&[]);
    assert!((0.5..0.65).contains(&usual), "{usual}");
    assert!(threshold(&["--target-fpir", "0.001"]) < usual);
    assert_ne!(threshold(&["--no-flip"]), usual);
    // The limit named in the message about a wrong fraction is accepted.
    assert!(threshold(&["--target-fpir", "0.5"]) > usual);
    let run = facematch()
        .args(["known", OBAMA2, "-t", "auto", "--target-fpir", "0.51"])
        .ends_with(2);
    assert!(
        run.stderr.contains("a fraction from 0.000001 to 0.5"),
        "{}",
        run.stderr
    );
    let run = facematch()
        .args(["known", OBAMA2, "--target-fpir", "0.01"])
        .ends_with(2);
    assert!(
        run.stderr.contains("--target-fpir needs --threshold auto"),
        "{}",
        run.stderr
    );
}

/// The advice once named `--target-fpir`, which is refused without `--threshold auto`, and named
/// `--threshold auto` to users who had given it.
#[test]
fn the_advice_about_strangers_fits_the_options_given() {
    for (more, advice) in [
        (&["-t", "0.9"][..], "; try --threshold auto\n"),
        (
            &["-t", "auto", "--target-fpir", "0.3"],
            "; try a lower --target-fpir\n",
        ),
        (
            &["-t", "auto", "--target-fpir", "0.015"],
            "at this threshold\n",
        ),
    ] {
        let mut command = facematch();
        command.args(["known", OBAMA2, "-w", "300"]).args(more);
        let stderr = command.ends_with(0).stderr;
        assert!(stderr.ends_with(advice), "{more:?}: {stderr}");
    }
}

#[test]
fn turned_photos_are_found_when_they_are_tried() {
    let env = TestEnv::new();
    let turned = image::imageops::rotate90(&at_width(&pixels("unknown/obama2.jpg"), 500));
    env.write("turned.png", encoded(&turned, image::ImageFormat::Png));
    let photo = env.path("turned.png");
    let faces = |more: &[&str]| {
        let run = facematch()
            .args(["known", "-f", "ndjson", "--detector", "hog"])
            .arg(&photo)
            .args(more)
            .ends_with(0);
        run.records()[0]["faces"].as_array().unwrap().clone()
    };
    assert!(faces(&[]).is_empty());
    let found = faces(&["--try-rotations"]);
    assert_eq!(found[0]["name"], "obama");
    // The upright photo of 500x958 has the box at about (111, 231) with a side of 269.
    let x = found[0]["box"]["x"].as_u64().unwrap();
    assert!((440..480).contains(&x), "{x}");
}

#[test]
fn chips_of_the_original_and_of_the_copy_are_of_one_face() {
    let distance = |which: &str| {
        let run = facematch()
            .args(["known", OBAMA2, "--encode-from", which, "-f", "ndjson"])
            .ends_with(0);
        let record = run.record(OBAMA2);
        assert_eq!(only_face(&record)["name"], "obama", "{which}");
        only_face(&record)["distance"].as_f64().unwrap()
    };
    let (original, resized) = (distance("original"), distance("resized"));
    assert!(original != resized && (original - resized).abs() < 0.1);
}

/// Five people who are one: their faces are equal.
fn people_who_are_one() -> TestEnv {
    let env = TestEnv::new();
    for name in ["ann", "bob", "eve", "joe", "mia"] {
        env.copy("known/obama.jpg", format!("known/{name}.jpg"));
    }
    env.copy(OBAMA2, "photo.jpg");
    env
}

#[test]
fn a_fixed_threshold_that_is_too_loose_for_the_known_people_causes_a_warning() {
    let env = people_who_are_one();
    let run = env.facematch().args(["known", "photo.jpg"]).ends_with(0);
    let warning = "facematch: warning: 10 of 10 pairs of known people are within the threshold 0.6: strangers like them \
                   would get names too; use --threshold auto (0.28), at which about 1 in 100 would\n";
    assert!(run.stderr.starts_with(warning), "{}", run.stderr);
    // The advice is given once.
    assert_eq!(run.stderr.matches("--threshold auto").count(), 1);
    let end = "strangers would get a name at this threshold\n";
    assert!(run.stderr.ends_with(end), "{}", run.stderr);
    // Below the distance of all of them, and for people who differ.
    let samples = facematch().args(["known", OBAMA2]).ends_with(0);
    let strict = env
        .facematch()
        .args(["known", "photo.jpg", "-t", "0.2"])
        .ends_with(0);
    for run in [samples, strict] {
        assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    }
}

#[test]
fn an_automatic_threshold_that_is_much_stricter_than_usual_is_explained_and_is_that_of_check() {
    let env = people_who_are_one();
    let run = env
        .facematch()
        .args(["known", "photo.jpg", "-t", "auto", "-f", "ndjson"])
        .ends_with(0);
    let warning = "facematch: warning: the threshold is 0.28 instead of 0.57, because known people are close to each other";
    assert!(run.stderr.starts_with(warning), "{}", run.stderr);
    let threshold = run.records().pop().unwrap()["threshold"].clone();
    let check = env
        .facematch()
        .args(["check", "known", "-f", "json"])
        .ends_with(1);
    let check: serde_json::Value = serde_json::from_slice(&check.stdout).unwrap();
    assert_eq!(check["automatic_threshold"]["chosen"], threshold);
}

#[test]
fn tags_and_folders_have_an_automatic_threshold_unless_one_is_given() {
    let threshold = |command: &[&str], more: &[&str]| {
        let run = facematch()
            .args(command)
            .args(["known", OBAMA2, "--dry-run"])
            .args(more)
            .ends_with(0);
        let (_, end) = run.stderr.split_once("threshold ").unwrap();
        end.split_once(')').unwrap().0.to_owned()
    };
    for command in [&["tag"][..], &["sort", "--into", "nowhere"]] {
        assert!(threshold(command, &[]).starts_with("0.59"), "{command:?}");
        assert_eq!(threshold(command, &["-t", "0.6"]), "0.6", "{command:?}");
    }
}
