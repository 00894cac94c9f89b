//! The file of a store: made for its owner alone, opened by one process at a time, set aside when it is damaged, deleted.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use redb::Builder;

use super::error::CacheError;
use super::store::{Store, in_thread};

/// What a file begins with that a store was ever made in.
const MAGIC: &[u8] = b"redb";

/// How often opening begins anew because another process set the file aside meanwhile.
const ATTEMPTS: usize = 3;

/// How many damaged files may lie beside a store.
const MOST_SET_ASIDE: usize = 100;

/// Memory for parts of the file, in bytes: redb would take up to 1 GiB.
const PAGE_CACHE_BYTES: usize = 32 << 20;

/// A damaged file that was renamed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Where it is now.
    pub path: PathBuf,
    /// What was wrong with it.
    pub reason: String,
}

impl Store {
    /// Opens the store in the file `path`, which must exist.
    ///
    /// # Errors
    /// [`CacheError::InUse`] when another process has it open, [`CacheError::Damaged`], [`CacheError::Foreign`] when it is
    /// no file, [`CacheError::Io`] when it is missing or cannot be read and written.
    pub fn open(path: &Path) -> Result<Self, CacheError> {
        check_kind(path)?;
        let file = options()
            .open(path)
            .map_err(|error| CacheError::io(path, error))?;
        load(path, file)
    }

    /// Opens the store in the file `path`; makes it and its folders where there are none, for their owner alone. A damaged
    /// file is renamed to `path` with `.damaged` (`.damaged-2`, ...) behind it, and a new store takes its place.
    ///
    /// # Errors
    /// As [`Store::open`], but a damaged or a missing file is none.
    pub fn open_or_rebuild(path: &Path) -> Result<(Self, Option<SetAside>), CacheError> {
        make_folder(path)?;
        let mut set_aside = None;
        for _ in 0..ATTEMPTS {
            check_kind(path)?;
            let open = || {
                let file = options().create(true).open(path)?;
                // Locks belong to the open file: as long as this lives, it can be locked again before anybody else does.
                let held = file.try_clone()?;
                Ok((file, held))
            };
            let (file, held) = open().map_err(|error| CacheError::io(path, error))?;
            match load(path, file) {
                Ok(store) if is_at(&held, path) => return Ok((store, set_aside)),
                // Another process has set it aside since.
                Ok(_) => {}
                Err(CacheError::Damaged { reason, .. }) => {
                    set_aside = rename(path, &held, reason)?.or(set_aside);
                }
                Err(error) => return Err(error),
            }
        }
        Err(CacheError::InUse {
            path: path.to_owned(),
        })
    }
}

/// Sets the file `path` aside in which damage was met while it was used, for this `reason`. It must be closed.
pub(super) fn retire(path: &Path, reason: String) -> Result<Option<SetAside>, CacheError> {
    let file = options()
        .open(path)
        .map_err(|error| CacheError::io(path, error))?;
    rename(path, &file, reason)
}

/// Deletes the store in the file `path`, and what was set aside beside it. Returns how many files that were.
///
/// # Errors
/// [`CacheError::Foreign`] when something else stands there: that is left alone. [`CacheError::InUse`] when another
/// process has it open, [`CacheError::Io`] when it cannot be deleted.
pub fn clear(path: &Path) -> Result<usize, CacheError> {
    let io_error = |error| CacheError::io(path, error);
    let mut files: Vec<PathBuf> = (1..=MOST_SET_ASIDE)
        .map(|number| aside_name(path, number))
        .filter(|aside| aside.is_file())
        .collect();
    check_kind(path)?;
    match File::open(path) {
        Ok(mut file) => {
            lock(&file, path)?;
            let mut start = Vec::new();
            file.by_ref()
                .take(MAGIC.len() as u64)
                .read_to_end(&mut start)
                .map_err(io_error)?;
            if !start.is_empty() && start != MAGIC {
                return Err(CacheError::Foreign {
                    path: path.to_owned(),
                    what: "this file is no cache; delete it yourself if you mean it",
                });
            }
            files.push(path.to_owned());
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io_error(error)),
    }
    for file in &files {
        fs::remove_file(file).map_err(|error| CacheError::io(file, error))?;
    }
    Ok(files.len())
}

