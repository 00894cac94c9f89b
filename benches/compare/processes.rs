//! The whole program, started the way a user starts it.

use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use facematch::engine::EngineKind;

use super::{ENGINES, print_row};

/// Factor for the number of runs of the program's start, which takes little time.
const STARTS: usize = 4;
/// Time between two queries of a process's memory. A query takes a core away from the process,
/// which slows down two jobs.
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(20);

/// Cost of a run of the program.
#[derive(Clone, Copy)]
struct Run {
    milliseconds: f64,
    /// Peak memory in MiB; 0 if the system does not report it.
    peak: f64,
}

impl Run {
    const WORST: Self = Self {
        milliseconds: f64::INFINITY,
        peak: 0.0,
    };

    /// Returns the time of the faster run and the memory of the larger one.
    fn or(self, other: Self) -> Self {
        Self {
            milliseconds: self.milliseconds.min(other.milliseconds),
            peak: self.peak.max(other.peak),
        }
    }
}

/// Prints a row for the start of the program, for `large` photos, and for memory and two jobs; the
/// best of `rounds` runs each.
pub(super) fn compare(
    program: &Path,
    known: &Path,
    photos: &Path,
    large: &Path,
    rounds: usize,
) -> Result<(), Box<dyn Error>> {
    let empty = tempfile::tempdir()?;
    let grey = empty.path().join("grey.png");
    image::RgbImage::from_pixel(16, 16, image::Rgb([128; 3])).save(&grey)?;
    let start = in_turn(STARTS * rounds, [1], |engine, jobs| {
        run(program, engine, jobs, &plain_detect(grey.as_os_str()))
    })?;
    print_row(
        "process start (`detect` of a photo of 16x16)",
        start.map(|[run]| run.milliseconds),
    );

    let arguments = plain([known.as_os_str(), photos.as_os_str()]);
    let small = in_turn(rounds, [1], |engine, jobs| {
        run(program, engine, jobs, &arguments)
    })?;
    print_row(
        "whole program, the photos as they are, `--jobs 1`",
        small.map(|[run]| run.milliseconds),
    );

    let arguments = plain([known.as_os_str(), large.as_os_str()]);
    let runs = in_turn(rounds, [1, 2], |engine, jobs| {
        run(program, engine, jobs, &arguments)
    })?;
    let one = runs.map(|[one, _]| one);
    let photos = fs::read_dir(large)?.count();
    let label = format!("whole program, {photos} JPEG photos of 2 to 12 MP, `--jobs 1`");
    print_row(&label, one.map(|run| run.milliseconds));
    let [native, dlib] = one.map(|run| run.peak);
    println!(
        "| peak memory of that run | {native:.0} MiB | {dlib:.0} MiB | {:.2} |",
        dlib / native
    );
    let [native, dlib] = runs.map(|[one, two]| one.milliseconds / two.milliseconds);
    println!(
        "| `--jobs 2` over `--jobs 1` | {native:.2} times as fast | {dlib:.2} times as fast | |"
    );
    Ok(())
}

/// Returns arguments that search `paths` the way Python's `face_recognition` does: each face
/// encoded once, HOG only.
fn plain([known, photos]: [&OsStr; 2]) -> [&OsStr; 5] {
    let [flip, detector, hog] = ["--no-flip", "--detector", "hog"].map(OsStr::new);
    [known, photos, flip, detector, hog]
}

/// Returns arguments that search `photo` for faces with HOG only.
fn plain_detect(photo: &OsStr) -> [&OsStr; 4] {
    let [detect, detector, hog] = ["detect", "--detector", "hog"].map(OsStr::new);
    [detect, photo, detector, hog]
}

/// Returns the best of `rounds` runs for each engine and number of jobs, in turn.
fn in_turn<const N: usize>(
    rounds: usize,
    jobs: [u32; N],
    work: impl Fn(EngineKind, u32) -> Result<Run, Box<dyn Error>>,
) -> Result<[[Run; N]; 2], Box<dyn Error>> {
    let mut best = [[Run::WORST; N]; 2];
    for _ in 0..rounds {
        for (engine, best) in ENGINES.into_iter().zip(&mut best) {
            for (jobs, best) in jobs.into_iter().zip(best) {
                *best = best.or(work(engine, jobs)?);
            }
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
        // OpenBLAS, which dlib links, starts threads with the process regardless of the engine, and
        // they spin for a while. The dlib engine uses none of them; this variable prevents them.
        .env("OPENBLAS_NUM_THREADS", "1")
        .stdout(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn()?;
    let (ended, end) = mpsc::channel();
    let process = child.id();
    let memory = thread::spawn(move || {
        let mut peak = 0.0_f64;
        while let Err(RecvTimeoutError::Timeout) = end.recv_timeout(BETWEEN_QUESTIONS) {
            peak = peak.max(peak_memory(process));
        }
        peak
    });
    let status = child.wait()?;
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    ended.send(())?;
    let peak = memory.join().unwrap_or_default();
    if !status.success() {
        return Err(format!("{command:?}: {status}").into());
    }
    Ok(Run { milliseconds, peak })
}

/// Returns the peak memory, in MiB, of a process (Linux).
fn peak_memory(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kibibytes.unwrap_or(0.0) / 1024.0
}
