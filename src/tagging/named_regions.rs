//! Whom somebody has tagged: the face regions with a name in an XMP packet. In comes the packet of a sidecar or of a photo,
//! out come names and areas of the image as it is stored.
//!
//! Two schemas are read: that of the Metadata Working Group (Guidelines for Handling Image Metadata 2.0, section 5.9), which
//! digiKam, Lightroom and Picasa write, and Microsoft's ("People Tagging Overview" in the documentation of the Windows
//! Imaging Component), which Windows Photo Gallery and digiKam write.

use super::Area;
use super::record::Record;
use super::regions::{AREA, NAME, REGIONS, Region, region_list};
use super::xmp::tree::Element;
use super::xmp::{Property, XmpError, lasting};

const TYPE: Property = Property::new("mwg-rs", "Type");
const DIMENSIONS: Property = Property::new("mwg-rs", "AppliedToDimensions");
const REGION_INFO: Property = Property::new("MP", "RegionInfo");
const MICROSOFT_REGIONS: Property = Property::new("MPRI", "Regions");
const RECTANGLE: Property = Property::new("MPReg", "Rectangle");
const PERSON: Property = Property::new("MPReg", "PersonDisplayName");

/// What programs write where nobody has said who it is, in small letters.
const NOBODY: [&str; 8] = [
    "?",
    "ignored",
    "no name",
    "unconfirmed",
    "unknown",
    "unknown person",
    "unnamed",
    "unnamed person",
];

/// From this overlap on a region of the same name is a copy of the one that facematch wrote: programs that copy regions
/// round them to whole pixels.
const COPY: f64 = 0.9;

/// The regions in an XMP packet that say whose face it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NamedRegions {
    /// Those that somebody tagged; what facematch wrote is not among them.
    pub regions: Vec<NamedRegion>,
    /// Width and height of the image that they were made for, both more than 0, where the packet tells.
    pub dimensions: Option<(f64, f64)>,
    /// Those that facematch noted as its own there. Their copies in other packets of the photo are its own too.
    pub own: Vec<NamedRegion>,
}

/// A region with the name of a person.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedRegion {
    /// The person: not empty, without control characters and white space at its ends.
    pub name: String,
    /// Where the face is. Its centre lies in the image, and it is no larger than the image.
    pub area: Area,
}

impl NamedRegion {
    /// The region of `name` at `area`; `None` when that names nobody, or is nowhere in an image.
    fn new(name: &str, area: Area) -> Option<Self> {
        let name = lasting(name);
        let is_nobody = name.is_empty() || NOBODY.contains(&&*name.to_lowercase());
        let is_size = |length: f64| length > 0.0 && length <= 1.0;
        let is_inside = |at: f64| (0.0..=1.0).contains(&at);
        // No comparison holds for what is not a number.
        let is_plausible = [area.w, area.h].into_iter().all(is_size)
            && [area.x, area.y].into_iter().all(is_inside);
        (!is_nobody && is_plausible).then_some(Self { name, area })
    }

    /// Whether it is the region that facematch noted as `own`, or a copy of it.
    pub(super) fn is_copy_of(&self, own: &Self) -> bool {
        self.name == own.name && self.area.overlap(&own.area) > COPY
    }
}

/// The regions in the XMP packet `xmp` that have the type `Face`, or none, and the name of a person. Those whose numbers make
/// no area are left out.
///
/// A region that facematch wrote, and that is still as it was written, is left out: a wrong match would feed itself. When
/// somebody changed its name or its place, it is theirs, as [`without_tags`](super::without_tags) has it too.
///
/// # Errors
/// [`XmpError`] when the packet cannot be parsed, or a property in it is not what its schema says.
pub fn named_regions(xmp: &[u8]) -> Result<NamedRegions, XmpError> {
    let text = std::str::from_utf8(xmp).map_err(|_| XmpError::Encoding)?;
    let root = Element::parse(text)?;
    let rdf = root.rdf()?;
    let records: Vec<_> = Record::all(rdf)?
        .into_iter()
        .filter(|record| record.property == REGIONS.to_string())
        .collect();
    let own: Vec<_> = records.iter().filter_map(noted_region).collect();
    let dimensions = rdf.property(REGIONS).and_then(dimensions);
    let mut regions = working_group_regions(rdf, dimensions, &records)?;
    regions.extend(microsoft_regions(rdf)?);
    regions.retain(|region| !own.iter().any(|own| region.is_copy_of(own)));
    Ok(NamedRegions {
        regions,
        dimensions,
        own,
    })
}

