//! Results that are handled in batches. Handling them one by one, in turn with the workers, would
//! keep filling the processor's caches with other data.

use std::time::{Duration, Instant};

/// Maximum time since the last batch, after which the next result completes a batch: a user at a
/// terminal sees that the run makes progress.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Results that wait to be handled together.
pub(super) struct Batch<T> {
    /// Number of results in a full batch.
    most: usize,
    waiting: Vec<T>,
    /// Time when the last batch had been handled.
    last: Instant,
}

impl<T> Batch<T> {
    /// Starts an empty batch that is full with `most` results.
    pub(super) fn begin(most: usize) -> Self {
        Self {
            most,
            waiting: Vec::new(),
            last: Instant::now(),
        }
    }

    /// Adds `result`. Returns all waiting results if the batch is full or the last one is long ago,
    /// else none.
    pub(super) fn add(&mut self, result: T) -> Vec<T> {
        self.waiting.push(result);
        match self.waiting.len() >= self.most || self.last.elapsed() >= LONGEST_WAIT {
            true => self.rest(),
            false => Vec::new(),
        }
    }

    /// Returns all waiting results.
    pub(super) fn rest(&mut self) -> Vec<T> {
        std::mem::take(&mut self.waiting)
    }

    /// Records that the last batch has been handled.
    pub(super) fn handled(&mut self) {
        self.last = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_go_out_when_they_are_enough_and_in_their_order() {
        let mut batch = Batch::begin(3);
        // On a slow machine a batch may go out before it is full.
        let out: Vec<Vec<_>> = (0..8).map(|result| batch.add(result)).collect();
        assert!(out.iter().all(|together| together.len() <= 3));
        let rest = batch.rest();
        assert!(rest.len() < 3);
        assert!(out.concat().into_iter().chain(rest).eq(0..8));
        assert!(batch.rest().is_empty());
    }

    #[test]
    fn one_at_a_time_does_not_wait() {
        let mut batch = Batch::begin(1);
        assert_eq!(batch.add('a'), ['a']);
        assert_eq!(batch.add('b'), ['b']);
    }

    #[test]
    fn slow_results_are_not_held_back() {
        let mut batch = Batch::begin(100);
        batch.last -= LONGEST_WAIT;
        assert_eq!(batch.add('a'), ['a']);
        assert_eq!(batch.add('b'), ['b']);
        batch.handled();
        // On a slow machine a second may have passed.
        let out = batch.add('c');
        assert!(out.is_empty() || batch.last.elapsed() >= LONGEST_WAIT);
    }
}
