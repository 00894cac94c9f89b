//! Comparison of every face of a gallery with every other one, once. Input: the faces. Output: the
//! nearest neighbours of each, close people, same pictures, and the counted distances of all pairs.
//!
//! Threads share the work by person. Of equally near rows the first one is used, so the result does
//! not depend on the order in which threads finish.

use std::cmp::Ordering;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::{self, AtomicUsize};
use std::thread;

use facematch::engine::{EncoderKind, Encoding};
use facematch::gallery::largest_face;
use facematch::matching::DistanceThreshold;

use super::same_pictures::SamePictures;
use super::separation::Distances;
use super::{KnownPhoto, MOST_CLOSE_PEOPLE, same_picture_distance};

/// The largest faces of all photos, grouped by person.
#[derive(Debug)]
pub(super) struct Rows {
    encodings: Vec<Encoding>,
    /// Index of the photo of each row.
    photos: Vec<usize>,
    /// Index of the person of each row.
    people_of_rows: Vec<usize>,
    /// Rows of each person, at least one.
    people: Vec<Range<usize>>,
    photo_count: usize,
    same_picture_distance: f32,
}

impl Rows {
    /// Returns the largest face of each photo that has one, encoded by `encoder`. `people` contains
    /// the indices of the photos of each person.
    pub(super) fn new<'a>(
        photos: &[KnownPhoto],
        people: impl Iterator<Item = &'a Vec<usize>>,
        encoder: EncoderKind,
    ) -> Self {
        let mut rows = Self {
            encodings: Vec::new(),
            photos: Vec::new(),
            people_of_rows: Vec::new(),
            people: Vec::new(),
            photo_count: photos.len(),
            same_picture_distance: same_picture_distance(encoder),
        };
        for photos_of_person in people {
            let first = rows.len();
            for &photo in photos_of_person {
                let content = photos[photo].content.as_ref().ok();
                if let Some((_, encoding)) = content.and_then(|c| largest_face(&c.faces)) {
                    rows.encodings.push(encoding.clone());
                    rows.photos.push(photo);
                    rows.people_of_rows.push(rows.people.len());
                }
            }
            if rows.len() > first {
                rows.people.push(first..rows.len());
            }
        }
        rows
    }

    /// Returns the number of faces.
    pub(super) fn len(&self) -> usize {
        self.encodings.len()
    }

    /// Returns the number of people with at least one face.
    pub(super) fn people(&self) -> usize {
        self.people.len()
    }

    /// Returns the index of the photo of `row`.
    pub(super) fn photo(&self, row: usize) -> usize {
        self.photos[row]
    }

    /// Returns the index of the person of `row`.
    pub(super) fn person(&self, row: usize) -> usize {
        self.people_of_rows[row]
    }

    /// Returns all rows of the person of `row`.
    pub(super) fn rows_of_person(&self, row: usize) -> Range<usize> {
        self.people[self.person(row)].clone()
    }

    /// Returns whether faces at this distance show the same picture.
    pub(super) fn are_same_picture(&self, distance: f32) -> bool {
        distance < self.same_picture_distance
    }

    /// Returns the distance of two rows.
    pub(super) fn distance(&self, a: usize, b: usize) -> f32 {
        self.encodings[a].distance(&self.encodings[b])
    }
}

/// A row that is near another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Neighbour {
    pub(super) row: usize,
    pub(super) distance: f32,
}

impl Neighbour {
    /// Replaces `nearest` if this row is nearer, or equally near and earlier.
    fn keep_if_nearer(self, nearest: &mut Option<Self>) {
        if nearest.is_none_or(|nearest| {
            self.distance < nearest.distance
                || (self.distance == nearest.distance && self.row < nearest.row)
        }) {
            *nearest = Some(self);
        }
    }
}

/// The nearest rows of two people, in ascending order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Link {
    pub(super) rows: [usize; 2],
    pub(super) distance: f32,
}

impl Link {
    /// Orders links by distance, and those of equal distance by their rows.
    pub(super) fn nearest_first(a: &Self, b: &Self) -> Ordering {
        let distances = a.distance.total_cmp(&b.distance);
        distances.then_with(|| a.rows.cmp(&b.rows))
    }
}

/// Result of a comparison.
#[derive(Debug)]
pub(super) struct Comparison {
    /// For each row, the nearest of the other pictures of its person.
    pub(super) own: Vec<Option<Neighbour>>,
    /// For each row, the nearest row of another person.
    pub(super) other: Vec<Option<Neighbour>>,
    /// People within the threshold, nearest first. Photos of the same picture do not make people
    /// close.
    pub(super) close_people: Vec<Link>,
    /// Number of close people that are not listed.
    pub(super) unlisted_close_people: usize,
    /// The two nearest people of all.
    pub(super) nearest_people: Option<Link>,
    /// Photos that show the same picture.
    pub(super) same_pictures: SamePictures,
    /// Distances of all pairs that show different pictures.
    pub(super) distances: Distances,
}

