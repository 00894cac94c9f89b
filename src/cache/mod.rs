//! A cache of the faces found in photos, so that a photo is searched once and not in every run.
//!
//! Input: the content of a photo's file and the settings. Output: the faces found in it, equal to
//! the last bit of every number. The file's name and folder do not matter, so a photo that was
//! moved or renamed is still found.
//!
//! [`FaceFinder`] is [`find_faces`](crate::photo::find_faces) with a [`Cache`] in front of it. The
//! file is a database of [redb](https://docs.rs/redb); one process at a time reads and writes it.
//! [`Cache::open`] renames a damaged file and starts a new one, so damage costs only the results in
//! the file.
//!
//! The cache keeps results, including those of photos without faces, but no errors: a file that
//! cannot be decoded is refused in a fraction of the time of a search, and the next version may be
//! able to read it.

mod error;
mod face_finder;
mod key;
mod open;
mod preprocessor;
mod store;
mod value;
mod writer;

pub use error::CacheError;
pub use face_finder::FaceFinder;
pub use open::{SetAside, clear, prune, stats};
pub use preprocessor::Preprocessor;
pub use store::{CacheStats, Pruned};
#[doc(hidden)]
pub use value::{decode, encode};
pub use writer::Cache;

/// Name of the threads on which redb may read a damaged file. redb panics on some of them, which
/// becomes [`CacheError::Damaged`]. It starts with [`WORKER_NAME`](crate::batch::WORKER_NAME).
const THREAD_NAME: &str = "facematch-worker-cache";
