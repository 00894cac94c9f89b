//! Verification: do two faces belong to the same person? Input: the distance of each pair and the
//! truth. Output: the accuracy of a threshold, and the thresholds that would be best.

use std::collections::BTreeSet;

use facematch::matching::DistanceThreshold;

/// A pair of photos that was compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ScoredPair {
    /// Part of the list that the pair belongs to.
    pub(crate) fold: u32,
    /// `true` if both photos show the same person.
    pub(crate) same: bool,
    /// Distance between the faces, or `None` if a photo has no face.
    pub(crate) distance: Option<f32>,
}

impl ScoredPair {
    /// Returns whether the pair is accepted. A pair without a distance never is, because one of its
    /// photos has no face.
    fn accepted_at(&self, threshold: f32) -> bool {
        self.distance.is_some_and(|distance| distance <= threshold)
    }

    fn is_right_at(&self, threshold: f32) -> bool {
        self.accepted_at(threshold) == self.same
    }
}

/// Figures of a list of pairs. Shares are from 0 to 1, or `None` if there are no pairs for them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verification {
    /// Number of pairs of one person.
    pub(crate) same: usize,
    /// Number of pairs of two people.
    pub(crate) different: usize,
    /// Accuracy with thresholds chosen on the other folds, or `None` for a single fold.
    pub(crate) folds: Option<FoldAccuracy>,
    /// Threshold with the best accuracy on these same pairs.
    pub(crate) best: Option<BestAccuracy>,
    /// Figures at the threshold in use.
    pub(crate) at_threshold: AtThreshold,
    /// Share of errors at the threshold at which the share of rejected same pairs equals that of
    /// accepted different pairs. It is also `None` if there is no such threshold because too many
    /// same pairs have no distance.
    pub(crate) equal_error_rate: Option<f64>,
    /// Shares of same pairs that are accepted at given shares of accepted different pairs.
    pub(crate) tar_at_far: [TarAtFar; 2],
}

/// Mean accuracy of the folds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FoldAccuracy {
    /// Number of folds, at least 2.
    pub(crate) folds: usize,
    /// Mean of their accuracies.
    pub(crate) mean: f64,
    /// Standard error of that mean.
    pub(crate) standard_error: f64,
}

/// Best accuracy and its threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BestAccuracy {
    /// Share of pairs that are decided correctly.
    pub(crate) accuracy: f64,
    /// Threshold, halfway between two distances; the lowest of equally good ones.
    pub(crate) threshold: f32,
}

/// Errors at a threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AtThreshold {
    /// Threshold of these figures.
    pub(crate) threshold: f32,
    /// Share of pairs that are decided correctly.
    pub(crate) accuracy: Option<f64>,
    /// False match rate: the share of different pairs that are accepted.
    pub(crate) fmr: Option<f64>,
    /// False non-match rate: the share of same pairs that are rejected.
    pub(crate) fnmr: Option<f64>,
}

impl Verification {
    /// Returns whether there are so few different pairs that none may be accepted at the false
    /// accept rate `far`, from 0 to 1. The true accept rate then depends only on the nearest of
    /// them.
    pub(crate) fn hangs_on_one_pair(&self, far: f64) -> bool {
        self.different > 0 && share(1, self.different) > far
    }
}

/// A true accept rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TarAtFar {
    /// Largest share of different pairs that may be accepted.
    pub(crate) far: f64,
    /// Share of same pairs that are accepted at the largest threshold that satisfies `far`.
    pub(crate) tar: Option<f64>,
}

/// A point of the ROC: the shares of accepted pairs at a threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RocPoint {
    /// Threshold, which is the distance of some pair.
    pub(crate) threshold: f32,
    /// Share of different pairs that are accepted.
    pub(crate) false_accepts: f64,
    /// Share of same pairs that are accepted.
    pub(crate) true_accepts: f64,
}

/// False accept rates of [`Verification::tar_at_far`].
const FARS: [f64; 2] = [1e-2, 1e-3];

/// Returns the figures of `pairs`, with `threshold` in use. The time grows with the number of pairs
/// times the number of folds.
pub(crate) fn verify(pairs: &[ScoredPair], threshold: DistanceThreshold) -> Verification {
    let same = pairs.iter().filter(|pair| pair.same).count();
    let roc = roc(pairs);
    Verification {
        same,
        different: pairs.len() - same,
        folds: fold_accuracy(pairs),
        best: best_accuracy(pairs),
        at_threshold: at_threshold(pairs, threshold.value()),
        equal_error_rate: equal_error_rate(&roc),
        tar_at_far: FARS.map(|far| TarAtFar {
            far,
            tar: tar_at(&roc, far),
        }),
    }
}

