//! The database of a cache: one table that maps a photo's key to the day of its last use and the
//! results.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, TableError};

use super::THREAD_NAME;
use super::error::CacheError;
use super::key::{KEY_LEN, PhotoKey, content_of, is_of_this_revision};

/// Prefix of our tables' names, in all versions.
pub(super) const TABLES: &str = "photos ";

/// Table of results. A value is the day of its last use, counted from 1970-01-01 (u32,
/// little-endian), and the encoded photo. A new layout needs a new name.
const PHOTOS: TableDefinition<&[u8; KEY_LEN], &[u8]> = TableDefinition::new("photos 1");

/// The file of a cache, open only in this process.
pub(super) struct Store {
    path: PathBuf,
    /// `None` once it is dropped.
    database: Option<Database>,
}

/// Entry of a key.
pub(super) struct Entry {
    /// Day of its last use, counted from 1970-01-01.
    pub(super) day: u32,
    pub(super) value: Vec<u8>,
}

/// Contents of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheStats {
    /// Number of results.
    pub entries: u64,
    /// Number of photos with results: a photo that was searched with several settings has several
    /// results.
    pub photos: u64,
    /// Number of results of other versions of facematch, which are no longer used.
    pub outdated: u64,
    /// Days since the last use of the least recently used result.
    pub longest_unused: Option<u32>,
    /// Size of the file in bytes.
    pub file_bytes: u64,
}

/// Outcome of [`prune`](super::prune).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Number of results that were removed.
    pub removed: u64,
    /// Number of results that are left.
    pub kept: u64,
}

impl Store {
    /// Returns the store in `database`, the file at `path`.
    pub(super) fn new(path: &Path, database: Database) -> Result<Self, CacheError> {
        let store = Self {
            path: path.to_owned(),
            database: Some(database),
        };
        store.with_in_thread(|database| {
            match database.begin_read()?.open_table(PHOTOS) {
                Err(TableError::TableDoesNotExist(_)) => {}
                result => return Ok(result.map(drop)?),
            }
            let transaction = database.begin_write()?;
            transaction.open_table(PHOTOS)?;
            Ok(transaction.commit()?)
        })?;
        Ok(store)
    }

    /// Returns the path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the entry of `key`.
    pub(super) fn read(&self, key: &PhotoKey) -> Result<Option<Entry>, CacheError> {
        self.with(|database| {
            let table = database.begin_read()?.open_table(PHOTOS)?;
            let found = table.get(key.bytes())?;
            Ok(found.and_then(|found| {
                let (day, value) = split(found.value())?;
                let value = value.to_vec();
                Some(Entry { day, value })
            }))
        })
    }

    /// Writes encoded photos under their keys, with `today` as the day of their last use. They are
    /// on disk when this returns.
    pub(super) fn write(
        &self,
        entries: &[(PhotoKey, Vec<u8>)],
        today: u32,
    ) -> Result<(), CacheError> {
        self.with(|database| {
            let transaction = database.begin_write()?;
            let mut table = transaction.open_table(PHOTOS)?;
            for (key, value) in entries {
                let mut stored = today.to_le_bytes().to_vec();
                stored.extend(value);
                table.insert(key.bytes(), stored.as_slice())?;
            }
            drop(table);
            Ok(transaction.commit()?)
        })
    }

    /// Returns the contents of the store on the day `today`.
    ///
    /// # Errors
    /// [`CacheError::Damaged`] and [`CacheError::Io`].
    pub(super) fn stats_on(&self, today: u32) -> Result<CacheStats, CacheError> {
        let file = std::fs::metadata(&self.path).map_err(|e| CacheError::io(&self.path, e))?;
        self.with_in_thread(|database| {
            let table = database.begin_read()?.open_table(PHOTOS)?;
            let mut stats = CacheStats {
                file_bytes: file.len(),
                ..CacheStats::default()
            };
            let mut contents: BTreeSet<[u8; 32]> = BTreeSet::new();
            for entry in table.iter()? {
                let (key, value) = entry?;
                stats.entries += 1;
                stats.outdated += u64::from(!is_of_this_revision(key.value()));
                contents.insert(content_of(key.value()));
                let day = split(value.value()).map(|(day, _)| day);
                let unused = day.map(|day| today.saturating_sub(day));
                stats.longest_unused = stats.longest_unused.max(unused);
            }
            stats.photos = contents.len() as u64;
            Ok(stats)
        })
    }

    /// Removes the results of other versions of facematch and, with `unused_days`, those that were
    /// not used for that number of days or longer. Compacts the file.
    pub(super) fn prune_on(
        &mut self,
        today: u32,
        unused_days: Option<u32>,
    ) -> Result<Pruned, CacheError> {
        let pruned = self.with_in_thread(|database| {
            let transaction = database.begin_write()?;
            let mut table = transaction.open_table(PHOTOS)?;
            let mut pruned = Pruned {
                removed: 0,
                kept: 0,
            };
            table.retain(|key, value| {
                let used =
                    |(day, _)| unused_days.is_none_or(|most| today.saturating_sub(day) < most);
                let keep = is_of_this_revision(key) && split(value).is_some_and(used);
                match keep {
                    true => pruned.kept += 1,
                    false => pruned.removed += 1,
                }
                keep
            })?;
            drop(table);
            transaction.commit()?;
            Ok(pruned)
        })?;
        if let Some(database) = &mut self.database {
            in_thread(&self.path, || database.compact())?
                .map_err(|error| CacheError::of_database(&self.path, error.into()))?;
        }
        Ok(pruned)
    }

