//! Faces in a photo that may be stored sideways or upside down.

use std::cmp::Reverse;

use image::RgbImage;

use super::finder::Finder;
use super::upright::Uprightness;
use super::{FoundFace, Stage, Turn};
use crate::error::Error;
use crate::geometry::PixelBox;

/// A face that was found in one of the turns.
struct Candidate {
    /// Face in pixels of the turned photo.
    found: FoundFace,
    /// Box of the face in the photo as displayed.
    place: PixelBox,
    uprightness: Uprightness,
}

impl Finder<'_> {
    /// Returns the faces in `copy`, each in the turn in which it is upright, in pixels of the photo
    /// after that turn. `size` is the size of the photo.
    ///
    /// The turns cost three more searches, so a photo is turned only if none of its faces is surely
    /// upright.
    pub(super) fn faces_in_turns(
        &mut self,
        size: (u32, u32),
        copy: &RgbImage,
    ) -> Result<Vec<FoundFace>, Error> {
        let mut candidates = Vec::new();
        for turn in Turn::ALL {
            candidates.extend(self.candidates_in(turn, size, copy)?);
            if turn == Turn::None && candidates.iter().any(Candidate::is_sure) {
                break;
            }
        }
        Ok(chosen(candidates))
    }

    fn candidates_in(
        &mut self,
        turn: Turn,
        size: (u32, u32),
        copy: &RgbImage,
    ) -> Result<Vec<Candidate>, Error> {
        let turned = self.times.measure(Stage::Resize, || turn.apply(copy));
        let faces = self.faces_in(turn.size(size), &turned)?;
        let engine = &mut *self.engine;
        let uprightness = self.times.measure(Stage::Landmarks, || {
            Uprightness::of_faces(&faces, &turned, engine)
        });
        let uprightness = uprightness.map_err(|source| self.refused(source))?;
        let candidates = faces.into_iter().zip(uprightness);
        Ok(candidates
            .map(|(mut found, uprightness)| {
                found.turn = turn;
                found.face.upright = uprightness.is_upright;
                Candidate {
                    place: turn.box_back(found.face.bounds, size),
                    found,
                    uprightness,
                }
            })
            .collect())
    }
}

/// Chooses one of the candidates at each place: an upright one, if possible a surely upright one.
///
/// Of several, it chooses one from the turn with the most surely upright faces, and then the one
/// that the detector and its landmarks leave least in doubt. A face that is upright in no turn is
/// returned as found in the photo as displayed.
fn chosen(mut candidates: Vec<Candidate>) -> Vec<FoundFace> {
    candidates.retain(|face| face.is_upright() || face.found.turn == Turn::None);
    let sure_in = Turn::ALL.map(|turn| {
        let sure = candidates.iter().filter(|face| face.is_sure());
        sure.filter(|face| face.found.turn == turn).count()
    });
    let rank = |face: &Candidate| {
        let sure_faces = sure_in[face.found.turn as usize];
        Reverse((face.is_sure(), face.is_upright(), sure_faces))
    };
    candidates.sort_by(|a, b| {
        let by_rank = rank(a).cmp(&rank(b));
        by_rank.then_with(|| a.uprightness.order(&b.uprightness))
    });
    let mut chosen: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        if !chosen.iter().any(|other| other.is_same_face(&candidate)) {
            chosen.push(candidate);
        }
    }
    chosen.into_iter().map(|face| face.found).collect()
}

impl Candidate {
    fn is_upright(&self) -> bool {
        self.found.face.upright
    }

    fn is_sure(&self) -> bool {
        self.uprightness.is_sure
    }

    /// Returns whether both are the same face, found in two turns. Within one turn, the detector
    /// has already distinguished the faces.
    fn is_same_face(&self, other: &Self) -> bool {
        let is_found_twice =
            has_centre_of(self.place, other.place) || has_centre_of(other.place, self.place);
        self.found.turn != other.found.turn && is_found_twice
    }
}

