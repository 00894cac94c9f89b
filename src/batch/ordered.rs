//! Parallel work whose results come out in order, with a bounded number of them waiting.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::WORKER_NAME;

/// How many results a worker may be ahead of the slowest one, so that one hard photo does not stop the others.
const AHEAD_PER_WORKER: usize = 64;

struct Progress<R> {
    /// The next item that nobody has begun.
    next: usize,
    /// The number of results handed over.
    delivered: usize,
    /// Results that wait for an earlier one.
    waiting: BTreeMap<usize, R>,
    stopped: bool,
}

struct Shared<R> {
    progress: Mutex<Progress<R>>,
    /// Told when a result came in.
    result_came: Condvar,
    /// Told when a result was handed over, or the work stopped.
    room_came: Condvar,
}

impl<R> Shared<R> {
    fn lock(&self) -> MutexGuard<'_, Progress<R>> {
        // Nothing panics while it holds the lock; the state is whole in any case.
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next item to work on, once there is room for its result.
    fn take(&self, count: usize, ahead: usize) -> Option<usize> {
        let mut progress = self
            .room_came
            .wait_while(self.lock(), |p| {
                !p.stopped && p.next < count && p.next >= p.delivered + ahead
            })
            .unwrap_or_else(PoisonError::into_inner);
        if progress.stopped || progress.next >= count {
            return None;
        }
        progress.next += 1;
        Some(progress.next - 1)
    }

    fn put(&self, index: usize, result: R) {
        self.lock().waiting.insert(index, result);
        self.result_came.notify_one();
    }

    /// The result `index`, once it is there.
    fn get(&self, index: usize) -> Option<R> {
        let mut progress = self
            .result_came
            .wait_while(self.lock(), |p| !p.waiting.contains_key(&index))
            .unwrap_or_else(PoisonError::into_inner);
        progress.delivered = index + 1;
        self.room_came.notify_all();
        progress.waiting.remove(&index)
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.room_came.notify_all();
    }
}

/// Ends the workers however the delivery ends, also by a panic of the sink.
struct StopOnDrop<'a, R>(&'a Shared<R>);

impl<R> Drop for StopOnDrop<'_, R> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Calls `work(worker, index)` for every index below `count`, on one thread for each of `workers`, and `sink(index,
/// result)` on the calling thread in the order of the indices, until that breaks. `work` must not panic.
pub(super) fn for_each<W: Send, R: Send>(
    count: usize,
    workers: Vec<W>,
    work: impl Fn(&mut W, usize) -> R + Sync,
    mut sink: impl FnMut(usize, R) -> ControlFlow<()>,
) {
    if workers.is_empty() {
        return;
    }
    let ahead = AHEAD_PER_WORKER * workers.len();
    let shared = Shared {
        progress: Mutex::new(Progress {
            next: 0,
            delivered: 0,
            waiting: BTreeMap::new(),
            stopped: false,
        }),
        result_came: Condvar::new(),
        room_came: Condvar::new(),
    };
    thread::scope(|scope| {
        let _stop = StopOnDrop(&shared);
        for (number, mut worker) in workers.into_iter().enumerate() {
            let (shared, work) = (&shared, &work);
            let body = move || {
                while let Some(index) = shared.take(count, ahead) {
                    shared.put(index, work(&mut worker, index));
                }
            };
            let builder = thread::Builder::new().name(format!("{WORKER_NAME}-{number}"));
            if builder.spawn_scoped(scope, body).is_err() && number == 0 {
                // Not even one thread: nobody would make the results that are waited for.
                return;
            }
        }
        for index in 0..count {
            let Some(result) = shared.get(index) else {
                break;
            };
            if sink(index, result).is_break() {
                break;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    fn collect(count: usize, workers: usize, work: impl Fn(usize) -> usize + Sync) -> Vec<usize> {
        let mut results = Vec::new();
        for_each(
            count,
            vec![(); workers],
            |(), index| work(index),
            |index, result| {
                assert_eq!(index, results.len());
                results.push(result);
                ControlFlow::Continue(())
            },
        );
        results
    }

    #[test]
    fn results_come_in_order_for_any_number_of_workers() {
        let expected: Vec<usize> = (0..500).map(|i| i * i).collect();
        for workers in [1, 2, 7, 32] {
            let results = collect(500, workers, |i| {
                thread::sleep(Duration::from_micros((i * 7919 % 50) as u64));
                i * i
            });
            assert_eq!(results, expected, "{workers} workers");
        }
    }

    #[test]
    fn no_items_are_no_work() {
        assert!(collect(0, 4, |i| i).is_empty());
    }

    #[test]
    fn workers_do_not_run_away_from_a_slow_result() {
        let begun = AtomicUsize::new(0);
        let mut most_ahead = 0;
        for_each(
            2_000,
            vec![(); 2],
            |(), index| {
                begun.fetch_add(1, Ordering::SeqCst);
                if index == 0 {
                    thread::sleep(Duration::from_millis(100));
                }
            },
            |index, ()| {
                most_ahead = most_ahead.max(begun.load(Ordering::SeqCst) - index);
                ControlFlow::Continue(())
            },
        );
        assert!(most_ahead <= 2 * AHEAD_PER_WORKER + 2, "{most_ahead}");
    }

    #[test]
    #[should_panic(expected = "the sink cannot take it")]
    fn a_panic_of_the_sink_ends_the_work() {
        for_each(
            100_000,
            vec![(); 2],
            |(), _| (),
            |_, ()| panic!("the sink cannot take it"),
        );
    }

    #[test]
    fn a_break_ends_the_work() {
        let begun = AtomicUsize::new(0);
        let mut seen = 0;
        for_each(
            100_000,
            vec![(); 3],
            |(), _| {
                begun.fetch_add(1, Ordering::SeqCst);
            },
            |_, ()| {
                seen += 1;
                if seen == 10 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
        );
        assert_eq!(seen, 10);
        assert!(begun.load(Ordering::SeqCst) <= 10 + 3 * AHEAD_PER_WORKER);
    }
}
