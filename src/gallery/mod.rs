//! The known people: their names, which of their faces are used, and whose photo is nearest to a
//! face.
//!
//! Input: known photos with the faces found in them. Output: a [`Gallery`], which returns the
//! distance of a face from each person. A person's distance is that of their nearest photo.

mod compact;
mod file;
mod fingerprint;
mod header;
mod nearest;
mod person_name;
mod rows;

pub use file::{
    has_gallery_header, is_gallery_file, read_gallery, read_gallery_from, write_gallery,
};
pub use fingerprint::{Fingerprint, GalleryMismatch};
pub use person_name::{composed_name, person_name};

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::compact::Compact;
use self::rows::Rows;
use crate::engine::{Encoding, SimdLevel};
use crate::geometry::PixelBox;
use crate::photo::Face;

/// Number of faces from which a gallery keeps a compact copy of them. Fewer faces are compared
/// faster than the copy is searched.
const LEAST_COMPACT: usize = 256;

/// The known people and their faces. A face is a row; the properties of the rows are in arrays of
/// the same length.
#[derive(Debug, Clone)]
pub struct Gallery {
    simd: SimdLevel,
    /// Names of the people, in the order in which they were added.
    names: Vec<Arc<str>>,
    /// First row of each person.
    first_rows: Vec<usize>,
    person_of_row: Vec<usize>,
    sources: Vec<Arc<Path>>,
    boxes: Vec<PixelBox>,
    encodings: Rows,
    compact: Option<Compact>,
}

/// A known face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnownFace<'a> {
    /// Name of the person.
    pub name: &'a str,
    /// Photo in which the face was found.
    pub source: &'a Path,
    /// Position of the face, in pixels of that photo as displayed.
    pub bounds: PixelBox,
    /// Numbers of the face's [`Encoding`].
    pub encoding: &'a [f32],
}

/// A known person and their distance from a face.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Name of the person.
    pub name: Arc<str>,
    /// Euclidean distance between the encodings, at least 0.
    pub distance: f32,
    /// Known photo that is nearest to the face.
    pub source: Arc<Path>,
}

impl Gallery {
    /// Returns the number of people.
    pub fn people(&self) -> usize {
        self.names.len()
    }

    /// Returns the number of known faces.
    pub fn faces(&self) -> usize {
        self.person_of_row.len()
    }

    /// Returns the people's names, in the order in which they were added.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// Returns the known faces, in the order in which they were added.
    pub fn known_faces(&self) -> impl ExactSizeIterator<Item = KnownFace<'_>> {
        self.encodings
            .iter()
            .enumerate()
            .map(|(row, encoding)| KnownFace {
                name: &self.names[self.person_of_row[row]],
                source: &self.sources[row],
                bounds: self.boxes[row],
                encoding,
            })
    }

    /// Returns the first faces of each person, at most `most` in all: the first of each person,
    /// then the second of each who has one, and so on. If there are too many of a kind, an even
    /// sample is taken.
    pub(crate) fn first_faces(&self, most: usize) -> Vec<Vec<&[f32]>> {
        let mut counts = vec![0_usize; self.people()];
        let mut ranked: Vec<(usize, usize)> = Vec::with_capacity(self.faces());
        for (row, &person) in self.person_of_row.iter().enumerate() {
            ranked.push((counts[person], row));
            counts[person] += 1;
        }
        ranked.sort_unstable();
        let mut faces = vec![Vec::new(); self.people()];
        let mut left = most;
        for round in ranked.chunk_by(|a, b| a.0 == b.0) {
            let taken = left.min(round.len());
            for place in 0..taken {
                let (_, row) = round[place * round.len() / taken];
                faces[self.person_of_row[row]].push(self.encodings.row(row));
            }
            left -= taken;
        }
        faces.retain(|of_person| !of_person.is_empty());
        faces
    }

    /// Returns each person with their distance from `encoding`, nearest first (equal distances by
    /// name), at most `limit`.
    ///
    /// # Panics
    /// If `encoding` is of another encoder than the gallery.
    pub fn nearest_people(&self, encoding: &Encoding, limit: usize) -> Vec<Candidate> {
        self.nearest_people_of_all(&[encoding], limit)
            .pop()
            .unwrap_or_default()
    }

    /// Returns the result of [`nearest_people`](Self::nearest_people) for each of `encodings`, such
    /// as all faces in a photo. They share one pass through the gallery, so that each costs less
    /// than a separate search.
    ///
    /// # Panics
    /// As [`nearest_people`](Self::nearest_people).
    pub fn nearest_people_of_all(
        &self,
        encodings: &[&Encoding],
        limit: usize,
    ) -> Vec<Vec<Candidate>> {
        nearest::nearest(self, encodings, limit)
    }
}

