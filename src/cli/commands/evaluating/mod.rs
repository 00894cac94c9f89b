//! `facematch eval`: measures accuracy on labelled photos.

pub(crate) mod identification;
pub(crate) mod impostors;
pub(crate) mod pairs;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use facematch::Error;
use facematch::batch::{self, Input};
use facematch::cache::FaceFinder;
use facematch::engine::{Encoding, FaceEngine};

use crate::cli::advice::Advised;
use crate::cli::console::Console;
use crate::cli::evaluation::{ListError, most_central_face};
use crate::cli::exit::Failure;
use crate::cli::output::Output;
use crate::cli::session::Session;

/// Maximum size in bytes of a list; a list of a million pairs has a tenth of it.
const MAX_LIST_BYTES: u64 = 1 << 30;

/// Encoding of the most central face in each photo that could be read; `None` if it has no face.
type Encodings = BTreeMap<PathBuf, Option<Encoding>>;

/// Returns the list at `path`, parsed by `read`.
fn read_list<T>(
    path: &Path,
    read: impl FnOnce(&[u8]) -> Result<T, ListError>,
) -> Result<T, Failure> {
    let unreadable = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let bytes = File::open(path)
        .and_then(|file| read_at_most(MAX_LIST_BYTES, file))
        .map_err(unreadable)?;
    let Some(bytes) = bytes else {
        return Err(Failure::Start(format!(
            "{}: this list is larger than {} MiB; split it",
            path.display(),
            MAX_LIST_BYTES >> 20
        )));
    };
    read(&bytes).map_err(|error| Failure::Start(format!("{}: {error}", path.display())))
}

/// Returns all bytes of `source`, or `None` if there are more than `most`.
fn read_at_most(most: u64, source: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    // One byte more than allowed, to notice a source that is too large.
    let read = source.take(most + 1).read_to_end(&mut bytes)?;
    Ok((read as u64 <= most).then_some(bytes))
}

/// Returns the most central face of each photo that can be read, and reports errors of the others.
fn central_faces(
    photos: &[Input],
    session: &mut Session<'_>,
    console: &Console,
) -> Result<Encodings, Failure> {
    let Session {
        engines, finder, ..
    } = session;
    let mut encodings = Encodings::new();
    let bar = console.progress("encoding", photos.len());
    let work = |engine: &mut dyn FaceEngine, path: &Path| central_face(engine, path, finder);
    let run = batch::run(photos, engines, work, |path, result| {
        match result {
            Ok(encoding) => {
                encodings.insert(path.to_owned(), encoding);
            }
            Err(error) => bar.suspend(|| console.error(Advised(&error))),
        }
        bar.inc(1);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    run?;
    Ok(encodings)
}

fn central_face(
    engine: &mut dyn FaceEngine,
    path: &Path,
    finder: &FaceFinder,
) -> Result<Option<Encoding>, Error> {
    let photo = finder.find(path, engine)?;
    let size = photo.original.size;
    let faces = photo.into_faces();
    Ok(most_central_face(&faces, size).and_then(|face| face.encoding.clone()))
}

/// Writes figures with `write` and finishes the output.
pub(super) fn write_figures(
    output: Output,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let mut writer = output.writer();
    let written = write(&mut writer);
    output.written(written.and_then(|()| writer.flush()))?;
    drop(writer);
    output.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_too_large_is_refused_and_not_cut_off() {
        let read = |most| read_at_most(most, &b"12345"[..]).unwrap();
        assert_eq!(read(5), Some(b"12345".to_vec()));
        assert_eq!(read(4), None);
    }
}
