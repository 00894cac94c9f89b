//! What came of photos that are sorted into folders, in lines for people and for `cut`: one for each place that a photo comes
//! to, fields separated by tabs: the photo, what was done, the place, and whose folder that is.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::text::{Palette, escaped};
use super::{PhotoRecord, Report, Summary};
use crate::error::Error;

/// How a photo comes to another place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortMethod {
    /// There are two of them.
    Copy,
    /// It has two names.
    Hardlink,
    /// A link leads to it.
    Symlink,
    /// It is there alone.
    Move,
}

impl SortMethod {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Hardlink => "hardlink",
            Self::Symlink => "symlink",
            Self::Move => "move",
        }
    }
}

/// What is done at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortChange {
    /// The photo comes there.
    Create,
    /// It was there already.
    Keep,
}

impl SortChange {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Keep => "keep",
        }
    }
}

/// A place of a photo in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortedPhoto {
    /// The place.
    pub path: PathBuf,
    /// Whose folder it is in; nobody's where the photo is of nobody known.
    pub person: Option<String>,
    /// How the photo comes there.
    pub method: SortMethod,
    /// What is to be done.
    pub change: SortChange,
    /// Whether that was done: not in a dry run.
    pub done: bool,
}

pub(super) struct SortingReport<W> {
    out: W,
    palette: Palette,
}

impl<W: Write> SortingReport<W> {
    pub(super) fn new(out: W, palette: Palette) -> Self {
        Self { out, palette }
    }

    fn line(&mut self, photo: &PhotoRecord, place: &SortedPhoto) -> io::Result<()> {
        let out = &mut self.out;
        escaped(out, photo.path.as_os_str().as_encoded_bytes())?;
        write!(out, "\t{}\t", in_words(place.method, place.done))?;
        escaped(out, place.path.as_os_str().as_encoded_bytes())?;
        match &place.person {
            Some(person) => {
                write!(out, "\t{}", self.palette.name)?;
                escaped(out, person.as_bytes())?;
                writeln!(out, "{}", self.palette.end)
            }
            None if photo.faces.is_empty() => writeln!(out, "\tno faces"),
            None => writeln!(out, "\tunknown"),
        }
    }
}

impl<W: Write> Report for SortingReport<W> {
    fn photo(&mut self, photo: &PhotoRecord) -> io::Result<()> {
        for place in &photo.sorted {
            if place.change == SortChange::Create {
                self.line(photo, place)?;
            }
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

fn in_words(method: SortMethod, done: bool) -> &'static str {
    match (method, done) {
        (SortMethod::Copy, true) => "copied",
        (SortMethod::Copy, false) => "would copy",
        (SortMethod::Hardlink | SortMethod::Symlink, true) => "linked",
        (SortMethod::Hardlink | SortMethod::Symlink, false) => "would link",
        (SortMethod::Move, true) => "moved",
        (SortMethod::Move, false) => "would move",
    }
}
