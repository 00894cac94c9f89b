//! The names of photos for ExifTool: what `exiftool -json=FILE` has to write so that a photo has them too.

use std::path::Path;

use facematch::image_files::embedded_xmp;
use facematch_xmp::{PhotoTags, exiftool_tags, with_tags};
use serde_json::{Map, Value};

use super::{TaggingRun, check_whole, refused};
use crate::cli::photo_error::PhotoError;

/// Makes the tags of photos for ExifTool.
pub(crate) struct ExiftoolTags(TaggingRun);

impl ExiftoolTags {
    pub(crate) fn new(run: &TaggingRun) -> Self {
        Self(run.clone())
    }

    /// The tags of `photo` with `tags` added to those inside of it; `None` when it has them all.
    pub(crate) fn of(
        &self,
        photo: &Path,
        tags: &PhotoTags,
    ) -> Result<Option<Map<String, Value>>, PhotoError> {
        if photo.to_str().is_none() {
            return Err(refused(
                photo,
                "its path is not UTF-8, which JSON cannot have",
            ));
        }
        let existing = embedded_xmp(photo)?;
        if let Some(existing) = &existing {
            check_whole(photo, existing)?;
        }
        let packet =
            with_tags(existing.as_deref(), tags, self.0.stamp()).map_err(|e| refused(photo, e))?;
        let tags = packet.map(|packet| exiftool_tags(&packet));
        tags.transpose().map_err(|e| refused(photo, e))
    }
}
