//! A worker's processing of one photo, the same for all commands: it finds the faces, judges them
//! and writes their pictures.

use std::path::Path;

use facematch::Error;
use facematch::cache::FaceFinder;
use facematch::engine::FaceEngine;
use facematch::photo::{FoundFace, PhotoFaces, Stage, StageTimes};
use facematch_image_files::{decode_for_copy, decode_upright};

use crate::cli::drawing::{Marking, Tone};
use crate::cli::photo_error::PhotoError;
use crate::cli::pictures::Pictures;
use crate::cli::report::{FaceRecord, Finding, Photo};

/// Result of processing a photo.
pub(super) struct PhotoResult {
    pub(super) photo: Photo,
    pub(super) times: StageTimes,
    /// Error from writing the photo's pictures. The findings are valid even so.
    pub(super) picture_error: Option<PhotoError>,
}

/// Processing of each photo in a run.
pub(super) struct PhotoWork<'a> {
    pub(super) finder: &'a FaceFinder,
    pub(super) pictures: Pictures,
    /// True if the encodings are reported.
    pub(super) with_encodings: bool,
}

/// A command's judgement of a face, for the report and for the drawing.
pub(super) struct Judgement {
    pub(super) finding: Finding,
    pub(super) label: Option<String>,
    pub(super) tone: Tone,
}

impl PhotoWork<'_> {
    /// Processes the photo at `path`. `judge` returns a judgement of each of its faces.
    pub(super) fn result(
        &self,
        engine: &mut dyn FaceEngine,
        path: &Path,
        judge: impl Fn(&[FoundFace]) -> Vec<Judgement>,
    ) -> Result<PhotoResult, Error> {
        let PhotoFaces {
            original,
            faces,
            copy_width,
            mut copy,
            mut times,
        } = self.finder.find(path, engine)?;
        // A photo found in the cache was not decoded.
        if copy.is_none() && self.pictures.wants_crops() && !faces.is_empty() {
            let decoded = times.measure(Stage::Decode, || {
                let content = self.finder.content(path)?;
                Ok::<_, Error>(
                    decode_for_copy(path, &content, copy_width)?.upright_copy(path, copy_width)?,
                )
            });
            copy = Some(decoded?);
        }
        let judgements = times.measure(Stage::Match, || judge(&faces));
        let written = times.measure(Stage::Pictures, || {
            if let Some(copy) = &copy {
                self.pictures.write_crops(path, copy, &faces)?;
            }
            if faces.is_empty() || !self.pictures.wants_drawings() {
                return Ok(());
            }
            // The photo is read again: findings must not depend on whether they are drawn, and a
            // photo at full size is too large to keep in memory until now.
            let markings: Vec<_> = faces.iter().zip(&judgements).map(marking).collect();
            let photo = decode_upright(path, &self.finder.content(path)?)?;
            self.pictures.write_drawing(path, photo, &markings)
        });
        let faces = faces
            .iter()
            .zip(judgements)
            .map(|(found, judgement)| FaceRecord {
                bounds: found.face.bounds,
                score: found.face.score,
                quality: found.face.quality,
                finding: judgement.finding,
                encoding: found.face.encoding.clone().filter(|_| self.with_encodings),
            });
        Ok(PhotoResult {
            photo: Photo {
                path: path.to_owned(),
                width: original.size.0,
                height: original.size.1,
                orientation: original.orientation.exif(),
                is_small_preview: original.is_preview
                    && original.size.0 < copy_width.saturating_mul(2),
                faces: faces.collect(),
            },
            times,
            picture_error: written.err(),
        })
    }
}

fn marking((found, judgement): (&FoundFace, &Judgement)) -> Marking {
    Marking {
        bounds: found.face.bounds,
        landmarks: found.face.landmarks.clone(),
        label: judgement.label.clone(),
        tone: judgement.tone,
    }
}
