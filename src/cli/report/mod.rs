//! Results as text, JSON, JSON lines and CSV. Pure formatters: records in, bytes out; no pixels and no decisions.
//!
//! One [`Report`] writes one run: records in the order of the photos, then the summary. The JSON forms are described by
//! `docs/facematch-1.schema.json`.

mod checking;
mod columns;
mod csv;
mod exiftool_json;
mod figures;
mod identification;
mod json;
mod plot;
mod recognition;
mod sorting;
mod tags;
mod text;
mod verification;

pub(crate) use checking::{CheckReport, CheckedSource};
pub(crate) use columns::{Columns, Layout};
pub(crate) use identification::IdentificationReport;
pub(crate) use plot::{PLOT_TITLE, verification_plot};
pub(crate) use recognition::is_report;
pub(crate) use sorting::{SortChange, SortMethod, SortedPhoto};
pub(crate) use tags::TaggedFiles;
pub(crate) use text::{write_people, write_values};
pub(crate) use verification::PairsReport;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use facematch::engine::Encoding;
use facematch::geometry::{PixelBox, Point};
use facematch::matching::Identity;

use crate::cli::photo_error::PhotoError;

/// The name of the JSON form that this version writes.
pub(crate) const SCHEMA: &str = "facematch/1";

/// The result of one photo.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PhotoRecord {
    pub(crate) photo: Photo,
    pub(crate) outcome: PhotoOutcome,
}

impl PhotoRecord {
    /// The file that has the photo's names, if one does.
    fn tagged_file(&self) -> Option<&TaggedFile> {
        match &self.outcome {
            PhotoOutcome::Tagged(file) => Some(file),
            _ => None,
        }
    }

    /// The photo's places in folders by person.
    fn places(&self) -> &[SortedPhoto] {
        match &self.outcome {
            PhotoOutcome::Sorted(places) => places,
            _ => &[],
        }
    }
}

/// What a command did with a photo, besides finding its faces.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum PhotoOutcome {
    #[default]
    Nothing,
    /// This file has its names.
    Tagged(TaggedFile),
    /// Its names are reported as [tags of ExifTool](facematch_xmp::exiftool_tags).
    ExiftoolTags(serde_json::Map<String, serde_json::Value>),
    /// It has these places in folders by person.
    Sorted(Vec<SortedPhoto>),
}

/// A photo with its faces.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Photo {
    /// Where it is, as the user wrote it.
    pub(crate) path: PathBuf,
    /// Columns of the photo as displayed.
    pub(crate) width: u32,
    /// Rows of the photo as displayed.
    pub(crate) height: u32,
    /// EXIF orientation, 1 to 8.
    pub(crate) orientation: u8,
    /// Its faces from left to right.
    pub(crate) faces: Vec<FaceRecord>,
}

/// Which file has a photo's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TagPlace {
    /// An XMP sidecar.
    Sidecar,
    /// The photo itself.
    Photo,
}

/// A file that has a photo's names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaggedFile {
    /// Which of them it is.
    pub(crate) place: TagPlace,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What is to be done with it.
    pub(crate) change: TagChange,
    /// Whether that was done: not in a dry run.
    pub(crate) done: bool,
}

/// What is done with a file that has names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TagChange {
    /// There was none.
    Create,
    /// Something is added to it, or taken away.
    Change,
    /// It stays as it is.
    Keep,
    /// Nothing is left of it.
    Remove,
}

impl TagChange {
    /// The word in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Keep => "keep",
            Self::Remove => "remove",
        }
    }
}

/// A face in a photo.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FaceRecord {
    /// Where it is, in pixels of the photo as displayed.
    pub(crate) bounds: PixelBox,
    /// How sure the detector is, where the engine tells.
    pub(crate) score: Option<f32>,
    /// What was looked for.
    pub(crate) finding: Finding,
    /// Its encoding, where it is to be reported. The JSON forms alone have it.
    pub(crate) encoding: Option<Encoding>,
}

/// What a command finds out about a face.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Finding {
    /// Who it is.
    Identity(Identity),
    /// Its landmarks, in the order of the model's names.
    Landmarks(Vec<Point>),
}

