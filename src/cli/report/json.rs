//! JSON: one array of records, or one record per line. Keys have a fixed order and every number is
//! finite.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use facematch::engine::Encoding;
use facematch::gallery::Candidate;
use facematch::geometry::{PixelBox, Point};
use facematch::matching::Identity;
use serde::ser::{SerializeMap, Serializer};
use serde::{Serialize, ser};

use super::{
    FaceRecord, Finding, PhotoRecord, Report, SCHEMA, SortedPhoto, Subject, Summary, TagPlace,
    TaggedFile, path_bytes, rounded, rounded_rate,
};
use crate::cli::photo_error::PhotoError;

/// Text around the records. A newline must follow each record at once, because programs that read
/// lines wait for it.
pub(super) struct Frame {
    open: &'static str,
    between: &'static str,
    after: &'static str,
    close: &'static str,
}

pub(super) const DOCUMENT: Frame = Frame {
    open: "[\n",
    between: ",\n",
    after: "",
    close: "\n]\n",
};

const LINES: Frame = Frame {
    open: "",
    between: "",
    after: "\n",
    close: "",
};

/// Sequence of values in a frame.
pub(super) struct Records<W> {
    out: W,
    frame: Frame,
    count: usize,
}

impl<W: Write> Records<W> {
    pub(super) fn begin(mut out: W, frame: Frame) -> io::Result<Self> {
        out.write_all(frame.open.as_bytes())?;
        let count = 0;
        Ok(Self { out, frame, count })
    }

    pub(super) fn add(&mut self, record: &impl Serialize) -> io::Result<()> {
        if self.count > 0 {
            self.out.write_all(self.frame.between.as_bytes())?;
        }
        self.count += 1;
        serde_json::to_writer(&mut self.out, record)?;
        self.out.write_all(self.frame.after.as_bytes())?;
        self.out.flush()
    }

    pub(super) fn end(&mut self) -> io::Result<()> {
        self.out.write_all(self.frame.close.as_bytes())?;
        self.out.flush()
    }
}

pub(super) struct JsonReport<W> {
    records: Records<W>,
    subject: Subject,
}

impl<W: Write> JsonReport<W> {
    /// Begins one array of all records.
    pub(super) fn document(out: W, subject: Subject) -> io::Result<Self> {
        let records = Records::begin(out, DOCUMENT)?;
        Ok(Self { records, subject })
    }

    /// Begins a document with one record per line.
    pub(super) fn lines(out: W, subject: Subject) -> io::Result<Self> {
        let records = Records::begin(out, LINES)?;
        Ok(Self { records, subject })
    }
}

impl<W: Write> Report for JsonReport<W> {
    fn photo(&mut self, record: &PhotoRecord) -> io::Result<()> {
        let photo = &record.photo;
        let names = match self.subject {
            Subject::Landmarks(names) => names,
            Subject::People { .. } | Subject::Tags(_) | Subject::Places => &[],
        };
        self.records.add(&ImageJson {
            r#type: "image",
            schema: SCHEMA,
            path: photo.path.to_string_lossy().as_ref(),
            path_bytes: path_bytes(&photo.path),
            width: photo.width,
            height: photo.height,
            orientation: photo.orientation,
            preview: photo.is_small_preview,
            faces: photo
                .faces
                .iter()
                .map(|f| FaceJson::new(f, names))
                .collect(),
            sidecar: tagged_file(record, TagPlace::Sidecar).map(SidecarJson::new),
            embedded: tagged_file(record, TagPlace::Photo).map(EmbeddedJson::new),
            sorted: record.places().iter().map(SortedJson::new).collect(),
        })
    }

    fn error(&mut self, path: &Path, error: &PhotoError) -> io::Result<()> {
        self.records.add(&ErrorJson {
            r#type: "error",
            schema: SCHEMA,
            path: path.to_string_lossy().as_ref(),
            path_bytes: path_bytes(path),
            kind: error.kind(),
            message: error.to_string(),
        })
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        self.records.add(&SummaryJson::new(summary))?;
        self.records.end()
    }
}

#[derive(Serialize)]
struct ImageJson<'a> {
    r#type: &'static str,
    schema: &'static str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    width: u32,
    height: u32,
    orientation: u8,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    preview: bool,
    faces: Vec<FaceJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sidecar: Option<SidecarJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedded: Option<EmbeddedJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sorted: Vec<SortedJson<'a>>,
}

/// Returns the file at `place` that has the photo's names.
fn tagged_file(record: &PhotoRecord, place: TagPlace) -> Option<&TaggedFile> {
    record.tagged_file().filter(|file| file.place == place)
}

#[derive(Serialize)]
struct SidecarJson {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    change: &'static str,
    done: bool,
}

impl SidecarJson {
    fn new(sidecar: &TaggedFile) -> Self {
        Self {
            path: sidecar.path.to_string_lossy().into_owned(),
            path_bytes: path_bytes(&sidecar.path),
            change: sidecar.change.name(),
            done: sidecar.done,
        }
    }
}

/// A photo with embedded names. It has no path, because the file is the photo.
#[derive(Serialize)]
struct EmbeddedJson {
    change: &'static str,
    done: bool,
}

impl EmbeddedJson {
    fn new(file: &TaggedFile) -> Self {
        Self {
            change: file.change.name(),
            done: file.done,
        }
    }
}

#[derive(Serialize)]
struct SortedJson<'a> {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    person: Option<&'a str>,
    by: &'static str,
    change: &'static str,
    done: bool,
}

impl<'a> SortedJson<'a> {
    fn new(place: &'a SortedPhoto) -> Self {
        Self {
            path: place.path.to_string_lossy().into_owned(),
            path_bytes: path_bytes(&place.path),
            person: place.person.as_deref(),
            by: place.method.name(),
            change: place.change.name(),
            done: place.done,
        }
    }
}

