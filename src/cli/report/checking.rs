//! Reports of `facematch check`, as lines or as JSON.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::columns::{Field, Layout, Lines};
use super::json::{SkippedJson, skipped_json};
use super::{path_bytes, rounded};
use crate::cli::checking::{
    AutomaticThreshold, Check, ClosePeople, ErrorRates, Finding, Near, PhotoOf, Separation,
};

/// Name and version of the JSON format, which docs/facematch-check-1.schema.json describes.
const SCHEMA: &str = "facematch-check/1";

/// Maximum number of pairs of close people that have a line, as many as a user may read. JSON has
/// more.
const MOST_LINES_OF_PEOPLE: usize = 100;

/// A check of known people, with their source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CheckReport<'a> {
    /// Folder or gallery file.
    pub(crate) known: &'a Path,
    /// Kind of `known`, which decides what can be reported.
    pub(crate) source: CheckedSource,
    /// Number of photos that were skipped, by extension.
    pub(crate) skipped: &'a BTreeMap<String, usize>,
    /// Result of the check.
    pub(crate) check: &'a Check,
    /// Threshold of `--threshold auto`.
    pub(crate) automatic: AutomaticThreshold,
}

/// Kind of source that was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckedSource {
    /// Photos, which were searched for the check.
    Photos,
    /// A gallery file. It has no data on photos without a face or with several, nor on equal files,
    /// so these are not reported.
    Gallery,
}

impl CheckedSource {
    /// Returns the word used in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Photos => "photos",
            Self::Gallery => "gallery",
        }
    }
}

impl CheckReport<'_> {
    /// Writes one line per finding, with the fields path, kind, person and what to do, then one
    /// line each about the best threshold and the automatic one. Only the nearest 100 pairs of
    /// close people have a line.
    ///
    /// # Errors
    /// An I/O error if `out` cannot be written.
    pub(crate) fn write_text(&self, layout: Layout, out: &mut dyn Write) -> io::Result<()> {
        let is_close = |finding: &&Finding| matches!(finding, Finding::ClosePeople { .. });
        let close = self.check.findings.iter().filter(is_close).count();
        let mut lines = Vec::new();
        let mut lines_of_people = 0;
        for finding in &self.check.findings {
            if is_close(&finding) {
                lines_of_people += 1;
            }
            if !is_close(&finding) || lines_of_people <= MOST_LINES_OF_PEOPLE {
                let path = finding.photos().first().map_or(self.known, |p| &p.path);
                let kind = finding.kind().replace('_', " ");
                let people = finding.people().join(", ");
                lines.push(line(path, [&kind, &people, &finding.advice()]));
            }
        }
        let more = close.saturating_sub(MOST_LINES_OF_PEOPLE) + self.check.unlisted_close_people;
        if more > 0 {
            let words = format!("{more} more pairs of people; a lower --threshold leaves fewer");
            lines.push(line(self.known, ["close people", "", &words]));
        }
        let words = separation_in_words(&self.check.separation);
        let best = self.check.separation.best;
        let threshold = best.map_or_else(|| "-".to_owned(), |b| format!("{:.3}", b.threshold));
        lines.push(line(self.known, ["best threshold", &threshold, &words]));
        let threshold = format!("{:.3}", self.automatic.chosen);
        let words = automatic_in_words(self.automatic);
        lines.push(line(
            self.known,
            ["automatic threshold", &threshold, &words],
        ));
        Lines::new(layout, &[]).write_all(out, &lines)
    }

    /// Writes the report as a JSON object.
    ///
    /// # Errors
    /// An I/O error if `out` cannot be written.
    pub(crate) fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let check = self.check;
        let json = CheckJson {
            r#type: "check",
            schema: SCHEMA,
            known: self.known.to_string_lossy().into_owned(),
            known_bytes: path_bytes(self.known),
            source: self.source.name(),
            threshold: six_decimals(check.threshold.value()),
            image_count: check.photos,
            face_count: check.faces,
            person_count: check.people,
            skipped: skipped_json(self.skipped),
            findings: check.findings.iter().map(FindingJson::new).collect(),
            unlisted_close_people: check.unlisted_close_people,
            separation: SeparationJson::new(&check.separation),
            automatic_threshold: AutomaticJson {
                chosen: six_decimals(self.automatic.chosen),
                by_table: six_decimals(self.automatic.table),
                by_people: self.automatic.people.map(six_decimals),
            },
        };
        serde_json::to_writer(&mut *out, &json)?;
        writeln!(out)
    }
}

fn line(path: &Path, fields: [&str; 3]) -> Vec<Field> {
    let mut line = vec![Field::path(path)];
    line.extend(fields.map(Field::text));
    line
}

