//! What `facematch enroll` is asked to do.

use std::path::PathBuf;

use facematch::batch::WalkOptions;

use super::{CacheConfig, EngineConfig};
use crate::cli::exit::Failure;
use crate::cli::guard::Written;

/// What `facematch enroll` is asked to do.
#[derive(Debug)]
pub(crate) enum EnrollConfig {
    Write(GalleryConfig),
    /// Remove the people with these names from the gallery.
    Remove {
        names: Vec<String>,
        file: PathBuf,
    },
    List {
        file: PathBuf,
    },
}

/// A gallery that is made or gets more people.
#[derive(Debug)]
pub(crate) struct GalleryConfig {
    /// Who is enrolled; the gallery `file` first, if they are added to it.
    pub(crate) known: Vec<PathBuf>,
    pub(crate) known_options: WalkOptions,
    /// Whether the people are those who are tagged in the photos.
    pub(crate) from_tags: bool,
    /// The gallery.
    pub(crate) file: PathBuf,
    /// A new gallery or one that changes.
    pub(crate) written: Written,
    pub(crate) engine: EngineConfig,
    pub(crate) cache: CacheConfig,
}

impl GalleryConfig {
    /// Whether people are added to the gallery.
    pub(crate) fn adds(&self) -> bool {
        self.written == Written::ChangedGallery
    }
}

/// Returns the gallery file that `option` is about: the only KNOWN. No photos are searched, so that
/// `about_photos`, the first option that is about these, is refused.
pub(crate) fn only_file(
    option: &str,
    known: Vec<PathBuf>,
    about_photos: Option<&str>,
) -> Result<PathBuf, Failure> {
    if let Some(other) = about_photos {
        return Err(Failure::Usage(format!("{other} needs -o or --add")));
    }
    <[_; 1]>::try_from(known)
        .map(|[file]| file)
        .map_err(|_| Failure::Usage(format!("{option} takes one gallery file")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_gallery_is_listed_without_options_about_photos() {
        let file = |known: &[&str], about_photos| {
            let known = known.iter().map(PathBuf::from).collect();
            only_file("--list", known, about_photos).map_err(|refused| refused.to_string())
        };
        assert_eq!(file(&["g"], None), Ok("g".into()));
        for known in [&["g", "h"][..], &[]] {
            assert_eq!(
                file(known, None),
                Err("--list takes one gallery file".to_owned())
            );
        }
        let refused = Err("--width needs -o or --add".to_owned());
        assert_eq!(file(&["g", "h"], Some("--width")), refused);
    }
}
