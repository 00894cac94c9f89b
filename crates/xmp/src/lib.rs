//! Names in the metadata of photos, where photo managers find them. In come who is where in a photo and the sidecar that it
//! has, if any; out comes the sidecar with the names added, or without what was added before.
//!
//! A person becomes a face region of the Metadata Working Group (Guidelines for Handling Image Metadata 2.0, chapter 5) and
//! a keyword in the lists that photo managers read: `dc:subject`, `lr:hierarchicalSubject`, `digiKam:TagsList` and
//! `Iptc4xmpExt:PersonInImage`. What was there stays as it was, byte for byte. All that is added is noted in properties of
//! facematch's own namespace, `urn:facematch:ns:1.0/`, so that it can be told from what others wrote.
//!
//! The other way round, [`named_regions()`] tells whom others tagged in a photo, [`PhotoRegions`] where that is in the photo as
//! displayed, and [`faces_of_regions`] which of its faces is meant.

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

/// The namespace of what facematch notes about the tags that it adds.
pub const NAMESPACE: &str = "urn:facematch:ns:1.0/";

/// Who is in a photo, for its metadata.
#[derive(Debug, Clone, PartialEq)]
pub struct PhotoTags {
    /// Width and height of the image as it is stored, in pixels.
    pub stored_size: (u32, u32),
    /// The faces that have a name.
    pub faces: Vec<FaceTag>,
}

/// A face with a name.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceTag {
    /// The person's name.
    pub name: String,
    /// Where the face is in the stored image.
    pub area: Area,
    /// How far it is from the nearest known face of the person, 0 or more.
    pub distance: f32,
}

/// Who adds the tags, and when.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// The version of facematch, such as "0.1.0".
    pub version: &'a str,
    /// Date and time (ISO 8601), such as "2026-11-26T12:00:00Z".
    pub date: &'a str,
}

/// The spelling in which names are compared, Unicode's Normalization Form C (Unicode Standard Annex 15): an `é` may be one
/// character or, from a Mac, an `e` and an accent.
fn composed_name(name: &str) -> String {
    name.nfc().collect()
}