    /// Calls [`with`](Self::with) on a thread whose panics are hidden, for work of the main thread.
    fn with_in_thread<T: Send>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, redb::Error> + Send,
    ) -> Result<T, CacheError> {
        in_thread(&self.path, || self.with(work))?
    }

    /// Returns the result of `work` on the database. A panic becomes an error.
    fn with<T>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, CacheError> {
        let Some(database) = &self.database else {
            return Err(CacheError::of_panic(&self.path));
        };
        match catch_unwind(AssertUnwindSafe(|| work(database))) {
            Ok(result) => result.map_err(|error| CacheError::of_database(&self.path, error)),
            Err(_) => Err(CacheError::of_panic(&self.path)),
        }
    }
}

impl Drop for Store {
    /// Closes the database on a separate thread, because redb writes at the end and so can panic.
    fn drop(&mut self) {
        let database = self.database.take();
        // An error cannot be reported here; the next run that opens the file checks it.
        let _ = in_thread(&self.path, move || drop(database));
    }
}

/// Splits a value into the day and the encoded photo.
fn split(value: &[u8]) -> Option<(u32, &[u8])> {
    let (day, value) = value.split_first_chunk()?;
    Some((u32::from_le_bytes(*day), value))
}

/// Runs `work` on the file `path` on a thread named [`THREAD_NAME`].
///
/// # Errors
/// [`CacheError::Damaged`] if it panics, [`CacheError::Io`] if no thread can be started.
pub(super) fn in_thread<T: Send>(
    path: &Path,
    work: impl FnOnce() -> T + Send,
) -> Result<T, CacheError> {
    thread::scope(|scope| {
        thread::Builder::new()
            .name(THREAD_NAME.to_owned())
            .spawn_scoped(scope, work)
            .map_err(|error| CacheError::io(path, error))?
            .join()
            .map_err(|_| CacheError::of_panic(path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::key::SettingsFingerprint;
    use crate::cache::value::{encode, tests::sample};
    use crate::engine::EngineParams;
    use crate::photo::{Depth, PhotoSettings};

    fn key(depth: Depth, content: u16) -> PhotoKey {
        let settings = PhotoSettings {
            depth,
            ..PhotoSettings::default()
        };
        let params = EngineParams::new("models");
        let fingerprint = SettingsFingerprint::new(&params, &settings).unwrap();
        PhotoKey::new(&fingerprint, &content.to_le_bytes())
    }

    #[test]
    fn what_was_not_used_for_long_is_pruned_and_the_file_shrinks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.redb");
        let (mut store, _) = Store::open_or_rebuild(&path).unwrap();
        let entries = |contents: std::ops::Range<u16>, depth| -> Vec<_> {
            contents
                .map(|content| (key(depth, content), encode(&sample(1.0))))
                .collect()
        };
        store
            .write(&entries(0..900, Depth::Encodings), 100)
            .unwrap();
        store.write(&entries(0..10, Depth::Landmarks), 190).unwrap();
        let before = store.stats_on(200).unwrap();
        assert_eq!((before.entries, before.photos), (910, 900));
        assert_eq!((before.outdated, before.longest_unused), (0, Some(100)));

        let all = Pruned {
            removed: 0,
            kept: 910,
        };
        assert_eq!(store.prune_on(200, None).unwrap(), all);
        assert_eq!(store.prune_on(200, Some(101)).unwrap(), all);
        let some = Pruned {
            removed: 900,
            kept: 10,
        };
        assert_eq!(store.prune_on(200, Some(100)).unwrap(), some);
        let after = store.stats_on(200).unwrap();
        assert_eq!((after.entries, after.photos), (10, 10));
        assert_eq!(after.longest_unused, Some(10));
        assert!(
            after.file_bytes < before.file_bytes / 2,
            "{before:?} {after:?}"
        );
    }

    /// The program's panic hook is silent only on threads of this name.
    #[test]
    fn a_panic_of_the_database_is_damage_and_happens_on_a_thread_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open_or_rebuild(&folder.path().join("c")).unwrap();
        let name = store.with_in_thread(|_| Ok(thread::current().name().map(str::to_owned)));
        assert_eq!(name.unwrap().as_deref(), Some(THREAD_NAME));
        assert!(THREAD_NAME.starts_with(crate::batch::WORKER_NAME));
        let error = store.with_in_thread(|_| -> Result<(), _> { panic!("odd") });
        assert!(matches!(error, Err(CacheError::Damaged { .. })));
        let error = in_thread(store.path(), || panic!("odd"));
        assert!(matches!(error, Err::<(), _>(CacheError::Damaged { .. })));
    }

    #[test]
    fn a_day_in_the_future_is_today() {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, _) = Store::open_or_rebuild(&folder.path().join("c")).unwrap();
        let entry = (key(Depth::Landmarks, 1), Vec::new());
        store.write(&[entry], 500).unwrap();
        assert_eq!(store.stats_on(3).unwrap().longest_unused, Some(0));
        assert_eq!(store.prune_on(3, Some(1)).unwrap().kept, 1);
    }
}
