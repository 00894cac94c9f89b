//! Which sidecar is a photo's.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// How sidecars are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SidecarNaming {
    /// `photo.jpg.xmp`, as digiKam, darktable and Immich call them. Each photo has its own.
    #[default]
    Appended,
    /// `photo.xmp`, as Lightroom and other programs of Adobe call them. `photo.jpg` and `photo.raw` share one.
    Adobe,
}

impl SidecarNaming {
    fn name(self, photo: &Path) -> PathBuf {
        match self {
            Self::Appended => {
                let mut name = OsString::from(photo);
                name.push(".xmp");
                PathBuf::from(name)
            }
            Self::Adobe => photo.with_extension("xmp"),
        }
    }
}

/// The sidecars that `photo` has, however they are called.
pub fn sidecars_of(photo: &Path) -> Vec<PathBuf> {
    let namings = [SidecarNaming::Appended, SidecarNaming::Adobe];
    let mut sidecars = namings.map(|naming| naming.name(photo)).to_vec();
    sidecars.retain(|sidecar| sidecar.exists());
    sidecars
}

/// The sidecar of `photo`: one that is there, be it called one way or the other, else the one that `naming` says, which is to
/// be made. When there are both, it is that of `naming`.
pub fn sidecar_of(photo: &Path, naming: SidecarNaming) -> PathBuf {
    let other = match naming {
        SidecarNaming::Appended => SidecarNaming::Adobe,
        SidecarNaming::Adobe => SidecarNaming::Appended,
    };
    let [wanted, other] = [naming, other].map(|naming| naming.name(photo));
    if !wanted.exists() && other.exists() {
        other
    } else {
        wanted
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
        assert_eq!(sidecar_of(&photo, SidecarNaming::Appended), appended);
        assert_eq!(sidecar_of(&photo, SidecarNaming::Adobe), adobe);
        std::fs::write(&adobe, "").unwrap();
        assert_eq!(sidecar_of(&photo, SidecarNaming::Appended), adobe);
        std::fs::write(&appended, "").unwrap();
        assert_eq!(sidecar_of(&photo, SidecarNaming::Appended), appended);
        assert_eq!(sidecar_of(&photo, SidecarNaming::Adobe), adobe);
        assert_eq!(sidecars_of(&photo), [appended, adobe.clone()]);
        assert_eq!(sidecars_of(&folder.path().join("a.b.png")), [adobe]);
    }
}
