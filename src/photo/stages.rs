//! The stages of the pipeline and the time that they take.

use std::time::{Duration, Instant};

/// The stages of the pipeline, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading and decoding of the file.
    Decode,
    /// Resizing and turning upright.
    Resize,
    /// Detection of the faces.
    Detect,
    /// Search for the landmarks of the faces.
    Landmarks,
    /// Cutting and encoding of the face chips.
    Encode,
    /// Comparison with the known people.
    Match,
    /// Writing of crops and drawings.
    Pictures,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 7] = [
        Self::Decode,
        Self::Resize,
        Self::Detect,
        Self::Landmarks,
        Self::Encode,
        Self::Match,
        Self::Pictures,
    ];
}

/// Time that each stage took, summed over one or many photos.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StageTimes([Duration; Stage::ALL.len()]);

impl StageTimes {
    /// Runs `work` and adds its time to that of `stage`.
    pub fn measure<T>(&mut self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.0[stage as usize] += start.elapsed();
        result
    }

    /// Returns the time of `stage`.
    pub fn of(&self, stage: Stage) -> Duration {
        self.0[stage as usize]
    }

    /// Returns the total time of all stages.
    pub fn total(&self) -> Duration {
        self.0.iter().sum()
    }

    /// Adds the times of another photo.
    pub fn add(&mut self, other: &Self) {
        for (sum, time) in self.0.iter_mut().zip(other.0) {
            *sum += time;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_summed_by_stage() {
        let mut times = StageTimes::default();
        times.measure(Stage::Detect, || {
            std::thread::sleep(Duration::from_millis(2));
        });
        let mut sum = times;
        sum.add(&times);
        assert!(times.of(Stage::Detect) >= Duration::from_millis(2));
        assert_eq!(sum.of(Stage::Detect), 2 * times.of(Stage::Detect));
        assert_eq!(sum.total(), sum.of(Stage::Detect));
    }
}
