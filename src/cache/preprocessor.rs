//! Photos whose content is made by something else than the file system, such as another program.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::batch::PathPattern;
use crate::error::Error;

/// Makes the content of some photos: an image in a format that facematch reads, from a file in any
/// format.
pub struct Preprocessor {
    /// Files whose content is made; all files if there are none. A pattern with a slash may refer
    /// to any folder above the file.
    pub patterns: Vec<PathPattern>,
    /// Text that says how it is made. A cache takes photos with the same file and the same text for
    /// the same.
    pub recipe: String,
    /// Makes the content of the file at this path.
    pub make: Make,
}

type Make = Box<dyn Fn(&Path) -> Result<Vec<u8>, Error> + Send + Sync>;

impl Preprocessor {
    /// Returns whether the content of the file at `path` is made. Anything but a regular file, such
    /// as a pipe, is refused like every input of its kind.
    pub(crate) fn concerns(&self, path: &Path) -> bool {
        // The folder that is searched may end anywhere.
        let mut tails = (0..path.components().count()).map(|first| {
            let tail = path.components().skip(first);
            tail.collect::<PathBuf>()
        });
        let is_matched = |tail: PathBuf| self.patterns.iter().any(|p| p.matches(&tail, path));
        (self.patterns.is_empty() || tails.any(is_matched)) && path.is_file()
    }
}

impl fmt::Debug for Preprocessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preprocessor")
            .field("patterns", &self.patterns)
            .field("recipe", &self.recipe)
            .finish_non_exhaustive()
    }
}
