//! Transfer of a photo together with its sidecars. Each file is in both places first, and the
//! sources of a move are removed only when all files have arrived. A run that is killed therefore
//! separates no photo from its sidecars, and the next run finishes the move.

use std::io;
use std::path::{Path, PathBuf};

use super::transfer::{Arrival, remove_moved, transfer};
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::report::SortMethod;

/// An error and the file that it is about.
pub(super) type FileError = (PathBuf, io::Error);

/// A file that is in both places.
struct Brought {
    moves: bool,
    source: PathBuf,
    target: PathBuf,
    arrival: Arrival,
    /// `true` if this run created the target.
    is_new: bool,
    /// `true` if this run removed the source.
    is_removed: bool,
}

/// Files of one transfer.
pub(super) struct Together<'a> {
    unfinished: &'a UnfinishedFiles,
    brought: Vec<Brought>,
}

impl<'a> Together<'a> {
    pub(super) fn new(unfinished: &'a UnfinishedFiles) -> Self {
        Self {
            unfinished,
            brought: Vec::new(),
        }
    }

    /// Transfers `source` to `target`, which is free.
    pub(super) fn bring(
        &mut self,
        method: SortMethod,
        source: &Path,
        target: &Path,
    ) -> Result<(), FileError> {
        let arrival = transfer(method, source, target, self.unfinished)?;
        self.add(method, source, target, arrival, true);
        Ok(())
    }

    /// Records that `source` is at `target` already, perhaps because an earlier run was killed.
    pub(super) fn bring_again(
        &mut self,
        method: SortMethod,
        source: &Path,
        target: &Path,
        arrival: Arrival,
    ) {
        self.add(method, source, target, arrival, false);
    }

    fn add(
        &mut self,
        method: SortMethod,
        source: &Path,
        target: &Path,
        arrival: Arrival,
        is_new: bool,
    ) {
        self.brought.push(Brought {
            moves: method == SortMethod::Move,
            source: source.to_owned(),
            target: target.to_owned(),
            arrival,
            is_new,
            is_removed: false,
        });
    }

    /// Removes the sources of files that move. The photo was added last and is removed last,
    /// because the next run finds the other files through it.
    ///
    /// # Errors
    /// The file that could not be removed, or that another program has changed. All files are
    /// restored then.
    pub(super) fn finish(mut self) -> Result<(), FileError> {
        let removed = self.remove_sources();
        if removed.is_err() {
            self.undo();
        }
        removed
    }

    fn remove_sources(&mut self) -> Result<(), FileError> {
        let moved = || self.brought.iter().filter(|file| file.moves);
        for file in moved() {
            file.check().map_err(|error| (file.source.clone(), error))?;
        }
        for file in self.brought.iter_mut().filter(|file| file.moves) {
            let removed = file.check().and_then(|()| remove_moved(&file.source));
            removed.map_err(|error| (file.source.clone(), error))?;
            file.is_removed = true;
        }
        Ok(())
    }

    /// Removes the targets that were created, and restores the sources that were removed.
    pub(super) fn undo(self) {
        for file in self.brought.iter().rev() {
            // If this fails too, the file is complete in its new place; the first error is
            // reported.
            let _ = file.undo(self.unfinished);
        }
    }
}

impl Brought {
    /// Refuses to remove a source that differs from the target.
    fn check(&self) -> io::Result<()> {
        self.arrival.check(&self.source, &self.target)
    }

    fn undo(&self, unfinished: &UnfinishedFiles) -> io::Result<()> {
        if self.is_removed {
            let moved = transfer(SortMethod::Move, &self.target, &self.source, unfinished);
            moved.map_err(|(_, error)| error)?;
        }
        // If another program removed the source, the target may be the only copy.
        if self.is_new && std::fs::symlink_metadata(&self.source).is_ok() {
            std::fs::remove_file(&self.target)?;
        }
        Ok(())
    }
}
