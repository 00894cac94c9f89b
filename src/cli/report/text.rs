//! Lines for users and for `cut`: one per face, the path first.
//!
//! Paths are written byte by byte, so that programs can open them. Only control characters and the
//! backslash are escaped (`\t`, `\n`, `\r`, `\\`, `\x1b`), because they would break the line or the
//! terminal.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use facematch::gallery::Gallery;
use facematch::geometry::Point;
use facematch::matching::{Identity, Outcome};

use super::columns::{Column, Field, Layout, Lines};
use super::{
    FaceRecord, Finding, PhotoRecord, Report, Subject, Summary, TextStyle, rounded,
    strangers_in_words,
};
use crate::cli::photo_error::PhotoError;

/// Escape sequences that begin and end the colour of a field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Palette {
    name: &'static str,
    unknown: &'static str,
    quiet: &'static str,
    pub(super) end: &'static str,
}

const PLAIN: Palette = Palette {
    name: "",
    unknown: "",
    quiet: "",
    end: "",
};

/// ECMA-48: bold green, yellow, faint.
const COLORED: Palette = Palette {
    name: "\x1b[1;32m",
    unknown: "\x1b[33m",
    quiet: "\x1b[2m",
    end: "\x1b[0m",
};

impl Palette {
    pub(super) fn of(style: TextStyle) -> Self {
        match style.colored {
            true => COLORED,
            false => PLAIN,
        }
    }

    /// Adds a person's name to `field`.
    pub(super) fn push_name(&self, field: &mut Field, name: &str) {
        field.push(self.name, name.as_bytes(), self.end);
    }

    /// Returns the name of a person as a field.
    pub(super) fn name(&self, name: &str) -> Field {
        Field::colored(self.name, name, self.end)
    }
}

/// Last field of a face that was not compared, and its label in drawings.
pub(crate) const NOT_COMPARED: &str = "not compared";

pub(super) struct TextReport<W> {
    out: W,
    subject: Subject,
    palette: Palette,
    lines: Lines,
    with_rates: bool,
}

impl<W: Write> TextReport<W> {
    pub(super) fn new(out: W, subject: Subject, style: TextStyle) -> Self {
        const PIXELS: Column = Column::Width(4);
        const SCORE: Column = Column::Width(6);
        let columns: &[Column] = match subject {
            Subject::Landmarks(_) => &[Column::Path, PIXELS, PIXELS, PIXELS, PIXELS, SCORE],
            Subject::People { .. } | Subject::Tags(_) | Subject::Places => {
                &[Column::Path, Column::Name]
            }
        };
        Self {
            out,
            subject,
            palette: Palette::of(style),
            lines: Lines::new(style.layout, columns),
            with_rates: style.with_rates,
        }
    }

    fn face(&self, face: &FaceRecord) -> Vec<Field> {
        match &face.finding {
            Finding::Identity {
                identity,
                stranger_rate,
            } => self.identity(identity, *stranger_rate),
            Finding::Landmarks(points) => {
                let b = face.bounds;
                let mut fields: Vec<_> = [b.x, b.y, b.w, b.h].map(Field::number).into();
                let score = face.score.map(|score| format!("{score:.4}"));
                fields.push(Field::number(score.unwrap_or_else(|| "-".to_owned())));
                let names: &[&str] = match self.subject {
                    Subject::Landmarks(names) => names,
                    Subject::People { .. } | Subject::Tags(_) | Subject::Places => &[],
                };
                let landmark = |(name, p): (&&str, &Point)| {
                    format!("{name}={},{}", rounded(p.x, 1), rounded(p.y, 1))
                };
                let landmarks: Vec<_> = names.iter().zip(points).map(landmark).collect();
                if !landmarks.is_empty() {
                    fields.push(Field::text(&landmarks.join(" ")));
                }
                fields
            }
        }
    }

