//! A cache of what was found in photos, so that a photo is searched once and not in every run.
//!
//! In: the content of a photo's file and how it is searched. Out: what was found in it, as it was found,
//! to the last bit of every number. The name and the place of the file are no part of it, so that a photo that was
//! moved or renamed is still known.
//!
//! [`FaceFinder`] is [`find_faces`](crate::photo::find_faces) with a [`Cache`] in front of it. [`Store`] is the file below, a
//! database of [redb](https://docs.rs/redb) in which one process at a time reads and writes. A damaged file costs nothing
//! but what was in it: [`Store::open_or_rebuild`] sets it aside and begins a new one.
//!
//! Only what was found is kept, a photo without faces too. Errors are not: a file that cannot be decoded is refused in a
//! fraction of the time that a search takes, and what cannot be read today may be read by the next version.

mod error;
mod face_finder;
mod key;
mod open;
mod store;
mod value;
mod writer;

pub use error::CacheError;
pub use face_finder::FaceFinder;
pub use open::{SetAside, clear};
pub use store::{Pruned, Store, StoreStats};
#[doc(hidden)]
pub use value::{decode, encode};
pub use writer::Cache;

/// The name of the threads on which redb may meet a damaged file, so that a panic hook can tell them. It panics on some;
/// that becomes [`CacheError::Damaged`].
pub const THREAD_NAME: &str = "facematch-cache";
