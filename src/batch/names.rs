//! The kind of a file according to its name and its first bytes: a photo, a photo in an unsupported
//! format, a picture that facematch drew, or none of them.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use facematch_image_files::{
    MARKED_BYTES, foreign_format, has_image_signature, is_marked, is_unread_extension,
    photo_extensions,
};

/// Extensions of images that facematch does not read, or reads only if they turn out to be in
/// another format, apart from those that `facematch_image_files` knows.
const FOREIGN_EXTENSIONS: [&str; 11] = [
    "jxr", "wdp", "jps", "insp", "psd", "psb", "tga", "ppm", "pgm", "pbm", "pnm",
];

/// Endings after a photo's extension that mark a backup or an unfinished copy. ExifTool, for
/// example, keeps the original of a photo that it changes as `photo.jpg_original`.
const BACKUP_ENDINGS: [&str; 8] = [
    "original",
    "exiftool_tmp",
    "old",
    "bak",
    "backup",
    "tmp",
    "temp",
    "part",
];

/// Kind of a file according to its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NameKind {
    /// A photo in a supported format.
    Photo,
    /// A photo in an unsupported format according to its extension, unless the content shows
    /// otherwise.
    Foreign(String),
    /// A name from which nothing follows, so that the content decides.
    Unclear,
    /// Not the name of a photo, because of its extension or its ending.
    Other(String),
}

impl NameKind {
    pub(super) fn of(path: &Path) -> Self {
        let Some(extension) = path.extension() else {
            return match path.as_os_str().as_encoded_bytes().ends_with(b"~") {
                true => Self::Other("~".to_owned()),
                false => Self::Unclear,
            };
        };
        let extension = lower_case(extension);
        if photo_extensions().any(|photo| photo == extension) {
            Self::Photo
        } else if is_foreign_extension(&extension) {
            Self::Foreign(extension)
        } else if is_no_extension(&extension) || is_lengthened(&extension) {
            Self::Unclear
        } else {
            Self::Other(extension)
        }
    }
}

/// Returns whether `path` has the name of a photo, so that a walk finds it in a folder.
pub fn has_photo_extension(path: &Path) -> bool {
    NameKind::of(path) == NameKind::Photo
}

/// Returns whether photos in an unsupported format have this extension, in lower case.
pub fn is_foreign_extension(extension: &str) -> bool {
    FOREIGN_EXTENSIONS.contains(&extension) || is_unread_extension(extension)
}

/// Returns the extension of `path` in lower case; empty if there is none.
pub(super) fn extension(path: &Path) -> String {
    path.extension().map(lower_case).unwrap_or_default()
}

fn lower_case(extension: &OsStr) -> String {
    extension.to_string_lossy().to_lowercase()
}

/// Returns whether the text after the last dot is not an extension but a part of the name, as in
/// `Trip 3.5.2024`, `photo.jpg.1` or `Dr. Smith`.
fn is_no_extension(extension: &str) -> bool {
    extension.chars().all(|c| c.is_ascii_digit()) || extension.contains(char::is_whitespace)
}

/// Returns whether a photo's extension is followed by text that does not mark a backup:
/// `jpg_large`, `jpg:orig`, `jpg?w=200`.
fn is_lengthened(extension: &str) -> bool {
    let mut endings = photo_extensions().filter_map(|photo| extension.strip_prefix(photo));
    endings.any(|ending| {
        let is_letter = |c: char| c.is_alphanumeric();
        let word = ending.trim_start_matches(|c| !is_letter(c));
        !ending.starts_with(is_letter)
            && !ending.starts_with('~')
            && !word.is_empty()
            && !BACKUP_ENDINGS.contains(&word)
    })
}

/// Kind of a file according to its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentKind {
    /// An image in a supported format.
    Image,
    /// A photo in an unsupported format, with the extension that it usually has.
    Foreign(&'static str),
    /// Anything else, or a file that cannot be read.
    Other,
}

impl ContentKind {
    /// Returns the kind of the file `path`. Only regular files are opened: a pipe would block the
    /// run.
    pub(super) fn of(path: &Path) -> Self {
        let mut start = [0; 16];
        Self::of_start(read_start(path, &mut start).unwrap_or_default())
    }

    fn of_start(start: &[u8]) -> Self {
        match foreign_format(start) {
            Some(format) => Self::Foreign(format),
            None if !has_image_signature(start) => Self::Other,
            // The other bytes distinguish a bitmap from a text that starts with "BM".
            None if start.starts_with(b"BM") && start.get(6..10) != Some(&[0; 4]) => Self::Other,
            None => Self::Image,
        }
    }
}

fn read_start<'a>(path: &Path, start: &'a mut [u8]) -> io::Result<&'a [u8]> {
    if !path.is_file() {
        return Ok(&[]);
    }
    let length = File::open(path)?.read(start)?;
    Ok(&start[..length])
}

