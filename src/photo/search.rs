//! From the path of a photo to the faces in it, with everything that can be chosen about it: [`PhotoSettings`].

use std::path::Path;

use image::RgbImage;

use super::turns::find_in_turns;
use super::{Depth, FoundFace, Stage, StageTimes, Turn, find_faces, open_bytes};
use crate::engine::{FaceEngine, Landmarks};
use crate::error::Error;
use crate::image::{Original, decode_bytes, read_file};

/// How photos are searched. Known and unknown photos must be searched alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhotoSettings {
    /// The width of the working copy, in pixels; 0 keeps the photo's.
    pub width: u32,
    /// What face chips are cut from.
    pub encode_from: EncodeFrom,
    /// Whether a photo is turned by 90, 180 and 270 degrees and searched again when none of its faces is surely
    /// upright.
    pub try_rotations: bool,
}

/// What face chips are cut from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeFrom {
    /// The working copy.
    Resized,
    /// The photo itself at full size, which has to be decoded for it. Only for an engine that takes landmarks from
    /// elsewhere; dlib's does not.
    Original,
}

/// What was found in a photo, without any of its pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundPhoto {
    /// What the photo is in its file.
    pub original: Original,
    /// Its faces, from left to right.
    pub faces: Vec<FoundFace>,
}

/// A photo that was searched.
#[derive(Debug, Clone)]
pub struct SearchedPhoto {
    /// What the photo is in its file.
    pub original: Original,
    /// Its faces, from left to right.
    pub faces: Vec<FoundFace>,
    /// The working copy; [`FoundFace::working_landmarks`] lie in it when it is turned as far as the face says.
    pub copy: RgbImage,
}

/// Reads the photo at `path` and finds its faces as `settings` say.
///
/// # Errors
/// When the photo cannot be read or decoded, passes the limits of [`crate::image`], or the engine refuses it.
pub fn search(
    path: &Path,
    settings: &PhotoSettings,
    depth: Depth,
    engine: &mut dyn FaceEngine,
    times: &mut StageTimes,
) -> Result<SearchedPhoto, Error> {
    let bytes = times.measure(Stage::Decode, || read_file(path))?;
    search_bytes(path, bytes, settings, depth, engine, times)
}

/// [`search`] for whoever has read the file at `path` already: `bytes` are its content, and the path is not opened.
///
/// # Errors
/// When the photo cannot be decoded, passes the limits of [`crate::image`], or the engine refuses it.
pub fn search_bytes(
    path: &Path,
    bytes: Vec<u8>,
    settings: &PhotoSettings,
    depth: Depth,
    engine: &mut dyn FaceEngine,
    times: &mut StageTimes,
) -> Result<SearchedPhoto, Error> {
    let (original, copy) = open_bytes(path, &bytes, settings.width, times)?;
    // A large file must not lie in memory while faces are looked for, unless it is needed again.
    let bytes = match settings.encode_from {
        EncodeFrom::Resized => Vec::new(),
        EncodeFrom::Original => bytes,
    };
    let direct = match settings.encode_from {
        EncodeFrom::Resized => depth,
        EncodeFrom::Original => Depth::Landmarks,
    };
    let size = original.size;
    let mut faces = match settings.try_rotations {
        false => find_faces(path, size, &copy, engine, direct, times)?,
        true => find_in_turns(path, size, &copy, engine, direct, times)?,
    };
    if direct != depth && !faces.is_empty() {
        let whole = times.measure(Stage::Decode, || {
            decode_bytes(path, &bytes)?.into_upright(path)
        })?;
        times.measure(Stage::Encode, || {
            encode_in(path, &whole, &mut faces, engine)
        })?;
    }
    for found in &mut faces {
        found.turn.bring_back(&mut found.face, size);
    }
    super::sort_from_left(&mut faces);
    Ok(SearchedPhoto {
        original,
        faces,
        copy,
    })
}

/// Encodes `faces` in `whole`, the photo at full size; their boxes and landmarks are in pixels of it, each turned as far as
/// the face says.
fn encode_in(
    path: &Path,
    whole: &RgbImage,
    faces: &mut [FoundFace],
    engine: &mut dyn FaceEngine,
) -> Result<(), Error> {
    for turn in Turn::ALL {
        let mut faces: Vec<_> = faces
            .iter_mut()
            .filter(|found| found.turn == turn)
            .collect();
        if faces.is_empty() {
            continue;
        }
        let landmarks: Vec<Landmarks> = faces
            .iter()
            .map(|found| Landmarks {
                rect: found.face.bounds.rect(),
                points: found.face.landmarks.clone(),
            })
            .collect();
        let encodings = engine
            .encode(&turn.apply(whole), &landmarks)
            .map_err(|source| Error::Engine {
                path: path.to_owned(),
                source,
            })?;
        for (found, encoding) in faces.iter_mut().zip(encodings) {
            found.face.encoding = Some(encoding);
        }
    }
    Ok(())
}

impl SearchedPhoto {
    /// What was found, and the working copy.
    pub fn into_parts(self) -> (FoundPhoto, RgbImage) {
        let Self {
            original,
            faces,
            copy,
        } = self;
        (FoundPhoto { original, faces }, copy)
    }
}