fn separation_in_words(separation: &Separation) -> String {
    let Separation {
        same_pairs,
        different_pairs,
        ..
    } = separation;
    if let (Some(best), Some(in_use)) = (separation.best, separation.in_use) {
        return format!(
            "{}; {} at the threshold {} (pairs: {same_pairs} of one person, {different_pairs} of two people)",
            rates_in_words(best),
            rates_in_words(in_use),
            in_use.threshold,
        );
    }
    let cannot = match same_pairs {
        0 => "cannot be determined: no person has two different photos; add some",
        _ => "cannot be determined: there is only one person",
    };
    match &separation.nearest_people {
        Some(ClosePeople {
            photos: [a, b],
            distance,
        }) => format!(
            "{cannot}; the nearest people are {} and {} at {distance:.4}",
            a.person, b.person
        ),
        None => cannot.to_owned(),
    }
}

fn automatic_in_words(automatic: AutomaticThreshold) -> String {
    let people = match automatic.people {
        Some(people) => format!(", {people:.3} by the distances between these people"),
        None => "; not estimated from fewer than 5 people".to_owned(),
    };
    format!(
        "what --threshold auto takes, so that 1 in 100 strangers gets a name: {:.3} by the shipped table{people}",
        automatic.table
    )
}

fn rates_in_words(rates: ErrorRates) -> String {
    let [fmr, fnmr] = [rates.fmr, rates.fnmr].map(|rate| rate * 100.0);
    format!("FMR {fmr:.2} %, FNMR {fnmr:.2} %")
}

/// Rounds to six decimals. The result is finite for all encodings of a gallery file.
fn six_decimals(number: f32) -> f64 {
    rounded(f64::from(number.min(f32::MAX)), 6)
}

#[derive(Serialize)]
struct CheckJson<'a> {
    r#type: &'static str,
    schema: &'static str,
    known: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    known_bytes: Option<String>,
    source: &'static str,
    threshold: f64,
    image_count: usize,
    face_count: usize,
    person_count: usize,
    skipped: Vec<SkippedJson<'a>>,
    findings: Vec<FindingJson<'a>>,
    unlisted_close_people: usize,
    separation: SeparationJson<'a>,
    automatic_threshold: AutomaticJson,
}

#[derive(Serialize)]
struct AutomaticJson {
    chosen: f64,
    by_table: f64,
    by_people: Option<f64>,
}

/// A finding. Every finding has all keys, so that a reader that infers the columns of a table finds
/// the same ones in each.
#[derive(Serialize)]
struct FindingJson<'a> {
    kind: &'static str,
    photos: Vec<PhotoJson<'a>>,
    advice: String,
    error: Option<ErrorJson<'a>>,
    nearest_own: Option<NearJson<'a>>,
    nearest_other: Option<NearJson<'a>>,
    identical: Option<bool>,
    distance: Option<f64>,
    face_count: Option<usize>,
    side: Option<u32>,
}

#[derive(Serialize)]
struct PhotoJson<'a> {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    person: &'a str,
}

#[derive(Serialize)]
struct ErrorJson<'a> {
    kind: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct NearJson<'a> {
    #[serde(flatten)]
    photo: PhotoJson<'a>,
    distance: f64,
}

#[derive(Serialize)]
struct SeparationJson<'a> {
    same_pairs: u64,
    different_pairs: u64,
    best: Option<RatesJson>,
    in_use: Option<RatesJson>,
    nearest_people: Option<ClosePeopleJson<'a>>,
}

#[derive(Serialize)]
struct RatesJson {
    threshold: f64,
    fmr: f64,
    fnmr: f64,
}

#[derive(Serialize)]
struct ClosePeopleJson<'a> {
    photos: Vec<PhotoJson<'a>>,
    distance: f64,
}

impl<'a> FindingJson<'a> {
    fn new(finding: &'a Finding) -> Self {
        let json = Self {
            kind: finding.kind(),
            photos: finding.photos().iter().map(PhotoJson::new).collect(),
            advice: finding.advice(),
            error: None,
            nearest_own: None,
            nearest_other: None,
            identical: None,
            distance: None,
            face_count: None,
            side: None,
        };
        match finding {
            Finding::NoFace { .. } | Finding::NotUpright { .. } | Finding::PoorFace { .. } => json,
            Finding::Unreadable { kind, message, .. } => Self {
                error: Some(ErrorJson { kind, message }),
                ..json
            },
            Finding::Mislabelled { own, other, .. } => Self {
                nearest_own: Some(NearJson::new(own)),
                nearest_other: Some(NearJson::new(other)),
                ..json
            },
            Finding::FarFromOwn { own, other, .. } => Self {
                nearest_own: Some(NearJson::new(own)),
                nearest_other: other.as_ref().map(NearJson::new),
                ..json
            },
            Finding::SamePicture { distance, .. } => Self {
                identical: Some(distance.is_none()),
                distance: Some(six_decimals(distance.unwrap_or_default())),
                ..json
            },
            Finding::ClosePeople { people, .. } => Self {
                distance: Some(six_decimals(people.distance)),
                ..json
            },
            Finding::SeveralFaces { faces, .. } => Self {
                face_count: Some(*faces),
                ..json
            },
            Finding::TinyFace { side, .. } => Self {
                side: Some(*side),
                ..json
            },
        }
    }
}

