//! The file of a store: creates it for its owner only, opens it in one process at a time, sets it
//! aside if it is damaged, and deletes it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use redb::{Builder, ReadOnlyDatabase, ReadableDatabase, TableHandle};

use super::error::CacheError;
use super::store::{CacheStats, Pruned, Store, TABLES, in_thread};

/// First bytes of a database file. redb writes them last when it creates a file, which begins with
/// zeros until then.
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

/// Maximum number of attempts to open a file that other processes keep setting aside.
const ATTEMPTS: usize = 3;

/// Maximum number of damaged files beside a store.
const MOST_SET_ASIDE: usize = 100;

/// Memory for parts of the file, in bytes: redb would use up to 1 GiB.
const PAGE_CACHE_BYTES: usize = 32 << 20;

/// A damaged file that was renamed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// New path of the file.
    pub path: PathBuf,
    /// Problem with the file.
    pub reason: String,
}

impl Store {
    /// Opens the store in the file `path`, which must exist.
    ///
    /// # Errors
    /// [`CacheError::InUse`] if another process has it open, [`CacheError::Damaged`],
    /// [`CacheError::Foreign`] if it is not a file, or one that neither begins nor is named like a
    /// store, [`CacheError::Io`] if it is missing or cannot be read and written.
    pub(super) fn open(path: &Path) -> Result<Self, CacheError> {
        let path = &real_path(path);
        let file = open_file(path, &options(), may_be_used)?;
        restrict(&file);
        load(path, file)
    }

    /// Opens the store in the file `path`. Creates the file and its folders if they do not exist,
    /// only for their owner. Renames a damaged file to `path` with `.damaged` (`.damaged-2`, ...)
    /// appended, and starts a new one.
    ///
    /// # Errors
    /// Those of [`Store::open`], except for a damaged or missing file.
    pub(super) fn open_or_rebuild(path: &Path) -> Result<(Self, Option<SetAside>), CacheError> {
        make_folder(path)?;
        let path = &real_path(path);
        let mut set_aside = None;
        for _ in 0..ATTEMPTS {
            let file = open_file(path, options().create(true), may_be_used)?;
            restrict(&file);
            // A second handle of the same open file. redb releases its lock when it fails; this
            // handle takes the lock again, unless another process is faster, and shows whether the
            // file is still at `path`.
            let held = file
                .try_clone()
                .map_err(|error| CacheError::io(path, error))?;
            match load(path, file) {
                Ok(store) if is_at(&held, path) => return Ok((store, set_aside)),
                // Another process has set the file aside since.
                Ok(_) => {}
                Err(CacheError::Damaged { reason, .. }) => {
                    set_aside = rename(path, &held, reason)?.or(set_aside);
                }
                Err(error) => return Err(error),
            }
        }
        Err(in_use(path))
    }
}

/// Sets the file `path` aside after damage was found in use, for this `reason`. The file must be
/// closed.
pub(super) fn retire(path: &Path, reason: String) -> Result<Option<SetAside>, CacheError> {
    let file = options()
        .open(path)
        .map_err(|error| CacheError::io(path, error))?;
    rename(path, &file, reason)
}

