//! Where results go: standard output, or a file that appears whole or not at all.

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

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Permissions from the umask, or those of the existing file.
    Usual,
    /// The owner alone: biometric data.
    Owner,
}

/// A file that is written under another name beside its place and renamed when it is finished.
pub(super) struct WholeFile {
    target: PathBuf,
    access: Access,
    temporary: Temporary,
}

impl WholeFile {
    /// Begins the file `target`; its folder must exist. A link is followed, so that it stays one.
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
            // As every program that makes a file: what the user's umask leaves.
            (Access::Usual, None) => 0o666,
        };
        let temporary = Temporary::begin(folder_of(&target), HIDDEN, mode, unfinished)?;
        if let Some(existing) = existing {
            let file = temporary.file();
            // Before the permissions, of which it clears some.
            keep_owner(file, &existing);
            if access == Access::Usual {
                keep_attributes(file, &target);
                // The file was made with them, but for what the umask takes. Not all file systems can change them.
                let _ = file.set_permissions(existing.permissions());
            }
        }
        Ok(Self {
            target,
            access,
            temporary,
        })
    }

    /// Where to write.
    pub(super) fn file(&self) -> &File {
        self.temporary.file()
    }

    /// Puts the finished file in its place. What cannot be made again easily is on the disk by then, as by
    /// [`Self::finish_on_disk`].
    pub(super) fn finish(self) -> io::Result<()> {
        match self.access {
            Access::Owner => self.finish_on_disk(),
            Access::Usual => self.temporary.rename(&self.target),
        }
    }

    /// Puts the finished file in its place once it is on the disk: after a power cut either the old file stands there or
    /// the new one.
    pub(super) fn finish_on_disk(self) -> io::Result<()> {
        sync(self.temporary.file())?;
        self.temporary.rename(&self.target)
    }
}

/// The folder of `file`.
pub(super) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The permissions in `metadata`, for a file that is made.
#[cfg(unix)]
pub(super) fn mode_of(metadata: &Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777
}

#[cfg(not(unix))]
pub(super) fn mode_of(_metadata: &Metadata) -> u32 {
    0o666
}

/// Gives `file` the owner and the group of `existing`, as far as the system lets us: root tags photos of other users.
#[cfg(unix)]
pub(super) fn keep_owner(file: &File, existing: &Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    let group = Some(existing.gid());
    // Who is not root may give it to another of their own groups.
    let _ = fchown(file, Some(existing.uid()), group).or_else(|_| fchown(file, None, group));
}

#[cfg(not(unix))]
pub(super) fn keep_owner(_file: &File, _existing: &Metadata) {}

/// Beginnings of the extended attributes by which a system decides what programs may do. They belong to a place.
#[cfg(unix)]
const SYSTEM_ATTRIBUTES: [&str; 2] = ["security.", "trusted."];

/// Gives `file` the extended attributes of `existing`, such as tags of a file manager and access lists, as far as the file
/// system keeps them.
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

/// What stands for standard output in the place of a file.
pub(super) const STDOUT: &str = "-";

/// Whether the results for `target` go to standard output.
pub(super) fn is_stdout(target: Option<&Path>) -> bool {
    target.is_none_or(|path| path == STDOUT)
}

/// The destination of a report.
pub(super) struct Output {
    /// What the user calls it.
    name: String,
    place: Place,
}

enum Place {
    Stdout,
    /// A file, whole or not at all.
    Whole(WholeFile, Written),
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

    /// Opens `target`, or standard output when there is none or it is `-`.
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

    /// Opens where the results of a run go. Only the owner can read a file with encodings.
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

    /// Opens the file `path` for what is `written`, of a run that reads `inputs`.
    ///
    /// # Errors
    /// [`Failure::Usage`] if that would destroy a file, [`Failure::NoFolder`] and [`Failure::Output`] if it is not possible.
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

    /// Where to write.
    pub(super) fn writer(&self) -> Box<dyn Write + '_> {
        match &self.place {
            Place::Stdout => Box::new(BufWriter::new(io::stdout())),
            Place::Whole(file, _) => Box::new(BufWriter::new(file.file())),
            Place::Stream(stream) => Box::new(BufWriter::new(stream)),
        }
    }

    /// Checks the `result` of writing there. A broken pipe is fine: the reader has seen enough.
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
        let finished = match self.place {
            Place::Stdout | Place::Stream(_) => Ok(()),
            // Another program, or this run itself, may have put something else there meanwhile.
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
    /// The place that `path` already is; none where a file is to be made or replaced.
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
            // /dev/stdout of a run whose output goes to a file: what that has already stays.
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

/// Refuses `path` where it has no folder, and one that can only be a folder.
fn check_folder(path: &Path) -> Result<(), Failure> {
    let ends_as_folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    // A link leads to a file in another folder.
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
        // The file cannot be made there either, and that error says why.
        _ => return Ok(()),
    };
    Err(Failure::NoFolder {
        target: path.to_owned(),
        folder: folder.to_owned(),
        reason,
    })
}

/// A file that is read, changed and written again, as it was when it was read.
#[derive(Debug, Clone)]
pub(super) struct ReadFile {
    path: PathBuf,
    state: FileState,
}

/// What another file in the same place has otherwise, and the same file after it was written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileState {
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

/// The device and the inode, where there are any.
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

    /// Another program has put a photo there while the run was searching.
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
