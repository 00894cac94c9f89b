//! Pictures of the faces: aligned chips (`--crops`) and photos with the findings drawn on them
//! (`--draw`).
//!
//! Each photo's own path is repeated below the folder that the user names: `unknown/a.jpg` becomes
//! `DIR/unknown/a.jpg.face1.png` and `DIR/unknown/a.jpg.faces.jpg`.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use facematch::engine::chip::{CHIP_PADDING, CHIP_SIZE, ChipGeometry, extract_chips};
use facematch::photo::{FoundFace, Turn};
use facematch_image_files::mark_exif;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ImageEncoder, ImageError, RgbImage};

use super::config::Results;
use super::console::Console;
use super::guard::Written;
use super::interrupt::UnfinishedFiles;
use super::output::{Access, WholeFile, file_number};
use crate::cli::drawing::{Fonts, Marking, draw, system_font_folders};
use crate::cli::photo_error::PhotoError;

/// JPEG quality of drawings, 1 to 100.
const DRAWING_QUALITY: u8 = 90;

/// Writer of the pictures that the user asked for.
pub(super) struct Pictures {
    crops: Option<PathBuf>,
    drawings: Option<PathBuf>,
    fonts: Fonts,
    unfinished: UnfinishedFiles,
    /// Drawings written by this run, by file number. On case-insensitive file systems two photos
    /// may share one drawing.
    drawn: Mutex<HashSet<[u64; 2]>>,
}

impl Pictures {
    pub(super) fn new(results: &Results, unfinished: &UnfinishedFiles) -> Self {
        Self {
            crops: results.crops.clone(),
            drawings: results.draw.clone(),
            fonts: Fonts::new(font_folders()),
            unfinished: unfinished.clone(),
            drawn: Mutex::default(),
        }
    }

    /// Returns whether [`Self::write_crops`] writes anything, and so whether it needs the working
    /// copy.
    pub(super) fn wants_crops(&self) -> bool {
        self.crops.is_some()
    }

    /// Returns whether [`Self::write_drawing`] writes anything, and so whether it needs the photo
    /// at full size.
    pub(super) fn wants_drawings(&self) -> bool {
        self.drawings.is_some()
    }

    /// Writes the chip of each face in the photo at `path`, cut from the photo's working copy.
    pub(super) fn write_crops(
        &self,
        path: &Path,
        copy: &RgbImage,
        faces: &[FoundFace],
    ) -> Result<(), PhotoError> {
        let Some(folder) = &self.crops else {
            return Ok(());
        };
        for turn in Turn::ALL {
            let (numbers, geometries): (Vec<_>, Vec<_>) = faces
                .iter()
                .enumerate()
                .filter(|(_, found)| found.turn == turn)
                .map(|(i, found)| {
                    let landmarks = &found.working_landmarks;
                    let geometry = ChipGeometry::of_face(landmarks, CHIP_SIZE, CHIP_PADDING)?;
                    Ok((i + 1, geometry))
                })
                .collect::<Result<Vec<_>, _>>()
                .map_err(|source| facematch::Error::Engine {
                    path: path.to_owned(),
                    source,
                })?
                .into_iter()
                .unzip();
            if geometries.is_empty() {
                continue;
            }
            let chips = extract_chips(&turn.apply(copy), &geometries);
            for (number, chip) in numbers.iter().zip(&chips) {
                let target = crop_path(folder, path, *number);
                self.write(&target, Written::Crop, |out| {
                    chip.write_with_encoder(marked(PngEncoder::new(out))?)
                })?;
            }
        }
        Ok(())
    }

    /// Writes `picture`, the photo at `path` upright and at full size, with `markings` drawn on it.
    pub(super) fn write_drawing(
        &self,
        path: &Path,
        mut picture: RgbImage,
        markings: &[Marking],
    ) -> Result<(), PhotoError> {
        let Some(folder) = &self.drawings else {
            return Ok(());
        };
        draw(&mut picture, markings, &self.fonts);
        self.write(&drawing_path(folder, path), Written::Drawing, |out| {
            let encoder = JpegEncoder::new_with_quality(out, DRAWING_QUALITY);
            picture.write_with_encoder(marked(encoder)?)
        })
    }

    /// Warns if drawings contain letters that no font has.
    pub(super) fn warn_of_boxes(&self, console: &Console) {
        let lacking = self.fonts.lacking();
        if lacking.is_empty() {
            return;
        }
        let font = match lacking.iter().any(|&letter| is_east_asian(letter)) {
            true => "Noto Sans CJK (Debian: fonts-noto-cjk)",
            false => "Noto Sans (Debian: fonts-noto-core)",
        };
        console.warn(format_args!(
            "no font has the letters {}, which are drawn as boxes; install {font}, or name a folder with a font that has \
             them in FACEMATCH_FONTS",
            lacking.iter().collect::<String>()
        ));
    }

