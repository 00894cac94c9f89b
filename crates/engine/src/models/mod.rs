//! Models: their sources, and all checks of a model file before it is used, above all before dlib's
//! C++ gets it. Input: a [`ModelSource`], a folder or a file. Output: checked bytes or paths, or a
//! [`LoadError::Model`] with the problem and the remedy.
//!
//! dlib trusts its files: a wrong one can make it read outside its arrays or end the whole program.
//! The models that come with facematch are part of the program, or identified by their SHA-256
//! ([`check_shipped`]); a landmark model of the user's own is parsed to the last byte
//! ([`check_landmarks`]). [`network`] and [`hog_filters`] read the weights of the networks and of
//! the frontal face detector for an engine without dlib.

#[cfg(feature = "embed-models")]
mod embedded;
mod folder;
pub mod hog_filters;
mod mistaken;
pub mod mobilefacenet;
pub mod network;
mod overlap;
pub(crate) mod reader;
pub mod retinaface;
pub(super) mod shape_predictor;
mod source;
mod tensors;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::LandmarkModel;
use crate::error::LoadError;

pub use folder::find_folder;
pub use source::ModelSource;

/// Maximum size of a landmark model, in bytes: 2.7 times the usual 68-point file.
const MAX_LANDMARK_BYTES: u64 = 256 << 20;

/// A model that comes with facematch; `models/README.md` names their authors and licences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShippedModel {
    /// Turns a face into its encoding.
    Encoder,
    /// Finds the corners of the eyes and the base of the nose.
    FivePointLandmarks,
    /// Finds faces for the detector [`Cnn`](super::Detector::Cnn).
    CnnDetector,
    /// Finds faces for the detector [`Hog`](super::Detector::Hog) in an engine without dlib; dlib
    /// has it built in.
    FrontalFaceDetector,
    /// Finds faces and their landmarks for the detector
    /// [`Retinaface`](super::Detector::Retinaface).
    Retinaface,
    /// Turns a face that RetinaFace found into another encoding.
    Mobilefacenet,
}

impl ShippedModel {
    /// Every shipped model.
    pub const ALL: [Self; 6] = [
        Self::Encoder,
        Self::FivePointLandmarks,
        Self::CnnDetector,
        Self::FrontalFaceDetector,
        Self::Retinaface,
        Self::Mobilefacenet,
    ];

    /// Returns the name of the model's file, which is dlib's name if dlib has such a file.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Encoder => "dlib_face_recognition_resnet_model_v1.dat",
            Self::FivePointLandmarks => "shape_predictor_5_face_landmarks.dat",
            Self::CnnDetector => "mmod_human_face_detector.dat",
            Self::FrontalFaceDetector => "frontal_face_detector.dat",
            Self::Retinaface => "retinaface_mobilenet_0.25.safetensors",
            Self::Mobilefacenet => "mobilefacenet.safetensors",
        }
    }

    /// Returns the size of the model's file in bytes.
    pub const fn size(self) -> u64 {
        match self {
            Self::Encoder => 22_466_066,
            Self::FivePointLandmarks => 9_150_489,
            Self::CnnDetector => 729_940,
            Self::FrontalFaceDetector => 39_752,
            Self::Retinaface => 1_704_000,
            Self::Mobilefacenet => 4_117_440,
        }
    }

    /// Returns the SHA-256 of the model's file: 64 lower-case hexadecimal digits.
    pub const fn sha256(self) -> &'static str {
        match self {
            Self::Encoder => "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
            Self::FivePointLandmarks => {
                "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888"
            }
            Self::CnnDetector => "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
            Self::FrontalFaceDetector => {
                "7af1abcebdad25068200007b74e2494a115f93b83eaa59552f09e33aebeb0871"
            }
            Self::Retinaface => "f80a9b7beb7c21782f44b4b71b1bfadb52fdfcdcf9937f9de0e32a592c616679",
            Self::Mobilefacenet => {
                "b12577e8b7831b6a5cfb7e4e6cccfa2458258da4a1e2bf6f616bef83f1d32975"
            }
        }
    }
}

/// Returns the path of `model` in `folder` after checking its size and SHA-256.
///
/// # Errors
/// [`LoadError::MissingModel`], or [`LoadError::Model`] if the file cannot be read or is not the
/// one that facematch ships.
pub fn check_shipped(folder: &Path, model: ShippedModel) -> Result<PathBuf, LoadError> {
    read_shipped(folder, model).map(|_| folder.join(model.file_name()))
}

/// Returns the bytes of `model` in `folder` after checking their number and SHA-256.
///
/// # Errors
/// As [`check_shipped`].
pub(crate) fn read_shipped(folder: &Path, model: ShippedModel) -> Result<Vec<u8>, LoadError> {
    let path = folder.join(model.file_name());
    // `exists` also returns false for a file that cannot be read.
    if matches!(path.try_exists(), Ok(false)) {
        return Err(LoadError::MissingModel { path });
    }
    shipped_bytes(&path, model).map_err(|reason| refused(&path, reason))
}

