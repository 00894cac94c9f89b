//! Files of one shot: the same name in the same folder, as cameras write a JPEG with its raw file
//! and phones a photo with its video. Input: the photos of a run. Output: which of these files
//! decides where the others go, and which files go with it.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use facematch_image_files::is_raw_extension;

use crate::cli::same_file::resolved;

/// Kind of a file that may be part of a shot. The first kind in a shot decides for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Jpeg,
    Heic,
    Raw,
    /// The video of a Live Photo, or Apple's notes on how a photo was edited.
    Beside,
}

impl Part {
    /// Returns the kind of the file `name`; `None` if it is part of no shot.
    fn of(name: &Path) -> Option<Self> {
        let extension = name.extension()?.to_str()?.to_lowercase();
        match extension.as_str() {
            "jpg" | "jpeg" | "jpe" => Some(Self::Jpeg),
            "heic" | "heif" | "hif" => Some(Self::Heic),
            "mov" | "mp4" | "aae" => Some(Self::Beside),
            raw if is_raw_extension(raw) => Some(Self::Raw),
            _ => None,
        }
    }
}

/// The photos of a run and the files beside them, by name without extension.
#[derive(Default)]
pub(super) struct Shots {
    /// Names of the photos of the run, by folder without links.
    photos: HashMap<PathBuf, HashSet<OsString>>,
    /// Names of all files but sidecars and backups, by folder and name without extension. A folder
    /// is read once; files that were moved away since are still here.
    files: HashMap<PathBuf, HashMap<OsString, Vec<OsString>>>,
}

impl Shots {
    /// Returns the shots of a run that searches `photos`.
    pub(super) fn of<'a>(photos: impl Iterator<Item = &'a Path>) -> Self {
        let mut shots = Self::default();
        let mut folder = (PathBuf::new(), resolved(Path::new(".")));
        for photo in photos.filter(|photo| Part::of(photo).is_some()) {
            if folder.0 != folder_of(photo) {
                folder = (folder_of(photo).to_owned(), resolved(folder_of(photo)));
            }
            let names = shots.photos.entry(folder.1.clone()).or_default();
            names.extend(photo.file_name().map(OsStr::to_owned));
        }
        shots
    }

    /// Returns the photo of the run that decides where `photo` goes, if it is another one.
    pub(super) fn leader(&mut self, photo: &Path) -> Option<PathBuf> {
        let own = Part::of(photo)?;
        let others = self.others(photo);
        let photos = self.photos.get(&resolved(folder_of(photo)))?;
        let name = photo.file_name()?;
        let leads = |other: &PathBuf| {
            let (part, other) = (Part::of(other)?, other.file_name()?);
            let is_first = part < own || (part, own) == (Part::Raw, Part::Raw) && other < name;
            (is_first && photos.contains(other)).then(|| (part, other.to_owned()))
        };
        let leader = others.iter().filter_map(leads).min()?;
        Some(photo.with_file_name(leader.1))
    }

    /// Returns the other files of the shot of `photo`, which go where it goes.
    pub(super) fn companions(&mut self, photo: &Path) -> Vec<PathBuf> {
        let Some(own) = Part::of(photo) else {
            return Vec::new();
        };
        let others = self.others(photo);
        // Two JPEGs may be different pictures. The first one has the other files.
        let is_same = |other: &&PathBuf| own != Part::Raw && Part::of(other) == Some(own);
        if others.iter().filter(is_same).any(|other| **other < *photo) {
            return Vec::new();
        }
        let others = others.iter().filter(|other| !is_same(other));
        others.filter(|other| other.is_file()).cloned().collect()
    }

    /// Returns whether a file that is not in `shot`, except a sidecar, has the name of `photo` with
    /// another extension. Files moved away since still count, because an extra sidecar does no
    /// harm.
    pub(super) fn is_shared(&mut self, photo: &Path, shot: &[PathBuf]) -> bool {
        let same = self.with_same_stem(photo);
        let mut others = same.into_iter().filter(|other| other != photo);
        others.any(|other| !shot.contains(&other))
    }

    /// Returns the files beside the place `photo` that would count as part of its shot. Another
    /// JPEG beside a JPEG counts only if the shot has more files.
    pub(super) fn others_at(&mut self, photo: &Path, has_companions: bool) -> Vec<PathBuf> {
        let mut others = self.others(photo);
        others.retain(|other| has_companions || Part::of(other) != Part::of(photo));
        others
    }

    /// Records that there is a file at `place` now.
    pub(super) fn add(&mut self, place: &Path) {
        let name = place.file_name().unwrap_or_default();
        let files = self.files.get_mut(folder_of(place));
        if let (Some(files), false) = (files, is_beside_a_photo(Path::new(name))) {
            let stem = place.file_stem().unwrap_or_default().to_owned();
            files.entry(stem).or_default().push(name.to_owned());
        }
    }

    /// Returns the other files that may be part of the shot of `photo`.
    fn others(&mut self, photo: &Path) -> Vec<PathBuf> {
        if Part::of(photo).is_none() {
            return Vec::new();
        }
        let mut others = self.with_same_stem(photo);
        others.retain(|other| other != photo && Part::of(other).is_some());
        others.sort_unstable();
        others.dedup();
        others
    }

    fn with_same_stem(&mut self, photo: &Path) -> Vec<PathBuf> {
        let folder = folder_of(photo);
        if !self.files.contains_key(folder) {
            self.files.insert(folder.to_owned(), files_in(folder));
        }
        let stem = photo.file_stem().unwrap_or_default();
        let names = self.files.get(folder).and_then(|files| files.get(stem));
        let names = names.into_iter().flatten();
        names.map(|name| photo.with_file_name(name)).collect()
    }
}

