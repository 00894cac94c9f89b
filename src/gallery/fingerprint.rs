//! What made a gallery, and whether faces of an engine can be compared with it.

use std::path::Path;

use super::file::unusable;
use crate::engine::models::{ShippedModel, landmark_fingerprint};
use crate::engine::{EngineKind, EngineParams, LandmarkModel};
use crate::error::Error;

/// What made the encodings of a gallery. Only encodings of one encoder, of faces aligned by one landmark model, can be
/// compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// The SHA-256 of the encoder's file.
    pub encoder: String,
    /// The number of landmarks and the SHA-256 of their model's file.
    pub landmarks: String,
    /// `native` or `dlib`; both give the same encodings but for rounding.
    pub engine: String,
    /// What was averaged into an encoding: `plain` (nothing), `flip` (the mirror image) or `jitters N`.
    pub averaged: String,
}

impl Fingerprint {
    /// What an engine of these parameters makes.
    ///
    /// # Errors
    /// [`Error::Model`] when the landmark model that they name is unusable.
    pub fn of(params: &EngineParams) -> Result<Self, Error> {
        let (points, sha256) = match &params.landmarks {
            Some(file) => landmark_fingerprint(file)?,
            None => (
                LandmarkModel::FivePoint,
                ShippedModel::FivePointLandmarks.sha256().to_owned(),
            ),
        };
        Ok(Self {
            encoder: ShippedModel::Encoder.sha256().to_owned(),
            landmarks: format!("{} {sha256}", points.point_count()),
            engine: match params.kind {
                EngineKind::Native => "native",
                EngineKind::Dlib => "dlib",
            }
            .to_owned(),
            averaged: match params.jitters {
                0 | 1 if params.flip => "flip".to_owned(),
                0 | 1 => "plain".to_owned(),
                jitters => format!("jitters {jitters}"),
            },
        })
    }

    /// Whether the gallery at `path`, made by `self`, can be compared with faces of `engine`.
    ///
    /// # Errors
    /// [`Error::Gallery`] that says what differs and what to do.
    pub fn check(&self, path: &Path, engine: &Self) -> Result<(), Error> {
        let reason = if self.encoder != engine.encoder {
            format!(
                "was made with another face encoder ({} instead of {}), so its faces cannot be compared; enroll its \
                 photos again",
                short(&self.encoder),
                short(&engine.encoder)
            )
        } else if self.landmarks != engine.landmarks {
            format!(
                "was made with another landmark model ({} instead of {}), so its faces cannot be compared; enroll its \
                 photos again, or give --landmarks the model that it was made with",
                short(&self.landmarks),
                short(&engine.landmarks)
            )
        } else {
            return Ok(());
        };
        Err(unusable(path, reason))
    }
}

/// The beginning of a model's fingerprint, as "5 points c4b1e980".
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

    #[test]
    fn faces_of_another_model_are_refused_with_what_to_do() {
        let engine = Fingerprint::of(&EngineParams::new("models")).unwrap();
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
        assert!(message.contains("--landmarks"), "{message}");
        let encoder = Fingerprint {
            encoder: "cd".repeat(32),
            ..engine.clone()
        };
        let message = encoder.check(path, &engine).unwrap_err().to_string();
        assert!(message.contains("enroll its photos again"), "{message}");
    }
}
