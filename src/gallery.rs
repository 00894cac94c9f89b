//! The known people: who is called what, which of their faces counts, and whose photo is nearest to a face.
//!
//! In come known photos with the faces found in them, out comes a [`Gallery`] that answers "how far is this face from
//! each person?". A person's distance is that of the nearest of their photos.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::engine::Encoding;
use crate::photo::Face;

/// One known face.
#[derive(Debug, Clone)]
struct Entry {
    person: usize,
    source: Arc<Path>,
    encoding: Encoding,
}

/// The known people and their faces.
#[derive(Debug, Clone, Default)]
pub struct Gallery {
    names: Vec<Arc<str>>,
    entries: Vec<Entry>,
}

/// A known person and how far they are from a face.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The person.
    pub name: Arc<str>,
    /// Euclidean distance between the encodings, at least 0.
    pub distance: f32,
    /// The known photo that is nearest.
    pub source: Arc<Path>,
}

impl Gallery {
    /// The number of people.
    pub fn people(&self) -> usize {
        self.names.len()
    }

    /// The number of known faces.
    pub fn faces(&self) -> usize {
        self.entries.len()
    }

    /// Whether nobody is known.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The people's names, in the order in which they came.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// Each person with their distance from `encoding`, nearest first (equal distances by name), at most `limit`.
    pub fn nearest_people(&self, encoding: &Encoding, limit: usize) -> Vec<Candidate> {
        let mut nearest: Vec<Option<(f32, &Entry)>> = vec![None; self.names.len()];
        for entry in &self.entries {
            let distance = entry.encoding.distance(encoding);
            let best = &mut nearest[entry.person];
            if best.is_none_or(|(smallest, _)| distance < smallest) {
                *best = Some((distance, entry));
            }
        }
        let mut ranked: Vec<(f32, &Entry)> = nearest.into_iter().flatten().collect();
        ranked.sort_by(|(a, x), (b, y)| {
            a.total_cmp(b)
                .then_with(|| self.names[x.person].cmp(&self.names[y.person]))
        });
        ranked.truncate(limit);
        ranked
            .into_iter()
            .map(|(distance, entry)| Candidate {
                name: Arc::clone(&self.names[entry.person]),
                distance,
                source: Arc::clone(&entry.source),
            })
            .collect()
    }
}

/// Something odd about a known photo. The run goes on; the user should know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KnownPhotoWarning {
    /// There is no face in it, so it was left out.
    #[error("{}: no face found in this known photo; it is left out", .0.display())]
    NoFace(PathBuf),
    /// There are several faces in it; the largest was taken.
    #[error("{}: {faces} faces in this known photo; the largest is taken for {name}", path.display())]
    SeveralFaces {
        /// The photo.
        path: PathBuf,
        /// How many faces it has.
        faces: usize,
        /// The person that it stands for.
        name: String,
    },
}

/// Puts a [`Gallery`] together, photo by photo.
#[derive(Debug, Default)]
pub struct GalleryBuilder {
    gallery: Gallery,
    person_of_name: HashMap<Arc<str>, usize>,
}

impl GalleryBuilder {
    /// Adds the largest face of the known photo `source` to the person `name`. Faces without an encoding are passed
    /// over.
    pub fn add(&mut self, name: &str, source: &Path, faces: &[Face]) -> Option<KnownPhotoWarning> {
        let encoded = faces
            .iter()
            .filter_map(|face| Some((face, face.encoding.as_ref()?)));
        // Of faces of equal size the leftmost: `max_by_key` would take the last.
        let largest = encoded.rev().max_by_key(|(face, _)| face.bounds.area());
        let Some((_, encoding)) = largest else {
            return Some(KnownPhotoWarning::NoFace(source.to_owned()));
        };
        let person = self.person(name);
        self.gallery.entries.push(Entry {
            person,
            source: source.into(),
            encoding: encoding.clone(),
        });
        (faces.len() > 1).then(|| KnownPhotoWarning::SeveralFaces {
            path: source.to_owned(),
            faces: faces.len(),
            name: name.to_owned(),
        })
    }

    /// The finished gallery.
    pub fn build(self) -> Gallery {
        self.gallery
    }

