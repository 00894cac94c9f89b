//! Finds the sidecar that belongs to a photo.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use facematch::batch::{has_photo_extension, is_foreign_extension};

/// Spellings of the extension. New sidecars use the first; other programs may use any of them.
const EXTENSIONS: [&str; 3] = ["xmp", "XMP", "Xmp"];

/// Naming of sidecars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum SidecarNaming {
    /// `photo.jpg.xmp`, as in digiKam, darktable and Immich. Each photo has its own.
    #[default]
    Appended,
    /// `photo.xmp`, as in Lightroom and other programs of Adobe. `photo.jpg` and `photo.raw` share
    /// one.
    ///
    /// Two kinds of photos are named as with [`Self::Appended`]: `photo.jpg.webp` beside a
    /// `photo.jpg`, and photos whose names do not end with a photo's extension, so that `Trip
    /// 12.34.56` and `Trip 12.34.57` do not share `Trip 12.34.xmp`.
    Adobe,
}

impl SidecarNaming {
    /// Returns the names that the sidecar of `photo` may have, the usual one first; none if this
    /// naming does not apply. `is_there` returns whether another photo exists.
    fn names(self, photo: &Path, is_there: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
        let stem = match self {
            Self::Appended => Some(photo.to_owned()),
            // The name for `photo.jpg.webp` would be that of the sidecar of `photo.jpg`.
            Self::Adobe => Some(photo.with_extension(""))
                .filter(|stem| ends_with_extension(photo) && !is_there(stem)),
        };
        let stems = stem.into_iter();
        let names = stems.flat_map(|stem| EXTENSIONS.map(|extension| with(&stem, extension)));
        names.collect()
    }

    fn other(self) -> Self {
        match self {
            Self::Appended => Self::Adobe,
            Self::Adobe => Self::Appended,
        }
    }
}

fn with(stem: &Path, extension: &str) -> PathBuf {
    let mut name = OsString::from(stem);
    name.push(".");
    name.push(extension);
    name.into()
}

/// Returns whether the part of `photo` after the last dot is a photo's extension and not a part of
/// the name, as in `photo.jpg.1`.
fn ends_with_extension(photo: &Path) -> bool {
    let extension = photo.extension().and_then(OsStr::to_str);
    let is_foreign = |extension: &str| is_foreign_extension(&extension.to_lowercase());
    has_photo_extension(photo) || extension.is_some_and(is_foreign)
}

/// Returns the paths where a sidecar of `photo` may be. `is_there` returns whether another photo
/// exists.
pub(crate) fn sidecar_places(photo: &Path, is_there: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let namings = [SidecarNaming::Appended, SidecarNaming::Adobe];
    let names = namings.map(|naming| naming.names(photo, &is_there));
    names.concat()
}

/// Returns the sidecars of `photo`: at most one per naming, the one with the usual spelling if it
/// exists. Other spellings are then ignored, because some file systems treat `.XMP` and `.xmp` as
/// the same name.
///
/// # Errors
/// If the system cannot determine whether they exist.
pub(crate) fn sidecars_of(photo: &Path) -> io::Result<Vec<PathBuf>> {
    let mut sidecars = Vec::new();
    for naming in [SidecarNaming::Appended, SidecarNaming::Adobe] {
        sidecars.extend(first_there(naming.names(photo, Path::is_file))?);
    }
    Ok(sidecars)
}

/// Returns the first of `places` that exists.
fn first_there(places: Vec<PathBuf>) -> io::Result<Option<PathBuf>> {
    for place in places {
        if is_there(&place)? {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// Returns the sidecar of `photo` and whether it exists. An existing sidecar of either naming is
/// used, preferably of `naming`; a new one is named by `naming`.
///
/// # Errors
/// If the system cannot determine whether they exist.
pub(crate) fn sidecar_of(photo: &Path, naming: SidecarNaming) -> io::Result<(PathBuf, bool)> {
    let namings = [naming, naming.other()];
    let names = namings.map(|naming| naming.names(photo, Path::is_file));
    let names = names.concat();
    if let Some(sidecar) = first_there(names.clone())? {
        return Ok((sidecar, true));
    }
    // At least one naming applies.
    let new = names.into_iter().next();
    Ok((new.unwrap_or_else(|| with(photo, EXTENSIONS[0])), false))
}

/// Returns whether `path` exists. A name that is too long for the file system does not.
fn is_there(path: &Path) -> io::Result<bool> {
    match path.try_exists() {
        Err(error) if error.kind() == io::ErrorKind::InvalidFilename => Ok(false),
        known => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sidecar_that_is_there_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let photo = folder.path().join("a.b.jpg");
        let [appended, adobe] = ["a.b.jpg.xmp", "a.b.xmp"].map(|name| folder.path().join(name));
        let of = |naming| sidecar_of(&photo, naming).unwrap();
        assert_eq!(of(SidecarNaming::Appended), (appended.clone(), false));
        assert_eq!(of(SidecarNaming::Adobe), (adobe.clone(), false));
        std::fs::write(&adobe, "").unwrap();
        assert_eq!(of(SidecarNaming::Appended), (adobe.clone(), true));
        std::fs::write(&appended, "").unwrap();
        assert_eq!(of(SidecarNaming::Appended), (appended.clone(), true));
        assert_eq!(of(SidecarNaming::Adobe), (adobe.clone(), true));
        assert_eq!(sidecars_of(&photo).unwrap(), [appended, adobe.clone()]);
        assert_eq!(
            sidecars_of(&folder.path().join("a.b.png")).unwrap(),
            [adobe]
        );
    }

    #[test]
    fn the_sidecar_of_a_photo_is_not_that_of_its_copy_in_another_format() {
        let folder = tempfile::tempdir().unwrap();
        let [photo, copy, sidecar] =
            ["a.jpg", "a.jpg.webp", "a.jpg.xmp"].map(|name| folder.path().join(name));
        for file in [&photo, &copy, &sidecar] {
            std::fs::write(file, "").unwrap();
        }
        assert_eq!(sidecars_of(&photo).unwrap(), [sidecar]);
        let none: [PathBuf; 0] = [];
        assert_eq!(sidecars_of(&copy).unwrap(), none);
        let own = folder.path().join("a.jpg.webp.xmp");
        for naming in [SidecarNaming::Appended, SidecarNaming::Adobe] {
            assert_eq!(sidecar_of(&copy, naming).unwrap(), (own.clone(), false));
        }
    }

    #[test]
    fn a_photo_without_an_extension_has_one_sidecar() {
        let folder = tempfile::tempdir().unwrap();
        let sidecar = folder.path().join("scan.xmp");
        std::fs::write(&sidecar, "").unwrap();
        assert_eq!(
            sidecars_of(&folder.path().join("scan")).unwrap(),
            std::slice::from_ref(&sidecar)
        );
        // A photo named like a sidecar is not its own sidecar.
        let none: [PathBuf; 0] = [];
        assert_eq!(sidecars_of(&sidecar).unwrap(), none);
    }
}