    fn identity(&self, identity: &Identity, stranger_rate: Option<f64>) -> Vec<Field> {
        let Palette { unknown, end, .. } = self.palette;
        let mut fields = vec![match identity.name() {
            Some(person) => self.palette.name(person),
            None => Field::colored(unknown, identity.outcome.name(), end),
        }];
        let Some(distance) = identity.distance() else {
            let rate = self.with_rates.then_some("-");
            let words = ["-"].into_iter().chain(rate).chain([NOT_COMPARED]);
            fields.extend(words.map(Field::text));
            return fields;
        };
        fields.push(Field::text(&format!("{distance:.4}")));
        if let Some(rate) = stranger_rate.filter(|_| self.with_rates) {
            fields.push(Field::text(&strangers_in_words(rate)));
        }
        fields.extend(self.candidates(identity));
        fields
    }

    /// Returns the nearest person for an unknown face, the people in question for an ambiguous one,
    /// or all candidates if several are requested.
    fn candidates(&self, identity: &Identity) -> Option<Field> {
        let several = matches!(self.subject, Subject::People { candidates, .. } if candidates > 1);
        let unknown = identity.outcome != Outcome::Match;
        if identity.candidates.is_empty() || !(several || unknown) {
            return None;
        }
        let label = match identity.outcome {
            Outcome::Unknown => "nearest",
            _ => "candidates",
        };
        let several = several || identity.outcome == Outcome::Ambiguous;
        let candidates = identity.candidates.iter();
        let candidates = candidates.map(|candidate| match several {
            true => format!("{} {:.4}", candidate.name, candidate.distance),
            false => candidate.name.as_ref().to_owned(),
        });
        let candidates: Vec<_> = candidates.collect();
        let text = format!("{label}: {}", candidates.join(", "));
        Some(Field::colored(self.palette.quiet, &text, self.palette.end))
    }
}

impl<W: Write> Report for TextReport<W> {
    fn photo(&mut self, record: &PhotoRecord) -> io::Result<()> {
        let photo = &record.photo;
        let path = Field::path(&photo.path);
        if photo.faces.is_empty() {
            let Palette { quiet, end, .. } = self.palette;
            let fields = [path, Field::colored(quiet, "no faces", end)];
            self.lines.write(&mut self.out, &fields)?;
            return self.out.flush();
        }
        for face in &photo.faces {
            let mut fields = vec![path.clone()];
            fields.extend(self.face(face));
            self.lines.write(&mut self.out, &fields)?;
        }
        self.out.flush()
    }

    fn error(&mut self, _path: &Path, _error: &PhotoError) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, _summary: &Summary) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes the people of `gallery` in the order of their names, one per line, each with the number
/// of their known faces.
///
/// # Errors
/// An I/O error if `out` cannot be written.
pub(crate) fn write_people(
    gallery: &Gallery,
    layout: Layout,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut faces: BTreeMap<&str, usize> = BTreeMap::new();
    for face in gallery.known_faces() {
        *faces.entry(face.name).or_default() += 1;
    }
    let line = |(name, faces)| vec![Field::text(name), Field::number(faces)];
    let lines: Vec<_> = faces.into_iter().map(line).collect();
    Lines::new(layout, &[]).write_all(out, &lines)?;
    out.flush()
}

/// Writes a line for each of `values`: its label and the value.
///
/// # Errors
/// An I/O error if `out` cannot be written.
pub(crate) fn write_values(
    values: &[(&str, String)],
    layout: Layout,
    out: &mut impl Write,
) -> io::Result<()> {
    let line = |(name, value): &(&str, String)| vec![Field::text(name), Field::text(value)];
    let lines: Vec<_> = values.iter().map(line).collect();
    Lines::new(layout, &[]).write_all(out, &lines)?;
    out.flush()
}

