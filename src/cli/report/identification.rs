//! Figures of `facematch eval identify`, as a table or as JSON.

use std::io::{self, Write};

use serde::Serialize;

use super::figures::{SCHEMA, percent, six_decimals};
use super::rounded;
use super::text::escaped;
use crate::cli::evaluation::{Identification, Tally};

/// Figures measured on labelled photos, with the settings used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct IdentificationReport {
    pub(crate) figures: Identification,
    /// Number of photos that cannot be read. They are left out of the figures.
    pub(crate) unreadable: usize,
    /// Largest distance of a match.
    pub(crate) threshold: f32,
    pub(crate) engine: &'static str,
    pub(crate) detector: &'static str,
}

impl IdentificationReport {
    /// Writes the report as tables: all people together, then each person.
    ///
    /// # Errors
    /// An I/O error if `out` cannot be written.
    pub(crate) fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let figures = &self.figures;
        let wrong = figures.wrong_per_thousand();
        let rows = [
            ("photos", figures.photos.to_string()),
            ("faces", figures.faces.to_string()),
            ("faces left without a name", figures.unnamed.to_string()),
            ("faces of strangers", figures.strangers.to_string()),
            ("threshold", rounded(self.threshold.into(), 4).to_string()),
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

    /// Writes the report as one JSON object on a line.
    ///
    /// # Errors
    /// An I/O error if `out` cannot be written.
    pub(crate) fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let figures = &self.figures;
        let json = ReportJson {
            kind: "identification",
            schema: SCHEMA,
            image_count: figures.photos,
            unreadable: self.unreadable,
            threshold: six_decimals(self.threshold.into()),
            engine: self.engine,
            detector: self.detector,
            face_count: figures.faces,
            unnamed: figures.unnamed,
            strangers: figures.strangers,
            strangers_named: figures.strangers_named,
            wrong_per_thousand: figures.wrong_per_thousand().map(six_decimals),
            fpir: figures.fpir().map(six_decimals),
            fnir: figures.fnir().map(six_decimals),
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
    image_count: usize,
    unreadable: usize,
    threshold: f64,
    engine: &'static str,
    detector: &'static str,
    face_count: usize,
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
            precision: tally.precision().map(six_decimals),
            recall: tally.recall().map(six_decimals),
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::cli::evaluation::{NamedPhoto, identification};

    #[test]
    fn the_table_has_the_threshold_and_the_strangers_behind_fpir() {
        let photo = |people: &[&str], named: &[&str], faces| NamedPhoto {
            people: people.iter().map(|&name| name.to_owned()).collect(),
            named: named.iter().map(|&name| name.to_owned()).collect(),
            faces,
        };
        let photos = [
            photo(&["ann"], &["ann"], 1),
            photo(&["ann"], &[], 2),
            photo(&[], &["bob"], 4),
        ];
        let known = ["ann", "bob"].map(str::to_owned).into();
        let report = IdentificationReport {
            figures: identification(&photos, &known),
            unreadable: 0,
            threshold: 0.495_871,
            engine: "native",
            detector: "hog",
        };
        let mut out = Vec::new();
        report.write_text(&mut out).unwrap();
        assert_snapshot!(String::from_utf8(out).unwrap(), @r"
        photos                                      3
        faces                                       7
        faces left without a name                   5
        faces of strangers                          4
        threshold                              0.4959
        precision                             50.00 %
        recall                                50.00 %
        wrong names                                 1
        wrong names per 1000 photos             333.3
        FPIR (strangers with a name)          25.00 %
        FNIR (known people not named)         50.00 %

        precision    recall  right  wrong missed  person
         100.00 %   50.00 %      1      0      1  ann
           0.00 %         -      0      1      0  bob
        ");
    }
}