impl Default for Gallery {
    fn default() -> Self {
        GalleryBuilder::default().build()
    }
}

/// A problem with a known photo. The run continues, but the user should be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KnownPhotoWarning {
    /// The photo has no face and is left out.
    #[error("{}: no face found in this known photo; it is left out", .0.display())]
    NoFace(PathBuf),
    /// The photo has faces, but none is upright in any turn, so it is left out.
    #[error("{}: no face in this known photo is upright in any turn; it is left out", .0.display())]
    NotUpright(PathBuf),
    /// The photo has faces, but none is good enough to be encoded, so it is left out.
    #[error("{}: the face in this known photo is too small, blurred or turned; it is left out", .0.display())]
    Poor(PathBuf),
    /// The photo has several faces; the largest is used.
    #[error("{}: {faces} faces in this known photo; the largest is taken for {name}", path.display())]
    SeveralFaces {
        /// Path of the photo.
        path: PathBuf,
        /// Number of faces in the photo.
        faces: usize,
        /// Name of the person that the photo shows.
        name: String,
    },
}

/// Returns the face of a known photo that is used, and its encoding: the largest
/// [upright](Face::upright) face, or the leftmost of equally large ones. Returns `None` if it has
/// no encoding: a smaller face beside it is more likely another person.
pub fn largest_face(faces: &[Face]) -> Option<(&Face, &Encoding)> {
    // From right to left, because `max_by_key` returns the last of equal elements.
    let upright = faces.iter().rev().filter(|face| face.upright);
    let largest = upright.max_by_key(|face| face.bounds.area())?;
    Some((largest, largest.usable_encoding()?))
}

/// Builder that puts a [`Gallery`] together, face by face.
#[derive(Debug)]
pub struct GalleryBuilder {
    gallery: Gallery,
    person_of_name: HashMap<Arc<str>, usize>,
}

/// Builder of a gallery that searches with the best vector instructions of this processor.
impl Default for GalleryBuilder {
    fn default() -> Self {
        Self::new(SimdLevel::best())
    }
}

impl GalleryBuilder {
    /// Creates a builder of a gallery that will search with these vector instructions.
    pub fn new(simd: SimdLevel) -> Self {
        Self {
            gallery: Gallery {
                simd,
                names: Vec::new(),
                first_rows: Vec::new(),
                person_of_row: Vec::new(),
                sources: Vec::new(),
                boxes: Vec::new(),
                encodings: Rows::default(),
                compact: None,
            },
            person_of_name: HashMap::new(),
        }
    }

    /// Adds the largest face in the known photo `source` to the person `name`. Faces without an
    /// encoding and faces that are not [`upright`](Face::upright) are skipped.
    ///
    /// # Panics
    /// As [`add_encoding`](Self::add_encoding).
    pub fn add(&mut self, name: &str, source: &Path, faces: &[Face]) -> Option<KnownPhotoWarning> {
        let Some((face, encoding)) = largest_face(faces) else {
            let source = source.to_owned();
            return Some(match faces {
                [] => KnownPhotoWarning::NoFace(source),
                _ if faces.iter().any(|face| face.upright) => KnownPhotoWarning::Poor(source),
                _ => KnownPhotoWarning::NotUpright(source),
            });
        };
        self.add_encoding(name, source, face.bounds, encoding);
        (faces.len() > 1).then(|| KnownPhotoWarning::SeveralFaces {
            path: source.to_owned(),
            faces: faces.len(),
            name: name.to_owned(),
        })
    }

