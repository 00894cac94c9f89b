//! Who is who in one photo when nobody can be there twice: the best assignment of people to faces.

use std::collections::{BTreeMap, BTreeSet};

use pathfinding::prelude::{Matrix, kuhn_munkres, separate_components};

/// A choice that a face has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Choice {
    /// Which person, as the caller counts them.
    pub(super) person: usize,
    /// How far the face is from the person.
    pub(super) distance: f32,
}

/// For each face the index of the choice that it is given, or none. No person is given twice, and the sum over all faces
/// of what their distance is below `limit` is as large as it can be: a face takes a person from another one when the
/// photo as a whole is explained better.
///
/// `choices` are those of each face, nearest first, all within `limit`.
pub(super) fn assign(choices: &[Vec<Choice>], limit: f32) -> Vec<Option<usize>> {
    if nearest_differ(choices) {
        return choices
            .iter()
            .map(|choices| (!choices.is_empty()).then_some(0))
            .collect();
    }
    let people: Vec<Vec<usize>> = choices
        .iter()
        .map(|choices| choices.iter().map(|choice| choice.person).collect())
        .collect();
    // Faces that have nobody in common, not even through other faces, are assigned apart: the work grows with the cube
    // of their number.
    let (_, group_of_face) = separate_components(&people);
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (face, group) in group_of_face.into_iter().enumerate() {
        groups.entry(group).or_default().push(face);
    }
    let mut given = vec![None; choices.len()];
    for faces in groups.values() {
        let of_group: Vec<&[Choice]> = faces.iter().map(|face| &*choices[*face]).collect();
        for (face, choice) in faces.iter().zip(assign_group(&of_group, limit)) {
            given[*face] = choice;
        }
    }
    given
}

/// [`assign`] for the faces of one group.
fn assign_group(choices: &[&[Choice]], limit: f32) -> Vec<Option<usize>> {
    let people: BTreeSet<usize> = choices
        .iter()
        .copied()
        .flatten()
        .map(|c| c.person)
        .collect();
    let column_of_person: BTreeMap<usize, usize> = people.into_iter().zip(0..).collect();
    // Behind the people each face has a column of its own that stands for nobody and is worth nothing.
    let columns = column_of_person.len() + choices.len();
    let mut gains = Matrix::new(choices.len(), columns, -NEVER);
    for (face, choices) in choices.iter().enumerate() {
        gains[(face, column_of_person.len() + face)] = 0;
        for choice in *choices {
            gains[(face, column_of_person[&choice.person])] = gain(choice.distance, limit);
        }
    }
    let (_, columns) = kuhn_munkres(&gains);
    let choice_of = |(choices, column): (&&[Choice], usize)| {
        let chosen = |choice: &Choice| column_of_person[&choice.person] == column;
        choices.iter().position(chosen)
    };
    choices.iter().zip(columns).map(choice_of).collect()
}

/// Worse than what all faces of a photo could gain.
const NEVER: i64 = 1 << 50;

/// What a match is worth, as a whole number: the assignment must not depend on rounding. At least 1, so that a match at
/// the limit itself is better than none.
fn gain(distance: f32, limit: f32) -> i64 {
    let below = f64::from(limit) - f64::from(distance);
    1 + (below.clamp(0.0, 1e3) * 1e9) as i64
}

/// Whether the nearest person of each face is another one; then everybody gets theirs.
fn nearest_differ(choices: &[Vec<Choice>]) -> bool {
    let mut nearest: Vec<usize> = choices
        .iter()
        .filter_map(|choices| Some(choices.first()?.person))
        .collect();
    nearest.sort_unstable();
    nearest.windows(2).all(|pair| pair[0] != pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: f32 = 0.6;

    fn choices(of_faces: &[&[(usize, f32)]]) -> Vec<Vec<Choice>> {
        let choice = |&(person, distance): &(usize, f32)| Choice { person, distance };
        let face = |choices: &&[(usize, f32)]| choices.iter().map(choice).collect();
        of_faces.iter().map(face).collect()
    }

    #[test]
    fn the_nearer_face_gets_the_person_and_the_other_its_next() {
        let found = assign(
            &choices(&[&[(7, 0.4), (3, 0.5)], &[(7, 0.3)], &[(7, 0.45)]]),
            LIMIT,
        );
        assert_eq!(found, [Some(1), Some(0), None]);
    }

    #[test]
    fn faces_without_choices_and_photos_without_faces_are_nobody() {
        assert_eq!(
            assign(&choices(&[&[], &[(1, 0.6)]]), LIMIT),
            [None, Some(0)]
        );
        assert!(assign(&[], LIMIT).is_empty());
    }

    #[test]
    fn a_match_at_the_limit_is_a_match() {
        let found = assign(&choices(&[&[(1, 0.6), (2, 0.6)], &[(1, 0.6)]]), LIMIT);
        assert_eq!(found, [Some(1), Some(0)]);
    }

    fn total(choices: &[Vec<Choice>], given: &[Option<usize>]) -> i64 {
        let gains = choices.iter().zip(given);
        gains
            .filter_map(|(choices, given)| Some(gain(choices[(*given)?].distance, LIMIT)))
            .sum()
    }

    /// The largest sum, by trying everything.
    fn best(choices: &[Vec<Choice>], taken: &mut Vec<usize>) -> i64 {
        let Some((first, others)) = choices.split_first() else {
            return 0;
        };
        let mut most = best(others, taken);
        for choice in first {
            if !taken.contains(&choice.person) {
                taken.push(choice.person);
                most = most.max(gain(choice.distance, LIMIT) + best(others, taken));
                taken.pop();
            }
        }
        most
    }

    proptest! {
        #[test]
        fn nobody_is_given_twice_and_no_assignment_is_better(
            distances in proptest::collection::vec(proptest::collection::vec(0.0_f32..1.0, 4), 0..5),
        ) {
            let choices: Vec<Vec<Choice>> = distances
                .iter()
                .map(|distances| {
                    let mut choices: Vec<_> = distances
                        .iter()
                        .enumerate()
                        .map(|(person, &distance)| Choice { person, distance })
                        .filter(|choice| choice.distance <= LIMIT)
                        .collect();
                    choices.sort_by(|a, b| a.distance.total_cmp(&b.distance));
                    choices
                })
                .collect();
            let given = assign(&choices, LIMIT);
            let mut people: Vec<usize> = choices
                .iter()
                .zip(&given)
                .filter_map(|(choices, given)| Some(choices[(*given)?].person))
                .collect();
            let count = people.len();
            people.sort_unstable();
            people.dedup();
            prop_assert_eq!(people.len(), count);
            prop_assert_eq!(total(&choices, &given), best(&choices, &mut Vec::new()));
        }
    }
}
