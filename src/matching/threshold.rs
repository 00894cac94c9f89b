//! The largest distance of a match.

use std::str::FromStr;

/// The largest distance at which a face is still taken for a person: finite and at least 0.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct DistanceThreshold(f32);

impl DistanceThreshold {
    /// 0.6, for which dlib's network was trained.
    pub const DEFAULT: Self = Self(0.6);

    /// The threshold `value`; `None` unless it is finite and at least 0.
    pub fn new(value: f32) -> Option<Self> {
        (value.is_finite() && value >= 0.0).then_some(Self(value))
    }

    /// The distance.
    pub fn value(self) -> f32 {
        self.0
    }

    /// Whether `distance` is a match: at most the threshold, as in `face_recognition`.
    pub fn accepts(self, distance: f32) -> bool {
        distance <= self.0
    }
}

impl Default for DistanceThreshold {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl FromStr for DistanceThreshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse()
            .ok()
            .and_then(Self::new)
            .ok_or_else(|| "a distance of at least 0 is wanted, such as 0.6".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_itself_is_a_match() {
        let threshold = DistanceThreshold::new(0.6).unwrap();
        assert!(threshold.accepts(0.6));
        assert!(!threshold.accepts(0.6001));
    }

    #[test]
    fn thresholds_are_finite_distances() {
        assert_eq!("0.55".parse(), Ok(DistanceThreshold(0.55)));
        assert_eq!("0".parse(), Ok(DistanceThreshold(0.0)));
        for wrong in ["-0.1", "NaN", "inf", "", "0,6", "sixty"] {
            assert!(wrong.parse::<DistanceThreshold>().is_err(), "{wrong}");
        }
    }
}
