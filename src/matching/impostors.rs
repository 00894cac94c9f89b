//! Distances between strangers: the measured distribution of distances between photos of different
//! people, and the meaning of a threshold for a gallery of a given size.
//!
//! Input: a number of known faces and a threshold, or the share of strangers that may be given a
//! name (FPIR, ISO/IEC 19795-1). Output: the other of the two. The distributions were measured on
//! LFW; `docs/ACCURACY.md` has the command.

use crate::matching::DistanceThreshold;

/// False match rate of one comparison by distance.
#[derive(Debug, Clone, PartialEq)]
pub struct ImpostorDistances {
    /// False match rates and distances, both ascending, at least two.
    points: Vec<(f64, f64)>,
}

const PLAIN: &str = include_str!("impostors_plain.csv");
const FLIPPED: &str = include_str!("impostors_flipped.csv");

impl ImpostorDistances {
    /// Returns the distribution for plain encodings, as computed by dlib's network.
    pub fn plain() -> Self {
        Self::parse(PLAIN)
    }

    /// Returns the distribution for encodings that are averaged with those of the mirror image, see
    /// [`EngineParams::flip`](crate::engine::EngineParams::flip).
    pub fn flipped() -> Self {
        Self::parse(FLIPPED)
    }

    /// Parses the lines `rate,distance` of a table that is part of the program.
    fn parse(table: &str) -> Self {
        let number = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        let points = table.lines().filter_map(|line| {
            let mut fields = line.split(',');
            Some((number(fields.next())?, number(fields.next())?))
        });
        Self {
            points: points.collect(),
        }
    }

    /// Returns the probability that one comparison with another person's photo is within
    /// `threshold`.
    ///
    /// The logarithm of the rate is linear in the distance between the measured points and beyond
    /// them.
    pub fn false_match_rate(&self, threshold: DistanceThreshold) -> f64 {
        let distance = f64::from(threshold.value());
        let Some([(rate_a, at_a), (rate_b, at_b)]) = self.segment(|(_, at)| at < distance) else {
            return 1.0;
        };
        let share = (distance - at_a) / (at_b - at_a);
        (rate_a.ln() + share * (rate_b / rate_a).ln())
            .exp()
            .min(1.0)
    }

    /// Returns the share of strangers, 0 to 1, to whom a gallery of `known_faces` faces gives a
    /// name (FPIR), assuming that the comparisons are independent.
    pub fn strangers_named(&self, threshold: DistanceThreshold, known_faces: usize) -> f64 {
        1.0 - (1.0 - self.false_match_rate(threshold)).powf(known_faces as f64)
    }

    /// Returns the threshold at which a gallery of `known_faces` faces gives a name to the share
    /// `fpir` of strangers, above 0 and below 1.
    pub fn threshold_for(&self, fpir: f64, known_faces: usize) -> DistanceThreshold {
        // Equals 1 - (1 - fpir)^(1 / n), which would lose its digits in rounding if computed like
        // that.
        let rate = -((-fpir).ln_1p() / known_faces.max(1) as f64).exp_m1();
        let Some([(rate_a, at_a), (rate_b, at_b)]) = self.segment(|(at, _)| at < rate) else {
            return DistanceThreshold::DEFAULT;
        };
        let share = (rate / rate_a).ln() / (rate_b / rate_a).ln();
        let distance = (at_a + share * (at_b - at_a)).max(0.0);
        DistanceThreshold::new(distance as f32).unwrap_or_default()
    }

    /// Returns the two neighbouring points around the place of the first point that is not `below`.
    ///
    /// Beyond the largest distance these are the last two points. Below the smallest these are the
    /// first point and the next one with ten times its rate, because the slope between the first
    /// neighbours depends on single pairs.
    fn segment(&self, below: impl Fn((f64, f64)) -> bool) -> Option<[(f64, f64); 2]> {
        let upper = self.points.partition_point(|&point| below(point));
        let (&first, &last) = (self.points.first()?, self.points.last()?);
        if upper == 0 {
            let decade = self.points.iter().find(|(rate, _)| *rate >= 10.0 * first.0);
            return Some([first, *decade.unwrap_or(&last)]);
        }
        let upper = upper.min(self.points.len().saturating_sub(1));
        Some([
            *self.points.get(upper.checked_sub(1)?)?,
            *self.points.get(upper)?,
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_shipped_tables_rise() {
        for table in [ImpostorDistances::plain(), ImpostorDistances::flipped()] {
            assert!(table.points.len() > 20);
            for pair in table.points.windows(2) {
                assert!(pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1, "{pair:?}");
                assert!(pair[0].0 > 0.0 && pair[1].0 <= 1.0);
            }
        }
    }

    #[test]
    fn more_people_need_a_smaller_threshold() {
        let table = ImpostorDistances::flipped();
        let at = |people| table.threshold_for(0.01, people).value();
        assert!(at(10_000) > 0.2 && at(1) < 0.7);
        assert!(at(1) > at(10) && at(10) > at(100) && at(100) > at(10_000));
    }

    #[test]
    fn below_the_table_the_slope_is_that_of_a_decade_not_of_two_points() {
        // The slope between the first two points is three times that of the decade.
        let table = ImpostorDistances::parse("1e-6,0.40\n2e-6,0.41\n1e-5,0.50\n1,0.9\n");
        let rate = table.false_match_rate(DistanceThreshold::new(0.30).unwrap());
        assert!((rate.log10() + 7.0).abs() < 1e-5, "{rate}");
    }

    proptest! {
        #[test]
        fn threshold_and_strangers_named_are_inverse(
            fpir in 0.0001_f64..0.5,
            faces in 1_usize..10_000,
        ) {
            for table in [ImpostorDistances::plain(), ImpostorDistances::flipped()] {
                let threshold = table.threshold_for(fpir, faces);
                let again = table.strangers_named(threshold, faces);
                // A threshold has the precision of an f32.
                prop_assert!((again / fpir - 1.0).abs() < 1e-3, "{again} instead of {fpir}");
            }
        }
    }
}
