//! Ctrl-C: end at once, and leave no half-written file behind.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::exit::{Failure, INTERRUPTED};

/// The temporary files that are being written.
#[derive(Debug, Clone, Default)]
pub(super) struct UnfinishedFiles(Arc<Mutex<BTreeSet<PathBuf>>>);

impl UnfinishedFiles {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a temporary file by `create` and notes it; both under one lock, so that an interrupt misses none.
    pub(super) fn create<T>(
        &self,
        create: impl FnOnce() -> std::io::Result<T>,
        path_of: impl FnOnce(&T) -> &Path,
    ) -> std::io::Result<T> {
        let mut paths = self.lock();
        let file = create()?;
        paths.insert(path_of(&file).to_owned());
        Ok(file)
    }

    /// Forgets a file that was finished or removed.
    pub(super) fn forget(&self, path: &Path) {
        self.lock().remove(path);
    }

    /// On SIGINT, SIGTERM and SIGHUP removes the unfinished files and ends the process with status 130.
    pub(super) fn remove_on_interrupt(&self) -> Result<(), Failure> {
        let unfinished = self.clone();
        ctrlc::set_handler(move || {
            // Held to the end: nobody begins another file.
            let paths = unfinished.lock();
            for path in paths.iter() {
                let _ = std::fs::remove_file(path);
            }
            let _ = writeln!(std::io::stderr(), "\nfacematch: interrupted");
            // Without destructors: the workers are still in the midst of C++.
            signal_hook::low_level::exit(INTERRUPTED);
        })
        .map_err(|error| Failure::Start(format!("cannot handle interrupts: {error}")))
    }
}
