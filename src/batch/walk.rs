//! Which photos: folders and files become one sorted list.
//!
//! Inside folders a file counts as a photo if its name ends like one. If it ends like a photo of another format, or says
//! nothing, the content decides. A file that the user names is taken as it is: it gives a result or an error. The pictures
//! that facematch itself has drawn are skipped.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::folders::{Folders, name_of};
use super::names::{CROP_ENDING, ContentKind, DRAWING_ENDING, NameKind, OwnPicture, is_backup};
use crate::error::Error;

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
    /// What the photos are for.
    pub purpose: Purpose,
}

/// What photos are for. It decides which pictures that facematch has drawn are among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// They are searched. Drawings and crops are not.
    Search,
    /// People are known by them, perhaps by crops that the user has put there.
    KnownPeople,
}

impl Default for WalkOptions {
    fn default() -> Self {
        Self {
            max_depth: usize::MAX,
            follow_links: false,
            hidden: false,
            excluded: Vec::new(),
            purpose: Purpose::Search,
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
    /// Skipped as a file of this kind. None of the inputs that are handed out has it.
    Skipped(String),
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

/// The inputs of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Every file once, sorted by the bytes of the paths (as `LC_ALL=C sort` does).
    pub list: Vec<Input>,
    /// Numbers of photos that are not searched, by their extension: of those in formats that are not read, and of
    /// facematch's own pictures ([`OWN_PICTURES`]).
    pub skipped: BTreeMap<String, usize>,
}

/// What facematch's own pictures are called in [`Inputs::skipped`]: drawings and crops.
pub const OWN_PICTURES: [&str; 2] = [DRAWING_ENDING, CROP_ENDING];

/// The photos below `roots`: folders are searched, everything else is taken as it is. A file that is below several roots is
/// taken once, as the first of them has it.
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

/// Removes the files that an earlier root has taken, too, however their folder is written. The inputs of root `i` begin at
/// `starts[i]`.
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
        // A file that a folder skips is taken all the same if the user names it.
        let taken = same.iter().find(|&&index| !list[index].is_skipped());
        let kept = root(*taken.unwrap_or(&same[0]));
        // A root that follows links may have one file at several places.
        for &index in same.iter().filter(|&&index| root(index) != kept) {
            is_repeated[index] = true;
        }
    }
    let mut is_repeated = is_repeated.into_iter();
    list.retain(|_| !is_repeated.next().unwrap_or(false));
}

