use std::path::Path;

use proptest::prelude::*;

use super::*;

fn candidates(of_face: &[(&str, f32)]) -> Vec<Candidate> {
    of_face
        .iter()
        .map(|&(name, distance)| Candidate {
            name: name.into(),
            distance,
            source: Path::new("known.jpg").into(),
        })
        .collect()
}

fn rules(threshold: f32, margin: f32) -> Rules {
    Rules {
        threshold: DistanceThreshold::new(threshold).unwrap(),
        margin: Margin::new(margin).unwrap(),
        ..Rules::default()
    }
}

/// Returns the name of each face, or its outcome in capitals.
fn told(faces: &[&[(&str, f32)]], rules: &Rules) -> Vec<String> {
    let nearest = faces.iter().map(|face| candidates(face)).collect();
    decide(nearest, rules, 1)
        .iter()
        .map(|identity| match identity.name() {
            Some(name) => name.to_owned(),
            None => identity.outcome.name().to_uppercase(),
        })
        .collect()
}

#[test]
fn the_threshold_itself_is_a_match() {
    let rules = rules(0.6, 0.0);
    assert_eq!(told(&[&[("ann", 0.6)]], &rules), ["ann"]);
    assert_eq!(told(&[&[("ann", 0.6001)]], &rules), ["UNKNOWN"]);
    assert_eq!(told(&[&[]], &rules), ["UNKNOWN"]);
}

#[test]
fn two_people_as_near_are_ambiguous_and_both_are_listed() {
    let face = candidates(&[("ann", 0.40), ("bob", 0.42), ("cid", 0.7)]);
    let identity = decide(vec![face], &rules(0.6, 0.03), 1).remove(0);
    assert_eq!(identity.outcome, Outcome::Ambiguous);
    assert_eq!((identity.name(), identity.distance()), (None, Some(0.40)));
    let names: Vec<_> = identity.candidates.iter().map(|c| &*c.name).collect();
    assert_eq!(names, ["ann", "bob"]);
}

#[test]
fn a_second_person_beyond_the_threshold_or_the_margin_is_no_doubt() {
    let rules = rules(0.6, 0.03);
    assert_eq!(told(&[&[("ann", 0.59), ("bob", 0.61)]], &rules), ["ann"]);
    assert_eq!(told(&[&[("ann", 0.40), ("bob", 0.44)]], &rules), ["ann"]);
}

#[test]
fn a_person_is_in_a_photo_once_and_the_loser_gets_the_next_or_nobody() {
    let faces: [&[(&str, f32)]; 3] = [
        &[("ann", 0.40), ("bob", 0.50)],
        &[("ann", 0.30)],
        &[("ann", 0.45), ("cid", 0.7)],
    ];
    let mut rules = rules(0.6, 0.03);
    assert_eq!(told(&faces, &rules), ["bob", "ann", "UNKNOWN"]);
    rules.repetition = Repetition::Allowed;
    assert_eq!(told(&faces, &rules), ["ann", "ann", "ann"]);
}

#[test]
fn a_rival_who_stands_elsewhere_in_the_photo_is_no_doubt() {
    let faces: [&[(&str, f32)]; 2] = [&[("ann", 0.40), ("bob", 0.41)], &[("bob", 0.2)]];
    assert_eq!(told(&faces, &rules(0.6, 0.03)), ["ann", "bob"]);
}

#[test]
fn a_rival_is_a_doubt_when_it_is_in_doubt_where_the_rival_stands() {
    // If the second face is cid, the first one may be bob.
    let chain: [&[(&str, f32)]; 2] = [
        &[("ann", 0.40), ("bob", 0.41)],
        &[("bob", 0.20), ("cid", 0.21)],
    ];
    assert_eq!(told(&chain, &rules(0.6, 0.03)), ["AMBIGUOUS", "AMBIGUOUS"]);
    let twins: [&[(&str, f32)]; 2] = [
        &[("ann", 0.30), ("bob", 0.31)],
        &[("bob", 0.30), ("ann", 0.31)],
    ];
    assert_eq!(told(&twins, &rules(0.6, 0.03)), ["AMBIGUOUS", "AMBIGUOUS"]);
}

#[test]
fn candidates_reach_down_to_a_match_who_is_not_the_nearest() {
    let nearest = vec![
        candidates(&[("ann", 0.40), ("bob", 0.50), ("cid", 0.55)]),
        candidates(&[("ann", 0.30)]),
    ];
    let identities = decide(nearest, &rules(0.6, 0.03), 1);
    let names: Vec<_> = identities[0].candidates.iter().map(|c| &*c.name).collect();
    assert_eq!(names, ["ann", "bob"]);
    assert_eq!(identities[1].candidates.len(), 1);
}

