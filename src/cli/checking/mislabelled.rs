//! Photos that may be assigned to the wrong person. Input: a comparison. Output: suspicions.
//!
//! A photo that is assigned to the wrong person is near the photos of the person it shows, and so
//! makes these look suspicious too. Therefore the clearest case is handled first, and photos that
//! it explains are not suspected.

use std::cmp::Reverse;

use facematch::matching::DistanceThreshold;

use super::comparison::{Comparison, Link, Neighbour, Rows};

/// A photo that may be assigned to the wrong person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Suspicion {
    /// The photo is within the threshold of another person, and nearer to that person than to the
    /// other pictures of its own person.
    NearerToAnother {
        row: usize,
        own: Neighbour,
        other: Neighbour,
    },
    /// The photo is beyond the threshold of all other pictures of its person.
    FarFromOwn {
        row: usize,
        own: Neighbour,
        other: Option<Neighbour>,
    },
}

impl Suspicion {
    pub(super) fn row(&self) -> usize {
        match *self {
            Self::NearerToAnother { row, .. } | Self::FarFromOwn { row, .. } => row,
        }
    }

    fn is_nearer_to_another(&self) -> bool {
        matches!(self, Self::NearerToAnother { .. })
    }
}

/// Returns the suspicious rows in the order of their photos.
pub(super) fn suspicions(
    rows: &Rows,
    comparison: &Comparison,
    threshold: DistanceThreshold,
) -> Vec<Suspicion> {
    let mut strangers: Vec<Option<Suspicion>> = vec![None; rows.len()];
    for (row, own, other) in nearer_to_another(comparison, threshold) {
        // The other photo is the stranger here: it was nearer to this person than to its own.
        let is_explained = strangers[other.row].is_some_and(|stranger| match stranger {
            Suspicion::NearerToAnother { other, .. } => rows.person(other.row) == rows.person(row),
            Suspicion::FarFromOwn { .. } => false,
        });
        if !is_explained {
            strangers[row] = Some(Suspicion::NearerToAnother { row, own, other });
        }
    }
    let is_stranger: Vec<bool> = strangers.iter().map(Option::is_some).collect();
    let far = (0..rows.len())
        .filter(|&row| !is_stranger[row])
        .filter_map(|row| {
            let own = nearest_own(rows, comparison, row, &is_stranger)?;
            let other = comparison.other[row];
            let is_far = !threshold.accepts(own.distance);
            is_far.then_some(Suspicion::FarFromOwn { row, own, other })
        });
    let mut suspicions: Vec<_> = far.collect();
    suspicions.extend(strangers.into_iter().flatten());
    suspicions.sort_by_key(|suspicion| rows.photo(suspicion.row()));
    suspicions
}

/// Returns the rows that are within `threshold` of another person and nearer to that person than to
/// their own, the clearest first.
fn nearer_to_another(
    comparison: &Comparison,
    threshold: DistanceThreshold,
) -> Vec<(usize, Neighbour, Neighbour)> {
    let neighbours = comparison.own.iter().zip(&comparison.other).enumerate();
    let mut nearer: Vec<_> = neighbours
        .filter_map(|(row, (own, other))| Some((row, (*own)?, (*other)?)))
        .filter(|(_, own, other)| {
            threshold.accepts(other.distance) && other.distance < own.distance
        })
        .collect();
    // The bits of positive numbers have the same order as the numbers.
    nearer.sort_by_key(|(_, own, other)| Reverse((own.distance - other.distance).to_bits()));
    nearer
}

/// Returns the nearest other picture of the person of `row` that is not a stranger.
fn nearest_own(
    rows: &Rows,
    comparison: &Comparison,
    row: usize,
    is_stranger: &[bool],
) -> Option<Neighbour> {
    let own = comparison.own[row]?;
    if !is_stranger[own.row] {
        return Some(own);
    }
    let others = rows.rows_of_person(row).filter(|&other| other != row);
    nearest_of(rows, row, others, is_stranger)
}

/// Returns the row of another person that is nearest to `row`, not a stranger, and of another
/// picture.
fn nearest_other(
    rows: &Rows,
    comparison: &Comparison,
    row: usize,
    is_stranger: &[bool],
) -> Option<Neighbour> {
    let other = comparison.other[row]?;
    if !is_stranger[other.row] && !rows.are_same_picture(other.distance) {
        return Some(other);
    }
    let own = rows.rows_of_person(row);
    let others = (0..own.start).chain(own.end..rows.len());
    nearest_of(rows, row, others, is_stranger)
}

