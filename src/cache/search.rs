//! Searching photos, with or without a cache before it.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use image::RgbImage;

use super::error::CacheError;
use super::key::{PhotoKey, SearchFingerprint};
use super::writer::Cache;
use crate::engine::FaceEngine;
use crate::error::Error;
use crate::image::read_file;
use crate::photo::{
    Depth, FoundPhoto, PhotoSettings, Stage, StageTimes, open, search, search_bytes,
};

/// Searches photos, all in the same way; what a cache knows it does not search again.
pub struct PhotoSearcher {
    settings: PhotoSettings,
    depth: Depth,
    cached: Option<Cached>,
}

/// A cache, and how photos are searched as it knows it.
struct Cached {
    cache: Cache,
    fingerprint: SearchFingerprint,
    /// Photos that were known, and photos that were not.
    known: AtomicUsize,
    new: AtomicUsize,
}

impl PhotoSearcher {
    /// Searches every photo.
    pub fn new(settings: PhotoSettings, depth: Depth) -> Self {
        Self {
            settings,
            depth,
            cached: None,
        }
    }

    /// The same with `cache`. `fingerprint` must be that of the same settings and of the engines that
    /// [`search`](Self::search) is called with.
    pub fn with_cache(self, cache: Cache, fingerprint: SearchFingerprint) -> Self {
        Self {
            cached: Some(Cached {
                cache,
                fingerprint,
                known: AtomicUsize::new(0),
                new: AtomicUsize::new(0),
            }),
            ..self
        }
    }

    /// What is in the photo at `path`; and its working copy, unless the cache knew the photo and it was not decoded.
    ///
    /// # Errors
    /// When the photo cannot be read or decoded, passes the limits of [`crate::image`], or the engine refuses it.
    pub fn search(
        &self,
        path: &Path,
        engine: &mut dyn FaceEngine,
        times: &mut StageTimes,
    ) -> Result<(FoundPhoto, Option<RgbImage>), Error> {
        let (settings, depth) = (&self.settings, self.depth);
        let Some(cached) = &self.cached else {
            let searched = search(path, settings, depth, engine, times)?;
            let (found, copy) = searched.into_parts();
            return Ok((found, Some(copy)));
        };
        let (bytes, key, known) = times.measure(Stage::Decode, || {
            let bytes = read_file(path)?;
            let key = PhotoKey::new(&cached.fingerprint, &bytes);
            let known = cached.cache.get(&key);
            Ok::<_, Error>((bytes, key, known))
        })?;
        if let Some(found) = known {
            cached.known.fetch_add(1, Ordering::Relaxed);
            return Ok((found, None));
        }
        let searched = search_bytes(path, bytes, settings, depth, engine, times)?;
        let (found, copy) = searched.into_parts();
        cached.cache.put(key, &found);
        cached.new.fetch_add(1, Ordering::Relaxed);
        Ok((found, Some(copy)))
    }

    /// The working copy of the photo at `path`: for pictures of a photo that the cache knew.
    ///
    /// # Errors
    /// When the photo cannot be read or decoded any more.
    pub fn working_copy(&self, path: &Path, times: &mut StageTimes) -> Result<RgbImage, Error> {
        let (_, copy) = open(path, self.settings.width, times)?;
        Ok(copy)
    }

    /// Ends the work with the cache, if there is one. Returns how many photos it knew, and how many are new in it.
    ///
    /// # Errors
    /// The first thing that went wrong with the cache; the photos were searched without it since.
    pub fn close(self) -> Result<Option<(usize, usize)>, CacheError> {
        let Some(cached) = self.cached else {
            return Ok(None);
        };
        cached.cache.close()?;
        Ok(Some((cached.known.into_inner(), cached.new.into_inner())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Store;
    use crate::engine::EngineParams;
    use crate::fake_engine::{FakeEngine, REFUSED};
    use crate::geometry::Rect;
    use crate::photo::EncodeFrom;
    use std::path::PathBuf;

    const SETTINGS: PhotoSettings = PhotoSettings {
        width: 0,
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

        fn searcher(&self) -> PhotoSearcher {
            let (store, _) = Store::open_or_rebuild(&self.folder.path().join("cache")).unwrap();
            let params = EngineParams::new("models");
            let fingerprint = SearchFingerprint::new(&params, &SETTINGS, Depth::Encodings).unwrap();
            PhotoSearcher::new(SETTINGS, Depth::Encodings)
                .with_cache(Cache::new(store).unwrap(), fingerprint)
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
        let mut times = StageTimes::default();
        let searcher = scene.searcher();
        let (first, copy) = searcher.search(&photo, &mut engine(), &mut times).unwrap();
        assert_eq!(copy.unwrap().dimensions(), (90, 60));
        assert_eq!(searcher.close().unwrap(), Some((0, 1)));

        let moved = scene.folder.path().join("moved.png");
        std::fs::rename(&photo, &moved).unwrap();
        let searcher = scene.searcher();
        // An engine that finds nothing: what is found comes from the cache.
        let (second, copy) = searcher
            .search(&moved, &mut FakeEngine::default(), &mut times)
            .unwrap();
        assert_eq!(second, first);
        assert_eq!(copy, None);
        let copy = searcher.working_copy(&moved, &mut times).unwrap();
        assert_eq!(copy.dimensions(), (90, 60));
        assert_eq!(searcher.close().unwrap(), Some((1, 0)));
    }

    #[test]
    fn a_photo_without_faces_is_kept_and_a_refused_one_is_not() {
        let scene = Scene {
            folder: tempfile::tempdir().unwrap(),
        };
        let faceless = scene.photo("a.png", image::Rgb([40, 50, 60]));
        let refused = scene.photo("b.png", REFUSED);
        let mut times = StageTimes::default();
        for expected in [(0, 1), (1, 0)] {
            let searcher = scene.searcher();
            let (found, _) = searcher
                .search(&faceless, &mut FakeEngine::default(), &mut times)
                .unwrap();
            assert!(found.faces.is_empty());
            assert!(
                searcher
                    .search(&refused, &mut engine(), &mut times)
                    .is_err()
            );
            assert_eq!(searcher.close().unwrap(), Some(expected));
        }
    }
}
