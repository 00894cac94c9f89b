//! `facematch cache`: shows where the cache is and what it contains, and shrinks or deletes it.

use std::io::Write;
use std::path::Path;

use facematch::cache::{self, CacheError, Pruned};

use crate::cli::caching::usual_file;
use crate::cli::config::{CacheAction, CacheCommandConfig};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::report::write_values;
use crate::cli::terminal;

/// Values to print, each with its label.
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
            cache::clear(&file).map(|removed| vec![("files removed", removed.to_string())])
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

/// Returns the statistics of the cache in `file`.
fn stats(file: &Path) -> Result<Values, CacheError> {
    let stats = cache::stats(file)?;
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

/// Prunes the cache in `file` and returns how many results were removed and kept.
fn prune(file: &Path, unused_days: Option<u32>) -> Result<Values, CacheError> {
    let Pruned { removed, kept } = cache::prune(file, unused_days)?;
    Ok(vec![
        ("results removed", removed.to_string()),
        ("results kept", kept.to_string()),
    ])
}

fn failure(error: CacheError, named: Option<&Path>) -> Failure {
    let named = match named {
        Some(file) => format!(" --cache={}", file.display()),
        None => String::new(),
    };
    Failure::Start(match error {
        CacheError::Damaged { .. } => format!(
            "{error}; `facematch cache clear{named}` deletes it, and the next run starts a new one"
        ),
        error => error.to_string(),
    })
}
