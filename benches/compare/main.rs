//! Times the native engine against dlib's for `benches/compare.sh`. Input: the program, a folder of
//! known people, a folder of photos, a folder of large photos, and the number of runs that count.
//! Output: a Markdown table.
//!
//! Both engines do the same work in turn, so that other load on the machine affects both. The
//! fastest of several runs counts.

mod processes;
mod stages;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use facematch::engine::EngineKind;

/// Both engines; the first one is compared with the other.
const ENGINES: [EngineKind; 2] = [EngineKind::Native, EngineKind::Dlib];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [program, known, photos, large, rounds] = arguments.as_slice() else {
        return Err("usage: compare PROGRAM KNOWN PHOTOS LARGE_PHOTOS ROUNDS".into());
    };
    let rounds = rounds.to_str().unwrap_or_default().parse()?;
    println!("| what | native | dlib | ratio |");
    println!("|---|---:|---:|---:|");
    stages::compare(&files(photos)?, rounds)?;
    processes::compare(program, known, photos, large, rounds)?;
    Ok(())
}

/// Returns the files in `folder`, sorted by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        files.push(entry?.path());
    }
    files.sort();
    Ok(files)
}

/// Prints a row of the table: milliseconds of both engines, and how many times as fast the first
/// one is.
fn print_row(what: &str, [native, dlib]: [f64; 2]) {
    println!(
        "| {what} | {native:.2} ms | {dlib:.2} ms | {:.2} |",
        dlib / native
    );
}
