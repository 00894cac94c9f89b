//! Configuration of `facematch enroll`.

use std::path::PathBuf;

use facematch::batch::WalkOptions;

use super::{CacheConfig, EngineConfig};
use crate::cli::exit::Failure;
use crate::cli::guard::Written;

/// Configuration of `facematch enroll`.
#[derive(Debug)]
pub(crate) enum EnrollConfig {
    Write(GalleryConfig),
    Reencode(ReencodeConfig),
    /// Removes the people with these names from the gallery.
    Remove {
        names: Vec<String>,
        file: PathBuf,
    },
    List {
        file: PathBuf,
    },
}

/// A gallery to create or extend.
#[derive(Debug)]
pub(crate) struct GalleryConfig {
    /// Sources of the people to enroll. If they are added to the gallery, `file` comes first.
    pub(crate) known: Vec<PathBuf>,
    pub(crate) known_options: WalkOptions,
    /// `true` if the people are those tagged in the photos.
    pub(crate) from_tags: bool,
    /// Path of the gallery.
    pub(crate) file: PathBuf,
    /// Kind of the output: a new gallery or a changed one.
    pub(crate) written: Written,
    pub(crate) engine: EngineConfig,
    pub(crate) cache: CacheConfig,
}

/// A gallery whose faces are encoded again for another one.
#[derive(Debug)]
pub(crate) struct ReencodeConfig {
    pub(crate) gallery: PathBuf,
    /// Path of the new gallery.
    pub(crate) file: PathBuf,
    pub(crate) written: Written,
    pub(crate) engine: EngineConfig,
    pub(crate) cache: CacheConfig,
}

impl GalleryConfig {
    /// Returns whether people are added to an existing gallery.
    pub(crate) fn adds(&self) -> bool {
        self.written == Written::ChangedGallery
    }
}

/// Returns the gallery file that `option` is about, the only KNOWN. Refuses `about_photos`, the
/// first option about photos, because no photos are searched.
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
