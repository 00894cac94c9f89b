//! Results of sorting photos into folders, as lines for users and for `cut`. Each place of a photo
//! has one line, with fields separated by tabs: the photo, what was done, the place, and the person
//! of the folder.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::columns::{Column, Field, Lines};
use super::text::Palette;
use super::{Photo, PhotoRecord, Report, Summary, TextStyle};
use crate::cli::photo_error::PhotoError;

/// Method by which a photo gets to another place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SortMethod {
    /// The photo is copied.
    Copy,
    /// The photo gets a second name.
    Hardlink,
    /// A symbolic link to the photo is created.
    Symlink,
    /// The photo is moved.
    Move,
}

impl SortMethod {
    /// Returns the word used in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Hardlink => "hardlink",
            Self::Symlink => "symlink",
            Self::Move => "move",
        }
    }
}

/// Change at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SortChange {
    /// The photo is put there.
    Create,
    /// The photo was there already.
    Keep,
}

impl SortChange {
    /// Returns the word used in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Keep => "keep",
        }
    }
}

/// A place of a photo in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SortedPhoto {
    /// Path of the place.
    pub(crate) path: PathBuf,
    /// Person of the folder, or `None` in the folder for unknown faces.
    pub(crate) person: Option<String>,
    /// Method by which the photo gets there.
    pub(crate) method: SortMethod,
    /// Change to be made.
    pub(crate) change: SortChange,
    /// `true` if the change was made, `false` in a dry run.
    pub(crate) done: bool,
}

pub(super) struct SortingReport<W> {
    out: W,
    palette: Palette,
    lines: Lines,
}

impl<W: Write> SortingReport<W> {
    pub(super) fn new(out: W, style: TextStyle) -> Self {
        // A place is a path too, and often about as long as that of the photo.
        let columns = [Column::Path, Column::Width("copied".len()), Column::Path];
        Self {
            out,
            palette: Palette::of(style),
            lines: Lines::new(style.layout, &columns),
        }
    }

    fn line(&mut self, photo: &Photo, place: &SortedPhoto) -> io::Result<()> {
        let fields = [
            Field::path(&photo.path),
            Field::text(in_words(place.method, place.done)),
            Field::path(&place.path),
            match &place.person {
                Some(person) => self.palette.name(person),
                None if photo.faces.is_empty() => Field::text("no faces"),
                None => Field::text("unknown"),
            },
        ];
        self.lines.write(&mut self.out, &fields)
    }
}

impl<W: Write> Report for SortingReport<W> {
    fn photo(&mut self, record: &PhotoRecord) -> io::Result<()> {
        for place in record.places() {
            if place.change == SortChange::Create {
                self.line(&record.photo, place)?;
            }
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
