//! Photos whose content is made by something else than the file system, such as another program.

use std::fmt::Debug;
use std::path::Path;

use crate::error::Error;

/// Makes the content of some photos: an image in a format that facematch reads, from a file in any
/// format.
pub trait Preprocessor: Debug + Send + Sync {
    /// Returns a text that says how the content of the photo at `path` is made, or `None` if the
    /// file itself is searched. A cache takes photos with the same file and the same text for the
    /// same.
    fn recipe(&self, path: &Path) -> Option<String>;

    /// Returns the content of the photo at `path`, which has a recipe.
    ///
    /// # Errors
    /// If it cannot be made.
    fn content(&self, path: &Path) -> Result<Vec<u8>, Error>;
}
