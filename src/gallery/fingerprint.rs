//! The fingerprint of how a gallery was made, and the check whether its faces can be compared with
//! those of an engine.

use std::path::Path;

use crate::engine::models::{ShippedModel, landmark_fingerprint};
use crate::engine::{Detector, EncoderKind, EngineKind, EngineParams, LandmarkModel};
use crate::error::Error;
use crate::photo::EncodeFrom;

/// Value of [`Fingerprint::encode_from`] for [`EncodeFrom::Resized`].
pub(super) const RESIZED: &str = "resized";

/// Value of [`Fingerprint::averaged`] for means with the mirror image.
const FLIP: &str = "flip";

/// Record of how the encodings of a gallery were made. Only encodings from the same encoder, of
/// faces aligned by the same landmark model, can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// SHA-256 of the encoder's file.
    pub encoder: String,
    /// Number of landmarks and SHA-256 of the landmark model's file.
    pub landmarks: String,
    /// Engine: `native` or `dlib`. Both give the same encodings except for rounding.
    pub engine: String,
    /// Images averaged into an encoding: `plain` (none), `flip` (the mirror image) or `jitters N`.
    pub averaged: String,
    /// Image that the faces were cut from: `resized` (the resized photo) or `original` (the photo
    /// at full size).
    pub encode_from: String,
}

impl Fingerprint {
    /// Returns the fingerprint of encodings that an engine with these parameters makes of faces cut
    /// from `encode_from`.
    ///
    /// # Errors
    /// [`LoadError::Model`](crate::LoadError::Model) if the landmark model in `params` is unusable.
    pub fn of(params: &EngineParams, encode_from: EncodeFrom) -> Result<Self, Error> {
        let landmarks = match &params.landmarks {
            Some(file) => {
                let (model, sha256) = landmark_fingerprint(file)?;
                landmarks(model, &sha256)
            }
            None => landmarks_of(params.detector),
        };
        Ok(Self {
            encoder: params.encoder.model().sha256().to_owned(),
            landmarks,
            engine: match params.kind {
                EngineKind::Native => "native",
                EngineKind::Dlib => "dlib",
            }
            .to_owned(),
            averaged: match params.jitters {
                _ if params.has_mirror_images() => FLIP.to_owned(),
                0 | 1 => "plain".to_owned(),
                jitters => format!("jitters {jitters}"),
            },
            encode_from: match encode_from {
                EncodeFrom::Resized => RESIZED,
                EncodeFrom::Original => "original",
            }
            .to_owned(),
        })
    }

    /// Returns the encoder, or `None` if this version does not have it.
    pub fn encoder_kind(&self) -> Option<EncoderKind> {
        let mut kinds = EncoderKind::ALL.into_iter();
        kinds.find(|kind| kind.model().sha256() == self.encoder)
    }

    /// Returns the name of the encoder, or the start of its SHA-256.
    fn encoder_name(&self) -> String {
        let kind = self.encoder_kind();
        kind.map_or_else(|| short(&self.encoder), |kind| kind.name().to_owned())
    }

    /// Returns whether the faces were aligned by the landmarks of RetinaFace.
    pub(crate) fn has_retinaface_landmarks(&self) -> bool {
        self.detector() == Some(Detector::Retinaface)
    }

    /// Returns the detector whose landmarks aligned the faces, or `None` for another landmark
    /// model. The landmarks of HOG are those of the CNN detector too.
    fn detector(&self) -> Option<Detector> {
        let mut detectors = [Detector::Hog, Detector::Retinaface].into_iter();
        detectors.find(|detector| self.landmarks == landmarks_of(*detector))
    }

    /// Returns whether an encoding is the mean of a face and its mirror image.
    pub(crate) fn has_mirror_images(&self) -> bool {
        self.averaged == FLIP
    }

    /// Checks that the gallery at `path`, which has this fingerprint, can be compared with faces of
    /// `engine`.
    ///
    /// # Errors
    /// [`Error::GalleryMismatch`] with the difference and what to do about it.
    pub fn check(&self, path: &Path, engine: &Self) -> Result<(), Error> {
        let mismatch = if self.encoder != engine.encoder {
            GalleryMismatch::Encoder {
                made_with: self.encoder_kind(),
                gallery: self.encoder_name(),
                engine: engine.encoder_name(),
            }
        } else if self.landmarks != engine.landmarks {
            GalleryMismatch::Landmarks {
                made_with: self.detector(),
                gallery: short(&self.landmarks),
                engine: short(&engine.landmarks),
            }
        } else {
            return Ok(());
        };
        Err(mismatch.at(path))
    }

    /// Returns the encoding options with which this gallery was made and `engine` was not, such as
    /// "flip instead of plain", or `None` if all are the same. Faces made with different options
    /// can be compared, with slightly less accuracy.
    pub fn other_options(&self, engine: &Self) -> Option<String> {
        let options = [
            (&self.averaged, &engine.averaged),
            (&self.encode_from, &engine.encode_from),
        ];
        let other: Vec<_> = options
            .iter()
            .filter(|(own, engine)| own != engine)
            .map(|(own, engine)| format!("{own} instead of {engine}"))
            .collect();
        (!other.is_empty()).then(|| other.join(", "))
    }

