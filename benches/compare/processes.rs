//! The whole program, as a user starts it.

use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use facematch::engine::EngineKind;

use super::{ENGINES, print_row};

const START_ROUNDS: usize = 20;
const ROUNDS: usize = 3;

/// What a run of the program took.
#[derive(Clone, Copy)]
struct Run {
    milliseconds: f64,
    /// The most memory that it had, in MiB; 0 where the system does not tell.
    peak: f64,
}

impl Run {
    const WORST: Self = Self {
        milliseconds: f64::INFINITY,
        peak: 0.0,
    };

    /// The time of the faster run, and the memory of the larger one.
    fn or(self, other: Self) -> Self {
        Self {
            milliseconds: self.milliseconds.min(other.milliseconds),
            peak: self.peak.max(other.peak),
        }
    }
}

/// Prints a row for the start of the program, for `large` photos, and for memory and two jobs.
pub(super) fn compare(
    program: &Path,
    known: &Path,
    photos: &Path,
    large: &Path,
) -> Result<(), Box<dyn Error>> {
    let empty = tempfile::tempdir()?;
    let grey = empty.path().join("grey.png");
    image::RgbImage::from_pixel(16, 16, image::Rgb([128; 3])).save(&grey)?;
    let start = in_turn(START_ROUNDS, |engine| {
        run(program, engine, 1, &plain_detect(grey.as_os_str()))
    })?;
    print_row(
        "process start (`detect` of a photo of 16x16)",
        start.map(|run| run.milliseconds),
    );

    let defaults = [known.as_os_str(), photos.as_os_str()];
    let small = plain(defaults);
    let small = in_turn(ROUNDS, |engine| run(program, engine, 1, &small))?;
    print_row(
        "whole program, the photos as they are, `--jobs 1`",
        small.map(|run| run.milliseconds),
    );

    let with_defaults = in_turn(ROUNDS, |engine| run(program, engine, 1, &defaults))?;
    let [native, dlib] = [0, 1].map(|at| with_defaults[at].milliseconds / small[at].milliseconds);
    println!(
        "| the same with the defaults (`--flip --detector auto`) | {native:.2} times as long | {dlib:.2} times as long | |"
    );

    let arguments = plain([known.as_os_str(), large.as_os_str()]);
    let one = in_turn(ROUNDS, |engine| run(program, engine, 1, &arguments))?;
    let two = in_turn(ROUNDS, |engine| run(program, engine, 2, &arguments))?;
    let photos = fs::read_dir(large)?.count();
    let label = format!("whole program, {photos} JPEG photos of 2 to 12 MP, `--jobs 1`");
    print_row(&label, one.map(|run| run.milliseconds));
    let [native, dlib] = one.map(|run| run.peak);
    println!(
        "| peak memory of that run | {native:.0} MiB | {dlib:.0} MiB | {:.2} |",
        dlib / native
    );
    let [native, dlib] = [0, 1].map(|at| one[at].milliseconds / two[at].milliseconds);
    println!(
        "| `--jobs 2` over `--jobs 1` | {native:.2} times as fast | {dlib:.2} times as fast | |"
    );
    Ok(())
}

/// `paths` to be searched as Python's `face_recognition` does: each face encoded once, HOG alone.
fn plain([known, photos]: [&OsStr; 2]) -> [&OsStr; 5] {
    let [flip, detector, hog] = ["--no-flip", "--detector", "hog"].map(OsStr::new);
    [known, photos, flip, detector, hog]
}

/// A search of `photo` for faces by HOG alone.
fn plain_detect(photo: &OsStr) -> [&OsStr; 4] {
    let [detect, detector, hog] = ["detect", "--detector", "hog"].map(OsStr::new);
    [detect, photo, detector, hog]
}

/// The best of so many runs for each engine, in turn.
fn in_turn(
    rounds: usize,
    work: impl Fn(EngineKind) -> Result<Run, Box<dyn Error>>,
) -> Result<[Run; 2], Box<dyn Error>> {
    let mut best = [Run::WORST; 2];
    for _ in 0..rounds {
        for (engine, best) in ENGINES.into_iter().zip(&mut best) {
            *best = best.or(work(engine)?);
        }
    }
    Ok(best)
}

/// Runs the program with `arguments` and waits for it.
fn run(
    program: &Path,
    engine: EngineKind,
    jobs: u32,
    arguments: &[&OsStr],
) -> Result<Run, Box<dyn Error>> {
    let name = match engine {
        EngineKind::Dlib => "dlib",
        _ => "native",
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .args(["--quiet", "--format", "ndjson", "--engine", name])
        .args(["--jobs", &jobs.to_string()])
        // OpenBLAS, which is linked for dlib, starts threads with the process whichever engine is asked for, and they
        // spin for a while. The dlib engine uses none of them; in this way none are started.
        .env("OPENBLAS_NUM_THREADS", "1")
        .stdout(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn()?;
    let mut peak = 0.0_f64;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        peak = peak.max(peak_memory(child.id()));
        thread::sleep(Duration::from_micros(500));
    };
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    if !status.success() {
        return Err(format!("{command:?}: {status}").into());
    }
    Ok(Run { milliseconds, peak })
}

/// The most memory, in MiB, that a process has had (Linux).
fn peak_memory(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kibibytes.unwrap_or(0.0) / 1024.0
}
