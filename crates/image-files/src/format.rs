//! The formats of photos that facematch recognises: how each is called, which extensions its files
//! have, how they start, and whether this build reads it. All of that is in [`Format::facts`].
//!
//! Input: the first bytes of a file, or an extension. Output: the format.

use super::raw;

/// A format of photos that is recognised by the first bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Jpeg,
    Png,
    WebP,
    Tiff,
    Bmp,
    Gif,
    Heic,
    Avif,
    JpegXl,
    Jpeg2000,
    /// Camera raw files. Many of them start like a TIFF and count as [`Self::Tiff`] here.
    Raw,
}

/// Names, extensions and signature of a format.
pub(crate) struct Facts {
    /// Name for messages.
    pub(crate) name: &'static str,
    /// Extensions in lower case, the usual one first.
    pub(crate) extensions: &'static [&'static str],
    /// Returns whether a file that starts with these bytes claims to be in this format. 16 bytes
    /// suffice.
    pub(crate) is_start: fn(&[u8]) -> bool,
    pub(crate) reading: Reading,
}

/// Whether this build reads a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    Decoded,
    /// facematch was built without the decoder.
    LeftOut {
        /// Name of the feature with the decoder.
        feature: &'static str,
        /// Name of a program that converts the format.
        converter: &'static str,
    },
    /// facematch has no decoder for the format.
    Unsupported {
        /// Name of a program that converts the format.
        converter: &'static str,
    },
}

/// Extensions of camera raw files that facematch does not read, or reads only if they turn out to
/// be a TIFF.
const OTHER_RAW_EXTENSIONS: [&str; 16] = [
    "raw", "crw", "srf", "x3f", "3fr", "fff", "iiq", "erf", "kdc", "dcr", "mef", "mos", "mrw",
    "gpr", "k25", "bay",
];

/// Bytes at the start of a file that identify its format.
pub(crate) const SIGNATURE_BYTES: u64 = 16;

impl Format {
    /// All formats. No file is in two of them.
    pub(crate) const ALL: [Self; 11] = [
        Self::Jpeg,
        Self::Png,
        Self::WebP,
        Self::Tiff,
        Self::Bmp,
        Self::Gif,
        Self::Heic,
        Self::Avif,
        Self::JpegXl,
        Self::Jpeg2000,
        Self::Raw,
    ];

    /// Returns the format of a file that starts with `start`, whether this build reads it or not.
    pub(crate) fn of(start: &[u8]) -> Option<Self> {
        let mut formats = Self::ALL.into_iter();
        formats.find(|format| (format.facts().is_start)(start))
    }

    pub(crate) const fn facts(self) -> Facts {
        match self {
            Self::Jpeg => Facts {
                name: "JPEG",
                extensions: &[
                    "jpg", "jpeg", "jpe", "jif", "jfif", "jfi", "pjpeg", "pjp", "mpo",
                ],
                is_start: |start| start.starts_with(b"\xFF\xD8\xFF"),
                reading: Reading::Decoded,
            },
            Self::Png => Facts {
                name: "PNG",
                extensions: &["png", "apng"],
                is_start: |start| start.starts_with(b"\x89PNG\r\n\x1A\n"),
                reading: Reading::Decoded,
            },
            Self::WebP => Facts {
                name: "WebP",
                extensions: &["webp"],
                is_start: |start| {
                    start.starts_with(b"RIFF") && start.get(8..12) == Some(b"WEBP".as_slice())
                },
                reading: Reading::Decoded,
            },
            Self::Tiff => Facts {
                name: "TIFF",
                extensions: &["tif", "tiff"],
                is_start: is_tiff,
                reading: Reading::Decoded,
            },
            Self::Bmp => Facts {
                name: "BMP",
                extensions: &["bmp", "dib"],
                is_start: |start| start.starts_with(b"BM"),
                reading: Reading::Decoded,
            },
            Self::Gif => Facts {
                name: "GIF",
                extensions: &["gif"],
                is_start: |start| start.starts_with(b"GIF87a") || start.starts_with(b"GIF89a"),
                reading: Reading::Decoded,
            },
            Self::Heic => Facts {
                name: "HEIC",
                extensions: &["heic", "heif", "hif"],
                is_start: |start| {
                    matches!(brand(start), Some([b'h', b'e', ..] | b"mif1" | b"msf1"))
                },
                reading: if cfg!(feature = "heic") {
                    Reading::Decoded
                } else {
                    Reading::LeftOut {
                        feature: "heic",
                        converter: "heif-convert",
                    }
                },
            },
            Self::Avif => Facts {
                name: "AVIF",
                extensions: &["avif"],
                is_start: |start| matches!(brand(start), Some(b"avif" | b"avis")),
                reading: if cfg!(feature = "avif") {
                    Reading::Decoded
                } else {
                    Reading::LeftOut {
                        feature: "avif",
                        converter: "avifdec",
                    }
                },
            },
            Self::JpegXl => Facts {
                name: "JPEG XL",
                extensions: &["jxl"],
                // In a container, or bare.
                is_start: |start| {
                    start.starts_with(b"\0\0\0\x0CJXL \r\n\x87\n") || start.starts_with(b"\xFF\x0A")
                },
                reading: if cfg!(feature = "jxl") {
                    Reading::Decoded
                } else {
                    Reading::LeftOut {
                        feature: "jxl",
                        converter: "djxl",
                    }
                },
            },
            Self::Jpeg2000 => Facts {
                name: "JPEG 2000",
                extensions: &["jp2", "j2k", "jpf", "jpx"],
                is_start: |start| start.get(4..8) == Some(b"jP  ".as_slice()),
                reading: Reading::Unsupported {
                    converter: "opj_decompress",
                },
            },
            Self::Raw => Facts {
                name: "camera raw",
                extensions: &[
                    "dng", "cr2", "cr3", "nef", "nrw", "arw", "sr2", "orf", "rw2", "rwl", "raf",
                    "pef", "srw",
                ],
                is_start: raw::has_signature,
                reading: Reading::Decoded,
            },
        }
    }

