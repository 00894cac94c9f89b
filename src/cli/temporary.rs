//! Temporary files that are renamed when they are finished. A run locks each temporary file while
//! writing to it, and removes the files that a killed run left in the same folder.

use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile, PersistError};

use super::interrupt::{Unfinished, UnfinishedFiles};

/// Prefix and suffix of one kind of temporary file. The machine's boot and random letters go
/// between them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Naming {
    pub(super) prefix: &'static str,
    pub(super) suffix: &'static str,
}

/// Naming of hidden files, so that no program takes them for photos.
pub(super) const HIDDEN: Naming = Naming {
    prefix: ".facematch-",
    suffix: "",
};

/// Returns `error` without the path that tempfile adds, which means nothing to the user.
fn without_path(error: &io::Error) -> io::Error {
    let words = error.to_string();
    let cause = words.split(" at path ").next().unwrap_or_default();
    io::Error::new(error.kind(), cause)
}

/// A temporary file that is removed unless it is renamed.
pub(super) struct Temporary {
    file: NamedTempFile,
    /// Declared after `file`, so that the file is removed before its record is dropped.
    _unfinished: Unfinished,
}

impl Temporary {
    /// Creates a temporary file in `folder` with the permissions `mode`, restricted by the umask.
    pub(super) fn begin(
        folder: &Path,
        naming: Naming,
        mode: u32,
        unfinished: &UnfinishedFiles,
    ) -> io::Result<Self> {
        let prefix = format!("{}{}-", naming.prefix, leftovers::boot());
        let mut builder = Builder::new();
        builder.prefix(&prefix).suffix(naming.suffix);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
        #[cfg(not(unix))]
        let _ = mode;
        let (file, _unfinished) = unfinished
            .create(|| create_locked(&builder, folder), NamedTempFile::path)
            .map_err(|error| without_path(&error))?;
        if unfinished.is_first(&folder.join(naming.prefix)) {
            leftovers::remove(folder, naming, file.as_file());
        }
        Ok(Self { file, _unfinished })
    }

    /// Returns the file to write to.
    pub(super) fn file(&self) -> &File {
        self.file.as_file()
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Renames the file to `target`. An existing file is overwritten.
    pub(super) fn rename(self, target: &Path) -> io::Result<()> {
        self.file
            .persist(target)
            .map(drop)
            .map_err(|PersistError { error, .. }| error)
    }

    /// Renames the file to `target`, unless `target` exists.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if it does.
    pub(super) fn rename_to_new(self, target: &Path) -> io::Result<()> {
        match self.file.persist_noclobber(target) {
            Ok(_) => Ok(()),
            Err(PersistError { error, .. }) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(error)
            }
            // Many FUSE file systems support neither renaming without replacing nor hard links.
            Err(PersistError { file, .. }) => rename_over_claim(file, target),
        }
    }
}

/// Claims the name `target` by creating an empty file, which fails if it exists, and then replaces
/// that file.
fn rename_over_claim(file: NamedTempFile, target: &Path) -> io::Result<()> {
    File::create_new(target)?;
    file.persist(target).map(drop).map_err(|failed| {
        let _ = std::fs::remove_file(target);
        failed.error
    })
}

