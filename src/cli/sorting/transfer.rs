//! Transfer of one file to another place, by copy or link. Existing files are never overwritten. A
//! file that moves is in both places until [`remove_moved`] ends the move.

use std::fs::{File, FileTimes, Metadata};
use std::io::{self, Read};
use std::path::Path;

use super::at;
use super::together::FileError;
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::{FileState, folder_of, keep_attributes, keep_owner, mode_of};
use crate::cli::report::SortMethod;
use crate::cli::same_file::Existing;
use crate::cli::temporary::{HIDDEN, Temporary, sync, sync_folder_of};

/// Kind of file in the new place.
#[derive(Debug)]
pub(super) enum Arrival {
    /// Another name for the same file.
    Link,
    /// A copy of a file that is to be moved, with the state of that file before it was read.
    Copy(SourceState),
    /// A file whose source stays where it is.
    Other,
}

/// Values that differ after another program has written to a file, replaced it or changed its
/// attributes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SourceState {
    file: FileState,
    status_changed: Option<[i64; 2]>,
}

impl From<&Metadata> for SourceState {
    fn from(metadata: &Metadata) -> Self {
        Self {
            file: metadata.into(),
            status_changed: status_changed(metadata),
        }
    }
}

/// Returns the time of the last change of content or attributes. Programs can reset the other
/// times, but not this one.
#[cfg(unix)]
fn status_changed(metadata: &Metadata) -> Option<[i64; 2]> {
    use std::os::unix::fs::MetadataExt;
    Some([metadata.ctime(), metadata.ctime_nsec()])
}

#[cfg(not(unix))]
fn status_changed(_metadata: &Metadata) -> Option<[i64; 2]> {
    None
}

impl Arrival {
    /// Refuses to remove a `source` that differs from `target`.
    ///
    /// # Errors
    /// An error if another program has changed `source`. A missing `source` is not an error.
    pub(super) fn check(&self, source: &Path, target: &Path) -> io::Result<()> {
        let metadata = match std::fs::symlink_metadata(source) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            metadata => metadata?,
        };
        std::fs::symlink_metadata(target)?;
        let is_unchanged = match self {
            // The file has two names: this run added the second one, or found it.
            Self::Link => is_same_file(source, target)?,
            Self::Copy(state) => *state == SourceState::from(&metadata),
            Self::Other => true,
        };
        // FUSE may report outdated inode numbers and times, so the content decides.
        match is_unchanged || is_other_copy(source, target)? {
            true => Ok(()),
            false => Err(io::Error::other(
                "another program changed it while it was being moved; run the command again",
            )),
        }
    }
}

/// Transfers `source` to `target`, in an existing folder. The source stays, even if it is to be
/// moved.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] if `target` exists; otherwise the error, with the path that
/// caused it.
pub(super) fn transfer(
    method: SortMethod,
    source: &Path,
    target: &Path,
    unfinished: &UnfinishedFiles,
) -> Result<Arrival, FileError> {
    if !std::fs::metadata(source).map_err(at(source))?.is_file() {
        return Err((source.to_owned(), io::Error::other("it is not a file")));
    }
    match method {
        SortMethod::Copy => copy(source, target, Purpose::Second, unfinished).map(drop),
        SortMethod::Hardlink => hard_link(source, target).map_err(at(target)),
        SortMethod::Symlink => {
            // The link must work from any folder, and lead to the photo even if the photo is a link
            // itself.
            let end = std::fs::canonicalize(source).map_err(at(source))?;
            symlink(&end, target).map_err(at(target))
        }
        SortMethod::Move => return begin_move(source, target, unfinished),
    }?;
    Ok(Arrival::Other)
}

/// Refuses a path that is not a file, because reading from it might never end.
fn check_file(source: &Path) -> io::Result<()> {
    match std::fs::metadata(source)?.is_file() {
        true => Ok(()),
        false => Err(io::Error::other(format!(
            "{} is not a file",
            source.display()
        ))),
    }
}

/// Returns whether `target` already holds `source`, by `method`.
pub(super) fn holds(method: SortMethod, source: &Path, target: &Path) -> io::Result<bool> {
    match method {
        SortMethod::Copy => is_copy(source, target),
        SortMethod::Hardlink => is_same_file(source, target),
        SortMethod::Symlink => match std::fs::symlink_metadata(target)?.is_symlink() {
            true => leads_to(target, source),
            false => Ok(false),
        },
        // An earlier run may have been killed between the link and the removal.
        SortMethod::Move => Ok(is_same_file(source, target)? && has_two_names(source)?),
    }
}

