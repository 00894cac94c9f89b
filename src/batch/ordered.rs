//! Parallel work whose results are delivered in order, with a bounded number of results waiting.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::{RunError, WORKER_NAME, panic_message};

/// Number of results per worker that may wait for the slowest one, so that one slow photo does not
/// stop the others.
const AHEAD_PER_WORKER: usize = 64;

struct Progress<R> {
    /// Next item that no worker has started.
    next: usize,
    /// Number of results delivered.
    delivered: usize,
    /// Results that wait for an earlier one.
    waiting: BTreeMap<usize, R>,
    /// `true` if a worker ended without the result of an item that it had started.
    lost: bool,
    stopped: bool,
}

struct Shared<R> {
    progress: Mutex<Progress<R>>,
    /// Notified when a result arrives.
    result_came: Condvar,
    /// Notified when a result is delivered or the work stops.
    room_came: Condvar,
}

impl<R> Shared<R> {
    fn lock(&self) -> MutexGuard<'_, Progress<R>> {
        // No thread panics while it holds the lock, and the state is consistent in any case.
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the next item to work on, once there is room for its result.
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

    /// Records that a worker died. Otherwise the delivery would wait for its result forever.
    fn lose(&self) {
        self.lock().lost = true;
        self.result_came.notify_one();
    }

    /// Waits for the result `index` and returns it, or `None` if a worker died first.
    fn get(&self, index: usize) -> Option<R> {
        let mut progress = self
            .result_came
            .wait_while(self.lock(), |p| !p.lost && !p.waiting.contains_key(&index))
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

/// Guard that stops the workers when the delivery ends, even if the sink panics.
struct StopOnDrop<'a, R>(&'a Shared<R>);

impl<R> Drop for StopOnDrop<'_, R> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Guard that reports a worker that dies while it works on an item.
struct LoseOnDrop<'a, R>(&'a Shared<R>);

impl<R> Drop for LoseOnDrop<'_, R> {
    fn drop(&mut self) {
        self.0.lose();
    }
}

/// Calls `work(worker, index)` for every index below `count`, on one thread for each of `workers`,
/// and `sink(index, result)` on the calling thread in the order of the indices, until `sink`
/// breaks.
///
/// # Errors
/// [`RunError::NoWorker`] if no thread can be started; with fewer threads than workers, the work
/// takes longer. [`RunError::WorkerDied`] if `work` panics; the results before that item have been
/// delivered.
pub(super) fn for_each<W: Send, R: Send>(
    count: usize,
    workers: Vec<W>,
    work: impl Fn(&mut W, usize) -> R + Sync,
    sink: impl FnMut(usize, R) -> ControlFlow<()>,
) -> Result<(), RunError> {
    let thread_of = |number| thread::Builder::new().name(format!("{WORKER_NAME}-{number}"));
    for_each_on(thread_of, count, workers, work, sink)
}

/// Does the same as [`for_each`] on threads that `thread_of` builds from their number.
fn for_each_on<W: Send, R: Send>(
    thread_of: impl Fn(usize) -> thread::Builder,
    count: usize,
    workers: Vec<W>,
    work: impl Fn(&mut W, usize) -> R + Sync,
    mut sink: impl FnMut(usize, R) -> ControlFlow<()>,
) -> Result<(), RunError> {
    if count == 0 {
        return Ok(());
    }
    let ahead = AHEAD_PER_WORKER * workers.len();
    let shared = Shared {
        progress: Mutex::new(Progress {
            next: 0,
            delivered: 0,
            waiting: BTreeMap::new(),
            lost: false,
            stopped: false,
        }),
        result_came: Condvar::new(),
        room_came: Condvar::new(),
    };
    thread::scope(|scope| {
        let stop = StopOnDrop(&shared);
        let mut threads = Vec::new();
        let mut refusal = io::Error::other("there is no engine");
        for (number, mut worker) in workers.into_iter().enumerate() {
            let (shared, work) = (&shared, &work);
            let body = move || {
                while let Some(index) = shared.take(count, ahead) {
                    let lose = LoseOnDrop(shared);
                    let result = work(&mut worker, index);
                    std::mem::forget(lose);
                    shared.put(index, result);
                }
            };
            match thread_of(number).spawn_scoped(scope, body) {
                Ok(thread) => threads.push(thread),
                Err(error) => refusal = error,
            }
        }
        if threads.is_empty() {
            return Err(RunError::NoWorker(refusal));
        }
        let mut is_lost = false;
        for index in 0..count {
            let Some(result) = shared.get(index) else {
                is_lost = true;
                break;
            };
            if sink(index, result).is_break() {
                break;
            }
        }
        drop(stop);
        // Joined explicitly: the scope would propagate the panic of a thread that is not.
        let ends = threads.into_iter().map(thread::ScopedJoinHandle::join);
        let deaths: Vec<_> = ends.filter_map(Result::err).map(panic_message).collect();
        match is_lost {
            true => Err(RunError::WorkerDied(deaths.join("; "))),
            false => Ok(()),
        }
    })
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
        )
        .unwrap();
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
        )
        .unwrap();
        assert!(most_ahead <= 2 * AHEAD_PER_WORKER + 2, "{most_ahead}");
    }

    #[test]
    #[should_panic(expected = "the sink cannot take it")]
    fn a_panic_of_the_sink_ends_the_work() {
        let _ = for_each(
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
        )
        .unwrap();
        assert_eq!(seen, 10);
        assert!(begun.load(Ordering::SeqCst) <= 10 + 3 * AHEAD_PER_WORKER);
    }

    /// Runs ten items on `workers` threads. Those for which `is_refused` returns true cannot be
    /// started, because their stack is larger than any address space.
    #[cfg(unix)]
    fn run_without(workers: usize, is_refused: fn(usize) -> bool) -> Result<usize, RunError> {
        let thread_of = |number| match is_refused(number) {
            true => thread::Builder::new().stack_size(1 << 62),
            false => thread::Builder::new(),
        };
        let mut delivered = 0;
        let sink = |index, ()| {
            assert_eq!(index, delivered);
            delivered += 1;
            ControlFlow::Continue(())
        };
        for_each_on(thread_of, 10, vec![(); workers], |(), _| (), sink)?;
        Ok(delivered)
    }

    #[cfg(unix)]
    #[test]
    fn one_worker_does_the_work_of_those_that_cannot_be_started() {
        assert_eq!(run_without(3, |number| number != 1).unwrap(), 10);
        assert_eq!(run_without(3, |number| number != 0).unwrap(), 10);
    }

    #[cfg(unix)]
    #[test]
    fn no_worker_at_all_is_an_error() {
        for workers in [1, 3] {
            let error = run_without(workers, |_| true).unwrap_err();
            assert!(matches!(error, RunError::NoWorker(_)), "{error}");
        }
    }

    #[test]
    fn a_worker_that_dies_ends_the_work_with_an_error() {
        for workers in [1, 4] {
            let mut delivered = Vec::new();
            let outcome = for_each(
                1_000,
                vec![(); workers],
                |(), index| assert_ne!(index, 20, "this panic is part of the test"),
                |index, ()| {
                    delivered.push(index);
                    ControlFlow::Continue(())
                },
            );
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains("part of the test"), "{error}");
            assert!(delivered.len() <= 20, "{delivered:?}");
            assert!(delivered.iter().copied().eq(0..delivered.len()));
        }
    }
}