/// Creates a file and locks it, if the file system supports locks.
#[cfg(unix)]
fn create_locked(builder: &Builder<'_, '_>, folder: &Path) -> io::Result<NamedTempFile> {
    use std::fs::TryLockError;

    /// Maximum number of attempts. Each fails only if another run looks for leftovers at that very
    /// moment.
    const ATTEMPTS: usize = 100;

    for _ in 0..ATTEMPTS {
        let file = builder.tempfile_in(folder)?;
        match file.as_file().try_lock() {
            Err(TryLockError::WouldBlock) => {}
            // Another run removed it as a leftover before it was locked.
            Ok(()) if !file.path().exists() => {}
            // On a file system without locks no run removes leftovers.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

/// Creates a file without locking it: on this system other programs, such as ExifTool, cannot read
/// a locked file. Leftovers are therefore not removed.
#[cfg(not(unix))]
fn create_locked(builder: &Builder<'_, '_>, folder: &Path) -> io::Result<NamedTempFile> {
    builder.tempfile_in(folder)
}

/// Syncs `file` to disk. Some file systems do not support that and write it in their own time.
pub(super) fn sync(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(error) if is_unsupported(&error) => Ok(()),
        synced => synced,
    }
}

/// Syncs the name of the new file `file` to disk, where folders can be opened and synced.
pub(super) fn sync_folder_of(file: &Path) -> io::Result<()> {
    let Some(folder) = file.parent().filter(|_| cfg!(unix)) else {
        return Ok(());
    };
    match File::open(folder).and_then(|folder| sync(&folder)) {
        // Files can be created in a folder that cannot be read.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        synced => synced,
    }
}

/// Returns whether `error` means that the file system does not support the operation (fsync(2),
/// open(2)).
fn is_unsupported(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
    )
}

/// Files that killed runs left behind.
#[cfg(unix)]
mod leftovers {
    use std::ffi::OsStr;
    use std::fs::{self, File};
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;
    use std::sync::OnceLock;
    use std::time::Duration;

    use super::Naming;

    /// Number of random letters that tempfile adds to a name.
    const RANDOM_LETTERS: usize = 6;

    /// Age at which a file from another machine counts as a leftover, because not every network
    /// file system shows that machine's locks here.
    const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

    /// Returns eight letters for the current boot of this machine, if the system provides them
    /// (Linux, random(4)).
    pub(super) fn boot() -> &'static str {
        static BOOT: OnceLock<String> = OnceLock::new();
        BOOT.get_or_init(|| {
            let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
            let letters = id.chars().filter(char::is_ascii_hexdigit);
            let letters: String = letters.chain("00000000".chars()).take(8).collect();
            letters
        })
    }

    /// Removes the files that killed runs left in `folder`. `own` is a file that this run created
    /// there. A file stays if any step fails.
    pub(super) fn remove(folder: &Path, naming: Naming, own: &File) {
        let (Ok(own), Ok(entries)) = (own.metadata(), fs::read_dir(folder)) else {
            return;
        };
        for entry in entries.flatten() {
            if let Some(origin) = origin_of(&entry.file_name(), naming) {
                let _ = remove_leftover(&entry.path(), origin, own.uid());
            }
        }
    }

    /// Place where a temporary file was created.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) enum Origin {
        /// This machine since its last boot, so the file's lock is visible.
        ThisBoot,
        Elsewhere,
    }

    /// Returns where the file `name` was created, or `None` if it is not a temporary file of
    /// facematch.
    pub(super) fn origin_of(name: &OsStr, naming: Naming) -> Option<Origin> {
        let middle = name.to_str()?.strip_prefix(naming.prefix)?;
        let middle = middle.strip_suffix(naming.suffix)?;
        let (of_boot, random) = middle.split_once('-')?;
        let is_boot =
            of_boot.len() == 8 && of_boot.bytes().all(|letter| letter.is_ascii_hexdigit());
        let is_random = random.len() == RANDOM_LETTERS
            && random.bytes().all(|letter| letter.is_ascii_alphanumeric());
        (is_boot && is_random).then(|| match of_boot == boot() && of_boot != "00000000" {
            true => Origin::ThisBoot,
            false => Origin::Elsewhere,
        })
    }

    /// Removes the file `path` if it belongs to the user `uid` and no process has locked it.
    fn remove_leftover(path: &Path, origin: Origin, uid: u32) -> Option<()> {
        let found = fs::symlink_metadata(path).ok()?;
        if !found.is_file() || found.uid() != uid {
            return None;
        }
        if origin == Origin::Elsewhere && found.modified().ok()?.elapsed().ok()? < ABANDONED {
            return None;
        }
        // NFS cannot lock a file that is open only for reading.
        let writable = File::options().read(true).write(true).open(path);
        let file = writable.or_else(|_| File::open(path)).ok()?;
        // A run that is still alive holds the lock. Without lock support nothing is known, so the
        // file stays.
        file.try_lock().ok()?;
        let (locked, there) = (file.metadata().ok()?, fs::symlink_metadata(path).ok()?);
        if (locked.dev(), locked.ino()) != (there.dev(), there.ino()) {
            return None;
        }
        fs::remove_file(path).ok()
    }
}

