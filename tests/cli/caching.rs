//! `--cache` and `facematch cache`: cached photos are not searched again, and nothing else changes.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use assert_cmd::Command;
use facematch::cache::Cache;

use crate::common::{HANG, Run, RunExt, TestEnv, repository, sample_bytes};

/// Returns a folder with known and unknown photos, one of them stored sideways.
fn scene() -> TestEnv {
    let env = TestEnv::new();
    for sample in [
        "known/obama.jpg",
        "known/biden.jpg",
        "unknown/obama2.jpg",
        "unknown/chelsea.png",
    ] {
        env.copy(sample, sample);
    }
    image::open(repository("known/biden.jpg"))
        .unwrap()
        .rotate90()
        .save(env.path("unknown/turned.png"))
        .unwrap();
    env.write("unknown/broken.jpg", "no photo");
    env
}

/// Number of photos of [`scene`] that can be read.
const PHOTOS: usize = 5;

/// Returns `facematch` with the default location of the cache in the folder of `env`.
fn facematch(env: &TestEnv) -> Command {
    let mut command = env.facematch();
    command.env("XDG_CACHE_HOME", env.path("xdg"));
    command
}

/// Returns the default location of the cache.
fn usual_place(env: &TestEnv) -> PathBuf {
    env.path("xdg/facematch/cache.redb")
}

/// Searches the scene with `--cache`, only the fast detector, and `options`.
fn search(env: &TestEnv, options: &[&str]) -> Run {
    search_with(env, &[&["--detector", "hog"], options].concat())
}

/// Searches the scene with `--cache` and `options`.
fn search_with(env: &TestEnv, options: &[&str]) -> Run {
    facematch(env)
        .args(["--cache", "-v", "-f", "json"])
        .args(options)
        .args(["known", "unknown"])
        .ends_with(1)
}

/// Returns a verbose run's message about the cache.
fn says(known: usize, new: usize) -> String {
    format!("cache: {known} photos known, {new} new")
}

fn assert_says(run: &Run, known: usize, new: usize) {
    assert!(run.stderr.contains(&says(known, new)), "{}", run.stderr);
    assert!(!run.stderr.contains("warning: cache"), "{}", run.stderr);
}

/// Returns the only warning of a run, which must be about the cache.
fn warning(run: &Run) -> &str {
    let mut warnings = run.stderr.lines().filter(|l| l.contains("warning: cache"));
    let warning = warnings
        .next()
        .unwrap_or_else(|| panic!("no warning: {}", run.stderr));
    assert_eq!(warnings.next(), None);
    warning
}

#[test]
fn the_output_is_the_same_with_and_without() {
    let env = scene();
    let run = |folder: &str, cache: &str| {
        facematch(&env)
            .args([cache, "-v", "-f", "json", "--try-rotations"])
            .args(["--detector", "hog"])
            .args([
                "--crops",
                &format!("{folder}/crops"),
                "--draw",
                &format!("{folder}/drawn"),
            ])
            .args(["known", "unknown"])
            .ends_with(1)
    };
    let without = run("0", "--no-cache");
    let first = run("1", "--cache");
    let second = run("2", "--cache");
    assert_says(&first, 0, PHOTOS);
    assert_says(&second, PHOTOS, 0);
    assert_eq!(first.text(), without.text());
    assert_eq!(second.text(), without.text());

    let files = env.files();
    let pictures: Vec<_> = files.iter().filter_map(|f| f.strip_prefix("0/")).collect();
    assert!(
        pictures.contains(&"crops/unknown/turned.png.face1.png"),
        "{files:?}"
    );
    assert_eq!(
        files.iter().filter(|f| f.starts_with("2/")).count(),
        pictures.len()
    );
    for picture in pictures {
        let [without, first, second] =
            ["0", "1", "2"].map(|run| std::fs::read(env.path(run).join(picture)).unwrap());
        assert!(first == without && second == without, "{picture}");
    }
}

