//! Names inside photos: reads a photo's XMP packet, and writes it with names added or removed.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use facematch_image_files::read_jpeg_head;
use facematch_xmp::{
    NAMESPACE, PhotoTags, WithoutTags, with_tags, without_corrected, without_tags,
};

use super::exiftool::{Backup, Change, ExifTool};
use super::file_contains::contains;
use super::sidecars::Sidecars;
use super::{TaggingRun, Writing, check_whole, refused};
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::ReadFile;
use crate::cli::photo_error::PhotoError;
use crate::cli::report::{TagChange, TagPlace, TaggedFile};

/// First bytes of a JPEG (ITU-T T.81, B.2.1).
const JPEG_START: &[u8] = &[0xFF, 0xD8];

/// First bytes of a PNG (ISO/IEC 15948, 5.2).
const PNG_START: &[u8] = b"\x89PNG";

/// Keyword of XMP that ImageMagick stores in a PNG. ExifTool reads it but writes a second packet
/// beside it.
const PNG_RAW_PROFILE: &[u8] = b"Raw profile type xmp";

/// Bytes before every part of the XMP in a JPEG (XMP specification, part 3, 1.1.3).
const JPEG_XMP: &[u8] = b"http://ns.adobe.com/x";

/// Maximum number of bytes of photos read before the first of them is written. It keeps the window
/// small in which another program can change a photo.
const BYTES_TOGETHER: u64 = 256 << 20;

/// Reads and writes the names inside photos.
pub(crate) struct EmbeddedTags {
    run: TaggingRun,
    exiftool: ExifTool,
}

impl EmbeddedTags {
    /// Photos per batch: ExifTool is much slower when it takes turns with a search.
    pub(crate) const AT_A_TIME: usize = 128;

    /// Starts ExifTool, which writes the names.
    ///
    /// # Errors
    /// Reason why ExifTool cannot be run.
    pub(crate) fn new(
        run: &TaggingRun,
        backup: Backup,
        unfinished: &UnfinishedFiles,
    ) -> Result<Self, String> {
        Ok(Self {
            run: run.clone(),
            exiftool: ExifTool::find(backup, unfinished)?,
        })
    }

    /// Waits until ExifTool has started.
    ///
    /// # Errors
    /// Reason why it cannot be used.
    pub(crate) fn check(&mut self) -> Result<(), String> {
        self.exiftool.check()
    }

    /// Returns whether `photo` may contain names that facematch wrote. This quick check does not
    /// need ExifTool.
    pub(crate) fn may_be_in(photo: &Path) -> Result<bool, PhotoError> {
        contains(open(photo)?, NAMESPACE.as_bytes()).map_err(|source| unreadable(photo, source))
    }

    /// Adds to the packet in each of `photos` the tags given with it. Returns the outcomes in the
    /// same order; `None` for a photo without a packet if no name can be written.
    pub(crate) fn tag(
        &mut self,
        photos: &[(&Path, &PhotoTags)],
    ) -> Vec<Result<Option<TaggedFile>, PhotoError>> {
        let mut files = Vec::new();
        while files.len() < photos.len() {
            let together = different(&photos[files.len()..]);
            let steps = together
                .iter()
                .map(|(photo, tags)| (*photo, self.begin_tag(photo, tags)));
            let steps = steps.collect();
            files.extend(self.finish(steps));
        }
        files
    }

    /// Removes from `photo` what [`Self::tag`] added.
    pub(crate) fn untag(&mut self, photo: &Path) -> Result<Option<TaggedFile>, PhotoError> {
        let step = self.begin_untag(photo);
        let files = self.finish(vec![(photo, step)]);
        files.into_iter().next().unwrap_or(Ok(None))
    }

    fn begin_tag(&mut self, photo: &Path, tags: &PhotoTags) -> Result<Step, PhotoError> {
        let file = ReadFile::of(photo)?;
        let existing = self.packet(photo)?;
        let tags = without_corrected_beside(photo, tags);
        let content = with_tags(existing.as_deref(), &tags, self.run.stamp())
            .map_err(|e| refused(photo, e))?;
        match (content, existing) {
            (None, None) => Ok(Step::Done(None)),
            (None, Some(_)) => Ok(Step::Done(Some(TagChange::Keep))),
            (Some(content), _) => self.begin_change(photo, file, Some(content)),
        }
    }

    fn begin_untag(&mut self, photo: &Path) -> Result<Step, PhotoError> {
        let file = ReadFile::of(photo)?;
        let Some(existing) = self.packet(photo)? else {
            return Ok(Step::Done(Some(TagChange::Keep)));
        };
        match without_tags(&existing).map_err(|e| refused(photo, e))? {
            WithoutTags::Unchanged => Ok(Step::Done(Some(TagChange::Keep))),
            WithoutTags::Changed(content) | WithoutTags::Copied(content) => {
                self.begin_change(photo, file, Some(content))
            }
            WithoutTags::Nothing => self.begin_change(photo, file, None),
        }
    }

