//! Which photos: folders and files become one sorted list.
//!
//! Inside of folders a file counts as a photo when its name ends like one, or, having no extension at all, when its
//! content begins like one. A file that is named by the user is taken as it is: it gives a result or an error.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::error::Error;
use crate::image::has_image_signature;

/// Extensions of the formats that are read, in lower case.
const PHOTO_EXTENSIONS: [&str; 12] = [
    "jpg", "jpeg", "jpe", "jfif", "png", "apng", "webp", "tif", "tiff", "bmp", "dib", "gif",
];

/// Extensions of photos that cannot be read: the user is told that they were passed over.
const FOREIGN_PHOTO_EXTENSIONS: [&str; 20] = [
    "heic", "heif", "avif", "jxl", "jp2", "psd", "raw", "dng", "cr2", "cr3", "nef", "arw", "orf",
    "rw2", "raf", "pef", "srw", "ico", "svg", "tga",
];

/// How folders are searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalkOptions {
    /// How many levels below a folder are entered: 1 are the files in the folder itself.
    pub max_depth: usize,
    /// Enter folders that are symbolic links. Links to files are always followed.
    pub follow_links: bool,
    /// Take files and folders whose name begins with a dot.
    pub hidden: bool,
    /// Folders that are not entered, in their canonical form (see [`std::fs::canonicalize`]).
    pub excluded: Vec<PathBuf>,
}

impl Default for WalkOptions {
    fn default() -> Self {
        Self {
            max_depth: usize::MAX,
            follow_links: false,
            hidden: false,
            excluded: Vec::new(),
        }
    }
}

/// One input: a path, and what already went wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    path: PathBuf,
    problem: Option<Box<Problem>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    Unreadable(io::ErrorKind, String),
    Folder,
}

impl Input {
    /// A photo, not yet looked at.
    pub fn photo(path: PathBuf) -> Self {
        Self {
            path,
            problem: None,
        }
    }

    /// Where it is, as the user would write it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why it cannot be worked on, if that is known already.
    pub fn problem(&self) -> Option<Error> {
        let path = self.path.clone();
        Some(match self.problem.as_deref()? {
            Problem::Folder => Error::NotAFile {
                path,
                what: "a folder",
            },
            Problem::Unreadable(kind, text) => Error::Read {
                path,
                source: io::Error::new(*kind, text.clone()),
            },
        })
    }

    fn broken(path: PathBuf, problem: Problem) -> Self {
        Self {
            path,
            problem: Some(Box::new(problem)),
        }
    }
}

/// The inputs of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Every path once, sorted by its bytes (as `LC_ALL=C sort` does).
    pub list: Vec<Input>,
    /// Photos in formats that cannot be read: how many of each extension were passed over.
    pub foreign: BTreeMap<String, usize>,
}

/// Whether `path` is named like a photo, so that [`walk`] finds it in a folder.
pub fn has_photo_extension(path: &Path) -> bool {
    let extension = path.extension().map(lower_case);
    extension.is_some_and(|extension| PHOTO_EXTENSIONS.contains(&extension.as_str()))
}

/// The photos below `roots`: folders are searched, everything else is taken as it is.
pub fn walk(roots: &[PathBuf], options: &WalkOptions) -> Inputs {
    let mut inputs = Inputs::default();
    for root in roots {
        if root.is_dir() {
            walk_folder(root, options, &mut inputs);
        } else {
            inputs.list.push(Input::photo(root.clone()));
        }
    }
    // Stable: of two inputs with one path the first stays.
    inputs
        .list
        .sort_by(|a, b| sort_key(&a.path).cmp(sort_key(&b.path)));
    inputs
        .list
        .dedup_by(|a, b| a.path.as_os_str() == b.path.as_os_str());
    inputs
}

