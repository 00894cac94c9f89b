//! `--encoder`: searches, galleries, caches and figures of another encoder than dlib's.

use serde_json::Value;

use super::common::json_schema::JsonSchema;
use super::common::reference::shared;
use super::common::{Run, RunExt, TestEnv, assert_valid, facematch, only_face};
use super::enrolling::with_gallery;

const MOBILEFACENET: [&str; 2] = ["--encoder", "mobilefacenet"];

/// Returns the records of a run with MobileFaceNet.
fn search(arguments: &[&str]) -> Vec<Value> {
    let mut command = facematch();
    command.args(arguments).args(MOBILEFACENET);
    command.args(["-f", "ndjson"]);
    command.ends_with(0).records()
}

fn enroll(env: &TestEnv, file: &str) -> Run {
    env.facematch()
        .args(["enroll", "known", "-o", file])
        .args(MOBILEFACENET)
        .ends_with(0)
}

#[test]
fn mobilefacenet_names_the_people_that_dlib_names() {
    let by_dlib = facematch()
        .args(["known", "unknown", "-f", "ndjson"])
        .ends_with(0)
        .records();
    let found = search(&["known", "unknown"]);
    assert_eq!(found.len(), by_dlib.len());
    for (found, expected) in found.iter().zip(&by_dlib) {
        let names = |record: &Value| -> Vec<Value> {
            let faces = record["faces"].as_array().into_iter().flatten();
            faces.map(|face| face["name"].clone()).collect()
        };
        assert_eq!(names(found), names(expected));
    }
    let automatic = search(&["known", "unknown", "--threshold", "auto"]);
    assert_eq!(found, automatic);
}

#[test]
fn an_encoding_has_192_numbers_of_length_1() {
    for more in [&[][..], &["--no-flip"]] {
        let photo = "unknown/obama2.jpg";
        let mut arguments = vec!["detect", photo, "--with-encodings"];
        arguments.extend(more);
        let records = search(&arguments);
        assert_valid(&records);
        let numbers: Vec<f64> =
            serde_json::from_value(only_face(&records[0])["encoding"].clone()).unwrap();
        assert_eq!(numbers.len(), 192);
        let length = numbers.iter().map(|n| n * n).sum::<f64>().sqrt();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
}

#[test]
fn options_that_it_does_not_work_with_are_refused() {
    for (more, reason) in [
        (&["--engine", "dlib"][..], "needs --engine native"),
        (
            &["--detector", "hog"],
            "needs the landmarks of --detector retinaface",
        ),
        (
            &["--detector", "cnn"],
            "needs the landmarks of --detector retinaface",
        ),
        (
            &["--landmarks", "model.dat"],
            "needs the landmarks of the detector; leave out --landmarks",
        ),
        (
            &["--jitters", "2"],
            "makes no jittered copies; leave out --jitters",
        ),
    ] {
        let run = facematch()
            .args(["known", "unknown"])
            .args(MOBILEFACENET)
            .args(more)
            .ends_with(2);
        let expected = format!("facematch: --encoder mobilefacenet {reason}\n");
        assert_eq!(run.stderr, expected);
    }
    let run = facematch()
        .args(["detect", "known"])
        .args(MOBILEFACENET)
        .ends_with(2);
    assert!(run.stderr.contains("--encoder needs --with-encodings"));
}

#[test]
fn galleries_of_two_encoders_do_not_mix() {
    let env = with_gallery();
    let run = enroll(&env, "mobile.safetensors");
    let summary = "facematch: mobile.safetensors: 2 people known by 2 faces\n";
    assert_eq!(run.stderr, summary);
    for (gallery, options, instead, advice) in [
        (
            "people.safetensors",
            &MOBILEFACENET[..],
            "dlib instead of mobilefacenet",
            "dlib",
        ),
        (
            "mobile.safetensors",
            &[],
            "mobilefacenet instead of dlib",
            "mobilefacenet",
        ),
    ] {
        let expected = format!(
            "facematch: gallery: {gallery}: was made with another face encoder ({instead}), so its faces cannot be \
             compared; enroll its photos again, with facematch enroll --reencode, or give --encoder {advice}\n"
        );
        for arguments in [
            &[gallery, "unknown"][..],
            &["enroll", "--add", gallery, "unknown/obama2.jpg"],
        ] {
            let run = env.facematch().args(arguments).args(options).ends_with(3);
            assert_eq!(run.stderr, expected);
        }
    }
    let run = env
        .facematch()
        .args(["mobile.safetensors", "unknown", "-f", "csv"])
        .args(MOBILEFACENET)
        .ends_with(0);
    assert!(run.text().contains("obama"), "{}", run.text());
}

#[test]
fn a_gallery_has_as_many_numbers_as_its_encoder_makes() {
    let env = with_gallery();
    enroll(&env, "mobile.safetensors");
    let bytes = std::fs::read(env.path("mobile.safetensors")).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(text.contains("\"shape\":[2,192]"));
    // A file that says dlib's encoder made these numbers is damaged.
    let other = std::fs::read(env.path("people.safetensors")).unwrap();
    let encoder = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let at = text.find("\"encoder\":\"").unwrap() + 11;
        text[at..at + 64].to_owned()
    };
    let (from, to) = (encoder(&bytes), encoder(&other));
    let at = bytes
        .windows(64)
        .position(|word| word == from.as_bytes())
        .unwrap();
    let mut changed = bytes.clone();
    changed[at..at + 64].copy_from_slice(to.as_bytes());
    env.write("changed.safetensors", changed);
    let run = env
        .facematch()
        .args(["enroll", "--list", "changed.safetensors"])
        .ends_with(3);
    assert!(
        run.stderr.contains("encodings must be F32 [N, 128]"),
        "{}",
        run.stderr
    );
}

