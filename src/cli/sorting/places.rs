//! Files that go to another place together, a photo with its sidecars and the other files of its
//! shot, and their names there.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::report::SortMethod;
use crate::cli::tagging::sidecars_of;

/// A file that goes with a photo: a sidecar, or another file of the shot.
pub(super) struct Companion {
    pub(super) path: PathBuf,
    /// `true` if the name is that of the photo and `end`, as `photo.jpg.xmp`; `false` if `end`
    /// replaces the extension, as in `photo.xmp` and `photo.CR2.xmp`.
    appended: bool,
    /// What follows the dot.
    end: OsString,
    /// `true` if it also belongs to another photo.
    shared: bool,
    pub(super) is_sidecar: bool,
}

impl Companion {
    /// Returns the place of the file if its photo is at `photo`.
    pub(super) fn target(&self, photo: &Path) -> PathBuf {
        let stem = match self.appended {
            true => photo.to_owned(),
            false => photo.with_extension(""),
        };
        let mut target = OsString::from(stem);
        target.push(".");
        target.push(&self.end);
        target.into()
    }

    /// Returns the method for the file if `method` is that of its photo. A shared sidecar is not
    /// moved.
    pub(super) fn method(&self, method: SortMethod) -> SortMethod {
        match method {
            SortMethod::Move if self.shared => SortMethod::Copy,
            method => method,
        }
    }
}

/// Returns the files that go with `photo`: its sidecars, and the other files of its `shot` with
/// theirs. `shared` is `true` if a photo outside of the shot has the same name with another
/// extension.
pub(super) fn companions_of(
    photo: &Path,
    shot: &[PathBuf],
    shared: bool,
) -> io::Result<Vec<Companion>> {
    let mut companions = Vec::new();
    // The original spelling of `.xmp` is kept.
    let extension = |path: &Path| path.extension().unwrap_or_default().to_owned();
    for path in sidecars_of(photo)? {
        let appended = path.with_extension("") == photo;
        companions.push(Companion {
            end: extension(&path),
            path,
            appended,
            shared: shared && !appended,
            is_sidecar: true,
        });
    }
    for file in shot {
        let beside = |path: PathBuf, end, is_sidecar| Companion {
            path,
            appended: false,
            end,
            shared: false,
            is_sidecar,
        };
        for sidecar in sidecars_of(file)? {
            if sidecar.with_extension("") == *file {
                let mut end = extension(file);
                end.push(".");
                end.push(extension(&sidecar));
                companions.push(beside(sidecar, end, true));
            } else if companions.iter().all(|other| other.path != sidecar) {
                let end = extension(&sidecar);
                companions.push(Companion {
                    shared,
                    ..beside(sidecar, end, true)
                });
            }
        }
        companions.push(beside(file.clone(), extension(file), false));
    }
    Ok(companions)
}

/// Returns `name` with this number, 1 or more: `photo.jpg`, `photo.2.jpg`.
pub(super) fn numbered(name: &OsStr, number: u32) -> OsString {
    if number == 1 {
        return name.to_owned();
    }
    let path = Path::new(name);
    let mut numbered = path.file_stem().unwrap_or(name).to_owned();
    numbered.push(format!(".{number}"));
    if let Some(extension) = path.extension() {
        numbered.push(".");
        numbered.push(extension);
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_before_the_extension() {
        for (name, second) in [
            ("photo.jpg", "photo.2.jpg"),
            ("a.b.jpg", "a.b.2.jpg"),
            ("scan", "scan.2"),
            (".jpg", ".jpg.2"),
        ] {
            assert_eq!(numbered(OsStr::new(name), 1), name);
            assert_eq!(numbered(OsStr::new(name), 2), second);
        }
    }

    #[test]
    fn what_goes_with_a_photo_is_called_like_it_and_a_shared_sidecar_is_copied() {
        use SortMethod::{Copy, Move};
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["a.jpg", "a.raw", "a.xmp", "a.jpg.xmp", "a.raw.XMP"] {
            std::fs::write(path(name), "").unwrap();
        }
        let goes = |shot: &[PathBuf], shared: bool| -> Vec<_> {
            let companions = companions_of(&path("a.jpg"), shot, shared).unwrap();
            let target = |file: &Companion| file.target(Path::new("x/a.2.jpg"));
            let moved = |file: &Companion| file.method(Move);
            let files = companions.iter();
            files.map(|file| (target(file), moved(file))).collect()
        };
        let places = |names: &[(&str, SortMethod)]| -> Vec<_> {
            let places = names.iter().map(|(name, method)| (name.into(), *method));
            places.collect()
        };
        let alone = [("x/a.2.jpg.xmp", Move), ("x/a.2.xmp", Copy)];
        assert_eq!(goes(&[], true), places(&alone));
        let together = [
            ("x/a.2.jpg.xmp", Move),
            ("x/a.2.xmp", Move),
            ("x/a.2.raw.XMP", Move),
            ("x/a.2.raw", Move),
        ];
        assert_eq!(goes(&[path("a.raw")], false), places(&together));
    }
}
