//! The threshold that separates a gallery best. Input: distances of pairs of faces, of one person
//! and of two. Output: the threshold with the fewest pairs on the wrong side.
//!
//! Distances are counted in bins, so that memory does not grow with the pairs. A bin excludes its
//! lower edge and includes its upper edge, as a threshold accepts an equal distance; error rates at
//! an edge are therefore exact.

use facematch::matching::DistanceThreshold;

use super::ClosePeople;

/// Number of bins for the distances from 0 to [`LARGEST`].
const BINS: usize = 4096;

/// Largest distance with a bin of its own. Larger ones are counted in the last bin, which is never
/// accepted. Faces of two people are about 0.8 apart, so no threshold near this value is useful.
const LARGEST: f32 = 2.0;

/// A threshold and its error rates, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ErrorRates {
    pub(crate) threshold: f32,
    /// False match rate: the share of pairs of two people that are accepted.
    pub(crate) fmr: f64,
    /// False non-match rate: the share of pairs of one person that are rejected.
    pub(crate) fnmr: f64,
}

/// Quality of thresholds for telling the people of a gallery apart. Pairs that show the same
/// picture are left out because they give no information about faces.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Separation {
    /// Number of pairs of one person.
    pub(crate) same_pairs: u64,
    /// Number of pairs of two people.
    pub(crate) different_pairs: u64,
    /// Threshold with the smallest sum of both error rates, in the middle of the lowest range of
    /// equally good ones. `None` unless there are pairs of both kinds.
    pub(crate) best: Option<ErrorRates>,
    /// Threshold that the gallery was checked with. `None` unless there are pairs of both kinds.
    pub(crate) in_use: Option<ErrorRates>,
    /// The two people that are nearest to each other, ignoring photos that look as if they show
    /// another person. `None` if there is only one person.
    pub(crate) nearest_people: Option<ClosePeople>,
}

/// Distances of pairs of faces.
#[derive(Debug, Clone)]
pub(super) struct Distances {
    threshold: DistanceThreshold,
    same: Histogram,
    different: Histogram,
}

impl Distances {
    /// Returns an empty set of distances that counts errors for `threshold`.
    pub(super) fn new(threshold: DistanceThreshold) -> Self {
        Self {
            threshold,
            same: Histogram::new(),
            different: Histogram::new(),
        }
    }

    /// Counts a pair of one person.
    pub(super) fn add_same(&mut self, distance: f32) {
        self.same.add(distance, self.threshold);
    }

    /// Counts a pair of two people.
    pub(super) fn add_different(&mut self, distance: f32) {
        self.different.add(distance, self.threshold);
    }

    /// Adds the pairs of `other`, which has the same threshold.
    pub(super) fn merge(&mut self, other: &Self) {
        self.same.merge(&other.same);
        self.different.merge(&other.different);
    }

    /// Returns the separation without its nearest people, which are not known here.
    pub(super) fn separation(&self) -> Separation {
        Separation {
            same_pairs: self.same.pairs,
            different_pairs: self.different.pairs,
            best: self.best(),
            in_use: self.rates(
                self.threshold.value(),
                self.same.accepted,
                self.different.accepted,
            ),
            nearest_people: None,
        }
    }

    fn best(&self) -> Option<ErrorRates> {
        let (mut same, mut different) = (0, 0);
        let mut best: Option<Stretch> = None;
        for bin in 0..BINS - 1 {
            same += self.same.bins[bin];
            different += self.different.bins[bin];
            match &mut best {
                // No distance lies between them, so the same pairs are accepted.
                Some(best) if best.accepts(same, different) => best.last = bin,
                Some(best)
                    if self.gain(same, different) <= self.gain(best.same, best.different) => {}
                _ => {
                    best = Some(Stretch {
                        first: bin,
                        last: bin,
                        same,
                        different,
                    });
                }
            }
        }
        let best = best?;
        let threshold = f32::midpoint(upper_edge(best.first), upper_edge(best.last));
        self.rates(threshold, best.same, best.different)
    }

    /// Returns the true accept rate minus the false accept rate, multiplied by a constant. It is a
    /// whole number so that equal gains compare as equal.
    fn gain(&self, same: u64, different: u64) -> i128 {
        let product = |a: u64, b: u64| i128::from(a) * i128::from(b);
        product(same, self.different.pairs) - product(different, self.same.pairs)
    }

    fn rates(&self, threshold: f32, same: u64, different: u64) -> Option<ErrorRates> {
        let has_both = self.same.pairs > 0 && self.different.pairs > 0;
        has_both.then(|| ErrorRates {
            threshold,
            fmr: different as f64 / self.different.pairs as f64,
            fnmr: (self.same.pairs - same) as f64 / self.same.pairs as f64,
        })
    }
}

