//! Destinations of results: standard output, or a file that appears complete or not at all.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use facematch::Error;

use super::config::Results;
use super::exit::Failure;
use super::guard::{RunInputs, Written};
use super::interrupt::UnfinishedFiles;
#[cfg(unix)]
use super::same_file::is_stream;
use super::same_file::resolved;
use super::temporary::{HIDDEN, Temporary, sync};

/// Read access to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Permissions from the umask, or those of the existing file.
    Usual,
    /// Only the owner, because the file holds biometric data.
    Owner,
}

/// A file that is written under a temporary name in the same folder and renamed when it is
/// finished.
pub(super) struct WholeFile {
    target: PathBuf,
    access: Access,
    temporary: Temporary,
}

impl WholeFile {
    /// Starts writing the file `target`, whose folder must exist. If `target` is a link, the file
    /// that it leads to is replaced and the link is kept.
    pub(super) fn begin(
        target: &Path,
        access: Access,
        unfinished: &UnfinishedFiles,
    ) -> io::Result<Self> {
        let target = resolved(target);
        let existing = std::fs::metadata(&target).ok();
        let mode = match (access, &existing) {
            (Access::Owner, _) => 0o600,
            (Access::Usual, Some(existing)) => mode_of(existing),
            // The usual mode of a new file, which the umask then restricts.
            (Access::Usual, None) => 0o666,
        };
        let temporary = Temporary::begin(folder_of(&target), HIDDEN, mode, unfinished)?;
        if let Some(existing) = existing {
            let file = temporary.file();
            // Changing the owner clears some permissions, so it comes first.
            keep_owner(file, &existing);
            if access == Access::Usual {
                keep_attributes(file, &target);
                // The file has these permissions already, except those that the umask removed. Not
                // all file systems can change them.
                let _ = file.set_permissions(existing.permissions());
            }
        }
        Ok(Self {
            target,
            access,
            temporary,
        })
    }

    /// Returns the file to write to.
    pub(super) fn file(&self) -> &File {
        self.temporary.file()
    }

    /// Renames the finished file to its target. A file that is hard to recreate is first synced to
    /// disk, as in [`Self::finish_on_disk`].
    pub(super) fn finish(self) -> io::Result<()> {
        match self.access {
            Access::Owner => self.finish_on_disk(),
            Access::Usual => self.temporary.rename(&self.target),
        }
    }

    /// Syncs the finished file to disk and renames it to its target, so that after a power cut
    /// either the old or the new file is there.
    pub(super) fn finish_on_disk(self) -> io::Result<()> {
        sync(self.temporary.file())?;
        self.temporary.rename(&self.target)
    }
}

/// Returns the folder of `file`.
pub(super) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Returns the permissions in `metadata` as the mode for a new file.
#[cfg(unix)]
pub(super) fn mode_of(metadata: &Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777
}

#[cfg(not(unix))]
pub(super) fn mode_of(_metadata: &Metadata) -> u32 {
    0o666
}

/// Gives `file` the owner and the group of `existing` as far as the system allows, so that photos
/// that root tags stay with their owners.
#[cfg(unix)]
pub(super) fn keep_owner(file: &File, existing: &Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    let group = Some(existing.gid());
    // A user other than root can only change the group, to another of their own groups.
    let _ = fchown(file, Some(existing.uid()), group).or_else(|_| fchown(file, None, group));
}

#[cfg(not(unix))]
pub(super) fn keep_owner(_file: &File, _existing: &Metadata) {}

/// Prefixes of the extended attributes that control what programs may do. They depend on the file's
/// location and are not copied.
#[cfg(unix)]
const SYSTEM_ATTRIBUTES: [&str; 2] = ["security.", "trusted."];

/// Copies the extended attributes of `existing` to `file` as far as the file system supports them:
/// a file manager's tags and access control lists, for example.
#[cfg(unix)]
pub(super) fn keep_attributes(file: &File, existing: &Path) {
    use xattr::FileExt;
    for name in xattr::list_deref(existing).into_iter().flatten() {
        let bytes = name.as_encoded_bytes();
        let is_beginning = |start: &&str| bytes.starts_with(start.as_bytes());
        if SYSTEM_ATTRIBUTES.iter().any(is_beginning) {
            continue;
        }
        if let Ok(Some(value)) = xattr::get_deref(existing, &name) {
            let _ = file.set_xattr(&name, &value);
        }
    }
}

