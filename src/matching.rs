//! The decision about a face: is it one of the known people?
//!
//! In: the candidates of a [`Gallery`] for one encoding. Out: an [`Identity`]. Pure arithmetic, no pixels, no files.

use std::str::FromStr;

use crate::engine::Encoding;
use crate::gallery::{Candidate, Gallery};

/// The largest distance at which a face is still taken for a person: finite and at least 0.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct DistanceThreshold(f32);

impl DistanceThreshold {
    /// 0.6, for which dlib's network was trained.
    pub const DEFAULT: Self = Self(0.6);

    /// The threshold `value`; `None` unless it is finite and at least 0.
    pub fn new(value: f32) -> Option<Self> {
        (value.is_finite() && value >= 0.0).then_some(Self(value))
    }

    /// The distance.
    pub fn value(self) -> f32 {
        self.0
    }

    /// Whether `distance` is a match: at most the threshold, as in `face_recognition`.
    pub fn accepts(self, distance: f32) -> bool {
        distance <= self.0
    }
}

impl Default for DistanceThreshold {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl FromStr for DistanceThreshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse()
            .ok()
            .and_then(Self::new)
            .ok_or_else(|| "a distance of at least 0 is wanted, such as 0.6".to_owned())
    }
}

/// How many known people are listed for a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CandidateCount {
    /// The nearest ones, at least 1.
    Nearest(usize),
    /// Every known person.
    All,
}

impl CandidateCount {
    fn limit(self) -> usize {
        match self {
            Self::Nearest(count) => count.max(1),
            Self::All => usize::MAX,
        }
    }
}

/// What is decided about a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It is the nearest known person.
    Match,
    /// It is nobody known.
    Unknown,
}

impl Outcome {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Unknown => "unknown",
        }
    }
}

/// Who a face is, and who else was considered.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// The decision.
    pub outcome: Outcome,
    /// The nearest people, nearest first, whether or not they are within the threshold.
    pub candidates: Vec<Candidate>,
}

impl Identity {
    /// The person's name, when it is a match.
    pub fn name(&self) -> Option<&str> {
        match self.outcome {
            Outcome::Match => self.candidates.first().map(|c| &*c.name),
            Outcome::Unknown => None,
        }
    }

    /// The distance of the nearest person.
    pub fn distance(&self) -> Option<f32> {
        self.candidates.first().map(|c| c.distance)
    }
}

/// Decides who the faces with these `encodings` are, such as all faces of a photo; each costs less than one alone.
pub fn identify_all(
    gallery: &Gallery,
    encodings: &[&Encoding],
    threshold: DistanceThreshold,
    count: CandidateCount,
) -> Vec<Identity> {
    let nearest = gallery.nearest_people_of_all(encodings, count.limit());
    nearest
        .into_iter()
        .map(|candidates| Identity {
            outcome: decide(&candidates, threshold),
            candidates,
        })
        .collect()
}

/// Decides who the face with this `encoding` is.
pub fn identify(
    gallery: &Gallery,
    encoding: &Encoding,
    threshold: DistanceThreshold,
    count: CandidateCount,
) -> Identity {
    let candidates = gallery.nearest_people(encoding, count.limit());
    Identity {
        outcome: decide(&candidates, threshold),
        candidates,
    }
}

/// The outcome for `candidates`, nearest first.
fn decide(candidates: &[Candidate], threshold: DistanceThreshold) -> Outcome {
    match candidates.first() {
        Some(nearest) if threshold.accepts(nearest.distance) => Outcome::Match,
        _ => Outcome::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::Path;

    fn candidates(distances: &[f32]) -> Vec<Candidate> {
        let mut candidates: Vec<_> = distances
            .iter()
            .enumerate()
            .map(|(i, &distance)| Candidate {
                name: format!("person {i}").into(),
                distance,
                source: Path::new("known.jpg").into(),
            })
            .collect();
        candidates.sort_by(|a, b| a.distance.total_cmp(&b.distance));
        candidates
    }

    #[test]
    fn the_threshold_itself_is_a_match() {
        let threshold = DistanceThreshold::new(0.6).unwrap();
        assert_eq!(decide(&candidates(&[0.6]), threshold), Outcome::Match);
        assert_eq!(decide(&candidates(&[0.6001]), threshold), Outcome::Unknown);
        assert_eq!(decide(&[], threshold), Outcome::Unknown);
    }

    #[test]
    fn thresholds_are_finite_distances() {
        assert_eq!("0.55".parse(), Ok(DistanceThreshold(0.55)));
        assert_eq!("0".parse(), Ok(DistanceThreshold(0.0)));
        for wrong in ["-0.1", "NaN", "inf", "", "0,6", "sixty"] {
            assert!(wrong.parse::<DistanceThreshold>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_told_exactly_within_the_threshold(
            distances in proptest::collection::vec(0.0_f32..2.0, 0..20),
            threshold in 0.0_f32..2.0,
        ) {
            let threshold = DistanceThreshold::new(threshold).unwrap();
            let candidates = candidates(&distances);
            let identity = Identity { outcome: decide(&candidates, threshold), candidates };
            let within = distances.iter().any(|&d| threshold.accepts(d));
            prop_assert_eq!(identity.name().is_some(), within);
            if let (Some(_), Some(distance)) = (identity.name(), identity.distance()) {
                prop_assert!(distances.iter().all(|&d| distance <= d));
            }
        }

        #[test]
        fn a_wider_threshold_never_loses_a_match(
            distances in proptest::collection::vec(0.0_f32..2.0, 1..20),
            narrow in 0.0_f32..2.0,
            more in 0.0_f32..1.0,
        ) {
            let candidates = candidates(&distances);
            let at = |t| decide(&candidates, DistanceThreshold::new(t).unwrap());
            prop_assert!(at(narrow) == Outcome::Unknown || at(narrow + more) == Outcome::Match);
        }
    }
}