/// Returns the ROC of `pairs`, from the smallest distance to the largest. It is empty unless there
/// are pairs of both kinds.
pub(crate) fn roc(pairs: &[ScoredPair]) -> Vec<RocPoint> {
    let same = pairs.iter().filter(|pair| pair.same).count();
    let different = pairs.len() - same;
    if same == 0 || different == 0 {
        return Vec::new();
    }
    let (mut accepted_same, mut accepted_different) = (0, 0);
    let mut points: Vec<RocPoint> = Vec::new();
    for (distance, is_same) in sorted(pairs) {
        match is_same {
            true => accepted_same += 1,
            false => accepted_different += 1,
        }
        let point = RocPoint {
            threshold: distance,
            false_accepts: share(accepted_different, different),
            true_accepts: share(accepted_same, same),
        };
        match points.last_mut() {
            Some(last) if last.threshold == distance => *last = point,
            _ => points.push(point),
        }
    }
    points
}

/// Returns the distance and truth of the pairs that have a distance, nearest first.
fn sorted(pairs: &[ScoredPair]) -> Vec<(f32, bool)> {
    let mut sorted: Vec<_> = pairs
        .iter()
        .filter_map(|pair| Some((pair.distance?, pair.same)))
        .collect();
    sorted.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    sorted
}

fn share(count: usize, of: usize) -> f64 {
    count as f64 / of as f64
}

fn best_accuracy(pairs: &[ScoredPair]) -> Option<BestAccuracy> {
    let sorted = sorted(pairs);
    // Below all distances no pair is accepted.
    let mut right = pairs.iter().filter(|pair| !pair.same).count();
    let mut best = (right, 0.0);
    for (index, &(distance, same)) in sorted.iter().enumerate() {
        if same {
            right += 1;
        } else {
            right -= 1;
        }
        let next = sorted.get(index + 1).map_or(distance, |(next, _)| *next);
        let is_last_of_equals = next > distance || index + 1 == sorted.len();
        if is_last_of_equals && right > best.0 {
            best = (right, f32::midpoint(distance, next));
        }
    }
    (!pairs.is_empty()).then(|| BestAccuracy {
        accuracy: share(best.0, pairs.len()),
        threshold: best.1,
    })
}

fn fold_accuracy(pairs: &[ScoredPair]) -> Option<FoldAccuracy> {
    let folds: BTreeSet<u32> = pairs.iter().map(|pair| pair.fold).collect();
    if folds.len() < 2 {
        return None;
    }
    let accuracies: Vec<f64> = folds
        .iter()
        .filter_map(|fold| {
            let (held_out, others): (Vec<_>, Vec<_>) =
                pairs.iter().partition(|pair| pair.fold == *fold);
            let threshold = best_accuracy(&others)?.threshold;
            let right = held_out.iter().filter(|pair| pair.is_right_at(threshold));
            Some(share(right.count(), held_out.len()))
        })
        .collect();
    let count = accuracies.len() as f64;
    let mean = accuracies.iter().sum::<f64>() / count;
    let squares = accuracies.iter().map(|accuracy| (accuracy - mean).powi(2));
    Some(FoldAccuracy {
        folds: accuracies.len(),
        mean,
        standard_error: (squares.sum::<f64>() / (count - 1.0) / count).sqrt(),
    })
}

fn at_threshold(pairs: &[ScoredPair], threshold: f32) -> AtThreshold {
    let share_of = |of: &dyn Fn(&ScoredPair) -> bool, counts: &dyn Fn(&ScoredPair) -> bool| {
        let all = pairs.iter().filter(|pair| of(pair));
        let total = all.clone().count();
        (total > 0).then(|| share(all.filter(|pair| counts(pair)).count(), total))
    };
    AtThreshold {
        threshold,
        accuracy: share_of(&|_| true, &|pair| pair.is_right_at(threshold)),
        fmr: share_of(&|pair| !pair.same, &|pair| pair.accepted_at(threshold)),
        fnmr: share_of(&|pair| pair.same, &|pair| !pair.accepted_at(threshold)),
    }
}

/// Returns the rate at which false accepts and false rejects cross, interpolated linearly between
/// two points of the curve.
fn equal_error_rate(roc: &[RocPoint]) -> Option<f64> {
    let mut before = RocPoint {
        threshold: 0.0,
        false_accepts: 0.0,
        true_accepts: 0.0,
    };
    for point in roc {
        // Share of rejected same pairs minus share of accepted different pairs.
        let [above, below] =
            [&before, point].map(|point| 1.0 - point.true_accepts - point.false_accepts);
        if below <= 0.0 {
            let part = above / (above - below);
            return Some(
                before.false_accepts + part * (point.false_accepts - before.false_accepts),
            );
        }
        before = *point;
    }
    None
}

