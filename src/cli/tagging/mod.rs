//! Names in files. In come photos with who is in them; the names are written into their sidecars or, by ExifTool, into the
//! photos themselves, and taken out again; or what ExifTool has to write goes out.

mod embedding;
mod exiftool;
mod file_contains;
mod printing;
mod sidecar_names;
mod sidecars;

use std::path::Path;

use facematch_xmp::Stamp;

use crate::cli::photo_error::PhotoError;

pub(super) use embedding::EmbeddedTags;
pub(super) use exiftool::Backup;
pub(super) use printing::ExiftoolTags;
pub(super) use sidecar_names::{SidecarNaming, sidecar_places, sidecars_of};
pub(super) use sidecars::Sidecars;

/// A packet that is not all of a photo's XMP has this property (XMP specification, part 3, 1.1.3.1).
const EXTENDED: &[u8] = b"HasExtendedXMP";

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// It is.
    Done,
    /// It is only told what would be written.
    Told,
}

/// What all names of one run have in common.
#[derive(Debug, Clone)]
pub(super) struct TaggingRun {
    pub(super) writing: Writing,
    /// When it began.
    date: String,
}

impl TaggingRun {
    /// One that begins now.
    pub(super) fn begin(writing: Writing) -> Self {
        let date = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
        Self { writing, date }
    }

    fn stamp(&self) -> Stamp<'_> {
        Stamp {
            version: env!("CARGO_PKG_VERSION"),
            date: &self.date,
        }
    }
}

/// Refuses a packet that is not all of the XMP of `photo`: written alone, it would take the place of the rest.
fn check_whole(photo: &Path, packet: &[u8]) -> Result<(), PhotoError> {
    match memchr::memmem::find(packet, EXTENDED) {
        Some(_) => Err(refused(
            photo,
            "its XMP is too long for one packet; write a sidecar instead",
        )),
        None => Ok(()),
    }
}

fn refused(photo: &Path, reason: impl ToString) -> PhotoError {
    PhotoError::Embedding {
        path: photo.to_owned(),
        reason: reason.to_string(),
    }
}
