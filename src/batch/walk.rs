//! The search for photos: turns folders and files into one sorted list.
//!
//! A file in a folder counts as a photo if it has a photo's extension. If it has the extension of
//! an unsupported format, or if the name is unclear, the content decides. A photo with any other
//! extension is counted as skipped. A file that the user names is always taken: it gives a result
//! or an error. Pictures that facematch drew are skipped.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use facematch_image_files::ImageFileError;
use walkdir::{DirEntry, WalkDir};

use super::folders::{Folders, name_of};
use super::names::{
    CROP_ENDING, ContentKind, DRAWING_ENDING, NameKind, OwnPicture, extension, is_copy, is_original,
};
use super::pattern::PathPattern;
use crate::error::Error;

/// Options for searching folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalkOptions {
    /// Number of levels below a folder that are searched; 1 means only the files in the folder
    /// itself.
    pub max_depth: usize,
    /// `true` to enter folders that are symbolic links. Links to files are always followed.
    pub follow_links: bool,
    /// `true` to include files and folders whose name starts with a dot.
    pub hidden: bool,
    /// Folders that are not entered, in canonical form (see [`std::fs::canonicalize`]).
    pub excluded: Vec<PathBuf>,
    /// Files and folders that are left out.
    pub excluded_patterns: Vec<PathPattern>,
    /// Extensions in lower case of the files that are taken, whatever they contain. If it is empty,
    /// these are the files that look like photos.
    pub extensions: Vec<String>,
    /// Files that are taken whatever they are called and contain.
    pub also: Vec<PathPattern>,
    /// `true` to take photos in formats that facematch does not read too.
    pub foreign: bool,
    /// Purpose of the photos.
    pub purpose: Purpose,
}

/// Purpose of photos. It decides which pictures that facematch drew are included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The photos are searched. Drawings and crops are skipped.
    Search,
    /// The photos show known people. They may include crops that the user put there.
    KnownPeople,
}

impl Default for WalkOptions {
    fn default() -> Self {
        Self {
            max_depth: usize::MAX,
            follow_links: false,
            hidden: false,
            excluded: Vec::new(),
            excluded_patterns: Vec::new(),
            extensions: Vec::new(),
            also: Vec::new(),
            foreign: false,
            purpose: Purpose::Search,
        }
    }
}

/// One input: a path, and its problem if one is already known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    path: PathBuf,
    problem: Option<Box<Problem>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    Unreadable(io::ErrorKind, String),
    Folder,
    /// A skipped file of this kind. No input in [`Inputs::list`] has this problem.
    Skipped(String),
}

impl Input {
    /// Creates an input for a photo that has not been opened yet.
    pub fn photo(path: PathBuf) -> Self {
        Self {
            path,
            problem: None,
        }
    }

    /// Returns the path as the user would write it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the reason why the input cannot be processed, if one is already known.
    pub fn problem(&self) -> Option<Error> {
        let path = self.path.clone();
        Some(match self.problem.as_deref()? {
            Problem::Folder => Error::ImageFile(ImageFileError::NotAFile {
                path,
                what: "a folder",
            }),
            Problem::Unreadable(kind, text) => Error::Read {
                path,
                source: io::Error::new(*kind, text.clone()),
            },
            Problem::Skipped(_) => return None,
        })
    }

    fn skipped(path: PathBuf, kind: &str) -> Self {
        Self::broken(path, Problem::Skipped(kind.to_owned()))
    }

    fn is_skipped(&self) -> bool {
        matches!(self.problem.as_deref(), Some(Problem::Skipped(_)))
    }

    fn broken(path: PathBuf, problem: Problem) -> Self {
        Self {
            path,
            problem: Some(Box::new(problem)),
        }
    }
}

/// Inputs of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Files, each once, sorted by the bytes of their paths (like `LC_ALL=C sort`).
    pub list: Vec<Input>,
    /// Numbers of photos that are not searched, by extension: photos in unsupported formats or with
    /// extensions that photos do not have, and facematch's own pictures ([`OWN_PICTURES`]).
    pub skipped: BTreeMap<String, usize>,
}

