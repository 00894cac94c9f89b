//! Configuration of the decision who a face is.

use facematch::matching::{
    CandidateCount, DistanceThreshold, ImpostorDistances, Margin, Repetition, Rules,
};

use crate::cli::exit::Failure;

/// Default share of strangers that may be given a name.
pub(crate) const DEFAULT_TARGET_FPIR: f64 = 0.01;

/// Largest distance of a match.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Threshold {
    Fixed(DistanceThreshold),
    /// The threshold at which this share of strangers is given a name.
    Auto {
        target_fpir: f64,
    },
}

impl Threshold {
    /// Returns the threshold `fixed`, or the one for `target_fpir` if it is `None`.
    ///
    /// # Errors
    /// [`Failure::Usage`] if both are given.
    pub(crate) fn new(
        fixed: Option<DistanceThreshold>,
        target_fpir: Option<f64>,
    ) -> Result<Self, Failure> {
        match (fixed, target_fpir) {
            (Some(_), Some(_)) => Err(Failure::Usage(
                "--target-fpir needs --threshold auto".to_owned(),
            )),
            (Some(threshold), None) => Ok(Self::Fixed(threshold)),
            (None, target) => Ok(Self::Auto {
                target_fpir: target.unwrap_or(DEFAULT_TARGET_FPIR),
            }),
        }
    }
}

/// Settings that decide who a face is, before the gallery is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decision {
    pub(crate) threshold: Threshold,
    pub(crate) margin: Margin,
    pub(crate) repetition: Repetition,
    pub(crate) candidates: CandidateCount,
}

impl Decision {
    /// Returns the rules for a gallery of `known_faces`.
    pub(crate) fn rules(&self, impostors: &ImpostorDistances, known_faces: usize) -> Rules {
        Rules {
            threshold: match self.threshold {
                Threshold::Fixed(threshold) => threshold,
                Threshold::Auto { target_fpir } => {
                    impostors.threshold_for(target_fpir, known_faces)
                }
            },
            margin: self.margin,
            repetition: self.repetition,
            candidates: self.candidates,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facematch::EngineParams;
    use facematch::gallery::Fingerprint;
    use facematch::photo::EncodeFrom;

    fn threshold(fixed: Option<f32>, target_fpir: Option<f64>) -> Result<Threshold, Failure> {
        Threshold::new(fixed.and_then(DistanceThreshold::new), target_fpir)
    }

    #[test]
    fn a_target_needs_a_threshold_that_follows_from_it() {
        let refused = threshold(Some(0.6), Some(0.1)).unwrap_err();
        assert_eq!(refused.to_string(), "--target-fpir needs --threshold auto");
        for (target, target_fpir) in [(None, 0.01), (Some(0.2), 0.2)] {
            let auto = threshold(None, target).unwrap();
            assert_eq!(auto, Threshold::Auto { target_fpir });
        }
    }

    #[test]
    fn only_an_automatic_threshold_follows_from_the_gallery() {
        let params = EngineParams::new("models");
        let made = Fingerprint::of(&params, EncodeFrom::Resized).unwrap();
        let impostors = ImpostorDistances::measured(&made);
        let rules = |threshold, faces| {
            let decision = Decision {
                threshold,
                margin: Margin::default(),
                repetition: Repetition::Once,
                candidates: CandidateCount::All,
            };
            decision.rules(&impostors, faces).threshold
        };
        let fixed = threshold(Some(0.5), None).unwrap();
        assert_eq!(rules(fixed, 1), rules(fixed, 1_000));
        let auto = threshold(None, None).unwrap();
        assert_eq!(rules(auto, 10), impostors.threshold_for(0.01, 10));
        assert!(rules(auto, 10) > rules(auto, 1_000));
    }
}
