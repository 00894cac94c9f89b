//! Known photos whose names are nearly the same, but not in the way that makes them one person: a
//! photo of them is ambiguous.

use crate::common::{RunExt, TestEnv};

const SAMPLES: [&str; 2] = ["known/obama.jpg", "unknown/obama2.jpg"];

/// Returns a folder in which the photos of one person have these names, beside another person and a
/// photo of the first one.
fn scene(names: [&str; 2]) -> TestEnv {
    let env = TestEnv::new();
    for (sample, name) in SAMPLES.iter().zip(names) {
        env.copy(sample, format!("known/{name}"));
    }
    env.copy("known/biden.jpg", "known/biden2.jpg");
    env.copy("unknown/obama2.jpg", "photos/a.jpg");
    env
}

/// Returns the messages on standard error.
fn told(env: &TestEnv, arguments: &[&str]) -> String {
    let mut facematch = env.facematch();
    facematch.args(arguments).args(["--detector", "hog"]);
    facematch.ends_with(0).stderr
}

const WARNING: &str = "names are nearly the same";

#[test]
fn each_form_of_a_number_is_told_once_with_better_names() {
    for (names, people, better) in [
        (
            ["obama1.jpg", "obama2.jpg"],
            "obama1, obama2",
            "obama.1.jpg, obama.2.jpg, or put them into a folder called obama",
        ),
        (
            ["Barack Obama.jpg", "Barack Obama (1).jpg"],
            "Barack Obama, Barack Obama (1)",
            "Barack Obama.1.jpg, Barack Obama.2.jpg",
        ),
        (
            ["Barack_Obama_0001.jpg", "Barack_Obama_0002.jpg"],
            "Barack_Obama_0001, Barack_Obama_0002",
            "Barack_Obama.1.jpg",
        ),
        (
            ["ann-1.jpg", "ann 2.jpg"],
            "ann-1, ann 2",
            "ann.1.jpg, ann.2.jpg",
        ),
        (
            ["obama.jpg", "obama copy.jpg"],
            "obama copy, obama",
            "obama.1.jpg, obama.2.jpg",
        ),
        (
            ["Obama.jpg", "obama/x.jpg"],
            "Obama, obama",
            "Obama.1.jpg, Obama.2.jpg",
        ),
        (
            ["Ann 1/x.jpg", "Ann 2/x.jpg"],
            "Ann 1, Ann 2",
            "a folder called Ann",
        ),
    ] {
        let env = scene(names);
        let stderr = told(&env, &["known", "photos"]);
        assert_eq!(stderr.matches(WARNING).count(), 1, "{stderr}");
        let warning = stderr.lines().find(|line| line.contains(WARNING)).unwrap();
        let start = format!(
            "facematch: warning: {people}: separate people, though their faces match (distance 0.3"
        );
        assert!(warning.starts_with(&start), "{warning}");
        assert!(
            warning.contains("if they are one person, name the photos"),
            "{warning}"
        );
        assert!(warning.contains(better), "{warning}");
    }
}

#[test]
fn names_as_they_should_be_and_other_people_are_not_told() {
    for names in [
        ["obama.1.jpg", "obama.2.jpg"],
        ["obama/1.jpg", "obama/2.jpg"],
        ["obama.jpg", "barack2.jpg"],
    ] {
        let env = scene(names);
        let stderr = told(&env, &["known", "photos"]);
        assert!(!stderr.contains(WARNING), "{stderr}");
    }
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/president1.jpg");
    env.copy("known/biden.jpg", "known/president2.jpg");
    env.copy("unknown/obama2.jpg", "photos/a.jpg");
    let stderr = told(&env, &["known", "photos"]);
    assert!(!stderr.contains(WARNING), "{stderr}");
}

#[test]
fn every_command_with_known_people_tells_it() {
    let env = scene(["obama1.jpg", "obama2.jpg"]);
    for arguments in [
        &["tag", "--dry-run", "known", "photos"][..],
        &["sort", "--dry-run", "--into", "sorted", "known", "photos"],
        &["enroll", "known", "-o", "people.safetensors"],
        &["people.safetensors", "photos"],
    ] {
        let stderr = told(&env, arguments);
        assert_eq!(
            stderr.matches(WARNING).count(),
            1,
            "{arguments:?}: {stderr}"
        );
    }
    let stderr = told(&env, &["-q", "known", "photos"]);
    assert_eq!(stderr, "");
    let mut check = env.facematch();
    let run = check.args(["check", "known"]).ends_with(1);
    let advice = "if they are one person, name the photos obama.1.jpg, obama.2.jpg";
    assert!(run.text().contains(advice), "{}", run.text());
}
