//! What a photo has inside, for its new sidecar. In come the photo's XMP packets, out comes a sidecar with what people have
//! said of the photo: keywords, regions, ratings, titles, places, rights.
//!
//! digiKam reads no XMP inside of a photo that has a sidecar, Immich no property that the sidecar has, so a sidecar with the
//! new names alone would hide all others. What is the file's own is not taken over, as it would be told twice, grow stale or
//! be applied twice: EXIF as XMP, sizes and dates, the settings of raw converters, the history.

use std::collections::HashSet;

use super::keywords::{KEYWORD_LISTS, KeywordList};
use super::regions::{REGIONS, region_list};
use super::removal::{WithoutTags, without_tags};
use super::xmp::encoding::decoded;
use super::xmp::tree::{Attribute, Element};
use super::xmp::{check_well_formed, declaration, escaped};

/// The namespaces whose properties are taken over, and which ones; none stands for all.
const TAKEN: [(&str, &[&str]); 15] = [
    ("http://purl.org/dc/elements/1.1/", &[]),
    ("http://ns.adobe.com/xap/1.0/", &["Label", "Rating"]),
    ("http://ns.adobe.com/xap/1.0/rights/", &[]),
    ("http://ns.adobe.com/lightroom/1.0/", &[]),
    ("http://www.digikam.org/ns/1.0/", &[]),
    ("http://www.metadataworkinggroup.com/schemas/regions/", &[]),
    ("http://www.metadataworkinggroup.com/schemas/keywords/", &[]),
    ("http://ns.microsoft.com/photo/1.0/", &[]),
    ("http://ns.microsoft.com/photo/1.0", &[]),
    ("http://ns.microsoft.com/photo/1.2/", &[]),
    ("http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/", &[]),
    ("http://iptc.org/std/Iptc4xmpExt/2008-02-29/", &[]),
    ("http://ns.iview-multimedia.com/mediapro/1.0/", &[]),
    ("http://ns.acdsee.com/iptc/1.0/", &[]),
    // The older half of the IPTC Core.
    (
        "http://ns.adobe.com/photoshop/1.0/",
        &[
            "AuthorsPosition",
            "CaptionWriter",
            "Category",
            "City",
            "Country",
            "Credit",
            "Headline",
            "Instructions",
            "Source",
            "State",
            "SupplementalCategories",
            "TransmissionReference",
            "Urgency",
        ],
    ),
];

/// The descriptions, for an `rdf:RDF`, of what is taken over from the XMP `packets` of a photo, without what facematch has
/// written there. `None` when that is nothing, or when none of the packets can be parsed.
pub(super) fn taken_over(packets: &[impl AsRef<[u8]>]) -> Option<String> {
    let texts = packets.iter().filter_map(|packet| {
        let text = decoded(packet.as_ref());
        match without_tags(text.as_bytes()) {
            Ok(WithoutTags::Changed(left) | WithoutTags::Copied(left)) => {
                String::from_utf8(left).ok()
            }
            Ok(WithoutTags::Nothing) => None,
            Ok(WithoutTags::Unchanged) | Err(_) => Some(text),
        }
    });
    let mut seen = HashSet::new();
    let descriptions: String = texts
        .filter_map(|text| taken_descriptions(&text, &mut seen))
        .collect();
    (!descriptions.is_empty()).then_some(descriptions)
}

/// What is taken over from the packet `text`, but properties that are among `seen`, to which its own come.
fn taken_descriptions(text: &str, seen: &mut HashSet<(String, String)>) -> Option<String> {
    check_well_formed(text).ok()?;
    let root = Element::parse(text).ok()?;
    let rdf = root.rdf().ok()?;
    // Programs on Adobe's XMP Toolkit read nothing of RDF with another prefix.
    if rdf.prefix() != "rdf:" {
        return None;
    }
    let descriptions = rdf.descriptions();
    Some(
        descriptions
            .filter_map(|description| taken_description(text, [&root, rdf, description], seen))
            .collect(),
    )
}

