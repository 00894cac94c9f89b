//! CSV according to RFC 4180: a header, one row per face, CRLF, and quotes only where they are
//! required.
//!
//! Each photo without faces and each input that failed has one row too, with the outcome `no_faces`
//! or `error`, so that the table contains every input.

use std::io::{self, Write};
use std::path::Path;

use facematch::matching::Identity;

use super::{
    FaceRecord, Finding, PhotoRecord, Report, SortedPhoto, Subject, Summary, TagPlace, TaggedFile,
    path_bytes, rounded, rounded_rate,
};
use crate::cli::photo_error::PhotoError;

pub(super) struct CsvReport<W: Write> {
    writer: csv::Writer<W>,
    subject: Subject,
    columns: usize,
}

/// Minimum number of candidates that have columns: an ambiguous face has at least two.
const LEAST_CANDIDATES: usize = 2;

/// Columns that every table has, before those of its subject.
pub(super) const COMMON: [&str; 13] = [
    "path",
    "path_bytes",
    "width",
    "height",
    "orientation",
    "face",
    "x",
    "y",
    "w",
    "h",
    "score",
    "quality",
    "outcome",
];

/// Columns of a face that is compared with known people.
const PERSON: [&str; 3] = ["name", "distance", "stranger_rate"];

impl<W: Write> CsvReport<W> {
    pub(super) fn new(out: W, subject: Subject) -> io::Result<Self> {
        let header = header(subject);
        let mut report = Self {
            writer: csv::WriterBuilder::new()
                .terminator(csv::Terminator::CRLF)
                .from_writer(out),
            subject,
            columns: header.len(),
        };
        report.row(header)?;
        Ok(report)
    }

    /// Writes a row, padded with empty fields.
    fn row(&mut self, mut fields: Vec<String>) -> io::Result<()> {
        fields.resize(self.columns, String::new());
        // The conversion of the `csv` crate would hide a closed pipe.
        self.writer
            .write_record(&fields)
            .map_err(|error| match error.into_kind() {
                csv::ErrorKind::Io(error) => error,
                kind => io::Error::other(format!("{kind:?}")),
            })?;
        self.writer.flush()
    }

    fn face(&self, face: &FaceRecord, number: usize) -> Vec<String> {
        let b = face.bounds;
        let mut fields = vec![number.to_string()];
        fields.extend([b.x, b.y, b.w, b.h].map(|n| n.to_string()));
        fields.push(face.score.map(six_decimals).unwrap_or_default());
        fields.push(six_decimals(face.quality));
        match &face.finding {
            Finding::Identity {
                identity,
                stranger_rate,
            } => self.identity(identity, *stranger_rate, &mut fields),
            Finding::Landmarks(points) => {
                fields.push("face".to_owned());
                for point in points {
                    fields.extend([point.x, point.y].map(|v| decimal(rounded(v, 1))));
                }
            }
        }
        fields
    }

    fn identity(&self, identity: &Identity, stranger_rate: Option<f64>, fields: &mut Vec<String>) {
        fields.push(identity.outcome.name().to_owned());
        fields.push(identity.name().unwrap_or_default().to_owned());
        fields.push(identity.distance().map(six_decimals).unwrap_or_default());
        let rate = stranger_rate.map(|rate| decimal(rounded_rate(rate)));
        fields.push(rate.unwrap_or_default());
        for candidate in identity.candidates.iter().take(candidates(self.subject)) {
            fields.push(candidate.name.as_ref().to_owned());
            fields.push(six_decimals(candidate.distance));
            fields.push(candidate.source.to_string_lossy().into_owned());
        }
    }
}

