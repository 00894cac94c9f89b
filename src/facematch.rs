//! The short way to use the library: known people and the photos that show them, with one engine
//! and one set of settings.

use std::fmt;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;

use crate::batch::{self, Purpose, RunError, WalkOptions, walk};
use crate::engine::{self, EngineParams, FaceEngine};
use crate::error::{Error, LoadError};
use crate::gallery::{
    Fingerprint, Gallery, GalleryBuilder, KnownPhotoWarning, person_name, read_gallery,
};
use crate::matching::{Identity, ImpostorDistances, PeoplePairs, Rules, identify_faces};
use crate::photo::{Face, PhotoSettings, find_faces};

/// Finder of faces and known people in photos.
///
/// One value serves one thread. [`fork`](Self::fork) returns another one for the next thread, which
/// shares the models.
pub struct Facematch {
    engine: Box<dyn FaceEngine>,
    params: EngineParams,
    settings: PhotoSettings,
}

impl fmt::Debug for Facematch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facematch")
            .field("params", &self.params)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Known people, and problems with their photos.
#[derive(Debug)]
pub struct KnownPeople {
    /// The people with their faces.
    pub gallery: Gallery,
    /// Warnings about photos without a usable face, or with several.
    pub warnings: Vec<KnownPhotoWarning>,
    /// Errors of photos that could not be read.
    pub errors: Vec<Error>,
}

impl Facematch {
    /// Loads the engine. [`EngineParams::default`] has the detector and the encodings of Python's
    /// `face_recognition`, and the models inside the program; unlike it, faces below
    /// [`PhotoSettings::min_quality`] are not encoded. The program uses
    /// [`Detector::Retinaface`](engine::Detector), `upsample` 0 and `flip`.
    ///
    /// # Errors
    /// Returns an error if a model cannot be read, or if the engine is not part of this build.
    pub fn new(params: &EngineParams) -> Result<Self, LoadError> {
        Self::with_settings(params, PhotoSettings::default())
    }

    /// Loads the engine, like [`new`](Self::new), to search all photos with `settings`. They cannot
    /// be changed later, because known and unknown photos need the same settings.
    ///
    /// # Errors
    /// The same as for [`new`](Self::new).
    pub fn with_settings(
        params: &EngineParams,
        settings: PhotoSettings,
    ) -> Result<Self, LoadError> {
        Ok(Self {
            engine: engine::load(params)?,
            params: params.clone(),
            settings,
        })
    }

    /// Returns a copy for another thread, which shares the models.
    pub fn fork(&self) -> Self {
        Self {
            engine: self.engine.fork(),
            params: self.params.clone(),
            settings: self.settings,
        }
    }

    /// Returns the faces in the photo at `path`, from left to right, in pixels of the photo as
    /// displayed.
    ///
    /// # Errors
    /// Returns an error if the photo cannot be read or decoded, exceeds the limits of
    /// [`crate::image_files`], or is refused by the engine.
    pub fn faces(&mut self, path: impl AsRef<Path>) -> Result<Vec<Face>, Error> {
        let photo = find_faces(path.as_ref(), &self.settings, self.engine.as_mut())?;
        Ok(photo.into_faces())
    }

    /// Returns the people in the photos of `folder`. The name of the photo's file, or of its first
    /// folder, is the person's name: `ann.jpg`, `ann.2.jpg`, `Eileen Collins/1.jpg`. The largest
    /// face in a photo is used.
    ///
    /// Photos that cannot be read or have no face are left out and reported in the result. The
    /// photos are searched on all cores.
    ///
    /// # Errors
    /// [`RunError`] if no thread can be started.
    pub fn known_people(&self, folder: impl AsRef<Path>) -> Result<KnownPeople, RunError> {
        let folder = folder.as_ref();
        let options = WalkOptions {
            purpose: Purpose::KnownPeople,
            ..WalkOptions::default()
        };
        let photos = walk(&[folder.to_owned()], &options).list;
        let settings = self.settings;
        let work = |engine: &mut dyn FaceEngine, path: &Path| find_faces(path, &settings, engine);
        let mut builder = GalleryBuilder::new(self.params.simd);
        let (mut warnings, mut errors) = (Vec::new(), Vec::new());
        let mut engines = self.engines(photos.len());
        batch::run(&photos, &mut engines, work, |path, result| {
            match result {
                Ok(photo) => {
                    let name = person_name(folder, path);
                    warnings.extend(builder.add(&name, path, &photo.into_faces()));
                }
                Err(error) => errors.push(error),
            }
            ControlFlow::Continue(())
        })?;
        Ok(KnownPeople {
            gallery: builder.build(),
            warnings,
            errors,
        })
    }

    /// Returns the people in the gallery file at `path`.
    ///
    /// # Errors
    /// [`Error::Read`] if the file cannot be read, [`Error::Gallery`] if it is not a gallery,
    /// [`Error::GalleryMismatch`] if it was made with another encoder or landmark model.
    pub fn gallery(&self, path: impl AsRef<Path>) -> Result<Gallery, Error> {
        let path = path.as_ref();
        let (gallery, made_by) = read_gallery(path, self.params.simd)?;
        let own = Fingerprint::of(&self.params, self.settings.encode_from)?;
        made_by.check(path, &own)?;
        Ok(gallery)
    }

    /// Returns rules with the threshold of `--threshold auto`: about the share `fpir` of strangers,
    /// above 0 and below 1, would get the name of someone in `gallery`. It is stricter the more
    /// people are known, and if they resemble each other.
    ///
    /// # Errors
    /// [`Error::Load`] if the landmark model of the user cannot be read.
    pub fn automatic_rules(&self, gallery: &Gallery, fpir: f64) -> Result<Rules, Error> {
        let own = Fingerprint::of(&self.params, self.settings.encode_from)?;
        let measured = ImpostorDistances::measured(&own);
        let strangers = measured.for_people(PeoplePairs::of(gallery).as_ref());
        Ok(Rules {
            threshold: strangers.threshold_for(fpir, gallery.faces()),
            ..Rules::default_for(self.params.encoder)
        })
    }

    /// Returns engines for [`batch::run`] through `photos` photos, which share the models: one per
    /// core, or fewer.
    pub fn engines(&self, photos: usize) -> Vec<Box<dyn FaceEngine>> {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let count = cores.min(photos).max(1);
        (0..count).map(|_| self.engine.fork()).collect()
    }

    /// Returns the faces in the photo at `path` and their identities among the people in `gallery`,
    /// by `rules`.
    ///
    /// # Errors
    /// The same as for [`faces`](Self::faces).
    ///
    /// # Panics
    /// If the gallery is of another encoder: [`gallery`](Self::gallery) refuses such files.
    pub fn identify(
        &mut self,
        path: impl AsRef<Path>,
        gallery: &Gallery,
        rules: &Rules,
    ) -> Result<Vec<(Face, Identity)>, Error> {
        let faces = self.faces(path)?;
        let identities = identify_faces(gallery, &faces, rules);
        Ok(faces.into_iter().zip(identities).collect())
    }
}
