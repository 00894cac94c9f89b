//! The nearest people of a few faces. Input: a gallery and the faces. Output: for each face, to the
//! last bit, the result of comparing it with every row in turn.
//!
//! A search for a few of many people uses the compact copy to select the rows to compare. A search
//! for all people, or in a small gallery, compares all rows. In both cases a row is read once for
//! all faces.

use std::cmp::Ordering;
use std::sync::Arc;

use super::compact::{Compact, CompactRows, Targets};
use super::{Candidate, Gallery};
use crate::engine::{Encoding, distance};

/// Maximum number of people that are searched with the compact copy: they are kept in a short
/// sorted list.
const MOST_LISTED: usize = 100;

/// Number of faces that are searched at a time, so that the state for all of them stays in the CPU
/// caches.
const BLOCK: usize = 16;

/// Distance of a row that was compared.
#[derive(Debug, Clone, Copy)]
struct Found {
    distance: f32,
    row: usize,
}

/// Returns the nearest people of each of `faces`, as documented for [`Gallery::nearest_people`].
pub(super) fn nearest(gallery: &Gallery, faces: &[&Encoding], limit: usize) -> Vec<Vec<Candidate>> {
    let limit = limit.min(gallery.people());
    if limit == 0 {
        return vec![Vec::new(); faces.len()];
    }
    faces
        .chunks(BLOCK)
        .flat_map(|faces| {
            by_compact_rows(gallery, faces, limit)
                .unwrap_or_else(|| by_all_rows(gallery, faces, limit))
        })
        .map(|found| found.into_iter().map(|f| gallery.candidate(f)).collect())
        .collect()
}

/// Returns the nearest rows of each face, found with the compact copy, or `None` if the copy cannot
/// be used.
fn by_compact_rows(
    gallery: &Gallery,
    faces: &[&Encoding],
    limit: usize,
) -> Option<Vec<Vec<Found>>> {
    match gallery.compact.as_ref().filter(|_| limit <= MOST_LISTED)? {
        Compact::Dlib(rows) => among_compact_rows(rows, gallery, faces, limit),
        Compact::Mobilefacenet(rows) => among_compact_rows(rows, gallery, faces, limit),
    }
}

fn among_compact_rows<const SIZE: usize>(
    compact: &CompactRows<SIZE>,
    gallery: &Gallery,
    faces: &[&Encoding],
    limit: usize,
) -> Option<Vec<Vec<Found>>> {
    // Start with one row each of the first `limit` people, so that there is an initial distance.
    let first_rows = &gallery.first_rows[..limit];
    let mut shortlists: Vec<_> = faces
        .iter()
        .map(|face| Shortlist::new(gallery, face, limit, first_rows))
        .collect();
    let mut targets = Targets::new(
        shortlists
            .iter()
            .map(|shortlist| (shortlist.face, shortlist.distance())),
    )?;
    compact.for_each_near(gallery.simd, &mut targets, |face, row| {
        shortlists[face].compare(row);
        shortlists[face].distance()
    });
    Some(shortlists.into_iter().map(|list| list.found).collect())
}

/// The nearest people among the rows with which a face was compared.
struct Shortlist<'a> {
    gallery: &'a Gallery,
    face: &'a Encoding,
    limit: usize,
    /// Rows of different people, nearest first, at most `limit`.
    found: Vec<Found>,
}

impl<'a> Shortlist<'a> {
    fn new(gallery: &'a Gallery, face: &'a Encoding, limit: usize, rows: &[usize]) -> Self {
        let mut list = Self {
            gallery,
            face,
            limit,
            found: Vec::with_capacity(limit + 1),
        };
        for &row in rows {
            list.compare(row);
        }
        list
    }

    /// Returns the distance beyond which no row can enter the list.
    fn distance(&self) -> f32 {
        match self.found.last() {
            Some(last) if self.found.len() == self.limit => last.distance,
            _ => f32::INFINITY,
        }
    }

    fn compare(&mut self, row: usize) {
        let (gallery, person) = (self.gallery, self.gallery.person_of_row[row]);
        let new = Found {
            distance: distance(self.face.values(), gallery.encodings.row(row)),
            row,
        };
        let is_person = |found: &Found| gallery.person_of_row[found.row] == person;
        if let Some(place) = self.found.iter().position(is_person) {
            // The first of equally near photos is used.
            if new.distance >= self.found[place].distance {
                return;
            }
            self.found.remove(place);
        }
        let is_before = |found: &Found| gallery.order(found, &new) == Ordering::Less;
        self.found
            .insert(self.found.partition_point(is_before), new);
        self.found.truncate(self.limit);
    }
}

/// Returns the nearest rows of each face, found by comparing it with all of them.
fn by_all_rows(gallery: &Gallery, faces: &[&Encoding], limit: usize) -> Vec<Vec<Found>> {
    let mut nearest: Vec<Vec<Option<Found>>> = vec![vec![None; gallery.people()]; faces.len()];
    let rows = gallery.encodings.iter().zip(&gallery.person_of_row);
    for (row, (encoding, &person)) in rows.enumerate() {
        for (face, nearest) in faces.iter().zip(&mut nearest) {
            let distance = distance(face.values(), encoding);
            let best = &mut nearest[person];
            if best.is_none_or(|best| distance < best.distance) {
                *best = Some(Found { distance, row });
            }
        }
    }
    nearest
        .into_iter()
        .map(|people| first_in_order(gallery, people.into_iter().flatten().collect(), limit))
        .collect()
}

