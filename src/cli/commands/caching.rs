//! `facematch cache`: where the cache is, what is in it, and how it gets smaller.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use facematch::cache::{CacheError, Pruned, Store, StoreStats, clear};

use super::super::args::{CacheCommand, CacheFileArgs};
use super::super::caching::usual_file;
use super::super::exit::{Exit, Failure};
use super::super::output::Output;

pub(in super::super) fn run(command: &CacheCommand) -> Result<Exit, Failure> {
    match command {
        CacheCommand::Path(args) => write(&file(args)?.display()),
        CacheCommand::Stats(args) => stats(&file(args)?),
        CacheCommand::Prune { file: args, unused } => prune(&file(args)?, *unused),
        CacheCommand::Clear(args) => {
            let removed = clear(&file(args)?).map_err(failure)?;
            write(&format_args!("files removed\t{removed}"))
        }
    }
}

fn file(args: &CacheFileArgs) -> Result<PathBuf, Failure> {
    match &args.cache {
        Some(file) => Ok(file.clone()),
        None => usual_file(),
    }
}

fn stats(file: &Path) -> Result<Exit, Failure> {
    let stats = match open(file)? {
        Some(store) => store.stats().map_err(failure)?,
        None => StoreStats {
            entries: 0,
            photos: 0,
            outdated: 0,
            longest_unused: None,
            file_bytes: 0,
        },
    };
    let unused = stats
        .longest_unused
        .map_or_else(|| "-".to_owned(), |days| days.to_string());
    write(&format_args!(
        "path\t{}\nbytes\t{}\nphotos\t{}\nresults\t{}\noutdated results\t{}\ndays since the oldest was used\t{unused}",
        file.display(),
        stats.file_bytes,
        stats.photos,
        stats.entries,
        stats.outdated,
    ))
}

fn prune(file: &Path, unused_days: Option<u32>) -> Result<Exit, Failure> {
    let Pruned { removed, kept } = match open(file)? {
        Some(mut store) => store.prune(unused_days).map_err(failure)?,
        None => Pruned {
            removed: 0,
            kept: 0,
        },
    };
    write(&format_args!(
        "results removed\t{removed}\nresults kept\t{kept}"
    ))
}

/// The store in `file`; none where there is no file.
fn open(file: &Path) -> Result<Option<Store>, Failure> {
    match Store::open(file) {
        Ok(store) => Ok(Some(store)),
        Err(CacheError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failure(error)),
    }
}

fn failure(error: CacheError) -> Failure {
    Failure::Start(match error {
        CacheError::Damaged { .. } => {
            format!(
                "{error}; `facematch cache clear` deletes it, and the next run begins a new one"
            )
        }
        error => error.to_string(),
    })
}

fn write(text: &dyn Display) -> Result<Exit, Failure> {
    let mut out = Output::Stdout.writer();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(Exit::Done),
    }
}
