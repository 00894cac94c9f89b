//! The file of a store: made for its owner alone, opened by one process at a time, set aside when it is damaged, deleted.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use redb::{Builder, ReadOnlyDatabase, ReadableDatabase, TableHandle};

use super::error::CacheError;
use super::store::{CacheStats, Pruned, Store, TABLES, in_thread};

/// What the file of a database begins with. redb writes it last when it makes one: until then there are zeros.
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

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
    /// no file, or one that neither begins nor is named as a store, [`CacheError::Io`] when it is missing or cannot be read
    /// and written.
    pub(super) fn open(path: &Path) -> Result<Self, CacheError> {
        let path = &real_path(path);
        let file = open_file(path, &options(), may_be_used)?;
        restrict(&file);
        load(path, file)
    }

    /// Opens the store in the file `path`; makes it and its folders where there are none, for their owner alone. A damaged
    /// file is renamed to `path` with `.damaged` (`.damaged-2`, ...) behind it, and a new store takes its place.
    ///
    /// # Errors
    /// As [`Store::open`], but a damaged or a missing file is none.
    pub(super) fn open_or_rebuild(path: &Path) -> Result<(Self, Option<SetAside>), CacheError> {
        make_folder(path)?;
        let path = &real_path(path);
        let mut set_aside = None;
        for _ in 0..ATTEMPTS {
            let file = open_file(path, options().create(true), may_be_used)?;
            restrict(&file);
            // The same open file. redb gives up the lock on it when it is done; with this it can be taken once more, unless
            // another process was faster, and it can be told whether the file is still in its place.
            let held = file
                .try_clone()
                .map_err(|error| CacheError::io(path, error))?;
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
        Err(in_use(path))
    }
}

/// Sets the file `path` aside in which damage was met while it was used, for this `reason`. It must be closed.
pub(super) fn retire(path: &Path, reason: String) -> Result<Option<SetAside>, CacheError> {
    let file = options()
        .open(path)
        .map_err(|error| CacheError::io(path, error))?;
    rename(path, &file, reason)
}

