//! Guards what a run may write: it never overwrites a file that it reads or a file of another kind
//! than it writes, and never adds a photo to KNOWN.

use std::collections::HashSet;
use std::fs::{File, Metadata};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use facematch::batch::has_photo_extension;
use facematch::gallery::{has_gallery_header, is_gallery_file};
use facematch_image_files::{foreign_format, has_image_signature, is_marked};

use super::caching;
use super::config::{CacheConfig, EngineConfig, Results};
use super::exit::Failure;
use super::output::{STDOUT, file_number};
use super::pictures::{crop_path, drawing_path, shared_picture};
use super::same_file::{Existing, is_in, is_stdin, resolved};
use crate::cli::report::{PLOT_TITLE, is_report};

/// Number of bytes of an existing file that are read to recognize its content.
const START: u64 = 1 << 16;

/// First bytes of every redb database.
const CACHE_START: &[u8] = b"redb";

/// A source of known people, as messages call it.
const KNOWN: &str = "KNOWN";

/// Kind of content that is written to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// Text, JSON or CSV for `--output`.
    Results,
    /// SVG for `--plot`.
    Plot,
    /// A gallery. It replaces an existing one only with `force`.
    Gallery { force: bool },
    /// A changed gallery that was read from the same file.
    ChangedGallery,
    /// JPEG for `--draw`.
    Drawing,
    /// PNG for `--crops`.
    Crop,
    /// A man page of facematch.
    ManPage,
}

/// Content of an existing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Empty,
    Results,
    /// Text that facematch did not write.
    Text,
    Xml,
    /// A plot written by `--plot`.
    Plot,
    /// A man page of facematch.
    ManPage,
    /// A picture drawn by facematch.
    OwnPicture,
    Image,
    Gallery,
    Cache,
    Binary,
}

impl Written {
    /// Returns what the user can do instead.
    fn advice(self) -> &'static str {
        match self {
            Self::Results | Self::Gallery { .. } => "name another file with -o",
            Self::ChangedGallery => "make it writable",
            Self::Plot => "name another file with --plot",
            Self::Drawing => "name another folder with --draw",
            Self::Crop => "name another folder with --crops",
            Self::ManPage => "name another folder",
        }
    }

    /// Returns why the file `path` must not be overwritten and what to do about it, or `None` if it
    /// may be overwritten or does not exist.
    pub(super) fn objection(self, path: &Path) -> Option<String> {
        let metadata = std::fs::metadata(path).ok()?;
        if metadata.permissions().readonly() {
            return Some(format!("it is write-protected; {}", self.advice()));
        }
        if matches!(self, Self::Drawing | Self::Crop) && !metadata.is_file() {
            return Some(format!("it is not a regular file; {}", self.advice()));
        }
        let content = match Content::of(path, &metadata) {
            Ok(content) => content,
            Err(error) => {
                let advice = self.advice();
                return Some(format!("its content cannot be read ({error}); {advice}"));
            }
        };
        let is_replaced = match (self, content) {
            (_, Content::Empty)
            | (Self::Results, Content::Results)
            | (Self::Plot, Content::Plot)
            | (Self::ManPage, Content::ManPage)
            | (Self::Gallery { force: true } | Self::ChangedGallery, Content::Gallery)
            | (Self::Drawing | Self::Crop, Content::OwnPicture) => true,
            (Self::Gallery { force: false }, Content::Gallery) => {
                return Some(
                    "it is a gallery; add people with --add, or replace it with --force".to_owned(),
                );
            }
            _ => false,
        };
        let kind = match (self, content) {
            (Self::Drawing | Self::Crop, Content::Image) => "an image that facematch did not draw",
            _ => content.in_words(),
        };
        (!is_replaced).then(|| format!("it is {kind}; {}", self.advice()))
    }
}

impl Content {
    fn of(path: &Path, metadata: &Metadata) -> io::Result<Self> {
        if metadata.len() == 0 {
            return Ok(Self::Empty);
        }
        if has_gallery_header(path).map_err(io::Error::other)? {
            return Ok(Self::Gallery);
        }
        let mut start = Vec::new();
        File::open(path)?.take(START).read_to_end(&mut start)?;
        Ok(match Self::of_bytes(&start) {
            Self::Text if is_report(BufReader::new(File::open(path)?))? => Self::Results,
            content => content,
        })
    }

    /// Returns the content of a file that begins with `start`. Results still count as
    /// [`Self::Text`].
    fn of_bytes(start: &[u8]) -> Self {
        let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
        let text = text.trim_ascii_start();
        match start {
            _ if has_image_signature(start) && is_marked(start) => Self::OwnPicture,
            _ if has_image_signature(start) || foreign_format(start).is_some() => Self::Image,
            _ if start.starts_with(CACHE_START) && !is_text(start) => Self::Cache,
            _ if !is_text(start) => Self::Binary,
            _ if is_plot(text) => Self::Plot,
            _ if is_svg(text) => Self::Image,
            _ if text.starts_with(b"<") => Self::Xml,
            _ if is_man_page(text) => Self::ManPage,
            _ => Self::Text,
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Results => "a file of results",
            Self::Text => "a text file that facematch did not write",
            Self::Xml => "an XML file",
            Self::ManPage => "a man page",
            Self::OwnPicture | Self::Plot | Self::Image => "an image",
            Self::Gallery => "a gallery",
            Self::Cache => "a cache",
            Self::Binary => "a binary file",
        }
    }
}