/// Returns the copy of `source` that a killed run left at `target`, if any. `source` is a file to
/// be moved.
pub(super) fn left_copy(source: &Path, target: &Path) -> io::Result<Option<Arrival>> {
    let state = SourceState::from(&std::fs::symlink_metadata(source)?);
    Ok(is_other_copy(source, target)?.then_some(Arrival::Copy(state)))
}

/// Returns whether `target` is a copy of `source`, and not another path to it.
fn is_other_copy(source: &Path, target: &Path) -> io::Result<bool> {
    Ok(!is_same_file(source, target)? && is_copy(source, target)?)
}

/// Returns whether `target` would hold `source` after `first` was put there by `method`.
pub(super) fn would_hold(method: SortMethod, source: &Path, first: &Path) -> io::Result<bool> {
    match method {
        SortMethod::Copy => same_content(source, first),
        SortMethod::Symlink => leads_to(first, source),
        SortMethod::Hardlink | SortMethod::Move => is_same_file(source, first),
    }
}

/// Returns whether both paths lead to the same file. A dangling link does not.
fn leads_to(path: &Path, end: &Path) -> io::Result<bool> {
    let end = std::fs::canonicalize(end)?;
    Ok(std::fs::canonicalize(path).is_ok_and(|path| path == end))
}

/// Refuses a file that must not be moved.
///
/// # Errors
/// An error if `source` is a link.
pub(super) fn check_movable(source: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(source)?.is_symlink() {
        true => Err(io::Error::other(
            "it is a link, and what it leads to may be used elsewhere; use another --by, or move that",
        )),
        false => Ok(()),
    }
}

/// Returns whether `source` and `target` are the same directory entry, not two names of one file.
pub(super) fn is_at(source: &Path, target: &Path) -> bool {
    // Paths cannot be compared as text because their case may differ.
    let folder = Existing::of(folder_of(source));
    let is_one_folder = folder.is_some_and(|folder| folder.is(folder_of(target)));
    is_one_folder && source.file_name() == target.file_name()
}

/// Purpose of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// A second photo, with the times and the permissions of the first.
    Second,
    /// The photo in its new place. It also gets the owner and the extended attributes, and is on
    /// the disk before the source is removed.
    Move,
}

/// Writes a copy with everything that its `purpose` requires and the file system supports. The copy
/// gets its name when it is complete. Returns the state of `source` before it was read.
fn copy(
    source: &Path,
    target: &Path,
    purpose: Purpose,
    unfinished: &UnfinishedFiles,
) -> Result<SourceState, FileError> {
    let reader = File::open(source).map_err(at(source))?;
    let metadata = reader.metadata().map_err(at(source))?;
    write_copy((source, reader, &metadata), target, purpose, unfinished).map_err(at(target))?;
    Ok(SourceState::from(&metadata))
}

/// Writes the copy of an open `source`.
fn write_copy(
    (source, mut reader, metadata): (&Path, File, &Metadata),
    target: &Path,
    purpose: Purpose,
    unfinished: &UnfinishedFiles,
) -> io::Result<()> {
    let mode = mode_of(metadata);
    let temporary = Temporary::begin(folder_of(target), HIDDEN, mode, unfinished)?;
    let mut file = temporary.file();
    io::copy(&mut reader, &mut file)?;
    if purpose == Purpose::Move {
        // The owner is first, because setting it clears some permissions.
        keep_owner(file, metadata);
        keep_attributes(file, source);
    }
    // The file was created with these permissions, minus the umask.
    let _ = file.set_permissions(metadata.permissions());
    if let (Ok(accessed), Ok(modified)) = (metadata.accessed(), metadata.modified()) {
        // Both times are set, because file systems on libfuse 2, such as exfat-fuse, ignore a
        // single one.
        let times = FileTimes::new().set_accessed(accessed);
        let _ = file.set_times(times.set_modified(modified));
    }
    if purpose == Purpose::Move {
        sync(file)?;
    }
    temporary.rename_to_new(target)
}