/// Opens the store in the file `path`, if it exists.
fn open_existing(path: &Path) -> Result<Option<Store>, CacheError> {
    match Store::open(path) {
        Ok(store) => Ok(Some(store)),
        Err(CacheError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the contents of the cache in the file `path`, all zero if the file does not exist.
///
/// # Errors
/// [`CacheError::InUse`] if another process has it open, and every other error of reading it.
pub fn stats(path: &Path) -> Result<CacheStats, CacheError> {
    open_existing(path)?.map_or_else(|| Ok(CacheStats::default()), |store| store.stats())
}

/// Removes from the cache in the file `path` the results of other versions of facematch and, with
/// `unused_days`, those that were not used for that number of days or longer. Compacts the file.
///
/// # Errors
/// [`CacheError::InUse`] if another process has it open, and every other error of reading and
/// writing it.
pub fn prune(path: &Path, unused_days: Option<u32>) -> Result<Pruned, CacheError> {
    let store = open_existing(path)?;
    store.map_or_else(
        || Ok(Pruned::default()),
        |mut store| store.prune(unused_days),
    )
}

/// Deletes the store in the file `path` and the damaged files beside it. If `path` is a link, this
/// applies to the file that it leads to. Returns the number of deleted files.
///
/// # Errors
/// [`CacheError::Foreign`] if `path` is something else, which is left alone. [`CacheError::InUse`]
/// if another process has the store open, [`CacheError::Io`] if it cannot be deleted.
pub fn clear(path: &Path) -> Result<usize, CacheError> {
    let path = &real_path(path);
    let mut files = Vec::new();
    let store = open_to_delete(path)?;
    if let Some(store) = &store {
        lock(store, path)?;
        if !is_at(store, path) {
            return Err(in_use(path));
        }
        files.push(path.to_owned());
    }
    for aside in (1..=MOST_SET_ASIDE).map(|number| aside_name(path, number)) {
        match open_to_delete(&aside) {
            Ok(Some(_)) => files.push(aside),
            // A file of another program that happens to have the name.
            Ok(None) | Err(CacheError::Foreign { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    for file in &files {
        fs::remove_file(file).map_err(|error| CacheError::io(file, error))?;
    }
    // Releases the lock, which until now kept other processes from using the deleted file.
    drop(store);
    Ok(files.len())
}

/// Returns the target of `path` if it is a symbolic link, else `path`: the file is set aside or
/// deleted, not the link.
fn real_path(path: &Path) -> PathBuf {
    let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    let real = is_link.then(|| fs::canonicalize(path).ok()).flatten();
    real.unwrap_or_else(|| path.to_owned())
}

/// Opens the file `path`, unless it belongs to another program: its tables are not ours, or they
/// cannot be read and `is_ours` rejects its first bytes.
fn open_file(
    path: &Path,
    options: &OpenOptions,
    is_ours: impl Fn(&Path, &[u8]) -> bool,
) -> Result<File, CacheError> {
    check_kind(path)?;
    let io_error = |error| CacheError::io(path, error);
    let file = options.open(path).map_err(io_error)?;
    let mut start = Vec::new();
    (&file)
        .take(MAGIC.len() as u64)
        .read_to_end(&mut start)
        .map_err(io_error)?;
    let has_our_tables = match start.as_slice() {
        MAGIC => has_our_tables(path),
        _ => None,
    };
    match has_our_tables.unwrap_or_else(|| is_ours(path, &start)) {
        true => Ok(file),
        false => Err(foreign(path)),
    }
}

fn foreign(path: &Path) -> CacheError {
    CacheError::Foreign {
        path: path.to_owned(),
        what: "this file is not a cache, so it stays as it is; name another file",
    }
}

/// Returns whether a run may use or set aside the file `path`, which begins with `start`: it is
/// empty, is a database that must be repaired before its tables are known, or is named like a store
/// but has damaged first bytes.
fn may_be_used(path: &Path, start: &[u8]) -> bool {
    start.is_empty() || start == MAGIC || is_named_as_a_store(path)
}

/// Returns whether the file `path`, which begins with `start`, may be deleted: it is named like a
/// store and begins like an unfinished one.
fn may_be_deleted(path: &Path, start: &[u8]) -> bool {
    // The file has zeros if redb did not finish it.
    let may_begin_one = MAGIC.starts_with(start) || start.iter().all(|&byte| byte == 0);
    is_named_as_a_store(path) && may_begin_one
}

/// Returns whether `path` is named `*.redb` or like a store that was set aside.
fn is_named_as_a_store(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = match name.rsplit_once(".damaged") {
        Some((store, number))
            if number.trim_start_matches('-').parse::<u32>().is_ok() || number.is_empty() =>
        {
            store
        }
        _ => &name,
    };
    name.ends_with(".redb")
}

/// Returns whether the database in the file `path` has only tables of ours; `None` if it cannot be
/// read.
fn has_our_tables(path: &Path) -> Option<bool> {
    let file = path.to_owned();
    let tables = in_thread(path, move || {
        has_only_our_tables(&ReadOnlyDatabase::open(file)?)
    });
    match tables {
        Ok(Ok(are_ours)) => Some(are_ours),
        // A database version that never contained a store.
        Ok(Err(redb::Error::UpgradeRequired(_))) => Some(false),
        // The caller reports that it is in use.
        Ok(Err(redb::Error::DatabaseAlreadyOpen)) => Some(true),
        _ => None,
    }
}

/// Returns whether `database` has no tables of other programs. A database without tables is an
/// unfinished store.
fn has_only_our_tables(database: &impl ReadableDatabase) -> Result<bool, redb::Error> {
    let transaction = database.begin_read()?;
    let mut tables = transaction.list_tables()?;
    let mut multimaps = transaction.list_multimap_tables()?;
    let are_ours = tables.all(|table| table.name().starts_with(TABLES));
    Ok(are_ours && multimaps.next().is_none())
}

/// Opens the file `path` for reading, if it exists.
fn open_to_delete(path: &Path) -> Result<Option<File>, CacheError> {
    match open_file(path, OpenOptions::new().read(true), may_be_deleted) {
        Ok(file) => Ok(Some(file)),
        Err(CacheError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes access to `file` for all users except its owner, because encodings are biometric data.
/// Errors are ignored: the cache is useful even if the file system has no permissions or another
/// user owns the file.
#[cfg(unix)]
fn restrict(file: &File) {
    use std::os::unix::fs::PermissionsExt;
    let is_open_to_others = |metadata: &fs::Metadata| metadata.permissions().mode() & 0o077 != 0;
    if file.metadata().is_ok_and(|m| is_open_to_others(&m)) {
        let _ = file.set_permissions(PermissionsExt::from_mode(0o600));
    }
}

#[cfg(not(unix))]
fn restrict(_file: &File) {}

/// Opens the database in `file` on a separate thread, because redb panics on some damaged files.
fn load(path: &Path, file: File) -> Result<Store, CacheError> {
    let opened = in_thread(path, move || {
        let mut database = Builder::new()
            .set_cache_size(PAGE_CACHE_BYTES)
            .create_file(file)?;
        // redb itself checks the checksums only after a crash. Without this check, damage would
        // appear in the middle of the run or produce wrong results.
        database.check_integrity()?;
        if !has_only_our_tables(&database)? {
            return Ok(None);
        }
        // A few numbers have no checksum; if they are wrong, redb panics at its first write.
        database.begin_write()?.commit()?;
        Ok::<_, redb::Error>(Some(database))
    });
    let database = opened?.map_err(|error| CacheError::of_database(path, error))?;
    Store::new(path, database.ok_or_else(|| foreign(path))?)
}

/// Refuses a `path` that is not a regular file: the user put it there, so it is left alone.
fn check_kind(path: &Path) -> Result<(), CacheError> {
    let what = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => "it is a folder",
        Ok(metadata) if !metadata.is_file() => "it is a pipe or a device",
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
    // Only for the owner, because encodings are biometric data.
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

fn in_use(path: &Path) -> CacheError {
    CacheError::InUse {
        path: path.to_owned(),
    }
}

/// Locks `file` until it is closed, as redb does.
fn lock(file: &File, path: &Path) -> Result<(), CacheError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(in_use(path)),
        // redb also continues on a file system without locks.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(TryLockError::Error(error)) => Err(CacheError::io(path, error)),
    }
}

/// Returns whether `path` still leads to `file`.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(file), Ok(at)) => (file.dev(), file.ino()) == (at.dev(), at.ino()),
        _ => false,
    }
}

/// Returns whether `path` still leads to `file`, by size and time: on other systems the standard
/// library reports no file number.
#[cfg(not(unix))]
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(file), Ok(at)) => (file.len(), file.modified().ok()) == (at.len(), at.modified().ok()),
        _ => false,
    }
}

/// Renames the damaged file at `path`, which is open as `file`. It is renamed under its lock and
/// only while it is at `path`: if two processes find the damage, the second must not rename the
/// first one's new file.
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

/// Returns the name of damaged file `number`, counted from 1.
fn aside_name(path: &Path, number: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".damaged");
    if number > 1 {
        name.push(format!("-{number}"));
    }
    name.into()
}

#[cfg(test)]
mod tests;