/// Keys of facematch's own pictures in [`Inputs::skipped`]: drawings and crops.
pub const OWN_PICTURES: [&str; 2] = [DRAWING_ENDING, CROP_ENDING];

/// Returns the photos below `roots`: folders are searched, anything else is taken as it is. A file
/// below several roots is returned once, with its path below the first of them.
pub fn walk(roots: &[PathBuf], options: &WalkOptions) -> Inputs {
    let mut inputs = Inputs::default();
    let mut starts = Vec::with_capacity(roots.len());
    let mut walked = HashSet::new();
    for root in roots {
        starts.push(inputs.list.len());
        if root.is_dir() {
            let place = std::fs::canonicalize(root).unwrap_or_else(|_| root.clone());
            if walked.insert(place) {
                walk_folder(root, options, &mut inputs);
            }
        } else {
            inputs.list.push(named_file(root, options));
        }
    }
    if roots.len() > 1 {
        remove_repeated(&mut inputs.list, &starts);
    }
    let Inputs { list, skipped } = &mut inputs;
    list.retain(|input| match input.problem.as_deref() {
        Some(Problem::Skipped(kind)) => {
            *skipped.entry(kind.clone()).or_default() += 1;
            false
        }
        _ => true,
    });
    list.sort_by(|a, b| sort_key(&a.path).cmp(sort_key(&b.path)));
    inputs
}

fn sort_key(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// Removes files that an earlier root also contains, regardless of how their folder is written. The
/// inputs of root `i` start at `starts[i]`.
fn remove_repeated(list: &mut Vec<Input>, starts: &[usize]) {
    let mut folders = Folders::default();
    let folder: Vec<usize> = list
        .iter()
        .map(|input| folders.folder_of(&input.path))
        .collect();
    let place = |index: usize| (folder[index], name_of(&list[index].path));
    let root = |index: usize| starts.partition_point(|&start| start <= index);
    let mut by_place: Vec<usize> = (0..list.len()).collect();
    by_place.sort_unstable_by(|&a, &b| place(a).cmp(&place(b)).then(a.cmp(&b)));
    let mut is_repeated = vec![false; list.len()];
    for same in by_place.chunk_by(|&a, &b| place(a) == place(b)) {
        // A file that a folder skips is still taken if the user names it.
        let taken = same.iter().find(|&&index| !list[index].is_skipped());
        let kept = root(*taken.unwrap_or(&same[0]));
        // A root that follows links may contain the same file in several places.
        for &index in same.iter().filter(|&&index| root(index) != kept) {
            is_repeated[index] = true;
        }
    }
    let mut is_repeated = is_repeated.into_iter();
    list.retain(|_| !is_repeated.next().unwrap_or(false));
}

/// Returns the input for the file `path`, which the user named. It is taken whatever its name is,
/// except for drawings and for crops next to their photos, because `photos/*` also matches them.
fn named_file(path: &Path, options: &WalkOptions) -> Input {
    let skipped = match (options.purpose, OwnPicture::of(path)) {
        (Purpose::KnownPeople, _)
        | (
            _,
            Some(OwnPicture::Crop {
                beside_photo: false,
            }),
        ) => None,
        (Purpose::Search, picture) => picture,
    };
    match skipped {
        Some(picture) => Input::skipped(path.to_owned(), picture.ending()),
        None => Input::photo(path.to_owned()),
    }
}

fn walk_folder(root: &Path, options: &WalkOptions, inputs: &mut Inputs) {
    let entries = WalkDir::new(root)
        .max_depth(options.max_depth)
        .follow_links(options.follow_links)
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || is_wanted(root, entry, options));
    for entry in entries {
        match entry {
            Ok(entry) if entry.depth() == 0 => {}
            Ok(entry) => add_entry(root, &entry, options, inputs),
            Err(error) => inputs.list.push(unreadable(root, &error)),
        }
    }
}

fn is_wanted(root: &Path, entry: &DirEntry, options: &WalkOptions) -> bool {
    (options.hidden || !is_hidden(entry))
        && !is_excluded(entry, &options.excluded)
        && !is_matched(root, entry.path(), &options.excluded_patterns)
}

