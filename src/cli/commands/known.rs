//! The known people of a command: out of folders, photos and gallery files becomes one gallery.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use facematch::Error;
use facematch::batch::{self, Inputs, WalkOptions};
use facematch::cache::PhotoSearcher;
use facematch::engine::{EngineParams, FaceEngine};
use facematch::gallery::{
    Fingerprint, Gallery, GalleryBuilder, is_gallery_file, person_name, read_gallery,
};
use facematch::photo::{Face, StageTimes};

use super::super::config;
use super::super::console::Console;
use super::super::exit::Failure;
use super::counted;

/// What one KNOWN is.
enum Source {
    Photos { root: PathBuf, photos: Inputs },
    Gallery(Gallery),
}

/// Known people who are not all enrolled yet.
pub(super) struct KnownPeople {
    sources: Vec<Source>,
    /// What all of them are compared by.
    pub(super) fingerprint: Fingerprint,
}

/// Known people, enrolled.
pub(super) struct Enrolled {
    pub(super) gallery: Gallery,
    /// Photos that could not be read.
    pub(super) unreadable: usize,
}

impl KnownPeople {
    /// The people of `known`. Gallery files are read, and refused when the engine of `params` makes other encodings.
    pub(super) fn find(
        known: &[PathBuf],
        options: &WalkOptions,
        params: &EngineParams,
        console: &Console,
    ) -> Result<Self, Failure> {
        let mut people = Self {
            sources: Vec::new(),
            fingerprint: Fingerprint::of(params)?,
        };
        for path in known {
            config::check_known(path)?;
            people.sources.push(if is_gallery_file(path) {
                let (gallery, fingerprint) = read_gallery(path, params.simd)?;
                fingerprint.check(path, &people.fingerprint)?;
                warn_of_other_average(path, &fingerprint, &people.fingerprint, console);
                Source::Gallery(gallery)
            } else {
                Source::Photos {
                    root: path.clone(),
                    photos: config::known_photos(path, options, console)?,
                }
            });
        }
        Ok(people)
    }

    /// The number of photos to be searched.
    pub(super) fn photos(&self) -> usize {
        self.photo_paths().count()
    }

    fn photo_paths(&self) -> impl Iterator<Item = &Path> {
        let inputs = self.sources.iter().filter_map(|source| match source {
            Source::Photos { photos, .. } => Some(photos),
            Source::Gallery(_) => None,
        });
        inputs.flat_map(|photos| photos.list.iter().map(batch::Input::path))
    }

    /// The gallery of all of them. What is wrong with a photo is a warning; that nobody is known is a failure.
    pub(super) fn enroll(
        mut self,
        engines: &mut [Box<dyn FaceEngine>],
        params: &EngineParams,
        searcher: &PhotoSearcher,
        console: &Console,
    ) -> Result<Enrolled, Failure> {
        let enrolled = match self.take_only_gallery() {
            Some(gallery) => Enrolled {
                gallery,
                unreadable: 0,
            },
            None => self.join(engines, params, searcher, console),
        };
        let gallery = &enrolled.gallery;
        if gallery.is_empty() {
            return Err(self.nobody(enrolled.unreadable));
        }
        console.detail(format_args!(
            "{} known by {}",
            counted(gallery.people(), "person", "people"),
            counted(gallery.faces(), "face", "faces")
        ));
        Ok(enrolled)
    }

    /// The gallery file when there is nothing else: it may be large, and needs no copy.
    fn take_only_gallery(&mut self) -> Option<Gallery> {
        match self.sources.as_mut_slice() {
            [Source::Gallery(gallery)] => Some(std::mem::take(gallery)),
            _ => None,
        }
    }

    /// All sources in one gallery.
    fn join(
        &self,
        engines: &mut [Box<dyn FaceEngine>],
        params: &EngineParams,
        searcher: &PhotoSearcher,
        console: &Console,
    ) -> Enrolled {
        let mut unreadable = HashSet::new();
        let mut parts = Vec::new();
        for source in &self.sources {
            parts.push(match source {
                Source::Gallery(gallery) => Cow::Borrowed(gallery),
                Source::Photos { root, photos } => {
                    let mut builder = GalleryBuilder::new(params.simd);
                    let failed = add_photos(&mut builder, root, photos, engines, searcher, console);
                    unreadable.extend(failed);
                    Cow::Owned(builder.build())
                }
            });
        }
        // A photo that is enrolled now takes the place of its face in a gallery file, unless it cannot be read.
        let mut anew: HashSet<&Path> = self.photo_paths().collect();
        anew.retain(|photo| !unreadable.contains(*photo));
        let mut builder = GalleryBuilder::new(params.simd);
        for part in &parts {
            let from_file = matches!(part, Cow::Borrowed(_));
            builder.add_gallery(part, |face| !(from_file && anew.contains(face.source)));
        }
        Enrolled {
            gallery: builder.build(),
            unreadable: unreadable.len(),
        }
    }

    fn nobody(&self, unreadable: usize) -> Failure {
        let root = self.sources.iter().find_map(|source| match source {
            Source::Photos { root, .. } => Some(root),
            Source::Gallery(_) => None,
        });
        let reason = match self.photos() {
            photos if photos == unreadable => "none of its photos can be read",
            _ => "no face was found in its photos",
        };
        match root {
            Some(root) => config::no_known_face(root, reason),
            None => Failure::Start(
                "no known face: the gallery is empty; add people with facematch enroll --add"
                    .to_owned(),
            ),
        }
    }
}

/// Faces that were averaged differently can be compared, a little less well.
fn warn_of_other_average(
    path: &Path,
    gallery: &Fingerprint,
    engine: &Fingerprint,
    console: &Console,
) {
    if gallery.averaged != engine.averaged {
        console.warn(format_args!(
            "{}: enrolled with other options for encodings ({} instead of {}), so distances are less exact; use the \
             same --flip and --jitters",
            path.display(),
            gallery.averaged,
            engine.averaged
        ));
    }
}

/// Adds the faces of `photos`; returns which could not be read.
fn add_photos(
    builder: &mut GalleryBuilder,
    root: &Path,
    photos: &Inputs,
    engines: &mut [Box<dyn FaceEngine>],
    searcher: &PhotoSearcher,
    console: &Console,
) -> Vec<PathBuf> {
    let mut unreadable = Vec::new();
    let bar = console.progress("known people", photos.list.len());
    let encode = |engine: &mut dyn FaceEngine, path: &Path| known_faces(engine, path, searcher);
    batch::run(&photos.list, engines, encode, |path, result| {
        bar.suspend(|| match result {
            Ok(faces) => {
                if let Some(warning) = builder.add(&person_name(root, path), path, &faces) {
                    console.warn(warning);
                }
            }
            Err(error) => {
                unreadable.push(path.to_owned());
                console.warn(format_args!("known photo left out: {error}"));
            }
        });
        bar.inc(1);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    unreadable
}

fn known_faces(
    engine: &mut dyn FaceEngine,
    path: &Path,
    searcher: &PhotoSearcher,
) -> Result<Vec<Face>, Error> {
    let mut times = StageTimes::default();
    let (photo, _) = searcher.search(path, engine, &mut times)?;
    Ok(photo.faces.into_iter().map(|found| found.face).collect())
}
