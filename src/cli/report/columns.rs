//! Lines of fields, separated by tabs for programs and aligned in columns on a terminal.
//!
//! Results appear one by one, so most widths are estimates made before the first line, from the
//! paths and names known by then. Other columns become wider during the run.

use std::io::{self, Write};
use std::path::Path;

use unicode_width::UnicodeWidthStr;

use super::text::escaped;

/// Number of spaces between two columns.
const GAP: usize = 2;

/// Width of `ambiguous`, the longest word that can appear instead of a name.
const WIDEST_WORD: usize = 9;

/// Separation of the fields of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Tabs, for `cut` and other programs.
    Tabs,
    /// Spaces that align the fields in columns.
    Columns(Columns),
}

/// Widths of columns, in cells of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Columns {
    /// Width of the column of paths.
    path: usize,
    /// Width of the column of names.
    name: usize,
    /// Maximum width of a column. A longer field shifts only the rest of its own line.
    limit: usize,
}

impl Columns {
    /// Returns columns for lines about `paths` and people called `names`, on a terminal of `width`
    /// cells. Ignores paths and names that would leave too little room for the other fields.
    pub(crate) fn new<'a>(
        width: usize,
        paths: impl IntoIterator<Item = &'a Path>,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let names = names.into_iter().map(|name| Field::text(name).width);
        let name = widest(names, width / 4).max(WIDEST_WORD);
        let limit = width * 3 / 5;
        let paths = paths.into_iter().map(|path| Field::path(path).width);
        Self {
            path: widest(paths, limit),
            name,
            limit,
        }
    }
}

/// Returns the largest of `widths` that is within `limit`.
fn widest(widths: impl Iterator<Item = usize>, limit: usize) -> usize {
    widths.filter(|width| *width <= limit).max().unwrap_or(0)
}

/// A column whose width is known before the first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Path,
    /// A column this many letters wider than that of paths.
    LongerPath(usize),
    Name,
    Width(usize),
}

/// A field of a line.
#[derive(Debug, Clone, Default)]
pub(super) struct Field {
    /// Escaped text, with its colour.
    bytes: Vec<u8>,
    /// Width in cells of a terminal.
    width: usize,
    is_number: bool,
}

impl Field {
    pub(super) fn text(text: &str) -> Self {
        Self::colored("", text, "")
    }

    /// Returns a path as a field, byte by byte.
    pub(super) fn path(path: &Path) -> Self {
        let mut field = Self::default();
        field.push("", path.as_os_str().as_encoded_bytes(), "");
        field
    }

    /// Returns `text` between the escape sequences that begin and end its colour.
    pub(super) fn colored(begin: &str, text: &str, end: &str) -> Self {
        let mut field = Self::default();
        field.push(begin, text.as_bytes(), end);
        field
    }

    /// Returns a number, which is right-aligned in its column.
    pub(super) fn number(number: impl ToString) -> Self {
        Self {
            is_number: true,
            ..Self::text(&number.to_string())
        }
    }

    /// Adds `text`, escaped and in its own colour.
    pub(super) fn push(&mut self, begin: &str, text: &[u8], end: &str) {
        self.bytes.extend(begin.as_bytes());
        let start = self.bytes.len();
        // Writing to memory does not fail.
        let _ = escaped(&mut self.bytes, text);
        self.width += String::from_utf8_lossy(&self.bytes[start..]).width();
        self.bytes.extend(end.as_bytes());
    }
}

/// Writer of lines in a layout.
#[derive(Debug)]
pub(super) struct Lines {
    /// Widths of the columns so far, or `None` if fields are separated by tabs.
    widths: Option<Vec<usize>>,
    limit: usize,
}

impl Lines {
    /// Returns a writer of lines whose first columns are `columns`.
    pub(super) fn new(layout: Layout, columns: &[Column]) -> Self {
        match layout {
            Layout::Tabs => Self {
                widths: None,
                limit: 0,
            },
            Layout::Columns(known) => {
                let width = |column: &Column| match *column {
                    Column::Path => known.path,
                    Column::LongerPath(more) => known.path + more,
                    Column::Name => known.name,
                    Column::Width(width) => width,
                };
                Self {
                    widths: Some(columns.iter().map(width).collect()),
                    limit: known.limit,
                }
            }
        }
    }

