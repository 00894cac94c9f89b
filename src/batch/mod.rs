//! Batches of photos: which photos, in which order, on how many cores.
//!
//! [`walk()`] turns folders and files into a sorted list of inputs. [`run`] processes them in
//! parallel, with one face engine per worker, and delivers the results one by one in the order of
//! the list, as early as that order allows. Memory use depends on the number of workers, not on the
//! number of photos.

mod folders;
mod names;
mod ordered;
mod pattern;
mod walk;

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

pub use folders::Folders;
pub use names::{has_photo_extension, is_foreign_extension};
pub use pattern::PathPattern;
pub use walk::{Input, Inputs, OWN_PICTURES, Purpose, WalkOptions, walk};

use crate::engine::FaceEngine;
use crate::error::Error;

/// Prefix of the names of worker and cache threads, by which a panic hook can recognise them.
pub const WORKER_NAME: &str = "facematch-worker";

/// Reason why a run ended before its last input that is not the fault of an input.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// No worker thread could be started.
    #[error("cannot start a worker thread: {0}")]
    NoWorker(std::io::Error),
    /// A worker thread ended in the middle of its work, with this message.
    #[error("a worker thread ended unexpectedly: {0}; please report it")]
    WorkerDied(String),
}

/// Calls `work` for every input, with one of `engines` per worker, and passes each result to `sink`
/// in the order of `inputs`.
///
/// The order of the results, and therefore all output made from them, is the same for any number of
/// engines. A panic in `work` affects only one photo: it becomes [`Error::Internal`]. When `sink`
/// breaks, no further photo is started.
///
/// # Errors
/// [`RunError`] if no worker can process the inputs. If only some workers can be started, they do
/// all the work.
pub fn run<'a, R: Send>(
    inputs: &'a [Input],
    engines: &mut [Box<dyn FaceEngine>],
    work: impl Fn(&mut dyn FaceEngine, &Path) -> Result<R, Error> + Sync,
    mut sink: impl FnMut(&'a Path, Result<R, Error>) -> ControlFlow<()>,
) -> Result<(), RunError> {
    let guarded = |engine: &mut &mut Box<dyn FaceEngine>, index: usize| {
        let path = inputs[index].path();
        if let Some(problem) = inputs[index].problem() {
            return Err(problem);
        }
        catch_unwind(AssertUnwindSafe(|| work(engine.as_mut(), path))).unwrap_or_else(|panic| {
            Err(Error::Internal {
                path: path.to_owned(),
                message: panic_message(panic),
            })
        })
    };
    let workers = engines.iter_mut().collect();
    ordered::for_each(inputs.len(), workers, guarded, |index, result| {
        sink(inputs[index].path(), result)
    })
}

fn panic_message(panic: Box<dyn Any + Send>) -> String {
    let message = panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown panic".to_owned());
    // Dropping the value may panic again, which would end the worker.
    std::mem::forget(panic);
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_engine::{FakeEngine, POISON};
    use crate::geometry::Rect;
    use crate::photo::{PhotoSettings, Width, find_faces};
    use image::{Rgb, RgbImage};
    use std::path::PathBuf;

    /// Returns the result of a run for each photo: its name and the faces' first numbers, or the
    /// kind of the error.
    fn told(folder: &Path, jobs: usize) -> Vec<String> {
        let inputs = walk(&[folder.to_owned()], &WalkOptions::default());
        let engine = FakeEngine {
            faces: vec![Rect {
                left: 3,
                top: 3,
                right: 9,
                bottom: 9,
            }],
        };
        let mut engines: Vec<_> = (0..jobs).map(|_| engine.fork()).collect();
        let mut told = Vec::new();
        let settings = PhotoSettings {
            width: Width::Pixels(0),
            min_quality: 0.0,
            ..PhotoSettings::default()
        };
        let work = |engine: &mut dyn FaceEngine, path: &Path| find_faces(path, &settings, engine);
        run(&inputs.list, &mut engines, work, |path, result| {
            let name = path.file_name().unwrap().to_str().unwrap();
            told.push(match result {
                Ok(photo) => {
                    let first = photo.faces[0].face.encoding.as_ref().unwrap().values()[0];
                    format!("{name} {first}")
                }
                Err(error) => format!("{name} {}", error.kind()),
            });
            ControlFlow::Continue(())
        })
        .unwrap();
        told
    }

    fn save(folder: &Path, name: &str, color: Rgb<u8>) {
        RgbImage::from_pixel(20, 20, color)
            .save(folder.join(name))
            .unwrap();
    }

    #[test]
    fn bad_photos_cost_themselves_alone_for_any_number_of_workers() {
        let folder = tempfile::tempdir().unwrap();
        for tone in 0..40_u8 {
            save(folder.path(), &format!("{tone:02}.png"), Rgb([tone, 0, 0]));
        }
        save(folder.path(), "05.png", POISON);
        std::fs::write(folder.path().join("07.png"), "").unwrap();
        std::fs::create_dir(folder.path().join("40.png")).unwrap();

        let mut expected: Vec<_> = (0..40)
            .map(|tone| format!("{tone:02}.png {}", tone + 3))
            .collect();
        expected[5] = "05.png internal".to_owned();
        expected[7] = "07.png decode".to_owned();
        expected.push("40.png not_a_file".to_owned());
        for jobs in [1, 2, 8] {
            assert_eq!(told(folder.path(), jobs), expected, "{jobs} workers");
        }
    }

    #[test]
    fn a_panic_is_told_with_its_message() {
        let folder = tempfile::tempdir().unwrap();
        save(folder.path(), "a.png", Rgb([0, 0, 0]));
        let inputs = [Input::photo(folder.path().join("a.png"))];
        let mut engines: Vec<Box<dyn FaceEngine>> = vec![Box::new(FakeEngine::default())];
        let mut messages: Vec<(PathBuf, String)> = Vec::new();
        run(
            &inputs,
            &mut engines,
            |_, path| -> Result<(), Error> { panic!("cannot bear {}", path.display()) },
            |path, result| {
                messages.push((path.to_owned(), result.unwrap_err().to_string()));
                ControlFlow::Continue(())
            },
        )
        .unwrap();
        assert_eq!(messages.len(), 1);
        assert!(messages[0].1.contains("cannot bear"), "{messages:?}");
    }

    /// A panic value that panics again when it is dropped.
    struct DoublePanic;

    impl Drop for DoublePanic {
        fn drop(&mut self) {
            panic!("this panic is part of the test");
        }
    }

    #[test]
    fn a_panic_whose_value_cannot_be_dropped_costs_one_photo() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.png", "b.png", "c.png"] {
            save(folder.path(), name, Rgb([0, 0, 0]));
        }
        let inputs = walk(&[folder.path().to_owned()], &WalkOptions::default()).list;
        let mut engines: Vec<Box<dyn FaceEngine>> = vec![Box::new(FakeEngine::default())];
        let mut kinds = Vec::new();
        run(
            &inputs,
            &mut engines,
            |_, path| match path.ends_with("b.png") {
                true => std::panic::panic_any(DoublePanic),
                false => Ok(()),
            },
            |_, result| {
                kinds.push(result.err().map(|error| error.kind()));
                ControlFlow::Continue(())
            },
        )
        .unwrap();
        assert_eq!(kinds, [None, Some("internal"), None]);
    }
}