/// Returns the one of `others` that is nearest to `row`, not a stranger, and of another picture, or
/// the first of equally near ones.
fn nearest_of(
    rows: &Rows,
    row: usize,
    others: impl Iterator<Item = usize>,
    is_stranger: &[bool],
) -> Option<Neighbour> {
    others
        .filter(|&other| !is_stranger[other])
        .map(|other| Neighbour {
            row: other,
            distance: rows.distance(row, other),
        })
        .filter(|other| !rows.are_same_picture(other.distance))
        .min_by(|a, b| a.distance.total_cmp(&b.distance))
}

/// Returns for each row whether it looks as if it shows another person.
pub(super) fn strangers(rows: &Rows, suspicions: &[Suspicion]) -> Vec<bool> {
    let mut is_stranger = vec![false; rows.len()];
    for suspicion in suspicions.iter().filter(|s| s.is_nearer_to_another()) {
        is_stranger[suspicion.row()] = true;
    }
    is_stranger
}

/// Returns the two nearest people of all, ignoring strangers.
pub(super) fn nearest_people_without(
    rows: &Rows,
    comparison: &Comparison,
    is_stranger: &[bool],
) -> Option<Link> {
    let nearest = comparison.nearest_people?;
    if !nearest.rows.iter().any(|&row| is_stranger[row]) {
        return Some(nearest);
    }
    (0..rows.len())
        .filter(|&row| !is_stranger[row])
        .filter_map(|row| {
            let other = nearest_other(rows, comparison, row, is_stranger)?;
            Some(Link {
                rows: [row.min(other.row), row.max(other.row)],
                distance: other.distance,
            })
        })
        .min_by(Link::nearest_first)
}

/// Returns the close people of `comparison`, ignoring strangers, which make people seem close who
/// are not.
pub(super) fn close_people_without(
    rows: &Rows,
    comparison: &Comparison,
    is_stranger: &[bool],
    threshold: DistanceThreshold,
) -> Vec<Link> {
    let nearest = |link: &Link| match link.rows.iter().any(|&row| is_stranger[row]) {
        true => nearest_link(rows, link, is_stranger),
        false => Some(*link),
    };
    let mut links: Vec<_> = comparison.close_people.iter().filter_map(nearest).collect();
    links.retain(|link| threshold.accepts(link.distance));
    links.sort_unstable_by(Link::nearest_first);
    links
}

