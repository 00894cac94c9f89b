//! Where results go: standard output, or a file that appears whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use super::exit::Failure;
use super::interrupt::UnfinishedFiles;

/// A file that is written under another name beside its place and renamed when it is finished.
pub(super) struct WholeFile {
    target: PathBuf,
    temporary: NamedTempFile,
    unfinished: UnfinishedFiles,
}

impl WholeFile {
    /// Begins the file `target`; its folder must exist.
    pub(super) fn begin(target: &Path, unfinished: &UnfinishedFiles) -> io::Result<Self> {
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut builder = Builder::new();
        builder.prefix(".facematch-");
        // As every program that makes a file: what the user's umask leaves.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let temporary = unfinished.create(|| builder.tempfile_in(folder), NamedTempFile::path)?;
        Ok(Self {
            target: target.to_owned(),
            temporary,
            unfinished: unfinished.clone(),
        })
    }

    /// Where to write.
    pub(super) fn file(&self) -> &File {
        self.temporary.as_file()
    }

    /// Puts the finished file in its place.
    pub(super) fn finish(self) -> io::Result<()> {
        let path = self.temporary.path().to_owned();
        let result = self.temporary.persist(&self.target);
        self.unfinished.forget(&path);
        result.map(drop).map_err(|error| error.error)
    }
}

/// The destination of a report.
pub(super) enum Output {
    Stdout,
    File(WholeFile),
}

impl Output {
    /// Opens `file`, or standard output when there is none.
    pub(super) fn open(file: Option<&Path>, unfinished: &UnfinishedFiles) -> Result<Self, Failure> {
        match file {
            None => Ok(Self::Stdout),
            Some(path) if path.is_dir() => Err(Failure::Start(format!(
                "{}: cannot write the results: this is a folder",
                path.display()
            ))),
            Some(path) => WholeFile::begin(path, unfinished)
                .map(Self::File)
                .map_err(|error| {
                    Failure::Start(format!(
                        "{}: cannot write the results: {error}",
                        path.display()
                    ))
                }),
        }
    }

    /// Where to write.
    pub(super) fn writer(&self) -> Box<dyn Write + '_> {
        match self {
            Self::Stdout => Box::new(BufWriter::new(io::stdout())),
            Self::File(file) => Box::new(BufWriter::new(file.file())),
        }
    }

    /// Puts a finished file in its place.
    pub(super) fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Stdout => Ok(()),
            Self::File(file) => file.finish().map_err(Failure::Output),
        }
    }
}
