//! `facematch eval`: figures, forms, and errors in lists.

use super::common::json_schema::JsonSchema;
use super::common::{RunExt, TestEnv, facematch};
use serde_json::Value;

/// The sample photos as a list: one person twice, and three pairs of two people, one of them a cat
/// without a face.
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
    assert_eq!(figures["pair_count"], 4);
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
    let schema = JsonSchema::named("facematch-eval-1");
    let one_kind = env.write(
        "one.csv",
        "fold,same,a,b\n1,1,known/obama.jpg,unknown/chelsea.png\n",
    );
    for list in [list, one_kind.display().to_string()] {
        schema.assert_valid(&figures(&[&list, "--root", "."], 0));
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
fn figures_and_plot_need_a_file_each() {
    let env = TestEnv::new();
    list(&env, LIST);
    for plot in ["out", "./out"] {
        let run = env
            .facematch()
            .args(["eval", "pairs", "pairs.csv", "-o", "out", "--plot", plot])
            .ends_with(2);
        assert!(
            run.stderr.contains("--output and --plot need a file each"),
            "{}",
            run.stderr
        );
    }
    assert_eq!(env.files(), ["pairs.csv"]);
}

#[test]
fn a_single_fold_and_a_rate_of_one_pair_are_told_as_such() {
    let env = TestEnv::new();
    let list = list(&env, &LIST.replace("2,0", "1,0"));
    let run = facematch()
        .args(["eval", "pairs", &list, "--root", "."])
        .ends_with(0);
    let text = run.text();
    let folds = text.lines().find(|line| line.starts_with("accuracy over"));
    let words: Vec<_> = folds.unwrap().split_whitespace().collect();
    assert_eq!(words, ["accuracy", "over", "1", "fold", "-", "-"]);
    assert!(text.contains("* 100.00 %"), "{text}");
    assert!(
        text.ends_with("* fewer different pairs than 1 / FAR: the nearest of them alone decides\n"),
        "{text}"
    );
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
    let rows = (1..=1001).map(|fold| format!("{fold},1,x.jpg,y.jpg\n"));
    let folds = format!("fold,same,a,b\n{}", rows.collect::<String>());
    for (content, message) in [
        (
            "fold,same,a,b\n1,1,x.jpg,y.jpg\n1,maybe,x.jpg,y.jpg\n",
            "line 3: `same` must be 1 or 0",
        ),
        ("photo,name\n", "line 1: no column \"fold\""),
        (
            "1 2\nAnn 1 2\nAnn 1 3\nAnn 1 Bob 1\n",
            "line 4: the list ends after 3 of the 1 x 2 x 2 pairs announced",
        ),
        (&folds, "line 1002: more than 1000 different folds"),
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

const LABELS: &str = "image,people\nobama2.jpg,obama\nastronaut.png,Eileen Collins\nchelsea.png,\n";

fn identification(env: &TestEnv, arguments: &[&str], code: i32) -> Value {
    let labels = env.write("labels.csv", LABELS);
    let run = facematch()
        .args(["eval", "identify", "-q", "-f", "json", "known", "unknown"])
        .arg("--labels")
        .arg(labels)
        .args(arguments)
        .ends_with(code);
    serde_json::from_slice(&run.stdout).unwrap()
}

#[test]
fn identification_tells_right_wrong_and_missed_names() {
    let env = TestEnv::new();
    let schema = JsonSchema::named("facematch-eval-1");
    let right = identification(&env, &[], 0);
    assert_eq!(right["overall"]["right"], 1);
    assert_eq!(
        (&right["strangers"], &right["strangers_named"]),
        (&1.into(), &0.into())
    );
    // At such a threshold the stranger gets a name, too.
    let wrong = identification(&env, &["-t", "1.2", "--margin", "0"], 0);
    assert_eq!(wrong["overall"]["wrong"], 1);
    assert_eq!(wrong["fpir"], 1.0);
    let missed = identification(&env, &["-t", "0"], 0);
    assert_eq!(missed["overall"]["missed"], 1);
    assert_eq!(missed["fnir"], 1.0);
    for figures in [right, wrong, missed] {
        schema.assert_valid(&figures);
    }
}

#[test]
fn identification_is_told_as_a_table_too() {
    let env = TestEnv::new();
    let labels = env.write("labels.csv", LABELS);
    let run = facematch()
        .args(["eval", "identify", "known", "unknown", "--labels"])
        .arg(labels)
        .ends_with(0);
    let text = run.text();
    assert!(
        text.contains("precision                            100.00 %"),
        "{text}"
    );
    assert!(
        text.contains(" 100.00 %  100.00 %      1      0      0  obama\n"),
        "{text}"
    );
    for row in [
        "faces of strangers                          1\n",
        "threshold                                 0.6\n",
    ] {
        assert!(text.contains(row), "{text}");
    }
    assert_eq!(
        run.stderr,
        "facematch: warning: the labels name \"Eileen Collins\", who is not known and counts as a stranger\n\
         facematch: 3 photos with labels, 2 people known; 0 failed\n"
    );
}

#[test]
fn labels_without_their_columns_are_refused() {
    let env = TestEnv::new();
    let labels = env.write("labels.csv", "photo,who\na.jpg,ann\n");
    let run = facematch()
        .args(["eval", "identify", "known", "unknown", "--labels"])
        .arg(labels)
        .ends_with(3);
    assert!(
        run.stderr
            .contains("no column \"image\"; a header `image,people` is expected"),
        "{}",
        run.stderr
    );
}

#[test]
fn impostors_of_seven_people_are_too_few_and_those_of_eight_suffice() {
    let env = TestEnv::new();
    let impostors = |code| {
        env.facematch()
            .args(["eval", "impostors", "people", "--detector", "hog"])
            .ends_with(code)
    };
    for person in 1..=7 {
        env.copy("unknown/obama2.jpg", format!("people/person {person}.jpg"));
    }
    let run = impostors(3);
    assert!(
        run.stderr
            .contains("people: 21 pairs of different people; at least 26 such pairs are needed"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("one photo each of 8 people"),
        "{}",
        run.stderr
    );
    env.copy("unknown/obama2.jpg", "people/person 8.jpg");
    assert!(impostors(0).text().starts_with("rate,distance\n"));
}

#[test]
fn impostors_are_a_rising_table() {
    let env = TestEnv::new();
    let photos = [
        "known/obama.jpg",
        "known/biden.jpg",
        "unknown/astronaut.png",
        "unknown/obama2.jpg",
    ];
    for (number, photo) in photos.iter().cycle().take(12).enumerate() {
        let extension = photo.rsplit('.').next().unwrap();
        env.copy(photo, format!("people/{number}.{extension}"));
    }
    // Names come from the files, so the copies count as other people: pairs at a distance of 0.
    let run = facematch()
        .args(["eval", "impostors"])
        .arg(env.path("people"))
        .ends_with(0);
    let text = run.text();
    assert!(text.starts_with("rate,distance\n"), "{text}");
    let numbers =
        |line: &str| -> Vec<f64> { line.split(',').map(|n| n.parse().unwrap()).collect() };
    let rows: Vec<_> = text.lines().skip(1).map(numbers).collect();
    // Of 66 pairs, 12 are copies; once these no longer suffice, the next 9 are the two photos of
    // one person.
    assert!(rows.len() >= 3, "{text}");
    assert!(rows[0][0] < 0.18 && rows[0][1] < 0.001, "{text}");
    assert!(
        rows[1][0] < 0.32 && (rows[1][1] - 0.398).abs() < 0.01,
        "{text}"
    );
    assert!(
        rows.is_sorted_by(|a, b| a[0] < b[0] && a[1] < b[1]),
        "{text}"
    );
}
