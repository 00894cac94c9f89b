//! JSON for ExifTool to import. Input: photos with their tags. Output: one array.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::json::{DOCUMENT, Records};
use super::{PhotoOutcome, PhotoRecord, Report, Summary};
use crate::cli::photo_error::PhotoError;

/// Report in the format that `exiftool -json=FILE` reads: one array with an object of tags for each
/// photo whose names are to be written.
pub(super) struct ExiftoolReport<W>(Records<W>);

impl<W: Write> ExiftoolReport<W> {
    pub(super) fn new(out: W) -> io::Result<Self> {
        Records::begin(out, DOCUMENT).map(Self)
    }
}

impl<W: Write> Report for ExiftoolReport<W> {
    fn photo(&mut self, record: &PhotoRecord) -> io::Result<()> {
        let PhotoOutcome::ExiftoolTags(tags) = &record.outcome else {
            return Ok(());
        };
        self.0.add(&ExiftoolJson {
            path: record.photo.path.to_string_lossy().as_ref(),
            tags,
        })
    }

    fn error(&mut self, _path: &Path, _error: &PhotoError) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, _summary: &Summary) -> io::Result<()> {
        self.0.end()
    }
}

#[derive(Serialize)]
struct ExiftoolJson<'a> {
    #[serde(rename = "SourceFile")]
    path: &'a str,
    #[serde(flatten)]
    tags: &'a serde_json::Map<String, serde_json::Value>,
}
