//! Lines for people and for `cut`: one per face, fields separated by tabs, the path first.
//!
//! A path is written byte by byte, so that it can be opened again; only control characters and the backslash are
//! escaped (`\t`, `\n`, `\r`, `\\`, `\x1b`), since they would break the line or the terminal.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use super::{FaceRecord, Finding, PhotoRecord, Report, Subject, Summary, rounded};
use crate::error::Error;
use crate::gallery::Gallery;
use crate::matching::{Identity, Outcome};

/// What is written before and after a field.
pub(super) struct Palette {
    pub(super) name: &'static str,
    unknown: &'static str,
    quiet: &'static str,
    pub(super) end: &'static str,
}

pub(super) const PLAIN: Palette = Palette {
    name: "",
    unknown: "",
    quiet: "",
    end: "",
};

/// ECMA-48: bold green, yellow, faint.
pub(super) const COLORED: Palette = Palette {
    name: "\x1b[1;32m",
    unknown: "\x1b[33m",
    quiet: "\x1b[2m",
    end: "\x1b[0m",
};

pub(super) struct TextReport<W> {
    out: W,
    subject: Subject,
    palette: Palette,
}

impl<W: Write> TextReport<W> {
    pub(super) fn new(out: W, subject: Subject, palette: Palette) -> Self {
        Self {
            out,
            subject,
            palette,
        }
    }

    fn face(&mut self, face: &FaceRecord) -> io::Result<()> {
        match &face.finding {
            Finding::Identity(identity) => self.identity(identity),
            Finding::Landmarks(points) => {
                let b = face.bounds;
                write!(self.out, "\t{}\t{}\t{}\t{}", b.x, b.y, b.w, b.h)?;
                match face.score {
                    Some(score) => write!(self.out, "\t{score:.4}")?,
                    None => write!(self.out, "\t-")?,
                }
                let names: &[&str] = match self.subject {
                    Subject::Landmarks(names) => names,
                    Subject::People { .. } | Subject::Tags(_) | Subject::Places => &[],
                };
                for (i, (name, p)) in names.iter().zip(points).enumerate() {
                    let separator = if i == 0 { '\t' } else { ' ' };
                    let (x, y) = (rounded(p.x, 1), rounded(p.y, 1));
                    write!(self.out, "{separator}{name}={x},{y}")?;
                }
                Ok(())
            }
        }
    }

    fn identity(&mut self, identity: &Identity) -> io::Result<()> {
        let Palette {
            name, unknown, end, ..
        } = self.palette;
        let out = &mut self.out;
        match identity.name() {
            Some(person) => {
                write!(out, "\t{name}")?;
                escaped(out, person.as_bytes())?;
                write!(out, "{end}")?;
            }
            None => write!(out, "\t{unknown}{}{end}", identity.outcome.name())?,
        }
        if let Some(distance) = identity.distance() {
            write!(out, "\t{distance:.4}")?;
        }
        self.candidates(identity)
    }

    /// The nearest person of an unknown face, those in question of an ambiguous one; all candidates when several are asked
    /// for.
    fn candidates(&mut self, identity: &Identity) -> io::Result<()> {
        let several = matches!(self.subject, Subject::People { candidates, .. } if candidates > 1);
        let unknown = identity.outcome != Outcome::Match;
        if identity.candidates.is_empty() || !(several || unknown) {
            return Ok(());
        }
        let label = match identity.outcome {
            Outcome::Unknown => "nearest",
            _ => "candidates",
        };
        let several = several || identity.outcome == Outcome::Ambiguous;
        write!(self.out, "\t{}{label}: ", self.palette.quiet)?;
        for (i, candidate) in identity.candidates.iter().enumerate() {
            if i > 0 {
                write!(self.out, ", ")?;
            }
            escaped(&mut self.out, candidate.name.as_bytes())?;
            if several {
                write!(self.out, " {:.4}", candidate.distance)?;
            }
        }
        write!(self.out, "{}", self.palette.end)
    }
}

impl<W: Write> Report for TextReport<W> {
    fn photo(&mut self, photo: &PhotoRecord) -> io::Result<()> {
        let path = photo.path.as_os_str().as_encoded_bytes();
        if photo.faces.is_empty() {
            escaped(&mut self.out, path)?;
            let Palette { quiet, end, .. } = self.palette;
            writeln!(self.out, "\t{quiet}no faces{end}")?;
        }
        for face in &photo.faces {
            escaped(&mut self.out, path)?;
            self.face(face)?;
            writeln!(self.out)?;
        }
        self.out.flush()
    }

    fn error(&mut self, _path: &Path, _error: &Error) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, _summary: &Summary) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes the people of `gallery` in the order of their names, one a line, each with the number of their known faces
/// after a tab.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_people(gallery: &Gallery, out: &mut impl Write) -> io::Result<()> {
    let mut faces: BTreeMap<&str, usize> = BTreeMap::new();
    for face in gallery.known_faces() {
        *faces.entry(face.name).or_default() += 1;
    }
    for (name, faces) in faces {
        escaped(out, name.as_bytes())?;
        writeln!(out, "\t{faces}")?;
    }
    out.flush()
}

/// Writes `bytes` as they are but for control characters and the backslash.
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
mod tests {
    use super::super::test_records;
    use super::*;
    use insta::assert_snapshot;

    fn people(candidates: usize, palette: Palette) -> String {
        let mut out = Vec::new();
        let subject = Subject::People {
            candidates,
            people: 3,
        };
        test_records::write_people(&mut TextReport::new(&mut out, subject, palette));
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

    #[test]
    fn landmarks_follow_the_box() {
        let mut out = Vec::new();
        let subject = Subject::Landmarks(test_records::LANDMARK_NAMES);
        test_records::write_landmarks(&mut TextReport::new(&mut out, subject, PLAIN));
        assert_snapshot!(String::from_utf8(out).unwrap(), @"a.jpg	236	49	166	167	1.5000	left_eye=250,100 nose=0,120.5");
    }

    #[test]
    fn control_characters_cannot_break_a_line_or_the_terminal() {
        let mut out = Vec::new();
        escaped(&mut out, b"a\tb\nc\\d\x1b[31m\x7f\xff,\xc3\xa9").unwrap();
        assert_eq!(out, b"a\\tb\\nc\\\\d\\x1b[31m\\x7f\xff,\xc3\xa9");
    }
}
