//! The choice of one detection for each face. Input: the boxes that a detector found, with scores.
//! Output: those that do not overlap a box with a higher score (non-max suppression), as in dlib's
//! `object_detector` and `loss_mmod`.

use crate::geometry::Rect;
use crate::models::network::OverlapTest;

/// A box that a detector found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ScoredBox {
    /// Score; larger is more certain.
    pub(crate) score: f64,
    /// Position of the box.
    pub(crate) rect: Rect,
}

/// Takes the boxes by score, highest first, and drops each that overlaps an earlier one. Boxes with
/// equal scores keep their order in `boxes`.
pub(crate) fn suppress_overlapping(test: OverlapTest, mut boxes: Vec<ScoredBox>) -> Vec<ScoredBox> {
    boxes.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<ScoredBox> = Vec::new();
    for candidate in boxes {
        if !kept
            .iter()
            .any(|other| overlap(test, other.rect, candidate.rect))
        {
            kept.push(candidate);
        }
    }
    kept
}

/// Returns whether two boxes overlap: dlib's `test_box_overlap::operator()`
/// (dlib/image_processing/box_overlap_testing.h).
pub(crate) fn overlap(test: OverlapTest, a: Rect, b: Rect) -> bool {
    let common = Rect {
        left: a.left.max(b.left),
        top: a.top.max(b.top),
        right: a.right.min(b.right),
        bottom: a.bottom.min(b.bottom),
    };
    let around = Rect {
        left: a.left.min(b.left),
        top: a.top.min(b.top),
        right: a.right.max(b.right),
        bottom: a.bottom.max(b.bottom),
    };
    let inner = common.area() as f64;
    inner > 0.0
        && (inner / around.area() as f64 > test.intersection_over_union
            || inner / a.area() as f64 > test.covered
            || inner / b.area() as f64 > test.covered)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: OverlapTest = OverlapTest {
        intersection_over_union: 0.33,
        covered: 0.78,
    };

    fn rect(left: i64, top: i64, right: i64, bottom: i64) -> Rect {
        Rect {
            left,
            top,
            right,
            bottom,
        }
    }

    fn scored(score: f64, rect: Rect) -> ScoredBox {
        ScoredBox { score, rect }
    }

    #[test]
    fn the_common_area_is_compared_with_the_box_around_both() {
        // 50 x 50 common pixels. Their union has 17,500 pixels, the box around both 22,500: 0.14 or
        // 0.11.
        let (a, b) = (rect(0, 0, 99, 99), rect(50, 50, 149, 149));
        let with = |share| OverlapTest {
            intersection_over_union: share,
            covered: 1.0,
        };
        assert!(overlap(with(0.11), a, b));
        assert!(!overlap(with(0.12), a, b));
        assert!(overlap(TEST, a, a));
        assert!(!overlap(TEST, a, rect(100, 0, 199, 99)));
        assert!(!overlap(TEST, a, rect(5, 5, 4, 4)));
    }

    #[test]
    fn a_box_in_another_is_covered() {
        let (a, b) = (rect(0, 0, 99, 99), rect(10, 10, 29, 29));
        assert!(overlap(TEST, a, b) && overlap(TEST, b, a));
        let (a, b) = (rect(0, 0, 99, 99), rect(-10, 10, 9, 29));
        assert!(!overlap(TEST, a, b));
    }

    #[test]
    fn the_highest_scores_are_kept_in_order() {
        let (here, nearby, there) = (
            rect(0, 0, 99, 99),
            rect(5, 5, 104, 104),
            rect(300, 0, 399, 99),
        );
        let boxes = vec![scored(0.5, here), scored(0.9, nearby), scored(1.5, there)];
        let kept = suppress_overlapping(TEST, boxes);
        assert_eq!(kept, [scored(1.5, there), scored(0.9, nearby)]);
        let equal = vec![scored(1.0, nearby), scored(1.0, here)];
        assert_eq!(suppress_overlapping(TEST, equal), [scored(1.0, nearby)]);
        assert!(suppress_overlapping(TEST, Vec::new()).is_empty());
    }

    #[test]
    fn a_box_goes_only_for_one_that_was_kept() {
        // The middle box overlaps both others, which do not overlap each other.
        let step = |x| rect(x, 0, x + 99, 99);
        let boxes = vec![
            scored(3.0, step(0)),
            scored(2.0, step(40)),
            scored(1.0, step(80)),
        ];
        let kept = suppress_overlapping(TEST, boxes);
        assert_eq!(kept.len(), 2);
        assert_eq!(kept[1].rect, step(80));
    }
}
