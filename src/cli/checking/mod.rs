//! Check of a gallery. Input: known photos with the faces found in them. Output: [`Finding`]s that
//! a user can act on, and the threshold that separates the people best.
//!
//! Only the largest face of a photo is used, as in a search. Every pair of faces is compared once,
//! and only counts and the nearest pairs are kept: the time grows with the square of the number of
//! faces, the memory does not.

mod automatic;
mod comparison;
mod finding;
mod mislabelled;
mod same_pictures;
mod separation;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

pub(crate) use automatic::AutomaticThreshold;
pub(crate) use finding::{ClosePeople, Finding, Near, PhotoOf};
pub(crate) use separation::{ErrorRates, Separation};

use facematch::Error;
use facematch::engine::{EncoderKind, Encoding};
use facematch::gallery::Gallery;
use facematch::matching::DistanceThreshold;
use facematch::photo::Face;

use self::comparison::{Link, Neighbour, Rows, compare};
use self::mislabelled::Suspicion;
use self::same_pictures::{SamePicture, SamePictures};

/// Minimum length of the longer side of a face's box, in pixels of the photo. The chip of 150 x 150
/// pixels of a smaller face is mostly enlarged, and its encoding is less exact.
pub(crate) const LEAST_FACE_SIDE: u32 = 80;

/// Returns the distance of encodings of `encoder` below which two faces are considered one picture,
/// resized or saved again. Two pictures of one person are further apart, even if they were taken at
/// the same moment.
fn same_picture_distance(encoder: EncoderKind) -> f32 {
    match encoder {
        EncoderKind::Dlib => 0.05,
        EncoderKind::Mobilefacenet => 0.07,
    }
}

/// Maximum number of pairs of close people that are listed, nearest first.
pub(crate) const MOST_CLOSE_PEOPLE: usize = 100_000;

/// A known photo.
#[derive(Debug)]
pub(crate) struct KnownPhoto {
    /// Path of the photo as the user wrote it.
    pub(crate) path: PathBuf,
    /// Name of the person, from the file or the folder.
    pub(crate) person: String,
    /// Content of the photo, or the reason why it could not be searched.
    pub(crate) content: Result<PhotoContent, Error>,
}

/// Content of a known photo.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PhotoContent {
    /// All faces, in pixels of the photo, with their encodings.
    pub(crate) faces: Vec<Face>,
    /// SHA-256 of the file, if there is one.
    pub(crate) digest: Option<[u8; 32]>,
}

/// Result of a check.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Check {
    /// Number of photos.
    pub(crate) photos: usize,
    /// Number of photos with a face.
    pub(crate) faces: usize,
    /// Number of people with at least one face in the photos: those that a search can find.
    pub(crate) people: usize,
    /// Largest distance at which two faces were considered one person.
    pub(crate) threshold: DistanceThreshold,
    /// Findings, grouped by kind. Within a group they have the order of the photos, and close
    /// people come nearest first.
    pub(crate) findings: Vec<Finding>,
    /// Number of pairs of close people beyond [`MOST_CLOSE_PEOPLE`], which are not among the
    /// findings.
    pub(crate) unlisted_close_people: usize,
    /// Quality of thresholds for telling the people apart.
    pub(crate) separation: Separation,
}

/// Returns the photos of a gallery that was enrolled earlier, with one face each and no data on the
/// file.
pub(crate) fn photos_of(gallery: &Gallery) -> Vec<KnownPhoto> {
    gallery
        .known_faces()
        .map(|known| KnownPhoto {
            path: known.source.to_owned(),
            person: known.name.to_owned(),
            content: Ok(PhotoContent {
                faces: vec![Face {
                    bounds: known.bounds,
                    score: None,
                    landmarks: Vec::new(),
                    encoding: Some(Encoding::new(known.encoding)),
                    quality: 1.0,
                    upright: true,
                }],
                digest: None,
            }),
        })
        .collect()
}

