//! Configuration of how faces are found and encoded.

use std::path::PathBuf;
use std::time::Duration;

use facematch::batch::PathPattern;
use facematch::engine::{Detector, EncoderKind, EngineKind};
use facematch::photo::{Depth, EncodeFrom, PhotoSettings};

use crate::cli::exit::Failure;

/// Configuration of an engine, independent of the capabilities of this machine.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EngineConfig {
    pub(crate) kind: EngineKind,
    pub(crate) detector: Detector,
    pub(crate) upsample: u32,
    /// Least score of a face, or `None` for that of the detector.
    pub(crate) min_score: Option<f32>,
    pub(crate) encoder: EncoderKind,
    pub(crate) jitters: u32,
    pub(crate) flip: bool,
    /// Landmark model to use instead of the one in `models`.
    pub(crate) landmarks: Option<PathBuf>,
    /// Folder with the models, or `None` for the usual one.
    pub(crate) models: Option<PathBuf>,
    pub(crate) settings: PhotoSettings,
    /// Number of photos to search at the same time, or `None` for one per core.
    pub(crate) jobs: Option<u16>,
    /// Command that makes images of some files.
    pub(crate) pre: Option<PreConfig>,
}

/// Configuration of `--pre`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PreConfig {
    /// Program that gets the path of a file and writes an image to standard output.
    pub(crate) command: PathBuf,
    /// Files that it is run for; if there are none, all.
    pub(crate) patterns: Vec<PathPattern>,
    /// Time after which it is stopped.
    pub(crate) timeout: Duration,
}

impl Default for EngineConfig {
    fn default() -> Self {
        let kind = EngineKind::Native;
        let detector = kind.best_detector();
        Self {
            kind,
            detector,
            upsample: detector.default_upsample(),
            min_score: None,
            encoder: EncoderKind::Dlib,
            jitters: 0,
            flip: true,
            landmarks: None,
            models: None,
            settings: PhotoSettings::default(),
            jobs: None,
            pre: None,
        }
    }
}

impl EngineConfig {
    /// Returns this configuration for a run that encodes no faces.
    pub(crate) fn without_encodings(self) -> Self {
        Self {
            encoder: EncoderKind::Dlib,
            jitters: 0,
            flip: false,
            settings: PhotoSettings {
                depth: Depth::Landmarks,
                encode_from: EncodeFrom::Resized,
                ..self.settings
            },
            ..self
        }
    }

    /// Returns this configuration with `encoder`.
    pub(crate) fn with_encoder(&self, encoder: EncoderKind) -> Self {
        Self {
            encoder,
            ..self.clone()
        }
    }

    /// Returns this configuration for recognising faces that `encoder` encoded: without jittered
    /// copies, and with the engine and the detector that the encoder needs.
    pub(crate) fn adapted_to(&self, encoder: EncoderKind) -> Self {
        let adapted = Self {
            jitters: 0,
            flip: true,
            ..self.with_encoder(encoder)
        };
        match adapted.refused_with_encoder() {
            None => adapted,
            Some(_) => Self {
                encoder,
                models: self.models.clone(),
                settings: self.settings,
                jobs: self.jobs,
                ..Self::default()
            },
        }
    }

    /// Refuses options that do not work together.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if let Some(advice) = self.refused_with_encoder() {
            return Err(Failure::Usage(format!(
                "--encoder {} {advice}",
                self.encoder.name()
            )));
        }
        if self.kind == EngineKind::Native {
            return Ok(());
        }
        let needs_native = if self.settings.encode_from == EncodeFrom::Original {
            "--encode-from original"
        } else if self.detector == Detector::Retinaface {
            "--detector retinaface"
        } else if self.min_score.is_some() {
            "--min-score"
        } else {
            return Ok(());
        };
        Err(Failure::Usage(format!(
            "{needs_native} needs --engine native"
        )))
    }

    /// Returns what the encoder needs and does not have.
    fn refused_with_encoder(&self) -> Option<&'static str> {
        match self.encoder {
            EncoderKind::Dlib => None,
            EncoderKind::Mobilefacenet if self.kind != EngineKind::Native => {
                Some("needs --engine native")
            }
            EncoderKind::Mobilefacenet if self.detector != Detector::Retinaface => {
                Some("needs the landmarks of --detector retinaface")
            }
            EncoderKind::Mobilefacenet if self.landmarks.is_some() => {
                Some("needs the landmarks of the detector; leave out --landmarks")
            }
            EncoderKind::Mobilefacenet if self.jitters > 1 => {
                Some("makes no jittered copies; leave out --jitters")
            }
            EncoderKind::Mobilefacenet => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_native_engine_encodes_from_the_original_and_has_scores() {
        let config = |kind: EngineKind, encode_from| EngineConfig {
            kind,
            detector: kind.best_detector(),
            settings: PhotoSettings {
                encode_from,
                ..PhotoSettings::default()
            },
            ..EngineConfig::default()
        };
        let refused = config(EngineKind::Dlib, EncodeFrom::Original).check();
        assert_eq!(
            refused.unwrap_err().to_string(),
            "--encode-from original needs --engine native"
        );
        for (kind, encode_from) in [
            (EngineKind::Native, EncodeFrom::Original),
            (EngineKind::Dlib, EncodeFrom::Resized),
        ] {
            config(kind, encode_from).check().unwrap();
        }
        let refusal = |change: fn(&mut EngineConfig)| {
            let mut config = config(EngineKind::Dlib, EncodeFrom::Resized);
            change(&mut config);
            config.check().unwrap_err().to_string()
        };
        assert_eq!(
            refusal(|config| config.detector = Detector::Retinaface),
            "--detector retinaface needs --engine native"
        );
        assert_eq!(
            refusal(|config| config.min_score = Some(0.5)),
            "--min-score needs --engine native"
        );
        let encoder = EncoderKind::Mobilefacenet;
        let adapted = config(EngineKind::Dlib, EncodeFrom::Original).adapted_to(encoder);
        assert_eq!(adapted.settings.encode_from, EncodeFrom::Original);
        adapted.check().unwrap();
        let without = config(EngineKind::Dlib, EncodeFrom::Original).without_encodings();
        assert_eq!(without.settings.depth, Depth::Landmarks);
        without.check().unwrap();
    }
}