fn sort_key(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

fn walk_folder(root: &Path, options: &WalkOptions, inputs: &mut Inputs) {
    let entries = WalkDir::new(root)
        .max_depth(options.max_depth)
        .follow_links(options.follow_links)
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || is_wanted(entry, options));
    for entry in entries {
        match entry {
            Ok(entry) if entry.depth() == 0 => {}
            Ok(entry) => add_entry(&entry, inputs),
            Err(error) => inputs.list.push(unreadable(root, &error)),
        }
    }
}

fn is_wanted(entry: &DirEntry, options: &WalkOptions) -> bool {
    (options.hidden || !is_hidden(entry)) && !is_excluded(entry, &options.excluded)
}

fn is_excluded(entry: &DirEntry, excluded: &[PathBuf]) -> bool {
    !excluded.is_empty()
        && entry.file_type().is_dir()
        && std::fs::canonicalize(entry.path()).is_ok_and(|folder| excluded.contains(&folder))
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn add_entry(entry: &DirEntry, inputs: &mut Inputs) {
    let path = entry.path();
    let extension = path.extension().map(lower_case);
    let is_photo_name = extension
        .as_deref()
        .is_some_and(|e| PHOTO_EXTENSIONS.contains(&e));
    if entry.file_type().is_dir() {
        // Its content is searched all the same.
        if is_photo_name {
            inputs
                .list
                .push(Input::broken(path.to_owned(), Problem::Folder));
        }
        return;
    }
    // Only links to folders are left alone unless asked for.
    if entry.path_is_symlink() && path.is_dir() {
        return;
    }
    match extension {
        _ if is_photo_name => inputs.list.push(Input::photo(path.to_owned())),
        None if !is_backup(path) && begins_like_a_photo(path) => {
            inputs.list.push(Input::photo(path.to_owned()));
        }
        Some(e) if FOREIGN_PHOTO_EXTENSIONS.contains(&e.as_str()) => {
            *inputs.foreign.entry(e).or_default() += 1;
        }
        _ => {}
    }
}

fn lower_case(extension: &OsStr) -> String {
    extension.to_string_lossy().to_lowercase()
}

/// Whether ExifTool has kept `path`, as a photo was before it changed it.
fn is_backup(path: &Path) -> bool {
    let photo = path
        .to_str()
        .and_then(|path| path.strip_suffix("_original"));
    photo.is_some_and(|photo| Path::new(photo).is_file())
}

fn begins_like_a_photo(path: &Path) -> bool {
    // A pipe would block the run.
    if !path.is_file() {
        return false;
    }
    let mut start = [0; 16];
    let read = File::open(path).and_then(|mut file| file.read(&mut start));
    read.is_ok_and(|length| has_image_signature(&start[..length]))
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
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        folder
    }

    fn names(folder: &Path, options: &WalkOptions) -> Vec<String> {
        walk(&[folder.to_owned()], options)
            .list
            .iter()
            .map(|input| {
                let below = input.path().strip_prefix(folder).unwrap();
                below.to_str().unwrap().to_owned()
            })
            .collect()
    }

    #[test]
    fn photos_are_found_at_any_depth_and_sorted_by_bytes() {
        let folder = tree(&[
            "b.JPG",
            "a/z.png",
            "a.jpg",
            "a-b/c.webp",
            "notes.txt",
            "a/b/c/d.tiff",
        ]);
        let found = names(folder.path(), &WalkOptions::default());
        assert_eq!(
            found,
            ["a-b/c.webp", "a.jpg", "a/b/c/d.tiff", "a/z.png", "b.JPG"]
        );
    }

    #[test]
    fn depth_and_hidden_files_are_options() {
        let folder = tree(&["a.jpg", ".b.jpg", ".c/d.jpg", "e/f.jpg"]);
        let shallow = WalkOptions {
            max_depth: 1,
            ..WalkOptions::default()
        };
        assert_eq!(names(folder.path(), &shallow), ["a.jpg"]);
        let hidden = WalkOptions {
            hidden: true,
            ..WalkOptions::default()
        };
        assert_eq!(
            names(folder.path(), &hidden),
            [".b.jpg", ".c/d.jpg", "a.jpg", "e/f.jpg"]
        );
    }

    #[test]
    fn excluded_folders_are_not_entered() {
        let folder = tree(&["a.jpg", "out/b.jpg", "out/c/d.jpg", "outer/e.jpg"]);
        let options = WalkOptions {
            excluded: vec![std::fs::canonicalize(folder.path().join("out")).unwrap()],
            ..WalkOptions::default()
        };
        assert_eq!(names(folder.path(), &options), ["a.jpg", "outer/e.jpg"]);
    }

    #[test]
    fn without_an_extension_the_content_decides() {
        let folder = tree(&["readme"]);
        // What ExifTool keeps of a photo that it has changed is not searched with it.
        for name in ["scan0001", "scan0001_original", "my_original"] {
            std::fs::write(folder.path().join(name), b"\x89PNG\r\n\x1a\n....").unwrap();
        }
        let found = names(folder.path(), &WalkOptions::default());
        assert_eq!(found, ["my_original", "scan0001"]);
    }

    #[test]
    fn formats_that_cannot_be_read_are_counted() {
        let folder = tree(&["a.HEIC", "b.heic", "c.nef", "d.txt"]);
        let inputs = walk(&[folder.path().to_owned()], &WalkOptions::default());
        assert!(inputs.list.is_empty());
        assert_eq!(
            inputs.foreign,
            BTreeMap::from([("heic".to_owned(), 2), ("nef".to_owned(), 1)])
        );
    }

    #[test]
    fn a_folder_named_like_a_photo_is_an_error_and_still_searched() {
        let folder = tree(&["odd.jpg/inside.jpg"]);
        let inputs = walk(&[folder.path().to_owned()], &WalkOptions::default());
        assert_eq!(inputs.list.len(), 2);
        assert_eq!(
            inputs.list[0].problem().map(|e| e.kind()),
            Some("not_a_file")
        );
        assert!(inputs.list[1].problem().is_none());
    }

    #[test]
    fn a_path_is_taken_once_and_a_missing_one_is_kept_for_its_error() {
        let folder = tree(&["a.jpg"]);
        let photo = folder.path().join("a.jpg");
        let missing = folder.path().join("none.jpg");
        let roots = [
            photo.clone(),
            folder.path().to_owned(),
            missing.clone(),
            photo.clone(),
        ];
        let inputs = walk(&roots, &WalkOptions::default());
        let paths: Vec<_> = inputs.list.iter().map(Input::path).collect();
        assert_eq!(paths, [photo, missing]);
    }

    #[cfg(unix)]
    #[test]
    fn links_to_files_are_followed_and_links_to_folders_when_asked_for() {
        use std::os::unix::fs::symlink;
        let folder = tree(&["real/a.jpg"]);
        let at = |name: &str| folder.path().join(name);
        symlink(at("real/a.jpg"), at("link.jpg")).unwrap();
        symlink(at("real"), at("linked")).unwrap();
        symlink(at("nowhere"), at("broken.jpg")).unwrap();
        symlink(folder.path(), at("real/loop")).unwrap();

        let found = names(folder.path(), &WalkOptions::default());
        assert_eq!(found, ["broken.jpg", "link.jpg", "real/a.jpg"]);

        let following = WalkOptions {
            follow_links: true,
            ..WalkOptions::default()
        };
        let inputs = walk(&[folder.path().to_owned()], &following);
        let problems: Vec<_> = inputs.list.iter().filter_map(Input::problem).collect();
        assert!(
            inputs
                .list
                .iter()
                .any(|i| i.path().ends_with("linked/a.jpg"))
        );
        assert!(
            problems
                .iter()
                .any(|e| e.to_string().contains("leads back to")),
            "{problems:?}"
        );
    }
}