#[test]
fn check_of_a_gallery_has_the_threshold_of_its_encoder() {
    let env = with_gallery();
    enroll(&env, "mobile.safetensors");
    for (gallery, threshold) in [("people.safetensors", 0.6), ("mobile.safetensors", 1.1)] {
        let run = env
            .facematch()
            .args(["check", "-q", "-f", "json", gallery])
            .ends_with(0);
        let report: Value = serde_json::from_slice(&run.stdout).unwrap();
        assert_eq!(report["threshold"], threshold, "{gallery}");
    }
}

#[test]
fn the_cache_knows_its_encoder() {
    let env = with_gallery();
    let known_and_new = |options: &[&str], wanted: &str| {
        let run = env
            .facematch()
            .args(["known", "unknown", "--cache=c.redb", "-v"])
            .args(options)
            .ends_with(0);
        assert!(run.stderr.contains(wanted), "{}", run.stderr);
        run.text().to_owned()
    };
    let by_dlib = known_and_new(&[], "cache: 0 photos known, 3 new");
    let found = known_and_new(&MOBILEFACENET, "cache: 0 photos known, 3 new");
    assert_ne!(found, by_dlib);
    let again = known_and_new(&MOBILEFACENET, "cache: 3 photos known, 0 new");
    assert_eq!(again, found);
    assert_eq!(known_and_new(&[], "cache: 3 photos known, 0 new"), by_dlib);
}

#[test]
fn a_gallery_that_is_encoded_again_is_that_of_its_photos() {
    let env = with_gallery();
    enroll(&env, "fresh.safetensors");
    let before = std::fs::read(env.path("people.safetensors")).unwrap();
    let reencode = |target: &'static str| {
        let mut command = env.facematch();
        command.args(["enroll", "--reencode", "people.safetensors", "-o", target]);
        command.args(MOBILEFACENET);
        command
    };
    let run = reencode("again.safetensors").ends_with(0);
    let summary = "facematch: again.safetensors: 2 people known by 2 faces\n";
    assert_eq!(run.stderr, summary);
    let read = |name| std::fs::read(env.path(name)).unwrap();
    assert_eq!(read("again.safetensors"), read("fresh.safetensors"));
    assert_eq!(read("people.safetensors"), before);

    // An existing gallery needs --force, and the one that is read is never replaced.
    reencode("again.safetensors").ends_with(2);
    reencode("again.safetensors")
        .args(["--force", "--cache=c.redb"])
        .ends_with(0);
    assert_eq!(read("again.safetensors"), read("fresh.safetensors"));
    reencode("people.safetensors").arg("--force").ends_with(2);
    assert_eq!(read("people.safetensors"), before);
}

#[test]
fn faces_that_are_not_found_again_are_named() {
    let env = with_gallery();
    std::fs::remove_file(env.path("known/biden.jpg")).unwrap();
    let run = env
        .facematch()
        .args(["enroll", "--reencode", "people.safetensors", "-o"])
        .arg("again.safetensors")
        .args(MOBILEFACENET)
        .ends_with(1);
    let lines: Vec<_> = run.stderr.lines().collect();
    assert!(
        lines[0].contains("known/biden.jpg: ") && lines[0].ends_with("; biden is left out"),
        "{}",
        run.stderr
    );
    assert_eq!(
        lines[1],
        "facematch: again.safetensors: 1 person known by 1 face; 1 face left out"
    );
    // Another photo at the same path has no face there.
    env.copy("unknown/chelsea.png", "known/obama.jpg");
    let run = env
        .facematch()
        .args(["enroll", "--reencode", "people.safetensors", "-o"])
        .arg("none.safetensors")
        .args(MOBILEFACENET)
        .ends_with(3);
    assert!(
        run.stderr
            .contains("known/obama.jpg: no face found where that of obama was; it is left out"),
        "{}",
        run.stderr
    );
    assert!(!env.path("none.safetensors").exists());
}

