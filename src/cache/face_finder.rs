//! Finds faces in photos, with or without a cache.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use facematch_image_files::read_file;

use super::error::CacheError;
use super::key::{PhotoKey, SettingsFingerprint};
use super::preprocessor::Preprocessor;
use super::writer::Cache;
use crate::engine::{EncoderKind, Encoding, EngineParams, FaceEngine};
use crate::error::Error;
use crate::photo::{PhotoFaces, PhotoSettings, Stage, StageTimes, find_faces_in_bytes};

/// Finds faces in photos with the same settings, and uses the results that a cache has instead of
/// searching again.
#[derive(Debug)]
pub struct FaceFinder {
    settings: PhotoSettings,
    cached: Option<Cached>,
    preprocessor: Option<Preprocessor>,
}

/// A cache with the fingerprint of the settings.
#[derive(Debug)]
struct Cached {
    cache: Cache,
    fingerprint: SettingsFingerprint,
    encoder: EncoderKind,
    /// Number of photos found in the cache, and of photos added to it.
    known: AtomicUsize,
    new: AtomicUsize,
}

impl FaceFinder {
    /// Returns a finder that searches every photo.
    pub fn new(settings: PhotoSettings) -> Self {
        Self {
            settings,
            cached: None,
            preprocessor: None,
        }
    }

    /// Returns a finder that searches the photos that `cache` does not have. `params` must be those
    /// of the engines that [`find`](Self::find) is called with.
    ///
    /// # Errors
    /// [`LoadError::Model`](crate::LoadError::Model) if the user's own landmark model cannot be
    /// read.
    pub fn with_cache(
        settings: PhotoSettings,
        params: &EngineParams,
        cache: Cache,
    ) -> Result<Self, Error> {
        let cached = Cached {
            cache,
            fingerprint: SettingsFingerprint::new(params, &settings)?,
            encoder: params.encoder,
            known: AtomicUsize::new(0),
            new: AtomicUsize::new(0),
        };
        Ok(Self {
            settings,
            cached: Some(cached),
            preprocessor: None,
        })
    }

    /// Returns the same finder, which searches what `preprocessor` makes of the photos.
    #[must_use]
    pub fn with_preprocessor(mut self, preprocessor: Preprocessor) -> Self {
        self.preprocessor = Some(preprocessor);
        self
    }

    /// Returns the content of the photo at `path` that is searched.
    ///
    /// # Errors
    /// If the photo cannot be read or its content cannot be made.
    pub fn content(&self, path: &Path) -> Result<Vec<u8>, Error> {
        match self.preprocessor(path) {
            Some(preprocessor) => (preprocessor.make)(path),
            None => Ok(read_file(path)?),
        }
    }

    /// Returns the preprocessor if it concerns the photo at `path`.
    fn preprocessor(&self, path: &Path) -> Option<&Preprocessor> {
        self.preprocessor.as_ref().filter(|p| p.concerns(path))
    }

    /// Returns the faces in the photo at `path`.
    ///
    /// # Errors
    /// If the photo cannot be read or decoded, is larger than the limits of [`crate::image_files`]
    /// allow, or is refused by the engine.
    pub fn find(&self, path: &Path, engine: &mut dyn FaceEngine) -> Result<PhotoFaces, Error> {
        let mut times = StageTimes::default();
        let Some(cached) = &self.cached else {
            let bytes = times.measure(Stage::Decode, || self.content(path))?;
            let mut photo = find_faces_in_bytes(path, bytes, &self.settings, engine)?;
            photo.times.add(&times);
            return Ok(photo);
        };
        let (key, bytes) = times.measure(Stage::Decode, || self.key(cached, path))?;
        let known = times.measure(Stage::Decode, || cached.get(&key));
        let mut photo = match known {
            Some(photo) => {
                cached.known.fetch_add(1, Ordering::Relaxed);
                photo
            }
            None => {
                let bytes = match bytes {
                    Some(bytes) => bytes,
                    None => times.measure(Stage::Decode, || self.content(path))?,
                };
                let photo = find_faces_in_bytes(path, bytes, &self.settings, engine)?;
                cached.cache.put(key, &photo);
                cached.new.fetch_add(1, Ordering::Relaxed);
                photo
            }
        };
        photo.times.add(&times);
        Ok(photo)
    }

