//! Where results go: standard output, or a file that appears whole or not at all.

use std::fs::{File, Metadata};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, PersistError};

use super::exit::Failure;
use super::interrupt::{Unfinished, UnfinishedFiles};

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Whoever the umask lets, or whoever could before.
    Usual,
    /// The owner alone: biometric data.
    Owner,
}

/// A file that is written under another name beside its place and renamed when it is finished.
pub(super) struct WholeFile {
    target: PathBuf,
    temporary: NamedTempFile,
    /// After `temporary`, so that the file is gone before it is forgotten.
    _unfinished: Unfinished,
}

impl WholeFile {
    /// Begins the file `target`; its folder must exist. A link is followed, so that it stays one.
    pub(super) fn begin(
        target: &Path,
        access: Access,
        unfinished: &UnfinishedFiles,
    ) -> io::Result<Self> {
        let target = std::fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut builder = Builder::new();
        builder.prefix(".facematch-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(match access {
            // As every program that makes a file: what the user's umask leaves.
            Access::Usual => 0o666,
            Access::Owner => 0o600,
        }));
        let (temporary, _unfinished) = unfinished
            .create(|| builder.tempfile_in(folder), NamedTempFile::path)
            // tempfile adds its own name to the message, which says nothing to the user.
            .map_err(|error| io::Error::from(error.kind()))?;
        if let (Ok(existing), Access::Usual) = (std::fs::metadata(&target), access) {
            temporary
                .as_file()
                .set_permissions(existing.permissions())?;
        }
        Ok(Self {
            target,
            temporary,
            _unfinished,
        })
    }

    /// Where to write.
    pub(super) fn file(&self) -> &File {
        self.temporary.as_file()
    }

    /// Puts the finished file in its place.
    pub(super) fn finish(self) -> io::Result<()> {
        self.temporary
            .persist(&self.target)
            .map(drop)
            .map_err(|PersistError { error, .. }| error)
    }
}

/// The destination of a report.
pub(super) enum Output {
    Stdout,
    /// A file, whole or not at all.
    Whole(WholeFile),
    /// A pipe or a device, which cannot be replaced.
    Stream(File),
}

impl Output {
    /// Opens `target`, or standard output when there is none.
    pub(super) fn open(
        target: Option<&Path>,
        unfinished: &UnfinishedFiles,
    ) -> Result<Self, Failure> {
        match target {
            Some(path) => Self::open_file(path, Access::Usual, unfinished),
            None => Ok(Self::Stdout),
        }
    }

    /// Opens the file `path`.
    pub(super) fn open_file(
        path: &Path,
        access: Access,
        unfinished: &UnfinishedFiles,
    ) -> Result<Self, Failure> {
        let existing = std::fs::metadata(path).ok();
        Self::open_path(path, existing, access, unfinished).map_err(|error| {
            Failure::Start(format!(
                "{}: cannot write the results: {error}",
                path.display()
            ))
        })
    }

    fn open_path(
        path: &Path,
        existing: Option<Metadata>,
        access: Access,
        unfinished: &UnfinishedFiles,
    ) -> io::Result<Self> {
        match existing {
            Some(existing) if existing.is_dir() => Err(io::Error::other("this is a folder")),
            Some(existing) if !existing.is_file() => {
                File::options().write(true).open(path).map(Self::Stream)
            }
            _ => WholeFile::begin(path, access, unfinished).map(Self::Whole),
        }
    }

    /// Where to write.
    pub(super) fn writer(&self) -> Box<dyn Write + '_> {
        match self {
            Self::Stdout => Box::new(BufWriter::new(io::stdout())),
            Self::Whole(file) => Box::new(BufWriter::new(file.file())),
            Self::Stream(stream) => Box::new(BufWriter::new(stream)),
        }
    }

    /// Puts a finished file in its place.
    pub(super) fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Stdout | Self::Stream(_) => Ok(()),
            Self::Whole(file) => file.finish().map_err(Failure::Output),
        }
    }
}
