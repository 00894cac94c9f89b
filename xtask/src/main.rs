//! What people and CI run besides `cargo build` and `cargo test`: `cargo xtask TASK`.

#![forbid(unsafe_code)]

mod public_items;

use std::path::Path;
use std::process::{Command, ExitCode};

const USAGE: &str = "cargo xtask TASK

  bless                  Rewrite golden files and snapshots; look at each difference before you commit it
  compare [PHOTOS [N]]   Compare the native engine with dlib's C++ (benches/compare.sh)
  eval                   Measure accuracy on the photos in FACEMATCH_SHARED, with both engines
  examples               Run the programs in examples/
  fuzz [SECONDS]         Run each fuzz target, for 60 seconds unless told otherwise; needs cargo-fuzz
  man                    Write the man pages into target/man
  public-items           Count the public items of the library; more than 150 are an error";

/// A task either succeeds or says why not.
type Outcome = Result<(), String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let task = || match arguments.as_slice() {
        ["bless"] => bless(),
        ["compare", rest @ ..] => run(command("benches/compare.sh").args(rest)),
        ["eval"] => eval(),
        ["examples"] => examples(),
        ["fuzz"] => fuzz("60"),
        ["fuzz", seconds] => fuzz(seconds),
        ["man"] => man(),
        ["public-items"] => public_items::check(),
        _ => Err(USAGE.to_owned()),
    };
    match public_items::as_rustdoc().unwrap_or_else(task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn bless() -> Outcome {
    let mut test = cargo(&["test", "--release", "--locked"]);
    run(test
        .env("FACEMATCH_BLESS", "1")
        .env("INSTA_UPDATE", "always"))
}

fn man() -> Outcome {
    let program = ["run", "--release", "--locked", "--quiet", "--", "man-pages"];
    run(cargo(&program).arg("target/man"))
}

fn eval() -> Outcome {
    if std::env::var_os("FACEMATCH_SHARED").is_none() {
        return Err("set FACEMATCH_SHARED to the folder with the evaluation photos".to_owned());
    }
    let test = ["test", "--release", "--locked", "--all-features"];
    let filter = [
        "--test",
        "library",
        "--",
        "engines_agree",
        "--include-ignored",
        "--nocapture",
    ];
    run(cargo(&test).args(filter))
}

fn examples() -> Outcome {
    let run_example = |name: &str, arguments: &[&str]| {
        let mut example = cargo(&["run", "--release", "--locked", "--quiet", "--example", name]);
        run(example.arg("--").args(arguments))
    };
    run_example("find_faces", &["unknown/obama2.jpg"])?;
    run_example("match_folders", &["known", "unknown"])?;
    run_example(
        "cluster",
        &["known/biden.jpg", "known/obama.jpg", "unknown/obama2.jpg"],
    )
}

fn fuzz(seconds: &str) -> Outcome {
    let fuzz = root().join("tests/fuzz");
    let targets = fuzz.join("fuzz_targets");
    let entries = std::fs::read_dir(&targets)
        .map_err(|error| format!("{}: cannot read: {error}", targets.display()))?;
    let mut names: Vec<_> = entries
        .flatten()
        .filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    for name in names {
        let corpus = fuzz.join("corpus").join(&name);
        std::fs::create_dir_all(&corpus)
            .map_err(|error| format!("{}: cannot create: {error}", corpus.display()))?;
        let mut fuzz_one = cargo(&["fuzz", "run", "--fuzz-dir", "tests/fuzz", &name]);
        fuzz_one
            .arg(corpus)
            .arg(fuzz.join("seeds").join(&name))
            .args(["--", "-max_len=8192"])
            .arg(format!("-max_total_time={seconds}"));
        // The sanitizer that cargo-fuzz adds is unstable; a stable toolchain must be told to take
        // it.
        run(fuzz_one.env("RUSTC_BOOTSTRAP", "1"))?;
    }
    Ok(())
}

/// The root of the repository.
fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// Returns `program`, to be run in the repository's root.
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// Returns cargo with `arguments`, to be run in the repository's root.
fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = command(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    cargo.args(arguments);
    cargo
}

fn run(command: &mut Command) -> Outcome {
    let program = command.get_program().display().to_string();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{program}: {status}")),
        Err(error) => Err(format!("{program}: cannot run: {error}")),
    }
}