impl<W: Write> Report for CsvReport<W> {
    fn photo(&mut self, record: &PhotoRecord) -> io::Result<()> {
        let photo = &record.photo;
        let mut start = path_fields(&photo.path);
        start.extend([
            photo.width.to_string(),
            photo.height.to_string(),
            photo.orientation.to_string(),
        ]);
        if photo.faces.is_empty() {
            start.resize(COMMON.len() - 1, String::new());
            start.push("no_faces".to_owned());
            if let Some(place) = place_of(record, None) {
                start.resize(COMMON.len() + PERSON.len(), String::new());
                start.extend(place_fields(place));
            }
            return self.row(start);
        }
        for (i, face) in photo.faces.iter().enumerate() {
            let mut fields = start.clone();
            fields.extend(self.face(face, i + 1));
            fields.extend(record.tagged_file().into_iter().flat_map(tag_fields));
            if let Finding::Identity { identity, .. } = &face.finding {
                let place = place_of(record, identity.name());
                fields.extend(place.into_iter().flat_map(place_fields));
            }
            self.row(fields)?;
        }
        Ok(())
    }

    fn error(&mut self, path: &Path, error: &PhotoError) -> io::Result<()> {
        let mut fields = path_fields(path);
        fields.resize(COMMON.len() - 1, String::new());
        fields.push("error".to_owned());
        fields.resize(self.columns - 1, String::new());
        fields.push(error.to_string());
        self.row(fields)
    }

    fn finish(&mut self, _summary: &Summary) -> io::Result<()> {
        self.writer.flush()
    }
}

fn header(subject: Subject) -> Vec<String> {
    let mut columns: Vec<String> = COMMON.map(str::to_owned).into();
    match subject {
        Subject::People { .. } => {
            columns.extend(PERSON.map(str::to_owned));
            for rank in 1..=candidates(subject) {
                columns.extend(
                    ["name", "distance", "source"].map(|c| format!("candidate_{rank}_{c}")),
                );
            }
        }
        Subject::Tags(place) => {
            columns.extend(PERSON.map(str::to_owned));
            columns.extend(tag_columns(place).iter().map(|&column| column.to_owned()));
        }
        Subject::Places => {
            columns.extend(PERSON.map(str::to_owned));
            columns.extend(["sorted", "sorted_change", "sorted_done"].map(str::to_owned));
        }
        Subject::Landmarks(names) => {
            for name in names {
                columns.extend(["x", "y"].map(|axis| format!("{name}_{axis}")));
            }
        }
    }
    columns.push("error".to_owned());
    columns
}

/// Returns the number of candidates that have columns.
fn candidates(subject: Subject) -> usize {
    match subject {
        Subject::People { candidates, people } => candidates.max(LEAST_CANDIDATES).min(people),
        Subject::Tags(_) | Subject::Places | Subject::Landmarks(_) => 0,
    }
}

/// Returns the photo's place in the folder of `person`, or in that of unknown faces for `None`.
fn place_of<'a>(record: &'a PhotoRecord, person: Option<&str>) -> Option<&'a SortedPhoto> {
    let mut places = record.places().iter();
    places.find(|place| place.person.as_deref() == person)
}

fn place_fields(place: &SortedPhoto) -> [String; 3] {
    [
        place.path.to_string_lossy().into_owned(),
        place.change.name().to_owned(),
        place.done.to_string(),
    ]
}

fn tag_columns(place: TagPlace) -> &'static [&'static str] {
    match place {
        TagPlace::Sidecar => &["sidecar", "sidecar_change", "sidecar_done"],
        TagPlace::Photo => &["embedded_change", "embedded_done"],
    }
}

/// Returns the fields of [`tag_columns`].
fn tag_fields(file: &TaggedFile) -> Vec<String> {
    let mut fields = match file.place {
        TagPlace::Sidecar => vec![file.path.to_string_lossy().into_owned()],
        TagPlace::Photo => Vec::new(),
    };
    fields.extend([file.change.name().to_owned(), file.done.to_string()]);
    fields
}

fn path_fields(path: &Path) -> Vec<String> {
    vec![
        path.to_string_lossy().into_owned(),
        path_bytes(path).unwrap_or_default(),
    ]
}

