//! One photo, from its path to the faces in it.
//!
//! [`find_faces`] reads a photo, makes its working copy and finds its faces according to
//! [`PhotoSettings`]. Faces are returned in pixels of the photo as displayed.

mod finder;
mod stages;
mod turn;
mod turns;
mod upright;

use std::fmt;
use std::path::Path;

use facematch_image_files::{Original, read_file};
use image::RgbImage;

use crate::engine::{Encoding, FaceEngine, Landmarks};
use crate::error::Error;
use crate::geometry::{PixelBox, Point};

pub use stages::{Stage, StageTimes};
pub use turn::Turn;

use finder::Finder;

/// Width of a working copy unless the user or [`Width::Auto`] chooses another one.
const USUAL_WIDTH: u32 = 500;

/// Settings for finding faces in photos. Known and unknown photos need the same settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhotoSettings {
    /// Width of the working copy.
    pub width: Width,
    /// Smallest face that is kept: the longer side of its box, in pixels of the photo.
    pub min_face: u32,
    /// Least [quality](Face::quality) of a face that is encoded, from 0 to 1. The encodings of
    /// poorer faces say little about a person.
    pub min_quality: f32,
    /// Data to compute for each face.
    pub depth: Depth,
    /// Image that face chips are cut from.
    pub encode_from: EncodeFrom,
    /// `true` to turn a photo by 90, 180 and 270 degrees and search it again if none of its faces
    /// is surely upright.
    pub try_rotations: bool,
}

impl Default for PhotoSettings {
    /// Returns settings with a width of 500 pixels, a minimum quality of 0.3, encodings from the
    /// working copy, and no turns.
    fn default() -> Self {
        Self {
            width: Width::Pixels(USUAL_WIDTH),
            min_face: 0,
            min_quality: 0.3,
            depth: Depth::Encodings,
            encode_from: EncodeFrom::Resized,
            try_rotations: false,
        }
    }
}

/// Width of a working copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// This number of pixels; 0 keeps the width of the photo.
    Pixels(u32),
    /// 500 pixels, or up to 1,600 if there are only small faces in that or none: as many as make
    /// the smallest one 40 pixels wide.
    Auto,
}

impl fmt::Display for Width {
    /// Writes the width as on the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pixels(width) => width.fmt(f),
            Self::Auto => f.write_str("auto"),
        }
    }
}

/// Data to compute for each face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Position and landmarks.
    Landmarks,
    /// Position, landmarks and encoding.
    Encodings,
}

/// Image that face chips are cut from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeFrom {
    /// The working copy.
    Resized,
    /// The photo at full size, which has to be decoded for this. It requires an engine that encodes
    /// any image with any landmarks; dlib's engine does not.
    Original,
}

/// A face, in pixels of the photo as displayed.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    /// Box of the face, inside the photo.
    pub bounds: PixelBox,
    /// Confidence of the detector, if the engine reports it.
    pub score: Option<f32>,
    /// Landmarks of the face, in the order of the landmark model.
    pub landmarks: Vec<Point>,
    /// Encoding of the face, unless the settings ask only for [`Depth::Landmarks`] or for a better
    /// [`quality`](Self::quality).
    pub encoding: Option<Encoding>,
    /// How well the face can be encoded, from 0 to 1; see
    /// [`face_quality`](crate::engine::face_quality).
    pub quality: f32,
    /// `true` if the face is upright in the turn in which it was found. It is `false` only if all
    /// turns were tried ([`PhotoSettings::try_rotations`]) and the face is upright in none: its
    /// encoding says little about the person.
    pub upright: bool,
}

impl Face {
    /// Returns the encoding, unless the face is upright in no turn: the encoding of such a face is
    /// near to no person, or to any.
    pub fn usable_encoding(&self) -> Option<&Encoding> {
        self.encoding.as_ref().filter(|_| self.upright)
    }
}

/// A face with the data needed to cut its chip out of the working copy.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundFace {
    /// Face in pixels of the photo.
    pub face: Face,
    /// Turn of the working copy in which the face was found.
    pub turn: Turn,
    /// Landmarks in pixels of the working copy turned by `turn`.
    pub working_landmarks: Landmarks,
}

/// Faces found in one photo.
#[derive(Debug, Clone, PartialEq)]
pub struct PhotoFaces {
    /// Size and orientation of the photo in its file.
    pub original: Original,
    /// Faces, from left to right.
    pub faces: Vec<FoundFace>,
    /// Width of the working copy in pixels.
    pub copy_width: u32,
    /// Working copy, unless the faces come from a cache and the photo was not decoded.
    pub copy: Option<RgbImage>,
    /// Time that each stage took.
    pub times: StageTimes,
}

impl PhotoFaces {
    /// Returns only the faces, without the data for cutting their chips.
    pub fn into_faces(self) -> Vec<Face> {
        self.faces.into_iter().map(|found| found.face).collect()
    }

    /// Creates the result for `faces` that were found in the photo `original` earlier.
    #[cfg(feature = "cache")]
    pub(crate) fn remembered(original: Original, copy_width: u32, faces: Vec<FoundFace>) -> Self {
        Self {
            original,
            faces,
            copy_width,
            copy: None,
            times: StageTimes::default(),
        }
    }
}

/// Reads the photo at `path` and finds its faces.
///
/// # Errors
/// Returns an error if the photo cannot be read or decoded, exceeds the limits of
/// [`crate::image_files`], or is refused by the engine.
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

/// Finds the faces in `bytes`, the content of a photo. `path` is not opened; it names the photo in
/// errors.
///
/// # Errors
/// Returns an error if the photo cannot be decoded, exceeds the limits of [`crate::image_files`],
/// or is refused by the engine.
pub fn find_faces_in_bytes(
    path: &Path,
    bytes: Vec<u8>,
    settings: &PhotoSettings,
    engine: &mut dyn FaceEngine,
) -> Result<PhotoFaces, Error> {
    Finder::new(path, settings, engine).find(bytes)
}
