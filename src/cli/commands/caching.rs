//! `facematch cache`: where the cache is, what is in it, and how it gets smaller.

use std::io::{self, Write};
use std::path::Path;

use facematch::cache::{CacheError, Pruned, Store, StoreStats, clear};

use crate::cli::caching::usual_file;
use crate::cli::config::{CacheAction, CacheCommandConfig};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::report::write_values;
use crate::cli::terminal;

/// Values to print, each with what it is.
type Values = Vec<(&'static str, String)>;

pub(crate) fn run(config: &CacheCommandConfig) -> Result<Exit, Failure> {
    let file = match &config.file {
        Some(file) => file.clone(),
        None => usual_file()?,
    };
    let values = match config.action {
        CacheAction::Path => return print_path(&file),
        CacheAction::Stats => stats(&file),
        CacheAction::Prune { unused_days } => prune(&file, unused_days),
        CacheAction::Clear => {
            clear(&file).map(|removed| vec![("files removed", removed.to_string())])
        }
    };
    let values = values.map_err(|error| failure(error, config.file.as_deref()))?;
    let output = Output::stdout();
    let layout = terminal::layout(None, [], []);
    output.written(write_values(&values, layout, &mut output.writer()))?;
    Ok(Exit::Done)
}

fn print_path(file: &Path) -> Result<Exit, Failure> {
    let output = Output::stdout();
    let mut out = output.writer();
    output.written(writeln!(out, "{}", file.display()).and_then(|()| out.flush()))?;
    Ok(Exit::Done)
}

/// The statistics of the cache in `file`.
fn stats(file: &Path) -> Result<Values, CacheError> {
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
    Ok(vec![
        ("path", file.display().to_string()),
        ("bytes", stats.file_bytes.to_string()),
        ("photos", stats.photos.to_string()),
        ("results", stats.entries.to_string()),
        ("outdated results", stats.outdated.to_string()),
        ("days since the oldest was used", unused),
    ])
}

/// Prunes the cache in `file` and returns the numbers of results.
fn prune(file: &Path, unused_days: Option<u32>) -> Result<Values, CacheError> {
    let Pruned { removed, kept } = match open(file)? {
        Some(mut store) => store.prune(unused_days)?,
        None => Pruned {
            removed: 0,
            kept: 0,
        },
    };
    Ok(vec![
        ("results removed", removed.to_string()),
        ("results kept", kept.to_string()),
    ])
}

/// The store in `file`; none where there is no file.
fn open(file: &Path) -> Result<Option<Store>, CacheError> {
    match Store::open(file) {
        Ok(store) => Ok(Some(store)),
        Err(CacheError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The failure for `error`, of the cache `named` by the user.
fn failure(error: CacheError, named: Option<&Path>) -> Failure {
    let named = match named {
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
