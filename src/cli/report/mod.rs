//! Results as text, JSON, JSON lines and CSV. Pure formatters: they turn records into bytes,
//! without pixels or decisions.
//!
//! One [`Report`] writes one run: records in the order of the photos, then the summary.
//! `docs/facematch-1.schema.json` describes the JSON formats.

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
pub(crate) use plot::{Curve, PLOT_TITLE, verification_plot};
pub(crate) use recognition::is_report;
pub(crate) use sorting::{SortChange, SortMethod, SortedPhoto};
pub(crate) use tags::TaggedFiles;
pub(crate) use text::{NOT_COMPARED, write_people, write_values};
pub(crate) use verification::PairsReport;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use facematch::engine::Encoding;
use facematch::geometry::{PixelBox, Point};
use facematch::matching::Identity;

use crate::cli::photo_error::PhotoError;
use crate::cli::progress::grouped;

/// Name of the JSON format that this version writes.
pub(crate) const SCHEMA: &str = "facematch/1";

/// Result for one photo.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PhotoRecord {
    pub(crate) photo: Photo,
    pub(crate) outcome: PhotoOutcome,
}

impl PhotoRecord {
    /// Returns the file that has the photo's names, if any.
    fn tagged_file(&self) -> Option<&TaggedFile> {
        match &self.outcome {
            PhotoOutcome::Tagged(file) => Some(file),
            _ => None,
        }
    }

    /// Returns the photo's places in folders of people.
    fn places(&self) -> &[SortedPhoto] {
        match &self.outcome {
            PhotoOutcome::Sorted(places) => places,
            _ => &[],
        }
    }
}

/// Result of a command for a photo, besides its faces.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum PhotoOutcome {
    #[default]
    Nothing,
    /// The file that has the photo's names.
    Tagged(TaggedFile),
    /// The photo's names as [tags of ExifTool](facematch_xmp::exiftool_tags).
    ExiftoolTags(serde_json::Map<String, serde_json::Value>),
    /// The photo's places in folders of people.
    Sorted(Vec<SortedPhoto>),
}

/// A photo with its faces.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Photo {
    /// Path of the photo as the user wrote it.
    pub(crate) path: PathBuf,
    /// Width of the photo as displayed, in pixels.
    pub(crate) width: u32,
    /// Height of the photo as displayed, in pixels.
    pub(crate) height: u32,
    /// EXIF orientation, 1 to 8.
    pub(crate) orientation: u8,
    /// `true` for the preview in a raw file that is narrower than twice the working copy.
    pub(crate) is_small_preview: bool,
    /// Faces from left to right.
    pub(crate) faces: Vec<FaceRecord>,
}

/// Kind of file that has a photo's names.
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
    /// Kind of the file.
    pub(crate) place: TagPlace,
    /// Path of the file.
    pub(crate) path: PathBuf,
    /// Change to be made to the file.
    pub(crate) change: TagChange,
    /// `true` if the change was made, `false` in a dry run.
    pub(crate) done: bool,
}

/// Change to a file that has names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TagChange {
    /// The file is created.
    Create,
    /// Names are added to the file or removed from it.
    Change,
    /// The file stays as it is.
    Keep,
    /// The file is removed, because nothing is left in it.
    Remove,
}

impl TagChange {
    /// Returns the word used in reports.
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
    /// Box of the face, in pixels of the photo as displayed.
    pub(crate) bounds: PixelBox,
    /// Confidence of the detector, if the engine reports one.
    pub(crate) score: Option<f32>,
    /// How well the face can be encoded, from 0 to 1.
    pub(crate) quality: f32,
    /// Result of the search.
    pub(crate) finding: Finding,
    /// Encoding, if it is to be reported. Only the JSON formats have it.
    pub(crate) encoding: Option<Encoding>,
}

/// Result of a command for a face.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Finding {
    Identity {
        identity: Identity,
        /// Share of strangers, 0 to 1, who would be as near to any known person as the face
        /// is to its person, or to the nearest one. `None` if it was not compared.
        stranger_rate: Option<f64>,
    },
    /// Landmarks, in the order of the model's names.
    Landmarks(Vec<Point>),
}

/// Subject of the search in a run, which decides the columns of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Known people.
    People {
        /// Number of candidates listed for each face. Ambiguous faces may have more.
        candidates: usize,
        /// Number of known people.
        people: usize,
    },
    /// Known people, whose names are written into files.
    Tags(TagPlace),
    /// Known people, whose folders the photos are put into.
    Places,
    /// Landmarks with these names.
    Landmarks(&'static [&'static str]),
}

