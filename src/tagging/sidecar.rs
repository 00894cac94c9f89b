//! Which sidecar is a photo's.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// How sidecars are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SidecarNaming {
    /// `photo.jpg.xmp`, as digiKam, darktable and Immich call them. Each photo has its own.
    #[default]
    Appended,
    /// `photo.xmp`, as Lightroom and other programs of Adobe call them. `photo.jpg` and `photo.raw` share one. Beside a
    /// `photo.jpg` that of `photo.jpg.webp` is called as with [`Self::Appended`].
    Adobe,
}

impl SidecarNaming {
    fn name(self, photo: &Path) -> PathBuf {
        let appended = || {
            let mut name = OsString::from(photo);
            name.push(".xmp");
            PathBuf::from(name)
        };
        match self {
            Self::Appended => appended(),
            // A photo whose own name ends with .xmp is no sidecar of itself, and what would be the sidecar of
            // `photo.jpg.webp` is that of `photo.jpg`.
            Self::Adobe => Some(photo.with_extension("xmp"))
                .filter(|name| name != photo && !photo.with_extension("").is_file())
                .unwrap_or_else(appended),
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Appended => Self::Adobe,
            Self::Adobe => Self::Appended,
        }
    }
}

/// The sidecars that `photo` has, however they are called.
///
/// # Errors
/// When the system does not tell whether they are there.
pub fn sidecars_of(photo: &Path) -> io::Result<Vec<PathBuf>> {
    let mut names = [SidecarNaming::Appended, SidecarNaming::Adobe]
        .map(|naming| naming.name(photo))
        .to_vec();
    // Without an extension both names are one.
    names.dedup();
    let mut sidecars = Vec::new();
    for name in names {
        if is_there(&name)? {
            sidecars.push(name);
        }
    }
    Ok(sidecars)
}

/// The sidecar of `photo`, and whether it is there: one that is, be it called one way or the other, else the one that
/// `naming` says, which is to be made. When there are both, it is that of `naming`.
///
/// # Errors
/// When the system does not tell whether they are there.
pub fn sidecar_of(photo: &Path, naming: SidecarNaming) -> io::Result<(PathBuf, bool)> {
    let [wanted, other] = [naming, naming.other()].map(|naming| naming.name(photo));
    if is_there(&wanted)? {
        return Ok((wanted, true));
    }
    match is_there(&other)? {
        true => Ok((other, true)),
        false => Ok((wanted, false)),
    }
}

/// A name that is too long for the file system is nobody's.
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
        // A photo that is called like a sidecar is none of itself.
        let none: [PathBuf; 0] = [];
        assert_eq!(sidecars_of(&sidecar).unwrap(), none);
    }
}
