//! Distances between strangers: the measured distribution of distances between photos of different
//! people, and the meaning of a threshold for a gallery of a given size.
//!
//! Input: a number of known faces and a threshold, or the share of strangers that may be given a
//! name (FPIR, ISO/IEC 19795-1). Output: the other of the two. The distributions were measured on
//! LFW; `docs/ACCURACY.md` has the command.

use crate::engine::EncoderKind;
use crate::gallery::Fingerprint;
use crate::matching::{DistanceThreshold, PeoplePairs};

/// False match rate of one comparison by distance.
#[derive(Debug, Clone, PartialEq)]
pub struct ImpostorDistances {
    /// False match rates and distances, both ascending, at least two.
    points: Vec<(f64, f64)>,
}

/// Tables of dlib's encoder for faces that are aligned by dlib's landmarks: plain encodings, and
/// means with the mirror image.
const OF_DLIB: [&str; 2] = [
    include_str!("impostors/dlib_plain.csv"),
    include_str!("impostors/dlib_flipped.csv"),
];

/// The same for faces that are aligned by RetinaFace's landmarks.
const OF_RETINAFACE: [&str; 2] = [
    include_str!("impostors/retinaface_plain.csv"),
    include_str!("impostors/retinaface_flipped.csv"),
];

/// The same for encodings of MobileFaceNet.
const OF_MOBILEFACENET: [&str; 2] = [
    include_str!("impostors/mobilefacenet_plain.csv"),
    include_str!("impostors/mobilefacenet_flipped.csv"),
];

impl ImpostorDistances {
    /// Returns the distribution for encodings with the fingerprint `made`.
    pub fn measured(made: &Fingerprint) -> Self {
        let [plain, flipped] = match made.encoder_kind() {
            Some(EncoderKind::Mobilefacenet) => OF_MOBILEFACENET,
            Some(EncoderKind::Dlib) | None if made.has_retinaface_landmarks() => OF_RETINAFACE,
            Some(EncoderKind::Dlib) | None => OF_DLIB,
        };
        // The mean of jittered copies is not scaled to one length.
        Self::parse(match made.has_mirror_images() {
            true => flipped,
            false => plain,
        })
    }

    /// Returns the distribution for strangers of the people of `pairs`: at each rate the smaller
    /// distance of this one and of [theirs](PeoplePairs::distribution), if they are enough people.
    #[must_use]
    pub fn for_people(self, pairs: Option<&PeoplePairs>) -> Self {
        match pairs {
            Some(pairs) => self.stricter(&pairs.distribution(&self)),
            None => self,
        }
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
    /// `distance`.
    ///
    /// The logarithm of the rate is linear in the distance between the measured points and beyond
    /// them.
    pub(super) fn false_match_rate(&self, distance: f32) -> f64 {
        let distance = f64::from(distance);
        let Some([(rate_a, at_a), (rate_b, at_b)]) = self.segment(|(_, at)| at < distance) else {
            return 1.0;
        };
        let share = (distance - at_a) / (at_b - at_a);
        (rate_a.ln() + share * (rate_b / rate_a).ln())
            .exp()
            .min(1.0)
    }

    /// Returns the share of strangers, 0 to 1, who are within `distance` of any of `known_faces`
    /// faces, assuming that the comparisons are independent. For a threshold it is the share of
    /// strangers to whom a gallery gives a name (FPIR); for the distance of a match it says how far
    /// to trust it.
    pub fn stranger_rate(&self, distance: f32, known_faces: usize) -> f64 {
        // Equals 1 - (1 - rate)^n, which would lose its digits in rounding if computed like that.
        let misses = known_faces as f64 * (-self.false_match_rate(distance)).ln_1p();
        -misses.exp_m1()
    }

    /// Returns the threshold at which a gallery of `known_faces` faces gives a name to the share
    /// `fpir` of strangers, above 0 and below 1.
    pub fn threshold_for(&self, fpir: f64, known_faces: usize) -> DistanceThreshold {
        // Equals 1 - (1 - fpir)^(1 / n), which would lose its digits in rounding if computed like
        // that.
        let rate = -((-fpir).ln_1p() / known_faces.max(1) as f64).exp_m1();
        let distance = self.distance_at(rate).max(0.0);
        DistanceThreshold::new(distance as f32).unwrap_or_default()
    }

    /// Returns the distance within which this share of the comparisons with other people's photos
    /// is, above 0 and at most 1.
    pub(super) fn distance_at(&self, rate: f64) -> f64 {
        let Some([(rate_a, at_a), (rate_b, at_b)]) = self.segment(|(at, _)| at < rate) else {
            return f64::from(DistanceThreshold::default().value());
        };
        let share = (rate / rate_a).ln() / (rate_b / rate_a).ln();
        at_a + share * (at_b - at_a)
    }

    /// Returns the distribution with each distance changed by `map`, which rises.
    pub(super) fn mapped(&self, map: impl Fn(f64) -> f64) -> Self {
        let points = self.points.iter();
        Self {
            points: points.map(|&(rate, at)| (rate, map(at))).collect(),
        }
    }

    /// Returns the distribution that has the smaller distance of the two at each rate.
    fn stricter(&self, other: &Self) -> Self {
        let points = self.points.iter();
        Self {
            points: points
                .map(|&(rate, at)| (rate, at.min(other.distance_at(rate))))
                .collect(),
        }
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

    fn shipped() -> impl Iterator<Item = ImpostorDistances> {
        let tables = [OF_DLIB, OF_RETINAFACE, OF_MOBILEFACENET];
        tables.into_iter().flatten().map(ImpostorDistances::parse)
    }

    /// The table for the defaults of the program.
    fn usual() -> ImpostorDistances {
        ImpostorDistances::parse(OF_RETINAFACE[1])
    }

    #[test]
    fn the_shipped_tables_rise() {
        for table in shipped() {
            assert!(table.points.len() > 20);
            for pair in table.points.windows(2) {
                assert!(pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1, "{pair:?}");
                assert!(pair[0].0 > 0.0 && pair[1].0 <= 1.0);
            }
        }
    }

    #[test]
    fn more_people_need_a_smaller_threshold() {
        let table = usual();
        let at = |people| table.threshold_for(0.01, people).value();
        assert!(at(10_000) > 0.2 && at(1) < 0.7);
        assert!(at(1) > at(10) && at(10) > at(100) && at(100) > at(10_000));
    }

    #[test]
    fn below_the_table_the_slope_is_that_of_a_decade_not_of_two_points() {
        // The slope between the first two points is three times that of the decade.
        let table = ImpostorDistances::parse("1e-6,0.40\n2e-6,0.41\n1e-5,0.50\n1,0.9\n");
        let rate = table.false_match_rate(0.30);
        assert!((rate.log10() + 7.0).abs() < 1e-5, "{rate}");
    }

    proptest! {
        #[test]
        fn threshold_and_strangers_named_are_inverse(
            fpir in 0.0001_f64..0.5,
            faces in 1_usize..10_000,
        ) {
            for table in shipped() {
                let threshold = table.threshold_for(fpir, faces);
                let again = table.stranger_rate(threshold.value(), faces);
                // A threshold has the precision of an f32.
                prop_assert!((again / fpir - 1.0).abs() < 1e-3, "{again} instead of {fpir}");
            }
        }
    }
}
