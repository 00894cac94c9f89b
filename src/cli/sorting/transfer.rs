//! One file comes to another place: copied or linked. Existing files are never overwritten. A file that moves is in both
//! places at first; [`remove_moved`] ends the move.

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

/// How a file is in its new place.
#[derive(Debug)]
pub(super) enum Arrival {
    /// By another name for the same file.
    Link,
    /// By a copy of a file that is to move, which was in this state before it was read.
    Copy(SourceState),
    /// In a way that leaves the source where it is.
    Other,
}

/// What is different once another program has written to a file, replaced it or changed its attributes.
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

/// When the content or the attributes of a file changed last: programs can reset the other times, but not this one.
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
    /// Refuses to remove a `source` that is not what came to `target`.
    ///
    /// # Errors
    /// When another program has changed `source` meanwhile. One that it has removed is no error.
    pub(super) fn check(&self, source: &Path, target: &Path) -> io::Result<()> {
        let metadata = match std::fs::symlink_metadata(source) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            metadata => metadata?,
        };
        std::fs::symlink_metadata(target)?;
        let is_unchanged = match self {
            // Of its names it has two: it got the second one, or was seen to have it.
            Self::Link => is_same_file(source, target)?,
            Self::Copy(state) => *state == SourceState::from(&metadata),
            Self::Other => true,
        };
        // FUSE may tell numbers and times that are out of date; then the content decides.
        match is_unchanged || is_other_copy(source, target)? {
            true => Ok(()),
            false => Err(io::Error::other(
                "another program changed it while it was being moved; run the command again",
            )),
        }
    }
}

/// Brings `source` to `target`, in a folder that is there. The source stays, also if it is to move.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when a file with that name exists by now; else the reason, with the path of the one of
/// both that is in the way.
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
            // The link must hold from any folder, and lead to the photo even if the photo is a link itself.
            let end = std::fs::canonicalize(source).map_err(at(source))?;
            symlink(&end, target).map_err(at(target))
        }
        SortMethod::Move => return begin_move(source, target, unfinished),
    }?;
    Ok(Arrival::Other)
}

/// Refuses what would be read without an end, or is no file that a photo or its sidecar may be.
fn check_file(source: &Path) -> io::Result<()> {
    match std::fs::metadata(source)?.is_file() {
        true => Ok(()),
        false => Err(io::Error::other(format!(
            "{} is not a file",
            source.display()
        ))),
    }
}

/// Whether `target` holds `source` already, by `method`.
pub(super) fn holds(method: SortMethod, source: &Path, target: &Path) -> io::Result<bool> {
    match method {
        SortMethod::Copy => is_copy(source, target),
        SortMethod::Hardlink => is_same_file(source, target),
        SortMethod::Symlink => match std::fs::symlink_metadata(target)?.is_symlink() {
            true => leads_to(target, source),
            false => Ok(false),
        },
        // Where a run was killed between the link and the removal.
        SortMethod::Move => Ok(is_same_file(source, target)? && has_two_names(source)?),
    }
}

/// A copy of `source`, a file that is to move, which a killed run left at `target`.
pub(super) fn left_copy(source: &Path, target: &Path) -> io::Result<Option<Arrival>> {
    let state = SourceState::from(&std::fs::symlink_metadata(source)?);
    Ok(is_other_copy(source, target)?.then_some(Arrival::Copy(state)))
}

/// Whether `target` is a copy of `source`, and not another path to it.
fn is_other_copy(source: &Path, target: &Path) -> io::Result<bool> {
    Ok(!is_same_file(source, target)? && is_copy(source, target)?)
}

/// Whether `target` would hold `source`, once `first` was brought there by `method`.
pub(super) fn would_hold(method: SortMethod, source: &Path, first: &Path) -> io::Result<bool> {
    match method {
        SortMethod::Copy => same_content(source, first),
        SortMethod::Symlink => leads_to(first, source),
        SortMethod::Hardlink | SortMethod::Move => is_same_file(source, first),
    }
}

