//! Sources of known people. Input: each KNOWN (photos or a gallery file), and a caller that says
//! who is in the photos. Output: one gallery.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use facematch::batch::{self, Inputs};
use facematch::engine::{EngineParams, FaceEngine};
use facematch::gallery::{
    Fingerprint, Gallery, GalleryBuilder, KnownFace, is_gallery_file, read_gallery,
};
use facematch::photo::EncodeFrom;

use super::earlier_faces::{EarlierFaces, PhotosToEnroll};
use crate::cli::console::Console;
use crate::cli::exit::Failure;
use crate::cli::inputs::check_known;
use crate::cli::photo_error::PhotoError;
use crate::cli::same_file::Existing;

/// Content of one KNOWN.
enum Source {
    Photos { root: PathBuf, photos: Inputs },
    Gallery(Box<GalleryFile>),
}

/// A gallery file that was read.
pub(super) struct GalleryFile {
    pub(super) path: PathBuf,
    pub(super) gallery: Gallery,
    made_by: Fingerprint,
}

/// All KNOWN, in the order given.
pub(super) struct KnownSources {
    list: Vec<Source>,
    /// Fingerprint of the options by which all of them are compared.
    pub(super) fingerprint: Fingerprint,
}

impl KnownSources {
    /// Finds the sources of `known`. `photos_of` finds the photos of each KNOWN that is not a
    /// gallery file. Gallery files are read, and refused if the engine of `params` makes different
    /// encodings. A gallery file that is given twice counts once.
    pub(super) fn find(
        known: &[PathBuf],
        params: &EngineParams,
        encode_from: EncodeFrom,
        mut photos_of: impl FnMut(&Path) -> Result<Inputs, Failure>,
    ) -> Result<Self, Failure> {
        let mut sources = Self {
            list: Vec::new(),
            fingerprint: Fingerprint::of(params, encode_from)?,
        };
        let mut galleries: Vec<Existing> = Vec::new();
        for path in known {
            check_known(path)?;
            sources.list.push(if is_gallery_file(path)? {
                if galleries.iter().any(|gallery| gallery.is(path)) {
                    continue;
                }
                galleries.extend(Existing::of(path));
                let (gallery, made_by) = read_gallery(path, params.simd)?;
                made_by.check(path, &sources.fingerprint)?;
                Source::Gallery(Box::new(GalleryFile {
                    path: path.clone(),
                    gallery,
                    made_by,
                }))
            } else {
                Source::Photos {
                    root: path.clone(),
                    photos: photos_of(path)?,
                }
            });
        }
        Ok(sources)
    }

    /// Returns the number of photos to enroll.
    pub(super) fn photos(&self) -> usize {
        self.photo_paths().count()
    }

    /// Returns the photos to enroll, each preceded by the KNOWN it belongs to.
    pub(super) fn photo_paths(&self) -> impl Iterator<Item = (&Path, &Path)> {
        let inputs = self.list.iter().filter_map(|source| match source {
            Source::Photos { root, photos } => Some((root, photos)),
            Source::Gallery(_) => None,
        });
        inputs.flat_map(|(root, photos)| {
            photos
                .list
                .iter()
                .map(move |photo| (root.as_path(), photo.path()))
        })
    }

    /// Returns the number of skipped photos by extension.
    pub(super) fn skipped(&self) -> BTreeMap<String, usize> {
        let mut skipped = BTreeMap::new();
        for source in &self.list {
            if let Source::Photos { photos, .. } = source {
                for (extension, count) in &photos.skipped {
                    *skipped.entry(extension.clone()).or_default() += count;
                }
            }
        }
        skipped
    }

    /// Returns every KNOWN that is not a gallery file.
    pub(super) fn roots(&self) -> impl Iterator<Item = &Path> {
        self.list.iter().filter_map(|source| match source {
            Source::Photos { root, .. } => Some(root.as_path()),
            Source::Gallery(_) => None,
        })
    }