fn first_in_order(gallery: &Gallery, mut found: Vec<Found>, limit: usize) -> Vec<Found> {
    if limit < found.len() {
        found.select_nth_unstable_by(limit, |a, b| gallery.order(a, b));
        found.truncate(limit);
    }
    found.sort_unstable_by(|a, b| gallery.order(a, b));
    found
}

impl Gallery {
    /// Orders by distance, then by name.
    fn order(&self, a: &Found, b: &Found) -> Ordering {
        let name = |found: &Found| &self.names[self.person_of_row[found.row]];
        a.distance
            .total_cmp(&b.distance)
            .then_with(|| name(a).cmp(name(b)))
    }

    fn candidate(&self, found: Found) -> Candidate {
        Candidate {
            name: Arc::clone(&self.names[self.person_of_row[found.row]]),
            distance: found.distance,
            source: Arc::clone(&self.sources[found.row]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{ENCODING_LEN, SimdLevel};
    use crate::gallery::GalleryBuilder;
    use crate::geometry::PixelBox;
    use proptest::prelude::*;
    use std::path::Path;

    /// A face of a person: one of a few centres, moved slightly.
    #[derive(Debug, Clone)]
    struct Row {
        person: usize,
        encoding: Encoding,
    }

    fn encoding(centres: usize, spread: f32) -> impl Strategy<Value = Encoding> {
        let moved = proptest::collection::vec(-1.0_f32..1.0, ENCODING_LEN);
        (0..centres, moved).prop_map(move |(centre, moved)| {
            Encoding::new(std::array::from_fn::<_, ENCODING_LEN, _>(|i| {
                let at = ((i * 31 + centre * 17) % 13) as f32 / 40.0 - 0.15;
                // In steps, so that equal distances occur.
                at + (moved[i] * spread * 64.0).round() / 64.0
            }))
        })
    }

    fn rows() -> impl Strategy<Value = (Vec<Row>, Vec<Encoding>)> {
        let shape = (
            1_usize..12,
            prop::sample::select(vec![0.005_f32, 0.02, 0.3]),
            1_usize..40,
        );
        shape.prop_flat_map(|(centres, spread, people)| {
            let row = (0..people, encoding(centres, spread))
                .prop_map(|(person, encoding)| Row { person, encoding });
            (
                proptest::collection::vec(row, 1..300),
                proptest::collection::vec(encoding(centres, spread), 0..20),
            )
        })
    }

    fn gallery(rows: &[Row], level: SimdLevel, compact: bool) -> Gallery {
        let mut builder = GalleryBuilder::new(level);
        for (index, row) in rows.iter().enumerate() {
            let (name, source) = (format!("person {}", row.person), format!("photo {index}"));
            let bounds = PixelBox {
                x: 0,
                y: 0,
                w: 1,
                h: 1,
            };
            builder.add_encoding(&name, Path::new(&source), bounds, &row.encoding);
        }
        let mut gallery = builder.build();
        gallery.compact = Compact::of(&gallery.encodings).filter(|_| compact);
        gallery
    }

    /// Compares with every row, exactly as the documentation describes.
    fn plain(gallery: &Gallery, face: &Encoding, limit: usize) -> Vec<Candidate> {
        let mut nearest: Vec<Candidate> = Vec::new();
        for (row, encoding) in gallery.encodings.iter().enumerate() {
            let distance = distance(face.values(), encoding);
            let new = gallery.candidate(Found { distance, row });
            match nearest.iter_mut().find(|old| old.name == new.name) {
                Some(old) if distance < old.distance => *old = new,
                Some(_) => {}
                None => nearest.push(new),
            }
        }
        nearest.sort_by(|a, b| {
            let distances = a.distance.partial_cmp(&b.distance).unwrap();
            distances.then_with(|| a.name.cmp(&b.name))
        });
        nearest.truncate(limit);
        nearest
    }

    proptest! {
        #[test]
        fn the_nearest_people_are_those_of_the_plain_loop((rows, faces) in rows(), limit in 0_usize..45) {
            let faces: Vec<&Encoding> = faces.iter().collect();
            for level in SimdLevel::available() {
                for compact in [false, true] {
                    let gallery = gallery(&rows, level, compact);
                    for limit in [1, limit, usize::MAX] {
                        let found = gallery.nearest_people_of_all(&faces, limit);
                        prop_assert_eq!(found.len(), faces.len());
                        for (face, found) in faces.iter().zip(found) {
                            prop_assert_eq!(found, plain(&gallery, face, limit), "{} {}", level, compact);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn faces_that_cannot_be_estimated_are_compared_all_the_same() {
        let row = |value: f32| Row {
            person: value as usize,
            encoding: Encoding::new([value; ENCODING_LEN]),
        };
        let rows: Vec<_> = [3.0, 1e20, 2e20, 5.0, 3e38].map(row).into();
        let gallery = gallery(&rows, SimdLevel::best(), true);
        for face in [4.0, 1.1e20, f32::MAX, -f32::MAX].map(|value| row(value).encoding) {
            let found = gallery.nearest_people(&face, 3);
            assert_eq!(found, plain(&gallery, &face, 3));
        }
    }
}