/// Summary of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Summary {
    /// Number of photos that were searched.
    pub(crate) images: usize,
    /// Number of faces found in them.
    pub(crate) faces: usize,
    /// Results of comparing the faces with known people, if they were compared.
    pub(crate) matching: Option<MatchingSummary>,
    /// Number of inputs that failed.
    pub(crate) errors: usize,
    /// Number of photos that were skipped, by extension.
    pub(crate) skipped: BTreeMap<String, usize>,
    pub(crate) engine: &'static str,
    pub(crate) detector: &'static str,
}

/// Results of comparing faces with known people.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MatchingSummary {
    /// Number of faces that match a known person.
    pub(crate) matched: usize,
    /// Number of faces that are equally near to several known people.
    pub(crate) ambiguous: usize,
    /// Number of faces that match no known person.
    pub(crate) unknown: usize,
    /// Number of those that were not compared.
    pub(crate) not_compared: usize,
    /// Number of known people.
    pub(crate) known_people: usize,
    /// Largest distance of a match.
    pub(crate) threshold: f32,
    /// Option that names fewer strangers, unless a warning has given this advice.
    pub(crate) stricter: Option<&'static str>,
    /// Expected share of strangers that are given a name, 0 to 1.
    pub(crate) strangers_named: f64,
}

/// Writer of the results of one run.
pub(crate) trait Report {
    /// Writes one photo whose faces were found.
    ///
    /// # Errors
    /// An I/O error if the output cannot be written.
    fn photo(&mut self, record: &PhotoRecord) -> io::Result<()>;

    /// Writes one input that failed. Text formats leave this to standard error.
    ///
    /// # Errors
    /// An I/O error if the output cannot be written.
    fn error(&mut self, path: &Path, error: &PhotoError) -> io::Result<()>;

    /// Writes the end of the run.
    ///
    /// # Errors
    /// An I/O error if the output cannot be written.
    fn finish(&mut self, summary: &Summary) -> io::Result<()>;
}

/// Format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// One line per face.
    Text,
    /// One JSON array of all records.
    Json,
    /// One JSON object per line.
    Ndjson,
    /// RFC 4180 with a header and one row per face.
    Csv,
    /// One JSON array of the photos whose names are to be written, in the format that
    /// `exiftool -json=FILE` reads.
    ExiftoolJson,
}

/// Appearance of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextStyle {
    /// `true` if names are coloured, for a terminal.
    pub(crate) colored: bool,
    /// Separation of the fields of a line.
    pub(crate) layout: Layout,
    /// `true` if a line says how many strangers would be as near.
    pub(crate) with_rates: bool,
}

/// Begins a report in this format about `subject`, written to `out` and flushed after each record.
/// `style` applies to text.
///
/// # Errors
/// An I/O error if the beginning of the document cannot be written.
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

/// Rounds to `decimals` places, without a minus sign before zero.
fn rounded(value: f64, decimals: i32) -> f64 {
    let factor = 10_f64.powi(decimals);
    (value * factor).round() / factor + 0.0
}

/// Rates of strangers below 1 in this number are not distinguished: they were measured on about as
/// many pairs.
const FEWEST_STRANGERS: f64 = 1e6;

/// Returns a rate of strangers in words, with two digits: "1 in 79 strangers". It is an estimate.
pub(crate) fn strangers_in_words(rate: f64) -> String {
    let one_in = 1.0 / rate;
    let unit = 10_f64.powf(one_in.log10().floor() - 1.0).max(1.0);
    let one_in = (one_in / unit).round() * unit;
    match one_in {
        _ if rate > 2.0 / 3.0 => "most strangers".to_owned(),
        _ if one_in <= FEWEST_STRANGERS => format!("1 in {} strangers", grouped(one_in as usize)),
        _ => format!(
            "fewer than 1 in {} strangers",
            grouped(FEWEST_STRANGERS as usize)
        ),
    }
}

/// Rounds a rate to six decimals. A smaller rate than that is not 0, which would be a promise.
fn rounded_rate(rate: f64) -> f64 {
    rounded(rate, 6).max(1.0 / FEWEST_STRANGERS)
}

/// Returns the bytes of a path in base64 if they are not UTF-8.
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