#[test]
fn moved_and_renamed_photos_are_known_and_changed_ones_are_not() {
    let env = scene();
    assert_says(&search_with(&env, &[]), 0, PHOTOS);
    std::fs::rename(env.path("known"), env.path("people")).unwrap();
    env.folder("known/deeper");
    for (from, to) in [("obama.jpg", "deeper/Barack.jpg"), ("biden.jpg", "Joe.jpg")] {
        std::fs::rename(env.path("people").join(from), env.path("known").join(to)).unwrap();
    }
    assert_says(&search_with(&env, &[]), PHOTOS, 0);
    // Bytes after the end of a JPEG are not part of the photo, but they make it a different file.
    let mut changed = sample_bytes("unknown/obama2.jpg");
    changed.push(0);
    env.write("unknown/obama2.jpg", changed);
    assert_says(&search_with(&env, &[]), PHOTOS - 1, 1);
}

#[test]
fn with_other_options_photos_are_searched_anew() {
    let env = scene();
    let options: [&[&str]; 6] = [
        &[],
        &["--width", "300"],
        &["--upsample", "0"],
        &["--encode-from", "original"],
        &["--jitters", "2"],
        &["--no-flip"],
    ];
    for options in options {
        assert_says(&search(&env, options), 0, PHOTOS);
    }
    // Options that affect only names or speed do not matter.
    let options = ["--jobs", "3", "--threshold", "0.4"];
    assert_says(&search(&env, &options), PHOTOS, 0);
}

#[test]
fn the_other_commands_use_it_too() {
    let env = scene();
    env.write(
        "pairs.csv",
        "fold,same,a,b\n1,1,known/obama.jpg,unknown/obama2.jpg\n2,0,known/obama.jpg,known/biden.jpg\n",
    );
    let commands: [&[&str]; 2] = [
        &["detect", "-f", "ndjson", "known"],
        &["eval", "pairs", "pairs.csv"],
    ];
    let cached = ["--cache", "-v", "--detector", "hog"];
    for (arguments, photos) in commands.into_iter().zip([2, 3]) {
        let [first, second] =
            [0, 1].map(|_| facematch(&env).args(arguments).args(cached).ends_with(0));
        assert_says(&first, 0, photos);
        assert_says(&second, photos, 0);
        assert_eq!(first.text(), second.text());
    }
    let [first, second] = ["1", "2"].map(|file| {
        let enroll = ["enroll", "known", "-o", file];
        let run = facematch(&env).args(enroll).args(cached).ends_with(0);
        (run, std::fs::read(env.path(file)).unwrap())
    });
    assert_says(&first.0, 2, 0);
    assert_says(&second.0, 2, 0);
    assert_eq!(first.1, second.1);
    // `eval pairs` and a search encode the same faces.
    assert_says(&search(&env, &[]), 3, PHOTOS - 3);
}

#[test]
fn the_file_can_be_chosen_and_the_cache_refused() {
    let env = scene();
    let photos = ["known", "unknown/obama2.jpg"];
    facematch(&env)
        .arg("--cache=here/c.redb")
        .args(photos)
        .ends_with(0);
    let run = facematch(&env)
        .env("FACEMATCH_CACHE", "here/c.redb")
        .arg("-v")
        .args(photos)
        .ends_with(0);
    assert_says(&run, 3, 0);
    let run = facematch(&env)
        .env("FACEMATCH_CACHE", "here/c.redb")
        .args(["--no-cache", "-v"])
        .args(photos)
        .ends_with(0);
    assert!(!run.stderr.contains("cache:"), "{}", run.stderr);
    facematch(&env)
        .env("FACEMATCH_CACHE", "")
        .args(photos)
        .ends_with(0);
    assert!(!usual_place(&env).exists());
    let run = facematch(&env)
        .env("FACEMATCH_CACHE", "here/c.redb")
        .args(["cache", "path"])
        .ends_with(0);
    assert_eq!(run.text(), "here/c.redb\n");
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let env = scene();
    search(&env, &[]);
    let file = usual_place(&env);
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(file.parent().unwrap()), 0o700);
}

#[test]
fn while_another_process_has_it_a_run_goes_on_without() {
    let env = scene();
    let expected = search(&env, &[]);
    let cache = Cache::open(&usual_place(&env)).unwrap();
    let run = search(&env, &[]);
    assert!(warning(&run).contains("in use by another process; continuing without it"));
    assert_eq!(run.text(), expected.text());
    facematch(&env).args(["cache", "stats"]).ends_with(3);
    facematch(&env).args(["cache", "clear"]).ends_with(3);
    drop(cache);
    assert_says(&search(&env, &[]), PHOTOS, 0);
}

