//! The known people of a command: out of folders, photos and gallery files becomes one gallery.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use facematch::Error;
use facematch::batch::{self, Inputs, WalkOptions};
use facematch::cache::PhotoSearcher;
use facematch::engine::{EngineParams, FaceEngine};
use facematch::gallery::{
    Fingerprint, Gallery, GalleryBuilder, KnownFace, KnownPhotoWarning, is_gallery_file,
    person_name, read_gallery,
};
use facematch::photo::{EncodeFrom, Face, StageTimes};

use super::super::config;
use super::super::console::Console;
use super::super::exit::Failure;
use super::counted;

/// What one KNOWN is.
enum Source {
    Photos { root: PathBuf, photos: Inputs },
    Gallery(Box<GalleryFile>),
}

/// A gallery file that was read.
struct GalleryFile {
    path: PathBuf,
    gallery: Gallery,
    made_by: Fingerprint,
}

/// Photos of people, told apart as in gallery files: by the person's name and the photo's path. The name belongs to it as
/// one photo may be enrolled for several people.
#[derive(Default)]
struct PhotosOfPeople(HashMap<String, HashSet<String>>);

impl PhotosOfPeople {
    fn insert(&mut self, person: &str, photo: &Path) {
        let photos = self.0.entry(person.to_owned()).or_default();
        photos.insert(comparable(photo));
    }

    fn contains(&self, person: &str, photo: &Path) -> bool {
        // The name first: a gallery may have a million faces.
        let photos = self.0.get(person);
        photos.is_some_and(|photos| photos.contains(&comparable(photo)))
    }
}

/// `photo` as it is compared: absolute and without `.`, so that several ways to write a path are one, and as gallery files
/// have it, with U+FFFD for bytes that are not UTF-8. Nobody knows which folder a relative path in a file was relative to;
/// it is taken from the present one, as those of the command line are.
fn comparable(photo: &Path) -> String {
    let absolute = std::path::absolute(photo);
    let path = absolute.as_deref().unwrap_or(photo);
    path.to_string_lossy().into_owned()
}

/// The photos to be searched of which a gallery file has a face already.
struct EarlierFaces {
    in_galleries: PhotosOfPeople,
    /// Those of them in which a face was found: it takes the place of the earlier one.
    replaced: PhotosOfPeople,
}