/// Returns the nearest rows of the people of `link` that are not strangers and not of the same
/// picture.
fn nearest_link(rows: &Rows, link: &Link, is_stranger: &[bool]) -> Option<Link> {
    let [a, b] = link.rows.map(|row| {
        rows.rows_of_person(row)
            .filter(|&row| !is_stranger[row])
            .collect::<Vec<_>>()
    });
    let pairs = a.iter().flat_map(|&a| b.iter().map(move |&b| [a, b]));
    pairs
        .map(|[a, b]| Link {
            rows: [a, b],
            distance: rows.distance(a, b),
        })
        .filter(|link| !rows.are_same_picture(link.distance))
        .min_by(|a, b| a.distance.total_cmp(&b.distance))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cli::checking::comparison::compare;
    use crate::cli::checking::test_photos::{Sketch, photos, sketches};
    use facematch::engine::EncoderKind;

    fn threshold() -> DistanceThreshold {
        DistanceThreshold::default()
    }

    /// Results for photos at positions on a line.
    struct Told {
        rows: Rows,
        suspicions: Vec<Suspicion>,
        close_people: Vec<Link>,
        nearest_people: Option<Link>,
    }

    fn told(content: &[Sketch]) -> Told {
        let photos = photos(content);
        let people = crate::cli::checking::people(&photos);
        let rows = Rows::new(&photos, people.values(), EncoderKind::Dlib);
        let comparison = compare(&rows, threshold(), 1, &|_| ());
        let suspicions = suspicions(&rows, &comparison, threshold());
        let is_stranger = strangers(&rows, &suspicions);
        Told {
            close_people: close_people_without(&rows, &comparison, &is_stranger, threshold()),
            nearest_people: nearest_people_without(&rows, &comparison, &is_stranger),
            rows,
            suspicions,
        }
    }

    /// Returns the suspicious photos of people at positions on a line, and `true` for those that
    /// are nearer to another person.
    fn suspects(content: &[(usize, f32)]) -> Vec<(usize, bool)> {
        let content: Vec<_> = content
            .iter()
            .map(|&(person, place)| Sketch {
                person,
                place: Some(place),
            })
            .collect();
        let told = told(&content);
        told.suspicions
            .iter()
            .map(|s| (told.rows.photo(s.row()), s.is_nearer_to_another()))
            .collect()
    }

    #[test]
    fn the_photo_of_somebody_else_is_suspicious_and_nothing_that_it_explains() {
        // Photo 2 is assigned to person 0 but lies among the photos of person 1, and is nearest to
        // each of them.
        let content = [(0, 0.0), (0, 0.3), (0, 2.15), (1, 2.0), (1, 2.3)];
        assert_eq!(suspects(&content), [(2, true)]);
        // Without photo 1 there is no other photo that photo 0 could be far from.
        let content = [(0, 0.0), (0, 2.1), (1, 2.0)];
        assert_eq!(suspects(&content), [(1, true)]);
    }

    #[test]
    fn a_photo_that_is_near_nobody_is_far_from_its_person() {
        let content = [(0, 0.0), (0, 0.3), (0, 1.0), (1, 3.0)];
        assert_eq!(suspects(&content), [(2, false)]);
        // If two photos are far apart, either may be the wrong one.
        assert_eq!(suspects(&[(0, 0.0), (0, 1.0)]), [(0, false), (1, false)]);
    }

    #[test]
    fn a_copy_of_a_photo_does_not_vouch_for_it() {
        let content = [(0, 0.0), (0, 0.3), (0, 2.1), (0, 2.1), (1, 2.0)];
        assert_eq!(suspects(&content), [(2, true), (3, true)]);
    }

    #[test]
    fn the_photo_of_somebody_else_makes_two_people_neither_close_nor_nearest() {
        let place = |person, place| Sketch {
            person,
            place: Some(place),
        };
        let wrong = place(0, 2.15);
        let people = [place(0, 0.0), place(0, 0.25), wrong, place(1, 2.0)];
        let told_of_wrong = told(&people);
        assert_eq!(told_of_wrong.close_people, []);
        let nearest = told_of_wrong.nearest_people.unwrap();
        assert_eq!((nearest.rows, nearest.distance), ([1, 3], 1.75));
        // A third person may be nearer than these two are without the wrong photo.
        let nearest = told(&[&people[..], &[place(2, 3.0)]].concat());
        assert_eq!(nearest.nearest_people.unwrap().rows, [3, 4]);
        let links = told(&[place(0, 0.0), place(1, 0.5)]).close_people;
        assert_eq!(links.len(), 1);
    }

    proptest! {
        #[test]
        fn suspicions_hold_what_they_say(content in sketches()) {
            let Told { rows, suspicions, close_people: links, nearest_people } = told(&content);
            for suspicion in &suspicions {
                match *suspicion {
                    Suspicion::NearerToAnother { row, own, other } => {
                        prop_assert_eq!(rows.person(own.row), rows.person(row));
                        prop_assert_ne!(rows.person(other.row), rows.person(row));
                        prop_assert!(other.distance < own.distance && threshold().accepts(other.distance));
                    }
                    Suspicion::FarFromOwn { row, own, .. } => {
                        prop_assert_eq!(rows.person(own.row), rows.person(row));
                        prop_assert!(!threshold().accepts(own.distance));
                    }
                }
            }
            prop_assert!(links.is_sorted_by(|a, b| a.distance <= b.distance));
            prop_assert!(links.iter().all(|link| threshold().accepts(link.distance)));
            let is_stranger = strangers(&rows, &suspicions);
            let pairs = (0..rows.len()).flat_map(|a| (a + 1..rows.len()).map(move |b| [a, b]));
            let nearest = pairs
                .filter(|pair| rows.person(pair[0]) != rows.person(pair[1]))
                .filter(|pair| !pair.iter().any(|&row| is_stranger[row]))
                .map(|rows_of_pair| Link {
                    rows: rows_of_pair,
                    distance: rows.distance(rows_of_pair[0], rows_of_pair[1]),
                })
                .filter(|link| !rows.are_same_picture(link.distance))
                .min_by(Link::nearest_first);
            prop_assert_eq!(nearest_people, nearest);
        }
    }
}