/// Returns whether `path` is a copy that another program keeps next to its photo:
/// `scan0001_original` next to `scan0001`.
pub(super) fn is_original(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(OsStr::to_str) else {
        return false;
    };
    let mut photos = ["_original", "~"]
        .iter()
        .filter_map(|ending| name.strip_suffix(ending));
    photos.any(|photo| path.with_file_name(photo).is_file())
}

/// Returns whether `path`, which does not have a photo's extension, is a copy next to its photo:
/// `photo.jpg.bak` next to `photo.jpg`.
pub(super) fn is_copy(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(OsStr::to_str) else {
        return false;
    };
    let is_there = |photo: &str| path.with_file_name(photo).is_file();
    let mut ends = name.match_indices(|c: char| !c.is_alphanumeric());
    ends.any(|(end, _)| has_photo_extension(Path::new(&name[..end])) && is_there(&name[..end]))
        || is_original(path)
}

/// A picture that facematch drew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnPicture {
    /// A photo with its faces marked.
    Drawing,
    /// One face; `beside_photo` if the file is next to the photo that contains the face.
    Crop { beside_photo: bool },
}

/// Ending of a drawing's name, after the photo's name.
pub(super) const DRAWING_ENDING: &str = "faces.jpg";

/// Ending of a crop's name, without the number of the face.
pub(super) const CROP_ENDING: &str = "face.png";

impl OwnPicture {
    /// Returns the kind of picture that facematch drew at `path`, if any. Only files with a
    /// matching name are opened.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let picture = if name.ends_with(".faces.jpg") {
            Self::Drawing
        } else {
            let (photo, number) = name.strip_suffix(".png")?.rsplit_once(".face")?;
            if number.is_empty() || !number.bytes().all(|digit| digit.is_ascii_digit()) {
                return None;
            }
            let beside_photo = path.with_file_name(photo).is_file();
            Self::Crop { beside_photo }
        };
        let mut start = [0; MARKED_BYTES];
        let start = read_start(path, &mut start).ok()?;
        is_marked(start).then_some(picture)
    }

    /// Returns the key under which the picture is counted as skipped.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Drawing => DRAWING_ENDING,
            Self::Crop { .. } => CROP_ENDING,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_opened() {
        let kind = |name: &str| NameKind::of(Path::new(name));
        for name in [
            "a.JPG", "a.jfif", "a.Mpo", "a.pjpeg", "a.b.tiff", "a.NEF", "a.cr3",
        ] {
            assert_eq!(kind(name), NameKind::Photo, "{name}");
        }
        assert_eq!(kind("a.X3F"), NameKind::Foreign("x3f".to_owned()));
        assert_eq!(kind("a.JP2"), NameKind::Foreign("jp2".to_owned()));
        let of_feature = |name: &str, is_on: bool| match is_on {
            true => assert_eq!(kind(name), NameKind::Photo, "{name}"),
            false => assert!(matches!(kind(name), NameKind::Foreign(_)), "{name}"),
        };
        of_feature("a.HEIC", cfg!(feature = "heic"));
        of_feature("a.avif", cfg!(feature = "avif"));
        of_feature("a.jxl", cfg!(feature = "jxl"));
        for name in [
            "scan0001",
            "a.jpg_large",
            "a.jpg:orig",
            "a.JPG-large",
            "a.jpg?w=200&h=100",
            "a.jpeg!d",
            "a.jpg.1",
            "a.jpg ",
            "a.jpg (2)",
            "WhatsApp Image 2024-05-01 at 12.34.56",
            "Dr. Smith",
            "a.",
        ] {
            assert_eq!(kind(name), NameKind::Unclear, "{name}");
        }
        for name in [
            "a.jpg_original",
            "a.jpg_exiftool_tmp",
            "a.jpg~",
            "a.jpg~1",
            "scan0001~",
            "#a.jpg#",
            "a.jpg_bak",
            "a.jpg-old",
            "a.jpg.bak",
            "a.jpg.part",
            "a.jpg.xmp",
            "a.jpgx",
            "a.mp4",
            "a.json",
            "a.txt",
        ] {
            assert!(matches!(kind(name), NameKind::Other(_)), "{name}");
        }
    }

    #[test]
    fn formats_that_are_not_read_are_known_by_their_content() {
        let jpeg_2000 = b"\0\0\0\x0CjP  \r\n\x87\n\0\0\0\0";
        assert_eq!(
            ContentKind::of_start(jpeg_2000),
            ContentKind::Foreign("jp2")
        );
        // A video.
        let video = b"\0\0\0\x20ftypisom\0\0\0\0";
        assert_eq!(ContentKind::of_start(video), ContentKind::Other);
        assert_eq!(
            ContentKind::of_start(b"BMW\nAudi\nOpel\n"),
            ContentKind::Other
        );
        let bitmap = b"BM\x8A\x1F\0\0\0\0\0\0\x8A\0\0\0\x7C\0";
        assert_eq!(ContentKind::of_start(bitmap), ContentKind::Image);
        let canon_raw = b"\0\0\0\x18ftypcrx \0\0\0\0";
        assert_eq!(ContentKind::of_start(canon_raw), ContentKind::Image);
    }
}
