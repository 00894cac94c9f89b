//! Recognition of paths that name the same file. The user can write a folder in several ways: as
//! `photos`, as `./photos`, or as a link to it.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Folders with one number each, regardless of how they are written.
#[derive(Debug, Default)]
pub struct Folders {
    by_spelling: HashMap<PathBuf, usize>,
    by_place: HashMap<PathBuf, usize>,
}

impl Folders {
    /// Returns the number of the folder of `path` and the name of the file in it.
    ///
    /// Both are the same for every spelling of the path, but a link to a single file counts as a
    /// separate file. The file system is queried once for each spelling of a folder.
    pub fn place(&mut self, path: &Path) -> (usize, OsString) {
        (self.folder_of(path), name_of(path).to_owned())
    }

    pub(super) fn folder_of(&mut self, path: &Path) -> usize {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if let Some(&number) = self.by_spelling.get(folder) {
            return number;
        }
        let place = std::fs::canonicalize(folder)
            .or_else(|_| std::path::absolute(folder))
            .unwrap_or_else(|_| folder.to_owned());
        let next = self.by_place.len();
        let number = *self.by_place.entry(place).or_insert(next);
        self.by_spelling.insert(folder.to_owned(), number);
        number
    }
}

pub(super) fn name_of(path: &Path) -> &OsStr {
    path.file_name().unwrap_or(path.as_os_str())
}