#[cfg(not(unix))]
pub(super) fn keep_attributes(_file: &File, _existing: &Path) {}

/// Name that means standard output instead of a file.
pub(super) const STDOUT: &str = "-";

/// Returns whether the results for `target` go to standard output.
pub(super) fn is_stdout(target: Option<&Path>) -> bool {
    target.is_none_or(|path| path == STDOUT)
}

/// Destination of a report.
pub(super) struct Output {
    /// Name of the destination in messages.
    name: String,
    place: Place,
}

enum Place {
    Stdout,
    /// A file that appears complete or not at all.
    Whole(WholeFile, Written),
    /// A pipe or a device, which cannot be replaced.
    Stream(File),
}

impl Output {
    /// Returns standard output.
    pub(super) fn stdout() -> Self {
        Self {
            name: "standard output".to_owned(),
            place: Place::Stdout,
        }
    }

    /// Opens `target`, or standard output if `target` is `None` or `-`.
    pub(super) fn open(
        target: Option<&Path>,
        inputs: &RunInputs<'_>,
        unfinished: &UnfinishedFiles,
    ) -> Result<Self, Failure> {
        match target {
            Some(path) if path != STDOUT => {
                Self::open_file(path, Written::Results, Access::Usual, inputs, unfinished)
            }
            _ => Ok(Self::stdout()),
        }
    }

    /// Opens the destination of a run's results. A file with encodings is readable only by its
    /// owner.
    pub(super) fn open_results(
        results: &Results,
        inputs: &RunInputs<'_>,
        unfinished: &UnfinishedFiles,
    ) -> Result<Self, Failure> {
        match &results.file {
            Some(path) if results.with_encodings && path != STDOUT => {
                Self::open_file(path, Written::Results, Access::Owner, inputs, unfinished)
            }
            target => Self::open(target.as_deref(), inputs, unfinished),
        }
    }

    /// Opens the file `path` for content of the kind `written`, for a run that reads `inputs`.
    ///
    /// # Errors
    /// [`Failure::Usage`] if that would destroy a file, [`Failure::NoFolder`] or
    /// [`Failure::Output`] if the file cannot be opened.
    pub(super) fn open_file(
        path: &Path,
        written: Written,
        access: Access,
        inputs: &RunInputs<'_>,
        unfinished: &UnfinishedFiles,
    ) -> Result<Self, Failure> {
        if path == STDOUT {
            return Err(Failure::Usage(
                "-: this cannot go to standard output; name a file".to_owned(),
            ));
        }
        let name = path.display().to_string();
        let failed = |source| Failure::Output {
            target: name.clone(),
            source,
        };
        let place = match Place::of_existing(path).map_err(failed)? {
            Some(place) => place,
            None => {
                check_folder(path)?;
                inputs.check(path, written)?;
                let file = WholeFile::begin(path, access, unfinished).map_err(failed)?;
                Place::Whole(file, written)
            }
        };
        Ok(Self { name, place })
    }

    /// Returns the writer of the destination.
    pub(super) fn writer(&self) -> Box<dyn Write + '_> {
        match &self.place {
            Place::Stdout => Box::new(BufWriter::new(io::stdout())),
            Place::Whole(file, _) => Box::new(BufWriter::new(file.file())),
            Place::Stream(stream) => Box::new(BufWriter::new(stream)),
        }
    }

    /// Checks the `result` of writing. A broken pipe is not an error: its reader needs no more
    /// output.
    pub(super) fn written(&self, result: io::Result<()>) -> Result<(), Failure> {
        match result {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(self.failure(error)),
            _ => Ok(()),
        }
    }

    /// Returns the failure that writing to this destination failed with `source`.
    pub(super) fn failure(&self, source: io::Error) -> Failure {
        Failure::Output {
            target: self.name.clone(),
            source,
        }
    }

    /// Finishes the output: a file is renamed to its target.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let finished = match self.place {
            Place::Stdout | Place::Stream(_) => Ok(()),
            // Another program, or this run itself, may have created a file there since the check at
            // the start.
            Place::Whole(file, written) => match written.objection(&file.target) {
                Some(objection) => Err(io::Error::other(objection)),
                None => file.finish(),
            },
        };
        finished.map_err(|source| Failure::Output {
            target: self.name,
            source,
        })
    }
}