#[cfg(not(unix))]
mod leftovers {
    pub(super) fn boot() -> &'static str {
        "00000000"
    }

    pub(super) fn remove(_: &std::path::Path, _: super::Naming, _: &std::fs::File) {}
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn begin(folder: &Path, unfinished: &UnfinishedFiles) -> Temporary {
        Temporary::begin(folder, HIDDEN, 0o600, unfinished).unwrap()
    }

    #[test]
    fn a_file_comes_to_a_name_that_is_free_and_to_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let unfinished = UnfinishedFiles::default();
        let target = folder.path().join("photo.jpg");
        let moves: [fn(Temporary, &Path) -> io::Result<()>; 2] =
            [Temporary::rename_to_new, |temporary, target| {
                rename_over_claim(temporary.file, target)
            }];
        for rename in moves {
            let new = begin(folder.path(), &unfinished);
            new.file().write_all(b"new").unwrap();
            rename(new, &target).unwrap();
            assert_eq!(std::fs::read(&target).unwrap(), b"new");
            std::fs::write(&target, "old").unwrap();
            let error = rename(begin(folder.path(), &unfinished), &target).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(std::fs::read(&target).unwrap(), b"old");
            std::fs::remove_file(&target).unwrap();
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_file_system_does_not_offer_is_no_error_and_a_broken_disk_is() {
        // fsync(2) returns EINVAL or EOPNOTSUPP if it is unsupported; EIO means that data was lost.
        for (number, expected) in [(22, true), (95, true), (5, false), (28, false)] {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(is_unsupported(&error), expected, "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        sync(&File::create(folder.path().join("a")).unwrap()).unwrap();
        sync_folder_of(&folder.path().join("a")).unwrap();
    }

    #[cfg(unix)]
    mod left {
        use std::time::{Duration, SystemTime};

        use super::*;
        use crate::cli::temporary::leftovers::{Origin, boot, origin_of};

        fn name(boot: &str, random: &str) -> String {
            format!(".facematch-{boot}-{random}")
        }

        #[test]
        fn leftovers_are_known_by_their_whole_name() {
            let origin = |name: &str| origin_of(std::ffi::OsStr::new(name), HIDDEN);
            if boot() != "00000000" {
                assert_eq!(origin(&name(boot(), "aB3xYz")), Some(Origin::ThisBoot));
            }
            assert_eq!(origin(&name("0123cdef", "aB3xYz")), Some(Origin::Elsewhere));
            assert_eq!(origin(&name("00000000", "aB3xYz")), Some(Origin::Elsewhere));
            let import = Naming {
                prefix: "facematch-",
                suffix: ".json",
            };
            let name = |suffix| format!("facematch-0123cdef-aB3xYz{suffix}");
            let origin_of_import = |name: &str| origin_of(std::ffi::OsStr::new(name), import);
            assert_eq!(origin_of_import(&name(".json")), Some(Origin::Elsewhere));
            assert_eq!(origin_of_import(&name("")), None);
            for foreign in [
                ".facematch-notes",
                ".facematch-abcdef",
                ".facematch-0123cdef-aB3xY",
                ".facematch-0123cdef-aB3xYz.jpg",
                ".facematch-0123cdeg-aB3xYz",
                "x.facematch-0123cdef-aB3xYz",
            ] {
                assert_eq!(origin(foreign), None, "{foreign}");
            }
        }

        /// On a machine without a boot id either all files are old enough to be leftovers or none
        /// is removed.
        #[test]
        fn only_files_that_no_process_owns_are_removed() {
            let folder = tempfile::tempdir().unwrap();
            let path = |name: &str| folder.path().join(name);
            let write = |name: &str, age: u64| {
                std::fs::write(path(name), "half").unwrap();
                let modified = SystemTime::now() - Duration::from_secs(age);
                let file = File::options().write(true).open(path(name)).unwrap();
                file.set_modified(modified).unwrap();
            };
            let hours = 60 * 60;
            let [killed, other, new, locked] = [
                name(boot(), "killed"),
                name("0123cdef", "abcdef"),
                name("0123cdef", "newnew"),
                name(boot(), "locked"),
            ];
            write(&killed, 25 * hours);
            write(&other, 25 * hours);
            write(&new, 23 * hours);
            write(&locked, 25 * hours);
            write(".facematch-notes", 25 * hours);
            std::fs::create_dir(path(&name(boot(), "folder"))).unwrap();
            std::os::unix::fs::symlink("nowhere", path(&name(boot(), "linked"))).unwrap();
            let owner = File::open(path(&locked)).unwrap();
            owner.lock().unwrap();
            // A run that is still alive, as another run sees it.
            let alive = begin(folder.path(), &UnfinishedFiles::default());
            assert!(!path(&killed).exists() && !path(&other).exists());
            let left = begin(folder.path(), &UnfinishedFiles::default());
            assert!(alive.path().exists() && left.path().exists());
            for kept in [&new, &locked, ".facematch-notes", &name(boot(), "folder")] {
                assert!(path(kept).exists(), "{kept}");
            }
            assert!(path(&name(boot(), "linked")).is_symlink());
            drop(owner);
            drop(begin(folder.path(), &UnfinishedFiles::default()));
            assert!(!path(&locked).exists());
        }

        #[test]
        fn runs_that_begin_together_take_nothing_from_each_other() {
            let folder = tempfile::tempdir().unwrap();
            std::thread::scope(|scope| {
                for worker in 0..4 {
                    let folder = folder.path();
                    scope.spawn(move || {
                        for number in 0..100 {
                            // Like another process: each call looks for leftovers.
                            let file = begin(folder, &UnfinishedFiles::default());
                            let target = folder.join(format!("{worker}.{number}"));
                            file.rename(&target).unwrap();
                        }
                    });
                }
            });
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 400);
        }
    }
}
