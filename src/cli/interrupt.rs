//! Ctrl-C: ends at once, reports how far the run was, and leaves neither half-written files nor
//! started processes behind.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::exit::Failure;
#[cfg(unix)]
use super::exit::NO_THREADS;
#[cfg(unix)]
use super::progress::how_far;

/// Stack size in bytes of the thread that waits for signals, which does little work.
#[cfg(unix)]
const STACK_BYTES: usize = 256 << 10;

/// Temporary files being written, folders created for finished files, and processes at work.
#[derive(Debug, Clone, Default)]
pub(super) struct UnfinishedFiles(Arc<Mutex<Unfinishable>>);

#[derive(Debug, Default)]
struct Unfinishable {
    files: BTreeSet<PathBuf>,
    /// Created folders, each before its subfolders.
    folders: Vec<PathBuf>,
    /// Folders already searched for leftovers of killed runs, with the prefix of the leftovers'
    /// names.
    swept: BTreeSet<PathBuf>,
    /// Groups of processes that run for this one, by the process that leads each.
    groups: BTreeSet<u32>,
}

/// A process that is ended with this one until this guard is dropped.
#[derive(Debug)]
pub(super) struct Running {
    id: u32,
    all: UnfinishedFiles,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.all.lock().groups.remove(&self.id);
    }
}

/// Guard that, when dropped, removes the folders that the run created and that are still empty.
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
            // Fails if the folder is not empty, as it should.
            let _ = std::fs::remove_dir(folder);
        }
    }
}

/// A file that counts as unfinished until this guard is dropped.
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

    /// Opens a temporary file with `create` and records it. One lock covers both steps, so that an
    /// interrupt misses no file.
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

    /// Starts `command` in a process group of its own, which ends with this process. One lock
    /// covers the start and the record of it, so that an interrupt misses no process.
    pub(super) fn spawn(&self, command: &mut Command) -> std::io::Result<(Child, Running)> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let mut unfinished = self.lock();
        let child = command.spawn()?;
        unfinished.groups.insert(child.id());
        let running = Running {
            id: child.id(),
            all: self.clone(),
        };
        Ok((child, running))
    }

    /// Creates `folder` and its missing parents, and records those that it created.
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
            // Another run or worker created it first.
            Err(_) if folder.is_dir() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Returns a guard that removes the recorded folders if they are still empty at the end.
    pub(super) fn empty_folders(&self) -> EmptyFolders {
        EmptyFolders(self.clone())
    }

    /// Returns whether this is the run's first call for `prefix`: a folder joined with the prefix
    /// of its temporary files.
    pub(super) fn is_first(&self, prefix: &Path) -> bool {
        self.lock().swept.insert(prefix.to_owned())
    }

    /// Sets up a handler for SIGINT, SIGTERM and SIGHUP that removes the unfinished files and ends
    /// the process with status 130. Signals that the parent process ignored (`nohup`) stay ignored.
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

    /// Does nothing: on other systems an interrupt ends the process without our help.
    #[cfg(not(unix))]
    pub(super) fn remove_on_interrupt(&self) -> Result<(), Failure> {
        Ok(())
    }

    #[cfg(unix)]
    fn remove_and_exit(&self) {
        use std::io::{IsTerminal, Write};

        // Locked until the process ends, so that no other file is started.
        let mut unfinished = self.lock();
        for group in &unfinished.groups {
            kill_group(*group);
        }
        for path in &unfinished.files {
            let _ = std::fs::remove_file(path);
        }
        unfinished.remove_empty_folders();
        // Locked until the process ends too, so that this is the last line.
        let mut stderr = std::io::stderr().lock();
        // Overwrites the `^C` and the progress line (ECMA-48: erase the line).
        let start = if stderr.is_terminal() {
            "\r\x1b[2K"
        } else {
            ""
        };
        let how_far = how_far().map_or_else(String::new, |how_far| format!(": {how_far}"));
        let _ = writeln!(stderr, "{start}facematch: interrupted{how_far}");
        // No destructors run, because the workers may still be executing C++ code.
        signal_hook::low_level::exit(super::exit::INTERRUPTED);
    }
}

/// Ends all processes of the group that the process `leader` leads.
#[cfg(unix)]
pub(super) fn kill_group(leader: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};

    if let Some(group) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Returns the signals that were ignored when the process started, with signal n as bit n - 1. Zero
/// on systems that do not report them (Linux does, proc(5)).
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
