//! People that users have tagged: the face regions with a name in an XMP packet. Input: the packet
//! of a sidecar or of a photo. Output: names and areas of the image as stored.
//!
//! Two schemas are read: that of the Metadata Working Group (Guidelines for Handling Image Metadata
//! 2.0, section 5.9), which digiKam, Lightroom and Picasa write, and Microsoft's ("People Tagging
//! Overview" in the documentation of the Windows Imaging Component), which Windows Photo Gallery
//! and digiKam write.

use super::Area;
use super::record::Record;
use super::region_area::{AreaFault, dimensions, microsoft_area, working_group_area};
use super::regions::{AREA, NAME, REGIONS, Region, TYPE, region_list};
use super::xmp::encoding::decoded;
use super::xmp::tree::Element;
use super::xmp::{Property, XmpError, lasting};
use crate::composed_name;

const REGION_INFO: Property = Property::new("MP", "RegionInfo");
const MICROSOFT_REGIONS: Property = Property::new("MPRI", "Regions");
const RECTANGLE: Property = Property::new("MPReg", "Rectangle");
const PERSON: Property = Property::new("MPReg", "PersonDisplayName");

/// Placeholders that programs write for a face without a name, in lower case.
const NOBODY: [&str; 8] = [
    // Picasa's number for a face without a contact.
    "ffffffffffffffff",
    "ignored",
    "no name",
    "unconfirmed",
    "unknown",
    "unknown person",
    "unnamed",
    "unnamed person",
];

/// Types of regions that are not faces.
const OTHER_TYPES: [&str; 3] = ["BarCode", "Focus", "Pet"];

/// Minimum overlap at which a region of the same name is a copy of the one that facematch wrote.
/// Programs that copy regions round them to whole pixels.
const COPY: f64 = 0.9;

/// Regions in an XMP packet that name a person.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NamedRegions {
    /// Regions tagged by users. Those that facematch wrote are not included.
    pub regions: Vec<NamedRegion>,
    /// Width and height of the image that the regions were made for, both more than 0, if the
    /// packet has them.
    pub dimensions: Option<(f64, f64)>,
    /// Regions that facematch recorded as its own in the packet. Copies of them in other packets of
    /// the photo are facematch's too.
    pub own: Vec<NamedRegion>,
    /// Regions with a name that are left out.
    pub unread: Vec<UnreadRegion>,
}

/// A region with the name of a person.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedRegion {
    /// Name of the person in Unicode Normalization Form C: not empty, without control
    /// characters and without white space at its ends.
    pub name: String,
    /// Area of the face. Its centre lies in the image, and it is no larger than the image.
    pub area: Area,
}

/// A region with the name of a person but without a readable area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadRegion {
    /// Name of the person, as in [`NamedRegion::name`].
    pub name: String,
    /// Reason why the region is left out.
    pub fault: AreaFault,
}

impl NamedRegion {
    /// Returns the region of `name` at `area`.
    fn new(name: String, area: Result<Area, AreaFault>) -> Result<Self, UnreadRegion> {
        match area.and_then(plausible) {
            Ok(area) => Ok(Self { name, area }),
            Err(fault) => Err(UnreadRegion { name, fault }),
        }
    }

    /// Returns whether this is a copy of the region that facematch recorded as `own`.
    pub(super) fn is_copy_of(&self, own: &Self) -> bool {
        self.name == own.name && self.area.overlap(&own.area) > COPY
    }
}

/// Returns `name` in the spelling of galleries, or `None` if it does not name a person.
fn person(name: Option<&str>) -> Option<String> {
    let name = composed_name(&lasting(name?));
    let is_letter = |c: char| {
        !matches!(
            c,
            '?' | '-' | '.' | '_' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
        )
    };
    let is_nobody = !name.chars().any(is_letter) || NOBODY.contains(&&*name.to_lowercase());
    (!is_nobody).then_some(name)
}

/// Returns `area` if it lies in an image.
fn plausible(area: Area) -> Result<Area, AreaFault> {
    let is_size = |length: f64| length > 0.0 && length <= 1.0;
    let is_inside = |at: f64| (0.0..=1.0).contains(&at);
    let lies_inside =
        [area.w, area.h].into_iter().all(is_size) && [area.x, area.y].into_iter().all(is_inside);
    lies_inside.then_some(area).ok_or(AreaFault::Outside)
}

