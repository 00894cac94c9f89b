//! Whom somebody has tagged: the face regions with a name in an XMP packet. In comes the packet of a sidecar or of a photo,
//! out come names and areas of the image as it is stored.
//!
//! Two schemas are read: that of the Metadata Working Group (Guidelines for Handling Image Metadata 2.0, section 5.9), which
//! digiKam, Lightroom and Picasa write, and Microsoft's ("People Tagging Overview" in the documentation of the Windows
//! Imaging Component), which Windows Photo Gallery and digiKam write.

use super::Area;
use super::record::Record;
use super::regions::{AREA, NAME, REGIONS, Region, region_list};
use super::xmp::encoding::decoded;
use super::xmp::tree::Element;
use super::xmp::{Property, XmpError, lasting};
use crate::gallery::composed_name;

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
    /// The person, spelled as [`composed_name`] does: not empty, without control characters and white space at its ends.
    pub name: String,
    /// Where the face is. Its centre lies in the image, and it is no larger than the image.
    pub area: Area,
}

impl NamedRegion {
    /// The region of `name` at `area`; `None` when that names nobody, or is nowhere in an image.
    fn new(name: &str, area: Area) -> Option<Self> {
        let name = composed_name(&lasting(name));
        let is_nobody = name.is_empty() || NOBODY.contains(&&*name.to_lowercase());
        let is_size = |length: f64| length > 0.0 && length <= 1.0;
        let is_inside = |at: f64| (0.0..=1.0).contains(&at);
        // No comparison holds for what is not a number.
        let is_plausible = [area.w, area.h].into_iter().all(is_size)
            && [area.x, area.y].into_iter().all(is_inside);
        (!is_nobody && is_plausible).then_some(Self { name, area })
    }

    /// Whether it is a copy of the region that facematch noted as `own`.
    pub(super) fn is_copy_of(&self, own: &Self) -> bool {
        self.name == own.name && self.area.overlap(&own.area) > COPY
    }
}

