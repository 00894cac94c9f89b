//! One photo: from its path to the faces in it.
//!
//! [`find_faces`] reads a photo, makes its working copy and finds its faces as [`PhotoSettings`] say. Everything it returns is in
//! pixels of the photo as displayed. [`working_copy`] and [`open_whole`] return the pixels themselves.

mod finder;
mod stages;
mod turn;
mod turns;
mod upright;

use std::path::Path;

use image::RgbImage;

use crate::engine::{Encoding, FaceEngine, Landmarks};
use crate::error::Error;
use crate::geometry::{PixelBox, Point};
use crate::image_files::{Original, decode_upright, read_file};

pub use stages::{Stage, StageTimes};
pub use turn::Turn;

use finder::Finder;

/// How faces are found in photos. Known and unknown photos need the same settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhotoSettings {
    /// Width of the working copy in pixels; 0 keeps the photo's.
    pub width: u32,
    /// What is found out about a face.
    pub depth: Depth,
    /// What face chips are cut from.
    pub encode_from: EncodeFrom,
    /// Whether a photo is turned by 90, 180 and 270 degrees and searched again if none of its faces is surely upright.
    pub try_rotations: bool,
}

impl Default for PhotoSettings {
    /// A width of 500, encodings from the working copy, no turns.
    fn default() -> Self {
        Self {
            width: 500,
            depth: Depth::Encodings,
            encode_from: EncodeFrom::Resized,
            try_rotations: false,
        }
    }
}

/// What is found out about a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Its place and its landmarks.
    Landmarks,
    /// Its encoding too.
    Encodings,
}

/// What face chips are cut from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeFrom {
    /// The working copy.
    Resized,
    /// The photo at full size, which has to be decoded for it. Only for an engine that encodes any image with any landmarks;
    /// dlib's does not.
    Original,
}

/// A face, in pixels of the photo as displayed.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    /// Its box, inside the photo.
    pub bounds: PixelBox,
    /// How sure the detector is, if the engine reports it.
    pub score: Option<f32>,
    /// Its landmarks, in the order of the landmark model.
    pub landmarks: Vec<Point>,
    /// Its encoding, unless the settings ask only for [`Depth::Landmarks`].
    pub encoding: Option<Encoding>,
    /// Whether it is upright in the turn in which it was found. False only if all turns were tried
    /// ([`PhotoSettings::try_rotations`]) and it is upright in none: its encoding says little about the person.
    pub upright: bool,
}

impl Face {
    /// Returns its encoding, unless it is upright in no turn: the encoding of such a face is near to no one, or to anyone.
    pub fn usable_encoding(&self) -> Option<&Encoding> {
        self.encoding.as_ref().filter(|_| self.upright)
    }
}

/// A face together with what is needed to cut its chip out of the working copy.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundFace {
    /// The face in pixels of the photo.
    pub face: Face,
    /// How far the working copy was turned when the face was found in it.
    pub turn: Turn,
    /// Its landmarks in pixels of the working copy turned by `turn`.
    pub working_landmarks: Landmarks,
}

/// The faces of one photo.
#[derive(Debug, Clone, PartialEq)]
pub struct PhotoFaces {
    /// The photo in its file.
    pub original: Original,
    /// Its faces, from left to right.
    pub faces: Vec<FoundFace>,
    /// The working copy, unless the faces come from a cache and the photo was not decoded.
    pub copy: Option<RgbImage>,
    /// How long each stage took.
    pub times: StageTimes,
}

impl PhotoFaces {
    /// Returns `faces`, found in the photo `original` before.
    #[cfg(feature = "cache")]
    pub(crate) fn remembered(original: Original, faces: Vec<FoundFace>) -> Self {
        Self {
            original,
            faces,
            copy: None,
            times: StageTimes::default(),
        }
    }
}

/// Reads the photo at `path` and finds its faces.
///
/// # Errors
/// When the photo cannot be read or decoded, is larger than the limits of [`crate::image_files`] allow, or is refused by the engine.
pub fn find_faces(
    path: &Path,
    settings: &PhotoSettings,
    engine: &mut dyn FaceEngine,
) -> Result<PhotoFaces, Error> {
    let mut times = StageTimes::default();
    let bytes = times.measure(Stage::Decode, || read_file(path))?;
    let mut photo = find_faces_in_bytes(path, bytes, settings, engine)?;
    photo.times.add(&times);
    Ok(photo)
}

/// Finds the faces in `bytes`, the content of a photo; `path` is not opened, and names the photo in errors.
///
/// # Errors
/// When the photo cannot be decoded, is larger than the limits of [`crate::image_files`] allow, or is refused by the engine.
pub fn find_faces_in_bytes(
    path: &Path,
    bytes: Vec<u8>,
    settings: &PhotoSettings,
    engine: &mut dyn FaceEngine,
) -> Result<PhotoFaces, Error> {
    Finder::new(path, engine).find(bytes, settings)
}

/// Reads the photo at `path` and returns its upright working copy, `width` pixels wide (0: as wide as the photo).
///
/// Only as much of the photo is decoded as the copy needs.
///
/// # Errors
/// When the photo cannot be read or decoded, or is larger than the limits of [`crate::image_files`] allow.
pub fn working_copy(path: &Path, width: u32) -> Result<(Original, RgbImage), Error> {
    finder::working_copy(path, &read_file(path)?, width, &mut StageTimes::default())
}

/// Reads the photo at `path` and returns all of its pixels, upright.
///
/// # Errors
/// When the photo cannot be read or decoded, or is larger than the limits of [`crate::image_files`] allow.
pub fn open_whole(path: &Path) -> Result<RgbImage, Error> {
    decode_upright(path, &read_file(path)?)
}