/// Opens the database in `file`, on a thread of its own: redb panics on some damaged files.
fn load(path: &Path, file: File) -> Result<Store, CacheError> {
    let opened = in_thread(move || {
        let mut database = Builder::new()
            .set_cache_size(PAGE_CACHE_BYTES)
            .create_file(file)?;
        // redb itself looks at the checksums only after a crash. Without them, damage would be met in the midst of the
        // run, or not at all, as wrong results.
        database.check_integrity()?;
        // A few numbers have no checksum; where they are wrong, redb panics when it first writes.
        database.begin_write()?.commit()?;
        Ok(database)
    });
    match opened {
        Some(Ok(database)) => Store::new(path, database),
        Some(Err(error)) => Err(CacheError::of_database(path, error)),
        None => Err(CacheError::of_panic(path)),
    }
}

/// A store lies in a regular file. What else stands in its place was put there by the user and stays there.
fn check_kind(path: &Path) -> Result<(), CacheError> {
    let what = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => "a folder stands there",
        Ok(metadata) if !metadata.is_file() => "a pipe or a device stands there",
        _ => return Ok(()),
    };
    Err(CacheError::Foreign {
        path: path.to_owned(),
        what,
    })
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    // Encodings are biometric data.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make_folder(path: &Path) -> Result<(), CacheError> {
    let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|error| CacheError::io(folder, error))
}

fn lock(file: &File, path: &Path) -> Result<(), CacheError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(CacheError::InUse {
            path: path.to_owned(),
        }),
        // Where nothing can be locked, redb goes on too.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(TryLockError::Error(error)) => Err(CacheError::io(path, error)),
    }
}

/// Whether `file` is still the one that `path` leads to.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(file), Ok(at)) => (file.dev(), file.ino()) == (at.dev(), at.ino()),
        _ => false,
    }
}

/// Elsewhere a file that is open is not renamed.
#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

/// Renames the damaged file at `path`, which is open as `file`; under its lock, so that of two processes that find it
/// damaged the second does not rename what the first made in its place.
fn rename(path: &Path, file: &File, reason: String) -> Result<Option<SetAside>, CacheError> {
    lock(file, path)?;
    if !is_at(file, path) {
        return Ok(None);
    }
    let free = (1..=MOST_SET_ASIDE)
        .map(|number| aside_name(path, number))
        .find(|aside| fs::symlink_metadata(aside).is_err());
    let to = free.ok_or_else(|| {
        CacheError::io(
            path,
            io::Error::other("damaged, and too many damaged ones lie beside it"),
        )
    })?;
    fs::rename(path, &to).map_err(|error| CacheError::io(path, error))?;
    Ok(Some(SetAside { path: to, reason }))
}

/// The name of the damaged file `number`, counted from 1.
fn aside_name(path: &Path, number: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".damaged");
    if number > 1 {
        name.push(format!("-{number}"));
    }
    name.into()
}

#[cfg(test)]
mod tests {
    use super::super::key::PhotoKey;
    use super::super::value::tests::sample;
    use super::super::{SearchFingerprint, value};
    use super::*;
    use crate::engine::EngineParams;
    use crate::photo::{Depth, EncodeFrom, FoundPhoto, PhotoSettings};

    fn key(number: u16) -> PhotoKey {
        let settings = PhotoSettings {
            width: 500,
            encode_from: EncodeFrom::Resized,
            try_rotations: false,
        };
        let params = EngineParams::new("models");
        let fingerprint = SearchFingerprint::new(&params, &settings, Depth::Encodings).unwrap();
        PhotoKey::new(&fingerprint, &number.to_le_bytes())
    }

    fn fill(path: &Path, count: u16) {
        let (store, _) = Store::open_or_rebuild(path).unwrap();
        for batch in (0..count).collect::<Vec<_>>().chunks(64) {
            let entries: Vec<_> = batch
                .iter()
                .map(|&n| (key(n), value::encode(&sample(f32::from(n)))))
                .collect();
            store.write(&entries, 20_000).unwrap();
        }
    }

    fn read(store: &Store, number: u16) -> Option<FoundPhoto> {
        let entry = store.read(&key(number)).ok().flatten()?;
        value::decode(&entry.value)
    }