/// The regions in the XMP packet `xmp` that have the type `Face`, or none, and the name of a person. Those whose numbers make
/// no area are left out.
///
/// A region that facematch wrote, and that is still as it was written, is left out: a wrong match would feed itself. When
/// somebody changed its name, or its place by more than a rounding, it is theirs, as [`without_tags`](super::without_tags) has it too.
///
/// # Errors
/// [`XmpError`] when the packet cannot be parsed, or a property in it is not what its schema says.
pub fn named_regions(xmp: &[u8]) -> Result<NamedRegions, XmpError> {
    let root = Element::parse(&decoded(xmp))?;
    let rdf = root.rdf()?;
    let records = Record::all(rdf)?;
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
    let (name, area) = record.region()?;
    NamedRegion::new(name, area)
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
        let mut noted = records.iter().filter_map(Record::region);
        noted.any(|(name, area)| region.is(name, &area))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tagging::{FaceTag, PhotoTags, Stamp, with_tags};
    use proptest::prelude::*;

    const DIGIKAM: &str = include_str!("../../tests/fuzz/seeds/named_regions/valid_digikam.xmp");
    const LIGHTROOM: &str =
        include_str!("../../tests/fuzz/seeds/named_regions/valid_lightroom.xmp");

    const AREA: Area = Area {
        x: 0.25,
        y: 0.375,
        w: 0.125,
        h: 0.25,
    };

    /// A packet with these properties.
    fn packet(properties: &str) -> String {
        format!(
            "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
             <rdf:Description rdf:about='' xmlns:mwg-rs='http://www.metadataworkinggroup.com/schemas/regions/' \
             xmlns:stDim='http://ns.adobe.com/xap/1.0/sType/Dimensions#' xmlns:stArea='http://ns.adobe.com/xmp/sType/Area#' \
             xmlns:MP='http://ns.microsoft.com/photo/1.2/' xmlns:MPRI='http://ns.microsoft.com/photo/1.2/t/RegionInfo#' \
             xmlns:MPReg='http://ns.microsoft.com/photo/1.2/t/Region#'>{properties}</rdf:Description></rdf:RDF></x:xmpmeta>"
        )
    }

    /// A packet with these items in its list of regions.
    fn working_group(items: &str) -> String {
        packet(&format!(
            "<mwg-rs:Regions rdf:parseType='Resource'><mwg-rs:AppliedToDimensions stDim:w='400' stDim:h='200' stDim:unit='pixel'/>\
             <mwg-rs:RegionList><rdf:Bag>{items}</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"
        ))
    }

    fn microsoft(items: &str) -> String {
        packet(&format!(
            "<MP:RegionInfo rdf:parseType='Resource'><MPRI:Regions><rdf:Bag>{items}</rdf:Bag></MPRI:Regions></MP:RegionInfo>"
        ))
    }

    /// A region with these attributes beside its name, at an area with these.
    fn item(attributes: &str, area: &str) -> String {
        working_group(&format!(
            "<rdf:li><rdf:Description {attributes}><mwg-rs:Area {area}/></rdf:Description></rdf:li>"
        ))
    }

    const AT_AREA: &str = "stArea:x='0.25' stArea:y='0.375' stArea:w='0.125' stArea:h='0.25'";

    fn read(packet: &str) -> NamedRegions {
        named_regions(packet.as_bytes()).unwrap()
    }

    fn names(packet: &str) -> Vec<String> {
        let regions = read(packet).regions;
        regions.into_iter().map(|region| region.name).collect()
    }

    fn anns() -> [NamedRegion; 1] {
        [NamedRegion {
            name: "Ann".to_owned(),
            area: AREA,
        }]
    }

    #[test]
    fn what_digikam_and_lightroom_write_is_read() {
        let found = read(DIGIKAM);
        assert_eq!(found.dimensions, Some((4000.0, 3000.0)));
        // Both schemas, each in its way: the centre, and the upper left corner.
        let places = [0, 1].map(|i| &found.regions[i]);
        assert!(places.iter().all(|region| region.name == "Eileen Collins"));
        assert!(places[0].area.overlap(&places[1].area) > 0.999);
        assert_eq!(found.regions.len(), 2);

        let found = read(LIGHTROOM);
        assert_eq!(found.dimensions, Some((6000.0, 4000.0)));
        assert_eq!(names(LIGHTROOM), ["Zoë & Ann"]);
    }

    #[test]
    fn fields_may_be_attributes_or_elements() {
        let name = "mwg-rs:Name='Ann' mwg-rs:Type='Face'";
        let as_elements = "<rdf:li rdf:parseType='Resource'><mwg-rs:Name> Ann </mwg-rs:Name><mwg-rs:Type>Face</mwg-rs:Type>\
            <mwg-rs:Area rdf:parseType='Resource'><stArea:x>0.25</stArea:x><stArea:y>0.375</stArea:y><stArea:w>0.125</stArea:w>\
            <stArea:h> 0.25 </stArea:h><stArea:unit>normalized</stArea:unit></mwg-rs:Area></rdf:li>";
        let short = format!("<rdf:li {name}><mwg-rs:Area {AT_AREA}/></rdf:li>");
        for packet in [
            item(name, AT_AREA),
            working_group(as_elements),
            working_group(&short),
        ] {
            assert_eq!(read(&packet).regions, anns(), "{packet}");
        }
        let as_elements = "<rdf:li rdf:parseType='Resource'><MPReg:PersonDisplayName>Ann</MPReg:PersonDisplayName>\
            <MPReg:Rectangle>0.1875, 0.25, 0.125, 0.25</MPReg:Rectangle></rdf:li>";
        let as_attributes =
            "<rdf:li MPReg:PersonDisplayName='Ann' MPReg:Rectangle='0.1875,0.25,0.125,0.25'/>";
        let described = "<rdf:li><rdf:Description MPReg:PersonDisplayName='Ann' MPReg:Rectangle='0.1875, 0.25, 0.125, 0.25'/></rdf:li>";
        for items in [as_elements, as_attributes, described] {
            let found = read(&microsoft(items));
            assert_eq!((&found.regions[..], found.dimensions), (&anns()[..], None));
        }
    }

    #[test]
    fn prefixes_may_be_called_otherwise_but_not_namespaces() {
        let packet = item("mwg-rs:Name='Ann'", AT_AREA);
        let renamed = packet.replace("mwg-rs:", "a:").replace(":mwg-rs=", ":a=");
        assert_eq!(read(&renamed).regions, anns());
        let other = packet.replace("metadataworkinggroup", "example");
        assert_eq!(read(&other), NamedRegions::default());
    }

    #[test]
    fn only_regions_of_faces_count() {
        for (kind, is_face) in [
            ("mwg-rs:Type='Face'", true),
            ("", true),
            ("mwg-rs:Type=''", true),
            ("mwg-rs:Type='Pet'", false),
            ("mwg-rs:Type='Focus'", false),
            ("mwg-rs:Type='BarCode'", false),
        ] {
            let packet = item(&format!("mwg-rs:Name='Ann' {kind}"), AT_AREA);
            assert_eq!(!names(&packet).is_empty(), is_face, "{kind}");
        }
    }

    #[test]
    fn a_name_that_names_nobody_is_left_out() {
        for name in ["", " ", "&#9;", "Unknown", "unnamed", "?"] {
            let packet = item(&format!("mwg-rs:Name='{name}'"), AT_AREA);
            assert_eq!(names(&packet), [""; 0], "{name:?}");
            let item = format!(
                "<rdf:li MPReg:PersonDisplayName='{name}' MPReg:Rectangle='0.1, 0.1, 0.2, 0.2'/>"
            );
            assert_eq!(names(&microsoft(&item)), [""; 0], "{name:?}");
        }
        assert_eq!(names(&item("mwg-rs:Type='Face'", AT_AREA)), [""; 0]);
        let unnamed = "<rdf:li MPReg:Rectangle='0.1, 0.1, 0.2, 0.2'/>";
        assert_eq!(names(&microsoft(unnamed)), [""; 0]);
        // A tab would be a column of the results.
        let spaced = item("mwg-rs:Name=' Ann&#9;Lee '", AT_AREA);
        assert_eq!(names(&spaced), ["Ann Lee"]);
    }

    #[test]
    fn what_is_no_area_of_an_image_is_left_out() {
        for area in [
            "",
            "stArea:x='0.5' stArea:y='0.5'",
            "stArea:x='0.5' stArea:y='0.5' stArea:d='0.1'",
            "stArea:x='NaN' stArea:y='0.5' stArea:w='0.1' stArea:h='0.1'",
            "stArea:x='0.5' stArea:y='0.5' stArea:w='inf' stArea:h='0.1'",
            "stArea:x='0.5' stArea:y='0.5' stArea:w='0' stArea:h='0.1'",
            "stArea:x='0.5' stArea:y='0.5' stArea:w='-0.1' stArea:h='0.1'",
            "stArea:x='0.5' stArea:y='1.5' stArea:w='0.1' stArea:h='0.1'",
            "stArea:x='0.5' stArea:y='0.5' stArea:w='1.5' stArea:h='0.1'",
            "stArea:x='half' stArea:y='0.5' stArea:w='0.1' stArea:h='0.1'",
            "stArea:x='0.5' stArea:y='0.5' stArea:w='0.1' stArea:h='0.1' stArea:unit='inch'",
        ] {
            assert_eq!(names(&item("mwg-rs:Name='Ann'", area)), [""; 0], "{area}");
        }
        for rectangle in [
            "",
            "0.1, 0.1, 0.2",
            "0.1, 0.1, 0.2, 0.2, 0.2",
            "0.1, 0.1, 0, 0.2",
            "0.1 0.1 0.2 0.2",
            "nan, 0.1, 0.2, 0.2",
            "0.95, 0.1, 0.2, 0.2",
        ] {
            let item =
                format!("<rdf:li MPReg:PersonDisplayName='Ann' MPReg:Rectangle='{rectangle}'/>");
            assert_eq!(names(&microsoft(&item)), [""; 0], "{rectangle}");
        }
        // A face at the edge may reach beyond it.
        let edge = "<rdf:li MPReg:PersonDisplayName='Ann' MPReg:Rectangle='-0.05, 0.1, 0.2, 0.2'/>";
        assert_eq!(names(&microsoft(edge)), ["Ann"]);
    }

    #[test]
    fn an_area_may_be_in_pixels_where_the_size_is_told() {
        let area = "stArea:x='100' stArea:y='75' stArea:w='50' stArea:h='50' stArea:unit='pixel'";
        let packet = item("mwg-rs:Name='Ann'", area);
        assert_eq!(read(&packet).regions, anns());
        for (from, to) in [("stDim:w='400'", ""), ("stDim:w='400'", "stDim:w='0'")] {
            let found = read(&packet.replace(from, to));
            assert_eq!(found, NamedRegions::default(), "{to:?}");
        }
    }

    const STAMP: Stamp<'_> = Stamp {
        version: "0.1.0",
        date: "2026-11-26T12:00:00Z",
    };

    /// `existing` with a region that facematch wrote for Bob.
    fn tagged(existing: Option<&str>) -> String {
        let tags = PhotoTags {
            stored_size: (4000, 3000),
            faces: vec![FaceTag {
                name: "Bob".to_owned(),
                area: Area { x: 0.75, ..AREA },
                distance: 0.4,
            }],
        };
        let tagged = with_tags(existing.map(str::as_bytes), &tags, STAMP);
        String::from_utf8(tagged.unwrap().unwrap()).unwrap()
    }

    #[test]
    fn what_facematch_wrote_makes_nobody_known() {
        let sidecar = tagged(None);
        let found = read(&sidecar);
        assert_eq!(found.regions, []);
        let own = NamedRegion {
            name: "Bob".to_owned(),
            area: Area { x: 0.75, ..AREA },
        };
        assert_eq!(found.own, [own]);
        // What was there stays that of whoever wrote it.
        let both = tagged(Some(DIGIKAM));
        assert_eq!(names(&both), ["Eileen Collins", "Eileen Collins"]);
        // A program that writes the same in its own schema, too, has copied it.
        let copy = "<MP:RegionInfo rdf:parseType='Resource'><MPRI:Regions><rdf:Bag><rdf:li MPReg:PersonDisplayName='Bob' \
            MPReg:Rectangle='0.6875, 0.25, 0.1251, 0.2499'/></rdf:Bag></MPRI:Regions></MP:RegionInfo>";
        assert_eq!(names(&tagged(Some(&packet(copy)))), [""; 0]);
    }

    #[test]
    fn a_region_of_facematch_that_somebody_corrected_is_theirs() {
        let sidecar = tagged(None);
        let renamed = sidecar.replacen("mwg-rs:Name=\"Bob\"", "mwg-rs:Name=\"Rob\"", 1);
        assert_eq!(names(&renamed), ["Rob"]);
        let moved = sidecar.replacen("stArea:x=\"0.750000\"", "stArea:x=\"0.78\"", 1);
        assert_eq!(names(&moved), ["Bob"]);
    }

    #[test]
    fn a_packet_in_utf_16_is_read() {
        let wide: Vec<_> = DIGIKAM.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(named_regions(&wide), named_regions(DIGIKAM.as_bytes()));
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let error = |xmp: &[u8]| named_regions(xmp).unwrap_err().to_string();
        assert!(error(&DIGIKAM.as_bytes()[..900]).contains("cannot be parsed at byte"));
        assert_eq!(error(b"<html/>"), XmpError::NotXmp.to_string());
        assert!(error(b"\xFF\xFE<\0").contains("cannot be parsed at byte"));
        let no_list = "<mwg-rs:Regions rdf:parseType='Resource'><mwg-rs:RegionList>x</mwg-rs:RegionList></mwg-rs:Regions>";
        assert_eq!(
            error(packet(no_list).as_bytes()),
            "has a mwg-rs:RegionList that is no list"
        );
        let no_list = "<MP:RegionInfo rdf:parseType='Resource'><MPRI:Regions>x</MPRI:Regions></MP:RegionInfo>";
        assert_eq!(
            error(packet(no_list).as_bytes()),
            "has a MPRI:Regions that is no list"
        );
        assert_eq!(read(&packet("")), NamedRegions::default());
    }

    proptest! {
        /// Whatever people are called: what is tagged is read, but what facematch wrote itself.
        #[test]
        fn any_name_is_read_as_it_was_written(name in "[a-zA-Z\u{c0}-\u{2ff}&<>\"' /|]{1,12}") {
            let escaped = super::super::xmp::escaped(&name);
            let found = names(&item(&format!("mwg-rs:Name=\"{escaped}\""), AT_AREA));
            let trimmed = name.trim();
            prop_assume!(!NOBODY.contains(&&*trimmed.to_lowercase()));
            let expected: Vec<_> = (!trimmed.is_empty()).then_some(trimmed).into_iter().collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn any_numbers_are_an_area_of_an_image_or_none(numbers in proptest::collection::vec(any::<f64>(), 4), small in proptest::collection::vec(-0.5..1.5, 4)) {
            for [x, y, w, h] in [numbers, small].map(|n| <[f64; 4]>::try_from(n).unwrap()) {
                let area = format!("stArea:x='{x}' stArea:y='{y}' stArea:w='{w}' stArea:h='{h}'");
                let rectangle = format!("<rdf:li MPReg:PersonDisplayName='Ann' MPReg:Rectangle='{x}, {y}, {w}, {h}'/>");
                for packet in [item("mwg-rs:Name='Ann'", &area), microsoft(&rectangle)] {
                    for NamedRegion { area, .. } in read(&packet).regions {
                        prop_assert!((0.0..=1.0).contains(&area.x) && (0.0..=1.0).contains(&area.y));
                        prop_assert!(area.w > 0.0 && area.w <= 1.0 && area.h > 0.0 && area.h <= 1.0);
                    }
                }
            }
        }
    }
}