/// The last one of `open`, a description in `text` and what it is in, with what is taken over of it.
fn taken_description(
    text: &str,
    open: [&Element; 3],
    seen: &mut HashSet<(String, String)>,
) -> Option<String> {
    let [_, _, description] = open;
    let mut is_new = |(namespace, name): (&str, &str)| {
        is_taken((namespace, name)) && seen.insert((namespace.to_owned(), name.to_owned()))
    };
    let attributes = description.attributes.iter();
    let attributes = attributes.filter(|attribute| !attribute.is_declaration());
    let texts: String = attributes
        .clone()
        .filter(|attribute| is_text(attribute.name()) && is_new(attribute.name()))
        .map(written)
        .collect();
    let lists = attributes.filter_map(|attribute| {
        let list = list_called(attribute.name())?;
        let list = list_of_one(list, &attribute.written, &attribute.value)?;
        Some((attribute.name(), list))
    });
    let children = description.children.iter();
    let children = children.filter_map(|child| Some((child.name(), property(text, child)?)));
    let properties: String = lists
        .chain(children)
        .filter(|(name, _)| is_new(*name))
        .map(|(_, property)| property)
        .collect();
    if properties.is_empty() && texts.is_empty() {
        return None;
    }
    let declarations: String = declarations(open)
        .into_iter()
        .filter(|declaration| {
            let prefix = format!("{}:", declaration.local);
            let is_default = declaration.local.is_empty();
            let is_rdf = prefix == "rdf:";
            !is_rdf
                && (is_default
                    || [&texts, &properties]
                        .iter()
                        .any(|part| part.contains(&prefix)))
        })
        .map(written)
        .collect();
    // All descriptions of a packet are about the same.
    Some(format!(
        "\n  <rdf:Description rdf:about=\"\"{declarations}{texts}>{properties}\n  </rdf:Description>"
    ))
}

/// The property `element` in `text`, in the form to which names can be added; `None` where there is no such form.
fn property(text: &str, element: &Element) -> Option<String> {
    let is_regions = element.name() == REGIONS.full_name();
    match list_called(element.name()) {
        Some(list) if element.any_list().is_none() => {
            list_of_one(list, &element.written, &element.text)
        }
        Some(_) if !has_items(element.any_list()) => None,
        None if is_regions && !has_items(region_list(element).ok().flatten()) => None,
        _ if has_literal(element) => None,
        _ => Some(format!("\n   {}", &text[element.span.clone()])),
    }
}

fn has_items(list: Option<&Element>) -> bool {
    list.is_some_and(|list| list.items().next().is_some())
}

/// Whether there is XML in it that is to be taken as a text, which the XMP specification (part 1, 7.9.2) forbids.
fn has_literal(element: &Element) -> bool {
    let mut attributes = element.attributes.iter();
    attributes.any(|attribute| attribute.local == "parseType" && attribute.value == "Literal")
        || element.children.iter().any(has_literal)
}

/// The list to which names are added that has this namespace and name.
fn list_called(name: (&str, &str)) -> Option<KeywordList> {
    let mut lists = KEYWORD_LISTS.into_iter();
    lists.find(|list| list.property.full_name() == name)
}

/// A list with the one item that somebody wrote in its place, if anything. `written` is what the property is called there.
fn list_of_one(list: KeywordList, written: &str, item: &str) -> Option<String> {
    let item = escaped(item.trim());
    if item.is_empty() {
        return None;
    }
    let KeywordList { property, form, .. } = list;
    // Its own prefix: two for one namespace are too many for exiv2.
    let (name, declaration) = match written.split_once(':') {
        Some((prefix, _)) => {
            let namespace = property.namespace();
            (
                written.to_owned(),
                format!("xmlns:{prefix}=\"{namespace}\""),
            )
        }
        None => (property.to_string(), declaration(property.prefix)),
    };
    Some(format!(
        "\n   <{name} {declaration}><rdf:{form}><rdf:li>{item}</rdf:li></rdf:{form}></{name}>"
    ))
}

/// Whether a property may be a text alone, and so an attribute.
fn is_text(name: (&str, &str)) -> bool {
    list_called(name).is_none() && name != REGIONS.full_name()
}

