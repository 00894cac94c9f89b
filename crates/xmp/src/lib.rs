//! Names in the metadata of photos, where photo managers find them. Input: the people in a photo
//! with their areas, and the photo's sidecar, if any. Output: the sidecar with the names added, or
//! without names added earlier.
//!
//! A person becomes a face region of the Metadata Working Group (Guidelines for Handling Image
//! Metadata 2.0, chapter 5) and a keyword in the lists that photo managers read: `dc:subject`,
//! `lr:hierarchicalSubject`, `digiKam:TagsList` and `Iptc4xmpExt:PersonInImage`. Existing content
//! stays as it is, byte for byte. All additions are recorded in properties of facematch's own
//! namespace, `urn:facematch:ns:1.0/`, to distinguish them from the content of other programs.
//!
//! In the other direction, [`named_regions()`] returns the people tagged by other programs,
//! [`PhotoRegions`] their areas in the photo as displayed, and [`faces_of_regions`] the
//! corresponding faces.

#![forbid(unsafe_code)]

mod area;
mod exiftool_tags;
mod hidden_keywords;
mod keywords;
mod merge;
mod named_regions;
mod own_content;
mod photo_regions;
mod record;
mod region_area;
mod regions;
mod removal;
mod statements;
mod tagged_faces;
mod taken_over;
#[cfg(test)]
mod tests;
mod xmp;

use unicode_normalization::UnicodeNormalization;

pub use area::Area;
pub use exiftool_tags::exiftool_tags;
pub use merge::{new_sidecar, with_tags, without_corrected};
pub use named_regions::{NamedRegion, NamedRegions, UnreadRegion, named_regions};
pub use photo_regions::{DisplayedRegions, PhotoRegions};
pub use region_area::AreaFault;
pub use removal::{WithoutTags, without_tags};
pub use statements::holds;
pub use tagged_faces::{FaceOfRegion, faces_of_regions};
pub use xmp::XmpError;

/// Namespace of the records about added tags.
pub const NAMESPACE: &str = "urn:facematch:ns:1.0/";

/// Names in a photo, for its metadata.
#[derive(Debug, Clone, PartialEq)]
pub struct PhotoTags {
    /// Width and height of the image as stored, in pixels.
    pub stored_size: (u32, u32),
    /// Faces that have a name.
    pub faces: Vec<FaceTag>,
}

/// A face with a name.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceTag {
    /// Name of the person.
    pub name: String,
    /// Area of the face in the stored image.
    pub area: Area,
    /// Distance from the nearest known face of the person, 0 or more.
    pub distance: f32,
}

/// Program version and date that are recorded with the tags.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// Version of facematch, such as "0.1.0".
    pub version: &'a str,
    /// Date and time (ISO 8601), such as "2026-11-26T12:00:00Z".
    pub date: &'a str,
}

/// Returns the spelling in which names are compared, Unicode's Normalization Form C (Unicode
/// Standard Annex 15): an `é` may be one character or, from a Mac, an `e` and an accent.
fn composed_name(name: &str) -> String {
    name.nfc().collect()
}
