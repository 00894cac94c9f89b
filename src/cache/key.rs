//! Keys of cache entries: the content of a photo's file, and everything that affects what is found
//! in it.

use std::fmt::Write;
use std::io::{self, Read};

use crate::engine::models::{ShippedModel, read_landmarks};
use crate::engine::{EngineKind, EngineParams};
use crate::error::Error;
use crate::photo::{Depth, EncodeFrom, PhotoSettings};

/// Revision of the code that affects results. Increase it with every change that may find another
/// result in some photo: a decoder, a resize, a detector, the order of a sum, a field of the stored
/// values. Results of older versions are then no longer found, and `facematch cache prune` removes
/// them.
pub(super) const RESULTS_REVISION: u32 = 7;

/// Length of a key in bytes: the revision, the fingerprint, the hash of the content.
pub(super) const KEY_LEN: usize = 4 + 32 + 32;

/// Fingerprint of the settings of a search: two searches with the same fingerprint find the same in
/// the same file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SettingsFingerprint([u8; 32]);

impl SettingsFingerprint {
    /// Returns the fingerprint of a search with `settings` and an engine made from `params`.
    ///
    /// # Errors
    /// [`LoadError::Model`](crate::LoadError::Model) if the user's own landmark model cannot be
    /// read.
    pub(super) fn new(params: &EngineParams, settings: &PhotoSettings) -> Result<Self, Error> {
        // The pattern is exhaustive so that a new parameter does not compile until its place is
        // decided here.
        let EngineParams {
            kind,
            detector,
            upsample,
            min_score,
            encoder,
            jitters,
            flip,
            // All sources have the same models, which are identified by their SHA-256.
            models: _,
            landmarks,
            simd,
        } = params;
        let PhotoSettings {
            width,
            min_face,
            min_quality,
            depth,
            encode_from,
            try_rotations,
        } = settings;
        let engine = match kind {
            // The native engine's SIMD levels differ in the last digits.
            EngineKind::Native => format!("native {}", simd.name()),
            EngineKind::Dlib => "dlib".to_owned(),
        };
        let encode_from = match encode_from {
            EncodeFrom::Resized => "resized",
            EncodeFrom::Original => "original",
        };
        let encoded = match depth {
            // Encoding options have no effect if faces are not encoded.
            Depth::Landmarks => "not encoded".to_owned(),
            Depth::Encodings => {
                let encoder = encoder.name();
                format!(
                    "encoder {encoder}, jitters {jitters}, flip {flip}, encoded from {encode_from}, min quality {min_quality}"
                )
            }
        };
        let mut words = format!(
            "engine {engine}, detector {}, upsample {upsample}, min score {}, width {width}, min face {min_face}, try rotations {try_rotations}, {encoded}",
            detector.name(),
            min_score.unwrap_or(detector.default_min_score()),
        );
        for model in ShippedModel::ALL {
            // Writing to a string cannot fail.
            let _ = write!(words, ", {} {}", model.file_name(), model.sha256());
        }
        if let Some(file) = landmarks {
            let _ = write!(
                words,
                ", landmarks {}",
                blake3::hash(&read_landmarks(file)?)
            );
        }
        Ok(Self(*blake3::hash(words.as_bytes()).as_bytes()))
    }
}

/// Key of one photo under one fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PhotoKey([u8; KEY_LEN]);

impl PhotoKey {
    /// Returns the key of a file with this content.
    pub(super) fn new(fingerprint: &SettingsFingerprint, content: &[u8]) -> Self {
        Self::of_hash(fingerprint, blake3::hash(content))
    }

    /// Returns the key of what is made of `file` by this `recipe`.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(super) fn of_made(
        fingerprint: &SettingsFingerprint,
        file: impl Read,
        recipe: &str,
    ) -> io::Result<Self> {
        // A key of its own, so that no file has the hash of another one and a recipe.
        let mut hasher = blake3::Hasher::new_derive_key("facematch preprocessed photo");
        hasher.update(blake3::hash(recipe.as_bytes()).as_bytes());
        hasher.update_reader(file)?;
        Ok(Self::of_hash(fingerprint, hasher.finalize()))
    }

    fn of_hash(fingerprint: &SettingsFingerprint, content: blake3::Hash) -> Self {
        let mut key = [0; KEY_LEN];
        let (revision, hashes) = key.split_at_mut(4);
        revision.copy_from_slice(&RESULTS_REVISION.to_be_bytes());
        hashes[..32].copy_from_slice(&fingerprint.0);
        hashes[32..].copy_from_slice(content.as_bytes());
        Self(key)
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }
}

/// Returns whether `key` was made under the current [`RESULTS_REVISION`].
pub(super) fn is_of_this_revision(key: &[u8; KEY_LEN]) -> bool {
    key.starts_with(&RESULTS_REVISION.to_be_bytes())
}

