//! Configuration of how faces are found and encoded.

use std::path::PathBuf;

use facematch::engine::{Detector, EngineKind};
use facematch::photo::{Depth, EncodeFrom, PhotoSettings};

use crate::cli::exit::Failure;

/// Configuration of an engine, independent of the capabilities of this machine.
#[derive(Debug, PartialEq)]
pub(crate) struct EngineConfig {
    pub(crate) kind: EngineKind,
    pub(crate) detector: Detector,
    pub(crate) upsample: u32,
    pub(crate) jitters: u32,
    pub(crate) flip: bool,
    /// Landmark model to use instead of the one in `models`.
    pub(crate) landmarks: Option<PathBuf>,
    /// Folder with the models, or `None` for the usual one.
    pub(crate) models: Option<PathBuf>,
    pub(crate) settings: PhotoSettings,
    /// Number of photos to search at the same time, or `None` for one per core.
    pub(crate) jobs: Option<u16>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            kind: EngineKind::Native,
            detector: Detector::Auto,
            upsample: 1,
            jitters: 0,
            flip: true,
            landmarks: None,
            models: None,
            settings: PhotoSettings::default(),
            jobs: None,
        }
    }
}

impl EngineConfig {
    /// Returns this configuration for a run that encodes no faces.
    pub(crate) fn without_encodings(self) -> Self {
        Self {
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

    /// Refuses options that do not work together.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match self.settings.encode_from {
            EncodeFrom::Original if self.kind != EngineKind::Native => Err(Failure::Usage(
                "--encode-from original needs --engine native".to_owned(),
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_native_engine_encodes_from_the_original() {
        let config = |kind, encode_from| EngineConfig {
            kind,
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
        let without = config(EngineKind::Dlib, EncodeFrom::Original).without_encodings();
        assert_eq!(without.settings.depth, Depth::Landmarks);
        without.check().unwrap();
    }
}
