//! The largest distance of a match.

use std::str::FromStr;

use crate::engine::EncoderKind;

/// Largest distance at which a face matches a person, from 0 to [`DistanceThreshold::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct DistanceThreshold(f32);

impl DistanceThreshold {
    /// Largest threshold, 2. Different people are seldom 1.5 apart, so a larger threshold is a
    /// mistake (`60` for `0.60`) that would give every stranger a name.
    pub const MAX: f32 = 2.0;

    /// Returns the default threshold for encodings of `encoder`: 0.6, for which dlib's network was
    /// trained, or 1.1, which decides most pairs of LFW correctly (`docs/ACCURACY.md`).
    pub(super) fn default_for(encoder: EncoderKind) -> Self {
        Self(match encoder {
            EncoderKind::Dlib => 0.6,
            EncoderKind::Mobilefacenet => 1.1,
        })
    }

    /// Returns the threshold `value`, or `None` unless it is from 0 to [`Self::MAX`].
    pub fn new(value: f32) -> Option<Self> {
        (0.0..=Self::MAX).contains(&value).then_some(Self(value))
    }

    /// Returns the threshold as a number.
    pub fn value(self) -> f32 {
        self.0
    }

    /// Returns whether `distance` is a match: at most the threshold, as in `face_recognition`.
    pub fn accepts(self, distance: f32) -> bool {
        distance <= self.0
    }
}

/// Default threshold for dlib's encoder.
impl Default for DistanceThreshold {
    fn default() -> Self {
        Self::default_for(EncoderKind::Dlib)
    }
}

impl FromStr for DistanceThreshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse()
            .ok()
            .and_then(Self::new)
            .ok_or_else(|| "expected a distance from 0 to 2, such as 0.6".to_owned())
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
    fn thresholds_are_distances_that_faces_have() {
        assert_eq!("0.55".parse(), Ok(DistanceThreshold(0.55)));
        assert_eq!("0".parse(), Ok(DistanceThreshold(0.0)));
        assert_eq!("2".parse(), Ok(DistanceThreshold(2.0)));
        for wrong in ["-0.1", "2.1", "60", "NaN", "inf", "", "0,6", "sixty"] {
            assert!(wrong.parse::<DistanceThreshold>().is_err(), "{wrong}");
        }
    }
}