/// What a run's faces are searched for: it decides the columns of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Known people.
    People {
        /// So many candidates are listed for each face, and more where it is in doubt who it is.
        candidates: usize,
        /// How many people are known.
        people: usize,
    },
    /// Known people, whose names are written into files.
    Tags(TagPlace),
    /// Known people, into whose folders the photos come.
    Places,
    /// Landmarks of these names.
    Landmarks(&'static [&'static str]),
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Summary {
    /// Photos that were searched.
    pub(crate) images: usize,
    /// Faces found in them.
    pub(crate) faces: usize,
    /// What came of comparing them with known people, when they were.
    pub(crate) matching: Option<MatchingSummary>,
    /// Inputs that failed.
    pub(crate) errors: usize,
    /// Photos that were not searched, by their extension.
    pub(crate) skipped: BTreeMap<String, usize>,
    /// The engine's name.
    pub(crate) engine: &'static str,
    /// The detector's name.
    pub(crate) detector: &'static str,
}

/// What came of comparing faces with known people.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MatchingSummary {
    /// Faces that are somebody known.
    pub(crate) matched: usize,
    /// Faces that are as near to several known people.
    pub(crate) ambiguous: usize,
    /// Faces that are nobody known.
    pub(crate) unknown: usize,
    /// Number of known people.
    pub(crate) known_people: usize,
    /// The largest distance of a match.
    pub(crate) threshold: f32,
    /// The part of strangers, 0 to 1, that are expected to get a name.
    pub(crate) strangers_named: f64,
}

/// Writes the results of one run.
pub(crate) trait Report {
    /// One photo whose faces were found.
    ///
    /// # Errors
    /// When the output cannot be written.
    fn photo(&mut self, record: &PhotoRecord) -> io::Result<()>;

    /// One input that failed. Formats for people leave that to the error stream.
    ///
    /// # Errors
    /// When the output cannot be written.
    fn error(&mut self, path: &Path, error: &PhotoError) -> io::Result<()>;

    /// The end of the run.
    ///
    /// # Errors
    /// When the output cannot be written.
    fn finish(&mut self, summary: &Summary) -> io::Result<()>;
}

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// One line per face.
    Text,
    /// One JSON array of all records.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// RFC 4180 with a header, one row per face.
    Csv,
    /// One JSON array of the photos whose names are to be written, as `exiftool -json=FILE` reads it.
    ExiftoolJson,
}

/// How text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextStyle {
    /// Whether names are coloured, for a terminal.
    pub(crate) colored: bool,
    /// How the fields of a line are separated.
    pub(crate) layout: Layout,
}

/// A report of the given form about `subject`, written to `out` and flushed after each record. Text
/// has the given style.
///
/// # Errors
/// When the beginning of the document cannot be written.
pub(crate) fn new<'w>(
    format: Format,
    style: TextStyle,
    subject: Subject,
    out: Box<dyn Write + 'w>,
) -> io::Result<Box<dyn Report + 'w>> {
    Ok(match format {
        Format::Text => match subject {
            Subject::Tags(_) => Box::new(TaggedFiles::new(out, style)),
            Subject::Places => Box::new(sorting::SortingReport::new(out, style)),
            _ => Box::new(text::TextReport::new(out, subject, style)),
        },
        Format::Json => Box::new(json::JsonReport::document(out, subject)?),
        Format::Ndjson => Box::new(json::JsonReport::lines(out, subject)?),
        Format::ExiftoolJson => Box::new(exiftool_json::ExiftoolReport::new(out)?),
        Format::Csv => Box::new(csv::CsvReport::new(out, subject)?),
    })
}

/// Rounded to `decimals` places, without a minus sign before zero.
fn rounded(value: f64, decimals: i32) -> f64 {
    let factor = 10_f64.powi(decimals);
    (value * factor).round() / factor + 0.0
}

/// The bytes of a path, in base64, where they are not UTF-8.
fn path_bytes(path: &Path) -> Option<String> {
    use base64::Engine as _;
    match path.to_str() {
        Some(_) => None,
        None => Some(
            base64::engine::general_purpose::STANDARD.encode(path.as_os_str().as_encoded_bytes()),
        ),
    }
}

#[cfg(test)]
mod test_records;
