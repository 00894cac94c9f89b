//! Pictures of the faces: aligned chips (`--crops`) and photos with the findings drawn on them (`--draw`).
//!
//! Below the folder that was asked for, each photo's own path is repeated: `unknown/a.jpg` becomes
//! `DIR/unknown/a.jpg.face1.png` and `DIR/unknown/a.jpg.faces.jpg`.

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ImageEncoder, ImageError, RgbImage};

use facematch::Error;
use facematch::drawing::{Marking, draw};
use facematch::engine::chip::{CHIP_PADDING, CHIP_SIZE, ChipGeometry, extract_chips};
use facematch::image::mark_exif;
use facematch::photo::FoundFace;

use super::args::OutputArgs;
use super::interrupt::UnfinishedFiles;
use super::output::{Access, WholeFile};

/// JPEG quality of drawings, 1 to 100.
const DRAWING_QUALITY: u8 = 90;

/// Writes the pictures that were asked for.
pub(super) struct Pictures {
    crops: Option<PathBuf>,
    drawings: Option<PathBuf>,
    unfinished: UnfinishedFiles,
}

impl Pictures {
    pub(super) fn new(args: &OutputArgs, unfinished: &UnfinishedFiles) -> Self {
        Self {
            crops: args.crops.clone(),
            drawings: args.draw.clone(),
            unfinished: unfinished.clone(),
        }
    }

    /// Whether [`Self::write_crops`] does anything, and so whether the working copy is needed.
    pub(super) fn wants_crops(&self) -> bool {
        self.crops.is_some()
    }

    /// Whether [`Self::write_drawing`] does anything, and so whether the photo is needed at full size.
    pub(super) fn wants_drawings(&self) -> bool {
        self.drawings.is_some()
    }

    /// Writes the chip of each face of the photo at `path`, cut from its working copy.
    pub(super) fn write_crops(
        &self,
        path: &Path,
        copy: &RgbImage,
        faces: &[FoundFace],
    ) -> Result<(), Error> {
        let Some(folder) = &self.crops else {
            return Ok(());
        };
        let geometries = faces
            .iter()
            .map(|face| ChipGeometry::of_face(&face.working_landmarks, CHIP_SIZE, CHIP_PADDING))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|source| Error::Engine {
                path: path.to_owned(),
                source,
            })?;
        for (i, chip) in extract_chips(copy, &geometries).iter().enumerate() {
            let target = picture_path(folder, path, &format!(".face{}.png", i + 1));
            self.write(&target, |out| {
                chip.write_with_encoder(marked(PngEncoder::new(out))?)
            })?;
        }
        Ok(())
    }

    /// Writes `picture`, the photo at `path` upright at full size, with `markings` drawn on it.
    pub(super) fn write_drawing(
        &self,
        path: &Path,
        mut picture: RgbImage,
        markings: &[Marking],
    ) -> Result<(), Error> {
        let Some(folder) = &self.drawings else {
            return Ok(());
        };
        draw(&mut picture, markings);
        self.write(&picture_path(folder, path, ".faces.jpg"), |out| {
            let encoder = JpegEncoder::new_with_quality(out, DRAWING_QUALITY);
            picture.write_with_encoder(marked(encoder)?)
        })
    }

    fn write(
        &self,
        target: &Path,
        encode: impl FnOnce(&mut dyn Write) -> Result<(), ImageError>,
    ) -> Result<(), Error> {
        self.try_write(target, encode)
            .map_err(|source| Error::Write {
                path: target.to_owned(),
                source,
            })
    }

    fn try_write(
        &self,
        target: &Path,
        encode: impl FnOnce(&mut dyn Write) -> Result<(), ImageError>,
    ) -> io::Result<()> {
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let whole = WholeFile::begin(target, Access::Usual, &self.unfinished)?;
        let mut out = BufWriter::new(whole.file());
        encode(&mut out).map_err(|error| match error {
            ImageError::IoError(error) => error,
            error => io::Error::other(error),
        })?;
        out.flush()?;
        drop(out);
        whole.finish()
    }
}

/// `encoder`, whose picture a later search will skip.
fn marked<E: ImageEncoder>(mut encoder: E) -> Result<E, ImageError> {
    encoder
        .set_exif_metadata(mark_exif())
        .map_err(ImageError::Unsupported)?;
    Ok(encoder)
}

/// The place of a picture of `photo`: the photo's path repeated below `folder`, `..` as `__`, and `suffix` after it.
fn picture_path(folder: &Path, photo: &Path, suffix: &str) -> PathBuf {
    let mut target = folder.to_owned();
    for part in photo.components() {
        match part {
            Component::Normal(name) => target.push(name),
            Component::ParentDir => target.push("__"),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => {}
        }
    }
    let mut name: OsString = target.into_os_string();
    name.push(suffix);
    name.into()
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
        ] {
            let path = picture_path(Path::new("out"), Path::new(photo), ".face1.png");
            assert_eq!(path, Path::new(target), "{photo}");
        }
    }
}
