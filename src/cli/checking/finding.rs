//! Problems of a gallery, with advice on each.

use std::collections::HashSet;
use std::fmt::Write;
use std::path::PathBuf;

use facematch::gallery::largest_face;
use facematch::matching::DistanceThreshold;

use super::{KnownPhoto, LEAST_FACE_SIDE};
use crate::cli::advice::Advised;
use crate::cli::similar_names::{are_nearly_equal, naming_advice};

/// A photo and the person it is assigned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PhotoOf {
    /// Path of the photo.
    pub(crate) path: PathBuf,
    /// The person.
    pub(crate) person: String,
}

/// A photo that is near another one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Near {
    /// The photo.
    pub(crate) photo: PhotoOf,
    /// Distance of its face from that of the other photo, at least 0.
    pub(crate) distance: f32,
}

/// Two people, and the two nearest of their photos.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClosePeople {
    /// One photo of each.
    pub(crate) photos: [PhotoOf; 2],
    /// Distance of their faces.
    pub(crate) distance: f32,
}

/// A problem that the user should look at.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub(crate) enum Finding {
    /// The photo cannot be searched.
    Unreadable {
        /// The photo.
        photo: PhotoOf,
        /// [`Error::kind`](facematch::Error::kind) of the error.
        kind: &'static str,
        /// Error message.
        message: String,
    },
    /// There is no face in the photo.
    NoFace {
        /// The photo.
        photo: PhotoOf,
    },
    /// There are faces in the photo, but none is upright in any rotation.
    NotUpright {
        /// The photo.
        photo: PhotoOf,
    },
    /// No face in the photo is good enough to be encoded.
    PoorFace {
        /// The photo.
        photo: PhotoOf,
    },
    /// The photo is within the threshold of another person, and nearer to that person than to the
    /// other pictures of its own person.
    Mislabelled {
        /// The photo.
        photo: PhotoOf,
        /// The nearest other picture of its own person.
        own: Near,
        /// The nearest photo of another person.
        other: Near,
    },
    /// The photo is beyond the threshold of all other pictures of its person.
    FarFromOwn {
        /// The photo.
        photo: PhotoOf,
        /// The nearest of these pictures.
        own: Near,
        /// The nearest photo of another person.
        other: Option<Near>,
        /// The threshold.
        threshold: DistanceThreshold,
    },
    /// Several photos show the same picture.
    SamePicture {
        /// The photos, at least two.
        photos: Vec<PhotoOf>,
        /// Largest distance of faces that were considered the same, or `None` if the files are
        /// equal byte by byte.
        distance: Option<f32>,
    },
    /// Two people are within the threshold of each other.
    ClosePeople {
        /// The two people.
        people: ClosePeople,
        /// The threshold.
        threshold: DistanceThreshold,
    },
    /// There are several faces in the photo; the largest is used.
    SeveralFaces {
        /// The photo.
        photo: PhotoOf,
        /// Number of faces, at least 2.
        faces: usize,
    },
    /// The longer side of the largest face is below [`LEAST_FACE_SIDE`].
    TinyFace {
        /// The photo.
        photo: PhotoOf,
        /// Longer side of the face's box, in pixels of the photo. The shorter side may be cut off
        /// at the photo's edge.
        side: u32,
    },
}

impl From<&KnownPhoto> for PhotoOf {
    fn from(photo: &KnownPhoto) -> Self {
        Self {
            path: photo.path.clone(),
            person: photo.person.clone(),
        }
    }
}

/// Returns the findings that depend only on this photo.
pub(super) fn of_photo(known: &KnownPhoto) -> Vec<Finding> {
    let photo = PhotoOf::from(known);
    let content = match &known.content {
        Ok(content) => content,
        Err(error) => {
            return vec![Finding::Unreadable {
                photo,
                kind: error.kind(),
                message: Advised(error).to_string(),
            }];
        }
    };
    let Some((face, _)) = largest_face(&content.faces) else {
        return vec![match &content.faces[..] {
            [] => Finding::NoFace { photo },
            faces if faces.iter().any(|face| face.upright) => Finding::PoorFace { photo },
            _ => Finding::NotUpright { photo },
        }];
    };
    let (faces, side) = (content.faces.len(), face.bounds.w.max(face.bounds.h));
    let several = (faces > 1).then(|| Finding::SeveralFaces {
        photo: photo.clone(),
        faces,
    });
    let tiny = (side < LEAST_FACE_SIDE).then_some(Finding::TinyFace { photo, side });
    several.into_iter().chain(tiny).collect()
}

