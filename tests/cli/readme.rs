//! README and docs/ show the output of the program. The last digits may differ between machines.

use std::collections::{BTreeMap, BTreeSet};

use facematch::EngineParams;
use facematch::engine::Detector;
use facematch::gallery::Fingerprint;
use facematch::matching::{DistanceThreshold, ImpostorDistances};
use facematch::photo::EncodeFrom;

use crate::common::{RunExt, TestEnv, facematch, repository};

fn without_digits(text: &str) -> String {
    text.replace(|c: char| c.is_ascii_digit(), "#")
}

fn page(name: &str) -> String {
    std::fs::read_to_string(repository(name)).unwrap()
}

fn readme() -> String {
    page("README.md")
}

/// Runs `arguments` in the folder of `env`, expects the exit code `code`, and checks that the page
/// `name` shows the output, with spaces instead of tabs as on a terminal.
fn assert_shown(name: &str, env: &TestEnv, arguments: &str, code: i32) {
    let mut command = env.facematch();
    let run = command.args(arguments.split(' ')).ends_with(code);
    let shown = format!("$ facematch {arguments}\n{}{}```", run.text(), run.stderr);
    let gaps = |text: &str| {
        let fields = text.split("  ").map(|field| field.trim_start_matches(' '));
        let fields: Vec<_> = fields.filter(|field| !field.is_empty()).collect();
        fields.join("\t")
    };
    let page = gaps(&without_digits(&page(name)));
    assert!(page.contains(&without_digits(&shown)), "{shown}");
}

fn samples() -> TestEnv {
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
    env
}

#[test]
fn the_first_example_is_what_the_program_prints() {
    assert_shown("README.md", &samples(), "known/ unknown/", 0);
}

#[test]
fn the_example_of_tagging_is_what_the_program_prints() {
    assert_shown("README.md", &samples(), "tag known/ unknown/", 0);
}

#[test]
fn the_example_of_sorting_is_what_the_program_prints() {
    assert_shown(
        "README.md",
        &samples(),
        "sort --dry-run known/ unknown/ --into people/",
        0,
    );
}

#[test]
fn the_example_of_a_check_is_what_the_program_prints() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "family/obama.1.jpg");
    env.copy("unknown/obama2.jpg", "family/obama.2.jpg");
    env.copy("known/biden.jpg", "family/biden.jpg");
    env.copy("unknown/chelsea.png", "family/cat.png");
    assert_shown("docs/OUTPUT.md", &env, "check family/", 1);
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
    // Four decimals of it: fewer are printed if the last ones are zero.
    let shown = page("docs/OUTPUT.md");
    let line = shown
        .lines()
        .find(|line| line.starts_with("unknown/obama2.jpg\tobama\t0.") && line.len() > 31);
    let start = |text: &str| text[..text.len().min(27)].to_owned();
    assert_eq!(line.map(start), Some(start(&matches[0])));
}

#[test]
fn the_rates_of_strangers_are_those_of_the_program() {
    let percent = |flip, faces| {
        let mut params = EngineParams::new("models");
        (params.detector, params.flip) = (Detector::Retinaface, flip);
        let made = Fingerprint::of(&params, EncodeFrom::Resized).unwrap();
        let table = ImpostorDistances::measured(&made);
        100.0 * table.stranger_rate(DistanceThreshold::default().value(), faces)
    };
    let flipped = |faces| percent(true, faces);
    let plain = |faces| percent(false, faces);
    let in_readme = format!(
        "with 10 people known by one photo each, about {:.0}% of strangers would get a name at the default threshold; with \
         100 people, about {:.0}%.",
        flipped(10),
        flipped(100)
    );
    let in_accuracy = format!(
        "{:.1} % with 10 faces and {:.0} % with 100 (with `--no-flip` {:.1} % and {:.0} %)",
        flipped(10),
        flipped(100),
        plain(10),
        plain(100)
    );
    let accuracy = std::fs::read_to_string(repository("docs/ACCURACY.md")).unwrap();
    for (page, sentence) in [(readme(), in_readme), (accuracy, in_accuracy)] {
        let words: Vec<_> = page.split_whitespace().collect();
        assert!(words.join(" ").contains(&sentence), "{sentence}");
    }
    assert!(readme().contains(&format!("about 1 in {:.0} strangers", 100.0 / flipped(2))));
}

/// Options by command: `tag`, `eval pairs`, and `facematch KNOWN UNKNOWN` for the default command.
type OptionsOf = BTreeMap<String, BTreeSet<String>>;

/// Returns the options in `text`, which has no other words that begin with a hyphen.
fn options_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let options = words.filter(|word| word.len() > 1 && word.starts_with('-'));
    options.map(str::to_owned).collect()
}

/// Returns the options in the help of `command` and of the commands below it.
fn options_in_help(command: &str) -> OptionsOf {
    let run = facematch()
        .args(command.split_whitespace())
        .arg("--help")
        .ends_with(0);
    let name = match command {
        "" => "facematch KNOWN UNKNOWN",
        name => name,
    };
    let indented_by = |line: &str| line.len() - line.trim_start().len();
    let option = |line: &&str| [2, 6].contains(&indented_by(line)) && line.trim().starts_with('-');
    let options = run.text().lines().filter(option);
    // Behind two spaces there may be a description.
    let options = options.flat_map(|line| options_in(line.trim().split("  ").next().unwrap()));
    let of_all = ["-h", "--help", "-V", "--version"];
    let options = options.filter(|option| !of_all.contains(&option.as_str()));
    let mut all = OptionsOf::from([(name.to_owned(), options.collect())]);
    let below = run.text().lines().skip_while(|line| *line != "Commands:");
    let below = below.skip(1).take_while(|line| !line.is_empty());
    for inner in below.map(|line| line.split_whitespace().next().unwrap()) {
        if inner != "help" {
            all.extend(options_in_help(format!("{command} {inner}").trim()));
        }
    }
    all
}

/// Returns the options in docs/OPTIONS.md. The commands of a table are named before it, or in the
/// first cell of each row.
fn options_in_page() -> OptionsOf {
    let page = page("docs/OPTIONS.md");
    let mut all = OptionsOf::new();
    let mut before = "";
    for block in page.split("\n\n") {
        for row in block.lines().filter(|line| line.starts_with("| `")) {
            let mut cells = row.split(" | ");
            let first = cells.next().unwrap();
            let (commands, options) = match first.starts_with("| `-") {
                true => (before, first),
                false => (first, cells.next().unwrap()),
            };
            for command in commands.split('`').skip(1).step_by(2) {
                let of_command = all.entry(command.to_owned()).or_default();
                of_command.extend(options_in(options));
            }
        }
        before = block;
    }
    all
}

/// The page once had only options of the default command, and lacked one of these.
#[test]
fn the_page_of_options_has_those_of_every_command() {
    let mut help = options_in_help("");
    assert!(help.len() > 14, "{:?}", help.keys());
    help.retain(|_, options| !options.is_empty());
    assert_eq!(options_in_page(), help);
}

#[test]
fn readme_is_short() {
    assert!(readme().lines().count() <= 150);
}