    /// Adds a face of the person `name`, with its position in the photo `source` and its encoding.
    ///
    /// # Panics
    /// If the encoding is of another encoder than those before.
    pub fn add_encoding(
        &mut self,
        name: &str,
        source: &Path,
        bounds: PixelBox,
        encoding: &Encoding,
    ) {
        self.add_row(KnownFace {
            name,
            source,
            bounds,
            encoding: encoding.values(),
        });
    }

    fn add_row(&mut self, face: KnownFace<'_>) {
        let person = self.person(face.name);
        let gallery = &mut self.gallery;
        gallery.person_of_row.push(person);
        gallery.sources.push(face.source.into());
        gallery.boxes.push(face.bounds);
        gallery.encodings.push(face.encoding);
    }

    /// Adds the faces of `gallery` that `wanted` accepts.
    ///
    /// # Panics
    /// As [`add_encoding`](Self::add_encoding).
    pub fn add_gallery(&mut self, gallery: &Gallery, wanted: impl Fn(&KnownFace<'_>) -> bool) {
        for face in gallery.known_faces().filter(wanted) {
            self.add_row(face);
        }
    }

    /// Returns the finished gallery.
    pub fn build(self) -> Gallery {
        let mut gallery = self.gallery;
        let is_large = gallery.faces() >= LEAST_COMPACT;
        gallery.compact = match is_large {
            true => Compact::of(&gallery.encodings),
            false => None,
        };
        gallery
    }

    /// Returns the index of the person `name`. If the name is new, the next row will be the
    /// person's first.
    fn person(&mut self, name: &str) -> usize {
        let name = composed_name(name);
        if let Some(&person) = self.person_of_name.get(&*name) {
            return person;
        }
        let name: Arc<str> = name.into();
        let person = self.gallery.names.len();
        self.gallery.names.push(Arc::clone(&name));
        self.gallery.first_rows.push(self.gallery.faces());
        self.person_of_name.insert(name, person);
        person
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ENCODING_LEN;

    fn face(x: u32, side: u32, value: f32) -> Face {
        Face {
            bounds: PixelBox {
                x,
                y: 0,
                w: side,
                h: side,
            },
            score: None,
            landmarks: Vec::new(),
            encoding: Some(encoding(value)),
            quality: 1.0,
            upright: true,
        }
    }

    fn encoding(value: f32) -> Encoding {
        let mut values = [0.0; ENCODING_LEN];
        values[0] = value;
        Encoding::new(values)
    }

    #[test]
    fn a_person_is_as_near_as_their_nearest_photo() {
        let mut builder = GalleryBuilder::default();
        builder.add("ann", Path::new("a1"), &[face(0, 9, 0.0)]);
        builder.add("bob", Path::new("b1"), &[face(0, 9, 5.0)]);
        builder.add("ann", Path::new("a2"), &[face(0, 9, 8.0)]);
        let gallery = builder.build();
        assert_eq!((gallery.people(), gallery.faces()), (2, 3));

        let nearest = gallery.nearest_people(&encoding(7.0), 9);
        let told: Vec<_> = nearest
            .iter()
            .map(|c| (&*c.name, c.distance, c.source.to_str().unwrap()))
            .collect();
        assert_eq!(told, [("ann", 1.0, "a2"), ("bob", 2.0, "b1")]);
        assert_eq!(gallery.nearest_people(&encoding(7.0), 1).len(), 1);
    }

    #[test]
    fn equal_distances_are_ordered_by_name() {
        let mut builder = GalleryBuilder::default();
        for name in ["zoe", "ann", "mia"] {
            builder.add(name, Path::new(name), &[face(0, 9, 1.0)]);
        }
        let nearest = builder.build().nearest_people(&encoding(0.0), 3);
        let names: Vec<_> = nearest.iter().map(|c| &*c.name).collect();
        assert_eq!(names, ["ann", "mia", "zoe"]);
    }

    #[test]
    fn the_largest_face_of_a_known_photo_counts() {
        let mut builder = GalleryBuilder::default();
        let warning = builder.add(
            "ann",
            Path::new("group.jpg"),
            &[face(0, 10, 1.0), face(20, 30, 2.0), face(60, 30, 3.0)],
        );
        assert_eq!(
            warning,
            Some(KnownPhotoWarning::SeveralFaces {
                path: "group.jpg".into(),
                faces: 3,
                name: "ann".into(),
            })
        );
        let nearest = builder.build().nearest_people(&encoding(2.0), 1);
        assert_eq!(nearest[0].distance, 0.0);
    }

    #[test]
    fn a_smaller_face_does_not_stand_for_a_larger_one_that_is_poor() {
        let poor = Face {
            encoding: None,
            ..face(0, 60, 1.0)
        };
        let mut builder = GalleryBuilder::default();
        let path = Path::new("ann.jpg");
        assert_eq!(
            builder.add("ann", path, &[poor, face(80, 30, 2.0)]),
            Some(KnownPhotoWarning::Poor("ann.jpg".into()))
        );
        assert!(builder.build().faces() == 0);
    }

    #[test]
    fn the_first_faces_are_those_of_all_people_before_the_second_ones() {
        let mut builder = GalleryBuilder::default();
        for (name, value) in [("ann", 1.0), ("ann", 2.0), ("bob", 3.0), ("ann", 4.0)] {
            builder.add(name, Path::new("photo"), &[face(0, 9, value)]);
        }
        let gallery = builder.build();
        let first = |most| -> Vec<Vec<f32>> {
            let people = gallery.first_faces(most).into_iter();
            people
                .map(|faces| faces.iter().map(|face| face[0]).collect())
                .collect()
        };
        assert_eq!(first(9), [vec![1.0, 2.0, 4.0], vec![3.0]]);
        assert_eq!(first(3), [vec![1.0, 2.0], vec![3.0]]);
        assert_eq!(first(1), [vec![1.0]]);
    }

    #[test]
    fn of_too_many_people_an_even_sample_is_taken() {
        let mut builder = GalleryBuilder::default();
        for person in 0..10_u8 {
            let name = person.to_string();
            builder.add(&name, Path::new("photo"), &[face(0, 9, person.into())]);
        }
        let gallery = builder.build();
        let sample: Vec<_> = gallery.first_faces(4).iter().map(|f| f[0][0]).collect();
        assert_eq!(sample, [0.0, 2.0, 5.0, 7.0]);
    }

    #[test]
    fn a_face_that_is_upright_in_no_turn_adds_nobody() {
        let lying = |side| Face {
            upright: false,
            ..face(0, side, 1.0)
        };
        let mut builder = GalleryBuilder::default();
        let path = Path::new("ann.jpg");
        assert_eq!(
            builder.add("ann", path, &[lying(30)]),
            Some(KnownPhotoWarning::NotUpright("ann.jpg".into()))
        );
        builder.add("ann", path, &[lying(30), face(50, 20, 2.0)]);
        let gallery = builder.build();
        assert_eq!(gallery.faces(), 1);
        assert_eq!(gallery.nearest_people(&encoding(2.0), 1)[0].distance, 0.0);
    }

    #[test]
    fn a_known_photo_without_a_face_adds_nobody() {
        let mut builder = GalleryBuilder::default();
        let warning = builder.add("cat", Path::new("cat.jpg"), &[]);
        assert_eq!(warning, Some(KnownPhotoWarning::NoFace("cat.jpg".into())));
        let gallery = builder.build();
        assert_eq!(gallery.faces(), 0);
        assert_eq!(gallery.people(), 0);
    }
}