/// Such as photos that were renumbered.
#[test]
fn a_replaced_photo_of_another_person_does_not_get_the_name() {
    let env = with_gallery();
    enroll(&env, "mobile.safetensors");
    env.copy("known/biden.jpg", "known/obama.jpg");
    let reencode = |gallery: &str, more: &[&str]| {
        let mut command = env.facematch();
        command.args(["enroll", "-q", "--reencode", gallery, "--force"]);
        command.args(["-o", "again.safetensors"]).args(more);
        command
    };
    for (gallery, more) in [
        ("people.safetensors", &MOBILEFACENET[..]),
        ("people.safetensors", &["--no-flip"]),
        ("mobile.safetensors", &["--detector", "hog"]),
        ("mobile.safetensors", &MOBILEFACENET),
    ] {
        // Even --quiet does not hide why the exit status is 1.
        let run = reencode(gallery, more).ends_with(1);
        let message = "facematch: known/obama.jpg: the face there does not match that of obama in the gallery: the \
                       photo was replaced, or --width differs; it is left out\n";
        assert_eq!(run.stderr, message, "{gallery} {more:?}");
        let run = env
            .facematch()
            .args(["enroll", "--list", "again.safetensors"])
            .ends_with(0);
        assert_eq!(run.text(), "biden\t1\n", "{gallery} {more:?}");
    }
}

#[test]
fn the_gallery_that_is_encoded_again_is_not_the_output() {
    let env = with_gallery();
    let run = env
        .facematch()
        .args(["enroll", "--force", "--reencode", "people.safetensors"])
        .args(["-o", "people.safetensors"])
        .ends_with(2);
    assert_eq!(
        run.stderr,
        "facematch: people.safetensors: not overwritten: this run reads it as the gallery to encode again; name another \
         file with -o\n"
    );
}

#[test]
fn an_empty_gallery_and_one_of_an_unknown_encoder_are_not_encoded_again_or_checked() {
    let env = with_gallery();
    let bytes = std::fs::read(env.path("people.safetensors")).unwrap();
    let at = bytes.windows(8).position(|part| part == b"55533b28");
    let mut changed = bytes.clone();
    changed[at.unwrap()..][..8].copy_from_slice(b"12345678");
    env.write("later.safetensors", changed);
    env.write("empty.safetensors", bytes);
    env.facematch()
        .args(["enroll", "--remove", "biden", "--remove", "obama"])
        .arg("empty.safetensors")
        .ends_with(0);
    for (gallery, reason) in [
        ("empty.safetensors", "the gallery is empty"),
        (
            "later.safetensors",
            "was made with a face encoder that this version does not have",
        ),
    ] {
        for arguments in [
            &["enroll", "-o", "again.safetensors", "--reencode", gallery][..],
            &["check", gallery],
        ] {
            let run = env.facematch().args(arguments).ends_with(3);
            let expected = format!("facematch: {gallery}: {reason}");
            assert!(run.stderr.starts_with(&expected), "{}", run.stderr);
        }
    }
    assert!(!env.path("again.safetensors").exists());
}

/// Zeros are at a distance of 1 from every encoding of length 1, within the default threshold.
#[test]
fn a_gallery_with_encodings_that_are_near_every_face_is_refused() {
    let env = with_gallery();
    enroll(&env, "mobile.safetensors");
    let mut bytes = std::fs::read(env.path("mobile.safetensors")).unwrap();
    let row = bytes.len() - 192 * 4;
    bytes[row..].fill(0);
    env.write("mobile.safetensors", bytes);
    let run = env
        .facematch()
        .args(["mobile.safetensors", "unknown"])
        .args(MOBILEFACENET)
        .ends_with(3);
    let reason = "is damaged: face 2 (obama) has numbers that no encoder gives";
    assert!(run.stderr.contains(reason), "{}", run.stderr);
}

#[test]
fn check_of_a_gallery_refuses_another_encoder_even_if_it_is_the_default() {
    let env = with_gallery();
    enroll(&env, "mobile.safetensors");
    let run = env
        .facematch()
        .args(["check", "mobile.safetensors", "--encoder", "dlib"])
        .ends_with(2);
    let reason = "--encoder has no effect on a gallery file";
    assert!(run.stderr.contains(reason), "{}", run.stderr);
}