/// Returns the landmark model in `file` after checking that dlib can safely use the whole content.
///
/// # Errors
/// [`LoadError::Model`] if the file is missing, cannot be read, is larger than 256 MiB, is not a
/// landmark model of dlib, is damaged, or has a number of points other than 5 and 68.
pub fn check_landmarks(file: &Path) -> Result<LandmarkModel, LoadError> {
    let bytes = read_landmarks(file)?;
    check_landmark_bytes(&bytes).map_err(|reason| refused(file, reason))
}

/// Returns the landmark model in `file` and the SHA-256 of the file.
///
/// # Errors
/// As [`check_landmarks`].
pub fn landmark_fingerprint(file: &Path) -> Result<(LandmarkModel, String), LoadError> {
    let bytes = read_landmarks(file)?;
    let model = check_landmark_bytes(&bytes).map_err(|reason| refused(file, reason))?;
    Ok((model, sha256(&bytes)))
}

/// Returns the content of the landmark model `file`, a file of the user's own, after checking only
/// that it has at most 256 MiB.
///
/// # Errors
/// [`LoadError::Model`] if the file is missing, cannot be read, or is larger.
pub fn read_landmarks(file: &Path) -> Result<Vec<u8>, LoadError> {
    landmark_bytes(file).map_err(|reason| refused(file, reason))
}

/// Returns the landmark model in `bytes`, the content of a file: [`check_landmarks`] without the
/// file.
///
/// # Errors
/// A sentence without a subject that says why dlib must not get these bytes, such as "has 194
/// points; facematch needs 5 or 68" or "damaged at byte 66: ...".
pub fn check_landmark_bytes(bytes: &[u8]) -> Result<LandmarkModel, String> {
    parse_landmarks(bytes, &mut ())
}

/// Returns the landmark model in `bytes` and passes its numbers to `sink`: checks and loads in one
/// step.
pub(super) fn parse_landmarks(
    bytes: &[u8],
    sink: &mut impl shape_predictor::Sink,
) -> Result<LandmarkModel, String> {
    if let Some(mistake) = mistaken::mistaken_for(bytes) {
        return Err(mistake.to_owned());
    }
    shape_predictor::parse(bytes, sink).map_err(|fault| fault.to_string())
}

/// Returns the error for the model file `path`, with a `reason` that is a sentence without a
/// subject.
pub(crate) fn refused(path: &Path, reason: String) -> LoadError {
    LoadError::Model {
        path: path.to_owned(),
        reason,
    }
}

fn shipped_bytes(path: &Path, model: ShippedModel) -> Result<Vec<u8>, String> {
    let size = file_size(path)?;
    if size != model.size() {
        return Err(wrong_size(path, size, model));
    }
    let bytes = read_start(path, size, size)?;
    let found = sha256(&bytes);
    if found == model.sha256() {
        return Ok(bytes);
    }
    Err(format!(
        "is damaged or another file of that name: its SHA-256 is {found} instead of {}; get the file again",
        model.sha256()
    ))
}

/// Returns the message for a file of the wrong size instead of `model`.
fn wrong_size(path: &Path, size: u64, model: ShippedModel) -> String {
    match read_start(path, size, mistaken::HEAD_BYTES) {
        Ok(head) => mistaken::mistaken_for(&head).map_or_else(
            || {
                format!(
                    "has {size} bytes instead of {}: cut off, or another file of that name; get the file again",
                    model.size()
                )
            },
            str::to_owned,
        ),
        Err(reason) => reason,
    }
}

fn landmark_bytes(path: &Path) -> Result<Vec<u8>, String> {
    let too_large = || {
        format!(
            "is larger than {} MiB, so it is not a landmark model",
            MAX_LANDMARK_BYTES >> 20
        )
    };
    let size = file_size(path)?;
    if size > MAX_LANDMARK_BYTES {
        return Err(too_large());
    }
    // The file may grow while it is read; the limit still applies.
    let bytes = read_start(path, size, MAX_LANDMARK_BYTES + 1)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= MAX_LANDMARK_BYTES => Ok(bytes),
        _ => Err(too_large()),
    }
}

/// Returns the first `limit` bytes of `path`, or all of them if there are fewer; `size` is the
/// expected number.
fn read_start(path: &Path, size: u64, limit: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(limit)).unwrap_or(0));
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|error| unreadable(&error))?;
    Ok(bytes)
}

/// Returns the size of a regular file. Anything else is refused before it is opened, since opening
/// a pipe can block forever.
fn file_size(path: &Path) -> Result<u64, String> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(&error))?;
    if metadata.is_file() {
        Ok(metadata.len())
    } else if metadata.is_dir() {
        Err("is a folder, not a model file".to_owned())
    } else {
        Err("is not a regular file".to_owned())
    }
}

/// Returns the SHA-256 of `bytes` in lower-case hexadecimal digits.
fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unreadable(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::NotFound {
        "is missing".to_owned()
    } else {
        format!("cannot read: {error}")
    }
}

#[cfg(test)]
mod tests;