impl Finding {
    /// Returns the kind as one word for programs, stable between versions.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "unreadable",
            Self::NoFace { .. } => "no_face",
            Self::NotUpright { .. } => "not_upright",
            Self::PoorFace { .. } => "poor_face",
            Self::Mislabelled { .. } => "mislabelled",
            Self::FarFromOwn { .. } => "far_from_own",
            Self::SamePicture { .. } => "same_picture",
            Self::ClosePeople { .. } => "close_people",
            Self::SeveralFaces { .. } => "several_faces",
            Self::TinyFace { .. } => "tiny_face",
        }
    }

    /// Returns the photos that the finding is about, at least one.
    pub(crate) fn photos(&self) -> &[PhotoOf] {
        match self {
            Self::Unreadable { photo, .. }
            | Self::NoFace { photo }
            | Self::NotUpright { photo }
            | Self::PoorFace { photo }
            | Self::Mislabelled { photo, .. }
            | Self::FarFromOwn { photo, .. }
            | Self::SeveralFaces { photo, .. }
            | Self::TinyFace { photo, .. } => std::slice::from_ref(photo),
            Self::SamePicture { photos, .. } => photos,
            Self::ClosePeople { people, .. } => &people.photos,
        }
    }

    /// Returns the people that the finding is about, each once.
    pub(crate) fn people(&self) -> Vec<&str> {
        let mut told = HashSet::new();
        let people = self.photos().iter().map(|photo| photo.person.as_str());
        people.filter(|person| told.insert(*person)).collect()
    }

    /// Returns the position of this kind of finding. Kinds that make matches wrong come first.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Unreadable { .. } => 0,
            Self::NoFace { .. } => 1,
            Self::NotUpright { .. } => 2,
            Self::PoorFace { .. } => 3,
            Self::Mislabelled { .. } => 4,
            Self::FarFromOwn { .. } => 5,
            // The same picture of two people is wrong for one of them; of one person it is only
            // useless.
            Self::SamePicture { photos, .. } if are_of_several_people(photos) => 6,
            Self::SamePicture { .. } => 7,
            Self::ClosePeople { .. } => 8,
            Self::SeveralFaces { .. } => 9,
            Self::TinyFace { .. } => 10,
        }
    }

    /// Returns a sentence with the problem and what to do.
    pub(crate) fn advice(&self) -> String {
        match self {
            Self::Unreadable { message, .. } => format!("{message}; replace it or take it out"),
            Self::NoFace { .. } => {
                "it is left out; replace it, or search it with --try-rotations or a larger --width"
                    .to_owned()
            }
            Self::NotUpright { .. } => {
                "no face in it is upright in any turn; it is left out, replace it".to_owned()
            }
            Self::PoorFace { .. } => {
                "the face in it is too small, blurred or turned; it is left out, replace it"
                    .to_owned()
            }
            Self::Mislabelled { photo, own, other } => format!(
                "{:.4} from {} ({}), {:.4} from the nearest other photo of {} ({}); if it shows {}, move it there",
                other.distance,
                other.photo.person,
                other.photo.path.display(),
                own.distance,
                photo.person,
                own.photo.path.display(),
                other.photo.person,
            ),
            Self::FarFromOwn {
                photo,
                own,
                other,
                threshold,
            } => far_from_own(photo, own, other.as_ref(), *threshold),
            Self::SamePicture { photos, distance } => same_picture(photos, *distance),
            Self::ClosePeople { people, threshold } => {
                let [first, second] = &people.photos;
                let one_person = match are_nearly_equal(&first.person, &second.person) {
                    true => naming_advice(&first.person, &first.path),
                    false => "if both are one person, give them one name".to_owned(),
                };
                format!(
                    "{:.4} from {}, within the threshold {}; {one_person}, else search with a lower --threshold",
                    people.distance,
                    second.path.display(),
                    threshold.value(),
                )
            }
            Self::SeveralFaces { photo, faces } => format!(
                "{faces} faces, of which the largest is taken; crop it to the face of {}",
                photo.person
            ),
            Self::TinyFace { side, .. } => format!(
                "the longer side of the face has {side} pixels, less than {LEAST_FACE_SIDE}; replace it by a larger \
                 picture"
            ),
        }
    }
}

fn far_from_own(
    photo: &PhotoOf,
    own: &Near,
    other: Option<&Near>,
    threshold: DistanceThreshold,
) -> String {
    let mut words = format!(
        "further than {} from every other photo of {} (the nearest, {}, is at {:.4})",
        threshold.value(),
        photo.person,
        own.photo.path.display(),
        own.distance,
    );
    if let Some(other) = other {
        let _ = write!(
            words,
            "; the nearest other person is {} at {:.4}",
            other.photo.person, other.distance
        );
    }
    let _ = write!(
        words,
        "; look whether it shows {}, and replace it where the face is hardly seen",
        photo.person
    );
    words
}

fn are_of_several_people(photos: &[PhotoOf]) -> bool {
    photos
        .windows(2)
        .any(|pair| pair[0].person != pair[1].person)
}

fn same_picture(photos: &[PhotoOf], distance: Option<f32>) -> String {
    let others = photos.get(1..).unwrap_or_default();
    let others: Vec<_> = others
        .iter()
        .map(|photo| photo.path.display().to_string())
        .collect();
    let what = match distance {
        None => "the same file".to_owned(),
        Some(distance) => format!("the same picture ({distance:.4})"),
    };
    let advice = match are_of_several_people(photos) {
        false => "it counts once; keep one of them",
        true => "one picture cannot be of several people; keep it for the right one",
    };
    format!("{what} as {}; {advice}", others.join(", "))
}