#[test]
fn processes_that_begin_together_do_it_no_harm() {
    let env = scene();
    let runs: Vec<Run> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| search(&env, &[]))).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(runs.iter().all(|run| run.text() == runs[0].text()));
    let last = search(&env, &[]);
    assert_says(&last, PHOTOS, 0);
    assert_eq!(last.text(), runs[0].text());
}

#[test]
fn a_damaged_cache_is_told_set_aside_and_rebuilt() {
    let env = scene();
    let expected = search(&env, &[]);
    let file = usual_place(&env);
    let whole = std::fs::read(&file).unwrap();
    let mut another_version = whole.clone();
    another_version[64] = 9;
    another_version[192] = 9;
    let mut without_header = whole.clone();
    without_header[..4096].fill(0);
    let damages = [
        without_header,
        whole[..whole.len() / 2].to_vec(),
        another_version,
    ];
    for (number, damaged) in damages.into_iter().enumerate() {
        std::fs::write(&file, &damaged).unwrap();
        let aside = match number {
            0 => "cache.redb.damaged".to_owned(),
            n => format!("cache.redb.damaged-{}", n + 1),
        };
        let stats = facematch(&env).args(["cache", "stats"]).ends_with(3);
        let hint = "; `facematch cache clear` deletes it, and the next run starts a new one";
        assert!(stats.stderr.contains(hint), "{}", stats.stderr);
        let run = search(&env, &[]);
        let warning = warning(&run);
        assert!(warning.contains(&file.display().to_string()), "{warning}");
        assert!(
            warning.contains(&format!(
                "renamed to {}; starting with an empty one",
                file.with_file_name(&aside).display()
            )),
            "{warning}"
        );
        assert!(run.stderr.contains(&says(0, PHOTOS)), "{}", run.stderr);
        assert_eq!(run.text(), expected.text());
        assert!(file.with_file_name(&aside).exists(), "{aside}");
        assert_says(&search(&env, &[]), PHOTOS, 0);
    }
    let run = facematch(&env).args(["cache", "clear"]).ends_with(0);
    assert_eq!(run.text(), "files removed\t4\n");
    assert_eq!(
        std::fs::read_dir(file.parent().unwrap()).unwrap().count(),
        0
    );
}

#[test]
fn what_is_no_cache_is_left_alone() {
    let env = scene();
    let run = facematch(&env)
        .args(["--cache=unknown", "known", "unknown/obama2.jpg"])
        .ends_with(2);
    assert!(run.stderr.contains("it is a folder"), "{}", run.stderr);
    let run = facematch(&env)
        .args(["cache", "clear", "--cache=known/obama.jpg"])
        .ends_with(3);
    assert!(
        run.stderr.contains("this file is not a cache"),
        "{}",
        run.stderr
    );
    assert!(env.path("known/obama.jpg").exists());
}

/// It was once renamed, and `cache clear` deleted it afterwards.
#[test]
fn a_file_that_is_no_cache_is_not_set_aside() {
    let env = scene();
    env.write("notes.txt", "redbreasts in the garden");
    let enroll = ["enroll", "-q", "known", "-o", "people.safetensors"];
    facematch(&env).args(enroll).ends_with(0);
    let files = env.files();
    for file in ["unknown/obama2.jpg", "notes.txt", "people.safetensors"] {
        let before = std::fs::read(env.path(file)).unwrap();
        let option = format!("--cache={file}");
        let arguments = ["known", "unknown/obama2.jpg"];
        let run = facematch(&env).arg(&option).args(arguments).ends_with(2);
        assert_eq!(run.text(), "");
        assert!(run.stderr.contains(file), "{}", run.stderr);
        // The variable applies to all runs, and must not end any of them.
        let run = facematch(&env)
            .env("FACEMATCH_CACHE", file)
            .args(arguments)
            .ends_with(0);
        let warning = warning(&run);
        assert!(warning.contains(file), "{warning}");
        assert!(warning.contains("this file is not a cache"), "{warning}");
        assert!(warning.ends_with("; continuing without it"), "{warning}");
        for command in ["stats", "prune", "clear"] {
            let run = facematch(&env)
                .args(["cache", command, &option])
                .ends_with(3);
            assert!(run.stderr.contains("is not a cache"), "{}", run.stderr);
        }
        assert!(std::fs::read(env.path(file)).unwrap() == before, "{file}");
    }
    assert_eq!(env.files(), files);
}

