//! `facematch enroll --reencode`: encodes the faces of a gallery again, with other options. Input:
//! a gallery file and the photos from which it was made. Output: another gallery file.
//!
//! A face is recognised by its place in the photo: another person's face would be worse than none.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use facematch::Error;
use facematch::batch::{self, Input};
use facematch::engine::{Encoding, FaceEngine};
use facematch::gallery::{Fingerprint, Gallery, GalleryBuilder, KnownFace, read_gallery};
use facematch::geometry::PixelBox;
use facematch::photo::Face;

use super::enrolling::{check_gallery, in_words, write};
use super::words::counted;
use crate::cli::advice::Advised;
use crate::cli::config::ReencodeConfig;
use crate::cli::console::Console;
use crate::cli::engine;
use crate::cli::exit::{Exit, Failure};
use crate::cli::guard::RunInputs;
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::{Access, Output};
use crate::cli::session::Session;

/// A face that was encoded again, with its new box.
type Found = (PixelBox, Encoding);

pub(super) fn reencode(config: &ReencodeConfig, console: &Console) -> Result<Exit, Failure> {
    check_gallery(&config.gallery)?;
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let params = engine::params(&config.engine)?;
    let fingerprint = Fingerprint::of(&params, config.engine.settings.encode_from)?;
    let (before, _) = read_gallery(&config.gallery, params.simd)?;
    let rows = rows_of_photos(&before);
    let read = RunInputs::new(&config.engine, Some(&config.cache))
        .with_known(&config.gallery)
        .with_photos(rows.keys().copied());
    let (path, written) = (&config.file, config.written);
    let file = Output::open_file(path, written, Access::Owner, &read, &unfinished)?;
    let (engine, cache) = (&config.engine, &config.cache);
    let mut session = Session::begin(engine, cache, &read, &params, rows.len(), console)?;
    let found = find_again(&before, &rows, &mut session, console)?;
    let left_out = found.iter().filter(|face| face.is_none()).count();
    let mut builder = GalleryBuilder::new(params.simd);
    for (known, found) in before.known_faces().zip(found) {
        if let Some((bounds, encoding)) = found {
            builder.add_encoding(known.name, known.source, bounds, &encoding);
        }
    }
    let gallery = builder.build();
    if gallery.is_empty() {
        return Err(Failure::Start(format!(
            "{}: no face of it was found in its photos; run facematch in the folder in which it was enrolled, and \
             with the same --width",
            config.gallery.display()
        )));
    }
    write(&gallery, &fingerprint, file, None)?;
    let failed = match left_out {
        0 => String::new(),
        count => format!("; {} left out", counted(count, "face", "faces")),
    };
    let (file, words) = (config.file.display(), in_words(&gallery));
    console.summary(format_args!("{file}: {words}{failed}"));
    session.finish();
    Ok(match left_out {
        0 => Exit::Done,
        _ => Exit::SomeFailed,
    })
}

/// Returns the rows of `gallery` of each photo.
fn rows_of_photos(gallery: &Gallery) -> BTreeMap<&Path, Vec<usize>> {
    let mut rows: BTreeMap<&Path, Vec<usize>> = BTreeMap::new();
    for (row, face) in gallery.known_faces().enumerate() {
        rows.entry(face.source).or_default().push(row);
    }
    rows
}

/// Returns each face of `gallery` as it is found in its photo again, and warns of those that are
/// not found.
fn find_again(
    gallery: &Gallery,
    rows: &BTreeMap<&Path, Vec<usize>>,
    session: &mut Session<'_>,
    console: &Console,
) -> Result<Vec<Option<Found>>, Failure> {
    let Session {
        engines, finder, ..
    } = session;
    let known: Vec<_> = gallery.known_faces().collect();
    let mut found = vec![None; known.len()];
    let photos: Vec<_> = (rows.keys())
        .map(|path| Input::photo(path.to_path_buf()))
        .collect();
    let bar = console.progress("known people", photos.len());
    let work = |engine: &mut dyn FaceEngine, path: &Path| {
        let photo = finder.find(path, engine)?;
        Ok(photo.into_faces())
    };
    let run = batch::run(&photos, engines, work, |path, result| {
        for &row in rows.get(path).into_iter().flatten() {
            match face_again(&known[row], &result) {
                Ok(face) => found[row] = Some(face),
                Err(reason) => bar.suspend(|| console.warn(reason)),
            }
        }
        bar.inc(1);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    run?;
    Ok(found)
}

/// Returns the face in `photo` at the place of `known`.
///
/// # Errors
/// A warning if there is none.
fn face_again(known: &KnownFace<'_>, photo: &Result<Vec<Face>, Error>) -> Result<Found, String> {
    let name = known.name;
    let faces = photo
        .as_ref()
        .map_err(|error| format!("{}; {name} is left out", Advised(error)))?;
    let same_place = |face: &&Face| {
        let (own, other) = (known.bounds, face.bounds);
        contains_centre(own, other) && contains_centre(other, own)
    };
    let path = known.source.display();
    let face = (faces.iter())
        .filter(same_place)
        .max_by_key(|face| face.bounds.area())
        .ok_or_else(|| format!("{path}: no face found where that of {name} was; it is left out"))?;
    let encoding = face.usable_encoding().ok_or_else(|| {
        format!("{path}: the face of {name} is too small, blurred or turned to be encoded; it is left out")
    })?;
    Ok((face.bounds, encoding.clone()))
}

/// Returns whether the centre of `inner` is in `outer`.
fn contains_centre(outer: PixelBox, inner: PixelBox) -> bool {
    let is_within = |start: u32, length: u32, inner_start: u32, inner_length: u32| {
        // Twice the places, so that they are whole numbers. A gallery file may have any numbers.
        let centre = 2 * u64::from(inner_start) + u64::from(inner_length);
        let start = 2 * u64::from(start);
        (start..=start + 2 * u64::from(length)).contains(&centre)
    };
    is_within(outer.x, outer.w, inner.x, inner.w) && is_within(outer.y, outer.h, inner.y, inner.h)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faces_at_one_place_have_their_centres_in_each_other() {
        let of = |x, y, w, h| PixelBox { x, y, w, h };
        let face = of(100, 100, 50, 60);
        assert!(contains_centre(face, of(110, 90, 40, 50)));
        assert!(!contains_centre(face, of(140, 100, 50, 60)));
        // The centre of the large one is beside the small one.
        let large = of(0, 0, 400, 400);
        assert!(contains_centre(large, face) && !contains_centre(face, large));
        let end = of(u32::MAX, u32::MAX, u32::MAX, u32::MAX);
        assert!(contains_centre(end, end));
    }
}
