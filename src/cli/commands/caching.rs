//! `facematch cache`: where the cache is, what is in it, and how it gets smaller.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use facematch::cache::{CacheError, Pruned, Store, StoreStats, clear};

use super::super::args::{CacheCommand, CacheFileArgs};
use super::super::caching::usual_file;
use super::super::exit::{Exit, Failure};
use super::super::output::Output;

pub(in super::super) fn run(command: &CacheCommand) -> Result<Exit, Failure> {
    let text = match command {
        CacheCommand::Path(args) => file(args)?.display().to_string(),
        CacheCommand::Stats(args) => stats(&file(args)?).map_err(|error| failure(error, args))?,
        CacheCommand::Prune { file: args, unused } => {
            prune(&file(args)?, *unused).map_err(|error| failure(error, args))?
        }
        CacheCommand::Clear(args) => {
            let removed = clear(&file(args)?).map_err(|error| failure(error, args))?;
            format!("files removed\t{removed}")
        }
    };
    let output = Output::stdout();
    let mut out = output.writer();
    output.written(writeln!(out, "{text}").and_then(|()| out.flush()))?;
    Ok(Exit::Done)
}

fn file(args: &CacheFileArgs) -> Result<PathBuf, Failure> {
    match &args.cache {
        Some(file) => Ok(file.clone()),
        None => usual_file(),
    }
}

/// What `facematch cache stats` tells.
fn stats(file: &Path) -> Result<String, CacheError> {
    let stats = match open(file)? {
        Some(store) => store.stats()?,
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
    Ok(format!(
        "path\t{}\nbytes\t{}\nphotos\t{}\nresults\t{}\noutdated results\t{}\ndays since the oldest was used\t{unused}",
        file.display(),
        stats.file_bytes,
        stats.photos,
        stats.entries,
        stats.outdated,
    ))
}

/// Prunes, and tells what `facematch cache prune` tells.
fn prune(file: &Path, unused_days: Option<u32>) -> Result<String, CacheError> {
    let Pruned { removed, kept } = match open(file)? {
        Some(mut store) => store.prune(unused_days)?,
        None => Pruned {
            removed: 0,
            kept: 0,
        },
    };
    Ok(format!("results removed\t{removed}\nresults kept\t{kept}"))
}

/// The store in `file`; none where there is no file.
fn open(file: &Path) -> Result<Option<Store>, CacheError> {
    match Store::open(file) {
        Ok(store) => Ok(Some(store)),
        Err(CacheError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn failure(error: CacheError, args: &CacheFileArgs) -> Failure {
    let named = match &args.cache {
        Some(file) => format!(" --cache={}", file.display()),
        None => String::new(),
    };
    Failure::Start(match error {
        CacheError::Damaged { .. } => format!(
            "{error}; `facematch cache clear{named}` deletes it, and the next run begins a new one"
        ),
        error => error.to_string(),
    })
}