impl Place {
    /// Returns the destination if `path` exists and must be written in place; `None` if the file is
    /// created or replaced.
    fn of_existing(path: &Path) -> io::Result<Option<Self>> {
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => {
                return match error.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(None),
                    _ => Err(error),
                };
            }
        };
        if metadata.is_dir() {
            return Err(io::Error::other("this is a folder"));
        }
        let open =
            |options: &mut OpenOptions| options.open(path).map(|file| Some(Self::Stream(file)));
        if !metadata.is_file() {
            return open(OpenOptions::new().write(true));
        }
        #[cfg(unix)]
        {
            // `/dev/stdout` when the user redirects standard output to a file: the file keeps its
            // existing content.
            let number = file_number(&metadata);
            if is_stream(number, io::stdout()) {
                return Ok(Some(Self::Stdout));
            }
            if is_stream(number, io::stderr()) {
                return open(OpenOptions::new().append(true));
            }
        }
        Ok(None)
    }
}

/// Refuses `path` if its folder does not exist or if `path` itself can only be a folder.
pub(super) fn check_folder(path: &Path) -> Result<(), Failure> {
    let ends_as_folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    // A link may lead to another folder.
    let target = match path.is_symlink() {
        true => resolved(path),
        false => path.to_owned(),
    };
    let folder = match ends_as_folder {
        true => path,
        false => folder_of(&target),
    };
    let is_missing = |error: &io::Error| {
        matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        )
    };
    let reason = match std::fs::metadata(folder) {
        Ok(metadata) if !metadata.is_dir() => "is not a folder",
        Err(error) if is_missing(&error) => "does not exist",
        // Creating the file fails as well, with an error that says why.
        _ => return Ok(()),
    };
    Err(Failure::NoFolder {
        target: path.to_owned(),
        folder: folder.to_owned(),
        reason,
    })
}

/// A file that is read, changed and written again, with its state at the time of reading.
#[derive(Debug, Clone)]
pub(super) struct ReadFile {
    path: PathBuf,
    state: FileState,
}

/// State of a file that differs if the file is replaced or written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileState {
    number: Option<[u64; 2]>,
    modified: Option<SystemTime>,
    bytes: u64,
}

impl ReadFile {
    /// Returns the current state of the file `path`. Call this before reading the file.
    ///
    /// # Errors
    /// [`Error::Read`] if the file does not exist.
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
        let state = FileState::of(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        let path = path.to_owned();
        Ok(Self { path, state })
    }

    /// Refuses to overwrite content that was not read.
    ///
    /// # Errors
    /// [`Failure::Changed`] if the file was written to, replaced or removed since.
    pub(super) fn check_unchanged(&self) -> Result<(), Failure> {
        match self.is_unchanged() {
            true => Ok(()),
            false => Err(Failure::Changed(self.path.clone())),
        }
    }

    /// Returns whether the file still exists and is unchanged.
    pub(super) fn is_unchanged(&self) -> bool {
        FileState::of(&self.path).is_ok_and(|state| state == self.state)
    }
}

impl FileState {
    fn of(path: &Path) -> io::Result<Self> {
        Ok(Self::from(&std::fs::metadata(path)?))
    }
}

impl From<&Metadata> for FileState {
    fn from(metadata: &Metadata) -> Self {
        Self {
            number: file_number(metadata),
            modified: metadata.modified().ok(),
            bytes: metadata.len(),
        }
    }
}

/// Returns the device and inode numbers, where the system has them.
#[cfg(unix)]
pub(super) fn file_number(metadata: &Metadata) -> Option<[u64; 2]> {
    use std::os::unix::fs::MetadataExt;
    Some([metadata.dev(), metadata.ino()])
}

#[cfg(not(unix))]
pub(super) fn file_number(_metadata: &Metadata) -> Option<[u64; 2]> {
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

    /// Another program created a photo with the target's name during the run.
    #[test]
    fn what_has_come_to_the_place_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.tsv");
        let output = Output::open(
            Some(&path),
            &RunInputs::default(),
            &UnfinishedFiles::default(),
        );
        let output = output.unwrap();
        std::fs::write(&path, b"\xFF\xD8\xFF").unwrap();
        let failure = output.finish().unwrap_err().to_string();
        assert!(failure.contains("it is an image"), "{failure}");
        assert_eq!(std::fs::read(&path).unwrap(), b"\xFF\xD8\xFF");
    }
}