impl<'a> PhotoJson<'a> {
    fn new(photo: &'a PhotoOf) -> Self {
        Self {
            path: photo.path.to_string_lossy().into_owned(),
            path_bytes: path_bytes(&photo.path),
            person: &photo.person,
        }
    }
}

impl<'a> NearJson<'a> {
    fn new(near: &'a Near) -> Self {
        Self {
            photo: PhotoJson::new(&near.photo),
            distance: six_decimals(near.distance),
        }
    }
}

impl<'a> SeparationJson<'a> {
    fn new(separation: &'a Separation) -> Self {
        let rates = |rates: ErrorRates| RatesJson {
            threshold: six_decimals(rates.threshold),
            fmr: rounded(rates.fmr, 6),
            fnmr: rounded(rates.fnmr, 6),
        };
        let nearest = separation.nearest_people.as_ref();
        Self {
            same_pairs: separation.same_pairs,
            different_pairs: separation.different_pairs,
            best: separation.best.map(rates),
            in_use: separation.in_use.map(rates),
            nearest_people: nearest.map(|people| ClosePeopleJson {
                photos: people.photos.iter().map(PhotoJson::new).collect(),
                distance: six_decimals(people.distance),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use facematch::matching::DistanceThreshold;

    use super::*;

    const AUTOMATIC: AutomaticThreshold = AutomaticThreshold {
        chosen: 0.4,
        table: 0.5,
        people: Some(0.4),
    };

    fn photo(name: String) -> PhotoOf {
        PhotoOf {
            path: format!("known/{name}.jpg").into(),
            person: name,
        }
    }

    /// Returns a check that found `pairs` pairs of close people and left out one more.
    fn check(pairs: usize) -> Check {
        let threshold = DistanceThreshold::default();
        let close = |index| Finding::ClosePeople {
            people: ClosePeople {
                photos: [photo(format!("a\t{index}")), photo(format!("b{index}"))],
                distance: 0.5,
            },
            threshold,
        };
        Check {
            photos: 300,
            faces: 300,
            people: 300,
            threshold,
            findings: (0..pairs).map(close).collect(),
            unlisted_close_people: 1,
            separation: Separation {
                same_pairs: 0,
                different_pairs: 9,
                best: None,
                in_use: None,
                nearest_people: None,
            },
        }
    }

    #[test]
    fn text_lists_the_nearest_people_and_counts_the_others() {
        let check = check(MOST_LINES_OF_PEOPLE + 2);
        let report = CheckReport {
            known: Path::new("known"),
            source: CheckedSource::Photos,
            skipped: &BTreeMap::new(),
            check: &check,
            automatic: AUTOMATIC,
        };
        let mut out = Vec::new();
        report.write_text(Layout::Tabs, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), MOST_LINES_OF_PEOPLE + 3);
        assert!(
            lines[0]
                .starts_with("known/a\\t0.jpg\tclose people\ta\\t0, b0\t0.5000 from known/b0.jpg")
        );
        let more = lines[MOST_LINES_OF_PEOPLE];
        assert!(
            more.starts_with("known\tclose people\t\t3 more pairs"),
            "{more}"
        );
        assert!(lines.iter().all(|line| line.split('\t').count() == 4));
    }

    #[test]
    fn json_lists_all_of_them() {
        let check = check(MOST_LINES_OF_PEOPLE + 2);
        let report = CheckReport {
            known: Path::new("known"),
            source: CheckedSource::Gallery,
            skipped: &BTreeMap::new(),
            check: &check,
            automatic: AUTOMATIC,
        };
        let mut out = Vec::new();
        report.write_json(&mut out).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(
            json["findings"].as_array().unwrap().len(),
            MOST_LINES_OF_PEOPLE + 2
        );
        assert_eq!(json["unlisted_close_people"], 1);
        assert_eq!(json["findings"][0]["photos"][1]["person"], "b0");
        assert_eq!(json["findings"][0]["distance"], 0.5);
        assert_eq!(json["source"], "gallery");
    }
}
