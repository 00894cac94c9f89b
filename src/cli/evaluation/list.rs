//! Functions that the readers of lists share.

use std::path::PathBuf;

use csv::ByteRecord;

/// Reason why a list is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub(crate) struct ListError {
    /// Line number, starting at 1.
    pub(crate) line: u64,
    /// Description of the problem, and of what is expected.
    pub(crate) reason: String,
}

impl ListError {
    pub(super) fn new(line: u64, reason: impl Into<String>) -> Self {
        Self {
            line,
            reason: reason.into(),
        }
    }
}

/// Returns the bytes after the byte order mark that some programs write first.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

/// Converts an error of the CSV reader, with its line.
#[allow(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
pub(super) fn refused(error: csv::Error) -> ListError {
    let line = error.position().map_or(1, csv::Position::line);
    let reason = match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!("{len} columns instead of {expected_len}"),
        csv::ErrorKind::Utf8 { .. } => "the text is not UTF-8".to_owned(),
        _ => error.to_string(),
    };
    ListError::new(line, reason)
}

/// Returns the index of the column of `header` called `name`. `expected` describes the expected
/// header.
pub(super) fn column_of(
    header: &ByteRecord,
    name: &str,
    expected: &str,
) -> Result<usize, ListError> {
    let found = header.iter().position(|field| field == name.as_bytes());
    found.ok_or_else(|| ListError::new(1, format!("no column {name:?}; {expected}")))
}

/// Returns a field as a path.
pub(super) fn path(field: &[u8], line: u64) -> Result<PathBuf, ListError> {
    match text(field, line)? {
        "" => Err(ListError::new(line, "a path is missing")),
        path => Ok(path.into()),
    }
}

/// Returns a field as text.
pub(super) fn text(field: &[u8], line: u64) -> Result<&str, ListError> {
    std::str::from_utf8(field).map_err(|_| ListError::new(line, "the text is not UTF-8"))
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::Path;

    /// Runs the seeds of the fuzz target `name`: `accepts` must accept those called `valid...` and
    /// refuse the others.
    pub(in crate::cli::evaluation) fn check_seeds(name: &str, accepts: impl Fn(&[u8]) -> bool) {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds");
        let mut accepted = [0, 0];
        for entry in std::fs::read_dir(seeds.join(name)).unwrap() {
            let seed = entry.unwrap();
            let is_valid = seed.file_name().to_string_lossy().starts_with("valid");
            let bytes = std::fs::read(seed.path()).unwrap();
            assert_eq!(accepts(&bytes), is_valid, "{}", seed.path().display());
            accepted[usize::from(is_valid)] += 1;
        }
        assert!(accepted.iter().all(|&count| count > 0), "{accepted:?}");
    }
}