    pub(crate) fn is_read(self) -> bool {
        self.facts().reading == Reading::Decoded
    }
}

/// Returns the major brand of a file in the ISO base media file format (ISO/IEC 14496-12, 4.3).
fn brand(start: &[u8]) -> Option<&[u8; 4]> {
    let (kind, rest) = start.get(4..)?.split_first_chunk::<4>()?;
    (kind == b"ftyp").then(|| rest.first_chunk()).flatten()
}

fn is_tiff(start: &[u8]) -> bool {
    // The other two are BigTIFF with offsets of 8 bytes.
    let starts: [&[u8]; 4] = [
        b"II*\0",
        b"MM\0*",
        b"II\x2b\0\x08\0\0\0",
        b"MM\0\x2b\0\x08\0\0",
    ];
    starts.iter().any(|other| start.starts_with(other))
}

/// Returns whether a file that starts with `start` claims to be in a format that this build reads.
/// 16 bytes suffice.
pub fn has_image_signature(start: &[u8]) -> bool {
    Format::of(start).is_some_and(Format::is_read)
}

/// Returns the usual extension of photos that start with `start` if facematch recognises the format
/// but this build does not read it.
pub fn foreign_format(start: &[u8]) -> Option<&'static str> {
    let format = Format::of(start).filter(|format| !format.is_read())?;
    format.facts().extensions.first().copied()
}

/// Returns the extensions of the formats that this build reads, in lower case. The content of a
/// file decides, whatever its name.
pub fn photo_extensions() -> impl Iterator<Item = &'static str> {
    extensions(true)
}

/// Returns whether photos in a format that this build does not read have this extension, in lower
/// case.
pub fn is_unread_extension(extension: &str) -> bool {
    extensions(false).any(|other| other == extension) || OTHER_RAW_EXTENSIONS.contains(&extension)
}

/// Returns whether camera raw files have this extension, in lower case, also of cameras whose files
/// facematch does not read.
pub fn is_raw_extension(extension: &str) -> bool {
    let raw = Format::Raw.facts().extensions;
    raw.contains(&extension) || OTHER_RAW_EXTENSIONS.contains(&extension)
}

/// Returns the names of the formats that this build reads, as in "JPEG, PNG".
pub(crate) fn read_formats() -> String {
    let formats = Format::ALL.into_iter().filter(|format| format.is_read());
    let names: Vec<_> = formats.map(|format| format.facts().name).collect();
    names.join(", ")
}

fn extensions(read: bool) -> impl Iterator<Item = &'static str> {
    let formats = Format::ALL.into_iter();
    let formats = formats.filter(move |format| format.is_read() == read);
    formats.flat_map(|format| format.facts().extensions.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_is_recognised_by_its_first_bytes() {
        for (start, format) in [
            (b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\0\0\0\0", Format::Jpeg),
            (b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR", Format::Png),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Format::WebP),
            (b"II*\0\x08\0\0\0\0\0\0\0\0\0\0\0", Format::Tiff),
            (b"MM\0\x2b\0\x08\0\0\0\0\0\0\0\0\0\0", Format::Tiff),
            (b"BM\x8A\x1F\0\0\0\0\0\0\x8A\0\0\0\x7C\0", Format::Bmp),
            (b"GIF89a\0\0\0\0\0\0\0\0\0\0", Format::Gif),
            (b"\0\0\0\x24ftypheic\0\0\0\0", Format::Heic),
            (b"\0\0\0\x24ftypmif1\0\0\0\0", Format::Heic),
            (b"\0\0\0\x20ftypavif\0\0\0\0", Format::Avif),
            (b"\0\0\0\x18ftypcrx \0\0\0\0", Format::Raw),
            (b"FUJIFILMCCD-RAW ", Format::Raw),
            (b"IIRO\x08\0\0\0\0\0\0\0\0\0\0\0", Format::Raw),
            (b"IIU\0\x18\0\0\0\0\0\0\0\0\0\0\0", Format::Raw),
            (b"\0\0\0\x0CJXL \r\n\x87\n\0\0\0\0", Format::JpegXl),
            (b"\0\0\0\x0CjP  \r\n\x87\n\0\0\0\0", Format::Jpeg2000),
        ] {
            let claimed = Format::ALL.into_iter();
            let claimed: Vec<_> = claimed
                .filter(|f| (f.facts().is_start)(start.as_slice()))
                .collect();
            assert_eq!(claimed, [format], "{start:?}");
        }
        for start in [b"".as_slice(), b"BF", b"\0\0\0\x20ftypisom\0\0\0\0"] {
            assert_eq!(Format::of(start), None, "{start:?}");
        }
    }

    #[test]
    fn no_extension_belongs_to_two_formats() {
        let mut all: Vec<_> = extensions(true).chain(extensions(false)).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
