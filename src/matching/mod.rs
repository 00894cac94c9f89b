//! The decision which known people the faces in a photo are.
//!
//! Input: the encodings of all faces in a photo, a [`Gallery`] and the [`Rules`]. Output: an
//! [`Identity`] for each face. This module is pure arithmetic, without pixels or files.
//!
//! A face matches a person if the person is within the threshold, no other person is about as near
//! ([`Margin`]), and the person is not elsewhere in the photo ([`Repetition`]). A face in doubt has
//! no name: a wrong name is worse than none.

mod assignment;
mod impostors;
mod people_pairs;
mod threshold;

use std::collections::HashMap;
use std::str::FromStr;

pub use impostors::ImpostorDistances;
pub use people_pairs::PeoplePairs;
pub use threshold::DistanceThreshold;

use self::assignment::{Choice, assign};
use crate::engine::{EncoderKind, Encoding};
use crate::gallery::{Candidate, Gallery};
use crate::photo::Face;

/// Maximum number of people considered for each face in a photo with several faces.
const MAX_CHOICES: usize = 17;

/// Minimum by which the second nearest person must be further away than the nearest one, from 0 to
/// 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Margin(f32);

impl Margin {
    /// Largest margin, 1. A larger margin would make every face ambiguous.
    const MAX: f32 = 1.0;

    /// Returns the default margin for encodings of `encoder`: 0.03 or, as distances spread more,
    /// 0.05. With 100 people known by one photo each, dlib's halves the wrong names of known people
    /// at the threshold 0.6 and costs 2 of 100 right ones (LFW, `docs/ACCURACY.md`).
    fn default_for(encoder: EncoderKind) -> Self {
        Self(match encoder {
            EncoderKind::Dlib => 0.03,
            EncoderKind::Mobilefacenet => 0.05,
        })
    }

    /// Returns the margin `value`, or `None` unless it is from 0 to 1.
    pub fn new(value: f32) -> Option<Self> {
        (0.0..=Self::MAX).contains(&value).then_some(Self(value))
    }
}

/// Default margin for dlib's encoder.
impl Default for Margin {
    fn default() -> Self {
        Self::default_for(EncoderKind::Dlib)
    }
}

impl FromStr for Margin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().ok().and_then(Self::new).ok_or_else(|| {
            "expected a difference of distances from 0 to 1, such as 0.03".to_owned()
        })
    }
}

/// Number of times that a person can be in one photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repetition {
    /// At most once.
    Once,
    /// Any number of times, as in a collage.
    Allowed,
}

/// Number of known people that are listed for a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CandidateCount {
    /// The nearest people, at least 1.
    Nearest(usize),
    /// Every known person.
    All,
}

/// Rules for the decision who a face is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rules {
    /// Largest distance of a match.
    pub threshold: DistanceThreshold,
    /// Minimum by which any other person must be further away.
    pub margin: Margin,
    /// Number of times that a person can be in a photo.
    pub repetition: Repetition,
    /// Number of people that are listed.
    pub candidates: CandidateCount,
}

impl Rules {
    /// Returns the rules that the program uses by default for encodings of `encoder`.
    pub fn default_for(encoder: EncoderKind) -> Self {
        Self {
            threshold: DistanceThreshold::default_for(encoder),
            margin: Margin::default_for(encoder),
            repetition: Repetition::Once,
            candidates: CandidateCount::Nearest(1),
        }
    }
}

/// Rules that the program uses by default with dlib's encoder.
impl Default for Rules {
    fn default() -> Self {
        Self::default_for(EncoderKind::Dlib)
    }
}

/// Decision about a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The face is a known person.
    Match,
    /// The face is about as near to several known people.
    Ambiguous,
    /// The face is not a known person.
    Unknown,
}

impl Outcome {
    /// Returns the word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Ambiguous => "ambiguous",
            Self::Unknown => "unknown",
        }
    }
}

/// Identity of a face, with the other people who were considered.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// Decision about the face.
    pub outcome: Outcome,
    /// Person, present exactly if the outcome is [`Outcome::Match`]. It is not always the first
    /// candidate: a person who is elsewhere in the photo is skipped.
    pub person: Option<Candidate>,
    /// Nearest people, nearest first, for any outcome. The list includes at least the people up to
    /// the person, or for an ambiguous face at least those in question.
    pub candidates: Vec<Candidate>,
}

impl Identity {
    /// Identity of a face without a decision.
    const UNKNOWN: Self = Self {
        outcome: Outcome::Unknown,
        person: None,
        candidates: Vec::new(),
    };

    /// Returns the person's name if the face is a match.
    pub fn name(&self) -> Option<&str> {
        self.person.as_ref().map(|person| &*person.name)
    }

    /// Returns the distance of the person, or else that of the nearest candidate.
    pub fn distance(&self) -> Option<f32> {
        let nearest = self.person.as_ref().or(self.candidates.first());
        nearest.map(|candidate| candidate.distance)
    }
}

/// Returns who each of `faces` is, all of them in one photo, like [`identify`]. A face without a
/// [usable encoding](Face::usable_encoding) is unknown.
///
/// # Panics
/// As [`identify`].
pub fn identify_faces<'a>(
    gallery: &Gallery,
    faces: impl IntoIterator<Item = &'a Face>,
    rules: &Rules,
) -> Vec<Identity> {
    let encodings: Vec<_> = faces.into_iter().map(Face::usable_encoding).collect();
    let usable: Vec<_> = encodings.iter().copied().flatten().collect();
    let mut identities = identify(gallery, &usable, rules).into_iter();
    let identity_of = |encoding: Option<&Encoding>| {
        let identity = encoding.and_then(|_| identities.next());
        identity.unwrap_or(Identity::UNKNOWN)
    };
    encodings.into_iter().map(identity_of).collect()
}