/// The file `path` that the user names. It is taken whatever its name is, except that drawings and crops beside their
/// photos are what `photos/*` stands for, too.
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
        .filter_entry(|entry| entry.depth() == 0 || is_wanted(entry, options));
    for entry in entries {
        match entry {
            Ok(entry) if entry.depth() == 0 => {}
            Ok(entry) => add_entry(&entry, options, inputs),
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

fn add_entry(entry: &DirEntry, options: &WalkOptions, inputs: &mut Inputs) {
    let path = entry.path();
    let name = NameKind::of(path);
    if entry.file_type().is_dir() {
        // Its content is searched all the same.
        if name == NameKind::Photo {
            let folder = Input::broken(path.to_owned(), Problem::Folder);
            inputs.list.push(folder);
        }
        return;
    }
    // Only links to folders are left alone unless asked for.
    if name == NameKind::Other || entry.path_is_symlink() && path.is_dir() {
        return;
    }
    inputs.list.extend(found_file(path, name, options.purpose));
}

/// What the file `path` of a folder is, whose name says `name`; none if it is no photo.
fn found_file(path: &Path, name: NameKind, purpose: Purpose) -> Option<Input> {
    let content = match &name {
        NameKind::Photo => ContentKind::Image,
        NameKind::Unclear if is_backup(path) => ContentKind::Other,
        _ => ContentKind::of(path),
    };
    let path = path.to_owned();
    Some(match (name, content) {
        (NameKind::Raw(extension), ContentKind::Tiff) => Input::skipped(path, &extension),
        (_, ContentKind::Image | ContentKind::Tiff) => match own_picture(&path, purpose) {
            Some(picture) => Input::skipped(path, picture.ending()),
            None => Input::photo(path),
        },
        (NameKind::Foreign(extension) | NameKind::Raw(extension), _) => {
            Input::skipped(path, &extension)
        }
        (_, ContentKind::Foreign(format)) => Input::skipped(path, format),
        (_, ContentKind::Other) => return None,
    })
}

/// The picture that `path` is, if facematch has drawn it and it is not for this `purpose`.
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
        let roots = [folder.path().to_owned(), folder.path().join(".")];
        for roots in [&roots[..1], &roots] {
            let inputs = walk(roots, &WalkOptions::default());
            assert!(inputs.list.is_empty());
            let skipped = BTreeMap::from([("heic".to_owned(), 2), ("nef".to_owned(), 1)]);
            assert_eq!(inputs.skipped, skipped);
        }
    }

    #[test]
    fn the_content_decides_for_names_of_other_formats() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        };
        let jpeg = b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x01\0\0\x01";
        let tiff = b"II*\0\x08\0\0\0\0\0\0\0\0\0\0\0";
        let heic = b"\0\0\0\x24ftypheic\0\0\0\0";
        for name in ["a.HEIC", "b.jpg_large", "c.nef", "d.jpg_original"] {
            write(name, jpeg);
        }
        // Many camera raw files begin like a TIFF.
        write("e.avif", tiff);
        write("f.nef", tiff);
        for name in ["g", "h.heif", "i.jpg_large"] {
            write(name, heic);
        }
        write("j.jpg:Zone.Identifier", b"[ZoneTransfer]");
        let inputs = walk(&[folder.path().to_owned()], &WalkOptions::default());
        let found = names(folder.path(), &WalkOptions::default());
        assert_eq!(found, ["a.HEIC", "b.jpg_large", "c.nef", "e.avif"]);
        let skipped = [("heic", 2), ("heif", 1), ("nef", 1)];
        let skipped = skipped.map(|(kind, count)| (kind.to_owned(), count));
        assert_eq!(inputs.skipped, BTreeMap::from(skipped));
    }

    #[test]
    fn own_pictures_are_skipped_except_crops_that_people_are_known_by() {
        let folder = tree(&["a.jpg"]);
        let at = |name: &str| folder.path().join(name);
        let marked = [b"\x89PNG\r\n\x1a\n", &crate::image::mark_exif()[..]].concat();
        for name in ["a.jpg.faces.jpg", "a.jpg.face1.png", "moved.jpg.face12.png"] {
            std::fs::write(at(name), &marked).unwrap();
        }
        // Such names alone are no reason.
        let users = ["b.face.png", "family.faces.jpg", "one.face1.png"];
        for name in users {
            std::fs::write(at(name), b"\x89PNG\r\n\x1a\n....").unwrap();
        }
        let for_search = WalkOptions::default();
        assert_eq!(
            names(folder.path(), &for_search),
            ["a.jpg", users[0], users[1], users[2]]
        );
        let inputs = walk(&[folder.path().to_owned()], &for_search);
        let skipped = OWN_PICTURES.map(|kind| inputs.skipped.get(kind).copied());
        assert_eq!(skipped, [Some(1), Some(2)]);

        let for_known = WalkOptions {
            purpose: Purpose::KnownPeople,
            ..WalkOptions::default()
        };
        let moved = "moved.jpg.face12.png";
        let known = names(folder.path(), &for_known);
        assert_eq!(known, ["a.jpg", users[0], users[1], moved, users[2]]);

        // `*` stands for the drawing, too; nobody names a crop that is elsewhere without meaning it.
        let named = |name: &str, options| walk(&[at(name)], options).list.len();
        assert_eq!(named("a.jpg.faces.jpg", &for_search), 0);
        assert_eq!(named("a.jpg.face1.png", &for_search), 0);
        assert_eq!(named(moved, &for_search), 1);
        assert_eq!(named("a.jpg.face1.png", &for_known), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_is_searched_once_however_it_is_written() {
        let folder = tree(&["photos/a.jpg", "photos/sub/b.jpg", "photos/sub/deep/c.jpg"]);
        let at = |name: &str| folder.path().join(name);
        std::os::unix::fs::symlink(at("photos"), at("link")).unwrap();
        std::os::unix::fs::symlink(at("photos/a.jpg"), at("photos/z.jpg")).unwrap();
        let found = |roots: &[&str], max_depth| {
            let roots: Vec<_> = roots.iter().map(|root| at(root)).collect();
            let options = WalkOptions {
                max_depth,
                ..WalkOptions::default()
            };
            let list = walk(&roots, &options).list;
            let below = |input: &Input| {
                let below = input.path().as_os_str().to_str().unwrap();
                below[folder.path().as_os_str().len() + 1..].to_owned()
            };
            list.iter().map(below).collect::<Vec<_>>()
        };
        let once = [
            "photos/a.jpg",
            "photos/sub/b.jpg",
            "photos/sub/deep/c.jpg",
            "photos/z.jpg",
        ];
        for again in [
            "./photos",
            "photos/",
            "photos/../photos",
            "link",
            "photos/sub/..",
        ] {
            assert_eq!(found(&["photos", again], usize::MAX), once, "{again}");
        }
        // The first way to write it counts, for a part of a folder and for a file, too.
        assert_eq!(
            found(&["link/sub", "photos", "link/a.jpg"], usize::MAX),
            [
                "link/sub/b.jpg",
                "link/sub/deep/c.jpg",
                "photos/a.jpg",
                "photos/z.jpg"
            ]
        );
        assert_eq!(
            found(&["link/a.jpg", "photos", "./photos/none.jpg"], 1),
            ["./photos/none.jpg", "link/a.jpg", "photos/z.jpg"]
        );
        // What the first does not reach is not lost.
        assert_eq!(
            found(&["photos", "./photos/sub"], 1),
            ["./photos/sub/b.jpg", "photos/a.jpg", "photos/z.jpg"]
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
