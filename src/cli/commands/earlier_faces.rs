//! Faces that gallery files already have of photos that are enrolled again, and which of them a new
//! face replaces.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use facematch::gallery::KnownFace;

/// Photos of people, identified as in gallery files by the person's name and the photo's path. The
/// name is needed because one photo may be enrolled for several people.
#[derive(Default)]
struct PhotosOfPeople(HashMap<String, HashSet<String>>);

impl PhotosOfPeople {
    fn insert(&mut self, person: &str, photo: &Path) {
        let photos = self.0.entry(person.to_owned()).or_default();
        photos.insert(comparable(photo));
    }

    fn contains(&self, person: &str, photo: &Path) -> bool {
        // The name is checked first because a gallery may have a million faces.
        let photos = self.0.get(person);
        photos.is_some_and(|photos| photos.contains(&comparable(photo)))
    }
}

/// Returns `photo` in a form that can be compared: absolute, without `.`, and with U+FFFD for bytes
/// that are not UTF-8, as in gallery files. A gallery file does not say which folder its relative
/// paths refer to; like those on the command line, they are resolved against the current one.
fn comparable(photo: &Path) -> String {
    let absolute = std::path::absolute(photo);
    let path = absolute.as_deref().unwrap_or(photo);
    path.to_string_lossy().into_owned()
}

/// Photos to enroll, with the people they show if that is known in advance.
pub(super) struct PhotosToEnroll {
    /// Photos of people who are known from names.
    of_people: PhotosOfPeople,
    /// Photos whose people are known only once their tags are read.
    of_anybody: HashSet<String>,
}

impl PhotosToEnroll {
    /// Returns photos to enroll, each given with the person it shows.
    pub(super) fn of_people<'a>(photos: impl Iterator<Item = (String, &'a Path)>) -> Self {
        let mut of_people = PhotosOfPeople::default();
        for (person, photo) in photos {
            of_people.insert(&person, photo);
        }
        Self {
            of_people,
            of_anybody: HashSet::new(),
        }
    }

    /// Returns photos to enroll that may show anyone.
    pub(super) fn of_anybody<'a>(photos: impl Iterator<Item = &'a Path>) -> Self {
        Self {
            of_people: PhotosOfPeople::default(),
            of_anybody: photos.map(comparable).collect(),
        }
    }

    fn may_show(&self, face: &KnownFace<'_>) -> bool {
        self.of_people.contains(face.name, face.source)
            || (!self.of_anybody.is_empty() && self.of_anybody.contains(&comparable(face.source)))
    }
}

/// Photos to enroll of which a gallery file already has a face.
pub(super) struct EarlierFaces {
    in_galleries: PhotosOfPeople,
    /// Photos of these in which a new face was found, which replaces the earlier one.
    replaced: PhotosOfPeople,
}

impl EarlierFaces {
    /// Returns the faces among `known` that may come from the photos `to_enroll`.
    pub(super) fn among<'a>(
        known: impl Iterator<Item = KnownFace<'a>>,
        to_enroll: &PhotosToEnroll,
    ) -> Self {
        let mut in_galleries = PhotosOfPeople::default();
        for face in known.filter(|face| to_enroll.may_show(face)) {
            in_galleries.insert(face.name, face.source);
        }
        Self {
            in_galleries,
            replaced: PhotosOfPeople::default(),
        }
    }

    /// Returns the end of a warning that no face is taken from this photo.
    pub(super) fn stays(&self, person: &str, photo: &Path) -> &'static str {
        match self.in_galleries.contains(person, photo) {
            true => "; its earlier face stays in the gallery",
            false => "",
        }
    }

    /// Records that a new face replaces the earlier one.
    pub(super) fn replace(&mut self, person: &str, photo: &Path) {
        if self.in_galleries.contains(person, photo) {
            self.replaced.insert(person, photo);
        }
    }

    /// Returns whether a new face replaces this one.
    pub(super) fn has_replaced(&self, face: &KnownFace<'_>) -> bool {
        self.replaced.contains(face.name, face.source)
    }
}
