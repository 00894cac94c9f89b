use proptest::prelude::*;

use super::*;
use crate::{FaceTag, PhotoTags, Stamp, with_tags};

const DIGIKAM: &str = include_str!("../../../../tests/fuzz/seeds/named_regions/valid_digikam.xmp");
const LIGHTROOM: &str =
    include_str!("../../../../tests/fuzz/seeds/named_regions/valid_lightroom.xmp");

const AREA: Area = Area {
    x: 0.25,
    y: 0.375,
    w: 0.125,
    h: 0.25,
};

/// Returns a packet with these properties.
fn packet(properties: &str) -> String {
    format!(
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
         <rdf:Description rdf:about='' xmlns:mwg-rs='http://www.metadataworkinggroup.com/schemas/regions/' \
         xmlns:stDim='http://ns.adobe.com/xap/1.0/sType/Dimensions#' xmlns:stArea='http://ns.adobe.com/xmp/sType/Area#' \
         xmlns:MP='http://ns.microsoft.com/photo/1.2/' xmlns:MPRI='http://ns.microsoft.com/photo/1.2/t/RegionInfo#' \
         xmlns:MPReg='http://ns.microsoft.com/photo/1.2/t/Region#'>{properties}</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
}

/// Returns a packet with these items in its list of regions.
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

/// Returns a region with these attributes beside its name, at an area with these attributes.
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
    // Both schemas are read: one with the centre, one with the upper left corner.
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
    for name in [
        "",
        " ",
        "&#9;",
        "\u{a0}\u{200b}",
        "Unknown",
        "unnamed",
        "?",
        "???",
        "-",
        "ffffffffffffffff",
        "FFFFFFFFFFFFFFFF",
    ] {
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
    for name in ["Fffion", "fffffffffffffff0", "7", "J.", "王"] {
        let packet = item(&format!("mwg-rs:Name='{name}'"), AT_AREA);
        assert_eq!(names(&packet), [name]);
    }
    // A tab would begin a new column in the results.
    let spaced = item("mwg-rs:Name=' Ann&#9;Lee '", AT_AREA);
    assert_eq!(names(&spaced), ["Ann Lee"]);
}

/// Returns the reason why the only region in `packet`, Ann's, is left out.
fn fault(packet: &str) -> AreaFault {
    let found = read(packet);
    assert_eq!(found.regions, [], "{packet}");
    let [UnreadRegion { name, fault }] = &found.unread[..] else {
        panic!("{packet}: {found:?}");
    };
    assert_eq!(name, "Ann");
    *fault
}

#[test]
fn what_is_no_area_of_an_image_is_left_out_with_a_reason() {
    use AreaFault::{NoSize, Numbers, Outside, Unit};
    for (area, reason) in [
        ("", NoSize),
        ("stArea:x='0.5' stArea:y='0.5'", NoSize),
        ("stArea:x='0.5' stArea:y='0.5' stArea:w='0.5'", NoSize),
        ("stArea:w='0.5' stArea:h='0.5'", Numbers),
        (
            "stArea:x='NaN' stArea:y='0.5' stArea:w='0.1' stArea:h='0.1'",
            Numbers,
        ),
        (
            "stArea:x='0.5' stArea:y='0.5' stArea:w='inf' stArea:h='0.1'",
            Numbers,
        ),
        (
            "stArea:x='half' stArea:y='0.5' stArea:w='0.1' stArea:h='0.1'",
            Numbers,
        ),
        (
            "stArea:x='0,5,1' stArea:y='0.5' stArea:w='0.1' stArea:h='0.1'",
            Numbers,
        ),
        ("stArea:x='0.5' stArea:y='0.5' stArea:d='wide'", Numbers),
        ("stArea:x='0.5' stArea:y='0.5' stArea:d='0'", Outside),
        ("stArea:x='0.5' stArea:y='0.5' stArea:d='1.1'", Outside),
        (
            "stArea:x='0.5' stArea:y='0.5' stArea:w='0' stArea:h='0.1'",
            Outside,
        ),
        (
            "stArea:x='0.5' stArea:y='0.5' stArea:w='-0.1' stArea:h='0.1'",
            Outside,
        ),
        (
            "stArea:x='0.5' stArea:y='1.5' stArea:w='0.1' stArea:h='0.1'",
            Outside,
        ),
        (
            "stArea:x='0.5' stArea:y='0.5' stArea:w='1.5' stArea:h='0.1'",
            Outside,
        ),
        (
            "stArea:x='0.5' stArea:y='0.5' stArea:w='0.1' stArea:h='0.1' stArea:unit='inch'",
            Unit,
        ),
    ] {
        assert_eq!(fault(&item("mwg-rs:Name='Ann'", area)), reason, "{area}");
    }
    for (rectangle, reason) in [
        ("", Numbers),
        ("0.1, 0.1, 0.2", Numbers),
        ("0.1, 0.1, 0.2, 0.2, 0.2", Numbers),
        ("0.1, 0.1, 0, 0.2", Outside),
        ("0.1 0.1 0.2 0.2", Numbers),
        ("nan, 0.1, 0.2, 0.2", Numbers),
        ("0.95, 0.1, 0.2, 0.2", Outside),
    ] {
        let item = format!("<rdf:li MPReg:PersonDisplayName='Ann' MPReg:Rectangle='{rectangle}'/>");
        assert_eq!(fault(&microsoft(&item)), reason, "{rectangle}");
    }
    assert_eq!(
        fault(&working_group("<rdf:li mwg-rs:Name='Ann'/>")),
        AreaFault::None
    );
    assert_eq!(
        fault(&microsoft("<rdf:li MPReg:PersonDisplayName='Ann'/>")),
        AreaFault::None
    );
    let body = item("mwg-rs:Name='Ann' mwg-rs:Type='Body'", AT_AREA);
    assert_eq!(fault(&body), AreaFault::Type);
    // A face at the edge may extend beyond it.
    let edge = "<rdf:li MPReg:PersonDisplayName='Ann' MPReg:Rectangle='-0.05, 0.1, 0.2, 0.2'/>";
    assert_eq!(names(&microsoft(edge)), ["Ann"]);
    // A face without a name is not reported.
    let point = item("mwg-rs:Name=''", "stArea:x='0.5' stArea:y='0.5'");
    assert_eq!(read(&point).unread, []);
}

#[test]
fn decimal_commas_are_read() {
    let area = AT_AREA.replace('.', ",");
    let packet = item("mwg-rs:Name='Ann'", &area);
    assert_eq!(read(&packet).regions, anns(), "{packet}");
    for rectangle in ["0,1875, 0,25, 0,125, 0,25", "0,1875;0,25;0,125;0,25"] {
        let item = format!("<rdf:li MPReg:PersonDisplayName='Ann' MPReg:Rectangle='{rectangle}'/>");
        assert_eq!(read(&microsoft(&item)).regions, anns(), "{rectangle}");
    }
}

/// The image has 400x200 pixels.
#[test]
fn a_circle_is_the_square_around_it() {
    let centre = "stArea:x='0.25' stArea:y='0.375'";
    let circle = item("mwg-rs:Name='Ann'", &format!("{centre} stArea:d='0.25'"));
    assert_eq!(read(&circle).regions, anns());
    let pixels = "stArea:x='100' stArea:y='75' stArea:d='50' stArea:unit='Pixel'";
    let in_pixels = item("mwg-rs:Name='Ann'", pixels);
    assert_eq!(read(&in_pixels).regions, anns());
    // The shape of the image is unknown.
    let unknown = read(&circle.replace("stDim:w='400'", "")).regions;
    let area = Area { w: 0.25, ..AREA };
    let name = "Ann".to_owned();
    assert_eq!(unknown, [NamedRegion { name, area }]);
}

#[test]
fn an_area_may_be_in_pixels_where_the_size_is_told() {
    let area = "stArea:x='100' stArea:y='75' stArea:w='50' stArea:h='50' stArea:unit='pixel'";
    let packet = item("mwg-rs:Name='Ann'", area);
    assert_eq!(read(&packet).regions, anns());
    for (from, to) in [("stDim:w='400'", ""), ("stDim:w='400'", "stDim:w='0'")] {
        let packet = packet.replace(from, to);
        assert_eq!(fault(&packet), AreaFault::NoDimensions, "{to:?}");
    }
}

const STAMP: Stamp<'_> = Stamp {
    version: "0.1.0",
    date: "2026-11-26T12:00:00Z",
};

/// Returns `existing` with a region that facematch wrote for Bob.
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
    // Existing regions still belong to the user.
    let both = tagged(Some(DIGIKAM));
    assert_eq!(names(&both), ["Eileen Collins", "Eileen Collins"]);
    // If another program writes the same region in its own schema, it is a copy.
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
    let no_list =
        "<MP:RegionInfo rdf:parseType='Resource'><MPRI:Regions>x</MPRI:Regions></MP:RegionInfo>";
    assert_eq!(
        error(packet(no_list).as_bytes()),
        "has a MPRI:Regions that is no list"
    );
    assert_eq!(read(&packet("")), NamedRegions::default());
}

proptest! {
    /// For any name, a tag is read unless facematch wrote it.
    #[test]
    fn any_name_is_read_as_it_was_written(name in "[a-zA-Z\u{c0}-\u{2ff}&<>\"' /|]{1,12}") {
        let escaped = crate::xmp::escaped(&name);
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