/// Opens the store in the file `path`, if there is one.
fn open_existing(path: &Path) -> Result<Option<Store>, CacheError> {
    match Store::open(path) {
        Ok(store) => Ok(Some(store)),
        Err(CacheError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Counts what is in the cache in the file `path`; nothing, if there is no file.
///
/// # Errors
/// [`CacheError::InUse`] if another process has it open, and every other error of reading it.
pub fn stats(path: &Path) -> Result<CacheStats, CacheError> {
    open_existing(path)?.map_or_else(|| Ok(CacheStats::default()), |store| store.stats())
}

/// Removes from the cache in the file `path` the results of other versions of facematch and, with `unused_days`, those that
/// were not used for that number of days or longer, and makes the file as small as it can be.
///
/// # Errors
/// [`CacheError::InUse`] if another process has it open, and every other error of reading and writing it.
pub fn prune(path: &Path, unused_days: Option<u32>) -> Result<Pruned, CacheError> {
    let store = open_existing(path)?;
    store.map_or_else(
        || Ok(Pruned::default()),
        |mut store| store.prune(unused_days),
    )
}

/// Deletes the store in the file `path`, and what was set aside beside it. Where `path` is a link, that is where it leads.
/// Returns how many files that were.
///
/// # Errors
/// [`CacheError::Foreign`] when something else stands there: that is left alone. [`CacheError::InUse`] when another
/// process has it open, [`CacheError::Io`] when it cannot be deleted.
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
            // Somebody else's file that happens to have the name.
            Ok(None) | Err(CacheError::Foreign { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    for file in &files {
        fs::remove_file(file).map_err(|error| CacheError::io(file, error))?;
    }
    // With it goes the lock: until here nobody could begin to use what is being deleted.
    drop(store);
    Ok(files.len())
}

/// The file that `path` leads to, which is another one where `path` is a symbolic link: what is set aside or deleted is the
/// file and not the link.
fn real_path(path: &Path) -> PathBuf {
    let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    let real = is_link.then(|| fs::canonicalize(path).ok()).flatten();
    real.unwrap_or_else(|| path.to_owned())
}

/// Opens the file `path`, unless it belongs to another program: its tables are not ours, or they cannot be read and `is_ours`
/// rejects its first bytes.
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
        what: "this file is no cache, and left as it is; name another, or delete it yourself",
    }
}

/// Whether a run may use the file `path`, which begins with `start`, or set it aside: it is empty, a database that must be
/// repaired before its tables are known, or has the name of a store, whose first bytes are damaged.
fn may_be_used(path: &Path, start: &[u8]) -> bool {
    start.is_empty() || start == MAGIC || is_named_as_a_store(path)
}

/// Whether the file `path`, which begins with `start`, may be deleted: it has the name of a store, and begins as one that was not
/// finished.
fn may_be_deleted(path: &Path, start: &[u8]) -> bool {
    // Zeros where redb did not come to its end.
    let may_begin_one = MAGIC.starts_with(start) || start.iter().all(|&byte| byte == 0);
    is_named_as_a_store(path) && may_begin_one
}

/// Whether `path` is named `*.redb`, or as one that was set aside.
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

/// Whether the database in the file `path` has tables of ours and no others; `None` if it cannot be read.
fn has_our_tables(path: &Path) -> Option<bool> {
    let file = path.to_owned();
    let tables = in_thread(path, move || {
        has_only_our_tables(&ReadOnlyDatabase::open(file)?)
    });
    match tables {
        Ok(Ok(are_ours)) => Some(are_ours),
        // Of a version that never wrote a store.
        Ok(Err(redb::Error::UpgradeRequired(_))) => Some(false),
        // Then it is in use.
        Ok(Err(redb::Error::DatabaseAlreadyOpen)) => Some(true),
        _ => None,
    }
}

/// Whether `database` has no tables of other programs. One without any table is a store that was not finished.
fn has_only_our_tables(database: &impl ReadableDatabase) -> Result<bool, redb::Error> {
    let transaction = database.begin_read()?;
    let mut tables = transaction.list_tables()?;
    let mut multimaps = transaction.list_multimap_tables()?;
    let are_ours = tables.all(|table| table.name().starts_with(TABLES));
    Ok(are_ours && multimaps.next().is_none())
}

/// The file `path`, open for reading, if there is one.
fn open_to_delete(path: &Path) -> Result<Option<File>, CacheError> {
    match open_file(path, OpenOptions::new().read(true), may_be_deleted) {
        Ok(file) => Ok(Some(file)),
        Err(CacheError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes everybody's access to `file` away but its owner's: encodings are biometric data. Some file systems know no
/// access, and the owner may be somebody else; both are no reason to do without the cache.
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

/// Opens the database in `file`, on a thread of its own: redb panics on some damaged files.
fn load(path: &Path, file: File) -> Result<Store, CacheError> {
    let opened = in_thread(path, move || {
        let mut database = Builder::new()
            .set_cache_size(PAGE_CACHE_BYTES)
            .create_file(file)?;
        // redb itself looks at the checksums only after a crash. Without them, damage would be met in the midst of the
        // run, or not at all, as wrong results.
        database.check_integrity()?;
        if !has_only_our_tables(&database)? {
            return Ok(None);
        }
        // A few numbers have no checksum; where they are wrong, redb panics when it first writes.
        database.begin_write()?.commit()?;
        Ok::<_, redb::Error>(Some(database))
    });
    let database = opened?.map_err(|error| CacheError::of_database(path, error))?;
    Store::new(path, database.ok_or_else(|| foreign(path))?)
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

fn in_use(path: &Path) -> CacheError {
    CacheError::InUse {
        path: path.to_owned(),
    }
}

/// Locks `file`, as redb does when it opens it, for as long as it is open.
fn lock(file: &File, path: &Path) -> Result<(), CacheError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(in_use(path)),
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

/// Elsewhere files have no number that the standard library tells.
#[cfg(not(unix))]
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(file), Ok(at)) => (file.len(), file.modified().ok()) == (at.len(), at.modified().ok()),
        _ => false,
    }
}

/// Renames the damaged file at `path`, which is open as `file`. Under its lock, and only while it stands there: of two
/// processes that find it damaged the second must not rename what the first made in its place.
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
mod tests;