/// Returns `xml` from its root element on, without the declaration, comments and document type
/// before it.
fn root_element(mut xml: &[u8]) -> &[u8] {
    loop {
        let end: &[u8] = match xml {
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            [b'<', b'?', ..] => b"?>",
            [b'<', b'!', ..] => b">",
            _ => return xml,
        };
        match memchr::memmem::find(xml, end) {
            Some(at) => xml = xml[at + end.len()..].trim_ascii_start(),
            None => return &[],
        }
    }
}

fn is_svg(text: &[u8]) -> bool {
    text.starts_with(b"<") && root_element(text).starts_with(b"<svg")
}

/// Returns whether `text` is an SVG with the title of facematch's plots.
fn is_plot(text: &[u8]) -> bool {
    is_svg(text) && memchr::memmem::find(text, PLOT_TITLE.as_bytes()).is_some()
}

/// Returns whether `text` is a man page of facematch or of one of its commands.
fn is_man_page(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"\n.TH facematch").is_some()
}

/// Returns whether `bytes` are text in UTF-8 or another superset of ASCII: the only control
/// characters are those found in text and terminal output (tab, line feed, form feed, carriage
/// return, escape).
fn is_text(bytes: &[u8]) -> bool {
    let is_allowed = |byte: u8| matches!(byte, b'\t' | b'\n' | 0x0C | b'\r' | 0x1B);
    let mut bytes = bytes.iter();
    bytes.all(|&byte| !byte.is_ascii_control() || is_allowed(byte))
}

/// Files that a run reads and therefore must not overwrite.
#[derive(Default)]
pub(super) struct RunInputs<'a> {
    known: Vec<&'a Path>,
    /// Each file with a description of it.
    files: Vec<(&'static str, &'a Path)>,
    cache: Option<PathBuf>,
}

impl<'a> RunInputs<'a> {
    /// Returns the files that a run reads apart from photos.
    pub(super) fn new(engine: &'a EngineConfig, cache: Option<&CacheConfig>) -> Self {
        let landmarks = engine.landmarks.iter();
        Self {
            known: Vec::new(),
            files: landmarks
                .map(|model| ("the landmark model", model.as_path()))
                .collect(),
            cache: cache.and_then(|config| caching::file(config).ok().flatten()),
        }
    }

    /// Adds KNOWN: a folder, a photo or a gallery.
    pub(super) fn with_known(mut self, known: &'a Path) -> Self {
        self.known.push(known);
        self.files.push((KNOWN, known));
        self
    }

    /// Adds the gallery whose faces are encoded again.
    pub(super) fn with_reencoded(mut self, gallery: &'a Path) -> Self {
        self.files.push(("the gallery to encode again", gallery));
        self
    }

    /// Adds `photos`.
    pub(super) fn with_photos(mut self, photos: impl IntoIterator<Item = &'a Path>) -> Self {
        let photos = photos.into_iter();
        self.files
            .extend(photos.map(|photo| ("one of the photos", photo)));
        self
    }

    /// Adds the list of photos `list`.
    pub(super) fn with_list(mut self, list: &'a Path) -> Self {
        self.files.push(("the list of photos", list));
        self
    }

    /// Refuses to write to `path` if that would destroy a file or add a photo to KNOWN.
    ///
    /// # Errors
    /// [`Failure::Usage`].
    pub(super) fn check(&self, path: &Path, written: Written) -> Result<(), Failure> {
        let advice = written.advice();
        let refused = |reason: String| {
            let path = path.display();
            Err(Failure::Usage(format!("{path}: not overwritten: {reason}")))
        };
        if let Some(what) = self.reads(path) {
            return refused(match written {
                Written::Gallery { .. }
                    if what == KNOWN && is_gallery_file(path).unwrap_or(false) =>
                {
                    "this run reads it; add people to it with --add".to_owned()
                }
                _ => format!("this run reads it as {what}; {advice}"),
            });
        }
        if let Some(objection) = written.objection(path) {
            return refused(objection);
        }
        if let Some(cache) = &self.cache
            && resolved(cache) == resolved(path)
        {
            return refused(format!("it is the cache of this run; {advice}"));
        }
        match self.becomes_input(path) {
            Some(reason) => Err(Failure::Usage(format!(
                "{}: not written: {reason}; {advice}",
                path.display()
            ))),
            None => Ok(()),
        }
    }