    #[test]
    fn what_was_written_is_there_when_it_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/cache.redb");
        fill(&path, 100);
        let (store, set_aside) = Store::open_or_rebuild(&path).unwrap();
        assert_eq!(set_aside, None);
        assert_eq!(read(&store, 42), Some(sample(42.0)));
        assert_eq!(read(&store, 100), None);
        let error = Store::open_or_rebuild(&path).err().unwrap();
        assert!(matches!(error, CacheError::InUse { .. }), "{error}");
        drop(store);
        assert!(Store::open(&path).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inner/cache.redb");
        fill(&path, 1);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }

    #[test]
    fn a_folder_in_its_place_stays_there() {
        let folder = tempfile::tempdir().unwrap();
        for error in [
            Store::open_or_rebuild(folder.path()).err().unwrap(),
            clear(folder.path()).unwrap_err(),
        ] {
            assert!(matches!(error, CacheError::Foreign { .. }), "{error}");
        }
        assert!(folder.path().is_dir());
    }

    #[test]
    fn what_is_damaged_in_use_is_set_aside_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.redb");
        fill(&path, 1);
        let set_aside = retire(&path, "odd".to_owned()).unwrap().unwrap();
        assert_eq!(set_aside.path, folder.path().join("cache.redb.damaged"));
        assert!(set_aside.path.exists() && !path.exists());
    }

    #[test]
    fn another_file_is_not_cleared_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("thesis.txt");
        fs::write(&path, "chapter one").unwrap();
        let error = clear(&path).unwrap_err();
        assert!(matches!(error, CacheError::Foreign { .. }), "{error}");
        assert!(path.exists());
        assert_eq!(clear(&folder.path().join("none")).unwrap(), 0);
    }

    #[test]
    fn damaged_files_are_kept_side_by_side_until_they_are_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.redb");
        for name in ["cache.redb.damaged", "cache.redb.damaged-2"] {
            fs::write(&path, name).unwrap();
            let (_, set_aside) = Store::open_or_rebuild(&path).unwrap();
            let aside = folder.path().join(name);
            assert_eq!(set_aside.unwrap().path, aside);
            assert_eq!(fs::read_to_string(aside).unwrap(), name);
        }
        assert_eq!(clear(&path).unwrap(), 3);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    /// Pseudo-random numbers (xorshift), the same in every run.
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % end as u64) as usize
        }
    }

    /// `bytes` with one of the things that happen to files: some bytes changed, cut off, a block of zeros or of noise.
    fn damaged(bytes: &[u8], random: &mut Random) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let length = bytes.len();
        // Every other time in the header and the first pages, where the structure is.
        let end = [length, 4096 * 4][random.below(2)].min(length);
        match random.below(4) {
            0 => bytes.truncate(random.below(length)),
            1 => {
                for _ in 0..=random.below(8) {
                    bytes[random.below(end)] ^= 1 << random.below(8);
                }
            }
            kind => {
                let start = random.below(end);
                for byte in bytes.iter_mut().skip(start).take(random.below(4096)) {
                    *byte = if kind == 2 {
                        0
                    } else {
                        random.below(256) as u8
                    };
                }
            }
        }
        bytes
    }

    #[test]
    fn no_damage_gives_wrong_results_or_ends_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.redb");
        fill(&path, 150);
        let whole = fs::read(&path).unwrap();
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        let mut rebuilt = 0;
        for round in 0..150 {
            fs::write(&path, damaged(&whole, &mut random)).unwrap();
            let (store, set_aside) = Store::open_or_rebuild(&path)
                .unwrap_or_else(|error| panic!("round {round}: {error}"));
            rebuilt += usize::from(set_aside.is_some());
            for number in 0..150 {
                if let Some(found) = read(&store, number) {
                    assert_eq!(found, sample(f32::from(number)), "round {round}");
                }
            }
            let entry = (key(7), value::encode(&sample(7.0)));
            store.write(&[entry], 20_000).unwrap();
            assert_eq!(read(&store, 7), Some(sample(7.0)), "round {round}");
            drop(store);
            if let Some(SetAside { path, .. }) = set_aside {
                fs::remove_file(path).unwrap();
            }
        }
        assert!(rebuilt > 50, "{rebuilt}");
    }
}