    fn person(&mut self, name: &str) -> usize {
        if let Some(&person) = self.person_of_name.get(name) {
            return person;
        }
        let name: Arc<str> = name.into();
        let person = self.gallery.names.len();
        self.gallery.names.push(Arc::clone(&name));
        self.person_of_name.insert(name, person);
        person
    }
}

/// The person that the known photo `photo` shows, by its place below `known`, a folder or the photo itself:
///
/// - `known/obama.jpg`, `known/obama.1.jpg` and `known/obama.2.jpg` are `obama`;
/// - `known/Eileen Collins/2.jpg` and `known/Eileen Collins/space/3.jpg` are `Eileen Collins`.
pub fn person_name(known: &Path, photo: &Path) -> String {
    let below = photo.strip_prefix(known).unwrap_or(photo);
    let mut parts = below.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    match (parts.next(), parts.next()) {
        (Some(folder), Some(_)) if photo.starts_with(known) => readable(folder),
        _ => name_of_file(photo),
    }
}

/// The file's name without its extension and without a trailing `.digits`.
fn name_of_file(photo: &Path) -> String {
    let stem = readable(photo.file_stem().unwrap_or_default());
    match stem.rsplit_once('.') {
        Some((name, number))
            if !name.is_empty()
                && !number.is_empty()
                && number.bytes().all(|b| b.is_ascii_digit()) =>
        {
            name.to_owned()
        }
        _ => stem,
    }
}

/// A file's name as text. Bytes that are not UTF-8 become `\xe9` and the like, so that two names never become one.
fn readable(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        text += chunk.valid();
        for byte in chunk.invalid() {
            text += &format!("\\x{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ENCODING_LEN;
    use crate::geometry::PixelBox;

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
        }
    }

    fn encoding(value: f32) -> Encoding {
        let mut values = [0.0; ENCODING_LEN];
        values[0] = value;
        Encoding::new(values)
    }

    #[test]
    fn names_come_from_the_file_or_from_the_first_folder() {
        let known = Path::new("known");
        for (photo, name) in [
            ("known/obama.jpg", "obama"),
            ("known/obama.1.jpg", "obama"),
            ("known/obama.22.jpeg", "obama"),
            ("known/obama.1.2.jpg", "obama.1"),
            ("known/5.jpg", "5"),
            ("known/J. Edgar.jpg", "J. Edgar"),
            ("known/Zoë Ångström.jpg", "Zoë Ångström"),
            ("known/Eileen Collins/1.jpg", "Eileen Collins"),
            ("known/Eileen Collins/a/b/c.9.jpg", "Eileen Collins"),
            ("known/R2.2/x.jpg", "R2.2"),
        ] {
            assert_eq!(person_name(known, Path::new(photo)), name, "{photo}");
        }
    }

    #[test]
    fn the_way_to_the_known_folder_names_nobody() {
        for (known, photo, name) in [
            ("known/", "known/obama.jpg", "obama"),
            (".", "./obama.jpg", "obama"),
            ("..", "../ann/1.jpg", "ann"),
            ("/data/known", "/data/known/ann/1.jpg", "ann"),
            ("known/obama.3.jpg", "known/obama.3.jpg", "obama"),
        ] {
            assert_eq!(
                person_name(Path::new(known), Path::new(photo)),
                name,
                "{photo} below {known}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_utf_8_stay_apart() {
        use std::os::unix::ffi::OsStrExt;
        let name = |bytes| {
            let photo = Path::new("known").join(OsStr::from_bytes(bytes));
            person_name(Path::new("known"), &photo)
        };
        assert_eq!(name(b"J\xf6rg.jpg"), "J\\xf6rg");
        assert_eq!(name(b"J\xfcrg.2.jpg"), "J\\xfcrg");
        assert_eq!(name(b"J\xfcrg/1.jpg"), "J\\xfcrg");
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
    fn a_known_photo_without_a_face_adds_nobody() {
        let mut builder = GalleryBuilder::default();
        let warning = builder.add("cat", Path::new("cat.jpg"), &[]);
        assert_eq!(warning, Some(KnownPhotoWarning::NoFace("cat.jpg".into())));
        let gallery = builder.build();
        assert!(gallery.is_empty());
        assert_eq!(gallery.people(), 0);
    }
}
