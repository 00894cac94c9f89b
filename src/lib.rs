//! Says who is in which photo: face detection, landmarks, 128-number encodings and the comparison with known people,
//! on your own machine.
//!
//! The way of a photo leads through the modules from top to bottom: [`image`] decodes it and makes an upright working
//! copy, an [`engine`] finds and encodes its faces, [`photo`] puts both together for one photo and [`batch`] for many,
//! and a [`cache`] remembers what was found in them;
//! a [`gallery`] holds the known people, [`matching`] decides who a face is, [`report`] writes the results and
//! [`drawing`] pictures of them. The library returns typed [`Error`]s and never prints.
//!
//! ```
//! use std::path::Path;
//!
//! use facematch::engine::{self, EngineParams};
//! use facematch::gallery::{GalleryBuilder, person_name};
//! use facematch::matching::{Rules, identify};
//! use facematch::photo::{Depth, StageTimes, find_faces, open};
//!
//! # fn main() -> Result<(), facematch::Error> {
//! let mut engine = engine::load(&EngineParams::new("models"))?;
//! let mut faces_of = |path: &Path| {
//!     let mut times = StageTimes::default();
//!     let (original, copy) = open(path, 500, &mut times)?;
//!     find_faces(path, original.size, &copy, engine.as_mut(), Depth::Encodings, &mut times)
//! };
//!
//! let known = Path::new("known/obama.jpg");
//! let known_faces: Vec<_> = faces_of(known)?.into_iter().map(|found| found.face).collect();
//! let mut gallery = GalleryBuilder::default();
//! gallery.add(&person_name(Path::new("known"), known), known, &known_faces);
//! let gallery = gallery.build();
//!
//! for found in faces_of(Path::new("unknown/obama2.jpg"))? {
//!     if let Some(encoding) = &found.face.encoding {
//!         for identity in identify(&gallery, &[encoding], &Rules::default()) {
//!             println!("{:?}: {:?} at {:?}", found.face.bounds, identity.name(), identity.distance());
//!         }
//!     }
//! }
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

pub mod batch;
#[cfg(feature = "cache")]
pub mod cache;
pub mod error;
pub mod evaluation;
#[cfg(test)]
mod fake_engine;
pub mod gallery;
pub mod image;
pub mod matching;
pub mod photo;

pub use error::{EngineError, Error, LoadError};
pub use facematch_engine as engine;
pub use facematch_engine::geometry;
