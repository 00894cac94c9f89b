//! A system that allows no further threads: the run ends with an error, and never with "0 photos".

use crate::common::{RunExt, TestEnv};

/// A stack size that exceeds every address space (std::thread), so that only threads with an
/// explicit smaller size can start.
const NO_THREADS: (&str, &str) = ("RUST_MIN_STACK", "4611686018427387904");

#[test]
fn a_run_without_workers_is_an_error_that_names_the_cause() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("unknown/obama2.jpg", "photos/a.jpg");
    env.write(
        "pairs.csv",
        "fold,same,a,b\n1,0,known/obama.jpg,photos/a.jpg\n",
    );
    env.write("labels.csv", "image,people\na.jpg,obama\n");
    for args in [
        &["known", "photos"][..],
        &["known", "photos", "--progress", "always", "--cache=cache"],
        &["detect", "photos"],
        &["detect", "photos", "-f", "json", "-o", "out.json"],
        &["tag", "known", "photos"],
        &["sort", "known", "photos", "--into", "sorted"],
        &["enroll", "known", "-o", "people.safetensors"],
        &[
            "enroll",
            "--from-tags",
            "photos",
            "-o",
            "people.safetensors",
        ],
        &["check", "known"],
        &["eval", "pairs", "pairs.csv"],
        &[
            "eval",
            "identify",
            "known",
            "photos",
            "--labels",
            "labels.csv",
        ],
        &["eval", "impostors", "known"],
    ] {
        let mut command = env.facematch();
        let run = command
            .args(args)
            .env(NO_THREADS.0, NO_THREADS.1)
            .ends_with(3);
        assert!(!run.text().contains("obama"), "{args:?}: {}", run.text());
        for part in ["cannot start a worker thread: ", "ulimit -u", "--jobs"] {
            assert!(run.stderr.contains(part), "{args:?}: {}", run.stderr);
        }
        assert!(!run.stderr.contains("0 photos,"), "{}", run.stderr);
    }
    assert!(!env.path("out.json").exists());
    assert!(!env.path("people.safetensors").exists());
}
