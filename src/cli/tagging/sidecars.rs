//! Sidecars of photos: reads them and writes them with names added or removed, completely or not at
//! all.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use facematch::Error;
use facematch_image_files::{ImageFileError, embedded_packets, read_file};
use facematch_xmp::{
    PhotoTags, WithoutTags, holds, new_sidecar, with_tags, without_corrected, without_tags,
};

use super::sidecar_names::{SidecarNaming, sidecar_of, sidecars_of};
use super::{TaggingRun, Writing};
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::{Access, ReadFile, WholeFile};
use crate::cli::photo_error::PhotoError;
use crate::cli::report::{TagChange, TagPlace, TaggedFile};

/// Maximum size in bytes of a sidecar; larger ones are refused. Programs write a few kilobytes, or
/// a megabyte with a long edit history.
const MOST_BYTES: u64 = 64 << 20;

/// Reads and writes sidecars.
pub(crate) struct Sidecars {
    run: TaggingRun,
    unfinished: UnfinishedFiles,
}

/// A sidecar in the state in which it was read.
struct Existing {
    bytes: Vec<u8>,
    file: ReadFile,
}

impl Sidecars {
    pub(crate) fn new(run: &TaggingRun, unfinished: &UnfinishedFiles) -> Self {
        Self {
            run: run.clone(),
            unfinished: unfinished.clone(),
        }
    }

    /// Adds `tags` to the sidecar of `photo`. If there is none, creates one named by `naming`, with
    /// a copy of the tags that the user has put inside the photo. Returns `None` if there is none
    /// and no name can be written.
    pub(crate) fn tag(
        &self,
        photo: &Path,
        tags: &PhotoTags,
        naming: SidecarNaming,
    ) -> Result<Option<TaggedFile>, PhotoError> {
        let (sidecar, is_there) = sidecar_of(photo, naming).map_err(|e| unreadable(photo, &e))?;
        let existing = is_there.then(|| Existing::read(&sidecar)).transpose()?;
        let stamp = self.run.stamp();
        let content = match &existing {
            Some(existing) => {
                let tags = without_corrected_inside(photo, tags);
                with_tags(Some(&existing.bytes), &tags, stamp)
            }
            None => new_sidecar(&packets_inside(photo)?, tags, stamp),
        };
        let content = content.map_err(|e| refused(&sidecar, &e))?;
        if let Some(content) = &content {
            check_size(&sidecar, content.len() as u64)?;
        }
        let change = match (&content, &existing) {
            (None, None) => return Ok(None),
            (None, Some(_)) => TagChange::Keep,
            (Some(_), None) => TagChange::Create,
            (Some(_), Some(_)) => TagChange::Change,
        };
        let content = content.unwrap_or_default();
        self.put(sidecar, existing, change, &content).map(Some)
    }

    /// Returns the sidecars of `photo`.
    pub(crate) fn of(photo: &Path) -> Result<Vec<PathBuf>, PhotoError> {
        let sidecars = sidecars_of(photo).map_err(|e| unreadable(photo, &e))?;
        match std::fs::metadata(photo) {
            Err(source) if sidecars.is_empty() => {
                let path = photo.to_owned();
                Err(Error::Read { path, source }.into())
            }
            _ => Ok(sidecars),
        }
    }

    /// Returns the content of `sidecar`.
    pub(crate) fn read(sidecar: &Path) -> Result<Vec<u8>, PhotoError> {
        Existing::read(sidecar).map(|existing| existing.bytes)
    }

    /// Removes from `sidecar`, which belongs to `photo`, what [`Self::tag`] added. Tags copied from
    /// the photo stay if the photo no longer has them.
    pub(crate) fn untag(&self, photo: &Path, sidecar: PathBuf) -> Result<TaggedFile, PhotoError> {
        let existing = Existing::read(&sidecar)?;
        let without = without_tags(&existing.bytes).map_err(|e| refused(&sidecar, &e))?;
        let (change, content) = match without {
            WithoutTags::Unchanged => (TagChange::Keep, Vec::new()),
            WithoutTags::Copied(copy) if is_inside(&copy, photo) => (TagChange::Remove, Vec::new()),
            WithoutTags::Changed(content) | WithoutTags::Copied(content) => {
                (TagChange::Change, content)
            }
            WithoutTags::Nothing => (TagChange::Remove, Vec::new()),
        };
        self.put(sidecar, Some(existing), change, &content)
    }

    /// Makes `change`.
    fn put(
        &self,
        sidecar: PathBuf,
        existing: Option<Existing>,
        change: TagChange,
        content: &[u8],
    ) -> Result<TaggedFile, PhotoError> {
        let result = match (change, self.run.writing) {
            (TagChange::Keep, _) => Ok(()),
            (_, Writing::Told) => check(&sidecar, existing.as_ref()),
            (TagChange::Create | TagChange::Change, Writing::Done) => {
                self.write(&sidecar, existing.as_ref(), content)
            }
            (TagChange::Remove, Writing::Done) => {
                check(&sidecar, existing.as_ref()).and_then(|()| remove(&sidecar))
            }
        };
        if let Err(source) = result {
            return Err(PhotoError::Write {
                path: sidecar,
                source,
            });
        }
        Ok(TaggedFile {
            place: TagPlace::Sidecar,
            path: sidecar,
            change,
            done: self.run.writing == Writing::Done,
        })
    }