    /// Checks that one file can contain faces of `engine` and those of the gallery at `path`, which
    /// has this fingerprint: a file has only one record of how its faces were made.
    ///
    /// # Errors
    /// [`Error::GalleryMismatch`] with the difference and what to do about it.
    pub fn check_same_options(&self, path: &Path, engine: &Self) -> Result<(), Error> {
        let Some(other) = self.other_options(engine) else {
            return Ok(());
        };
        Err(GalleryMismatch::Options(other).at(path))
    }
}

/// A difference between the engine and what made a gallery.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GalleryMismatch {
    /// The encoder, by its name or the start of its SHA-256.
    #[error(
        "was made with another face encoder ({gallery} instead of {engine}), so its faces cannot be \
         compared; enroll its photos again"
    )]
    Encoder {
        /// That of the gallery, if this version has it.
        made_with: Option<EncoderKind>,
        /// That of the gallery.
        gallery: String,
        /// That of the engine.
        engine: String,
    },
    /// The landmark model, by its number of points and the start of its SHA-256.
    #[error(
        "was made with another landmark model ({gallery} instead of {engine}), so its faces cannot be \
         compared; enroll its photos again"
    )]
    Landmarks {
        /// The detector with the landmarks of the gallery, if this version has it.
        made_with: Option<Detector>,
        /// That of the gallery.
        gallery: String,
        /// That of the engine.
        engine: String,
    },
    /// Options for encodings, such as "flip instead of plain". The faces can be compared, but one
    /// file cannot contain both.
    #[error(
        "was enrolled with other options for encodings ({0}), and one gallery file cannot hold both; \
         use its options, or enroll its photos again"
    )]
    Options(String),
}

impl GalleryMismatch {
    fn at(self, path: &Path) -> Error {
        Error::GalleryMismatch {
            path: path.to_owned(),
            mismatch: self,
        }
    }
}

/// Returns the landmarks that align the faces of `detector`.
fn landmarks_of(detector: Detector) -> String {
    match detector {
        Detector::Retinaface => {
            landmarks(LandmarkModel::Retinaface, ShippedModel::Retinaface.sha256())
        }
        Detector::Hog | Detector::Cnn => {
            let file = ShippedModel::FivePointLandmarks;
            landmarks(LandmarkModel::FivePoint, file.sha256())
        }
    }
}

/// Returns the value of [`Fingerprint::landmarks`] for a model.
fn landmarks(model: LandmarkModel, sha256: &str) -> String {
    format!("{} {sha256}", model.point_count())
}

/// Returns the start of a model's fingerprint, such as "5 points c4b1e980".
fn short(fingerprint: &str) -> String {
    let start = |hash: &str| hash.chars().take(8).collect::<String>();
    match fingerprint.split_once(' ') {
        Some((points, hash)) => format!("{} points {}", start(points), start(hash)),
        None => start(fingerprint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_with(encode_from: EncodeFrom) -> Fingerprint {
        Fingerprint::of(&EngineParams::new("models"), encode_from).unwrap()
    }

    #[test]
    fn other_options_are_told_and_do_not_go_into_one_file() {
        let engine = made_with(EncodeFrom::Original);
        let path = Path::new("people.safetensors");
        assert_eq!(engine.other_options(&engine), None);
        assert!(engine.check_same_options(path, &engine).is_ok());
        let gallery = Fingerprint {
            averaged: "jitters 10".to_owned(),
            ..made_with(EncodeFrom::Resized)
        };
        let other = "jitters 10 instead of plain, resized instead of original";
        assert_eq!(gallery.other_options(&engine).as_deref(), Some(other));
        let error = gallery.check_same_options(path, &engine).unwrap_err();
        assert!(error.to_string().contains(other), "{error}");
        // The engine that computed the encodings does not matter.
        let dlib = Fingerprint {
            engine: "dlib".to_owned(),
            ..engine.clone()
        };
        assert_eq!(dlib.other_options(&engine), None);
    }

    #[test]
    fn faces_of_another_model_are_refused_with_what_to_do() {
        let engine = made_with(EncodeFrom::Resized);
        let path = Path::new("people.safetensors");
        assert!(engine.check(path, &engine).is_ok());
        let landmarks = Fingerprint {
            landmarks: format!("68 {}", "ab".repeat(32)),
            ..engine.clone()
        };
        let message = landmarks.check(path, &engine).unwrap_err().to_string();
        assert!(
            message.contains("68 points abababab instead of 5 points c4b1e980"),
            "{message}"
        );
        let encoder = Fingerprint {
            encoder: "cd".repeat(32),
            ..engine.clone()
        };
        let message = encoder.check(path, &engine).unwrap_err().to_string();
        assert!(message.contains("(cdcdcdcd instead of dlib)"), "{message}");
        assert!(message.ends_with("enroll its photos again"), "{message}");
    }
}