    fn write(
        &self,
        target: &Path,
        written: Written,
        encode: impl FnOnce(&mut dyn Write) -> Result<(), ImageError>,
    ) -> Result<(), PhotoError> {
        self.try_write(target, written, encode)
            .map_err(|source| PhotoError::Write {
                path: target.to_owned(),
                source,
            })
    }

    fn try_write(
        &self,
        target: &Path,
        written: Written,
        encode: impl FnOnce(&mut dyn Write) -> Result<(), ImageError>,
    ) -> io::Result<()> {
        if let Some(folder) = target.parent() {
            self.unfinished.create_folder(folder)?;
        }
        let number = || file_number(&std::fs::metadata(target).ok()?);
        if number().is_some_and(|number| self.drawn().contains(&number)) {
            return Err(io::Error::other(
                "another photo of this run has this picture, as small and capital letters are the same there; name a \
                 folder on another file system",
            ));
        }
        if let Some(objection) = written.objection(target) {
            return Err(io::Error::other(objection));
        }
        let whole = WholeFile::begin(target, Access::Usual, &self.unfinished)?;
        let mut out = BufWriter::new(whole.file());
        encode(&mut out).map_err(|error| match error {
            ImageError::IoError(error) => error,
            error => io::Error::other(error),
        })?;
        out.flush()?;
        drop(out);
        whole.finish()?;
        self.drawn().extend(number());
        Ok(())
    }

    fn drawn(&self) -> MutexGuard<'_, HashSet<[u64; 2]>> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the path of crop `number`, counted from 1, of `photo` below `folder`.
pub(super) fn crop_path(folder: &Path, photo: &Path, number: usize) -> PathBuf {
    picture_path(folder, photo, &format!(".face{number}.png"))
}

/// Returns the path of the drawing of `photo` below `folder`.
pub(super) fn drawing_path(folder: &Path, photo: &Path) -> PathBuf {
    picture_path(folder, photo, ".faces.jpg")
}

/// Returns the folders in `FACEMATCH_FONTS`, which are separated like those in `PATH`, or the
/// system's font folders.
fn font_folders() -> Vec<PathBuf> {
    match std::env::var_os("FACEMATCH_FONTS").filter(|folders| !folders.is_empty()) {
        Some(folders) => std::env::split_paths(&folders).collect(),
        None => system_font_folders(),
    }
}

/// Returns whether `letter` is Chinese, Japanese or Korean.
fn is_east_asian(letter: char) -> bool {
    matches!(letter, '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

/// Returns `encoder` with facematch's mark added, so that later searches skip its picture.
fn marked<E: ImageEncoder>(mut encoder: E) -> Result<E, ImageError> {
    encoder
        .set_exif_metadata(mark_exif())
        .map_err(ImageError::Unsupported)?;
    Ok(encoder)
}

/// Returns two of `photos` with the same `place` for a picture, as `/a.jpg` and `a.jpg` have, and
/// that place.
pub(super) fn shared_picture<'a>(
    photos: impl Iterator<Item = &'a Path>,
    place: impl Fn(&Path) -> PathBuf,
) -> Option<(PathBuf, [&'a Path; 2])> {
    let mut photo_of = HashMap::new();
    for photo in photos {
        let place = place(photo);
        if let Some(&other) = photo_of.get(&place) {
            return Some((place, [other, photo]));
        }
        photo_of.insert(place, photo);
    }
    None
}

/// Returns the path of a picture of `photo`: the photo's path repeated below `folder`, followed by
/// `suffix`. `..` becomes `__`, and a name of underscores gets one more so that it stays a
/// different folder.
fn picture_path(folder: &Path, photo: &Path, suffix: &str) -> PathBuf {
    let mut target = folder.to_owned();
    for part in photo.components() {
        match part {
            Component::Normal(name) if is_underscores(name) => {
                let mut longer = name.to_owned();
                longer.push("_");
                target.push(longer);
            }
            Component::Normal(name) => target.push(name),
            Component::ParentDir => target.push("__"),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => {}
        }
    }
    let mut name: OsString = target.into_os_string();
    name.push(suffix);
    name.into()
}

/// Returns whether `name` is `__`, which replaces `..` in the path of a picture, or a longer run of
/// underscores.
fn is_underscores(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.len() > 1 && name.iter().all(|&byte| byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stay_below_their_folder() {
        for (photo, target) in [
            ("unknown/a.jpg", "out/unknown/a.jpg.face1.png"),
            ("./a.jpg", "out/a.jpg.face1.png"),
            ("/photos/a.jpg", "out/photos/a.jpg.face1.png"),
            ("../../a.jpg", "out/__/__/a.jpg.face1.png"),
            ("__/___/_/a.jpg", "out/___/____/_/a.jpg.face1.png"),
        ] {
            let path = picture_path(Path::new("out"), Path::new(photo), ".face1.png");
            assert_eq!(path, Path::new(target), "{photo}");
        }
    }
}