#[test]
fn what_deletes_a_damaged_cache_is_told_with_its_file() {
    let env = TestEnv::new();
    env.write("my.redb", [0; 100]);
    let run = facematch(&env)
        .args(["cache", "stats", "--cache=my.redb"])
        .ends_with(3);
    let hint = "; `facematch cache clear --cache=my.redb` deletes it";
    assert!(run.stderr.contains(hint), "{}", run.stderr);
}

#[test]
fn a_run_that_was_killed_goes_on_where_it_was() {
    const COUNT: usize = 400;
    let env = TestEnv::new();
    let small = env.path("small.jpg");
    image::open(repository("known/obama.jpg"))
        .unwrap()
        .thumbnail(160, 160)
        .save(&small)
        .unwrap();
    for number in 0..COUNT {
        // Bytes after the end of a JPEG make it a different file.
        let mut photo = std::fs::read(&small).unwrap();
        photo.extend(number.to_le_bytes());
        env.write(format!("photos/{number:03}.jpg"), photo);
    }
    let arguments = [
        "detect",
        "-v",
        "--width",
        "160",
        "--upsample",
        "0",
        "--detector",
        "hog",
        "-f",
        "ndjson",
        "photos",
    ];
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("facematch"))
        .current_dir(env.root())
        .env("XDG_CACHE_HOME", env.path("xdg"))
        .env_remove("FACEMATCH_CACHE")
        .args(arguments)
        .args(["--cache", "--jobs", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // More than may wait to be written, so a part of them has been.
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.take(350).count(), 350);
    child.kill().unwrap();
    child.wait().unwrap();

    let without = facematch(&env).args(arguments).ends_with(0);
    let resumed = facematch(&env).args(arguments).arg("--cache").ends_with(0);
    assert_eq!(resumed.text(), without.text());
    let known: usize = resumed
        .stderr
        .split("cache: ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next())
        .unwrap()
        .parse()
        .unwrap();
    assert!((64..=COUNT).contains(&known), "{known}");
    assert_says(&resumed, known, COUNT - known);
}

#[test]
fn the_cache_can_be_looked_after() {
    let env = scene();
    let cache = |arguments: &[&str]| {
        let run = facematch(&env).arg("cache").args(arguments).ends_with(0);
        run.text().to_owned()
    };
    let file = usual_place(&env);
    assert_eq!(cache(&["path"]), format!("{}\n", file.display()));
    assert_eq!(cache(&["path", "--cache=a/b"]), "a/b\n");
    let empty = cache(&["stats"]);
    assert!(empty.contains("\nphotos\t0\nresults\t0\n"), "{empty}");
    assert_eq!(cache(&["prune"]), "results removed\t0\nresults kept\t0\n");
    assert_eq!(cache(&["clear"]), "files removed\t0\n");
    assert!(!file.exists());

    search(&env, &[]);
    search(&env, &["--width", "300"]);
    let stats = cache(&["stats"]);
    let size = std::fs::metadata(&file).unwrap().len();
    assert!(
        stats.starts_with(&format!("path\t{}\nbytes\t", file.display())),
        "{stats}"
    );
    assert!(size > 4_096);
    assert!(
        stats.contains(
            "\nphotos\t5\nresults\t10\noutdated results\t0\ndays since the oldest was used\t"
        ),
        "{stats}"
    );
    assert_eq!(cache(&["prune"]), "results removed\t0\nresults kept\t10\n");
    let long = ["prune", "--older-than", "30"];
    assert_eq!(cache(&long), "results removed\t0\nresults kept\t10\n");
    assert_says(&search(&env, &[]), PHOTOS, 0);
    let all = ["prune", "--older-than", "0"];
    assert_eq!(cache(&all), "results removed\t10\nresults kept\t0\n");
    assert_says(&search(&env, &[]), 0, PHOTOS);
    assert_eq!(cache(&["clear"]), "files removed\t1\n");
    assert!(!file.exists());
}

#[test]
fn without_a_home_its_file_must_be_named() {
    let env = scene();
    let run = env
        .facematch()
        .env_remove("XDG_CACHE_HOME")
        .env_remove("HOME")
        .timeout(HANG)
        .args(["--cache", "known", "unknown"])
        .ends_with(3);
    assert!(run.stderr.contains("--cache=FILE"), "{}", run.stderr);
}