    fn write(&self, sidecar: &Path, existing: Option<&Existing>, content: &[u8]) -> io::Result<()> {
        let whole = WholeFile::begin(sidecar, Access::Usual, &self.unfinished)?;
        whole.file().write_all(content)?;
        check(sidecar, existing)?;
        // Synced to disk, because later runs would refuse half a sidecar for ever.
        whole.finish_on_disk()
    }
}

/// Returns the XMP inside `photo`; none if facematch does not read its format and the image comes
/// from the command of `--pre`.
fn packets_inside(photo: &Path) -> Result<Vec<Vec<u8>>, PhotoError> {
    match embedded_packets(photo) {
        Err(ImageFileError::UnknownFormat { .. } | ImageFileError::ForeignFormat { .. }) => {
            Ok(Vec::new())
        }
        packets => Ok(packets.map_err(Error::from)?),
    }
}

/// Returns whether `photo` still contains everything in `copy`, which was copied from it; false if
/// the photo cannot be read any more.
fn is_inside(copy: &[u8], photo: &Path) -> bool {
    packets_inside(photo).is_ok_and(|packets| holds(&packets, copy))
}

impl Existing {
    fn read(sidecar: &Path) -> Result<Self, PhotoError> {
        let metadata = std::fs::metadata(sidecar).map_err(|e| unreadable(sidecar, &e))?;
        if !metadata.is_file() {
            return Err(refused(sidecar, "is not a file"));
        }
        check_size(sidecar, metadata.len())?;
        let file = ReadFile::of(sidecar);
        match file.and_then(|file| Ok((file, read_file(sidecar)?))) {
            Ok((file, bytes)) => Ok(Self { bytes, file }),
            Err(
                Error::Read { source, .. } | Error::ImageFile(ImageFileError::Read { source, .. }),
            ) => Err(unreadable(sidecar, &source)),
            Err(error) => Err(error.into()),
        }
    }
}

/// Refuses a sidecar of a size that would not be read again.
fn check_size(sidecar: &Path, size: u64) -> Result<(), PhotoError> {
    match size {
        0..=MOST_BYTES => Ok(()),
        _ => {
            let [size, most] = [size, MOST_BYTES].map(|bytes| bytes >> 20);
            let reason = format!("has {size} MiB; at most {most} MiB are read");
            Err(refused(sidecar, reason))
        }
    }
}

/// Returns `tags` without the faces that the user has corrected inside `photo`.
fn without_corrected_inside(photo: &Path, tags: &PhotoTags) -> PhotoTags {
    let packets = embedded_packets(photo).unwrap_or_default();
    packets.iter().fold(tags.clone(), |tags, packet| {
        without_corrected(&tags, packet)
    })
}

/// Refuses to overwrite content that was not read or a file that is write-protected.
fn check(sidecar: &Path, existing: Option<&Existing>) -> io::Result<()> {
    match existing {
        Some(existing) if !existing.file.is_unchanged() => Err(io::Error::other(
            "another program changed it meanwhile; run it again",
        )),
        Some(_) if std::fs::metadata(sidecar)?.permissions().readonly() => {
            Err(io::Error::other("it is write-protected"))
        }
        Some(_) => Ok(()),
        // It may be a dangling link.
        None => match std::fs::symlink_metadata(sidecar) {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => Ok(()),
        },
    }
}

/// Removes `sidecar`. If it is a link, the file that it leads to is removed as well, because
/// writing would have changed that file.
fn remove(sidecar: &Path) -> io::Result<()> {
    std::fs::remove_file(std::fs::canonicalize(sidecar)?)?;
    match std::fs::symlink_metadata(sidecar) {
        Ok(_) => std::fs::remove_file(sidecar),
        Err(_) => Ok(()),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> PhotoError {
    refused(path, format!("cannot be read: {error}"))
}

fn refused(sidecar: &Path, reason: impl ToString) -> PhotoError {
    PhotoError::Sidecar {
        path: sidecar.to_owned(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_program_wrote_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let sidecar = folder.path().join("a.jpg.xmp");
        let run = TaggingRun::begin(Writing::Done);
        let sidecars = Sidecars::new(&run, &UnfinishedFiles::default());
        std::fs::write(&sidecar, "old").unwrap();
        let existing = Existing::read(&sidecar).unwrap();
        std::fs::write(&sidecar, "of another program").unwrap();
        for change in [TagChange::Change, TagChange::Remove] {
            let existing = Some(Existing {
                bytes: existing.bytes.clone(),
                file: existing.file.clone(),
            });
            let error = sidecars
                .put(sidecar.clone(), existing, change, b"new")
                .unwrap_err();
            assert!(
                error.to_string().contains("changed it meanwhile"),
                "{error}"
            );
        }
        // A sidecar that did not exist when the run looked for it.
        let error = sidecars.put(sidecar.clone(), None, TagChange::Create, b"new");
        assert_eq!(error.unwrap_err().kind(), "write");
        assert_eq!(
            std::fs::read_to_string(&sidecar).unwrap(),
            "of another program"
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
