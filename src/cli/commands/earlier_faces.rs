//! The faces that gallery files have of photos that are enrolled again: which of them a new face
//! replaces.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use facematch::gallery::KnownFace;

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

/// The photos to enroll, and whom they show where that is known before.
pub(super) struct PhotosToEnroll {
    /// By their names.
    of_people: PhotosOfPeople,
    /// Who is in them turns out when their tags are read.
    of_anybody: HashSet<String>,
}

impl PhotosToEnroll {
    /// Photos, each after the person that it shows.
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

    /// Photos of anybody.
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

/// The photos to enroll of which a gallery file already has a face.
pub(super) struct EarlierFaces {
    in_galleries: PhotosOfPeople,
    /// Those of them in which a face was found: it takes the place of the earlier one.
    replaced: PhotosOfPeople,
}

impl EarlierFaces {
    /// Those of `known` that are of the photos `to_enroll`.
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

    /// What a warning that no face of this photo is taken says at its end.
    pub(super) fn stays(&self, person: &str, photo: &Path) -> &'static str {
        match self.in_galleries.contains(person, photo) {
            true => "; its earlier face stays in the gallery",
            false => "",
        }
    }

    /// Lets a new face take the place of the earlier one.
    pub(super) fn replace(&mut self, person: &str, photo: &Path) {
        if self.in_galleries.contains(person, photo) {
            self.replaced.insert(person, photo);
        }
    }

    /// Whether a new face took the place of this one.
    pub(super) fn has_replaced(&self, face: &KnownFace<'_>) -> bool {
        self.replaced.contains(face.name, face.source)
    }
}