/// Compares all rows on at most `jobs` threads, or on the calling thread if no other can be
/// started. People are close if they are within `threshold`. Calls `compared`, on any thread, with
/// the number of further rows that were compared with all others.
pub(super) fn compare(
    rows: &Rows,
    threshold: DistanceThreshold,
    jobs: usize,
    compared: &(dyn Fn(usize) + Sync),
) -> Comparison {
    let next = AtomicUsize::new(0);
    let part = || {
        let mut part = Comparison::new(rows, threshold);
        // The nearest pair of the current person and each other person.
        let mut links = vec![None; rows.people.len()];
        loop {
            let person = next.fetch_add(1, atomic::Ordering::Relaxed);
            let Some(range) = rows.people.get(person) else {
                return part;
            };
            part.add_person(rows, person, &mut links, threshold);
            compared(range.len());
        }
    };
    thread::scope(|scope| {
        // If a thread cannot be started, the other threads do its work.
        let helpers: Vec<_> = (1..jobs.min(rows.people.len()))
            .filter_map(|_| thread::Builder::new().spawn_scoped(scope, part).ok())
            .collect();
        let mut comparison = part();
        for helper in helpers {
            comparison.merge(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        comparison.keep_nearest();
        comparison
    })
}

impl Comparison {
    fn new(rows: &Rows, threshold: DistanceThreshold) -> Self {
        Self {
            own: vec![None; rows.len()],
            other: vec![None; rows.len()],
            close_people: Vec::new(),
            unlisted_close_people: 0,
            nearest_people: None,
            same_pictures: SamePictures::new(rows.photo_count),
            distances: Distances::new(threshold),
        }
    }

    /// Compares the rows of a person with each other and with those of all later people. `links`
    /// has an empty entry for each person.
    fn add_person(
        &mut self,
        rows: &Rows,
        person: usize,
        links: &mut [Option<Link>],
        threshold: DistanceThreshold,
    ) {
        let range = rows.people[person].clone();
        for row in range.clone() {
            for later in row + 1..range.end {
                self.add_same(rows, row, later);
            }
            for later in range.end..rows.len() {
                let link = &mut links[rows.person(later)];
                self.add_different(rows, row, later, link);
            }
        }
        for link in links[person + 1..].iter_mut().filter_map(Option::take) {
            self.add_link(link, threshold);
        }
    }

    /// Counts two rows of one person.
    fn add_same(&mut self, rows: &Rows, a: usize, b: usize) {
        let distance = rows.distance(a, b);
        if rows.are_same_picture(distance) {
            self.same_pictures
                .join(rows.photo(a), rows.photo(b), distance);
            return;
        }
        self.distances.add_same(distance);
        Neighbour { row: b, distance }.keep_if_nearer(&mut self.own[a]);
        Neighbour { row: a, distance }.keep_if_nearer(&mut self.own[b]);
    }

    /// Counts two rows of two people, whose nearest pair so far is `link`.
    fn add_different(&mut self, rows: &Rows, a: usize, b: usize, link: &mut Option<Link>) {
        let distance = rows.distance(a, b);
        Neighbour { row: b, distance }.keep_if_nearer(&mut self.other[a]);
        Neighbour { row: a, distance }.keep_if_nearer(&mut self.other[b]);
        if rows.are_same_picture(distance) {
            self.same_pictures
                .join(rows.photo(a), rows.photo(b), distance);
            return;
        }
        self.distances.add_different(distance);
        if link.is_none_or(|link| distance < link.distance) {
            *link = Some(Link {
                rows: [a, b],
                distance,
            });
        }
    }

    /// Counts the nearest rows of two people.
    fn add_link(&mut self, link: Link, threshold: DistanceThreshold) {
        self.keep_nearest_people(Some(link));
        if threshold.accepts(link.distance) {
            self.close_people.push(link);
            if self.close_people.len() >= 2 * MOST_CLOSE_PEOPLE {
                self.keep_nearest();
            }
        }
    }

    fn keep_nearest_people(&mut self, link: Option<Link>) {
        let both = [self.nearest_people, link].into_iter().flatten();
        self.nearest_people = both.min_by(Link::nearest_first);
    }

    /// Adds the result for other people.
    fn merge(&mut self, part: Self) {
        let own = self.own.iter_mut().zip(part.own);
        let other = self.other.iter_mut().zip(part.other);
        for (nearest, neighbour) in own.chain(other) {
            if let Some(neighbour) = neighbour {
                neighbour.keep_if_nearer(nearest);
            }
        }
        self.keep_nearest_people(part.nearest_people);
        self.close_people.extend(part.close_people);
        self.unlisted_close_people += part.unlisted_close_people;
        self.keep_nearest();
        self.same_pictures.merge(&part.same_pictures);
        self.distances.merge(&part.distances);
    }

    fn keep_nearest(&mut self) {
        self.close_people.sort_unstable_by(Link::nearest_first);
        let more = self.close_people.len().saturating_sub(MOST_CLOSE_PEOPLE);
        self.unlisted_close_people += more;
        self.close_people.truncate(MOST_CLOSE_PEOPLE);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cli::checking::test_photos::{Sketch, photos, sketches};

    fn rows_of(content: &[Sketch]) -> Rows {
        let photos = photos(content);
        let people = crate::cli::checking::people(&photos);
        Rows::new(&photos, people.values(), EncoderKind::Dlib)
    }

    /// Returns the nearest of `candidates` as the documentation defines it, or the first of equally
    /// near ones.
    fn nearest(
        rows: &Rows,
        row: usize,
        candidates: impl Fn(usize, f32) -> bool,
    ) -> Option<Neighbour> {
        (0..rows.len())
            .map(|other| Neighbour {
                row: other,
                distance: rows.distance(row, other),
            })
            .filter(|other| other.row != row && candidates(other.row, other.distance))
            .min_by(|a, b| a.distance.total_cmp(&b.distance))
    }

    fn plain_links(rows: &Rows, accepts: impl Fn(f32) -> bool) -> Vec<Link> {
        let mut links = Vec::new();
        for (index, a) in rows.people.iter().enumerate() {
            for b in &rows.people[index + 1..] {
                let pairs = a.clone().flat_map(|a| b.clone().map(move |b| [a, b]));
                let pairs = pairs.map(|[a, b]| Link {
                    rows: [a, b],
                    distance: rows.distance(a, b),
                });
                let different = pairs.filter(|pair| !rows.are_same_picture(pair.distance));
                links.extend(different.min_by(|a, b| a.distance.total_cmp(&b.distance)));
            }
        }
        links.retain(|link| accepts(link.distance));
        links.sort_by(Link::nearest_first);
        links
    }

    proptest! {
        #[test]
        fn neighbours_and_close_people_are_those_of_the_plain_loops(
            content in sketches(),
            threshold in 0.0_f32..1.0,
            jobs in 0_usize..5,
        ) {
            let rows = rows_of(&content);
            let threshold = DistanceThreshold::new(threshold).unwrap();
            let compared = compare(&rows, threshold, jobs, &|_| ());
            prop_assert_eq!(rows.len(), content.iter().filter(|s| s.place.is_some()).count());
            for row in 0..rows.len() {
                let is_own = |other| rows.person(other) == rows.person(row);
                let own = nearest(&rows, row, |other, d| is_own(other) && !rows.are_same_picture(d));
                prop_assert_eq!(compared.own[row], own);
                let other = nearest(&rows, row, |other, _| !is_own(other));
                prop_assert_eq!(compared.other[row], other);
            }
            prop_assert_eq!(&compared.close_people, &plain_links(&rows, |d| threshold.accepts(d)));
            let all = plain_links(&rows, |_| true);
            prop_assert_eq!(compared.nearest_people, all.first().copied());
            prop_assert_eq!(compared.unlisted_close_people, 0);
        }

        #[test]
        fn threads_count_what_one_counts(content in sketches(), jobs in 2_usize..5) {
            let rows = rows_of(&content);
            let told = |jobs| {
                let progress = AtomicUsize::new(0);
                let count = |faces| {
                    progress.fetch_add(faces, atomic::Ordering::Relaxed);
                };
                let compared = compare(&rows, DistanceThreshold::default(), jobs, &count);
                (progress.into_inner(), compared.distances.separation(), compared.same_pictures.groups())
            };
            prop_assert_eq!(told(jobs), told(1));
            prop_assert_eq!(told(jobs).0, rows.len());
        }
    }

    #[test]
    fn of_too_many_close_people_the_nearest_are_listed_and_the_others_counted() {
        // All are close to each other. A single thread reaches twice the number of listed pairs,
        // and truncates the list in between.
        let place = |person: usize| Sketch {
            person,
            place: Some(person as f32 / 360.0),
        };
        let rows = rows_of(&(0..700).map(place).collect::<Vec<_>>());
        let threshold = DistanceThreshold::new(DistanceThreshold::MAX).unwrap();
        let all = plain_links(&rows, |_| true);
        assert!(all.len() > 2 * MOST_CLOSE_PEOPLE);
        for jobs in [1, 3] {
            let compared = compare(&rows, threshold, jobs, &|_| ());
            assert!(compared.close_people == all[..MOST_CLOSE_PEOPLE], "{jobs}");
            assert_eq!(
                compared.unlisted_close_people,
                all.len() - MOST_CLOSE_PEOPLE
            );
        }
    }

    #[test]
    fn a_person_without_a_face_has_no_rows() {
        let place = |person, place| Sketch { person, place };
        let rows = rows_of(&[place(0, None), place(1, Some(0.0)), place(2, None)]);
        assert_eq!((rows.len(), rows.photo(0)), (1, 1));
        assert_eq!(rows.rows_of_person(0), 0..1);
        let compared = compare(&rows, DistanceThreshold::default(), 1, &|_| ());
        assert_eq!(compared.nearest_people, None);
    }
}