/// The declarations that hold in the last one of `open`: of two of one prefix the inner one.
fn declarations(open: [&Element; 3]) -> Vec<&Attribute> {
    let mut declarations: Vec<&Attribute> = Vec::new();
    let inner_first = open.into_iter().rev();
    for attribute in inner_first.flat_map(|element| &element.attributes) {
        let is_known = declarations
            .iter()
            .any(|known| known.local == attribute.local);
        if attribute.is_declaration() && !is_known {
            declarations.push(attribute);
        }
    }
    declarations
}

/// An attribute on a line of its own. Of white space a parser keeps spaces alone (XML 1.0, 3.3.3).
fn written(attribute: &Attribute) -> String {
    let value = escaped(&attribute.value)
        .replace('\t', "&#9;")
        .replace('\n', "&#10;")
        .replace('\r', "&#13;");
    format!("\n    {}=\"{value}\"", attribute.written)
}

fn is_taken((namespace, name): (&str, &str)) -> bool {
    let mut taken = TAKEN.iter();
    taken.any(|(known, names)| *known == namespace && (names.is_empty() || names.contains(&name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tagging::{
        Area, FaceTag, PhotoTags, Stamp, WithoutTags, holds, named_regions, new_sidecar, with_tags,
        without_corrected, without_tags,
    };

    const DIGIKAM: &str = include_str!("../../tests/fuzz/seeds/sidecar/valid_digikam.xmp");
    const LIGHTROOM: &str = include_str!("../../tests/fuzz/seeds/sidecar/valid_lightroom.xmp");
    const DARKTABLE: &str = include_str!("../../tests/fuzz/seeds/sidecar/valid_darktable.xmp");
    const REGIONS: &str = include_str!("../../tests/fuzz/seeds/named_regions/valid_lightroom.xmp");

    const STAMP: Stamp<'_> = Stamp {
        version: "0.1.0",
        date: "2026-11-26T12:00:00Z",
    };

    fn ann() -> PhotoTags {
        let area = Area {
            x: 0.5,
            y: 0.25,
            w: 0.125,
            h: 0.25,
        };
        PhotoTags {
            stored_size: (640, 480),
            faces: vec![FaceTag {
                name: "Ann".to_owned(),
                area,
                distance: 0.3,
            }],
        }
    }

    /// The sidecar of a photo with `packet` inside on which Ann is found.
    fn sidecar(packet: &str) -> String {
        let sidecar = new_sidecar(&[packet], &ann(), STAMP);
        String::from_utf8(sidecar.unwrap().unwrap()).unwrap()
    }

    #[test]
    fn what_people_said_of_a_photo_is_taken_over_and_what_is_the_files_own_is_not() {
        insta::assert_snapshot!(taken_over(&[LIGHTROOM]).unwrap().trim_start_matches('\n'), @r#"
        <rdf:Description rdf:about=""
          xmlns:xmp="http://ns.adobe.com/xap/1.0/"
          xmlns:dc="http://purl.org/dc/elements/1.1/"
          xmp:Rating="5"
          xmp:Label="Red">
         <dc:subject>
          <rdf:Bag>
           <rdf:li>holidays &amp; beach</rdf:li>
          </rdf:Bag>
         </dc:subject>
         <dc:title><rdf:Alt><rdf:li xml:lang="x-default">"Two" &lt; three</rdf:li></rdf:Alt></dc:title>
        </rdf:Description>
        "#);
        let darktable = taken_over(&[DARKTABLE]).unwrap();
        assert!(
            darktable.contains("<rdf:li>darktable|format|jpg</rdf:li>"),
            "{darktable}"
        );
        assert!(!darktable.contains("darktable:"), "{darktable}");
    }

    #[test]
    fn a_new_sidecar_has_what_is_inside_and_goes_again() {
        for packet in [DIGIKAM, LIGHTROOM, DARKTABLE, REGIONS] {
            let sidecar = sidecar(packet);
            let taken = taken_over(&[packet]).unwrap();
            let mut lines = sidecar.lines();
            for line in taken
                .trim_start_matches('\n')
                .lines()
                .filter(|line| line.trim() != "<rdf:Seq/>")
            {
                assert!(lines.any(|found| found == line), "{line} in\n{sidecar}");
            }
            assert!(sidecar.contains("<rdf:li>People|Ann</rdf:li>"), "{sidecar}");
            assert_eq!(with_tags(Some(sidecar.as_bytes()), &ann(), STAMP), Ok(None));
            let Ok(WithoutTags::Copied(left)) = without_tags(sidecar.as_bytes()) else {
                panic!("{sidecar}");
            };
            assert!(holds(&[packet], &left));
            // What somebody has changed since is theirs.
            let changed = sidecar.replace("</rdf:RDF>", "<!-- mine --></rdf:RDF>");
            match without_tags(changed.as_bytes()).unwrap() {
                WithoutTags::Changed(left) => {
                    let left = String::from_utf8(left).unwrap();
                    assert!(left.contains("mine") && left.contains(&taken), "{left}");
                    assert!(
                        !left.contains("Ann<") && !left.contains("facematch:"),
                        "{left}"
                    );
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn regions_that_are_taken_over_are_of_those_who_made_them() {
        let regions = named_regions(sidecar(REGIONS).as_bytes()).unwrap();
        let names: Vec<_> = regions.regions.iter().map(|region| &*region.name).collect();
        assert_eq!(names, ["Zoë & Ann"]);
        assert_eq!(regions.own.len(), 1);
    }

    #[test]
    fn somebody_who_is_tagged_inside_already_gets_a_sidecar_all_the_same() {
        let inside = with_tags(None, &ann(), STAMP).unwrap().unwrap();
        let sidecar = sidecar(&String::from_utf8(inside).unwrap());
        assert_eq!(sidecar.matches("mwg-rs:Name=\"Ann\"").count(), 1);
        assert_eq!(without_tags(sidecar.as_bytes()), Ok(WithoutTags::Nothing));
        // Nobody, no sidecar.
        let nobody = PhotoTags {
            faces: Vec::new(),
            ..ann()
        };
        assert_eq!(new_sidecar(&[DIGIKAM], &nobody, STAMP), Ok(None));
    }

    #[test]
    fn a_packet_of_which_nothing_can_be_taken_over_makes_a_sidecar_with_the_names() {
        let plain = with_tags(None, &ann(), STAMP);
        let nothing = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/></x:xmpmeta>";
        for packet in [&DIGIKAM[..900], "", "<html/>", nothing] {
            assert_eq!(new_sidecar(&[packet], &ann(), STAMP), plain, "{packet}");
        }
    }

    #[test]
    fn what_is_no_list_becomes_one_and_the_rest_is_taken_over_all_the_same() {
        let packet = |properties: &str| {
            format!(
                "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:xmp='http://ns.adobe.com/xap/1.0/' \
                 xmlns:mwg-rs='http://www.metadataworkinggroup.com/schemas/regions/'><rdf:Description xmp:Rating='5'>\
                 {properties}</rdf:Description></rdf:RDF>"
            )
        };
        let dc = "xmlns:dc='http://purl.org/dc/elements/1.1/'";
        for (properties, beaches) in [
            (format!("<dc:subject {dc}/>"), 0),
            (format!("<dc:subject {dc}>beach</dc:subject>"), 1),
            (
                format!("<dc:subject {dc}>beach</dc:subject><dc:subject {dc}>x</dc:subject>"),
                1,
            ),
            ("<mwg-rs:Regions/>".to_owned(), 0),
            (
                "<mwg-rs:Regions><mwg-rs:RegionList>x</mwg-rs:RegionList></mwg-rs:Regions>"
                    .to_owned(),
                0,
            ),
        ] {
            let packet = packet(&properties);
            let sidecar = sidecar(&packet);
            assert!(sidecar.contains("xmp:Rating=\"5\""), "{sidecar}");
            let found = sidecar.matches("<rdf:li>beach</rdf:li>").count();
            assert_eq!(found, 3 * beaches, "{properties}: {sidecar}");
        }
        let attribute = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description \
            xmlns:dc='http://purl.org/dc/elements/1.1/' dc:subject='beach' dc:source='me'/></rdf:RDF>";
        let sidecar = sidecar(attribute);
        assert!(
            sidecar.contains("<rdf:li>beach</rdf:li>") && sidecar.contains("dc:source=\"me\""),
            "{sidecar}"
        );
        let refused = with_tags(Some(attribute.as_bytes()), &ann(), STAMP);
        assert_eq!(
            refused.unwrap_err().to_string(),
            "has a dc:subject that is no list"
        );
    }

    #[test]
    fn a_packet_in_another_encoding_is_read() {
        let wide: Vec<u16> = format!("\u{feff}{DIGIKAM}").encode_utf16().collect();
        let big: Vec<_> = wide.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        let little: Vec<_> = wide.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let marked = format!("\u{feff}{DIGIKAM}").into_bytes();
        let as_utf8 = taken_over(&[DIGIKAM]).unwrap();
        for packet in [
            &big,
            &big[2..].to_vec(),
            &little,
            &little[2..].to_vec(),
            &marked,
        ] {
            assert_eq!(taken_over(&[packet]).unwrap(), as_utf8);
        }
        let mut latin = LIGHTROOM.replacen("holidays &amp;", "Zo_", 1).into_bytes();
        let at = latin.iter().position(|&byte| byte == b'_').unwrap();
        latin[at] = 0xEB;
        let taken = taken_over(&[latin]).unwrap();
        assert!(taken.contains("<rdf:li>Zoë beach</rdf:li>"), "{taken}");
    }

    #[test]
    fn what_facematch_wrote_inside_is_not_taken_over_as_somebody_elses() {
        for packet in [None, Some(DIGIKAM.as_bytes())] {
            let inside = with_tags(packet, &ann(), STAMP).unwrap().unwrap();
            let sidecar = new_sidecar(&[&inside], &ann(), STAMP).unwrap().unwrap();
            let regions = named_regions(&sidecar).unwrap();
            assert_eq!(regions.own.len(), 1);
            assert!(regions.regions.iter().all(|region| region.name != "Ann"));
            let edited = String::from_utf8(sidecar).unwrap();
            let rating = "<rdf:Description xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Rating='5'/></rdf:RDF>";
            let edited = edited.replace("</rdf:RDF>", rating);
            match without_tags(edited.as_bytes()).unwrap() {
                WithoutTags::Changed(left) => {
                    let left = String::from_utf8(left).unwrap();
                    assert!(!left.contains("Ann"), "{left}");
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_copy_is_told_from_what_the_photo_has_lost() {
        let sidecar = sidecar(LIGHTROOM);
        let Ok(WithoutTags::Copied(copy)) = without_tags(sidecar.as_bytes()) else {
            panic!("{sidecar}");
        };
        // In other words, with more in it, and with names of facematch.
        let element = LIGHTROOM.replace("   xmp:Rating=\"5\"\n", "").replacen(
            "<dc:subject>",
            "<xmp:Rating>5</xmp:Rating><dc:creator><rdf:Seq/></dc:creator><dc:subject>",
            1,
        );
        assert!(element.contains("<xmp:Rating>5<") && !element.contains("xmp:Rating="));
        let named = with_tags(Some(LIGHTROOM.as_bytes()), &ann(), STAMP)
            .unwrap()
            .unwrap();
        for packet in [LIGHTROOM.as_bytes(), element.as_bytes(), &named] {
            assert!(holds(&[packet], &copy));
        }
        let other_rating = LIGHTROOM.replace("xmp:Rating=\"5\"", "xmp:Rating=\"4\"");
        assert!(!holds(&[other_rating], &copy));
        assert!(!holds(&[] as &[&str], &copy));
    }

    const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

    #[test]
    fn other_prefixes_and_white_space_in_attributes_are_kept() {
        let packet = format!(
            "<rdf:RDF xmlns:rdf='{RDF}' xmlns:d='urn:outer'><rdf:Description rdf:about='x' xmlns:d='http://purl.org/dc/elements/1.1/' \
             xmlns:p='http://ns.adobe.com/photoshop/1.0/' xmlns:i='http://iptc.org/std/Iptc4xmpExt/2008-02-29/' \
             p:City='Köln' p:Headline='one&#10;&quot;two&quot;' p:DateCreated='2020' i:Event='party'>\
             <d:subject><rdf:Bag><rdf:li>beach</rdf:li></rdf:Bag></d:subject></rdf:Description></rdf:RDF>"
        );
        let sidecar = sidecar(&packet);
        for expected in [
            "<rdf:Description rdf:about=\"\"\n",
            "    p:City=\"Köln\"\n",
            "    p:Headline=\"one&#10;&quot;two&quot;\"\n",
            "<rdf:li>beach</rdf:li><rdf:li>Ann</rdf:li></rdf:Bag></d:subject>",
            "<i:PersonInImage>",
        ] {
            assert!(sidecar.contains(expected), "{expected} in\n{sidecar}");
        }
        for unexpected in ["2020", "urn:outer", "xmlns:Iptc4xmpExt", "xmlns:dc"] {
            assert!(!sidecar.contains(unexpected), "{unexpected} in\n{sidecar}");
        }
    }

    #[test]
    fn what_strict_readers_refuse_is_passed_over() {
        let packet = |properties: &str| {
            format!(
                "<rdf:RDF xmlns:rdf='{RDF}'><rdf:Description xmlns:dc='http://purl.org/dc/elements/1.1/' \
                 xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Rating='5'>{properties}</rdf:Description></rdf:RDF>"
            )
        };
        assert!(taken_over(&[packet("")]).unwrap().contains("Rating"));
        for properties in [
            "<dc:source>\u{1}</dc:source>",
            "<dc:source>&#1;</dc:source>",
            "<dc:source>]]></dc:source>",
            "<dc:source xml:lang='<'/>",
            "<!-- a -- b -->",
            "<dc:source xmlns:e='http://purl.org/dc/elements/1.1/' dc:a='' e:a=''/>",
        ] {
            assert_eq!(taken_over(&[packet(properties)]), None, "{properties}");
        }
        let others = packet("")
            .replace("rdf:", "r:")
            .replace("xmlns:rdf", "xmlns:r");
        assert_eq!(taken_over(&[others]), None, "another prefix for RDF");
        // Of these, the property alone.
        for property in [
            "<dc:source rdf:parseType='Literal'><b/></dc:source>",
            "<dc:subject><rdf:Bag></rdf:Bag></dc:subject>",
        ] {
            let taken = taken_over(&[packet(property)]).unwrap();
            assert!(
                taken.contains("Rating") && !taken.contains("<dc:"),
                "{taken}"
            );
        }
        let deep = packet(&("<dc:source>".repeat(62) + &"</dc:source>".repeat(62)));
        assert!(sidecar(&deep).contains("mwg-rs:Name=\"Ann\""));
    }

    #[test]
    fn a_face_that_somebody_corrected_inside_gets_no_sidecar() {
        let inside = with_tags(Some(LIGHTROOM.as_bytes()), &ann(), STAMP)
            .unwrap()
            .unwrap();
        let corrected = String::from_utf8(inside).unwrap();
        let corrected = corrected.replace("mwg-rs:Name=\"Ann\"", "mwg-rs:Name=\"Jo\"");
        assert_eq!(new_sidecar(&[&corrected], &ann(), STAMP), Ok(None));
        assert_eq!(without_corrected(&ann(), corrected.as_bytes()).faces, []);
        for other in [LIGHTROOM, "<html/>", ""] {
            assert_eq!(without_corrected(&ann(), other.as_bytes()), ann());
        }
    }

    #[test]
    fn a_property_that_is_an_address_is_one_that_the_photo_may_lose() {
        let packet = format!(
            "<rdf:RDF xmlns:rdf='{RDF}'><rdf:Description xmlns:dc='http://purl.org/dc/elements/1.1/'>\
             <dc:source rdf:resource='urn:me'/></rdf:Description></rdf:RDF>"
        );
        let copy = sidecar(&packet);
        let Ok(WithoutTags::Copied(copy)) = without_tags(copy.as_bytes()) else {
            panic!("{copy}");
        };
        assert!(holds(&[&packet], &copy));
        assert!(!holds(&[packet.replace("urn:me", "urn:you")], &copy));
    }
}
