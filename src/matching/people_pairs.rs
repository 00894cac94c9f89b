//! The known people as strangers to each other.
//!
//! Input: a gallery. Output: the distribution of distances between its people, which shows whether
//! strangers who resemble them are nearer to each other than those of the shipped table.
//!
//! The table is moved and stretched so that its median and a low quantile become those of the
//! gallery: score normalization by a cohort (Auckenthaler, Carey and Lloyd-Thomas, "Score
//! Normalization for Text-Independent Speaker Verification Systems", 2000), with robust estimates
//! of place and spread (Jain, Nandakumar and Ross, "Score Normalization in Multimodal Biometric
//! Systems", 2005). The shape of the tail stays that of the table: a gallery has too few pairs to
//! show it, and one pair of twins would decide it.

use super::{DistanceThreshold, ImpostorDistances};
use crate::engine::distance;
use crate::gallery::Gallery;

/// Minimum number of people from whom a distribution is estimated.
const LEAST_PEOPLE: usize = 5;

/// Maximum number of faces that are compared with each other. They form half a million pairs, which
/// take about 10 ms.
const MOST_FACES: usize = 1000;

/// Weight of the table's spread, as a number of people: few people show where their distances lie
/// long before they show how these scatter (`docs/ACCURACY.md`).
const PEOPLE_OF_TABLE: f64 = 10.0;

/// Least distance between people of a gallery, as a share of the usual one. People of no population
/// are known to be nearer to each other; such a gallery has one person under several names.
const LEAST_SHARE: f64 = 0.5;

/// Share of the pairs within the median.
const MEDIAN: f64 = 0.5;

/// Distances between the different people of a gallery.
#[derive(Debug, Clone, PartialEq)]
pub struct PeoplePairs {
    people: usize,
    /// Distances between faces of different people, ascending, each with its weight: every two
    /// people weigh 1, however many photos they have.
    distances: Vec<(f32, f64)>,
    pairs: Vec<PeoplePair>,
}

/// Two people.
#[derive(Debug, Clone, PartialEq)]
struct PeoplePair {
    /// Distance of their nearest faces.
    nearest: f32,
    /// Number of pairs of their faces.
    comparisons: usize,
}

impl PeoplePairs {
    /// Compares the people of `gallery`, or returns `None` if they are fewer than five. Of more
    /// than 1,000 faces, the first of each person are compared, and of more people an even sample.
    pub fn of(gallery: &Gallery) -> Option<Self> {
        let people = gallery.first_faces(MOST_FACES);
        if people.len() < LEAST_PEOPLE {
            return None;
        }
        let mut own = Self {
            people: people.len(),
            distances: Vec::new(),
            pairs: Vec::new(),
        };
        for (index, person) in people.iter().enumerate() {
            for other in &people[..index] {
                own.add(person, other);
            }
        }
        own.distances.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        Some(own)
    }

    fn add(&mut self, person: &[&[f32]], other: &[&[f32]]) {
        let comparisons = person.len() * other.len();
        let weight = 1.0 / comparisons as f64;
        let mut nearest = f32::INFINITY;
        for face in person {
            for other in other {
                let distance = distance(face, other);
                nearest = nearest.min(distance);
                self.distances.push((distance, weight));
            }
        }
        self.pairs.push(PeoplePair {
            nearest,
            comparisons,
        });
    }

    /// Returns the number of pairs of people.
    pub fn count(&self) -> usize {
        self.pairs.len()
    }

    /// Returns the number of pairs of people with faces within `threshold`.
    pub fn within(&self, threshold: DistanceThreshold) -> usize {
        let is_within = |pair: &&PeoplePair| threshold.accepts(pair.nearest);
        self.pairs.iter().filter(is_within).count()
    }

    /// Returns the number of pairs of people that `table` expects within `threshold`.
    pub fn expected_within(&self, threshold: DistanceThreshold, table: &ImpostorDistances) -> f64 {
        let named = |pair: &PeoplePair| table.stranger_rate(threshold.value(), pair.comparisons);
        self.pairs.iter().map(named).sum()
    }