/// Decides who the faces in one photo are, given the encoding of each.
///
/// # Panics
/// If the encodings are of another encoder than the gallery.
pub fn identify(gallery: &Gallery, encodings: &[&Encoding], rules: &Rules) -> Vec<Identity> {
    let listed = match rules.candidates {
        CandidateCount::Nearest(count) => count.max(1),
        CandidateCount::All => usize::MAX,
    };
    let needed = people_needed(encodings.len());
    let nearest = gallery.nearest_people_of_all(encodings, listed.max(needed));
    decide(nearest, rules, listed)
}

/// Returns how many of the people nearest to each face have to be considered in a photo with
/// `faces` faces. The other faces can take all but one of the nearest `faces` people; the person
/// after them is a possible rival.
fn people_needed(faces: usize) -> usize {
    (faces + 1).clamp(2, MAX_CHOICES)
}

/// Decides about faces whose nearest people are `nearest`. Lists `listed` people for each, or more
/// if the decision depends on them.
fn decide(nearest: Vec<Vec<Candidate>>, rules: &Rules, listed: usize) -> Vec<Identity> {
    let within: Vec<&[Candidate]> = nearest
        .iter()
        .map(|candidates| {
            let end = candidates.partition_point(|c| rules.threshold.accepts(c.distance));
            &candidates[..end.min(MAX_CHOICES)]
        })
        .collect();
    let given = match rules.repetition {
        Repetition::Allowed => within.iter().map(|within| first(within)).collect(),
        Repetition::Once => without_repetition(&within, rules.threshold),
    };
    let elsewhere = match rules.repetition {
        Repetition::Allowed => HashMap::new(),
        Repetition::Once => beyond_doubt(&within, &given, rules.margin),
    };
    let verdicts: Vec<Verdict> = (within.iter().zip(&given).enumerate())
        .map(|(face, (within, given))| {
            let elsewhere = |name: &str| elsewhere.get(name).is_some_and(|at| *at != face);
            verdict(within, *given, rules.margin, elsewhere)
        })
        .collect();
    nearest
        .into_iter()
        .zip(verdicts)
        .map(|(candidates, verdict)| verdict.identity(candidates, listed))
        .collect()
}

/// Decision about a face, with indices into the list of its candidates.
enum Verdict {
    Person(usize),
    /// One of the people up to this index.
    Ambiguous(usize),
    Unknown,
}

impl Verdict {
    fn identity(self, mut candidates: Vec<Candidate>, listed: usize) -> Identity {
        let (outcome, person, shown) = match self {
            Self::Person(place) => (Outcome::Match, candidates.get(place).cloned(), place + 1),
            Self::Ambiguous(last) => (Outcome::Ambiguous, None, last + 1),
            Self::Unknown => (Outcome::Unknown, None, 1),
        };
        candidates.truncate(listed.max(shown));
        Identity {
            outcome,
            person,
            candidates,
        }
    }
}

/// Returns the people who are assigned to a face beyond doubt, with that face: no other person is
/// about as near to it, even one who is elsewhere in the photo.
///
/// Only these people are ruled out as rivals for another face, because a doubtful assignment cannot
/// settle a second doubt.
fn beyond_doubt<'a>(
    within: &[&'a [Candidate]],
    given: &[Option<usize>],
    margin: Margin,
) -> HashMap<&'a str, usize> {
    let sure = |(face, (within, given)): (usize, (&&'a [Candidate], &Option<usize>))| {
        let person = within.get((*given)?)?;
        let sure = matches!(
            verdict(within, *given, margin, |_| false),
            Verdict::Person(_)
        );
        sure.then_some((&*person.name, face))
    };
    within
        .iter()
        .zip(given)
        .enumerate()
        .filter_map(sure)
        .collect()
}

/// Returns the verdict about a face that was assigned the person at the index `given` of `within`,
/// the people within the threshold. It might be any of them who is not `elsewhere` in the photo.
fn verdict(
    within: &[Candidate],
    given: Option<usize>,
    margin: Margin,
    elsewhere: impl Fn(&str) -> bool,
) -> Verdict {
    let Some((place, person)) = given.and_then(|place| Some((place, within.get(place)?))) else {
        return Verdict::Unknown;
    };
    let rival = within.iter().enumerate().rposition(|(other, candidate)| {
        other != place
            && (candidate.distance - person.distance).abs() < margin.0
            && !elsewhere(&candidate.name)
    });
    match rival {
        Some(rival) => Verdict::Ambiguous(rival.max(place)),
        None => Verdict::Person(place),
    }
}

fn first(within: &[Candidate]) -> Option<usize> {
    (!within.is_empty()).then_some(0)
}

/// Returns for each face the index of its assigned person, no person twice.
fn without_repetition(within: &[&[Candidate]], threshold: DistanceThreshold) -> Vec<Option<usize>> {
    let mut number_of_name: HashMap<&str, usize> = HashMap::new();
    let mut choices = Vec::with_capacity(within.len());
    for candidates in within {
        let mut of_face = Vec::with_capacity(candidates.len());
        for candidate in *candidates {
            let next = number_of_name.len();
            of_face.push(Choice {
                person: *number_of_name.entry(&candidate.name).or_insert(next),
                distance: candidate.distance,
            });
        }
        choices.push(of_face);
    }
    assign(&choices, threshold.value())
}

#[cfg(test)]
mod tests;
