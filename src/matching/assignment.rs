//! The best assignment of people to the faces in one photo, in which each person can be only once.

use std::collections::{BTreeMap, BTreeSet};

/// A person that a face can be assigned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Choice {
    /// Index of the person, as numbered by the caller.
    pub(super) person: usize,
    /// Distance of the face from the person.
    pub(super) distance: f32,
}

/// Returns for each face the index of its assigned choice, or `None`.
///
/// No person is assigned twice, and the sum over all faces of `limit` minus the distance is as
/// large as possible: a face takes a person from another one if that explains the photo as a whole
/// better. `choices` are those of each face, nearest first, all within `limit`.
pub(super) fn assign(choices: &[Vec<Choice>], limit: f32) -> Vec<Option<usize>> {
    if nearest_differ(choices) {
        return choices
            .iter()
            .map(|choices| (!choices.is_empty()).then_some(0))
            .collect();
    }
    // Faces without common people, even through other faces, are assigned separately: the work
    // grows with the cube of the number of faces.
    let mut given = vec![None; choices.len()];
    for faces in groups(choices) {
        let of_group: Vec<&[Choice]> = faces.iter().map(|face| &*choices[*face]).collect();
        for (face, choice) in faces.iter().zip(assign_group(&of_group, limit)) {
            given[*face] = choice;
        }
    }
    given
}

/// Returns the groups of faces that are connected by common people.
fn groups(choices: &[Vec<Choice>]) -> Vec<Vec<usize>> {
    let mut faces_of_person: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (face, choices) in choices.iter().enumerate() {
        for choice in choices {
            faces_of_person.entry(choice.person).or_default().push(face);
        }
    }
    let mut is_in_group = vec![false; choices.len()];
    let mut groups = Vec::new();
    for first in 0..choices.len() {
        if std::mem::replace(&mut is_in_group[first], true) {
            continue;
        }
        let mut group = vec![first];
        let mut at = 0;
        while let Some(&face) = group.get(at) {
            at += 1;
            for choice in &choices[face] {
                // A person whose faces are in the group need not be visited again.
                for other in faces_of_person.remove(&choice.person).unwrap_or_default() {
                    if !std::mem::replace(&mut is_in_group[other], true) {
                        group.push(other);
                    }
                }
            }
        }
        groups.push(group);
    }
    groups
}

/// Assigns people to the faces of one group, like [`assign`].
fn assign_group(choices: &[&[Choice]], limit: f32) -> Vec<Option<usize>> {
    let people: BTreeSet<usize> = choices
        .iter()
        .copied()
        .flatten()
        .map(|c| c.person)
        .collect();
    let column_of_person: BTreeMap<usize, usize> = people.into_iter().zip(0..).collect();
    // After the people, each face has its own column that stands for no person and gains nothing.
    let columns = column_of_person.len() + choices.len();
    let mut gains = vec![vec![-NEVER; columns]; choices.len()];
    for (face, choices) in choices.iter().enumerate() {
        gains[face][column_of_person.len() + face] = 0;
        for choice in *choices {
            gains[face][column_of_person[&choice.person]] = gain(choice.distance, limit);
        }
    }
    let choice_of = |(choices, column): (&&[Choice], usize)| {
        let chosen = |choice: &Choice| column_of_person[&choice.person] == column;
        choices.iter().position(chosen)
    };
    choices
        .iter()
        .zip(best_columns(&gains))
        .map(choice_of)
        .collect()
}

/// Returns a column for each row of `gains`, no column twice, so that the sum is as large as
/// possible. There must be at least as many columns as rows.
///
/// This is the Kuhn-Munkres algorithm with shortest augmenting paths (Jonker and Volgenant, 1987):
/// it adds one row at a time, and other rows give up their column where that costs least.
fn best_columns(gains: &[Vec<i64>]) -> Vec<usize> {
    let columns = gains.first().map_or(0, Vec::len);
    let mut row_prices = vec![0_i64; gains.len()];
    let mut column_prices = vec![0_i64; columns];
    let mut row_of_column: Vec<Option<usize>> = vec![None; columns];
    for added in 0..gains.len() {
        // Extra cost of each column over the cheapest path to it so far, and the column before it
        // on that path.
        let mut costs = vec![i64::MAX; columns];
        let mut previous: Vec<Option<usize>> = vec![None; columns];
        let mut is_done = vec![false; columns];
        let (mut row, mut column) = (added, None);
        let free = loop {
            let mut cheapest: Option<usize> = None;
            for next in (0..columns).filter(|&next| !is_done[next]) {
                let cost = -gains[row][next] - row_prices[row] - column_prices[next];
                if cost < costs[next] {
                    costs[next] = cost;
                    previous[next] = column;
                }
                if cheapest.is_none_or(|cheapest| costs[next] < costs[cheapest]) {
                    cheapest = Some(next);
                }
            }
            let Some(next) = cheapest else {
                return Vec::new();
            };
            let cost = costs[next];
            row_prices[added] += cost;
            for done in 0..columns {
                match row_of_column[done] {
                    Some(row) if is_done[done] => {
                        row_prices[row] += cost;
                        column_prices[done] -= cost;
                    }
                    _ => costs[done] = costs[done].saturating_sub(cost),
                }
            }
            is_done[next] = true;
            column = Some(next);
            match row_of_column[next] {
                Some(taken) => row = taken,
                None => break next,
            }
        };
        let mut column = free;
        while let Some(before) = previous[column] {
            row_of_column[column] = row_of_column[before];
            column = before;
        }
        row_of_column[column] = Some(added);
    }
    let mut column_of_row = vec![0; gains.len()];
    for (column, row) in row_of_column.iter().enumerate() {
        if let Some(row) = *row {
            column_of_row[row] = column;
        }
    }
    column_of_row
}

/// Cost that exceeds the total gain of all faces in a photo.
const NEVER: i64 = 1 << 50;

/// Returns the gain of a match as a whole number, so that the assignment does not depend on
/// rounding. It is at least 1, so that a match exactly at the limit is better than none.
fn gain(distance: f32, limit: f32) -> i64 {
    let below = f64::from(limit) - f64::from(distance);
    1 + (below.clamp(0.0, 1e3) * 1e9) as i64
}

/// Returns whether the nearest people of all faces differ. If so, each face is assigned its nearest
/// person.
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

    /// Returns the largest sum by trying all assignments.
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
            distances in proptest::collection::vec(proptest::collection::vec(0.0_f32..1.0, 5), 0..7),
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