/// Checks `photos`, whose faces `encoder` has encoded, on at most `jobs` threads (0 counts as 1),
/// with the same result for any number of threads. Two faces within `threshold` are considered one
/// person. Calls `compared`, on any thread, with the number of further faces that were compared
/// with all others.
pub(crate) fn check(
    photos: &[KnownPhoto],
    encoder: EncoderKind,
    threshold: DistanceThreshold,
    jobs: usize,
    compared: &(dyn Fn(usize) + Sync),
) -> Check {
    let people = people(photos);
    let rows = Rows::new(photos, people.values(), encoder);
    let comparison = compare(&rows, threshold, jobs, compared);
    let suspicions = mislabelled::suspicions(&rows, &comparison, threshold);
    let is_stranger = mislabelled::strangers(&rows, &suspicions);
    let close_people =
        mislabelled::close_people_without(&rows, &comparison, &is_stranger, threshold);
    let nearest_people = mislabelled::nearest_people_without(&rows, &comparison, &is_stranger);
    let tell = Telling {
        photos,
        rows: &rows,
        threshold,
    };
    let mut findings: Vec<_> = photos.iter().flat_map(finding::of_photo).collect();
    findings.extend(suspicions.iter().map(|suspicion| tell.suspicion(suspicion)));
    findings.extend(tell.same_pictures(comparison.same_pictures));
    findings.extend(close_people.iter().map(|link| Finding::ClosePeople {
        people: tell.close_people(link),
        threshold,
    }));
    // The sort is stable, so the order within a kind is kept.
    findings.sort_by_cached_key(Finding::rank);
    Check {
        photos: photos.len(),
        faces: rows.len(),
        people: rows.people(),
        threshold,
        findings,
        unlisted_close_people: comparison.unlisted_close_people,
        separation: Separation {
            nearest_people: nearest_people.map(|link| tell.close_people(&link)),
            ..comparison.distances.separation()
        },
    }
}

/// Returns the indices of the photos of each person.
fn people(photos: &[KnownPhoto]) -> BTreeMap<&str, Vec<usize>> {
    let mut people: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, photo) in photos.iter().enumerate() {
        people.entry(&photo.person).or_default().push(index);
    }
    people
}

/// Converter of rows, which are indices, to findings, which are self-contained.
struct Telling<'a> {
    photos: &'a [KnownPhoto],
    rows: &'a Rows,
    threshold: DistanceThreshold,
}

impl Telling<'_> {
    fn photo_of(&self, row: usize) -> PhotoOf {
        PhotoOf::from(&self.photos[self.rows.photo(row)])
    }

    fn near(&self, neighbour: Neighbour) -> Near {
        Near {
            photo: self.photo_of(neighbour.row),
            distance: neighbour.distance,
        }
    }

    fn close_people(&self, link: &Link) -> ClosePeople {
        ClosePeople {
            photos: link.rows.map(|row| self.photo_of(row)),
            distance: link.distance,
        }
    }

    fn suspicion(&self, suspicion: &Suspicion) -> Finding {
        match *suspicion {
            Suspicion::NearerToAnother { row, own, other } => Finding::Mislabelled {
                photo: self.photo_of(row),
                own: self.near(own),
                other: self.near(other),
            },
            Suspicion::FarFromOwn { row, own, other } => Finding::FarFromOwn {
                photo: self.photo_of(row),
                own: self.near(own),
                other: other.map(|other| self.near(other)),
                threshold: self.threshold,
            },
        }
    }

    /// Returns the photos that show the same picture according to `pictures`, which is based on the
    /// encodings, or to the bytes of the files.
    fn same_pictures(&self, mut pictures: SamePictures) -> Vec<Finding> {
        let digests: Vec<_> = self.photos.iter().map(digest).collect();
        let mut first_of_digest = HashMap::new();
        for (index, digest) in digests.iter().enumerate() {
            if let Some(digest) = digest {
                let first = *first_of_digest.entry(digest).or_insert(index);
                pictures.join(first, index, 0.0);
            }
        }
        let tell = |same: SamePicture| {
            let first = digests[same.photos[0]];
            let identical = first.is_some() && same.photos.iter().all(|&p| digests[p] == first);
            Finding::SamePicture {
                photos: same
                    .photos
                    .iter()
                    .map(|&p| (&self.photos[p]).into())
                    .collect(),
                distance: (!identical).then_some(same.distance),
            }
        };
        pictures.groups().into_iter().map(tell).collect()
    }
}

fn digest(photo: &KnownPhoto) -> Option<[u8; 32]> {
    photo.content.as_ref().ok()?.digest
}

#[cfg(test)]
mod test_photos;
#[cfg(test)]
mod tests;
