//! What came of sidecars, in lines for people and for `cut`: one per photo whose sidecar is made or changed, fields separated
//! by tabs: the photo, what was done, the sidecar, and the names. Nothing of the other photos.

use std::io::{self, Write};
use std::path::Path;

use super::text::{PLAIN, Palette, escaped};
use super::{Finding, PhotoRecord, Report, SidecarChange, SidecarRecord, Summary};
use crate::error::Error;
use crate::matching::Identity;

pub(super) struct SidecarsReport<W> {
    out: W,
    palette: Palette,
}

impl<W: Write> SidecarsReport<W> {
    pub(super) fn new(out: W, palette: Palette) -> Self {
        Self { out, palette }
    }
}

impl<W: Write> Report for SidecarsReport<W> {
    fn photo(&mut self, photo: &PhotoRecord) -> io::Result<()> {
        let Some(sidecar) = &photo.sidecar else {
            return Ok(());
        };
        let names = photo.faces.iter().filter_map(|face| match &face.finding {
            Finding::Identity(identity) => Identity::name(identity),
            Finding::Landmarks(_) => None,
        });
        let names: Vec<_> = names.collect();
        write_line(&mut self.out, &photo.path, sidecar, &names, &self.palette)
    }

    fn error(&mut self, _path: &Path, _error: &Error) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, _summary: &Summary) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes the line of `photo` and its `sidecar`, unless that stays as it is.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_sidecar(
    out: &mut (impl Write + ?Sized),
    photo: &Path,
    sidecar: &SidecarRecord,
) -> io::Result<()> {
    write_line(out, photo, sidecar, &[], &PLAIN)
}

fn write_line(
    out: &mut (impl Write + ?Sized),
    photo: &Path,
    sidecar: &SidecarRecord,
    names: &[&str],
    palette: &Palette,
) -> io::Result<()> {
    let Some(done) = in_words(sidecar) else {
        return Ok(());
    };
    escaped(out, photo.as_os_str().as_encoded_bytes())?;
    write!(out, "\t{done}\t")?;
    escaped(out, sidecar.path.as_os_str().as_encoded_bytes())?;
    for (i, name) in names.iter().enumerate() {
        let separator = if i == 0 { "\t" } else { ", " };
        write!(out, "{separator}{}", palette.name)?;
        escaped(out, name.as_bytes())?;
        write!(out, "{}", palette.end)?;
    }
    writeln!(out)?;
    out.flush()
}

fn in_words(sidecar: &SidecarRecord) -> Option<&'static str> {
    Some(match (sidecar.change, sidecar.done) {
        (SidecarChange::Create, true) => "created",
        (SidecarChange::Create, false) => "would create",
        (SidecarChange::Change, true) => "changed",
        (SidecarChange::Change, false) => "would change",
        (SidecarChange::Remove, true) => "removed",
        (SidecarChange::Remove, false) => "would remove",
        (SidecarChange::Keep, _) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::text::COLORED;
    use super::*;

    fn line(change: SidecarChange, done: bool, palette: &Palette) -> String {
        let sidecar = SidecarRecord {
            path: "a.jpg.xmp".into(),
            change,
            done,
        };
        let mut out = Vec::new();
        let names = ["Zoë", "A\tB"];
        write_line(&mut out, Path::new("a.jpg"), &sidecar, &names, palette).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_tells_what_was_done_or_would_be() {
        assert_eq!(
            line(SidecarChange::Create, true, &PLAIN),
            "a.jpg\tcreated\ta.jpg.xmp\tZoë, A\\tB\n"
        );
        assert_eq!(
            line(SidecarChange::Change, false, &PLAIN),
            "a.jpg\twould change\ta.jpg.xmp\tZoë, A\\tB\n"
        );
        assert_eq!(line(SidecarChange::Keep, true, &PLAIN), "");
        let coloured = line(SidecarChange::Create, true, &COLORED);
        assert!(
            coloured.contains("\t\x1b[1;32mZoë\x1b[0m, "),
            "{coloured:?}"
        );
    }
}
