//! What README shows is what the program prints. Digits may differ in the last places between machines.

use crate::common::{RunExt, TestEnv, facematch, repository};

fn without_digits(text: &str) -> String {
    text.replace(|c: char| c.is_ascii_digit(), "#")
}

fn readme() -> String {
    std::fs::read_to_string(repository("README.md")).unwrap()
}

#[test]
fn the_first_example_is_what_the_program_prints() {
    let run = facematch().args(["known/", "unknown/"]).ends_with(0);
    let shown = format!(
        "$ facematch known/ unknown/\n{}{}```",
        run.text(),
        run.stderr
    );
    assert!(
        without_digits(&readme()).contains(&without_digits(&shown)),
        "{shown}"
    );
}

#[test]
fn the_example_of_tagging_is_what_the_program_prints() {
    let env = TestEnv::new();
    for sample in [
        "known/biden.jpg",
        "known/obama.jpg",
        "unknown/astronaut.png",
        "unknown/chelsea.png",
        "unknown/obama2.jpg",
    ] {
        env.copy(sample, sample);
    }
    let run = env
        .facematch()
        .args(["tag", "known/", "unknown/"])
        .ends_with(0);
    let shown = format!(
        "$ facematch tag known/ unknown/\n{}{}```",
        run.text(),
        run.stderr
    );
    assert!(
        without_digits(&readme()).contains(&without_digits(&shown)),
        "{shown}"
    );
}

#[test]
fn the_json_example_picks_what_it_shows() {
    let run = facematch()
        .args(["-q", "-f", "ndjson", "known/", "unknown/"])
        .ends_with(0);
    let matches: Vec<String> = run
        .records()
        .iter()
        .filter(|record| record["type"] == "image")
        .flat_map(|record| {
            let path = record["path"].as_str().unwrap();
            let faces = record["faces"].as_array().unwrap();
            faces
                .iter()
                .filter_map(|face| Some((face["name"].as_str()?, &face["distance"])))
                .map(|(name, distance)| format!("{path}\t{name}\t{distance}"))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(matches.len(), 1);
    // Four decimals of it: fewer are printed where the last ones are zero.
    let shown = readme();
    let line = shown
        .lines()
        .find(|line| line.starts_with("unknown/obama2.jpg\tobama\t0.") && line.len() > 31);
    let start = |text: &str| text[..text.len().min(27)].to_owned();
    assert_eq!(line.map(start), Some(start(&matches[0])));
}

#[test]
fn every_option_of_the_table_exists() {
    let [main, enroll] = [&["--help"][..], &["enroll", "--help"]]
        .map(|arguments| facematch().args(arguments).ends_with(0).text().to_owned());
    let readme = readme();
    let options: Vec<&str> = readme
        .lines()
        .filter(|line| line.starts_with("| `-"))
        .flat_map(|line| line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')))
        .filter(|word| word.starts_with("--"))
        .collect();
    assert!(options.len() > 15, "{options:?}");
    for option in options {
        let of_enroll = option == "--force" && enroll.contains(option);
        assert!(main.contains(option) || of_enroll, "{option}");
    }
}
