//! The names inside photos: the XMP packet of a photo is read, and written with names added or taken out.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use facematch::Error;
use facematch::image::read_jpeg_head;
use facematch::report::{TagChange, TagPlace, TaggedFile};
use facematch::tagging::{
    NAMESPACE, PhotoTags, WithoutTags, with_tags, without_corrected, without_tags,
};

use super::super::interrupt::UnfinishedFiles;
use super::exiftool::{Backup, ExifTool};
use super::sidecars::Sidecars;
use super::{TaggingRun, Writing, check_whole, refused};

/// A JPEG begins with these bytes (ITU-T T.81, B.2.1).
const JPEG_START: &[u8] = &[0xFF, 0xD8];

/// A PNG begins with these bytes (ISO/IEC 15948, 5.2).
const PNG_START: &[u8] = b"\x89PNG";

/// XMP as ImageMagick keeps it in a PNG. ExifTool reads it, and writes a packet beside it.
const PNG_RAW_PROFILE: &[u8] = b"Raw profile type xmp";

/// Before every part of the XMP in a JPEG (XMP specification, part 3, 1.1.3).
const JPEG_XMP: &[u8] = b"http://ns.adobe.com/x";

/// So much of a photo is searched at a time.
const BLOCK: usize = 1 << 16;

/// Reads and writes the names inside photos.
pub(in super::super) struct EmbeddedTags {
    run: TaggingRun,
    exiftool: ExifTool,
}

impl EmbeddedTags {
    /// # Errors
    /// Why ExifTool, which writes them, cannot be used.
    pub(in super::super) fn new(
        run: &TaggingRun,
        backup: Backup,
        unfinished: &UnfinishedFiles,
    ) -> Result<Self, String> {
        Ok(Self {
            run: run.clone(),
            exiftool: ExifTool::find(backup, unfinished)?,
        })
    }

    /// Whether `photo` may have names that facematch wrote: a quick look, which needs no ExifTool.
    pub(in super::super) fn may_be_in(photo: &Path) -> Result<bool, Error> {
        contains(open(photo)?, NAMESPACE.as_bytes()).map_err(|source| unreadable(photo, source))
    }

    /// Adds `tags` to the packet in `photo`; `None` when it has none and no name can be written.
    pub(in super::super) fn tag(
        &mut self,
        photo: &Path,
        tags: &PhotoTags,
    ) -> Result<Option<TaggedFile>, Error> {
        let existing = self.packet(photo)?;
        let tags = without_corrected_beside(photo, tags);
        let content = with_tags(existing.as_deref(), &tags, self.run.stamp())
            .map_err(|e| refused(photo, e))?;
        match (content, existing) {
            (None, None) => Ok(None),
            (None, Some(_)) => Ok(Some(self.record(photo, TagChange::Keep))),
            (Some(content), _) => self.put(photo, Some(&content)).map(Some),
        }
    }

    /// Takes out of `photo` what [`Self::tag`] added to it.
    pub(in super::super) fn untag(&mut self, photo: &Path) -> Result<TaggedFile, Error> {
        let Some(existing) = self.packet(photo)? else {
            return Ok(self.record(photo, TagChange::Keep));
        };
        match without_tags(&existing).map_err(|e| refused(photo, e))? {
            WithoutTags::Unchanged => Ok(self.record(photo, TagChange::Keep)),
            WithoutTags::Changed(content) | WithoutTags::Copied(content) => {
                self.put(photo, Some(&content))
            }
            WithoutTags::Nothing => self.put(photo, None),
        }
    }

    fn packet(&mut self, photo: &Path) -> Result<Option<Vec<u8>>, Error> {
        match look(photo)? {
            Look::WithoutXmp => return Ok(None),
            Look::RawProfile => {
                return Err(refused(
                    photo,
                    "its XMP is in a form that is not changed; exiftool can write it anew (-XMP:all= -tagsfromfile @ -XMP:all)",
                ));
            }
            Look::Unknown => {}
        }
        let packet = self.exiftool.read(photo).map_err(|e| refused(photo, e))?;
        if let Some(packet) = &packet {
            check_whole(photo, packet)?;
        }
        Ok(packet)
    }

    /// Writes `packet` into `photo`, or takes out the one that it has.
    fn put(&mut self, photo: &Path, packet: Option<&[u8]>) -> Result<TaggedFile, Error> {
        // ExifTool would put a new file in its place all the same.
        if is_protected(photo) {
            return Err(refused(photo, "it is write-protected"));
        }
        if self.run.writing == Writing::Done {
            let result = match packet {
                Some(packet) => self.exiftool.write(photo, packet),
                None => self.exiftool.remove(photo),
            };
            result.map_err(|e| refused(photo, e))?;
        }
        Ok(self.record(photo, TagChange::Change))
    }

