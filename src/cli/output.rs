//! Where results go: standard output, or a file that appears whole or not at all.

use std::fs::{File, Metadata};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use facematch::Error;
use tempfile::{Builder, NamedTempFile, PersistError};

use super::args::OutputArgs;
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
    access: Access,
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
        if let Ok(existing) = std::fs::metadata(&target) {
            let file = temporary.as_file();
            // Before the permissions, of which it clears some.
            keep_owner(file, &existing);
            if access == Access::Usual {
                file.set_permissions(existing.permissions())?;
            }
        }
        Ok(Self {
            target,
            access,
            temporary,
            _unfinished,
        })
    }

    /// Where to write.
    pub(super) fn file(&self) -> &File {
        self.temporary.as_file()
    }

    /// Puts the finished file in its place. What cannot be made again easily is on the disk by then, as by
    /// [`Self::finish_on_disk`].
    pub(super) fn finish(self) -> io::Result<()> {
        match self.access {
            Access::Owner => self.finish_on_disk(),
            Access::Usual => self.rename(),
        }
    }

    /// Puts the finished file in its place once it is on the disk: after a power cut either the old file stands there or
    /// the new one.
    pub(super) fn finish_on_disk(self) -> io::Result<()> {
        self.temporary.as_file().sync_all()?;
        self.rename()
    }

    fn rename(self) -> io::Result<()> {
        self.temporary
            .persist(&self.target)
            .map(drop)
            .map_err(|PersistError { error, .. }| error)
    }
}

/// Gives `file` the owner and the group of `existing`, as far as the system lets us: root tags photos of other users.
#[cfg(unix)]
fn keep_owner(file: &File, existing: &Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    let group = Some(existing.gid());
    // Who is not root may give it to another of their own groups.
    let _ = fchown(file, Some(existing.uid()), group).or_else(|_| fchown(file, None, group));
}

#[cfg(not(unix))]
fn keep_owner(_file: &File, _existing: &Metadata) {}

/// The destination of a report.
pub(super) struct Output {
    /// What the user calls it.
    name: String,
    place: Place,
}

enum Place {
    Stdout,
    /// A file, whole or not at all.
    Whole(WholeFile),
    /// A pipe or a device, which cannot be replaced.
    Stream(File),
}

impl Output {
    /// Standard output.
    pub(super) fn stdout() -> Self {
        Self {
            name: "standard output".to_owned(),
            place: Place::Stdout,
        }
    }

    /// Opens `target`, or standard output when there is none.
    pub(super) fn open(
        target: Option<&Path>,
        unfinished: &UnfinishedFiles,
    ) -> Result<Self, Failure> {
        match target {
            Some(path) => Self::open_file(path, Access::Usual, unfinished),
            None => Ok(Self::stdout()),
        }
    }

    /// Opens where the results of a search go. With encodings among them a file is for its owner alone.
    pub(super) fn open_results(
        args: &OutputArgs,
        unfinished: &UnfinishedFiles,
    ) -> Result<Self, Failure> {
        match &args.output {
            Some(path) if args.with_encodings => Self::open_file(path, Access::Owner, unfinished),
            target => Self::open(target.as_deref(), unfinished),
        }
    }

    /// Opens the file `path`.
    pub(super) fn open_file(
        path: &Path,
        access: Access,
        unfinished: &UnfinishedFiles,
    ) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let existing = std::fs::metadata(path).ok();
        match Place::open(path, existing, access, unfinished) {
            Ok(place) => Ok(Self { name, place }),
            Err(source) => Err(Failure::Output {
                target: name,
                source,
            }),
        }
    }

    /// Where to write.
    pub(super) fn writer(&self) -> Box<dyn Write + '_> {
        match &self.place {
            Place::Stdout => Box::new(BufWriter::new(io::stdout())),
            Place::Whole(file) => Box::new(BufWriter::new(file.file())),
            Place::Stream(stream) => Box::new(BufWriter::new(stream)),
        }
    }

    /// What came of writing there. Whoever closed the pipe has seen enough.
    pub(super) fn written(&self, result: io::Result<()>) -> Result<(), Failure> {
        match result {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(self.failure(error)),
            _ => Ok(()),
        }
    }

    /// That writing there failed with `source`.
    pub(super) fn failure(&self, source: io::Error) -> Failure {
        Failure::Output {
            target: self.name.clone(),
            source,
        }
    }

    /// Puts a finished file in its place.
    pub(super) fn finish(self) -> Result<(), Failure> {
        match self.place {
            Place::Stdout | Place::Stream(_) => Ok(()),
            Place::Whole(file) => file.finish().map_err(|source| Failure::Output {
                target: self.name,
                source,
            }),
        }
    }
}

impl Place {
    fn open(
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
}

/// A file that is read, changed and written again, as it was when it was read.
#[derive(Debug, Clone)]
pub(super) struct ReadFile {
    path: PathBuf,
    state: FileState,
}

/// What another file in the same place has otherwise, and the same file after it was written to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FileState {
    number: Option<[u64; 2]>,
    modified: Option<SystemTime>,
    bytes: u64,
}

impl ReadFile {
    /// The file `path` as it is now. To be called before it is read.
    ///
    /// # Errors
    /// [`Error::Read`] when it is not there.
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
        let state = FileState::of(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        let path = path.to_owned();
        Ok(Self { path, state })
    }

    /// Refuses to write over what was not read.
    ///
    /// # Errors
    /// [`Failure::Changed`] when the file was written to, replaced or removed since.
    pub(super) fn check_unchanged(&self) -> Result<(), Failure> {
        match self.is_unchanged() {
            true => Ok(()),
            false => Err(Failure::Changed(self.path.clone())),
        }
    }

    /// Whether the file is there as it was.
    pub(super) fn is_unchanged(&self) -> bool {
        FileState::of(&self.path).is_ok_and(|state| state == self.state)
    }
}

impl FileState {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        Ok(Self {
            number: file_number(&metadata),
            modified: metadata.modified().ok(),
            bytes: metadata.len(),
        })
    }
}

/// The device and the inode, where there are any.
#[cfg(unix)]
fn file_number(metadata: &Metadata) -> Option<[u64; 2]> {
    use std::os::unix::fs::MetadataExt;
    Some([metadata.dev(), metadata.ino()])
}

#[cfg(not(unix))]
fn file_number(_metadata: &Metadata) -> Option<[u64; 2]> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_replaced_written_to_or_removed_is_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let other = folder.path().join("other");
        let changes: [fn(&Path, &Path); 3] = [
            |path, other| std::fs::rename(other, path).unwrap(),
            |path, _| std::fs::write(path, "one more").unwrap(),
            |path, _| std::fs::remove_file(path).unwrap(),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            std::fs::write(&path, "old").unwrap();
            std::fs::write(&other, "new").unwrap();
            let read = ReadFile::of(&path).unwrap();
            read.check_unchanged().unwrap();
            change(&path, &other);
            let failure = read.check_unchanged().unwrap_err().to_string();
            assert!(failure.contains("changed meanwhile"), "{number}: {failure}");
        }
        assert!(ReadFile::of(&path).is_err());
    }
}
