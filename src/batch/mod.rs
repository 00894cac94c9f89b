//! Many photos: which ones, in which order, on how many cores.
//!
//! [`walk`] turns folders and files into a sorted list of inputs; [`run`] works on them in parallel, one face engine
//! per worker, and hands the results over one by one in the order of the list, as soon as that order allows. What is
//! held in memory at a time depends on the number of workers, not on the number of photos.

mod ordered;
mod walk;

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

pub use walk::{Input, Inputs, WalkOptions, walk};

use crate::engine::FaceEngine;
use crate::error::Error;

/// The beginning of the worker threads' names, so that a panic hook can tell them.
pub const WORKER_NAME: &str = "facematch-worker";

/// Works on every input, each worker with one of `engines`, and hands each result to `sink` in the order of `inputs`.
///
/// The order of the results, and so all output made of them, is the same for any number of engines. A panic of `work`
/// costs one photo: it becomes [`Error::Internal`]. When `sink` breaks, no further photo is begun.
pub fn run<R: Send>(
    inputs: &[Input],
    engines: &mut [Box<dyn FaceEngine>],
    work: impl Fn(&mut dyn FaceEngine, &Path) -> Result<R, Error> + Sync,
    mut sink: impl FnMut(&Path, Result<R, Error>) -> ControlFlow<()>,
) {
    let guarded = |engine: &mut &mut Box<dyn FaceEngine>, index: usize| {
        let path = inputs[index].path();
        if let Some(problem) = inputs[index].problem() {
            return Err(problem);
        }
        catch_unwind(AssertUnwindSafe(|| work(engine.as_mut(), path))).unwrap_or_else(|panic| {
            Err(Error::Internal {
                path: path.to_owned(),
                message: panic_message(panic.as_ref()),
            })
        })
    };
    let workers = engines.iter_mut().collect();
    ordered::for_each(inputs.len(), workers, guarded, |index, result| {
        sink(inputs[index].path(), result)
    });
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown panic".to_owned())
}