    fn record(&self, photo: &Path, change: TagChange) -> TaggedFile {
        TaggedFile {
            place: TagPlace::Photo,
            path: photo.to_owned(),
            change,
            done: self.run.writing == Writing::Done,
        }
    }
}

/// `tags` without the faces that somebody has corrected in a sidecar of `photo`.
fn without_corrected_beside(photo: &Path, tags: &PhotoTags) -> PhotoTags {
    let sidecars = Sidecars::of(photo).unwrap_or_default();
    let contents = sidecars.iter().filter_map(|path| Sidecars::read(path).ok());
    contents.fold(tags.clone(), |tags, sidecar| {
        without_corrected(&tags, &sidecar)
    })
}

/// What a quick look at a photo tells.
enum Look {
    WithoutXmp,
    RawProfile,
    /// ExifTool has to look.
    Unknown,
}

/// A quick look at what most photos are: nothing of a JPEG is compressed but its pixels, behind which ExifTool looks for no
/// XMP, of a PNG no keyword.
fn look(photo: &Path) -> Result<Look, Error> {
    let looked = File::open(photo).and_then(|mut file| {
        let mut start = Vec::new();
        file.by_ref()
            .take(PNG_START.len() as u64)
            .read_to_end(&mut start)?;
        Ok(match &start {
            start if start.starts_with(JPEG_START) => {
                let head = read_jpeg_head(&mut start.chain(&mut file))?;
                match memchr::memmem::find(&head, JPEG_XMP) {
                    None => Look::WithoutXmp,
                    Some(_) => Look::Unknown,
                }
            }
            start if start == PNG_START && contains(&mut file, PNG_RAW_PROFILE)? => {
                Look::RawProfile
            }
            _ => Look::Unknown,
        })
    });
    looked.map_err(|source| unreadable(photo, source))
}

fn open(photo: &Path) -> Result<File, Error> {
    File::open(photo).map_err(|source| unreadable(photo, source))
}

fn unreadable(photo: &Path, source: io::Error) -> Error {
    Error::Read {
        path: photo.to_owned(),
        source,
    }
}

fn is_protected(photo: &Path) -> bool {
    std::fs::metadata(photo).is_ok_and(|metadata| metadata.permissions().readonly())
}

/// Whether `wanted`, which is shorter than a block, is in `stream`.
fn contains(mut stream: impl Read, wanted: &[u8]) -> io::Result<bool> {
    let mut window = Vec::with_capacity(2 * BLOCK);
    while stream
        .by_ref()
        .take(BLOCK as u64)
        .read_to_end(&mut window)?
        > 0
    {
        if memchr::memmem::find(&window, wanted).is_some() {
            return Ok(true);
        }
        // It may begin at the end of one block and end in the next.
        let seen = window.len().saturating_sub(wanted.len());
        window.drain(..seen);
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_look_spares_exiftool_jpegs_without_xmp_and_finds_raw_profiles() {
        let folder = tempfile::tempdir().unwrap();
        let photo = folder.path().join("photo");
        let looked = |parts: &[&[u8]]| {
            std::fs::write(&photo, parts.concat()).unwrap();
            look(&photo).unwrap()
        };
        let jpeg = [JPEG_START, b"pixels"].concat();
        assert!(matches!(looked(&[&jpeg]), Look::WithoutXmp));
        assert!(matches!(looked(&[&jpeg, JPEG_XMP]), Look::Unknown));
        let scan = [JPEG_START, b"\xFF\xDA\0\x02pixels"].concat();
        assert!(matches!(looked(&[&scan, JPEG_XMP]), Look::WithoutXmp));
        let png = [PNG_START, b"\r\n\x1a\n"].concat();
        assert!(matches!(looked(&[&png]), Look::Unknown));
        assert!(matches!(
            looked(&[&png, b"zTXt", PNG_RAW_PROFILE, b"\0"]),
            Look::RawProfile
        ));
        assert!(matches!(looked(&[b"GIF89a"]), Look::Unknown));
        assert!(matches!(looked(&[b""]), Look::Unknown));
    }

    #[test]
    fn what_lies_across_two_blocks_is_found() {
        let wanted = NAMESPACE.as_bytes();
        for start in (BLOCK - 30..BLOCK + 3).chain([0, 3 * BLOCK]) {
            let mut bytes = vec![b'u'; start];
            bytes.extend(wanted);
            assert!(contains(&bytes[..], wanted).unwrap(), "{start}");
            bytes.pop();
            assert!(!contains(&bytes[..], wanted).unwrap(), "{start}");
        }
        assert!(!contains(&b""[..], wanted).unwrap());
    }
}