    /// Returns why a later run would read the file `path`, or `None` if it would not. If `path` is
    /// a link, its target counts.
    fn becomes_input(&self, path: &Path) -> Option<&'static str> {
        let names = [path, &resolved(path)];
        if names.iter().any(|name| is_sidecar(name)) {
            return Some("a later run would take it for a sidecar, by its name");
        }
        if !names.into_iter().any(has_photo_extension) {
            return None;
        }
        Some(match self.is_in_known(path) {
            true => "it would become a photo of KNOWN",
            false => "a later run would take it for a photo, by its name",
        })
    }

    /// Refuses a cache in a file that the run reads or that would become a photo of KNOWN.
    pub(super) fn check_cache(&self, cache: &Path) -> Result<(), Failure> {
        let reason = match self.reads(cache) {
            _ if cache == STDOUT => "not written: it stands for standard output".to_owned(),
            Some(what) => format!("not overwritten: this run reads it as {what}"),
            None => match self.becomes_input(cache) {
                Some(reason) => format!("not written: {reason}"),
                None => return Ok(()),
            },
        };
        let cache = cache.display();
        Err(Failure::Usage(format!(
            "{cache}: {reason}; name another file with --cache"
        )))
    }

    /// Refuses pictures of `photos` that would overwrite one of them or become photos of KNOWN.
    pub(super) fn check_pictures<'b>(
        &self,
        results: &Results,
        photos: impl Iterator<Item = &'b Path> + Clone,
    ) -> Result<(), Failure> {
        let folders = [
            (&results.draw, Written::Drawing),
            (&results.crops, Written::Crop),
        ];
        let folders = folders
            .into_iter()
            .filter_map(|(folder, written)| Some((folder.as_deref()?, written)));
        let mut read = None;
        for (folder, written) in folders {
            let advice = written.advice();
            let part_of_known = match self.is_in_known(folder) {
                true => Some(folder.to_owned()),
                false => self.picture_in_known(photos.clone(), folder, written),
            };
            if let Some(part) = part_of_known {
                return Err(Failure::Usage(format!(
                    "{}: this is part of KNOWN, and pictures there would become known photos; {advice}",
                    part.display()
                )));
            }
            let place = |photo: &Path| first_picture(photo, folder, written);
            if let Some((picture, [one, other])) = shared_picture(photos.clone(), place) {
                return Err(Failure::Usage(format!(
                    "{}: {} and {} would both have this picture; search them in two runs, with a folder for each",
                    picture.display(),
                    one.display(),
                    other.display()
                )));
            }
            let read = read.get_or_insert_with(|| self.file_numbers());
            let mut pictures = photos
                .clone()
                .flat_map(|photo| pictures_of(photo, folder, written));
            if let Some((picture, _)) = pictures.find(|(_, number)| read.contains(number)) {
                return Err(Failure::Usage(format!(
                    "{}: not overwritten: this run reads it as one of the photos; {advice}",
                    picture.display()
                )));
            }
        }
        Ok(())
    }

    /// Returns the first picture of `photos` that would be in KNOWN.
    fn picture_in_known<'b>(
        &self,
        mut photos: impl Iterator<Item = &'b Path>,
        folder: &Path,
        written: Written,
    ) -> Option<PathBuf> {
        // Every folder must be checked because links below `folder` may lead anywhere. Most photos
        // share the folder of the previous one.
        let mut last = None;
        photos.find_map(|photo| {
            let picture = first_picture(photo, folder, written);
            let parent = picture.parent().map(Path::to_owned);
            if parent == last {
                return None;
            }
            let is_known = self.is_in_known(&picture);
            last = parent;
            is_known.then_some(picture)
        })
    }

    fn file_numbers(&self) -> HashSet<[u64; 2]> {
        let numbers = self
            .files
            .iter()
            .filter_map(|(_, path)| file_number(&std::fs::metadata(path).ok()?));
        numbers.collect()
    }

    /// Returns the role in which the run reads the file `path`, or `None` if it does not read it.
    fn reads(&self, path: &Path) -> Option<&'static str> {
        let output = Existing::of(path)?;
        if is_stdin(output.number) {
            return Some("standard input");
        }
        let mut files = self.files.iter();
        let (what, _) = files.find(|(_, file)| output.is(file))?;
        Some(what)
    }

    fn is_in_known(&self, path: &Path) -> bool {
        let mut folders = self.known.iter().filter(|known| known.is_dir());
        folders.any(|folder| is_in(path, folder))
    }
}

fn is_sidecar(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("xmp"))
}

/// Returns the path of the first picture of `photo` below `folder`.
fn first_picture(photo: &Path, folder: &Path, written: Written) -> PathBuf {
    match written {
        Written::Drawing => drawing_path(folder, photo),
        _ => crop_path(folder, photo, 1),
    }
}

/// Returns the pictures of `photo` that already exist below `folder`, with their numbers.
fn pictures_of(
    photo: &Path,
    folder: &Path,
    written: Written,
) -> impl Iterator<Item = (PathBuf, [u64; 2])> {
    let place = move |number| match written {
        Written::Drawing => (number == 1).then(|| drawing_path(folder, photo)),
        _ => Some(crop_path(folder, photo, number)),
    };
    (1..).map_while(place).map_while(|picture| {
        let number = file_number(&std::fs::metadata(&picture).ok()?)?;
        Some((picture, number))
    })
}

#[cfg(test)]
mod tests;