    /// Returns the key of the photo at `path` and its content, unless that has to be made.
    fn key(&self, cached: &Cached, path: &Path) -> Result<(PhotoKey, Option<Vec<u8>>), Error> {
        if let Some(preprocessor) = self.preprocessor(path) {
            // Such a file may be a long video.
            let key = File::open(path)
                .and_then(|file| PhotoKey::of_made(&cached.fingerprint, file, &preprocessor.recipe))
                .map_err(|source| Error::Read {
                    path: path.to_owned(),
                    source,
                })?;
            return Ok((key, None));
        }
        let bytes = read_file(path)?;
        Ok((PhotoKey::new(&cached.fingerprint, &bytes), Some(bytes)))
    }

    /// Closes the cache, if there is one. Returns how many photos were found in it and how many
    /// were added.
    ///
    /// # Errors
    /// The first error of the cache. The photos after it were searched without the cache.
    pub fn close(self) -> Result<Option<(usize, usize)>, CacheError> {
        let Some(cached) = self.cached else {
            return Ok(None);
        };
        cached.cache.close()?;
        Ok(Some((cached.known.into_inner(), cached.new.into_inner())))
    }
}

impl Cached {
    /// Returns what the cache has under this key, unless another program put encodings of another
    /// encoder there.
    fn get(&self, key: &PhotoKey) -> Option<PhotoFaces> {
        let is_own = |encoding: &Encoding| encoding.values().len() == self.encoder.numbers();
        let photo = self.cache.get(key)?;
        let mut encodings = photo
            .faces
            .iter()
            .filter_map(|found| found.face.encoding.as_ref());
        let are_own = encodings.all(is_own);
        are_own.then_some(photo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::EngineParams;
    use crate::fake_engine::{FakeEngine, REFUSED};
    use crate::geometry::Rect;
    use crate::photo::{Depth, EncodeFrom, Width};
    use image::RgbImage;
    use std::path::PathBuf;

    const SETTINGS: PhotoSettings = PhotoSettings {
        width: Width::Pixels(0),
        min_face: 0,
        min_quality: 0.0,
        depth: Depth::Encodings,
        encode_from: EncodeFrom::Resized,
        try_rotations: true,
    };

    struct Scene {
        folder: tempfile::TempDir,
    }

    impl Scene {
        fn photo(&self, name: &str, color: image::Rgb<u8>) -> PathBuf {
            let path = self.folder.path().join(name);
            RgbImage::from_pixel(90, 60, color).save(&path).unwrap();
            path
        }

        fn finder(&self) -> FaceFinder {
            let (cache, _) = Cache::open(&self.folder.path().join("cache")).unwrap();
            let params = EngineParams::new("models");
            FaceFinder::with_cache(SETTINGS, &params, cache).unwrap()
        }
    }

    fn engine() -> FakeEngine {
        FakeEngine {
            faces: vec![Rect {
                left: 3,
                top: 5,
                right: 29,
                bottom: 31,
            }],
        }
    }

    #[test]
    fn a_photo_is_searched_once_whatever_it_is_called() {
        let scene = Scene {
            folder: tempfile::tempdir().unwrap(),
        };
        let photo = scene.photo("a.png", image::Rgb([40, 50, 60]));
        let finder = scene.finder();
        let first = finder.find(&photo, &mut engine()).unwrap();
        assert_eq!(first.copy.unwrap().dimensions(), (90, 60));
        assert_eq!(finder.close().unwrap(), Some((0, 1)));

        let moved = scene.folder.path().join("moved.png");
        std::fs::rename(&photo, &moved).unwrap();
        let finder = scene.finder();
        // This engine finds nothing, so the faces come from the cache.
        let second = finder.find(&moved, &mut FakeEngine::default()).unwrap();
        assert_eq!(second.original, first.original);
        assert_eq!(second.faces, first.faces);
        assert_eq!(second.copy, None);
        assert_eq!(second.copy_width, 90);
        assert_eq!(finder.close().unwrap(), Some((1, 0)));
    }

    #[test]
    fn a_photo_without_faces_is_kept_and_a_refused_one_is_not() {
        let scene = Scene {
            folder: tempfile::tempdir().unwrap(),
        };
        let faceless = scene.photo("a.png", image::Rgb([40, 50, 60]));
        let refused = scene.photo("b.png", REFUSED);
        for expected in [(0, 1), (1, 0)] {
            let finder = scene.finder();
            let photo = finder.find(&faceless, &mut FakeEngine::default());
            assert!(photo.unwrap().faces.is_empty());
            assert!(finder.find(&refused, &mut engine()).is_err());
            assert_eq!(finder.close().unwrap(), Some(expected));
        }
    }
}