impl EarlierFaces {
    /// What a warning that no face of this photo is taken says at its end.
    fn stays(&self, person: &str, photo: &Path) -> &'static str {
        match self.in_galleries.contains(person, photo) {
            true => "; its earlier face stays in the gallery",
            false => "",
        }
    }

    fn replace(&mut self, person: &str, photo: &Path) {
        if self.in_galleries.contains(person, photo) {
            self.replaced.insert(person, photo);
        }
    }
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
    /// The people of `known`. Gallery files are read, and refused when the engine of `params` makes other encodings. A
    /// photo that is given twice, alone and with its folder, is one photo.
    pub(super) fn find(
        known: &[PathBuf],
        options: &WalkOptions,
        params: &EngineParams,
        encode_from: EncodeFrom,
        console: &Console,
    ) -> Result<Self, Failure> {
        let mut people = Self {
            sources: Vec::new(),
            fingerprint: Fingerprint::of(params, encode_from)?,
        };
        let mut given = HashSet::new();
        for path in known {
            config::check_known(path)?;
            people.sources.push(if is_gallery_file(path)? {
                let (gallery, made_by) = read_gallery(path, params.simd)?;
                made_by.check(path, &people.fingerprint)?;
                Source::Gallery(Box::new(GalleryFile {
                    path: path.clone(),
                    gallery,
                    made_by,
                }))
            } else {
                let mut photos = config::known_photos(path, options, console)?;
                photos.list.retain(|photo| {
                    let place = std::path::absolute(photo.path());
                    let place = place.unwrap_or_else(|_| photo.path().to_owned());
                    given.insert((person_name(path, photo.path()), place))
                });
                Source::Photos {
                    root: path.clone(),
                    photos,
                }
            });
        }
        Ok(people)
    }

    /// The number of photos to be searched.
    pub(super) fn photos(&self) -> usize {
        self.photo_paths().count()
    }

    /// The photos to be searched, each after the KNOWN that it is of.
    fn photo_paths(&self) -> impl Iterator<Item = (&Path, &Path)> {
        let inputs = self.sources.iter().filter_map(|source| match source {
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

    fn galleries(&self) -> impl Iterator<Item = &GalleryFile> {
        self.sources.iter().filter_map(|source| match source {
            Source::Photos { .. } => None,
            Source::Gallery(file) => Some(&**file),
        })
    }

    /// Refuses gallery files whose faces cannot stand in one file with those that are enrolled now. An empty one has none.
    pub(super) fn check_same_options(&self) -> Result<(), Failure> {
        for file in self.galleries().filter(|file| !file.gallery.is_empty()) {
            file.made_by
                .check_same_options(&file.path, &self.fingerprint)?;
        }
        Ok(())
    }

    /// Faces that were encoded with other options can be compared, a little less well.
    fn warn_of_other_options(&self, console: &Console) {
        for file in self.galleries() {
            if let Some(other) = file.made_by.other_options(&self.fingerprint) {
                console.warn(format_args!(
                    "{}: enrolled with other options for encodings ({other}), so distances are less exact; use the same \
                     --flip, --jitters and --encode-from",
                    file.path.display()
                ));
            }
        }
    }

    /// The gallery of all of them. What is wrong with a photo is a warning; that nobody is known is a failure.
    pub(super) fn enroll(
        mut self,
        engines: &mut [Box<dyn FaceEngine>],
        params: &EngineParams,
        searcher: &PhotoSearcher,
        console: &Console,
    ) -> Result<Enrolled, Failure> {
        self.warn_of_other_options(console);
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
            [Source::Gallery(file)] => Some(std::mem::take(&mut file.gallery)),
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
        let mut earlier = self.earlier_faces();
        let mut unreadable = 0;
        let mut parts = Vec::new();
        for source in &self.sources {
            parts.push(match source {
                Source::Gallery(file) => Cow::Borrowed(&file.gallery),
                Source::Photos { root, photos } => {
                    let mut builder = GalleryBuilder::new(params.simd);
                    let mut add = |path: &Path, result: &FacesOrError| {
                        add_photo(&mut builder, root, path, result, &mut earlier, console);
                    };
                    unreadable += search_photos(photos, engines, searcher, console, &mut add);
                    Cow::Owned(builder.build())
                }
            });
        }
        let mut builder = GalleryBuilder::new(params.simd);
        for part in &parts {
            let from_file = matches!(part, Cow::Borrowed(_));
            let replaced = |face: &KnownFace<'_>| earlier.replaced.contains(face.name, face.source);
            builder.add_gallery(part, |face| !(from_file && replaced(face)));
        }
        Enrolled {
            gallery: builder.build(),
            unreadable,
        }
    }

    fn earlier_faces(&self) -> EarlierFaces {
        let mut photos = PhotosOfPeople::default();
        for (root, photo) in self.photo_paths() {
            photos.insert(&person_name(root, photo), photo);
        }
        let mut in_galleries = PhotosOfPeople::default();
        for file in self.galleries() {
            for face in file.gallery.known_faces() {
                if photos.contains(face.name, face.source) {
                    in_galleries.insert(face.name, face.source);
                }
            }
        }
        EarlierFaces {
            in_galleries,
            replaced: PhotosOfPeople::default(),
        }
    }

    fn nobody(&self, unreadable: usize) -> Failure {
        let root = self.sources.iter().find_map(|source| match source {
            Source::Photos { root, .. } => Some(root),
            Source::Gallery(_) => None,
        });
        let files: Vec<_> = self
            .galleries()
            .map(|file| file.path.display().to_string())
            .collect();
        let reason = match self.photos() {
            photos if photos == unreadable => "none of its photos can be read",
            _ => "no face was found in its photos",
        };
        match root {
            Some(root) => config::no_known_face(root, reason),
            None => Failure::Start(format!(
                "{}: no known face: the gallery is empty; add people with facematch enroll --add",
                files.join(", ")
            )),
        }
    }
}

/// What came of the search of a known photo.
type FacesOrError = Result<Vec<Face>, Error>;

/// Searches `photos` and hands the faces of each to `add`, in order. Returns how many could not be read.
fn search_photos(
    photos: &Inputs,
    engines: &mut [Box<dyn FaceEngine>],
    searcher: &PhotoSearcher,
    console: &Console,
    add: &mut dyn FnMut(&Path, &FacesOrError),
) -> usize {
    let mut unreadable = 0;
    let bar = console.progress("known people", photos.list.len());
    let encode = |engine: &mut dyn FaceEngine, path: &Path| known_faces(engine, path, searcher);
    batch::run(&photos.list, engines, encode, |path, result| {
        unreadable += usize::from(result.is_err());
        bar.suspend(|| add(path, &result));
        bar.inc(1);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    unreadable
}

/// Adds the face that was found in the photo at `path` of the KNOWN `root`. When there is none, or the photo could not be
/// read, the face that it once had stays.
fn add_photo(
    builder: &mut GalleryBuilder,
    root: &Path,
    path: &Path,
    result: &FacesOrError,
    earlier: &mut EarlierFaces,
    console: &Console,
) {
    let person = person_name(root, path);
    let faces = match result {
        Ok(faces) => faces,
        Err(error) => {
            let stays = earlier.stays(&person, path);
            return console.warn(format_args!("known photo left out: {error}{stays}"));
        }
    };
    match builder.add(&person, path, faces) {
        Some(warning @ KnownPhotoWarning::NoFace(_)) => {
            let stays = earlier.stays(&person, path);
            console.warn(format_args!("{warning}{stays}"));
        }
        warning => {
            earlier.replace(&person, path);
            if let Some(warning) = warning {
                console.warn(warning);
            }
        }
    }
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
