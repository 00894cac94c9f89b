use super::*;
use crate::{
    Area, FaceTag, PhotoTags, Stamp, WithoutTags, holds, named_regions, new_sidecar, with_tags,
    without_corrected, without_tags,
};

const DIGIKAM: &str = include_str!("../../../../tests/fuzz/seeds/sidecar/valid_digikam.xmp");
const LIGHTROOM: &str = include_str!("../../../../tests/fuzz/seeds/sidecar/valid_lightroom.xmp");
const DARKTABLE: &str = include_str!("../../../../tests/fuzz/seeds/sidecar/valid_darktable.xmp");
const REGIONS: &str =
    include_str!("../../../../tests/fuzz/seeds/named_regions/valid_lightroom.xmp");

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

/// Returns the sidecar of a photo with the embedded `packet` in which Ann is found.
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
        // Content changed since belongs to the user.
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
    // Without names there is no sidecar.
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
            "<mwg-rs:Regions><mwg-rs:RegionList>x</mwg-rs:RegionList></mwg-rs:Regions>".to_owned(),
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
        let rating =
            "<rdf:Description xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Rating='5'/></rdf:RDF>";
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
    // The same statements in another syntax, with additions and with facematch's names.
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
    // Only the property is left out.
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
