//! Names of photos for ExifTool: the tags that `exiftool -json=FILE` has to write into each photo.

use std::path::Path;

use facematch_image_files::embedded_xmp;
use facematch_xmp::{PhotoTags, exiftool_tags, with_tags};
use serde_json::{Map, Value};

use super::{TaggingRun, check_whole, refused};
use crate::cli::photo_error::PhotoError;

/// Creates the tags of photos for ExifTool.
pub(crate) struct ExiftoolTags(TaggingRun);

impl ExiftoolTags {
    pub(crate) fn new(run: &TaggingRun) -> Self {
        Self(run.clone())
    }

    /// Returns the tags inside `photo` with `tags` added, or `None` if the photo already has all of
    /// them.
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