/// Writes `bytes` with control characters and the backslash escaped.
pub(super) fn escaped(out: &mut (impl Write + ?Sized), bytes: &[u8]) -> io::Result<()> {
    for &byte in bytes {
        match byte {
            b'\\' => out.write_all(b"\\\\")?,
            b'\t' => out.write_all(b"\\t")?,
            b'\n' => out.write_all(b"\\n")?,
            b'\r' => out.write_all(b"\\r")?,
            0..0x20 | 0x7F => write!(out, "\\x{byte:02x}")?,
            _ => out.write_all(&[byte])?,
        }
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::cli::report::test_records;

    pub(crate) const PLAIN: TextStyle = TextStyle {
        colored: false,
        layout: Layout::Tabs,
        with_rates: false,
    };

    pub(crate) const COLORED: TextStyle = TextStyle {
        colored: true,
        layout: Layout::Tabs,
        with_rates: false,
    };

    pub(crate) fn people(candidates: usize, style: TextStyle) -> String {
        let mut out = Vec::new();
        let subject = Subject::People {
            candidates,
            people: 3,
        };
        test_records::write_people(&mut TextReport::new(&mut out, subject, style));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_line_a_face() {
        assert_snapshot!(people(1, PLAIN), @r#"
        unknown/two, people.jpg	obama	0.3364
        unknown/two, people.jpg	unknown	0.7500	nearest: biden
        unknown/cat.jpg	no faces
        unknown/zoë.jpg	Zoë "Z", jr.	0.0000
        "#);
    }

    pub(crate) const WITH_RATES: TextStyle = TextStyle {
        with_rates: true,
        ..PLAIN
    };

    #[test]
    fn a_line_says_how_many_strangers_would_be_as_near() {
        assert_snapshot!(people(1, WITH_RATES), @r#"
        unknown/two, people.jpg	obama	0.3364	1 in 18,000 strangers
        unknown/two, people.jpg	unknown	0.7500	1 in 13 strangers	nearest: biden
        unknown/cat.jpg	no faces
        unknown/zoë.jpg	Zoë "Z", jr.	0.0000	fewer than 1 in 1,000,000 strangers
        "#);
    }

    #[test]
    fn candidates_are_listed_when_asked_for() {
        assert_snapshot!(people(2, PLAIN), @r#"
        unknown/two, people.jpg	obama	0.3364	candidates: obama 0.3364
        unknown/two, people.jpg	unknown	0.7500	nearest: biden 0.7500
        unknown/cat.jpg	no faces
        unknown/zoë.jpg	Zoë "Z", jr.	0.0000	candidates: Zoë "Z", jr. 0.0000
        "#);
    }

    #[test]
    fn colour_marks_names() {
        assert_snapshot!(people(1, COLORED).escape_debug(), @r#"unknown/two, people.jpg\t\u{1b}[1;32mobama\u{1b}[0m\t0.3364\nunknown/two, people.jpg\t\u{1b}[33munknown\u{1b}[0m\t0.7500\t\u{1b}[2mnearest: biden\u{1b}[0m\nunknown/cat.jpg\t\u{1b}[2mno faces\u{1b}[0m\nunknown/zoë.jpg\t\u{1b}[1;32mZoë \"Z\", jr.\u{1b}[0m\t0.0000\n"#);
    }

    pub(crate) fn landmarks(style: TextStyle) -> String {
        let mut out = Vec::new();
        let subject = Subject::Landmarks(test_records::LANDMARK_NAMES);
        test_records::write_landmarks(&mut TextReport::new(&mut out, subject, style));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn landmarks_follow_the_box() {
        assert_snapshot!(landmarks(PLAIN), @"a.jpg	236	49	166	167	1.5000	left_eye=250,100 nose=0,120.5");
    }

    #[test]
    fn control_characters_cannot_break_a_line_or_the_terminal() {
        let mut out = Vec::new();
        escaped(&mut out, b"a\tb\nc\\d\x1b[31m\x7f\xff,\xc3\xa9").unwrap();
        assert_eq!(out, b"a\\tb\\nc\\\\d\\x1b[31m\\x7f\xff,\xc3\xa9");
    }
}