#[derive(Serialize)]
struct ErrorJson<'a> {
    r#type: &'static str,
    schema: &'static str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    kind: &'static str,
    message: String,
}

/// Number of skipped photos with an extension.
#[derive(Serialize)]
pub(super) struct SkippedJson<'a> {
    extension: &'a str,
    count: usize,
}

/// Returns a list and not an object of numbers, so that its type does not depend on the extensions.
pub(super) fn skipped_json(skipped: &BTreeMap<String, usize>) -> Vec<SkippedJson<'_>> {
    let kinds = skipped.iter();
    kinds
        .map(|(extension, &count)| SkippedJson { extension, count })
        .collect()
}

#[derive(Serialize)]
struct SummaryJson<'a> {
    r#type: &'static str,
    schema: &'static str,
    image_count: usize,
    face_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    matched: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ambiguous: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_compared: Option<usize>,
    errors: usize,
    skipped: Vec<SkippedJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    known_people: Option<usize>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "optional_six_decimals"
    )]
    threshold: Option<f32>,
    engine: &'static str,
    detector: &'static str,
}

impl<'a> SummaryJson<'a> {
    fn new(summary: &'a Summary) -> Self {
        let matching = summary.matching.as_ref();
        Self {
            r#type: "summary",
            schema: SCHEMA,
            image_count: summary.images,
            face_count: summary.faces,
            matched: matching.map(|m| m.matched),
            ambiguous: matching.map(|m| m.ambiguous),
            unknown: matching.map(|m| m.unknown),
            not_compared: matching.map(|m| m.not_compared),
            errors: summary.errors,
            skipped: skipped_json(&summary.skipped),
            known_people: matching.map(|m| m.known_people),
            threshold: matching.map(|m| m.threshold),
            engine: summary.engine,
            detector: summary.detector,
        }
    }
}

#[derive(Serialize)]
struct FaceJson<'a> {
    r#box: PixelBox,
    #[serde(serialize_with = "optional_six_decimals")]
    score: Option<f32>,
    #[serde(serialize_with = "six_decimals")]
    quality: f32,
    #[serde(flatten)]
    finding: FindingJson<'a>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "optional_numbers"
    )]
    encoding: Option<&'a Encoding>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum FindingJson<'a> {
    Identity {
        outcome: &'static str,
        name: Option<&'a str>,
        #[serde(serialize_with = "optional_six_decimals")]
        distance: Option<f32>,
        stranger_rate: Option<f64>,
        candidates: Vec<CandidateJson<'a>>,
    },
    Landmarks {
        landmarks: NamedPoints<'a>,
    },
}

impl<'a> FaceJson<'a> {
    fn new(face: &'a FaceRecord, names: &'a [&'a str]) -> Self {
        Self {
            r#box: face.bounds,
            score: face.score,
            quality: face.quality,
            finding: match &face.finding {
                Finding::Identity {
                    identity,
                    stranger_rate,
                } => FindingJson::identity(identity, *stranger_rate),
                Finding::Landmarks(points) => FindingJson::Landmarks {
                    landmarks: NamedPoints { names, points },
                },
            },
            encoding: face.encoding.as_ref(),
        }
    }
}

impl<'a> FindingJson<'a> {
    fn identity(identity: &'a Identity, stranger_rate: Option<f64>) -> Self {
        Self::Identity {
            outcome: identity.outcome.name(),
            name: identity.name(),
            distance: identity.distance(),
            stranger_rate: stranger_rate.map(rounded_rate),
            candidates: identity.candidates.iter().map(CandidateJson::new).collect(),
        }
    }
}

#[derive(Serialize)]
struct CandidateJson<'a> {
    name: &'a str,
    #[serde(serialize_with = "six_decimals")]
    distance: f32,
    source: String,
}

impl<'a> CandidateJson<'a> {
    fn new(candidate: &'a Candidate) -> Self {
        Self {
            name: &candidate.name,
            distance: candidate.distance,
            source: candidate.source.to_string_lossy().into_owned(),
        }
    }
}

/// Landmarks as one object, `{"nose_base":{"x":1.0,"y":2.0}}`, in the order of the model.
struct NamedPoints<'a> {
    names: &'a [&'a str],
    points: &'a [Point],
}

impl Serialize for NamedPoints<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct PointJson {
            x: f64,
            y: f64,
        }
        let mut map = serializer.serialize_map(Some(self.points.len()))?;
        for (name, point) in self.names.iter().zip(self.points) {
            let (x, y) = (rounded(point.x, 1), rounded(point.y, 1));
            map.serialize_entry(name, &PointJson { x, y })?;
        }
        map.end()
    }
}

/// Serializes six decimals: enough to decide again with another threshold, and the same digits on
/// every machine.
fn six_decimals<S: Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    if !value.is_finite() {
        return Err(ser::Error::custom("a number is not finite"));
    }
    serializer.serialize_f64(rounded(f64::from(*value), 6))
}

fn optional_six_decimals<S: Serializer>(
    value: &Option<f32>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => six_decimals(value, serializer),
        None => serializer.serialize_none(),
    }
}

/// Serializes all numbers, each with enough digits to distinguish it from every other `f32`.
fn optional_numbers<S: Serializer>(
    encoding: &Option<&Encoding>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let numbers = encoding.map(Encoding::values);
    if numbers.is_some_and(|numbers| numbers.iter().any(|number| !number.is_finite())) {
        return Err(ser::Error::custom("a number is not finite"));
    }
    numbers.serialize(serializer)
}

#[cfg(test)]
mod tests;