    fn packet(&mut self, photo: &Path) -> Result<Option<Vec<u8>>, PhotoError> {
        match look(photo)? {
            Look::WithoutXmp => return Ok(None),
            Look::RawProfile => {
                return Err(refused(
                    photo,
                    "its XMP is in a form that is not changed; exiftool can rewrite it (-XMP:all= -tagsfromfile @ -XMP:all)",
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

    /// Prepares to write `packet` into `photo`, or to remove the existing packet.
    fn begin_change(
        &mut self,
        photo: &Path,
        file: ReadFile,
        packet: Option<Vec<u8>>,
    ) -> Result<Step, PhotoError> {
        // ExifTool would replace the file even so.
        if is_protected(photo) {
            return Err(refused(photo, "it is write-protected"));
        }
        match self.run.writing {
            Writing::Told => Ok(Step::Done(Some(TagChange::Change))),
            Writing::Done => Ok(Step::Waits(file, packet)),
        }
    }

    /// Makes the pending changes with ExifTool.
    fn finish(
        &mut self,
        steps: Vec<(&Path, Result<Step, PhotoError>)>,
    ) -> Vec<Result<Option<TaggedFile>, PhotoError>> {
        let mut changes = Vec::new();
        let mut begun = Vec::new();
        for (photo, step) in steps {
            let done = match step {
                Ok(Step::Waits(file, packet)) => {
                    changes.push(Change {
                        photo,
                        file,
                        packet,
                    });
                    None
                }
                Ok(Step::Done(change)) => Some(Ok(change)),
                Err(error) => Some(Err(error)),
            };
            begun.push((photo, done));
        }
        let mut made = self.exiftool.make(&changes).into_iter();
        let finish = |(photo, done): (&Path, Option<Result<Option<TagChange>, PhotoError>>)| {
            let change = done.unwrap_or_else(|| match made.next() {
                Some(Ok(())) => Ok(Some(TagChange::Change)),
                Some(Err(reason)) => Err(not_written(photo, reason)),
                None => Err(refused(photo, "exiftool has not been asked")),
            });
            Ok(change?.map(|change| self.record(photo, change)))
        };
        begun.into_iter().map(finish).collect()
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

/// Progress on a photo.
enum Step {
    /// Finished, with the change if there is one.
    Done(Option<TagChange>),
    /// Pending: ExifTool must write the packet into the photo that was read, or remove the existing
    /// one.
    Waits(ReadFile, Option<Vec<u8>>),
}

/// Returns the first of `photos`, up to [`BYTES_TOGETHER`] and up to the first duplicate. The
/// content of a duplicate is not known until the first one is written.
fn different<'a, 'b>(photos: &'a [(&'b Path, &'b PhotoTags)]) -> &'a [(&'b Path, &'b PhotoTags)] {
    let mut files = HashSet::new();
    let mut bytes = 0;
    let is_together = |(photo, _): &&(&Path, &PhotoTags)| {
        let is_first = files.is_empty();
        bytes += std::fs::metadata(photo).map_or(0, |metadata| metadata.len());
        let path = std::fs::canonicalize(photo).unwrap_or_else(|_| photo.to_path_buf());
        files.insert(path) && (is_first || bytes <= BYTES_TOGETHER)
    };
    let count = photos.iter().take_while(is_together).count();
    &photos[..count]
}

/// Returns `tags` without the faces that the user has corrected in a sidecar of `photo`.
fn without_corrected_beside(photo: &Path, tags: &PhotoTags) -> PhotoTags {
    let sidecars = Sidecars::of(photo).unwrap_or_default();
    let contents = sidecars.iter().filter_map(|path| Sidecars::read(path).ok());
    contents.fold(tags.clone(), |tags, sidecar| {
        without_corrected(&tags, &sidecar)
    })
}

fn not_written(photo: &Path, reason: String) -> PhotoError {
    match photo.exists() {
        true => refused(photo, reason),
        // ExifTool ended after it renamed the old file and before it renamed the new one.
        false => {
            let hint = "it is gone since exiftool was told to write it; see whether its name with _original is there";
            unreadable(photo, io::Error::new(io::ErrorKind::NotFound, hint))
        }
    }
}

/// Result of a quick look at a photo.
enum Look {
    WithoutXmp,
    RawProfile,
    /// Only ExifTool can say.
    Unknown,
}

/// Looks quickly at the usual formats. Only the pixels of a JPEG are compressed, and ExifTool looks
/// for no XMP after them; a PNG's keywords are never compressed.
fn look(photo: &Path) -> Result<Look, PhotoError> {
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

fn open(photo: &Path) -> Result<File, PhotoError> {
    File::open(photo).map_err(|source| unreadable(photo, source))
}

fn unreadable(photo: &Path, source: io::Error) -> PhotoError {
    let path = photo.to_owned();
    facematch::Error::Read { path, source }.into()
}

fn is_protected(photo: &Path) -> bool {
    std::fs::metadata(photo).is_ok_and(|metadata| metadata.permissions().readonly())
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
    fn a_file_that_comes_again_waits_until_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let paths = ["a", "b", "./a", "c"].map(path);
        std::fs::write(&paths[0], "").unwrap();
        let tags = PhotoTags {
            stored_size: (1, 1),
            faces: Vec::new(),
        };
        let photos: Vec<_> = paths.iter().map(|path| (path.as_path(), &tags)).collect();
        assert_eq!(different(&photos).len(), 2);
        assert_eq!(different(&photos[2..]).len(), 2);
        // Sparse files, which have a size but take no space on disk.
        for name in ["large", "larger"] {
            let file = File::create(path(name)).unwrap();
            file.set_len(BYTES_TOGETHER - 1).unwrap();
        }
        let large = ["a", "large", "larger", "b"].map(path);
        let large: Vec<_> = large.iter().map(|path| (path.as_path(), &tags)).collect();
        assert_eq!(different(&large).len(), 2);
        assert_eq!(different(&large[2..]).len(), 2);
    }
}
