//! Ctrl-C: end at once, say how far the run was, and leave no half-written file behind.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::exit::Failure;
#[cfg(unix)]
use super::exit::NO_THREADS;
#[cfg(unix)]
use super::progress::how_far;

/// Stack of the thread that waits for a signal, which does little.
#[cfg(unix)]
const STACK_BYTES: usize = 256 << 10;

/// The temporary files that are being written, and the folders that were made for finished ones.
#[derive(Debug, Clone, Default)]
pub(super) struct UnfinishedFiles(Arc<Mutex<Unfinishable>>);

#[derive(Debug, Default)]
struct Unfinishable {
    files: BTreeSet<PathBuf>,
    /// Each before those that lie in it.
    folders: Vec<PathBuf>,
    /// Folders in which leftovers of killed runs were looked for, with the prefix of their names.
    swept: BTreeSet<PathBuf>,
}

/// Removes the folders that the run made and that are empty, when it is dropped.
#[derive(Debug)]
pub(super) struct EmptyFolders(UnfinishedFiles);

impl Drop for EmptyFolders {
    fn drop(&mut self) {
        self.0.lock().remove_empty_folders();
    }
}

impl Unfinishable {
    fn remove_empty_folders(&mut self) {
        while let Some(folder) = self.folders.pop() {
            // Fails, as it should, if there is something in it.
            let _ = std::fs::remove_dir(folder);
        }
    }
}

/// A file that is being written, until this is dropped.
#[derive(Debug)]
pub(super) struct Unfinished {
    path: PathBuf,
    all: UnfinishedFiles,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.all.lock().files.remove(&self.path);
    }
}

impl UnfinishedFiles {
    fn lock(&self) -> MutexGuard<'_, Unfinishable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a temporary file by `create` and notes it; both under one lock, so that an interrupt misses none.
    pub(super) fn create<T>(
        &self,
        create: impl FnOnce() -> std::io::Result<T>,
        path_of: impl FnOnce(&T) -> &Path,
    ) -> std::io::Result<(T, Unfinished)> {
        let mut unfinished = self.lock();
        let file = create()?;
        let path = path_of(&file).to_owned();
        unfinished.files.insert(path.clone());
        let all = self.clone();
        Ok((file, Unfinished { path, all }))
    }

    /// Makes `folder`, and those above it that are not there yet, and notes those that it made.
    pub(super) fn create_folder(&self, folder: &Path) -> std::io::Result<()> {
        if folder.as_os_str().is_empty() || folder.is_dir() {
            return Ok(());
        }
        if let Some(parent) = folder.parent() {
            self.create_folder(parent)?;
        }
        let mut unfinished = self.lock();
        match std::fs::create_dir(folder) {
            Ok(()) => {
                unfinished.folders.push(folder.to_owned());
                Ok(())
            }
            // Another run or another worker was faster.
            Err(_) if folder.is_dir() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A guard that removes the noted folders that are empty in the end.
    pub(super) fn empty_folders(&self) -> EmptyFolders {
        EmptyFolders(self.clone())
    }

    /// Whether the run asks for the first time about `prefix`, a folder and how its temporary files begin.
    pub(super) fn is_first(&self, prefix: &Path) -> bool {
        self.lock().swept.insert(prefix.to_owned())
    }

    /// On SIGINT, SIGTERM and SIGHUP removes the unfinished files and ends the process with status 130. Signals that
    /// the parent had ignored (`nohup`) stay ignored.
    #[cfg(unix)]
    pub(super) fn remove_on_interrupt(&self) -> Result<(), Failure> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

        let ignored = ignored_signals();
        let wanted = [SIGINT, SIGTERM, SIGHUP]
            .into_iter()
            .filter(|signal| ignored >> (signal - 1) & 1 == 0);
        let fault = |error| Failure::Start(format!("cannot handle interrupts: {error}"));
        let mut signals = signal_hook::iterator::Signals::new(wanted).map_err(fault)?;
        let unfinished = self.clone();
        std::thread::Builder::new()
            .name("facematch-interrupt".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                if signals.forever().next().is_some() {
                    unfinished.remove_and_exit();
                }
            })
            .map_err(|error| {
                Failure::Start(format!("cannot handle interrupts: {error}{NO_THREADS}"))
            })?;
        Ok(())
    }

    /// Elsewhere the system ends the process by itself.
    #[cfg(not(unix))]
    pub(super) fn remove_on_interrupt(&self) -> Result<(), Failure> {
        Ok(())
    }

    #[cfg(unix)]
    fn remove_and_exit(&self) {
        use std::io::{IsTerminal, Write};

        // Held to the end, so that no other file is begun.
        let mut unfinished = self.lock();
        for path in &unfinished.files {
            let _ = std::fs::remove_file(path);
        }
        unfinished.remove_empty_folders();
        // Held to the end, too, so that this is the last line.
        let mut stderr = std::io::stderr().lock();
        // In the place of the `^C` and the progress line (ECMA-48: erase the line).
        let start = if stderr.is_terminal() {
            "\r\x1b[2K"
        } else {
            ""
        };
        let how_far = how_far().map_or_else(String::new, |how_far| format!(": {how_far}"));
        let _ = writeln!(stderr, "{start}facematch: interrupted{how_far}");
        // Without destructors: the workers are still in the midst of C++.
        signal_hook::low_level::exit(super::exit::INTERRUPTED);
    }
}

/// The signals that were ignored when the process began, signal n as bit n - 1, where the system tells (Linux, proc(5)).
#[cfg(unix)]
fn ignored_signals() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let mask = status
                .lines()
                .find_map(|line| line.strip_prefix("SigIgn:"))?;
            u64::from_str_radix(mask.trim(), 16).ok()
        })
        .unwrap_or(0)
}
