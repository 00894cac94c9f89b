//! What a photo has inside, for its new sidecar. In comes the photo's XMP packet, out comes a sidecar with what people have
//! said of the photo: keywords, regions, ratings, titles, places, rights.
//!
//! digiKam reads no XMP inside of a photo that has a sidecar, Immich no property that the sidecar has, so a sidecar with the
//! new names alone would hide all others. What is the file's own is not taken over, as it would be told twice, grow stale or
//! be applied twice: EXIF as XMP, sizes and dates, the settings of raw converters, the history.

use super::xmp::escaped;
use super::xmp::tree::{Attribute, Element};

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

/// The descriptions, for an `rdf:RDF`, of what is taken over from the XMP `packet` of a photo. `None` when that is nothing, or
/// when the packet cannot be parsed.
pub(super) fn taken_over(packet: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(packet).ok()?;
    let root = Element::parse(text).ok()?;
    let rdf = root.rdf().ok()?;
    let descriptions: String = rdf
        .descriptions()
        .filter_map(|description| taken_description(text, [&root, rdf, description]))
        .collect();
    (!descriptions.is_empty()).then_some(descriptions)
}

/// The last one of `open`, a description in `text` and what it is in, with what is taken over of it.
fn taken_description(text: &str, open: [&Element; 3]) -> Option<String> {
    let [_, _, description] = open;
    let children = description.children.iter();
    let properties: String = children
        .filter(|child| is_taken(child.name()))
        .map(|child| format!("\n   {}", &text[child.span.clone()]))
        .collect();
    let (about, others): (Vec<_>, Vec<_>) = description
        .attributes
        .iter()
        .filter(|attribute| !attribute.is_declaration())
        .partition(|attribute| attribute.is_about());
    let attributes: String = others
        .into_iter()
        .filter(|attribute| is_taken(attribute.name()))
        .map(written)
        .collect();
    if properties.is_empty() && attributes.is_empty() {
        return None;
    }
    let about: String = about.into_iter().map(written).collect();
    let tag = &description.written;
    let declarations: String = declarations(open)
        .into_iter()
        .filter(|declaration| {
            let prefix = format!("{}:", declaration.local);
            let is_default = declaration.local.is_empty();
            is_default
                || [&about, tag, &attributes, &properties]
                    .iter()
                    .any(|part| part.contains(&prefix))
        })
        .map(written)
        .collect();
    Some(format!(
        "\n  <{tag}{about}{declarations}{attributes}>{properties}\n  </{tag}>"
    ))
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
        Area, FaceTag, PhotoTags, Stamp, WithoutTags, named_regions, new_sidecar, with_tags,
        without_tags,
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
        let sidecar = new_sidecar(Some(packet.as_bytes()), &ann(), STAMP);
        String::from_utf8(sidecar.unwrap().unwrap()).unwrap()
    }

    #[test]
    fn what_people_said_of_a_photo_is_taken_over_and_what_is_the_files_own_is_not() {
        insta::assert_snapshot!(taken_over(LIGHTROOM.as_bytes()).unwrap().trim_start_matches('\n'), @r#"
        <rdf:Description
          rdf:about=""
          xmlns:xmp="http://ns.adobe.com/xap/1.0/"
          xmlns:dc="http://purl.org/dc/elements/1.1/"
          xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
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
        let darktable = taken_over(DARKTABLE.as_bytes()).unwrap();
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
            let taken = taken_over(packet.as_bytes()).unwrap();
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
            assert_eq!(without_tags(sidecar.as_bytes()), Ok(WithoutTags::Nothing));
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
        assert_eq!(
            new_sidecar(Some(DIGIKAM.as_bytes()), &nobody, STAMP),
            Ok(None)
        );
    }

    #[test]
    fn a_packet_of_which_nothing_can_be_taken_over_makes_a_sidecar_with_the_names() {
        let plain = with_tags(None, &ann(), STAMP);
        let no_list = DIGIKAM.replacen("<dc:subject>", "<dc:subject>x</dc:subject><dc:subject>", 1);
        let nothing = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/></x:xmpmeta>";
        for packet in [&DIGIKAM[..900], "", "<html/>", &no_list, nothing] {
            assert_eq!(
                new_sidecar(Some(packet.as_bytes()), &ann(), STAMP),
                plain,
                "{packet}"
            );
        }
    }

    #[test]
    fn other_prefixes_and_white_space_in_attributes_are_kept() {
        let packet = "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:rdf='urn:outer-rdf' xmlns:d='urn:outer'>\
             <r:Description r:about='x' xmlns:d='http://purl.org/dc/elements/1.1/' xmlns:p='http://ns.adobe.com/photoshop/1.0/' \
             p:City='Köln' p:Headline='one&#10;&quot;two&quot;' p:DateCreated='2020'>\
             <d:subject><r:Bag><r:li>beach</r:li></r:Bag></d:subject></r:Description></r:RDF>";
        let sidecar = sidecar(packet);
        for expected in [
            "<r:Description\n    r:about=\"x\"\n",
            "    p:City=\"Köln\"\n",
            "    p:Headline=\"one&#10;&quot;two&quot;\">\n",
            "<r:li>beach</r:li><r:li>Ann</r:li></r:Bag>",
            "<rdf:li>beach</rdf:li>",
        ] {
            assert!(sidecar.contains(expected), "{expected} in\n{sidecar}");
        }
        assert!(
            !sidecar.contains("2020") && !sidecar.contains("urn:outer"),
            "{sidecar}"
        );
    }
}
