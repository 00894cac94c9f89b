//! `facematch eval pairs`: figures, forms, and what is wrong with a list.

use super::common::{RunExt, TestEnv, facematch, repository};
use serde_json::Value;

/// The sample photos as a list: one person twice, and three pairs of two people, one of them a cat without a face.
const LIST: &str = "fold,same,a,b
1,1,known/obama.jpg,unknown/obama2.jpg
1,0,known/obama.jpg,known/biden.jpg
2,0,known/biden.jpg,unknown/astronaut.png
2,0,known/obama.jpg,unknown/chelsea.png
";

fn list(env: &TestEnv, content: &str) -> String {
    env.write("pairs.csv", content).display().to_string()
}

fn figures(arguments: &[&str], code: i32) -> Value {
    let run = facematch()
        .args(["eval", "pairs", "-q", "-f", "json"])
        .args(arguments)
        .ends_with(code);
    serde_json::from_slice(&run.stdout).unwrap()
}

#[test]
fn the_figures_tell_found_pairs_from_all_of_them() {
    let env = TestEnv::new();
    let list = list(&env, LIST);
    let figures = figures(&[&list, "--root", "."], 0);
    assert_eq!(figures["schema"], "facematch-eval/1");
    assert_eq!(figures["pairs"], 4);
    assert_eq!(figures["unreadable"], 0);
    let found = &figures["verification_only"];
    assert_eq!(
        (&found["same"], &found["different"]),
        (&1.into(), &2.into())
    );
    assert_eq!(found["accuracy"], 1.0);
    assert_eq!(found["best"]["accuracy"], 1.0);
    assert_eq!(found["folds"]["count"], 2);
    let all = &figures["end_to_end"];
    assert_eq!((&all["same"], &all["different"]), (&1.into(), &3.into()));
    assert_eq!(all["fmr"], 0.0);
}

#[test]
fn the_json_is_what_its_schema_says() {
    let env = TestEnv::new();
    let list = list(&env, LIST);
    let schema = std::fs::read(repository("docs/facematch-eval-1.schema.json")).unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let one_kind = env.write(
        "one.csv",
        "fold,same,a,b\n1,1,known/obama.jpg,unknown/chelsea.png\n",
    );
    for list in [list, one_kind.display().to_string()] {
        let figures = figures(&[&list, "--root", "."], 0);
        let errors: Vec<_> = validator
            .iter_errors(&figures)
            .map(|e| e.to_string())
            .collect();
        assert!(errors.is_empty(), "{figures}\n{errors:?}");
    }
}

#[test]
fn a_stricter_threshold_rejects_the_same_person() {
    let env = TestEnv::new();
    let list = list(&env, LIST);
    let figures = figures(&[&list, "--root", ".", "-t", "0.2"], 0);
    assert_eq!(figures["threshold"], 0.2);
    assert_eq!(figures["verification_only"]["fnmr"], 1.0);
}

#[test]
fn the_table_and_the_picture_are_written() {
    let env = TestEnv::new();
    let list = list(&env, LIST);
    let (table, plot) = (env.path("table.txt"), env.path("roc.svg"));
    let run = facematch()
        .args(["eval", "pairs", &list, "--root", ".", "-o"])
        .arg(&table)
        .arg("--plot")
        .arg(&plot)
        .ends_with(0);
    assert!(run.stdout.is_empty());
    assert_eq!(
        run.stderr,
        "facematch: 5 photos in 4 pairs, 1 without a face, 0 failed; 0 pairs left out\n"
    );
    let table = std::fs::read_to_string(table).unwrap();
    assert!(table.starts_with(&format!("{:<34} {:>20}", "", "verification only")));
    assert!(table.contains("TAR at FAR 0.01"), "{table}");
    assert!(std::fs::read_to_string(plot).unwrap().contains("</svg>"));
}

#[test]
fn paths_begin_in_the_folder_of_the_list_and_bad_photos_are_left_out() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "a.jpg");
    env.write("bad.jpg", "no photo");
    let list = list(
        &env,
        "fold,same,a,b\n1,1,a.jpg,a.jpg\n1,0,a.jpg,bad.jpg\n1,0,a.jpg,none.jpg\n",
    );
    let figures = figures(&[&list], 1);
    assert_eq!(figures["unreadable"], 2);
    assert_eq!(figures["end_to_end"]["same"], 1);
    assert_eq!(figures["end_to_end"]["different"], 0);
}

#[test]
fn a_list_in_another_form_is_refused_with_its_line() {
    let env = TestEnv::new();
    for (content, message) in [
        (
            "fold,same,a,b\n1,1,x.jpg,y.jpg\n1,maybe,x.jpg,y.jpg\n",
            "line 3: `same` must be 1 or 0",
        ),
        ("photo,name\n", "line 1: no column \"fold\""),
    ] {
        let list = list(&env, content);
        let run = facematch().args(["eval", "pairs", &list]).ends_with(3);
        assert!(run.stderr.contains(message), "{}", run.stderr);
    }
    let run = facematch().args(["eval", "pairs", "none.csv"]).ends_with(3);
    assert!(
        run.stderr.contains("none.csv: cannot read"),
        "{}",
        run.stderr
    );
    facematch().arg("eval").ends_with(2);
}
