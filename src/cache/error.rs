//! What can go wrong with the file of a cache, and what that means for the file.

use std::io;
use std::path::{Path, PathBuf};

/// Why a cache cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// Another process has it open.
    #[error("cache {}: in use by another process", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// Its content is not what was written there.
    #[error("cache {}: damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the database said.
        reason: String,
    },
    /// In its place stands something that no cache can be: a folder, a pipe, a photo.
    #[error("cache {}: {what}", path.display())]
    Foreign {
        /// The path.
        path: PathBuf,
        /// What it is: "a folder stands there", ...
        what: &'static str,
    },
    /// It cannot be read or written.
    #[error("cache {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl CacheError {
    /// What `error` of the database in the file `path` means.
    pub(super) fn of_database(path: &Path, error: redb::Error) -> Self {
        let path = path.to_owned();
        match error {
            redb::Error::DatabaseAlreadyOpen => Self::InUse { path },
            // What redb says of a file without its mark and of one that is cut off.
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

    /// The database in the file `path` panicked, as it does on some damaged files.
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