    pub(super) fn galleries(&self) -> impl Iterator<Item = &GalleryFile> {
        self.list.iter().filter_map(|source| match source {
            Source::Photos { .. } => None,
            Source::Gallery(file) => Some(&**file),
        })
    }

    /// Refuses gallery files whose faces must not share a file with newly enrolled ones. An empty
    /// gallery has no faces and is accepted.
    pub(super) fn check_same_options(&self) -> Result<(), Failure> {
        for file in self.galleries().filter(|file| file.gallery.faces() > 0) {
            file.made_by
                .check_same_options(&file.path, &self.fingerprint)?;
        }
        Ok(())
    }

    /// Warns of faces that were encoded with other options: they can be compared, but less exactly.
    pub(super) fn warn_of_other_options(&self, console: &Console) {
        for file in self.galleries() {
            if let Some(other) = file.made_by.other_options(&self.fingerprint) {
                console.warn(format_args!(
                    "{}: enrolled with other options for encodings ({other}), so distances are less exact; use the same \
                     --no-flip, --jitters and --encode-from",
                    file.path.display()
                ));
            }
        }
    }

    /// Takes the gallery if it is the only source: it may be large and need not be copied.
    pub(super) fn take_only_gallery(&mut self) -> Option<Gallery> {
        match self.list.as_mut_slice() {
            [Source::Gallery(file)] => Some(std::mem::take(&mut file.gallery)),
            _ => None,
        }
    }

    /// Joins all sources in one gallery. `enroll` adds the faces of one KNOWN's photos to the
    /// builder, and records which earlier faces of the photos `to_enroll` they replace.
    pub(super) fn join(
        &self,
        params: &EngineParams,
        to_enroll: &PhotosToEnroll,
        mut enroll: impl FnMut(
            &Path,
            &Inputs,
            &mut GalleryBuilder,
            &mut EarlierFaces,
        ) -> Result<(), Failure>,
    ) -> Result<Gallery, Failure> {
        let known = self.galleries().flat_map(|file| file.gallery.known_faces());
        let mut earlier = EarlierFaces::among(known, to_enroll);
        let mut parts = Vec::new();
        for source in &self.list {
            parts.push(match source {
                Source::Gallery(file) => Cow::Borrowed(&file.gallery),
                Source::Photos { root, photos } => {
                    let mut builder = GalleryBuilder::new(params.simd);
                    enroll(root, photos, &mut builder, &mut earlier)?;
                    Cow::Owned(builder.build())
                }
            });
        }
        let mut builder = GalleryBuilder::new(params.simd);
        for part in &parts {
            let from_file = matches!(part, Cow::Borrowed(_));
            let is_replaced = |face: &KnownFace<'_>| from_file && earlier.has_replaced(face);
            builder.add_gallery(part, |face| !is_replaced(face));
        }
        Ok(builder.build())
    }
}

/// Calls `work` on each of `photos` and passes the results to `add` in order. Returns how many
/// photos could not be read.
///
/// # Errors
/// If no thread can be started.
pub(super) fn find_known_faces<R: Send>(
    photos: &Inputs,
    engines: &mut [Box<dyn FaceEngine>],
    console: &Console,
    work: impl Fn(&mut dyn FaceEngine, &Path) -> Result<R, PhotoError> + Sync,
    mut add: impl FnMut(&Path, Result<R, PhotoError>),
) -> Result<usize, Failure> {
    let mut unreadable = 0;
    let bar = console.progress("known people", photos.list.len());
    let work = |engine: &mut dyn FaceEngine, path: &Path| Ok(work(engine, path));
    let run = batch::run(&photos.list, engines, work, |path, result| {
        let result = result.unwrap_or_else(|error| Err(error.into()));
        unreadable += usize::from(result.is_err());
        bar.suspend(|| add(path, result));
        bar.inc(1);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    run?;
    Ok(unreadable)
}