/// Whether both paths have the same end. One that leads nowhere is another.
fn leads_to(path: &Path, end: &Path) -> io::Result<bool> {
    let end = std::fs::canonicalize(end)?;
    Ok(std::fs::canonicalize(path).is_ok_and(|path| path == end))
}

/// Refuses what is not moved.
///
/// # Errors
/// When `source` is a link.
pub(super) fn check_movable(source: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(source)?.is_symlink() {
        true => Err(io::Error::other(
            "it is a link, and what it leads to may be used elsewhere; use another --by, or move that",
        )),
        false => Ok(()),
    }
}

/// Whether `source` stands at `target` itself, not only under that name too.
pub(super) fn is_at(source: &Path, target: &Path) -> bool {
    // Not by the path, which may be spelled in small and capital letters.
    let folder = Existing::of(folder_of(source));
    let is_one_folder = folder.is_some_and(|folder| folder.is(folder_of(target)));
    is_one_folder && source.file_name() == target.file_name()
}

/// What a copy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// A second photo, which has the times and the permissions of the first.
    Second,
    /// The photo in its new place, which has its owner and its extended attributes too, and is on the disk before the first
    /// is removed.
    Move,
}

/// A copy with what its `purpose` asks for, as far as the file system keeps it, which gets its name when it is whole.
/// Returns the state of `source` before it was read.
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

/// Writes the copy of a `source` that was opened.
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
        // Before the permissions, of which it clears some.
        keep_owner(file, metadata);
        keep_attributes(file, source);
    }
    // It was made with them, but for what the umask takes.
    let _ = file.set_permissions(metadata.permissions());
    if let (Ok(accessed), Ok(modified)) = (metadata.accessed(), metadata.modified()) {
        // Both: file systems on libfuse 2, such as exfat-fuse, ignore one alone.
        let times = FileTimes::new().set_accessed(accessed);
        let _ = file.set_times(times.set_modified(modified));
    }
    if purpose == Purpose::Move {
        sync(file)?;
    }
    temporary.rename_to_new(target)
}

fn hard_link(source: &Path, target: &Path) -> io::Result<()> {
    // The photo itself, not the link to it.
    let source = std::fs::canonicalize(source)?;
    std::fs::hard_link(source, target).map_err(|error| match error.kind() {
        io::ErrorKind::CrossesDevices => io::Error::other(
            "the photo is on another file system, and a hard link cannot lead there; use --by copy",
        ),
        _ => without_links(error, "hard"),
    })
}

/// What to do if a file system has no links of this kind.
fn without_links(error: io::Error, link: &str) -> io::Error {
    // EPERM. EACCES, a folder that must not be written to, is of the same kind, and no copy can be made there either.
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

/// Gives `source` its new place beside its old one.
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
        // Another file system, or one without links.
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

/// Removes `source`, which is in its new place.
pub(super) fn remove_moved(source: &Path) -> io::Result<()> {
    std::fs::remove_file(source).or_else(|error| match error.kind() {
        // Another program has removed it, and the target is all that is left.
        io::ErrorKind::NotFound => Ok(()),
        kind => {
            let reason = format!("it cannot be taken from where it is: {error}");
            Err(io::Error::new(kind, reason))
        }
    })
}

/// A link is no copy: it goes with what it leads to.
fn is_copy(source: &Path, target: &Path) -> io::Result<bool> {
    Ok(std::fs::symlink_metadata(target)?.is_file() && same_content(source, target)?)
}

/// The content decides: scans of one size that were written at the same moment would pass for one another.
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

/// Its only name must not be taken away, however that is written.
#[cfg(unix)]
fn has_two_names(file: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(std::fs::metadata(file)?.nlink() > 1)
}

/// Where std does not tell, the content of both names was compared; they must be two.
#[cfg(not(unix))]
fn has_two_names(_file: &Path) -> io::Result<bool> {
    Ok(true)
}

/// Elsewhere std does not tell; every byte the same is as good.
#[cfg(not(unix))]
fn is_same_file(source: &Path, target: &Path) -> io::Result<bool> {
    Ok(std::fs::metadata(target)?.is_file() && same_content(source, target)?)
}
