//! `facematch enroll --reencode`: encodes the faces of a gallery again, with other options. Input:
//! a gallery file and the photos from which it was made. Output: another gallery file.
//!
//! A face is recognised by its place in the photo and by its encoding in the gallery: another
//! person's face would be worse than none.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use facematch::Error;
use facematch::batch::{self, Input};
use facematch::engine::{EncoderKind, Encoding, FaceEngine, distance};
use facematch::gallery::{Fingerprint, Gallery, GalleryBuilder, KnownFace, read_gallery};
use facematch::geometry::PixelBox;
use facematch::matching::Rules;
use facematch::photo::Face;

use super::enrolling::{check_gallery, in_words, write};
use super::words::counted;
use crate::cli::advice::Advised;
use crate::cli::config::{EngineConfig, ReencodeConfig};
use crate::cli::console::Console;
use crate::cli::engine;
use crate::cli::exit::{Exit, Failure};
use crate::cli::guard::RunInputs;
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::{Access, Output};
use crate::cli::session::Session;

/// A face of a photo, with its box.
type Found = (PixelBox, Encoding);

/// Result of a search for each face of a gallery, `None` for a face that is left out.
type Search = Vec<Option<Found>>;

/// Choice of the face for a row of the gallery among the faces in its photo, or why there is none.
type FaceOf<'a> = &'a dyn Fn(usize, &[Face]) -> Result<Found, String>;

pub(super) fn reencode(config: &ReencodeConfig, console: &Console) -> Result<Exit, Failure> {
    check_gallery(&config.gallery)?;
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let params = engine::params(&config.engine)?;
    let fingerprint = Fingerprint::of(&params, config.engine.settings.encode_from)?;
    let (before, made) = read_gallery(&config.gallery, params.simd)?;
    let refused = |reason| {
        let path = config.gallery.display();
        Failure::Start(format!("{path}: {reason}"))
    };
    if before.faces() == 0 {
        return Err(refused(
            "the gallery is empty, so there is no face to encode again",
        ));
    }
    let Some(encoder) = made.encoder_kind() else {
        return Err(refused(
            "was made with a face encoder that this version does not have, so its faces cannot be recognised; enroll \
             its photos again with facematch enroll KNOWN -o FILE",
        ));
    };
    let rows = rows_of_photos(&before);
    let read = RunInputs::new(&config.engine, Some(&config.cache))
        .with_reencoded(&config.gallery)
        .with_photos(rows.keys().copied());
    let (path, written) = (&config.file, config.written);
    let file = Output::open_file(path, written, Access::Owner, &read, &unfinished)?;
    let search = |engine: &EngineConfig, rows: &_, face_of: FaceOf<'_>| {
        let params = engine::params(engine)?;
        let (cache, photos) = (&config.cache, BTreeMap::len(rows));
        let mut session =
            Session::begin(engine, cache, &read, &params, photos, console, &unfinished)?;
        let found = find_again(&before, rows, face_of, &mut session, console)?;
        session.finish();
        Ok::<_, Failure>(found)
    };
    let known: Vec<_> = before.known_faces().collect();
    let limit = largest_distance(encoder);
    let recognised = |row: usize, faces: &[Face]| face_again(&known[row], faces, limit);
    let found = if encoder == config.engine.encoder {
        search(&config.engine, &rows, &recognised)?
    } else {
        // The encoder of the gallery recognises the faces, and the other encoder encodes them.
        let first = search(&config.engine.adapted_to(encoder), &rows, &recognised)?;
        let mut rows = rows.clone();
        for of_photo in rows.values_mut() {
            of_photo.retain(|&row| first[row].is_some());
        }
        rows.retain(|_, of_photo| !of_photo.is_empty());
        let encoded = |row: usize, faces: &[Face]| {
            let bounds = first[row]
                .as_ref()
                .map_or(known[row].bounds, |(bounds, _)| *bounds);
            encoded_face(known[row].name, bounds, faces)
        };
        match rows.is_empty() {
            true => first,
            false => search(&config.engine, &rows, &encoded)?,
        }
    };
    let left_out = found.iter().filter(|face| face.is_none()).count();
    let mut builder = GalleryBuilder::new(params.simd);
    for (known, found) in known.iter().zip(found) {
        if let Some((bounds, encoding)) = found {
            builder.add_encoding(known.name, known.source, bounds, &encoding);
        }
    }
    let gallery = builder.build();
    if gallery.faces() == 0 {
        return Err(refused(
            "no face of it was found in its photos; run facematch in the folder in which it was enrolled, and with the \
             same --width",
        ));
    }
    write(&gallery, &fingerprint, file, None)?;
    let failed = match left_out {
        0 => String::new(),
        count => format!("; {} left out", counted(count, "face", "faces")),
    };
    let (file, words) = (config.file.display(), in_words(&gallery));
    console.summary(format_args!("{file}: {words}{failed}"));
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