fn folder_of(photo: &Path) -> &Path {
    photo.parent().unwrap_or(Path::new(""))
}

fn files_in(folder: &Path) -> HashMap<OsString, Vec<OsString>> {
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let mut files: HashMap<_, Vec<_>> = HashMap::new();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        if let (Some(stem), false) = (
            Path::new(&name).file_stem(),
            is_beside_a_photo(Path::new(&name)),
        ) {
            files.entry(stem.to_owned()).or_default().push(name);
        }
    }
    files
}

/// Returns whether `name` is that of a sidecar, or of ExifTool's backup of a photo.
fn is_beside_a_photo(name: &Path) -> bool {
    let extension = name.extension().unwrap_or_default().to_string_lossy();
    extension.eq_ignore_ascii_case("xmp") || extension.ends_with("_original")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jpeg_of_a_shot_leads_if_it_is_searched() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in [
            "a.JPG", "a.CR2", "a.heic", "a.mov", "a.png", "a.xmp", "b.dng", "b.nef", "c.jpeg",
            "c.jpg", "c.arw", "ab.mov",
        ] {
            std::fs::write(path(name), "").unwrap();
        }
        let shots = |searched: &[&str]| {
            let searched: Vec<_> = searched.iter().map(|name| path(name)).collect();
            Shots::of(searched.iter().map(PathBuf::as_path))
        };
        let leader = |shots: &mut Shots, name: &str| {
            let leader = shots.leader(&path(name));
            leader.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        };
        let companions = |shots: &mut Shots, name: &str| {
            let names = shots.companions(&path(name)).into_iter();
            let names = names.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
            names.collect::<Vec<_>>().join(" ")
        };
        let mut all = shots(&["a.JPG", "a.CR2", "a.heic", "b.dng", "b.nef", "c.jpg"]);
        for name in ["a.CR2", "a.heic", "a.mov"] {
            assert_eq!(leader(&mut all, name).as_deref(), Some("a.JPG"), "{name}");
        }
        for name in ["a.JPG", "a.png", "b.dng", "c.jpg", "c.jpeg", "ab.mov"] {
            assert_eq!(leader(&mut all, name), None, "{name}");
        }
        assert_eq!(leader(&mut all, "b.nef").as_deref(), Some("b.dng"));
        for (name, wanted) in [
            ("a.JPG", "a.CR2 a.heic a.mov"),
            ("a.png", ""),
            ("b.dng", "b.nef"),
            ("c.jpeg", "c.arw"),
            ("c.jpg", ""),
        ] {
            assert_eq!(companions(&mut all, name), wanted, "{name}");
        }
        let mut raw = shots(&["a.CR2"]);
        assert_eq!(leader(&mut raw, "a.CR2"), None);
        assert_eq!(companions(&mut raw, "a.CR2"), "a.JPG a.heic a.mov");
        let companions = all.companions(&path("a.JPG"));
        assert!(all.is_shared(&path("a.JPG"), &companions), "with a.png");
        let companions = all.companions(&path("b.dng"));
        assert!(!all.is_shared(&path("b.dng"), &companions));
    }
}
