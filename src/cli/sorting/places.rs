//! Files that go to another place together, a photo and its sidecars, and their names there.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::report::SortMethod;
use crate::cli::tagging::sidecars_of;

/// A sidecar to be copied, linked or moved.
pub(super) struct Sidecar {
    pub(super) path: PathBuf,
    /// `true` for `photo.jpg.xmp`, `false` for `photo.xmp`.
    appended: bool,
    /// `true` if it is also the sidecar of another photo.
    shared: bool,
}

impl Sidecar {
    /// Returns the place of the sidecar if its photo is at `photo`.
    pub(super) fn target(&self, photo: &Path) -> PathBuf {
        let stem = match self.appended {
            true => photo.to_owned(),
            false => photo.with_extension(""),
        };
        let mut target = OsString::from(stem);
        target.push(".");
        // The original spelling of `.xmp` is kept.
        target.push(self.path.extension().unwrap_or_default());
        target.into()
    }

    /// Returns the method for the sidecar if `method` is that of its photo. A shared sidecar is not
    /// moved.
    pub(super) fn method(&self, method: SortMethod) -> SortMethod {
        match method {
            SortMethod::Move if self.shared => SortMethod::Copy,
            method => method,
        }
    }
}

/// Returns the sidecars of `photo`. `shared` is `true` if another photo has the same name with
/// another extension.
pub(super) fn sidecars_with(photo: &Path, shared: bool) -> io::Result<Vec<Sidecar>> {
    let sidecars = sidecars_of(photo)?.into_iter().map(|path| {
        let appended = path.with_extension("") == photo;
        Sidecar {
            path,
            appended,
            shared: shared && !appended,
        }
    });
    Ok(sidecars.collect())
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

/// Number of files per name without extension, in the folder that was read last.
#[derive(Default)]
pub(super) struct Stems {
    folder: PathBuf,
    counts: HashMap<OsString, usize>,
}

impl Stems {
    /// Returns whether another file in the folder of `photo`, except sidecars, has the same name
    /// with another extension. Files moved away since still count, because an extra sidecar does no
    /// harm.
    pub(super) fn is_shared(&mut self, photo: &Path) -> bool {
        let folder = photo.parent().unwrap_or(Path::new(""));
        if folder != self.folder || self.counts.is_empty() {
            self.counts = stems_in(folder);
            folder.clone_into(&mut self.folder);
        }
        let stem = photo.file_stem().unwrap_or_default();
        self.counts.get(stem).is_some_and(|&count| count > 1)
    }
}

fn stems_in(folder: &Path) -> HashMap<OsString, usize> {
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let mut counts = HashMap::new();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let name = PathBuf::from(entry.file_name());
        if let (Some(stem), false) = (name.file_stem(), is_beside_a_photo(&name)) {
            *counts.entry(stem.to_owned()).or_default() += 1;
        }
    }
    counts
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
    fn a_sidecar_is_called_like_its_photo_and_a_shared_one_is_copied() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let b = ["b.jpg", "b.xmp", "b.jpg_original"];
        for name in ["a.jpg", "a.raw", "a.xmp", "a.jpg.xmp"].iter().chain(&b) {
            std::fs::write(path(name), "").unwrap();
        }
        let mut stems = Stems::default();
        let [a, b] = ["a.jpg", "b.jpg"].map(|name| {
            let shared = stems.is_shared(&path(name));
            sidecars_with(&path(name), shared).unwrap()
        });
        let target = |sidecar: &Sidecar| sidecar.target(Path::new("x/a.2.jpg"));
        let moved = |sidecar: &Sidecar| sidecar.method(SortMethod::Move);
        let targets: Vec<_> = a.iter().map(target).collect();
        assert_eq!(targets, ["x/a.2.jpg.xmp", "x/a.2.xmp"].map(PathBuf::from));
        let methods: Vec<_> = a.iter().chain(&b).map(moved).collect();
        assert_eq!(
            methods,
            [SortMethod::Move, SortMethod::Copy, SortMethod::Move]
        );
    }
}
