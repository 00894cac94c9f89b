//! The threshold that separates a gallery best. In come distances of pairs of faces, of one person and of two, out comes
//! where the fewest are on the wrong side.
//!
//! The distances are counted in bins, so that memory does not grow with the pairs. A bin holds the distances above its
//! lower and up to its upper edge, as a threshold accepts what is equal to it; an edge therefore has exact error rates.

use facematch::matching::DistanceThreshold;

use super::ClosePeople;

/// The number of bins over the distances from 0 to [`LARGEST`].
const BINS: usize = 4096;

/// What is beyond counts for the last bin, which is never accepted. Faces of two people are about 0.8 apart, so that no
/// threshold near here is of use.
const LARGEST: f32 = 2.0;

/// A threshold and how often it is wrong, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ErrorRates {
    /// The threshold.
    pub(crate) threshold: f32,
    /// The false match rate: the share of pairs of two people that are accepted.
    pub(crate) fmr: f64,
    /// The false non-match rate: the share of pairs of one person that are rejected.
    pub(crate) fnmr: f64,
}

/// How well a threshold tells the people of a gallery apart. Pairs that show the same picture are left out: they say
/// nothing about faces.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Separation {
    /// Pairs of one person.
    pub(crate) same_pairs: u64,
    /// Pairs of two people.
    pub(crate) different_pairs: u64,
    /// The threshold with the smallest sum of both error rates, in the middle of those that are equally good; of
    /// several such stretches the lowest. None unless there are pairs of both kinds.
    pub(crate) best: Option<ErrorRates>,
    /// The threshold that the gallery was checked with. None unless there are pairs of both kinds.
    pub(crate) in_use: Option<ErrorRates>,
    /// The two people that are nearest to each other, by photos that do not look as if they were of somebody else; none
    /// with a single one.
    pub(crate) nearest_people: Option<ClosePeople>,
}

/// The distances of pairs of faces.
#[derive(Debug, Clone)]
pub(super) struct Distances {
    threshold: DistanceThreshold,
    same: Histogram,
    different: Histogram,
}

impl Distances {
    /// No distances yet; errors are counted for `threshold`.
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

    /// What the distances say. Whom they are of is not known here: there are no nearest people.
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
                // Nothing lies between: the same pairs are accepted.
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

    /// The true accept rate less the false one, over a denominator that is always the same. In whole numbers, as equal
    /// gains must be known as equal.
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

/// Neighbouring bins whose upper edges accept the same pairs.
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
    /// Pairs within the threshold in use.
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

/// Exact, as the number of bins for a distance of 1 is a power of two. The conversion stops at the ends of its range.
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
        // Of one kind there are nine times as many pairs; to reject the one same pair would cost half of what counts.
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
