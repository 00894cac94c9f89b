//! Photo formats that facematch does not read.

use std::path::Path;

use crate::error::ImageFileError;

/// Returns the usual extension of photos that start with `start` if facematch recognises the format
/// but does not read it.
pub fn foreign_format(start: &[u8]) -> Option<&'static str> {
    match (start.get(4..8), start.get(8..12)) {
        (Some(b"ftyp"), Some(brand)) => match brand {
            b"avif" | b"avis" => Some("avif"),
            b"crx " => Some("cr3"),
            [b'h', b'e', ..] | b"mif1" | b"msf1" => Some("heic"),
            _ => None,
        },
        (Some(b"JXL "), _) => Some("jxl"),
        (Some(b"jP  "), _) => Some("jp2"),
        _ => None,
    }
}

/// Returns the error for the file at `path`, which starts with `start` and is not in a supported
/// format.
pub(super) fn refused(path: &Path, start: &[u8]) -> ImageFileError {
    let path = path.to_owned();
    match foreign_format(start) {
        Some(format) => ImageFileError::ForeignFormat {
            path,
            format: match format {
                "jxl" => "JPEG XL".to_owned(),
                "jp2" => "JPEG 2000".to_owned(),
                format => format.to_uppercase(),
            },
            converter: match format {
                "avif" => "avifdec",
                "cr3" => "darktable-cli",
                "jxl" => "djxl",
                "jp2" => "opj_decompress",
                _ => "heif-convert",
            },
        },
        None => ImageFileError::UnknownFormat { path },
    }
}