fn tar_at(roc: &[RocPoint], far: f64) -> Option<f64> {
    let kept = roc.iter().rev().find(|point| point.false_accepts <= far);
    (!roc.is_empty()).then(|| kept.map_or(0.0, |point| point.true_accepts))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair(fold: u32, same: bool, distance: impl Into<Option<f32>>) -> ScoredPair {
        ScoredPair {
            fold,
            same,
            distance: distance.into(),
        }
    }

    fn at(threshold: f32) -> DistanceThreshold {
        DistanceThreshold::new(threshold).unwrap()
    }

    /// Returns five pairs per fold. In each fold there is one error at 0.6, and none at 0.5 except
    /// for a face that was not found.
    fn list() -> Vec<ScoredPair> {
        [1, 2]
            .into_iter()
            .flat_map(|fold| {
                [
                    pair(fold, true, 0.3),
                    pair(fold, true, 0.4),
                    pair(fold, true, None),
                    pair(fold, false, 0.55),
                    pair(fold, false, 0.9),
                    pair(fold, false, None),
                ]
            })
            .collect()
    }

    #[test]
    fn figures_are_those_of_a_count_by_hand() {
        let figures = verify(&list(), at(0.6));
        assert_eq!((figures.same, figures.different), (6, 6));
        let at_threshold = figures.at_threshold;
        assert_eq!(at_threshold.accuracy, Some(8.0 / 12.0));
        assert_eq!(at_threshold.fmr, Some(2.0 / 6.0));
        assert_eq!(at_threshold.fnmr, Some(2.0 / 6.0));
        let best = figures.best.unwrap();
        assert_eq!(best.accuracy, 10.0 / 12.0);
        assert!((best.threshold - 0.475).abs() < 1e-6);
        let folds = figures.folds.unwrap();
        assert_eq!(
            (folds.folds, folds.mean, folds.standard_error),
            (2, 10.0 / 12.0, 0.0)
        );
        // At 0.55: two of six of each kind.
        assert!((figures.equal_error_rate.unwrap() - 2.0 / 6.0).abs() < 1e-9);
        assert_eq!(figures.tar_at_far.map(|t| t.tar), [Some(4.0 / 6.0); 2]);
    }

    #[test]
    fn the_standard_error_is_that_of_the_mean_of_the_folds() {
        let mut pairs = vec![pair(1, true, 0.1), pair(1, false, 0.9)];
        pairs.extend([pair(2, true, 0.8), pair(2, false, 0.85)]);
        let folds = verify(&pairs, at(0.6)).folds.unwrap();
        // Fold 1 at the threshold 0.825 of fold 2: both correct. Fold 2 at 0.5: one of two.
        assert_eq!(folds.mean, 0.75);
        assert!((folds.standard_error - 0.25).abs() < 1e-9);
    }

    #[test]
    fn pairs_of_one_kind_have_no_curve() {
        let pairs = [pair(1, true, 0.3), pair(1, true, 0.7)];
        let figures = verify(&pairs, at(0.6));
        assert_eq!(figures.at_threshold.fmr, None);
        assert_eq!(figures.at_threshold.fnmr, Some(0.5));
        assert_eq!(figures.equal_error_rate, None);
        assert_eq!(figures.folds, None);
        assert_eq!(figures.tar_at_far[0].tar, None);
        assert_eq!(verify(&[], at(0.6)).best, None);
    }

    #[test]
    fn a_single_pair_decides_where_there_are_fewer_than_one_by_far() {
        let hangs = |different: usize, far| {
            verify(&vec![pair(1, false, 0.9); different], at(0.6)).hangs_on_one_pair(far)
        };
        assert!(hangs(99, 1e-2) && hangs(999, 1e-3));
        assert!(!hangs(100, 1e-2) && !hangs(1000, 1e-3) && !hangs(0, 1e-2));
    }

    #[test]
    fn rates_that_never_cross_have_no_equal_error_rate() {
        let pairs = [pair(1, true, None), pair(1, false, None)];
        assert_eq!(verify(&pairs, at(0.6)).equal_error_rate, None);
    }

    #[test]
    fn a_false_accept_that_is_nearest_of_all_leaves_no_true_accept() {
        let pairs = [pair(1, false, 0.1), pair(1, true, 0.2)];
        let figures = verify(&pairs, at(0.6));
        assert_eq!(figures.tar_at_far.map(|t| t.tar), [Some(0.0); 2]);
        assert_eq!(figures.equal_error_rate, Some(1.0));
    }

    proptest! {
        #[test]
        fn figures_hold_together(
            content in proptest::collection::vec((1..4_u32, any::<bool>(), proptest::option::of(0..20_u8)), 1..60),
            threshold in 0.0_f32..2.0,
        ) {
            let pairs: Vec<_> = content
                .into_iter()
                .map(|(fold, same, distance)| pair(fold, same, distance.map(|d| f32::from(d) / 10.0)))
                .collect();
            let figures = verify(&pairs, at(threshold));
            let best = figures.best.unwrap();
            let right = pairs.iter().filter(|pair| pair.is_right_at(best.threshold)).count();
            // The lowest possible threshold is below the smallest distance, which may be 0.
            if best.threshold > 0.0 {
                prop_assert_eq!(share(right, pairs.len()), best.accuracy);
            }
            prop_assert!(figures.at_threshold.accuracy.unwrap() <= best.accuracy);
            let curve = roc(&pairs);
            let is_rising = |a: &RocPoint, b: &RocPoint| {
                a.threshold < b.threshold
                    && a.false_accepts <= b.false_accepts
                    && a.true_accepts <= b.true_accepts
            };
            prop_assert!(curve.is_sorted_by(is_rising));
            for rate in figures.tar_at_far.iter().filter_map(|t| t.tar).chain(figures.equal_error_rate) {
                prop_assert!((0.0..=1.0).contains(&rate));
            }
        }
    }
}