/// Returns whether one of `patterns` matches the `path` below `root`.
fn is_matched(root: &Path, path: &Path, patterns: &[PathPattern]) -> bool {
    let below = path.strip_prefix(root).unwrap_or(path);
    patterns.iter().any(|pattern| pattern.matches(below, path))
}

fn is_excluded(entry: &DirEntry, excluded: &[PathBuf]) -> bool {
    !excluded.is_empty()
        && entry.file_type().is_dir()
        && std::fs::canonicalize(entry.path()).is_ok_and(|folder| excluded.contains(&folder))
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn add_entry(root: &Path, entry: &DirEntry, options: &WalkOptions, inputs: &mut Inputs) {
    let path = entry.path();
    let name = NameKind::of(path);
    if entry.file_type().is_dir() {
        // The walk still searches the folder's content.
        if name == NameKind::Photo {
            let folder = Input::broken(path.to_owned(), Problem::Folder);
            inputs.list.push(folder);
        }
        return;
    }
    // Only links to folders are skipped, unless the user asks for them.
    if entry.path_is_symlink() && path.is_dir() {
        return;
    }
    let is_wanted = match options.extensions.is_empty() {
        true => is_matched(root, path, &options.also),
        false => options.extensions.contains(&extension(path)),
    };
    inputs
        .list
        .extend(match (is_wanted, options.extensions.is_empty()) {
            (true, _) => Some(wanted_file(path, options.purpose)),
            (false, true) => found_file(path, name, options),
            (false, false) => None,
        });
}

/// Returns the input for the file `path`, which is a photo or a picture that facematch drew.
fn wanted_file(path: &Path, purpose: Purpose) -> Input {
    match own_picture(path, purpose) {
        Some(picture) => Input::skipped(path.to_owned(), picture.ending()),
        None => Input::photo(path.to_owned()),
    }
}

/// Returns the input for the file `path` in a folder, whose name has the kind `name`, or `None` if
/// it is not a photo.
fn found_file(path: &Path, name: NameKind, options: &WalkOptions) -> Option<Input> {
    let content = match &name {
        NameKind::Photo => ContentKind::Image,
        NameKind::Unclear if is_original(path) => ContentKind::Other,
        NameKind::Other(_) if is_copy(path) => ContentKind::Other,
        _ => ContentKind::of(path),
    };
    let path = path.to_owned();
    Some(match (name, content) {
        // Reported, because the user would miss it if it was meant to be searched.
        (NameKind::Other(ending), ContentKind::Image) => Input::skipped(path, &ending),
        (_, ContentKind::Image) => wanted_file(&path, options.purpose),
        (NameKind::Foreign(_), _) | (_, ContentKind::Foreign(_)) if options.foreign => {
            Input::photo(path)
        }
        (NameKind::Foreign(extension), _) => Input::skipped(path, &extension),
        (_, ContentKind::Foreign(format)) => Input::skipped(path, format),
        (_, ContentKind::Other) => return None,
    })
}

/// Returns the picture that facematch drew at `path`, unless it is suitable for this `purpose`.
fn own_picture(path: &Path, purpose: Purpose) -> Option<OwnPicture> {
    OwnPicture::of(path).filter(|picture| match (purpose, picture) {
        (Purpose::KnownPeople, OwnPicture::Crop { beside_photo }) => *beside_photo,
        _ => true,
    })
}

fn unreadable(root: &Path, error: &walkdir::Error) -> Input {
    let path = error.path().unwrap_or(root).to_owned();
    let problem = match (error.loop_ancestor(), error.io_error()) {
        (Some(ancestor), _) => Problem::Unreadable(
            io::ErrorKind::InvalidInput,
            format!("the link leads back to {}", ancestor.display()),
        ),
        (None, Some(error)) => Problem::Unreadable(error.kind(), error.to_string()),
        (None, None) => Problem::Unreadable(io::ErrorKind::Other, error.to_string()),
    };
    Input::broken(path, problem)
}

#[cfg(test)]
mod tests;
