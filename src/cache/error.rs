//! Errors of a cache's file, and their meaning for the file.

use std::io;
use std::path::{Path, PathBuf};

/// Reason why a cache cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// Another process has the cache open.
    #[error("cache {}: in use by another process", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The content is not what was written.
    #[error("cache {}: damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Message of the database.
        reason: String,
    },
    /// The path leads to something that cannot be a cache: a folder, a pipe, a photo.
    #[error("cache {}: {what}", path.display())]
    Foreign {
        /// The path.
        path: PathBuf,
        /// Description of the file, such as "it is a folder".
        what: &'static str,
    },
    /// The file cannot be read or written.
    #[error("cache {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Error from the operating system.
        source: io::Error,
    },
}

impl CacheError {
    /// Converts `error` of the database in the file `path`.
    pub(super) fn of_database(path: &Path, error: redb::Error) -> Self {
        let path = path.to_owned();
        match error {
            redb::Error::DatabaseAlreadyOpen => Self::InUse { path },
            // redb returns the excluded kinds for a file without its mark and for a truncated file:
            // these are damage.
            redb::Error::Io(source)
                if !matches!(
                    source.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                ) =>
            {
                Self::Io { path, source }
            }
            redb::Error::PreviousIo => Self::Io {
                path,
                source: io::Error::other("an earlier read or write failed"),
            },
            error => Self::Damaged {
                path,
                reason: error.to_string(),
            },
        }
    }

    /// Returns the error for a panic of the database in the file `path`, which some damaged files
    /// cause.
    pub(super) fn of_panic(path: &Path) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            reason: "its parts contradict each other".to_owned(),
        }
    }

    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
