//! Finds faces in photos, and people who are known: detection, landmarks, encodings and
//! their comparison, on your own machine.
//!
//! ```
//! use facematch::{EngineParams, Facematch, Rules};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut facematch = Facematch::new(&EngineParams::new("models"))?;
//! let known = facematch.known_people("known")?;
//! let photo = facematch.identify("unknown/obama2.jpg", &known.gallery, &Rules::default())?;
//! for (face, identity) in photo {
//!     println!("{:?}: {:?} at {:?}", face.bounds, identity.name(), identity.distance());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`Facematch`] is the short way. Its parts can be used by themselves; a photo passes through them
//! from top to bottom: [`image_files`] decodes it and makes an upright working copy, an [`engine`]
//! finds and encodes its faces, [`photo`] does both for one photo and [`batch`] for many, a `cache`
//! (with the feature of that name) remembers their faces, a [`gallery`] holds the known people, and
//! [`matching`] decides who a face is. The library returns typed [`Error`]s and never prints.

#![forbid(unsafe_code)]

pub mod batch;
#[cfg(feature = "cache")]
pub mod cache;
mod error;
mod facematch;
#[cfg(test)]
mod fake_engine;
pub mod gallery;
pub mod image_files {
    //! Image files: reads and decodes them, and says how large a working copy is.

    pub use facematch_image_files::{
        ImageFileError, MAX_DECODED_BYTES, MAX_FILE_BYTES, MAX_WIDTH, Orientation, Original,
        decode_upright, read_file, working_size,
    };
}
pub mod matching;
pub mod photo;

pub use self::engine::{EngineParams, geometry};
pub use self::error::{EngineError, Error, LoadError};
pub use self::facematch::{Facematch, KnownPeople};
pub use self::matching::Rules;
pub use facematch_engine as engine;
// Whose types hold pixels.
pub use image;