fn six_decimals(value: f32) -> String {
    decimal(rounded(f64::from(value), 6))
}

/// Formats a number with a decimal point even if it is whole. Readers that infer a column of
/// integers from its first rows would refuse the fractions that follow.
fn decimal(value: f64) -> String {
    let digits = value.to_string();
    match digits.contains('.') {
        true => digits,
        false => digits + ".0",
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::cli::report::test_records;

    fn of_people(candidates: usize, people: usize) -> Subject {
        Subject::People { candidates, people }
    }

    #[test]
    fn one_row_a_face_and_one_for_every_other_input() {
        let mut out = Vec::new();
        let subject = of_people(1, 3);
        test_records::write_people(&mut CsvReport::new(&mut out, subject).unwrap());
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with("\r\n"));
        assert_snapshot!(text.replace("\r\n", "\n"), @r#"
        path,path_bytes,width,height,orientation,face,x,y,w,h,score,quality,outcome,name,distance,stranger_rate,candidate_1_name,candidate_1_distance,candidate_1_source,candidate_2_name,candidate_2_distance,candidate_2_source,error
        "unknown/two, people.jpg",,1126,661,6,1,236,49,166,167,1.93,0.8125,match,obama,0.336412,0.000055,obama,0.336412,known/obama.jpg,,,,
        "unknown/two, people.jpg",,1126,661,6,2,500,49,166,167,,0.8125,unknown,,0.75,0.075085,biden,0.75,known/biden.jpg,,,,
        unknown/broken.jpg,,,,,,,,,,,,error,,,,,,,,,,unknown/broken.jpg: cannot decode: the file is empty
        unknown/cat.jpg,,1126,661,6,,,,,,,,no_faces,,,,,,,,,,
        unknown/zoë.jpg,,1126,661,6,1,0,49,166,167,,0.8125,match,"Zoë ""Z"", jr.",0.0,0.000001,"Zoë ""Z"", jr.",0.0,"known/Zoë ""Z"", jr..jpg",,,,
        "#);
    }

    /// A writer that fails like a pipe whose reader has closed it.
    struct ClosedPipe;

    impl Write for ClosedPipe {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_told_as_such_by_rows_of_any_length() {
        for candidates in [1, 10_000] {
            let report = CsvReport::new(ClosedPipe, of_people(candidates, candidates));
            let error = report.err().map(|error| error.kind());
            assert_eq!(error, Some(io::ErrorKind::BrokenPipe));
        }
    }

    #[test]
    fn every_row_has_all_columns_whatever_the_number_of_candidates() {
        for (candidates, people, expected) in
            [(0, 3, 2), (1, 1, 1), (1, 3, 2), (3, 3, 3), (4, 9, 4)]
        {
            let mut out = Vec::new();
            let subject = of_people(candidates, people);
            test_records::write_people(&mut CsvReport::new(&mut out, subject).unwrap());
            let mut reader = csv::Reader::from_reader(out.as_slice());
            let header = reader.headers().unwrap().iter();
            let sources = header.filter(|column| column.ends_with("_source")).count();
            assert_eq!(sources, expected, "{candidates} of {people}");
            // The reader refuses rows of unequal length.
            assert_eq!(reader.into_records().map(Result::unwrap).count(), 5);
        }
    }

    #[test]
    fn landmarks_are_columns() {
        let mut out = Vec::new();
        let subject = Subject::Landmarks(test_records::LANDMARK_NAMES);
        test_records::write_landmarks(&mut CsvReport::new(&mut out, subject).unwrap());
        assert_snapshot!(String::from_utf8(out).unwrap().replace("\r\n", "\n"), @"
        path,path_bytes,width,height,orientation,face,x,y,w,h,score,quality,outcome,left_eye_x,left_eye_y,nose_x,nose_y,error
        a.jpg,,1126,661,6,1,236,49,166,167,1.5,0.8125,face,250.0,100.0,0.0,120.5,
        ");
    }
}
