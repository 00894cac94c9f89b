//! The table of `--timings`: how long each part of a run took.

use std::fmt;
use std::time::Duration;

use facematch::photo::{Stage, StageTimes};

use super::commands::words::counted;

/// Times of a run.
pub(super) struct Timings {
    /// Time per stage, summed over photos and workers.
    pub(super) stages: StageTimes,
    /// Time to load the engines and to open the cache.
    pub(super) start: Duration,
    /// Time to find and encode the known people.
    pub(super) enrolled: Duration,
    /// Number of searched photos.
    pub(super) photos: usize,
    /// Wall-clock time while photos were searched.
    pub(super) clock: Duration,
    /// Number of workers.
    pub(super) jobs: usize,
}

impl fmt::Display for Timings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<10} {:>12} {:>18}", "stage", "total", "mean")?;
        let photos = self.photos.max(1) as f64;
        let mut row = |name: &str, time: Duration| {
            let seconds = time.as_secs_f64();
            writeln!(
                f,
                "{name:<10} {seconds:>10.3} s {:>10.2} ms a photo",
                seconds * 1e3 / photos
            )
        };
        for stage in Stage::ALL {
            row(name(stage), self.stages.of(stage))?;
        }
        row("together", self.stages.total())?;
        writeln!(f, "{:<10} {:>10.3} s", "start", self.start.as_secs_f64())?;
        writeln!(f, "{:<10} {:>10.3} s", "known", self.enrolled.as_secs_f64())?;
        write!(
            f,
            "{:<10} {:>10.3} s for {} with --jobs {}",
            "search",
            self.clock.as_secs_f64(),
            counted(self.photos, "photo", "photos"),
            self.jobs
        )
    }
}

/// Returns the name of `stage` in the table.
fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Decode => "decode",
        Stage::Resize => "resize",
        Stage::Detect => "detect",
        Stage::Landmarks => "landmarks",
        Stage::Encode => "encode",
        Stage::Match => "match",
        Stage::Pictures => "pictures",
    }
}