#[test]
fn the_distance_of_a_match_is_that_of_the_person_who_was_given() {
    let nearest = vec![
        candidates(&[("ann", 0.40), ("bob", 0.50)]),
        candidates(&[("ann", 0.30)]),
    ];
    let identities = decide(nearest, &rules(0.6, 0.03), 1);
    assert_eq!(identities[0].distance(), Some(0.50));
    assert_eq!(&*identities[0].candidates[0].name, "ann");
}

#[test]
fn margins_are_finite_and_not_negative() {
    assert_eq!("0.05".parse(), Ok(Margin(0.05)));
    for wrong in ["-0.1", "NaN", "inf", "", "x"] {
        assert!(wrong.parse::<Margin>().is_err(), "{wrong}");
    }
}

fn faces() -> impl Strategy<Value = Vec<Vec<f32>>> {
    proptest::collection::vec(proptest::collection::vec(0.0_f32..1.0, 5), 1..6)
}

fn nearest(distances: &[Vec<f32>]) -> Vec<Vec<Candidate>> {
    let of_face = |distances: &Vec<f32>| {
        let names = ["ann", "bob", "cid", "dan", "eve"];
        let named: Vec<(&str, f32)> = names.into_iter().zip(distances.iter().copied()).collect();
        let mut candidates = candidates(&named);
        candidates.sort_by(|a, b| a.distance.total_cmp(&b.distance));
        candidates
    };
    distances.iter().map(of_face).collect()
}

proptest! {
    #[test]
    fn names_are_within_the_threshold_and_given_once(distances in faces(), threshold in 0.0_f32..1.0) {
        let identities = decide(nearest(&distances), &rules(threshold, 0.03), 1);
        let mut names: Vec<&str> = identities.iter().filter_map(Identity::name).collect();
        for identity in &identities {
            prop_assert_eq!(identity.name().is_some(), identity.outcome == Outcome::Match);
            if identity.outcome != Outcome::Unknown {
                prop_assert!(identity.distance().unwrap() <= threshold);
            }
            if identity.outcome == Outcome::Ambiguous {
                prop_assert!(identity.candidates.len() >= 2);
            }
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        prop_assert_eq!(names.len(), count);
    }

    #[test]
    fn a_larger_margin_never_adds_a_name(
        distances in faces(),
        threshold in 0.0_f32..1.0,
        margin in 0.0_f32..0.2,
        more in 0.0_f32..0.2,
    ) {
        let named = |margin| -> Vec<Option<String>> {
            let identities = decide(nearest(&distances), &rules(threshold, margin), 1);
            identities.iter().map(|i| i.name().map(str::to_owned)).collect()
        };
        for (narrow, wide) in named(margin).iter().zip(named(margin + more)) {
            prop_assert!(wide.is_none() || wide == *narrow);
        }
    }

    #[test]
    fn a_face_alone_is_named_exactly_when_somebody_is_within_and_nobody_as_near(
        distances in proptest::collection::vec(0.0_f32..1.0, 5),
        threshold in 0.0_f32..1.0,
    ) {
        let identity = decide(nearest(std::slice::from_ref(&distances)), &rules(threshold, 0.03), 1).remove(0);
        let mut sorted = distances.clone();
        sorted.sort_by(f32::total_cmp);
        let doubt = sorted[1] <= threshold && sorted[1] - sorted[0] < 0.03;
        let expected = match sorted[0] <= threshold {
            false => Outcome::Unknown,
            true if doubt => Outcome::Ambiguous,
            true => Outcome::Match,
        };
        prop_assert_eq!(identity.outcome, expected);
    }

    #[test]
    fn the_nearest_people_are_enough_to_decide(
        distances in faces(),
        threshold in 0.0_f32..1.0,
        margin in 0.0_f32..0.2,
    ) {
        let rules = rules(threshold, margin);
        let told = |listed: usize| -> Vec<(Outcome, Option<String>)> {
            let mut nearest = nearest(&distances);
            nearest.iter_mut().for_each(|candidates| candidates.truncate(listed));
            let identities = decide(nearest, &rules, 1);
            identities.iter().map(|i| (i.outcome, i.name().map(str::to_owned))).collect()
        };
        prop_assert_eq!(told(people_needed(distances.len())), told(usize::MAX));
    }
}