fn noted_region(record: &Record) -> Option<NamedRegion> {
    NamedRegion::new(&record.value, record.area?)
}

/// The size of the image that the regions in `mwg-rs:Regions` were made for.
fn dimensions(regions: &Element) -> Option<(f64, f64)> {
    let size = regions.field(DIMENSIONS)?;
    let side = |name| {
        let side = number(size, Property::new("stDim", name))?;
        (side.is_finite() && side > 0.0).then_some(side)
    };
    Some((side("w")?, side("h")?))
}

/// The regions of the Metadata Working Group, without those that `records` tell of.
fn working_group_regions(
    rdf: &Element,
    dimensions: Option<(f64, f64)>,
    records: &[Record],
) -> Result<Vec<NamedRegion>, XmpError> {
    let list = rdf.property(REGIONS).map(region_list).transpose()?;
    let items = list.flatten().into_iter().flat_map(Element::items);
    let is_own = |item: &&Element| {
        let region = Region::of(item);
        let mut noted = records
            .iter()
            .filter_map(|record| Some((record, record.area?)));
        noted.any(|(record, area)| region.is(&record.value, &area))
    };
    let faces = items.filter(|item| is_face(item) && !is_own(item));
    Ok(faces
        .filter_map(|item| {
            let area = working_group_area(item.structure().field(AREA)?, dimensions)?;
            NamedRegion::new(item.field_text(NAME)?, area)
        })
        .collect())
}

/// Whether it is no region of another type, such as `Pet`, `Focus` and `BarCode`.
fn is_face(item: &Element) -> bool {
    let kind = item.field_text(TYPE).map_or("", str::trim);
    kind.is_empty() || kind.eq_ignore_ascii_case("Face")
}

/// An area by its centre and its size, in parts of the image or in its pixels. Points and circles have no size.
fn working_group_area(area: &Element, dimensions: Option<(f64, f64)>) -> Option<Area> {
    let field = |name| Property::new("stArea", name);
    let unit = area.field_text(field("unit")).map_or("", str::trim);
    let (width, height) = match unit {
        "" | "normalized" => (1.0, 1.0),
        "pixel" => dimensions?,
        _ => return None,
    };
    Some(Area {
        x: number(area, field("x"))? / width,
        y: number(area, field("y"))? / height,
        w: number(area, field("w"))? / width,
        h: number(area, field("h"))? / height,
    })
}

/// Microsoft's regions.
fn microsoft_regions(rdf: &Element) -> Result<Vec<NamedRegion>, XmpError> {
    let regions = rdf
        .property(REGION_INFO)
        .and_then(|info| info.field(MICROSOFT_REGIONS));
    let list = regions.map(|regions| regions.list(MICROSOFT_REGIONS));
    let items = list.transpose()?.into_iter().flat_map(Element::items);
    Ok(items
        .filter_map(|item| {
            let area = microsoft_area(item.field_text(RECTANGLE)?)?;
            NamedRegion::new(item.field_text(PERSON)?, area)
        })
        .collect())
}

/// The area in "x, y, w, h": its upper left corner and its size, in parts of the image.
fn microsoft_area(rectangle: &str) -> Option<Area> {
    let numbers: Result<Vec<f64>, _> = rectangle
        .split(',')
        .map(|number| number.trim().parse())
        .collect();
    let [left, top, w, h] = numbers.ok()?.try_into().ok()?;
    Some(Area {
        x: left + w / 2.0,
        y: top + h / 2.0,
        w,
        h,
    })
}

fn number(structure: &Element, field: Property) -> Option<f64> {
    structure.field_text(field)?.trim().parse().ok()
}
