//! Checks whether two paths lead to the same file, or one path into the folder of another.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::output::file_number;

/// Returns whether `path`, which need not exist, is `place` or lies in it. Comparing the paths is
/// not enough, because they may differ in upper and lower case.
pub(super) fn is_in(path: &Path, place: &Path) -> bool {
    let there = Existing::of(place);
    there.is_some_and(|place| resolved(path).ancestors().any(|at| place.is(at)))
}

/// An existing file.
pub(super) struct Existing {
    pub(super) number: Option<[u64; 2]>,
    place: PathBuf,
}

impl Existing {
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self {
            number: file_number(&metadata),
            place: resolved(path),
        })
    }

    /// Returns whether `path` is another name for this file.
    pub(super) fn is(&self, path: &Path) -> bool {
        let number = std::fs::metadata(path).map(|metadata| file_number(&metadata));
        match (self.number, number) {
            (_, Err(_)) => false,
            (Some(a), Ok(Some(b))) if a == b => true,
            // Some network file systems do not always report the same number for a file.
            _ => {
                let name = |path: &Path| path.file_name().map(std::ffi::OsStr::to_ascii_lowercase);
                name(path) == name(&self.place) && resolved(path) == self.place
            }
        }
    }
}

/// Returns whether standard input reads the file `number`.
#[cfg(unix)]
pub(super) fn is_stdin(number: Option<[u64; 2]>) -> bool {
    is_stream(number, io::stdin())
}

/// Returns whether `stream` reads or writes the file `number`.
#[cfg(unix)]
pub(super) fn is_stream(number: Option<[u64; 2]>, stream: impl std::os::fd::AsFd) -> bool {
    let file = stream.as_fd().try_clone_to_owned().map(File::from);
    let metadata = file.and_then(|file| file.metadata());
    number.is_some() && metadata.is_ok_and(|metadata| file_number(&metadata) == number)
}

#[cfg(not(unix))]
pub(super) fn is_stdin(_number: Option<[u64; 2]>) -> bool {
    false
}

/// Maximum number of links followed in a path that does not exist yet, the same as on Linux.
const MOST_LINKS: usize = 40;

/// Returns `path` without links and `..`, even if it does not exist yet or is a dangling link.
/// Missing folders are treated as folders that will be created.
pub(super) fn resolved(path: &Path) -> PathBuf {
    if let Ok(resolved) = std::fs::canonicalize(path) {
        return resolved;
    }
    let mut place = match path.is_relative() {
        true => std::fs::canonicalize(".").unwrap_or_default(),
        false => PathBuf::new(),
    };
    let parts_backwards = |path: &Path| {
        let parts = path
            .components()
            .rev()
            .map(|part| PathBuf::from(part.as_os_str()));
        parts.collect::<Vec<_>>()
    };
    let mut rest = parts_backwards(path);
    let mut links = 0;
    while let Some(part) = rest.pop() {
        if part.as_os_str() == ".." {
            place.pop();
            continue;
        }
        let next = place.join(&part);
        match std::fs::read_link(&next) {
            Ok(target) if links < MOST_LINKS => {
                links += 1;
                rest.extend(parts_backwards(&target));
            }
            // `join` replaces the whole path if the part is a root.
            _ => place = next,
        }
    }
    place
}
