//! Known people of a command. Input: folders, photos and gallery files. Output: one gallery.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use facematch::batch::{Folders, WalkOptions};
use facematch::cache::FaceFinder;
use facematch::engine::{EngineParams, FaceEngine};
use facematch::gallery::{Gallery, GalleryBuilder, KnownPhotoWarning, person_name};
use facematch::matching::{DistanceThreshold, ImpostorDistances, PeoplePairs};
use facematch::photo::{EncodeFrom, Face};

use super::earlier_faces::{EarlierFaces, PhotosToEnroll};
use super::known_sources::{KnownSources, find_known_faces};
use super::words::counted;
use crate::cli::console::Console;
use crate::cli::exit::Failure;
use crate::cli::inputs::{known_photos, no_known_face};
use crate::cli::photo_error::PhotoError;
use crate::cli::progress::grouped;
use crate::cli::similar_names::similarly_named;

/// Known people, named by their photos, who are not all enrolled yet.
pub(super) struct KnownPeople {
    pub(super) sources: KnownSources,
}

/// Known people who are enrolled.
pub(super) struct Enrolled {
    pub(super) gallery: Gallery,
    /// Number of photos that could not be read.
    pub(super) unreadable: usize,
}

impl KnownPeople {
    /// Finds the people of `known`. Gallery files are read, and refused if the engine of `params`
    /// makes different encodings. A photo that is given twice, by itself and with its folder,
    /// counts once.
    pub(super) fn find(
        known: &[PathBuf],
        options: &WalkOptions,
        params: &EngineParams,
        encode_from: EncodeFrom,
        console: &Console,
    ) -> Result<Self, Failure> {
        let mut given = HashSet::new();
        let mut folders = Folders::default();
        let sources = KnownSources::find(known, params, encode_from, |path| {
            let mut photos = known_photos(path, options, console)?;
            photos.list.retain(|photo| {
                let place = folders.place(photo.path());
                given.insert((person_name(path, photo.path()), place))
            });
            Ok(photos)
        })?;
        Ok(Self { sources })
    }

    /// Returns the number of photos to enroll.
    pub(super) fn photos(&self) -> usize {
        self.sources.photos()
    }

    /// Returns the paths of the photos to enroll.
    pub(super) fn photo_paths(&self) -> impl Iterator<Item = &Path> {
        self.sources.photo_paths().map(|(_, photo)| photo)
    }

    /// Returns the gallery of all known people. A photo that cannot be read is reported as an error
    /// and other problems of a photo as warnings; the run fails if no known person is left.
    pub(super) fn enroll(
        mut self,
        engines: &mut [Box<dyn FaceEngine>],
        params: &EngineParams,
        finder: &FaceFinder,
        console: &Console,
    ) -> Result<Enrolled, Failure> {
        self.sources.warn_of_other_options(console);
        let enrolled = match self.sources.take_only_gallery() {
            Some(gallery) => Enrolled {
                gallery,
                unreadable: 0,
            },
            None => self.join(engines, params, finder, console)?,
        };
        let gallery = &enrolled.gallery;
        if gallery.faces() == 0 {
            return Err(self.nobody(enrolled.unreadable));
        }
        console.detail(format_args!(
            "{} known by {}",
            counted(gallery.people(), "person", "people"),
            counted(gallery.faces(), "face", "faces")
        ));
        Ok(enrolled)
    }

    /// Joins all sources in one gallery.
    fn join(
        &self,
        engines: &mut [Box<dyn FaceEngine>],
        params: &EngineParams,
        finder: &FaceFinder,
        console: &Console,
    ) -> Result<Enrolled, Failure> {
        let (mut unreadable, mut of_several) = (0, Vec::new());
        let photos = self.sources.photo_paths();
        let photos = photos.map(|(root, photo)| (person_name(root, photo), photo));
        let to_enroll = PhotosToEnroll::of_people(photos);
        let encode = |engine: &mut dyn FaceEngine, path: &Path| known_faces(engine, path, finder);
        let gallery = self
            .sources
            .join(params, &to_enroll, |root, photos, builder, earlier| {
                unreadable +=
                    find_known_faces(photos, engines, console, encode, |path, result| {
                        of_several.extend(add_photo(builder, root, path, result, earlier, console));
                    })?;
                Ok(())
            })?;
        warn_of_several_faces(&of_several, console);
        Ok(Enrolled {
            gallery,
            unreadable,
        })
    }

    fn nobody(&self, unreadable: usize) -> Failure {
        let files: Vec<_> = self
            .sources
            .galleries()
            .map(|file| file.path.display().to_string())
            .collect();
        let reason = match self.photos() {
            photos if photos == unreadable => "none of its photos can be read",
            _ => "no face in its photos can be used (run facematch check for details)",
        };
        match self.sources.roots().next() {
            Some(root) => no_known_face(root, reason),
            None => Failure::Start(format!(
                "{}: no known face: the gallery is empty; add people with facematch enroll --add",
                files.join(", ")
            )),
        }
    }
}