#[test]
fn a_gallery_is_encoded_again_by_itself() {
    let env = with_gallery();
    for (arguments, reason) in [
        (&["known"][..], "cannot be used with"),
        (&["--from-tags"], "cannot be used with"),
        (&["--add", "other.safetensors"], "cannot be used with"),
    ] {
        let run = env
            .facematch()
            .args(["enroll", "--reencode", "people.safetensors", "-o", "new"])
            .args(arguments)
            .ends_with(2);
        assert!(run.stderr.contains(reason), "{}", run.stderr);
    }
    let run = env
        .facematch()
        .args(["enroll", "--reencode", "people.safetensors"])
        .ends_with(2);
    assert!(run.stderr.contains("--output"), "{}", run.stderr);
}

#[test]
fn eval_compares_encoders() {
    let env = TestEnv::new();
    let list = env.write(
        "pairs.csv",
        "fold,same,a,b\n1,1,known/obama.jpg,unknown/obama2.jpg\n1,0,known/obama.jpg,known/biden.jpg\n",
    );
    let eval = |encoder: &str, form: &str| {
        let mut command = facematch();
        command.args(["eval", "pairs", "-q", "--root", ".", "-f", form]);
        command.args(["--encoder", encoder]).arg(&list);
        command
    };
    let run = eval("dlib,mobilefacenet", "json").ends_with(0);
    let schema = JsonSchema::named("facematch-eval-1");
    let lines = run.text().lines();
    let figures: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [dlib, mobilefacenet] = &figures[..] else {
        panic!("{figures:?}");
    };
    for (figures, encoder, threshold) in
        [(dlib, "dlib", 0.6), (mobilefacenet, "mobilefacenet", 1.1)]
    {
        schema.assert_valid(figures);
        assert_eq!(figures["encoder"], encoder);
        assert_eq!(figures["threshold"], threshold);
        assert_eq!(figures["end_to_end"]["accuracy"], 1.0);
        // Alone, the same figures without the name.
        let run = eval(encoder, "json").ends_with(0);
        let mut alone: Value = serde_json::from_slice(&run.stdout).unwrap();
        assert!(alone["encoder"].is_null());
        alone["encoder"] = encoder.into();
        assert_eq!(&alone, figures);
    }
    // The tables can be replaced.
    let plot = env.path("roc.svg");
    for _ in 0..2 {
        eval("dlib,mobilefacenet", "text")
            .args(["-t", "0.9", "--plot"])
            .arg(&plot)
            .arg("-o")
            .arg(env.path("table.txt"))
            .ends_with(0);
    }
    let table = std::fs::read_to_string(env.path("table.txt")).unwrap();
    let headings: Vec<_> = table
        .lines()
        .filter(|line| line.contains("verification only"))
        .collect();
    assert!(headings[0].starts_with("dlib ") && headings[1].starts_with("mobilefacenet "));
    assert_eq!(table.matches("accuracy at 0.9").count(), 2);
    let plot = std::fs::read_to_string(plot).unwrap();
    assert!(plot.contains("Distances, mobilefacenet"));
}

/// Measured: 99.67% of LFW at the default threshold. No threshold is right for every group of
/// people: East Asian strangers are nearer to each other than those of LFW, with any encoder.
#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn mobilefacenet_tells_more_pairs_apart_than_dlib() {
    let eval = |pairs: &str, more: &[&str]| {
        let run = facematch()
            .args(["eval", "pairs", "-q", "-f", "json"])
            .arg(shared(pairs))
            .args(more)
            .ends_with(0);
        let figures = run.text().lines().map(|line| {
            let figures: Value = serde_json::from_str(line).unwrap();
            ["accuracy", "fmr", "fnmr"].map(|key| figures["end_to_end"][key].as_f64().unwrap())
        });
        figures.collect::<Vec<_>>()
    };
    let both = ["--encoder", "dlib,mobilefacenet"];
    let lfw = eval("data/lfw/pairs.csv", &both);
    let east_asian = eval("data/east_asian/pairs.csv", &both);
    println!("accuracy, FMR, FNMR: LFW {lfw:?}, East Asian {east_asian:?}");
    let [[dlib, ..], [accuracy, ..]] = lfw[..] else {
        panic!("{lfw:?}");
    };
    assert!(accuracy >= 0.996 && accuracy >= dlib, "{accuracy} {dlib}");
    let [[_, dlib, _], [_, fmr, fnmr]] = east_asian[..] else {
        panic!("{east_asian:?}");
    };
    assert!(fmr <= 0.12 && fnmr <= 0.02, "{fmr} {fnmr}");
    assert!(fmr < dlib / 4.0, "{fmr} {dlib}");
    let stricter = [&MOBILEFACENET[..], &["-t", "0.95"]].concat();
    let stricter = eval("data/east_asian/pairs.csv", &stricter);
    let [_, fmr, fnmr] = stricter[0];
    assert!(fmr <= 0.005 && fnmr <= 0.02, "{fmr} {fnmr}");
}