fn hard_link(source: &Path, target: &Path) -> io::Result<()> {
    // Links to the photo itself, not to a symbolic link.
    let source = std::fs::canonicalize(source)?;
    std::fs::hard_link(source, target).map_err(|error| match error.kind() {
        io::ErrorKind::CrossesDevices => io::Error::other(
            "the photo is on another file system, and a hard link cannot lead there; use --by copy",
        ),
        _ => without_links(error, "hard"),
    })
}

/// Adds advice to the error if the file system does not support links of this kind.
fn without_links(error: io::Error, link: &str) -> io::Error {
    // EPERM. EACCES, for a folder that must not be written to, has the same kind, but a copy would
    // fail there too.
    let is_refused = cfg!(unix) && error.raw_os_error() == Some(1);
    match error.kind() {
        kind if is_refused || kind == io::ErrorKind::Unsupported => io::Error::new(
            kind,
            format!(
                "no {} link can be made on this file system; use --by copy ({error})",
                link
            ),
        ),
        _ => error,
    }
}

#[cfg(unix)]
fn symlink(source: &Path, target: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(source, target).map_err(|error| without_links(error, "symbolic"))
}

#[cfg(windows)]
fn symlink(source: &Path, target: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(source, target)
}

/// Creates the new place of `source`, which stays in its old place too.
fn begin_move(
    source: &Path,
    target: &Path,
    unfinished: &UnfinishedFiles,
) -> Result<Arrival, FileError> {
    check_movable(source).map_err(at(source))?;
    match std::fs::hard_link(source, target) {
        Ok(()) => Ok(Arrival::Link),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err((target.to_owned(), error))
        }
        // The target is on another file system, or on one without links.
        Err(_) => {
            let state = copy(source, target, Purpose::Move, unfinished)?;
            let synced = sync_folder_of(target).inspect_err(|_| {
                let _ = std::fs::remove_file(target);
            });
            synced.map_err(at(target))?;
            Ok(Arrival::Copy(state))
        }
    }
}

/// Removes `source`, which is in its new place too.
pub(super) fn remove_moved(source: &Path) -> io::Result<()> {
    std::fs::remove_file(source).or_else(|error| match error.kind() {
        // Another program has removed it, so only the target is left.
        io::ErrorKind::NotFound => Ok(()),
        kind => {
            let reason = format!("it cannot be taken from where it is: {error}");
            Err(io::Error::new(kind, reason))
        }
    })
}

/// Returns whether `target` is a copy. A link is not, because it is lost with the file that it
/// leads to.
fn is_copy(source: &Path, target: &Path) -> io::Result<bool> {
    Ok(std::fs::symlink_metadata(target)?.is_file() && same_content(source, target)?)
}

/// Compares the content, because scans of the same size and time would otherwise be considered
/// equal.
fn same_content(a: &Path, b: &Path) -> io::Result<bool> {
    check_file(a)?;
    if std::fs::metadata(a)?.len() != std::fs::metadata(b)?.len() {
        return Ok(false);
    }
    let [a, b] = [a, b].map(File::open);
    let (mut a, mut b) = (a?, b?);
    let [mut block_a, mut block_b] = [(); 2].map(|()| Vec::new());
    loop {
        for (file, block) in [(&mut a, &mut block_a), (&mut b, &mut block_b)] {
            block.clear();
            file.take(1 << 16).read_to_end(block)?;
        }
        if block_a != block_b {
            return Ok(false);
        }
        if block_a.is_empty() {
            return Ok(true);
        }
    }
}

#[cfg(unix)]
fn is_same_file(source: &Path, target: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let number = |metadata: Metadata| (metadata.dev(), metadata.ino());
    let source = number(std::fs::metadata(source)?);
    Ok(number(std::fs::symlink_metadata(target)?) == source)
}

/// Returns whether the file has two names. Its only name must not be removed, even if source and
/// target spell it differently.
#[cfg(unix)]
fn has_two_names(file: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(std::fs::metadata(file)?.nlink() > 1)
}

/// Returns `true`, because std does not report the number of names here. The caller has compared
/// the content of two paths.
#[cfg(not(unix))]
fn has_two_names(_file: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Compares the content, because std does not report file numbers here.
#[cfg(not(unix))]
fn is_same_file(source: &Path, target: &Path) -> io::Result<bool> {
    Ok(std::fs::metadata(target)?.is_file() && same_content(source, target)?)
}
