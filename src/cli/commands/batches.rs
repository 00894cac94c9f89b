//! Results that are handled many at a time: a program that takes turns with the workers for each of
//! them finds the caches of the processor full of other data.

use std::time::{Duration, Instant};

/// So long results are held back, and then until the next one comes: a person at a terminal sees that it goes on.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Results that wait to be handled together.
pub(super) struct Batch<T> {
    /// So many wait no longer.
    most: usize,
    waiting: Vec<T>,
    /// When the last ones had been handled.
    last: Instant,
}

impl<T> Batch<T> {
    /// One that is full with `most` results.
    pub(super) fn begin(most: usize) -> Self {
        Self {
            most,
            waiting: Vec::new(),
            last: Instant::now(),
        }
    }

    /// Takes `result` in; all that wait, when they are enough or the last ones are some time ago.
    pub(super) fn add(&mut self, result: T) -> Vec<T> {
        self.waiting.push(result);
        match self.waiting.len() >= self.most || self.last.elapsed() >= LONGEST_WAIT {
            true => self.rest(),
            false => Vec::new(),
        }
    }

    /// All that wait.
    pub(super) fn rest(&mut self) -> Vec<T> {
        std::mem::take(&mut self.waiting)
    }

    /// Those that went out have been handled.
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
        // On a slow machine some may go out before.
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
        // On a slow machine a second may be over.
        let out = batch.add('c');
        assert!(out.is_empty() || batch.last.elapsed() >= LONGEST_WAIT);
    }
}
