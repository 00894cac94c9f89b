//! The figures of `facematch eval identify`, as a table or as JSON.

use std::io::{self, Write};

use serde::Serialize;

use super::text::escaped;
use crate::evaluation::{Identification, Tally};

/// The name of the JSON form and its version; docs/facematch-eval-1.schema.json describes it.
const SCHEMA: &str = "facematch-eval/1";

/// What was measured on labelled photos, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentificationReport {
    /// The figures.
    pub figures: Identification,
    /// Photos that cannot be read; they are left out.
    pub unreadable: usize,
    /// The largest distance of a match.
    pub threshold: f32,
    /// The name of the engine.
    pub engine: &'static str,
    /// The name of the detector.
    pub detector: &'static str,
}

impl IdentificationReport {
    /// Writes it as tables for people: all people together, then each person.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let figures = &self.figures;
        let wrong = figures.wrong_per_thousand();
        let rows = [
            ("photos", figures.photos.to_string()),
            ("faces", figures.faces.to_string()),
            ("faces left without a name", figures.unnamed.to_string()),
            ("precision", percent(figures.overall.precision())),
            ("recall", percent(figures.overall.recall())),
            ("wrong names", figures.overall.wrong.to_string()),
            (
                "wrong names per 1000 photos",
                wrong.map_or_else(|| "-".to_owned(), |wrong| format!("{wrong:.1}")),
            ),
            ("FPIR (strangers with a name)", percent(figures.fpir())),
            ("FNIR (known people not named)", percent(figures.fnir())),
        ];
        for (label, value) in rows {
            writeln!(out, "{label:<34} {value:>10}")?;
        }
        writeln!(out)?;
        writeln!(
            out,
            "{:>9} {:>9} {:>6} {:>6} {:>6}  person",
            "precision", "recall", "right", "wrong", "missed"
        )?;
        for (name, tally) in &figures.people {
            write!(
                out,
                "{:>9} {:>9} {:>6} {:>6} {:>6}  ",
                percent(tally.precision()),
                percent(tally.recall()),
                tally.right,
                tally.wrong,
                tally.missed
            )?;
            escaped(out, name.as_bytes())?;
            writeln!(out)?;
        }
        Ok(())
    }

    /// Writes it as one JSON object on a line.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let figures = &self.figures;
        let json = ReportJson {
            kind: "identification",
            schema: SCHEMA,
            photos: figures.photos,
            unreadable: self.unreadable,
            threshold: rounded(self.threshold.into()),
            engine: self.engine,
            detector: self.detector,
            faces: figures.faces,
            unnamed: figures.unnamed,
            strangers: figures.strangers,
            strangers_named: figures.strangers_named,
            wrong_per_thousand: figures.wrong_per_thousand().map(rounded),
            fpir: figures.fpir().map(rounded),
            fnir: figures.fnir().map(rounded),
            overall: TallyJson::new(None, &figures.overall),
            people: figures
                .people
                .iter()
                .map(|(name, tally)| TallyJson::new(Some(name), tally))
                .collect(),
        };
        serde_json::to_writer(&mut *out, &json)?;
        writeln!(out)
    }
}

#[derive(Serialize)]
struct ReportJson<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: &'static str,
    photos: usize,
    unreadable: usize,
    threshold: f64,
    engine: &'static str,
    detector: &'static str,
    faces: usize,
    unnamed: usize,
    strangers: usize,
    strangers_named: usize,
    wrong_per_thousand: Option<f64>,
    fpir: Option<f64>,
    fnir: Option<f64>,
    overall: TallyJson<'a>,
    people: Vec<TallyJson<'a>>,
}

#[derive(Serialize)]
struct TallyJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    right: usize,
    wrong: usize,
    missed: usize,
    precision: Option<f64>,
    recall: Option<f64>,
}

impl<'a> TallyJson<'a> {
    fn new(name: Option<&'a str>, tally: &Tally) -> Self {
        Self {
            name,
            right: tally.right,
            wrong: tally.wrong,
            missed: tally.missed,
            precision: tally.precision().map(rounded),
            recall: tally.recall().map(rounded),
        }
    }
}

fn percent(part: Option<f64>) -> String {
    part.map_or_else(|| "-".to_owned(), |part| format!("{:.2} %", part * 100.0))
}

fn rounded(value: f64) -> f64 {
    super::rounded(value, 6)
}
