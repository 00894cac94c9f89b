//! What came of names that are written into files, in lines for people and for `cut`: one per photo whose sidecar is made or
//! changed, or that is changed itself, fields separated by tabs: the photo, what was done, the file, and the names. Nothing
//! of the other photos.

use std::io::{self, Write};
use std::path::Path;

use super::text::{PLAIN, Palette, escaped};
use super::{Finding, PhotoRecord, Report, Summary, TagChange, TaggedFile};
use crate::error::Error;
use crate::matching::Identity;

pub(super) struct TagsReport<W> {
    out: W,
    palette: Palette,
}

impl<W: Write> TagsReport<W> {
    pub(super) fn new(out: W, palette: Palette) -> Self {
        Self { out, palette }
    }
}

impl<W: Write> Report for TagsReport<W> {
    fn photo(&mut self, photo: &PhotoRecord) -> io::Result<()> {
        let Some(file) = &photo.tagged else {
            return Ok(());
        };
        let names = photo.faces.iter().filter_map(|face| match &face.finding {
            Finding::Identity(identity) => Identity::name(identity),
            Finding::Landmarks(_) => None,
        });
        let names: Vec<_> = names.collect();
        write_line(&mut self.out, &photo.path, file, &names, &self.palette)
    }

    fn error(&mut self, _path: &Path, _error: &Error) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, _summary: &Summary) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes the line of `photo` and the `file` with its names, unless that stays as it is.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_tagged_file(
    out: &mut (impl Write + ?Sized),
    photo: &Path,
    file: &TaggedFile,
) -> io::Result<()> {
    write_line(out, photo, file, &[], &PLAIN)
}

fn write_line(
    out: &mut (impl Write + ?Sized),
    photo: &Path,
    file: &TaggedFile,
    names: &[&str],
    palette: &Palette,
) -> io::Result<()> {
    let Some(done) = in_words(file) else {
        return Ok(());
    };
    escaped(out, photo.as_os_str().as_encoded_bytes())?;
    write!(out, "\t{done}\t")?;
    escaped(out, file.path.as_os_str().as_encoded_bytes())?;
    for (i, name) in names.iter().enumerate() {
        let separator = if i == 0 { "\t" } else { ", " };
        write!(out, "{separator}{}", palette.name)?;
        escaped(out, name.as_bytes())?;
        write!(out, "{}", palette.end)?;
    }
    writeln!(out)?;
    out.flush()
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
    use super::super::TagPlace;
    use super::super::text::COLORED;
    use super::*;

    fn line(change: TagChange, done: bool, palette: &Palette) -> String {
        let file = TaggedFile {
            place: TagPlace::Sidecar,
            path: "a.jpg.xmp".into(),
            change,
            done,
        };
        let mut out = Vec::new();
        let names = ["Zoë", "A\tB"];
        write_line(&mut out, Path::new("a.jpg"), &file, &names, palette).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_tells_what_was_done_or_would_be() {
        assert_eq!(
            line(TagChange::Create, true, &PLAIN),
            "a.jpg\tcreated\ta.jpg.xmp\tZoë, A\\tB\n"
        );
        assert_eq!(
            line(TagChange::Change, false, &PLAIN),
            "a.jpg\twould change\ta.jpg.xmp\tZoë, A\\tB\n"
        );
        assert_eq!(line(TagChange::Keep, true, &PLAIN), "");
        let coloured = line(TagChange::Create, true, &COLORED);
        assert!(
            coloured.contains("\t\x1b[1;32mZoë\x1b[0m, "),
            "{coloured:?}"
        );
    }
}