    /// Returns the distribution of distances between strangers who resemble these people like these
    /// people each other: `table`, moved and stretched.
    pub fn distribution(&self, table: &ImpostorDistances) -> ImpostorDistances {
        let low = self.low_share();
        let (median, table_median) = (self.quantile(MEDIAN), table.distance_at(MEDIAN));
        let spread = (median - self.quantile(low)) / (table_median - table.distance_at(low));
        let people = self.people as f64;
        // Smaller distances scatter less, but not in proportion.
        let usual = (median / table_median).sqrt();
        let scale = (people * spread + PEOPLE_OF_TABLE * usual) / (people + PEOPLE_OF_TABLE);
        table.mapped(|distance| {
            let mapped = median + (distance - table_median) * scale;
            mapped.max(LEAST_SHARE * distance)
        })
    }

    /// Returns the share of the pairs within the low quantile: as far in the tail as the pairs
    /// allow, but with so many of them that none decides.
    fn low_share(&self) -> f64 {
        let pairs = self.pairs.len() as f64;
        ((pairs.sqrt() / 1.5).max(4.5) / pairs).min(0.25)
    }

    /// Returns the distance within which this share of the pairs is, between those of the two
    /// nearest places.
    fn quantile(&self, share: f64) -> f64 {
        // The weight up to the middle of each distance, from that of the first to that of the last.
        let total: f64 = self.distances.iter().map(|(_, weight)| weight).sum();
        let ends = [self.distances.first(), self.distances.last()];
        let [first, last] = ends.map(|end| end.map_or(0.0, |(_, weight)| weight / 2.0));
        let wanted = first + share * (total - first - last);
        let (mut below, mut place): (Option<(f64, f64)>, f64) = (None, 0.0);
        for &(distance, weight) in &self.distances {
            let (middle, distance) = (place + weight / 2.0, f64::from(distance));
            if middle >= wanted {
                return below.map_or(distance, |(before, at)| {
                    at + (distance - at) * (wanted - before) / (middle - before)
                });
            }
            below = Some((middle, distance));
            place += weight;
        }
        below.map_or(0.0, |(_, distance)| distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{ENCODING_LEN, Encoding, EngineParams};
    use crate::gallery::{Fingerprint, GalleryBuilder};
    use crate::geometry::PixelBox;
    use crate::photo::EncodeFrom;
    use std::path::Path;

    fn table() -> ImpostorDistances {
        let params = EngineParams::new("models");
        ImpostorDistances::measured(&Fingerprint::of(&params, EncodeFrom::Resized).unwrap())
    }

    /// A gallery of `people` with one face each, whose distances scatter about `distance` as those
    /// of the table do about 0.8. `twins` are two more people at 0.2.
    fn gallery(people: u64, distance: f32, twins: bool) -> Gallery {
        let mut random = 88_172_645_463_325_252_u64;
        let mut number = || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random >> 40) as f32 / (1 << 24) as f32 - 0.5
        };
        let mut builder = GalleryBuilder::default();
        let mut add = |name: &str, values: [f32; ENCODING_LEN]| {
            let bounds = PixelBox {
                x: 0,
                y: 0,
                w: 9,
                h: 9,
            };
            builder.add_encoding(name, Path::new(name), bounds, &Encoding::new(values));
        };
        for person in 0..people {
            // In fewer dimensions distances scatter more: about a sixth of their mean.
            let mut values = [0.0; ENCODING_LEN];
            values[..20].fill_with(&mut number);
            let scale = distance / (20.0_f32 / 6.0).sqrt();
            values.iter_mut().for_each(|value| *value *= scale);
            add(&person.to_string(), values);
            if twins && person == 0 {
                values[0] += 0.2;
                add("twin", values);
            }
        }
        builder.build()
    }

    fn threshold(gallery: &Gallery) -> f32 {
        let pairs = PeoplePairs::of(gallery);
        let table = table().for_people(pairs.as_ref());
        table.threshold_for(0.01, gallery.faces()).value()
    }

