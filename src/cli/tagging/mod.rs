//! Names in files. In come photos with who is in them; the names are written into their sidecars or, by ExifTool, into the
//! photos themselves, and taken out again.

mod embedding;
mod exiftool;
mod sidecars;

use facematch::tagging::Stamp;

pub(super) use embedding::EmbeddedTags;
pub(super) use exiftool::Backup;
pub(super) use sidecars::Sidecars;

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