/// Returns the regions in the XMP packet `xmp` that have the name of a person and the type `Face`
/// or none. Regions without a valid area are returned separately.
///
/// A region that facematch wrote is left out as long as it is unchanged, because a wrong match
/// would otherwise confirm itself. If the user changed its name, or its area by more than rounding,
/// it is the user's, as for [`without_tags`](super::without_tags).
///
/// # Errors
/// [`XmpError`] if the packet cannot be parsed, or a property in it does not have the form of its
/// schema.
pub fn named_regions(xmp: &[u8]) -> Result<NamedRegions, XmpError> {
    let root = Element::parse(&decoded(xmp))?;
    let rdf = root.rdf()?;
    let records = Record::all(rdf)?;
    let own: Vec<_> = records.iter().filter_map(noted_region).collect();
    let dimensions = rdf.property(REGIONS).and_then(dimensions);
    let mut found = working_group_regions(rdf, dimensions, &records)?;
    found.extend(microsoft_regions(rdf)?);
    let (mut regions, mut unread) = (Vec::new(), Vec::new());
    for region in found {
        match region {
            Ok(region) if own.iter().any(|own| region.is_copy_of(own)) => {}
            Ok(region) => regions.push(region),
            Err(region) => unread.push(region),
        }
    }
    Ok(NamedRegions {
        regions,
        dimensions,
        own,
        unread,
    })
}

fn noted_region(record: &Record) -> Option<NamedRegion> {
    let (name, area) = record.region()?;
    NamedRegion::new(person(Some(name))?, Ok(area)).ok()
}

/// A region with a name, readable or not.
type Found = Result<NamedRegion, UnreadRegion>;

/// Returns the regions of the Metadata Working Group, without those in `records`.
fn working_group_regions(
    rdf: &Element,
    dimensions: Option<(f64, f64)>,
    records: &[Record],
) -> Result<Vec<Found>, XmpError> {
    let list = rdf.property(REGIONS).map(region_list).transpose()?;
    let items = list.flatten().into_iter().flat_map(Element::items);
    let is_own = |item: &&Element| {
        let region = Region::of(item, dimensions);
        let mut noted = records.iter().filter_map(Record::region);
        noted.any(|(name, area)| region.is(name, &area))
    };
    let faces = items.filter(|item| !is_of_other_type(item) && !is_own(item));
    Ok(faces
        .filter_map(|item| {
            let name = person(item.field_text(NAME))?;
            let area = match (is_face(item), item.structure().field(AREA)) {
                (false, _) => Err(AreaFault::Type),
                (true, None) => Err(AreaFault::None),
                (true, Some(area)) => working_group_area(area, dimensions),
            };
            Some(NamedRegion::new(name, area))
        })
        .collect())
}

fn kind(item: &Element) -> &str {
    item.field_text(TYPE).map_or("", str::trim)
}

fn is_face(item: &Element) -> bool {
    kind(item).is_empty() || kind(item).eq_ignore_ascii_case("Face")
}

fn is_of_other_type(item: &Element) -> bool {
    let mut others = OTHER_TYPES.iter();
    others.any(|other| kind(item).eq_ignore_ascii_case(other))
}

/// Returns Microsoft's regions.
fn microsoft_regions(rdf: &Element) -> Result<Vec<Found>, XmpError> {
    let regions = rdf
        .property(REGION_INFO)
        .and_then(|info| info.field(MICROSOFT_REGIONS));
    let list = regions.map(|regions| regions.list(MICROSOFT_REGIONS));
    let items = list.transpose()?.into_iter().flat_map(Element::items);
    Ok(items
        .filter_map(|item| {
            let name = person(item.field_text(PERSON))?;
            let area = item.field_text(RECTANGLE).ok_or(AreaFault::None);
            Some(NamedRegion::new(name, area.and_then(microsoft_area)))
        })
        .collect())
}

#[cfg(test)]
mod tests;
