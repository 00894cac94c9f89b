//! A store for many threads: each thread reads for itself, and one thread writes for all.

use std::fmt;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::THREAD_NAME;
use super::error::CacheError;
use super::key::PhotoKey;
use super::open::{SetAside, retire};
use super::store::{CacheStats, Pruned, Store};
use super::value::{decode, encode};
use crate::photo::PhotoFaces;

/// Maximum number of photos written together. Each write waits for the disk, so small batches would
/// be slow.
const BATCH: usize = 64;

/// Maximum time that a photo waits to be written, and so the work that a killed run loses.
const MOST_WAIT: Duration = Duration::from_secs(1);

/// Maximum number of photos that wait for the writer. A worker that finds more waits too.
const MOST_WAITING: usize = 4 * BATCH;

/// Age in days from which the day of an entry's last use is updated. A daily update would make the
/// first run of a day write everything that it reads.
const REFRESH_DAYS: u32 = 7;

type Message = (PhotoKey, Vec<u8>);

/// A cache in use. Everything put into it is on disk once it is closed or dropped.
pub struct Cache {
    store: Arc<Store>,
    /// `None` once the cache is closed.
    writer: Option<(SyncSender<Message>, JoinHandle<()>)>,
    /// First error. After it nothing is found or kept.
    problem: Arc<OnceLock<CacheError>>,
    today: u32,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("path", &self.store.path())
            .finish_non_exhaustive()
    }
}

impl Cache {
    /// Opens the cache in the file `path`. Creates the file and its folders if they do not exist,
    /// only for their owner. Renames a damaged file to `path` with `.damaged` (`.damaged-2`, ...)
    /// appended, and starts a new one.
    ///
    /// # Errors
    /// [`CacheError::InUse`] if another process has it open, [`CacheError::Foreign`] if it is not a
    /// file, or one that neither begins nor is named like a cache, [`CacheError::Io`] if it cannot
    /// be read and written or no thread can be started.
    pub fn open(path: &Path) -> Result<(Self, Option<SetAside>), CacheError> {
        let (store, set_aside) = Store::open_or_rebuild(path)?;
        Ok((Self::on_day(today(), store)?, set_aside))
    }

    fn on_day(today: u32, store: Store) -> Result<Self, CacheError> {
        let store = Arc::new(store);
        let problem = Arc::new(OnceLock::new());
        let (sender, receiver) = sync_channel(MOST_WAITING);
        let body = {
            let (store, problem) = (Arc::clone(&store), Arc::clone(&problem));
            move || write_all(&store, &receiver, &problem, today)
        };
        let writer = thread::Builder::new()
            .name(THREAD_NAME.to_owned())
            .spawn(body)
            .map_err(|error| CacheError::io(store.path(), error))?;
        Ok(Self {
            writer: Some((sender, writer)),
            store,
            problem,
            today,
        })
    }

    /// Returns what was found in the photo of this key; `None` if it is not in the cache or cannot
    /// be read.
    pub(super) fn get(&self, key: &PhotoKey) -> Option<PhotoFaces> {
        if self.problem.get().is_some() {
            return None;
        }
        let entry = match self.store.read(key) {
            Ok(entry) => entry?,
            Err(error) => {
                let _ = self.problem.set(error);
                return None;
            }
        };
        let found = decode(&entry.value)?;
        if self.today.saturating_sub(entry.day) >= REFRESH_DAYS {
            self.send((*key, entry.value));
        }
        Some(found)
    }

    /// Stores what was found in the photo of this key.
    pub(super) fn put(&self, key: PhotoKey, found: &PhotoFaces) {
        self.send((key, encode(found)));
    }

    fn send(&self, message: Message) {
        if let Some((sender, _)) = &self.writer {
            // A writer that has ended has already recorded its error.
            let _ = sender.send(message);
        }
    }

    /// Waits until everything is on disk. A file in which damage was found is set aside, so that
    /// the next run starts a new one.
    ///
    /// # Errors
    /// The first error of the cache since it was opened.
    pub(super) fn close(mut self) -> Result<(), CacheError> {
        self.finish();
        let problem = Arc::clone(&self.problem);
        drop(self);
        match Arc::into_inner(problem).and_then(OnceLock::into_inner) {
            None => Ok(()),
            Some(CacheError::Damaged { path, mut reason }) => {
                if let Some(set_aside) = retire(&path, reason.clone())? {
                    reason += &format!("; renamed to {}", set_aside.path.display());
                }
                Err(CacheError::Damaged { path, reason })
            }
            Some(problem) => Err(problem),
        }
    }

    fn finish(&mut self) {
        if let Some((sender, writer)) = self.writer.take() {
            drop(sender);
            let _ = writer.join();
        }
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Writes received messages in batches until all senders are gone or an error occurs.
fn write_all(
    store: &Store,
    messages: &Receiver<Message>,
    problem: &OnceLock<CacheError>,
    today: u32,
) {
    while let Some(batch) = next_batch(messages) {
        if let Err(error) = store.write(&batch, today) {
            let _ = problem.set(error);
            return;
        }
    }
}

/// Returns the next photos to write: [`BATCH`], or those that arrive within [`MOST_WAIT`] of the
/// first. `None` if all senders are gone.
fn next_batch(messages: &Receiver<Message>) -> Option<Vec<Message>> {
    let mut batch = vec![messages.recv().ok()?];
    let end = Instant::now() + MOST_WAIT;
    while batch.len() < BATCH {
        match messages.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(message) => batch.push(message),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    Some(batch)
}

/// Returns the current day, counted from 1970-01-01.
fn today() -> u32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let days = since.map_or(0, |time| time.as_secs() / 86_400);
    u32::try_from(days).unwrap_or(u32::MAX)
}

impl Store {
    /// Returns the contents of the store.
    ///
    /// # Errors
    /// [`CacheError::Damaged`] and [`CacheError::Io`].
    pub(super) fn stats(&self) -> Result<CacheStats, CacheError> {
        self.stats_on(today())
    }

    /// Removes the results of other versions of facematch and, with `unused_days`, those that were
    /// not used for that number of days or longer. Compacts the file.
    ///
    /// # Errors
    /// [`CacheError::Damaged`] and [`CacheError::Io`].
    pub(super) fn prune(&mut self, unused_days: Option<u32>) -> Result<Pruned, CacheError> {
        self.prune_on(today(), unused_days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::key::SettingsFingerprint;
    use crate::cache::value::tests::sample;
    use crate::engine::EngineParams;
    use crate::photo::PhotoSettings;

    #[test]
    fn the_day_of_the_last_use_is_written_once_a_week() {
        let params = EngineParams::new("models");
        let fingerprint = SettingsFingerprint::new(&params, &PhotoSettings::default()).unwrap();
        let key = PhotoKey::new(&fingerprint, b"photo");
        let folder = tempfile::tempdir().unwrap();
        let open = || Store::open_or_rebuild(&folder.path().join("c")).unwrap().0;
        let cache = Cache::on_day(100, open()).unwrap();
        cache.put(key, &sample(1.0));
        cache.close().unwrap();
        for (today, unused) in [(101, 1), (106, 6), (107, 0), (113, 6), (90, 0)] {
            let cache = Cache::on_day(today, open()).unwrap();
            assert_eq!(cache.get(&key), Some(sample(1.0)));
            cache.close().unwrap();
            let stats = open().stats_on(today).unwrap();
            assert_eq!(stats.longest_unused, Some(unused), "day {today}");
        }
    }
}