    #[test]
    fn people_who_resemble_each_other_get_a_stricter_threshold() {
        let usual = table().threshold_for(0.01, 20).value();
        let of_usual_people = threshold(&gallery(20, 0.85, false));
        assert!((of_usual_people - usual).abs() < 0.05, "{of_usual_people}");
        let of_similar_people = threshold(&gallery(20, 0.6, false));
        assert!(of_similar_people < usual - 0.1, "{of_similar_people}");
    }

    #[test]
    fn people_who_differ_more_than_usual_get_the_threshold_of_the_table() {
        let usual = table().threshold_for(0.01, 20).value();
        assert_eq!(threshold(&gallery(20, 1.1, false)), usual);
    }

    #[test]
    fn fewer_than_five_people_say_nothing() {
        assert_eq!(PeoplePairs::of(&gallery(4, 0.6, false)), None);
        assert!(PeoplePairs::of(&gallery(5, 0.6, false)).is_some());
    }

    #[test]
    fn one_pair_of_twins_does_not_decide() {
        for people in [7, 10, 30] {
            let (alone, twins) = (
                threshold(&gallery(people, 0.8, false)),
                threshold(&gallery(people, 0.8, true)),
            );
            assert!(alone - twins < 0.06, "{people}: {alone} {twins}");
        }
    }

    #[test]
    fn people_who_are_all_one_get_half_of_the_usual_threshold() {
        let mut builder = GalleryBuilder::default();
        for name in ["a", "b", "c", "d", "e"] {
            let bounds = PixelBox {
                x: 0,
                y: 0,
                w: 9,
                h: 9,
            };
            let encoding = Encoding::new([0.1; ENCODING_LEN]);
            builder.add_encoding(name, Path::new(name), bounds, &encoding);
        }
        let gallery = builder.build();
        let usual = table().threshold_for(0.01, 5).value();
        assert!((threshold(&gallery) - usual / 2.0).abs() < 1e-6);
        let pairs = PeoplePairs::of(&gallery);
        let distances = table().for_people(pairs.as_ref());
        for distance in [0.0, 0.3, 2.0] {
            let rate = distances.stranger_rate(distance, gallery.faces());
            assert!((0.0..=1.0).contains(&rate), "{distance}: {rate}");
        }
    }

    /// A regression test: two people with many photos each had as many votes as pairs of photos.
    #[test]
    fn the_number_of_photos_does_not_decide() {
        let with_photos = |photos: usize| {
            let mut builder = GalleryBuilder::default();
            let few = gallery(8, 0.8, true);
            for face in few.known_faces() {
                let is_twin = ["0", "twin"].contains(&face.name);
                for _ in 0..if is_twin { photos } else { 1 } {
                    let encoding = Encoding::new(face.encoding);
                    builder.add_encoding(face.name, face.source, face.bounds, &encoding);
                }
            }
            let pairs = PeoplePairs::of(&builder.build()).unwrap();
            let table = table().for_people(Some(&pairs));
            table.threshold_for(0.01, 10).value()
        };
        let (one, many) = (with_photos(1), with_photos(30));
        // Quantiles are between places, which lie elsewhere.
        assert!((one - many).abs() < 0.03, "{one} {many}");
    }

    #[test]
    fn pairs_of_close_people_are_counted() {
        let pairs = PeoplePairs::of(&gallery(9, 0.8, true)).unwrap();
        assert_eq!(pairs.count(), 45);
        let close = DistanceThreshold::new(0.21).unwrap();
        assert_eq!(pairs.within(close), 1);
        let expected = pairs.expected_within(DistanceThreshold::default(), &table());
        let rate = table().false_match_rate(0.6);
        assert!((expected / (45.0 * rate) - 1.0).abs() < 1e-6, "{expected}");
    }

    #[test]
    fn of_many_faces_the_first_of_each_person_are_compared() {
        let gallery = gallery(1_200, 0.8, false);
        let pairs = PeoplePairs::of(&gallery).unwrap();
        assert_eq!(pairs.count(), MOST_FACES * (MOST_FACES - 1) / 2);
    }
}
