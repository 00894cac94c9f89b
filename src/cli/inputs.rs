//! Finds the photos of a run.

use std::path::{Path, PathBuf};

use facematch::Error;
use facematch::batch::{Inputs, WalkOptions, walk};
use facematch::gallery::is_gallery_file;

use super::config::{PhotoSource, is_stdin};
use super::console::Console;
use super::exit::Failure;
use super::path_list::stdin_paths;
use super::skipped::{skipped_instead, skipped_photos};

/// Returns the photos of `source`.
pub(super) fn inputs(source: &PhotoSource, console: &Console) -> Result<Inputs, Failure> {
    let mut options = source.options.clone();
    let folders = source.left_out.iter();
    options
        .excluded
        .extend(folders.filter_map(|folder| std::fs::canonicalize(folder).ok()));
    let paths = source.paths.iter().filter(|path| !is_stdin(path));
    let mut roots: Vec<PathBuf> = paths.cloned().collect();
    if source.reads_stdin() {
        roots.extend(stdin_paths(source.null)?);
    }
    let inputs = walk(&roots, &options);
    if inputs.list.is_empty() {
        let skipped = skipped_instead(&inputs.skipped);
        let places = source.paths.iter().map(|path| match is_stdin(path) {
            true => "standard input".to_owned(),
            false => path.display().to_string(),
        });
        return Err(Failure::Start(format!(
            "nothing to search: no photos in {}{skipped}",
            places.collect::<Vec<_>>().join(", ")
        )));
    }
    for skipped in skipped_photos(&inputs.skipped) {
        console.skipped(skipped);
    }
    Ok(inputs)
}

/// Refuses KNOWN if it does not exist.
pub(super) fn check_known(known: &Path) -> Result<(), Failure> {
    std::fs::metadata(known).map_err(|source| Error::Read {
        path: known.to_owned(),
        source,
    })?;
    Ok(())
}

/// Returns the photos of KNOWN, which is a folder or one photo.
pub(super) fn known_photos(
    known: &Path,
    options: &WalkOptions,
    console: &Console,
) -> Result<Inputs, Failure> {
    photos_below(known, options, console).map_err(|skipped| {
        let reason = format!("there are no photos in it{skipped}");
        no_known_face(known, &reason)
    })
}

/// Returns the photos of KNOWN, a folder or one photo, to search for tagged people.
pub(super) fn tagged_photos(
    known: &Path,
    options: &WalkOptions,
    console: &Console,
) -> Result<Inputs, Failure> {
    photos_below(known, options, console).map_err(|skipped| {
        let place = known.display();
        Failure::Start(format!("nothing to enroll: no photos in {place}{skipped}"))
    })
}

/// Returns the photos of `root`.
///
/// # Errors
/// If there are none: what was skipped, in words.
fn photos_below(root: &Path, options: &WalkOptions, console: &Console) -> Result<Inputs, String> {
    let photos = walk(&[root.to_owned()], options);
    if photos.list.is_empty() {
        return Err(skipped_instead(&photos.skipped));
    }
    for skipped in skipped_photos(&photos.skipped) {
        console.skipped(format_args!("{}: {skipped}", root.display()));
    }
    Ok(photos)
}

/// Returns the failure that KNOWN has no known face, for this `reason`.
pub(super) fn no_known_face(known: &Path, reason: &str) -> Failure {
    let place = known.display();
    Failure::Start(if known.is_dir() {
        let example = known.join("Ann.jpg");
        format!(
            "{place}: no known face: {reason}; put one photo per person there, such as {}",
            example.display()
        )
    } else {
        format!("{place}: no known face in this photo")
    })
}

/// Returns whether `path` is a gallery file; false if it cannot be read.
pub(super) fn is_gallery(path: &Path) -> bool {
    is_gallery_file(path).unwrap_or(false)
}

/// Refuses a gallery file among `photos`. `advice` returns what to do with it.
pub(super) fn check_no_gallery(
    photos: &[PathBuf],
    advice: impl FnOnce(&Path) -> String,
) -> Result<(), Failure> {
    match photos.iter().find(|path| is_gallery(path)) {
        None => Ok(()),
        Some(gallery) => Err(Failure::Usage(format!(
            "{}: a gallery file holds known people and is not a photo; {}",
            gallery.display(),
            advice(gallery)
        ))),
    }
}
