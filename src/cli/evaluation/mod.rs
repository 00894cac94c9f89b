//! Accuracy figures of the field, measured on labelled photos.
//!
//! - Verification. Input: pairs of photos of one person or of two ([`read_pairs`]) and the distance
//!   of each ([`ScoredPair`]). Output: [`Verification`], with accuracy over folds, EER, FMR and
//!   FNMR at a threshold, and TAR at given FAR (ISO/IEC 19795-1; Huang et al., Labeled Faces in the
//!   Wild, 2007).
//! - Identification. Input: photos with the people in them ([`read_labels`]) and the names given.
//!   Output: [`Identification`], with precision, recall, FPIR and FNIR.
//! - Impostors. Input: encodings of many people. Output: the distances between them
//!   ([`ImpostorPairs`]).
//!
//! This module is pure arithmetic: it uses no pixels, and of files only their names.

mod identification;
mod impostors;
mod labels;
mod list;
mod pairs;
mod verification;

pub(crate) use identification::{Identification, NamedPhoto, Tally, identification};
pub(crate) use impostors::ImpostorPairs;
pub(crate) use labels::{Label, read_labels};
pub(crate) use list::ListError;
pub(crate) use pairs::{Pair, read_pairs};
pub(crate) use verification::{RocPoint, ScoredPair, TarAtFar, Verification, roc, verify};

use facematch::photo::Face;

/// Returns the face in a photo of `size` (width, height) whose centre is nearest to that of the
/// photo, or the first of equally near ones: the subject of photos made for measuring.
pub(crate) fn most_central_face(faces: &[Face], size: (u32, u32)) -> Option<&Face> {
    // In half pixels, so that centres are whole numbers.
    let offset = |start: u32, length: u32, side: u32| {
        let distance = (2 * u64::from(start) + u64::from(length)).abs_diff(u64::from(side));
        u128::from(distance).pow(2)
    };
    faces.iter().min_by_key(|face| {
        let bounds = face.bounds;
        offset(bounds.x, bounds.w, size.0) + offset(bounds.y, bounds.h, size.1)
    })
}

#[cfg(test)]
mod tests {
    use facematch::geometry::PixelBox;

    use super::*;

    fn face(x: u32, y: u32, side: u32) -> Face {
        Face {
            bounds: PixelBox {
                x,
                y,
                w: side,
                h: side,
            },
            score: None,
            landmarks: Vec::new(),
            encoding: None,
            quality: 1.0,
            upright: true,
        }
    }

    #[test]
    fn the_face_in_the_middle_counts() {
        let faces = [face(0, 0, 20), face(45, 42, 10), face(30, 30, 30)];
        assert_eq!(most_central_face(&faces, (100, 100)), Some(&faces[1]));
        assert_eq!(most_central_face(&faces, (20, 20)), Some(&faces[0]));
        assert_eq!(most_central_face(&[], (100, 100)), None);
        let alike = [face(10, 45, 10), face(80, 45, 10)];
        assert_eq!(most_central_face(&alike, (100, 100)), Some(&alike[0]));
        let far = [face(u32::MAX, u32::MAX, u32::MAX)];
        assert_eq!(most_central_face(&far, (1, 1)), Some(&far[0]));
    }
}