    pub(super) fn write(
        &mut self,
        out: &mut (impl Write + ?Sized),
        fields: &[Field],
    ) -> io::Result<()> {
        self.widen(fields);
        for (index, field) in fields.iter().enumerate() {
            let is_last = index + 1 == fields.len();
            let padding = match &self.widths {
                Some(widths) => widths
                    .get(index)
                    .map_or(0, |w| w.saturating_sub(field.width)),
                None => 0,
            };
            if field.is_number {
                write!(out, "{:padding$}", "")?;
            }
            out.write_all(&field.bytes)?;
            match &self.widths {
                _ if is_last => {}
                None => out.write_all(b"\t")?,
                Some(_) if field.is_number => write!(out, "{:GAP$}", "")?,
                Some(_) => write!(out, "{:1$}", "", padding + GAP)?,
            }
        }
        writeln!(out)
    }

    /// Writes lines that are all known in advance, in columns as wide as their fields.
    pub(super) fn write_all(
        &mut self,
        out: &mut (impl Write + ?Sized),
        lines: &[Vec<Field>],
    ) -> io::Result<()> {
        lines.iter().for_each(|fields| self.widen(fields));
        lines.iter().try_for_each(|fields| self.write(out, fields))
    }

    /// Makes columns at least as wide as `fields`. The last field of a line needs no column.
    fn widen(&mut self, fields: &[Field]) {
        let Some(widths) = &mut self.widths else {
            return;
        };
        let before_last = fields.len().saturating_sub(1);
        widths.resize(widths.len().max(before_last), 0);
        for (width, field) in widths.iter_mut().zip(&fields[..before_last]) {
            if field.width <= self.limit {
                *width = field.width.max(*width);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(width: usize, paths: &[&str], names: &[&str]) -> Layout {
        let paths = paths.iter().map(Path::new);
        Layout::Columns(Columns::new(width, paths, names.iter().copied()))
    }

    fn written(layout: Layout, lines: &[&[&str]]) -> String {
        let mut out = Vec::new();
        let mut writer = Lines::new(layout, &[Column::Path, Column::Name]);
        for line in lines {
            let fields: Vec<_> = line.iter().map(|field| Field::text(field)).collect();
            writer.write(&mut out, &fields).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_first_line_stands_in_the_columns_of_the_last_one() {
        let layout = columns(80, &["a.jpg", "photos/b.jpg"], &["Zoë", "Eileen Collins"]);
        let lines: [&[&str]; 3] = [
            &["a.jpg", "no faces"],
            &["a.jpg", "Zoë", "0.3000"],
            &["photos/b.jpg", "Eileen Collins", "0.4000", "nearest: Zoë"],
        ];
        assert_eq!(
            written(layout, &lines),
            "a.jpg         no faces\n\
             a.jpg         Zoë             0.3000\n\
             photos/b.jpg  Eileen Collins  0.4000  nearest: Zoë\n"
        );
        assert_eq!(
            written(Layout::Tabs, &lines),
            "a.jpg\tno faces\na.jpg\tZoë\t0.3000\nphotos/b.jpg\tEileen Collins\t0.4000\tnearest: Zoë\n"
        );
    }

    #[test]
    fn letters_count_by_their_width() {
        // Two ideographs, a letter with a combining accent, an escaped tab, and a colour.
        let paths = ["山田.jpg", "e\u{301}.jpg", "a\tb.jpg"];
        let layout = columns(80, &paths, &[]);
        let mut out = Vec::new();
        let mut lines = Lines::new(layout, &[Column::Path, Column::Name]);
        for path in paths {
            let name = Field::colored("\x1b[1m", "山", "\x1b[0m");
            let fields = [Field::path(Path::new(path)), name, Field::text("|")];
            lines.write(&mut out, &fields).unwrap();
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "山田.jpg  \x1b[1m山\x1b[0m         |\n\
             e\u{301}.jpg     \x1b[1m山\x1b[0m         |\n\
             a\\tb.jpg  \x1b[1m山\x1b[0m         |\n"
        );
    }

    #[test]
    fn a_path_too_long_for_the_terminal_moves_only_its_own_line() {
        let long = "x".repeat(37);
        let layout = columns(60, &["a.jpg", "bb.jpg", &long], &[]);
        let lines: [&[&str]; 3] = [&["a.jpg", "ann"], &[&long, "ann"], &["bb.jpg", "ann"]];
        assert_eq!(
            written(layout, &lines),
            format!("a.jpg   ann\n{long}  ann\nbb.jpg  ann\n")
        );
    }

    #[test]
    fn numbers_stand_at_the_right_of_their_column() {
        let layout = columns(80, &["a.jpg"], &[]);
        let mut out = Vec::new();
        let mut lines = Lines::new(layout, &[Column::Path, Column::Width(4)]);
        for number in [7, 1234] {
            let fields = [
                Field::text("a.jpg"),
                Field::number(number),
                Field::text("|"),
            ];
            lines.write(&mut out, &fields).unwrap();
        }
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "a.jpg     7  |\na.jpg  1234  |\n");
    }
}