/// Returns the face that `face_of` chooses for each of `rows` among the faces in its photo. Reports
/// each face that is left out: even `--quiet` does not hide why the exit status is 1.
fn find_again(
    gallery: &Gallery,
    rows: &BTreeMap<&Path, Vec<usize>>,
    face_of: FaceOf<'_>,
    session: &mut Session<'_>,
    console: &Console,
) -> Result<Search, Failure> {
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
    let run = batch::run(&photos, engines, work, |path, result: Result<_, Error>| {
        for &row in rows.get(path).into_iter().flatten() {
            let face = match &result {
                Ok(faces) => face_of(row, faces)
                    .map_err(|reason| format!("{}: {reason}; it is left out", path.display())),
                Err(error) => Err(format!(
                    "{}; {} is left out",
                    Advised(error),
                    known[row].name
                )),
            };
            match face {
                Ok(face) => found[row] = Some(face),
                Err(reason) => bar.suspend(|| console.error(reason)),
            }
        }
        bar.inc(1);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    run?;
    Ok(found)
}

/// Returns the largest distance at which a face counts as one and the same in the same photo: half
/// of what is usually a match. Of 357 faces, found by another detector or at another width, the
/// farthest was at 0.39 (dlib's encoder; the next at 0.26) and 0.47 (MobileFaceNet), and the
/// nearest of different people were at 0.37 and 0.87.
fn largest_distance(encoder: EncoderKind) -> f32 {
    Rules::default_for(encoder).threshold.value() / 2.0
}

/// Returns the face among `faces` that is at the place of `known` and within `limit` of it.
///
/// # Errors
/// Why there is none.
fn face_again(known: &KnownFace<'_>, faces: &[Face], limit: f32) -> Result<Found, String> {
    let name = known.name;
    let there: Vec<_> = at_place(known.bounds, faces).collect();
    if there.is_empty() {
        return Err(format!("no face found where that of {name} was"));
    }
    let encoded = there.into_iter().filter_map(encoded);
    let from_known = |(_, encoding): &Found| distance(known.encoding, encoding.values());
    let nearest = encoded.min_by(|a, b| from_known(a).total_cmp(&from_known(b)));
    let nearest = nearest.ok_or_else(|| too_poor(name))?;
    match from_known(&nearest) <= limit {
        true => Ok(nearest),
        false => Err(format!(
            "the face there does not match that of {name} in the gallery: the photo was replaced, or --width differs"
        )),
    }
}

/// Returns the face among `faces` that is at `bounds`, where that of `name` was recognised.
///
/// # Errors
/// Why there is none.
fn encoded_face(name: &str, bounds: PixelBox, faces: &[Face]) -> Result<Found, String> {
    // The two searches find the same boxes, unless they need different detectors.
    let corners_apart = |face: &&Face| {
        let PixelBox { x, y, w, h } = face.bounds;
        let pairs = [(x, bounds.x), (y, bounds.y), (w, bounds.w), (h, bounds.h)];
        let apart = pairs.map(|(a, b)| u64::from(a.abs_diff(b)));
        apart.into_iter().sum::<u64>()
    };
    let face = at_place(bounds, faces).min_by_key(corners_apart);
    let face = face.ok_or_else(|| format!("no face found where that of {name} was"))?;
    encoded(face).ok_or_else(|| too_poor(name))
}

fn encoded(face: &Face) -> Option<Found> {
    Some((face.bounds, face.usable_encoding()?.clone()))
}

fn too_poor(name: &str) -> String {
    format!("the face of {name} is too small, blurred or turned to be encoded")
}

/// Returns the faces whose centre is in `bounds`, and that have the centre of `bounds` in them.
fn at_place(bounds: PixelBox, faces: &[Face]) -> impl Iterator<Item = &Face> {
    faces.iter().filter(move |face| {
        contains_centre(bounds, face.bounds) && contains_centre(face.bounds, bounds)
    })
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
