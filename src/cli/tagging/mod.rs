//! Names in files. Input: photos with the people in them. Output: the names in sidecars or, through
//! ExifTool, in the photos themselves, or as text for ExifTool; and files with the names removed.

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

/// Property of a packet that is not all of a photo's XMP (XMP specification, part 3, 1.1.3.1).
const EXTENDED: &[u8] = b"HasExtendedXMP";

/// Choice between writing and a dry run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// Files are written.
    Done,
    /// Dry run: the changes are only reported.
    Told,
}

/// Properties that all names written by one run share.
#[derive(Debug, Clone)]
pub(super) struct TaggingRun {
    pub(super) writing: Writing,
    /// Time when the run started.
    date: String,
}

impl TaggingRun {
    /// Starts a run now.
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

/// Refuses a packet that is only part of the XMP of `photo`, because writing it would overwrite the
/// rest.
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
