//! Identification: are the right names given, and no wrong ones?
//!
//! Input: for each photo, the people in it and the names given. Output: [`Identification`], with
//! the rates of ISO/IEC 19795-1 for an open set. This module is pure arithmetic.
//!
//! Labels name people, not faces. A name is right if the person is in the photo. A known person in
//! a photo who is not named is missed. A stranger is a face in a photo without known people.

use std::collections::{BTreeMap, BTreeSet};

/// A photo with its people and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedPhoto {
    /// Names of all people in the photo, known or not.
    pub(crate) people: Vec<String>,
    /// Names that were given to its faces.
    pub(crate) named: Vec<String>,
    /// Number of faces found.
    pub(crate) faces: usize,
}

/// Counts for one person, or for all people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Photos of the person in which the person is named.
    pub(crate) right: usize,
    /// Faces with the person's name in photos without the person.
    pub(crate) wrong: usize,
    /// Photos of the person in which the person is not named.
    pub(crate) missed: usize,
}

impl Tally {
    /// Returns the share of the names that are right, or `None` if no name was given.
    pub(crate) fn precision(&self) -> Option<f64> {
        part(self.right, self.right + self.wrong)
    }

    /// Returns the share of the photos of the person in which the person is named, or `None` if
    /// there is no such photo.
    pub(crate) fn recall(&self) -> Option<f64> {
        part(self.right, self.right + self.missed)
    }
}

/// Figures of an identification.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Identification {
    /// Number of photos.
    pub(crate) photos: usize,
    /// Number of faces found in them.
    pub(crate) faces: usize,
    /// Number of faces without a name.
    pub(crate) unnamed: usize,
    /// Counts for all known people together.
    pub(crate) overall: Tally,
    /// Counts for each known person, by name.
    pub(crate) people: BTreeMap<String, Tally>,
    /// Number of faces in photos without known people.
    pub(crate) strangers: usize,
    /// Number of strangers that were given a name.
    pub(crate) strangers_named: usize,
}

impl Identification {
    /// Returns the wrong names per 1,000 photos, or `None` if there are no photos.
    pub(crate) fn wrong_per_thousand(&self) -> Option<f64> {
        part(self.overall.wrong, self.photos).map(|part| part * 1000.0)
    }

    /// Returns the false positive identification rate: the share of strangers that were given a
    /// name, or `None` if there are no strangers.
    pub(crate) fn fpir(&self) -> Option<f64> {
        part(self.strangers_named, self.strangers)
    }

    /// Returns the false negative identification rate: the share of known people in photos who are
    /// not named.
    pub(crate) fn fnir(&self) -> Option<f64> {
        self.overall.recall().map(|recall| 1.0 - recall)
    }
}

/// Returns the figures of `photos` for a gallery of the people `known`.
pub(crate) fn identification(photos: &[NamedPhoto], known: &BTreeSet<String>) -> Identification {
    let mut figures = Identification {
        photos: photos.len(),
        faces: 0,
        unnamed: 0,
        overall: Tally::default(),
        people: known
            .iter()
            .map(|name| (name.clone(), Tally::default()))
            .collect(),
        strangers: 0,
        strangers_named: 0,
    };
    for photo in photos {
        figures.add(photo);
    }
    for tally in figures.people.values() {
        figures.overall.right += tally.right;
        figures.overall.wrong += tally.wrong;
        figures.overall.missed += tally.missed;
    }
    figures
}

impl Identification {
    fn add(&mut self, photo: &NamedPhoto) {
        self.faces += photo.faces;
        self.unnamed += photo.faces.saturating_sub(photo.named.len());
        let on_photo: BTreeSet<&String> = photo.people.iter().collect();
        let named: BTreeSet<&String> = photo.named.iter().collect();
        if !on_photo.iter().any(|name| self.people.contains_key(*name)) {
            self.strangers += photo.faces;
            self.strangers_named += photo.named.len();
        }
        for name in &photo.named {
            if !on_photo.contains(name) {
                self.people.entry(name.clone()).or_default().wrong += 1;
            }
        }
        for name in on_photo {
            if let Some(tally) = self.people.get_mut(name) {
                match named.contains(name) {
                    true => tally.right += 1,
                    false => tally.missed += 1,
                }
            }
        }
    }
}

fn part(of: usize, all: usize) -> Option<f64> {
    (all > 0).then(|| of as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn photo(people: &[&str], named: &[&str], faces: usize) -> NamedPhoto {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        NamedPhoto {
            people: owned(people),
            named: owned(named),
            faces,
        }
    }

    #[test]
    fn names_are_right_wrong_or_missed() {
        let known = ["ann", "bob", "cid"].map(str::to_owned).into();
        let figures = identification(
            &[
                photo(&["ann", "bob"], &["ann"], 2),
                photo(&["bob", "stranger"], &["bob", "ann"], 3),
                photo(&["stranger"], &["cid"], 1),
                photo(&[], &[], 4),
            ],
            &known,
        );
        let tally = |right, wrong, missed| Tally {
            right,
            wrong,
            missed,
        };
        assert_eq!(figures.people["ann"], tally(1, 1, 0));
        assert_eq!(figures.people["bob"], tally(1, 0, 1));
        assert_eq!(figures.people["cid"], tally(0, 1, 0));
        assert_eq!(figures.overall, tally(2, 2, 1));
        assert_eq!((figures.faces, figures.unnamed), (10, 6));
        assert_eq!((figures.strangers, figures.strangers_named), (5, 1));
        assert_eq!(figures.wrong_per_thousand(), Some(500.0));
        assert_eq!(figures.fpir(), Some(0.2));
        assert!((figures.fnir().unwrap() - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(figures.overall.precision(), Some(0.5));
    }

    #[test]
    fn without_anything_there_are_no_rates() {
        let figures = identification(&[], &BTreeSet::new());
        assert_eq!(figures.wrong_per_thousand(), None);
        assert_eq!((figures.fpir(), figures.fnir()), (None, None));
    }

    #[test]
    fn a_repeated_name_counts_once_when_it_is_right_and_each_time_when_it_is_wrong() {
        let known = ["ann"].map(str::to_owned).into();
        let right = identification(&[photo(&["ann"], &["ann", "ann"], 2)], &known);
        assert_eq!(right.overall.right, 1);
        let wrong = identification(&[photo(&["bob"], &["ann", "ann"], 2)], &known);
        assert_eq!(wrong.overall.wrong, 2);
    }
}