/// Returns whether the centre of `other` lies in `area`.
fn has_centre_of(area: PixelBox, other: PixelBox) -> bool {
    // In half pixels, so that centres are whole numbers.
    let lies_in = |start: u32, length: u32, other_start: u32, other_length: u32| {
        let centre = 2 * u64::from(other_start) + u64::from(other_length);
        let start = 2 * u64::from(start);
        (start..start + 2 * u64::from(length)).contains(&centre)
    };
    lies_in(area.x, area.w, other.x, other.w) && lies_in(area.y, area.h, other.y, other.h)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{LandmarkModel, Landmarks};
    use crate::geometry::Rect;
    use crate::photo::Face;

    /// Returns a face with a side of 10 pixels at (`x`, 0).
    fn candidate(turn: Turn, x: u32, score: f32, restlessness: f64) -> Candidate {
        let place = PixelBox {
            x,
            y: 0,
            w: 10,
            h: 10,
        };
        let uprightness = Uprightness::of_restlessness(restlessness, Some(score));
        Candidate {
            found: FoundFace {
                face: Face {
                    bounds: place,
                    score: Some(score),
                    landmarks: Vec::new(),
                    encoding: None,
                    quality: 1.0,
                    upright: uprightness.is_upright,
                },
                turn,
                working_landmarks: Landmarks {
                    model: LandmarkModel::FivePoint,
                    rect: Rect {
                        left: 0,
                        top: 0,
                        right: 9,
                        bottom: 9,
                    },
                    points: Vec::new(),
                },
            },
            place,
            uprightness,
        }
    }

    /// Returns the turn, position and uprightness of each chosen face, from left to right.
    fn chosen_of(candidates: Vec<Candidate>) -> Vec<(Turn, u32, bool)> {
        let mut faces: Vec<_> = chosen(candidates)
            .iter()
            .map(|found| (found.turn, found.face.bounds.x, found.face.upright))
            .collect();
        faces.sort_by_key(|face| face.1);
        faces
    }

    #[test]
    fn a_face_is_taken_in_the_turn_in_which_it_is_upright() {
        let faces = chosen_of(vec![
            candidate(Turn::None, 0, 1.2, 0.2),
            candidate(Turn::Quarter, 2, 1.0, 0.01),
            candidate(Turn::Half, 1, 1.1, 0.1),
        ]);
        assert_eq!(faces, [(Turn::Quarter, 2, true)]);
    }

    #[test]
    fn a_sure_face_wins_over_an_unsure_one_that_holds_as_still() {
        let faces = chosen_of(vec![
            candidate(Turn::None, 0, 0.2, 0.005),
            candidate(Turn::Half, 2, 1.5, 0.01),
        ]);
        assert_eq!(faces, [(Turn::Half, 2, true)]);
    }

    #[test]
    fn the_turn_with_the_most_sure_faces_wins_where_two_claim_a_place() {
        let faces = chosen_of(vec![
            candidate(Turn::Quarter, 0, 1.0, 0.005),
            candidate(Turn::Half, 2, 1.0, 0.02),
            candidate(Turn::Half, 40, 1.0, 0.02),
        ]);
        assert_eq!(faces, [(Turn::Half, 2, true), (Turn::Half, 40, true)]);
    }

    #[test]
    fn a_face_that_is_upright_in_no_turn_stays_as_it_was_found_unturned() {
        let faces = chosen_of(vec![
            candidate(Turn::None, 0, 1.0, 0.2),
            candidate(Turn::Quarter, 2, 1.0, 0.1),
            candidate(Turn::Half, 40, 1.0, 0.01),
        ]);
        assert_eq!(faces, [(Turn::None, 0, false), (Turn::Half, 40, true)]);
    }

    #[test]
    fn neighbours_in_one_turn_are_two_faces() {
        let faces = chosen_of(vec![
            candidate(Turn::Half, 0, 1.0, 0.01),
            candidate(Turn::Half, 4, 1.0, 0.02),
        ]);
        assert_eq!(faces.len(), 2);
    }
}