/// Returns the hash of the file's content in `key`.
pub(super) fn content_of(key: &[u8; KEY_LEN]) -> [u8; 32] {
    let mut content = [0; 32];
    content.copy_from_slice(&key[KEY_LEN - 32..]);
    content
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::models::ModelSource;
    use crate::engine::{Detector, EncoderKind, SimdLevel};
    use crate::photo::Width;
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    const SETTINGS: PhotoSettings = PhotoSettings {
        width: Width::Pixels(500),
        min_face: 0,
        min_quality: 0.3,
        depth: Depth::Encodings,
        encode_from: EncodeFrom::Resized,
        try_rotations: false,
    };

    const NOT_ENCODED: PhotoSettings = PhotoSettings {
        depth: Depth::Landmarks,
        ..SETTINGS
    };

    fn fingerprint(params: &EngineParams, settings: &PhotoSettings) -> [u8; 32] {
        SettingsFingerprint::new(params, settings).unwrap().0
    }

    #[test]
    fn everything_that_decides_on_the_result_makes_another_fingerprint() {
        let folder = tempfile::tempdir().unwrap();
        let model = |name: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, name).unwrap();
            Some(path)
        };
        let base = EngineParams::new("models");
        let changed = |change: fn(&mut EngineParams)| {
            let mut params = base.clone();
            change(&mut params);
            params
        };
        let with_landmarks = |landmarks: Option<PathBuf>| EngineParams {
            landmarks,
            ..base.clone()
        };
        let engines = [
            base.clone(),
            changed(|params| params.kind = EngineKind::Dlib),
            changed(|params| params.detector = Detector::Cnn),
            changed(|params| params.detector = Detector::Retinaface),
            changed(|params| params.upsample = 2),
            changed(|params| params.min_score = Some(0.5)),
            changed(|params| params.encoder = EncoderKind::Mobilefacenet),
            changed(|params| params.jitters = 10),
            changed(|params| params.flip = true),
            with_landmarks(model("a")),
            with_landmarks(model("b")),
        ];
        let settings = [
            PhotoSettings {
                width: Width::Pixels(0),
                ..SETTINGS
            },
            PhotoSettings {
                width: Width::Auto,
                ..SETTINGS
            },
            PhotoSettings {
                min_face: 40,
                ..SETTINGS
            },
            PhotoSettings {
                min_quality: 0.0,
                ..SETTINGS
            },
            PhotoSettings {
                encode_from: EncodeFrom::Original,
                ..SETTINGS
            },
            PhotoSettings {
                try_rotations: true,
                ..SETTINGS
            },
            NOT_ENCODED,
        ];
        let mut all = BTreeSet::new();
        for params in &engines {
            all.insert(fingerprint(params, &SETTINGS));
        }
        for settings in &settings {
            all.insert(fingerprint(&base, settings));
        }
        assert_eq!(all.len(), engines.len() + settings.len());
    }

    #[test]
    fn how_faces_would_be_encoded_makes_none_where_they_are_not() {
        let base = EngineParams::new("models");
        let mut other = base.clone();
        other.flip = true;
        other.jitters = 10;
        other.encoder = EncoderKind::Mobilefacenet;
        let original = PhotoSettings {
            encode_from: EncodeFrom::Original,
            min_quality: 0.9,
            ..NOT_ENCODED
        };
        assert_eq!(
            fingerprint(&base, &NOT_ENCODED),
            fingerprint(&other, &original)
        );
    }

    #[test]
    fn where_models_lie_makes_none() {
        let folder = tempfile::tempdir().unwrap();
        let base = EngineParams::new("models");
        let mut other = base.clone();
        other.models = ModelSource::from("elsewhere");
        let of = |params: &EngineParams| fingerprint(params, &SETTINGS);
        assert_eq!(of(&base), of(&other));
        let moved = ["a", "b"].map(|name| {
            let path = folder.path().join(name);
            std::fs::write(&path, "the same").unwrap();
            let mut params = base.clone();
            params.landmarks = Some(path);
            of(&params)
        });
        assert_eq!(moved[0], moved[1]);
    }

    /// SIMD levels differ in the last digits; dlib does not use them.
    #[test]
    fn each_level_of_the_native_engine_makes_another() {
        let of = |kind, simd| {
            let mut params = EngineParams::new("models");
            params.kind = kind;
            params.simd = simd;
            fingerprint(&params, &SETTINGS)
        };
        let levels = SimdLevel::available();
        for (kind, expected) in [(EngineKind::Native, levels.len()), (EngineKind::Dlib, 1)] {
            let all: BTreeSet<_> = levels.iter().map(|&simd| of(kind, simd)).collect();
            assert_eq!(all.len(), expected, "{kind:?}");
        }
    }

    #[test]
    fn a_landmark_model_that_is_missing_is_an_error() {
        let mut params = EngineParams::new("models");
        params.landmarks = Some("missing.dat".into());
        let error = SettingsFingerprint::new(&params, &SETTINGS).unwrap_err();
        assert_eq!(error.kind(), "model");
    }

    #[test]
    fn a_key_tells_revision_fingerprint_and_content() {
        let fingerprints = [SettingsFingerprint([1; 32]), SettingsFingerprint([2; 32])];
        let keys: Vec<_> = fingerprints
            .iter()
            .flat_map(|fingerprint| {
                [&b"a"[..], b"b"].map(|bytes| PhotoKey::new(fingerprint, bytes))
            })
            .collect();
        let unique: BTreeSet<_> = keys.iter().map(|key| key.0).collect();
        assert_eq!(unique.len(), 4);
        assert_eq!(content_of(keys[0].bytes()), content_of(keys[2].bytes()));
        assert!(is_of_this_revision(keys[0].bytes()));
        let mut older = keys[0].0;
        older[3] ^= 1;
        assert!(!is_of_this_revision(&older));
    }
}
