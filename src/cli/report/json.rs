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
    TaggedFile, path_bytes, rounded,
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
            finding: match &face.finding {
                Finding::Identity(identity) => FindingJson::identity(identity),
                Finding::Landmarks(points) => FindingJson::Landmarks {
                    landmarks: NamedPoints { names, points },
                },
            },
            encoding: face.encoding.as_ref(),
        }
    }
}

impl<'a> FindingJson<'a> {
    fn identity(identity: &'a Identity) -> Self {
        Self::Identity {
            outcome: identity.outcome.name(),
            name: identity.name(),
            distance: identity.distance(),
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
    numbers.map(<[f32; _]>::as_slice).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use facematch::engine::ENCODING_LEN;
    use facematch_image_files::ImageFileError;
    use insta::assert_snapshot;

    use super::*;
    use crate::cli::report::test_records;

    /// The newline of a photo was once written with the next photo, so readers of lines had to
    /// wait.
    #[test]
    fn a_line_ends_with_its_record() {
        let error = PhotoError::from(ImageFileError::UnknownFormat {
            path: "notes.txt".into(),
        });
        let people = Subject::People {
            candidates: 1,
            people: 1,
        };
        let mut report = JsonReport::lines(Vec::new(), people).unwrap();
        for number in 1..=3 {
            report.error(Path::new("notes.txt"), &error).unwrap();
            let told = String::from_utf8_lossy(&report.records.out);
            assert!(told.ends_with("}\n"), "{told}");
            assert_eq!(told.lines().count(), number);
        }
    }

    #[test]
    fn lines_hold_one_record_each() {
        let mut out = Vec::new();
        let people = Subject::People {
            candidates: 2,
            people: 3,
        };
        test_records::write_people(&mut JsonReport::lines(&mut out, people).unwrap());
        assert_snapshot!(String::from_utf8(out).unwrap(), @r#"
        {"type":"image","schema":"facematch/1","path":"unknown/two, people.jpg","width":1126,"height":661,"orientation":6,"faces":[{"box":{"x":236,"y":49,"w":166,"h":167},"score":1.93,"outcome":"match","name":"obama","distance":0.336412,"candidates":[{"name":"obama","distance":0.336412,"source":"known/obama.jpg"}]},{"box":{"x":500,"y":49,"w":166,"h":167},"score":null,"outcome":"unknown","name":null,"distance":0.75,"candidates":[{"name":"biden","distance":0.75,"source":"known/biden.jpg"}]}]}
        {"type":"error","schema":"facematch/1","path":"unknown/broken.jpg","kind":"decode","message":"unknown/broken.jpg: cannot decode: the file is empty"}
        {"type":"image","schema":"facematch/1","path":"unknown/cat.jpg","width":1126,"height":661,"orientation":6,"faces":[]}
        {"type":"image","schema":"facematch/1","path":"unknown/zoë.jpg","width":1126,"height":661,"orientation":6,"faces":[{"box":{"x":0,"y":49,"w":166,"h":167},"score":null,"outcome":"match","name":"Zoë \"Z\", jr.","distance":0.0,"candidates":[{"name":"Zoë \"Z\", jr.","distance":0.0,"source":"known/Zoë \"Z\", jr..jpg"}]}]}
        {"type":"summary","schema":"facematch/1","image_count":3,"face_count":3,"matched":2,"ambiguous":0,"unknown":1,"errors":1,"skipped":[{"extension":"heic","count":2},{"extension":"nef","count":1}],"known_people":3,"threshold":0.6,"engine":"fake","detector":"hog"}
        "#);
    }

    #[test]
    fn a_document_is_one_array_of_the_same_records() {
        let subject = Subject::Landmarks(test_records::LANDMARK_NAMES);
        let (mut document, mut lines) = (Vec::new(), Vec::new());
        test_records::write_landmarks(&mut JsonReport::document(&mut document, subject).unwrap());
        test_records::write_landmarks(&mut JsonReport::lines(&mut lines, subject).unwrap());
        let document: Vec<serde_json::Value> = serde_json::from_slice(&document).unwrap();
        let lines: Vec<serde_json::Value> = String::from_utf8(lines)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(document, lines);
        assert_snapshot!(serde_json::to_string(&lines[0]).unwrap(), @r#"{"faces":[{"box":{"h":167,"w":166,"x":236,"y":49},"landmarks":{"left_eye":{"x":250.0,"y":100.0},"nose":{"x":0.0,"y":120.5}},"score":1.5}],"height":661,"orientation":6,"path":"a.jpg","schema":"facematch/1","type":"image","width":1126}"#);
    }

    #[test]
    fn an_encoding_comes_out_to_the_last_bit() {
        let mut numbers = [0.1_f32; ENCODING_LEN];
        numbers[1] = -1.0 / 3.0;
        numbers[2] = 1e-9;
        let encoding = Encoding::new(numbers);
        let json = optional_numbers(&Some(&encoding), serde_json::value::Serializer).unwrap();
        let found: Vec<f32> = serde_json::from_str(&json.to_string()).unwrap();
        assert_eq!(found, numbers);
        let foreign = Encoding::new([f32::NAN; ENCODING_LEN]);
        assert!(optional_numbers(&Some(&foreign), serde_json::value::Serializer).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_not_utf_8_keeps_its_bytes() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"caf\xe9.jpg"));
        assert_eq!(path_bytes(path).as_deref(), Some("Y2Fm6S5qcGc="));
        assert_eq!(path_bytes(Path::new("café.jpg")), None);
    }
}