/// Adjacent bins whose upper edges accept the same pairs.
struct Stretch {
    first: usize,
    last: usize,
    same: u64,
    different: u64,
}

impl Stretch {
    fn accepts(&self, same: u64, different: u64) -> bool {
        (self.same, self.different) == (same, different)
    }
}

#[derive(Debug, Clone)]
struct Histogram {
    bins: Vec<u64>,
    pairs: u64,
    /// Number of pairs within the threshold in use.
    accepted: u64,
}

impl Histogram {
    fn new() -> Self {
        Self {
            bins: vec![0; BINS],
            pairs: 0,
            accepted: 0,
        }
    }

    fn add(&mut self, distance: f32, threshold: DistanceThreshold) {
        self.bins[bin_of(distance)] += 1;
        self.pairs += 1;
        self.accepted += u64::from(threshold.accepts(distance));
    }

    fn merge(&mut self, other: &Self) {
        for (bin, more) in self.bins.iter_mut().zip(&other.bins) {
            *bin += more;
        }
        self.pairs += other.pairs;
        self.accepted += other.accepted;
    }
}

/// Returns the bin exactly, because the number of bins for a distance of 1 is a power of two. The
/// conversion saturates at the ends of its range.
fn bin_of(distance: f32) -> usize {
    let edges = (distance * (BINS as f32 / LARGEST)).ceil() as usize;
    edges.saturating_sub(1).min(BINS - 1)
}

fn upper_edge(bin: usize) -> f32 {
    (bin + 1) as f32 * (LARGEST / BINS as f32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn distances(same: &[f32], different: &[f32], threshold: f32) -> Distances {
        let mut distances = Distances::new(DistanceThreshold::new(threshold).unwrap());
        same.iter().for_each(|&d| distances.add_same(d));
        different.iter().for_each(|&d| distances.add_different(d));
        distances
    }

    #[test]
    fn the_threshold_lies_in_the_middle_between_both_kinds() {
        let told = distances(&[0.2, 0.4], &[0.6, 0.8, 3.0], 0.7).separation();
        assert_eq!((told.same_pairs, told.different_pairs), (2, 3));
        let best = told.best.unwrap();
        assert!((best.threshold - 0.5).abs() < 1e-3, "{best:?}");
        assert_eq!((best.fmr, best.fnmr), (0.0, 0.0));
        let in_use = told.in_use.unwrap();
        assert_eq!((in_use.fmr, in_use.fnmr), (1.0 / 3.0, 0.0));
    }

    #[test]
    fn both_kinds_weigh_the_same_whatever_their_number() {
        // There are nine times as many different pairs. Rejecting the only same pair would cost
        // half of the total.
        let different: Vec<f32> = (0..9).map(|i| if i < 4 { 0.3 } else { 0.9 }).collect();
        let best = distances(&[0.5], &different, 0.6)
            .separation()
            .best
            .unwrap();
        assert_eq!((best.fmr, best.fnmr), (4.0 / 9.0, 0.0));
    }

    #[test]
    fn pairs_of_one_kind_tell_nothing() {
        for told in [distances(&[0.2], &[], 0.6), distances(&[], &[0.2], 0.6)] {
            let told = told.separation();
            assert_eq!((told.best, told.in_use), (None, None));
        }
    }

    fn share(distances: &[f32], counts: impl Fn(f32) -> bool) -> f64 {
        distances.iter().filter(|&&d| counts(d)).count() as f64 / distances.len() as f64
    }

    proptest! {
        #[test]
        fn rates_are_those_of_a_count_and_no_edge_is_better(
            same in proptest::collection::vec(prop_oneof![0.0_f32..1.2, Just(0.5), Just(2.0)], 1..40),
            different in proptest::collection::vec(prop_oneof![0.2_f32..3.0, Just(0.5), Just(f32::INFINITY)], 1..40),
            in_use in 0.0_f32..=DistanceThreshold::MAX,
        ) {
            let told = distances(&same, &different, in_use).separation();
            let rates = |threshold: f32| ErrorRates {
                threshold,
                fmr: share(&different, |d| d <= threshold),
                fnmr: share(&same, |d| d > threshold),
            };
            let best = told.best.unwrap();
            prop_assert_eq!(best, rates(best.threshold));
            prop_assert_eq!(told.in_use.unwrap(), rates(in_use));
            for bin in 0..BINS - 1 {
                let edge = rates(upper_edge(bin));
                prop_assert!(best.fmr + best.fnmr <= edge.fmr + edge.fnmr + 1e-12);
            }
        }

        #[test]
        fn a_distance_lies_between_the_edges_of_its_bin(distance in 0.0_f32..1.999) {
            let bin = bin_of(distance);
            prop_assert!(distance <= upper_edge(bin));
            prop_assert!(bin == 0 || distance > upper_edge(bin - 1));
        }
    }
}
