//! The sidecars of photos: read, with names added or taken out, and written whole or not at all.

use std::io::{self, Write};
use std::path::Path;

use facematch::Error;
use facematch::image::read_file;
use facematch::report::{SidecarChange, SidecarRecord};
use facematch::tagging::{
    PhotoTags, SidecarNaming, Stamp, WithoutTags, XmpError, sidecar_of, with_tags, without_tags,
};

use super::interrupt::UnfinishedFiles;
use super::output::{Access, WholeFile};

/// Larger ones are left alone. Programs write some kilobytes, with the history of many edits a megabyte.
const MOST_BYTES: u64 = 64 << 20;

/// Whether sidecars are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// They are.
    Done,
    /// It is only told what would be written.
    Told,
}

/// Reads and writes sidecars.
pub(super) struct Sidecars {
    writing: Writing,
    /// When the run began.
    date: String,
    unfinished: UnfinishedFiles,
}

impl Sidecars {
    pub(super) fn new(writing: Writing, unfinished: &UnfinishedFiles) -> Self {
        Self {
            writing,
            date: humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string(),
            unfinished: unfinished.clone(),
        }
    }

    /// Adds `tags` to the sidecar of `photo`; makes one that is called as `naming` says when there is none.
    pub(super) fn tag(
        &self,
        photo: &Path,
        tags: &PhotoTags,
        naming: SidecarNaming,
    ) -> Result<SidecarRecord, Error> {
        let sidecar = sidecar_of(photo, naming);
        let existing = match sidecar.exists() {
            true => Some(read(&sidecar)?),
            false => None,
        };
        let stamp = Stamp {
            version: env!("CARGO_PKG_VERSION"),
            date: &self.date,
        };
        let content = with_tags(existing.as_deref(), tags, stamp).map_err(in_file(&sidecar))?;
        let change = match (&content, &existing) {
            (None, _) => SidecarChange::Keep,
            (Some(_), None) => SidecarChange::Create,
            (Some(_), Some(_)) => SidecarChange::Change,
        };
        self.put(&sidecar, change, &content.unwrap_or_default())
    }

    /// Takes out of `sidecar` what [`Self::tag`] added to it.
    pub(super) fn untag(&self, sidecar: &Path) -> Result<SidecarRecord, Error> {
        let existing = read(sidecar)?;
        let (change, content) = match without_tags(&existing).map_err(in_file(sidecar))? {
            WithoutTags::Unchanged => (SidecarChange::Keep, Vec::new()),
            WithoutTags::Changed(content) => (SidecarChange::Change, content),
            WithoutTags::Nothing => (SidecarChange::Remove, Vec::new()),
        };
        self.put(sidecar, change, &content)
    }

    /// Does what `change` says.
    fn put(
        &self,
        sidecar: &Path,
        change: SidecarChange,
        content: &[u8],
    ) -> Result<SidecarRecord, Error> {
        if self.writing == Writing::Done {
            let result = match change {
                SidecarChange::Keep => Ok(()),
                SidecarChange::Create => self.write(sidecar, content, WholeFile::finish),
                // What others wrote cannot be made again.
                SidecarChange::Change => self.write(sidecar, content, WholeFile::finish_on_disk),
                SidecarChange::Remove => remove(sidecar),
            };
            result.map_err(|source| Error::Write {
                path: sidecar.to_owned(),
                source,
            })?;
        }
        Ok(SidecarRecord {
            path: sidecar.to_owned(),
            change,
            done: self.writing == Writing::Done,
        })
    }

    fn write(
        &self,
        sidecar: &Path,
        content: &[u8],
        finish: impl FnOnce(WholeFile) -> io::Result<()>,
    ) -> io::Result<()> {
        let whole = WholeFile::begin(sidecar, Access::Usual, &self.unfinished)?;
        whole.file().write_all(content)?;
        finish(whole)
    }
}

fn read(sidecar: &Path) -> Result<Vec<u8>, Error> {
    match std::fs::metadata(sidecar) {
        Ok(metadata) if metadata.len() > MOST_BYTES => Err(Error::TooLarge {
            path: sidecar.to_owned(),
            reason: format!(
                "the sidecar has {} MiB; at most {} MiB are read",
                metadata.len() >> 20,
                MOST_BYTES >> 20
            ),
        }),
        _ => read_file(sidecar),
    }
}

/// Removes the file itself where `sidecar` is a link, as it would have been written to.
fn remove(sidecar: &Path) -> io::Result<()> {
    let file = std::fs::canonicalize(sidecar)?;
    std::fs::remove_file(&file)?;
    match std::fs::symlink_metadata(sidecar) {
        Ok(_) => std::fs::remove_file(sidecar),
        Err(_) => Ok(()),
    }
}

fn in_file(sidecar: &Path) -> impl FnOnce(XmpError) -> Error {
    move |reason| Error::Sidecar {
        path: sidecar.to_owned(),
        reason,
    }
}
