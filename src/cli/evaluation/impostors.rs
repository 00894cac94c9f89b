//! Distances between photos of different people.
//!
//! Input: encodings and their people. Output: for each distance, the share of such pairs that are
//! within it. This is the table behind
//! [`ImpostorDistances`](facematch::matching::ImpostorDistances).

use std::collections::HashMap;

use facematch::engine::Encoding;

/// Resolution of the counts: distances are counted in steps of 1/16384, so that any number of pairs
/// takes little memory.
const STEPS_PER_UNIT: f32 = 16384.0;

/// Largest distance that is distinguished from larger ones. Encodings have lengths below 2.
const LARGEST: f32 = 4.0;

/// Number of points of the table for each power of ten.
const POINTS_PER_DECADE: i32 = 10;

/// Minimum number of pairs behind a share in the table: fewer would be chance.
const LEAST_PAIRS: f64 = 10.0;

/// Pairs of different people, counted by distance.
#[derive(Debug, Clone)]
pub(crate) struct ImpostorPairs {
    counts: Vec<u64>,
    pairs: u64,
}

impl ImpostorPairs {
    /// Minimum number of pairs for a table.
    pub(crate) const LEAST: u64 = 26;

    /// Compares every two of `faces`, each a name and an encoding, that are of different people.
    pub(crate) fn of(faces: &[(&str, &Encoding)]) -> Self {
        let mut pairs = Self {
            counts: vec![0; (LARGEST * STEPS_PER_UNIT) as usize + 1],
            pairs: 0,
        };
        let mut numbers = HashMap::new();
        let mut numbered: Vec<(usize, &Encoding)> = Vec::with_capacity(faces.len());
        for (name, encoding) in faces {
            let next = numbers.len();
            let person = *numbers.entry(name).or_insert(next);
            numbered.push((person, encoding));
        }
        for (index, (person, encoding)) in numbered.iter().enumerate() {
            for (other_person, other) in &numbered[..index] {
                if person != other_person {
                    pairs.add(encoding.distance(other));
                }
            }
        }
        pairs
    }

    fn add(&mut self, distance: f32) {
        let step = (distance.clamp(0.0, LARGEST) * STEPS_PER_UNIT) as usize;
        self.counts[step] += 1;
        self.pairs += 1;
    }

    /// Returns the number of pairs.
    pub(crate) fn pairs(&self) -> u64 {
        self.pairs
    }

    /// Returns ascending shares of the pairs, ten for each power of ten up to one half, each with
    /// the distance within which this share is. The smallest share has at least 10 pairs. The table
    /// is empty for fewer than [`LEAST`](Self::LEAST) pairs.
    pub(crate) fn table(&self) -> Vec<(f64, f64)> {
        let least = LEAST_PAIRS / self.pairs.max(1) as f64;
        let first = (least.log10() * f64::from(POINTS_PER_DECADE)).ceil() as i32;
        let rates = (first..0)
            .map(|point| 10_f64.powf(f64::from(point) / f64::from(POINTS_PER_DECADE)))
            .filter(|rate| *rate <= 0.5);
        let mut table: Vec<(f64, f64)> = Vec::new();
        let (mut step, mut within) = (0, 0_u64);
        for rate in rates {
            let wanted = (rate * self.pairs as f64).round() as u64;
            while within < wanted && step < self.counts.len() {
                within += self.counts[step];
                step += 1;
            }
            let distance = step as f64 / f64::from(STEPS_PER_UNIT);
            if table.last().is_none_or(|(_, before)| *before < distance) {
                table.push((rate, distance));
            }
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use facematch::engine::ENCODING_LEN;

    use super::*;

    fn encoding(value: f32) -> Encoding {
        let mut values = [0.0; ENCODING_LEN];
        values[0] = value;
        Encoding::new(values)
    }

    #[test]
    fn the_table_says_which_part_of_the_pairs_is_within_a_distance() {
        // Against 1,000 faces of another person at 0.001, 0.002, ... 1.
        let others: Vec<Encoding> = (1..=1000).map(|i| encoding(i as f32 / 1000.0)).collect();
        let own = encoding(0.0);
        let mut faces: Vec<(&str, &Encoding)> = others.iter().map(|e| ("others", e)).collect();
        faces.push(("own", &own));
        let pairs = ImpostorPairs::of(&faces);
        assert_eq!(pairs.pairs(), 1000);
        let table = pairs.table();
        assert!((table[0].0 - 0.01).abs() < 1e-9, "{table:?}");
        for (rate, distance) in table {
            assert!((rate - distance).abs() < 0.0011, "{rate} within {distance}");
        }
    }

    #[test]
    fn a_table_needs_so_many_pairs() {
        assert!(ImpostorPairs::of(&[]).table().is_empty());
        let (own, other) = (encoding(0.0), encoding(1.0));
        for count in [1, ImpostorPairs::LEAST - 1, ImpostorPairs::LEAST, 1000] {
            let mut faces = vec![("others", &other); count as usize];
            faces.push(("own", &own));
            let pairs = ImpostorPairs::of(&faces);
            assert_eq!(pairs.pairs(), count);
            assert_eq!(pairs.table().is_empty(), count < ImpostorPairs::LEAST);
        }
    }
}
