//! What came of sidecars, in lines for people and for `cut`: one per photo whose sidecar has names, fields separated by
//! tabs: the photo, what was done, the sidecar, and the names. Nothing of the other photos.

use std::io::{self, Write};
use std::path::Path;

use super::text::escaped;
use super::{Finding, PhotoRecord, Report, SidecarChange, SidecarRecord, Summary};
use crate::error::Error;
use crate::matching::Identity;

pub(super) struct SidecarsReport<W> {
    out: W,
}

impl<W: Write> SidecarsReport<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
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
        write_sidecar(&mut self.out, &photo.path, sidecar, &names)
    }

    fn error(&mut self, _path: &Path, _error: &Error) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, _summary: &Summary) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes the line of `photo` and its `sidecar`, which has `names`.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_sidecar(
    out: &mut (impl Write + ?Sized),
    photo: &Path,
    sidecar: &SidecarRecord,
    names: &[&str],
) -> io::Result<()> {
    escaped(out, photo.as_os_str().as_encoded_bytes())?;
    write!(out, "\t{}\t", in_words(sidecar))?;
    escaped(out, sidecar.path.as_os_str().as_encoded_bytes())?;
    for (i, name) in names.iter().enumerate() {
        write!(out, "{}", if i == 0 { "\t" } else { ", " })?;
        escaped(out, name.as_bytes())?;
    }
    writeln!(out)?;
    out.flush()
}

fn in_words(sidecar: &SidecarRecord) -> &'static str {
    match (sidecar.change, sidecar.done) {
        (SidecarChange::Create, true) => "created",
        (SidecarChange::Create, false) => "would create",
        (SidecarChange::Change, true) => "changed",
        (SidecarChange::Change, false) => "would change",
        (SidecarChange::Remove, true) => "removed",
        (SidecarChange::Remove, false) => "would remove",
        (SidecarChange::Keep, _) => "unchanged",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_what_was_done_or_would_be() {
        let mut out = Vec::new();
        for (change, done) in [
            (SidecarChange::Create, true),
            (SidecarChange::Change, false),
            (SidecarChange::Keep, true),
        ] {
            let sidecar = SidecarRecord {
                path: "a.jpg.xmp".into(),
                change,
                done,
            };
            write_sidecar(&mut out, Path::new("a.jpg"), &sidecar, &["Zoë", "A\tB"]).unwrap();
        }
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r"
        a.jpg	created	a.jpg.xmp	Zoë, A\tB
        a.jpg	would change	a.jpg.xmp	Zoë, A\tB
        a.jpg	unchanged	a.jpg.xmp	Zoë, A\tB
        ");
    }
}