/// Maximum number of groups of people, and of names in a group, that warnings list.
const MOST_LISTED: usize = 10;

/// Warns of people who are probably one person, because their names are nearly the same and their
/// faces match: every photo of that person would be ambiguous.
pub(super) fn warn_of_similar_names(
    gallery: &Gallery,
    threshold: DistanceThreshold,
    console: &Console,
) {
    let groups = similarly_named(gallery, threshold.value());
    for group in groups.iter().take(MOST_LISTED) {
        let mut names = group
            .names
            .iter()
            .take(MOST_LISTED)
            .cloned()
            .collect::<Vec<_>>();
        if let Some(more @ 1..) = group.names.len().checked_sub(MOST_LISTED) {
            names.push(format!("{more} more"));
        }
        console.warn(format_args!(
            "{}: separate people, though their faces match (distance {:.4}) and their names are nearly the same; {}",
            names.join(", "),
            group.distance,
            group.advice(),
        ));
    }
    if let Some(more @ 1..) = groups.len().checked_sub(MOST_LISTED) {
        console.warn(format_args!(
            "{} of people whose names are nearly the same; facematch check lists them",
            counted(more, "more group", "more groups")
        ));
    }
}

/// Number of pairs of close people that may be relatives, or one person with two names.
const FEW_CLOSE_PAIRS: usize = 2;

/// How many times as many close pairs of people as `measured` expects are worth a warning.
const FAR_MORE_OFTEN: f64 = 4.0;

/// Warns if far more of the known people than usual are within the fixed `threshold`: it would give
/// many strangers a name too. `better` is the threshold at which 1 in 100 strangers gets one.
/// Returns whether it warned.
pub(super) fn warn_of_close_people(
    pairs: &PeoplePairs,
    threshold: DistanceThreshold,
    measured: &ImpostorDistances,
    better: DistanceThreshold,
    console: &Console,
) -> bool {
    let within = pairs.within(threshold);
    let expected = pairs.expected_within(threshold, measured);
    let is_usual = within <= FEW_CLOSE_PAIRS || (within as f64) < FAR_MORE_OFTEN * expected;
    if is_usual || better >= threshold {
        return false;
    }
    console.warn(format_args!(
        "{} of {} pairs of known people are within the threshold {}: strangers like them would get names too; \
         use --threshold auto ({:.2}), at which about 1 in 100 would",
        grouped(within),
        grouped(pairs.count()),
        threshold.value(),
        better.value(),
    ));
    true
}

/// Share of the usual automatic threshold below which the chosen one is worth a warning.
const MUCH_STRICTER: f32 = 0.8;

/// Warns if the known people make the automatic `threshold` much stricter than the `usual` one:
/// some of them may be one person.
pub(super) fn warn_of_strict_threshold(
    threshold: DistanceThreshold,
    usual: DistanceThreshold,
    console: &Console,
) {
    if threshold.value() >= MUCH_STRICTER * usual.value() {
        return;
    }
    console.warn(format_args!(
        "the threshold is {:.2} instead of {:.2}, because known people are close to each other; run facematch check \
         to see whether some of them are one person",
        threshold.value(),
        usual.value(),
    ));
}

/// Warns of known photos with several faces: one line each for `--verbose`, else one for all, since
/// many photos have people in the background.
fn warn_of_several_faces(warnings: &[KnownPhotoWarning], console: &Console) {
    match warnings.len() {
        0 => {}
        2.. if !console.is_verbose() => console.warn(format_args!(
            "{} known photos have several faces, and the largest in each is used; --verbose lists them",
            grouped(warnings.len())
        )),
        _ => warnings.iter().for_each(|warning| console.warn(warning)),
    }
}

/// Adds the face found in the photo at `path` of the KNOWN `root`. If there is none or the photo
/// could not be read, its earlier face stays. Returns a warning if there are several.
fn add_photo(
    builder: &mut GalleryBuilder,
    root: &Path,
    path: &Path,
    result: Result<Vec<Face>, PhotoError>,
    earlier: &mut EarlierFaces,
    console: &Console,
) -> Option<KnownPhotoWarning> {
    let person = person_name(root, path);
    let faces = match result {
        Ok(faces) => faces,
        Err(error) => {
            let stays = earlier.stays(&person, path);
            console.error(format_args!("known photo left out: {error}{stays}"));
            return None;
        }
    };
    match builder.add(&person, path, &faces) {
        Some(
            warning @ (KnownPhotoWarning::NoFace(_)
            | KnownPhotoWarning::NotUpright(_)
            | KnownPhotoWarning::Poor(_)),
        ) => {
            let stays = earlier.stays(&person, path);
            console.warn(format_args!("{warning}{stays}"));
            None
        }
        warning => {
            earlier.replace(&person, path);
            warning
        }
    }
}

fn known_faces(
    engine: &mut dyn FaceEngine,
    path: &Path,
    finder: &FaceFinder,
) -> Result<Vec<Face>, PhotoError> {
    let photo = finder.find(path, engine)?;
    Ok(photo.into_faces())
}
