//! Results of writing names into files, as lines for users and for `cut`. Each file that is created
//! or changed has one line, with fields separated by tabs: the photo, what was done, the file, and
//! the names. Other photos have no line.

use std::io::{self, Write};
use std::path::Path;

use facematch::matching::Identity;

use super::columns::{Column, Field, Lines};
use super::text::Palette;
use super::{Finding, PhotoRecord, Report, Summary, TagChange, TaggedFile, TextStyle};
use crate::cli::photo_error::PhotoError;

/// Length of `.xmp`, which a sidecar's path has in addition to the photo's.
const SIDECAR_EXTENSION: usize = 4;

/// Writer of a line for each file whose names are changed.
pub(crate) struct TaggedFiles<W> {
    out: W,
    palette: Palette,
    lines: Lines,
}

impl<W: Write> TaggedFiles<W> {
    /// Returns a writer of lines to `out`.
    pub(crate) fn new(out: W, style: TextStyle) -> Self {
        let columns = [
            Column::Path,
            Column::Width("changed".len()),
            Column::LongerPath(SIDECAR_EXTENSION),
        ];
        Self {
            out,
            palette: Palette::of(style),
            lines: Lines::new(style.layout, &columns),
        }
    }

    /// Writes the line of `photo` and the `file` with its `names`, each once, unless the file stays
    /// as it is.
    ///
    /// # Errors
    /// An I/O error if the output cannot be written.
    pub(crate) fn write(
        &mut self,
        photo: &Path,
        file: &TaggedFile,
        names: &[&str],
    ) -> io::Result<()> {
        let Some(done) = in_words(file) else {
            return Ok(());
        };
        let mut fields = vec![
            Field::path(photo),
            Field::text(done),
            Field::path(&file.path),
        ];
        if !names.is_empty() {
            let mut field = Field::default();
            for (i, name) in names.iter().enumerate() {
                // With --allow-repeat several faces have one name.
                if names[..i].contains(name) {
                    continue;
                }
                if i > 0 {
                    field.push("", b", ", "");
                }
                self.palette.push_name(&mut field, name);
            }
            fields.push(field);
        }
        self.lines.write(&mut self.out, &fields)?;
        self.out.flush()
    }
}

impl<W: Write> Report for TaggedFiles<W> {
    fn photo(&mut self, record: &PhotoRecord) -> io::Result<()> {
        let PhotoRecord { photo, .. } = record;
        let Some(file) = record.tagged_file() else {
            return Ok(());
        };
        let names = photo.faces.iter().filter_map(|face| match &face.finding {
            Finding::Identity { identity, .. } => Identity::name(identity),
            Finding::Landmarks(_) => None,
        });
        let names: Vec<_> = names.collect();
        self.write(&photo.path, file, &names)
    }

    fn error(&mut self, _path: &Path, _error: &PhotoError) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, _summary: &Summary) -> io::Result<()> {
        self.out.flush()
    }
}

fn in_words(file: &TaggedFile) -> Option<&'static str> {
    Some(match (file.change, file.done) {
        (TagChange::Create, true) => "created",
        (TagChange::Create, false) => "would create",
        (TagChange::Change, true) => "changed",
        (TagChange::Change, false) => "would change",
        (TagChange::Remove, true) => "removed",
        (TagChange::Remove, false) => "would remove",
        (TagChange::Keep, _) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::report::{Layout, TagPlace};

    fn line(change: TagChange, done: bool, colored: bool) -> String {
        let file = TaggedFile {
            place: TagPlace::Sidecar,
            path: "a.jpg.xmp".into(),
            change,
            done,
        };
        let mut out = Vec::new();
        let names = ["Zoë", "A\tB", "Zoë"];
        let layout = Layout::Tabs;
        TaggedFiles::new(
            &mut out,
            TextStyle {
                colored,
                layout,
                with_rates: false,
            },
        )
        .write(Path::new("a.jpg"), &file, &names)
        .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_tells_what_was_done_or_would_be() {
        assert_eq!(
            line(TagChange::Create, true, false),
            "a.jpg\tcreated\ta.jpg.xmp\tZoë, A\\tB\n"
        );
        assert_eq!(
            line(TagChange::Change, false, false),
            "a.jpg\twould change\ta.jpg.xmp\tZoë, A\\tB\n"
        );
        assert_eq!(line(TagChange::Keep, true, false), "");
        let coloured = line(TagChange::Create, true, true);
        assert!(
            coloured.contains("\t\x1b[1;32mZoë\x1b[0m, "),
            "{coloured:?}"
        );
    }
}
