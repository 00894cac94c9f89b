use proptest::prelude::*;

use super::regions::region_item;
use super::*;

const DIGIKAM: &str = include_str!("../../../tests/fuzz/seeds/sidecar/valid_digikam.xmp");
const LIGHTROOM: &str = include_str!("../../../tests/fuzz/seeds/sidecar/valid_lightroom.xmp");
const DARKTABLE: &str = include_str!("../../../tests/fuzz/seeds/sidecar/valid_darktable.xmp");

const STAMP: Stamp<'_> = Stamp {
    version: "0.1.0",
    date: "2026-11-26T12:00:00Z",
};

fn face(name: &str, x: f64) -> FaceTag {
    FaceTag {
        name: name.to_owned(),
        area: Area {
            x,
            y: 0.25,
            w: 0.125,
            h: 0.25,
        },
        distance: 0.35694,
    }
}

fn tags(faces: &[FaceTag]) -> PhotoTags {
    PhotoTags {
        stored_size: (640, 480),
        faces: faces.to_vec(),
    }
}

/// Returns `existing` with `faces`; panics if there is nothing to add.
fn tagged(existing: Option<&str>, faces: &[FaceTag]) -> String {
    let added = with_tags(existing.map(str::as_bytes), &tags(faces), STAMP);
    String::from_utf8(added.unwrap().unwrap()).unwrap()
}

fn untagged(existing: &str) -> String {
    match without_tags(existing.as_bytes()).unwrap() {
        WithoutTags::Changed(bytes) => String::from_utf8(bytes).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_sidecar_has_regions_and_keywords() {
    let sidecar = tagged(None, &[face("Ann & Co", 0.5)]);
    for expected in [
        r#"stDim:w="640" stDim:h="480" stDim:unit="pixel""#,
        r#"mwg-rs:Name="Ann &amp; Co" mwg-rs:Type="Face""#,
        r#"stArea:x="0.500000" stArea:y="0.250000" stArea:w="0.125000" stArea:h="0.250000" stArea:unit="normalized""#,
        "<rdf:li>Ann &amp; Co</rdf:li>",
        "<rdf:li>People|Ann &amp; Co</rdf:li>",
        "<rdf:li>People/Ann &amp; Co</rdf:li>",
        r#"facematch:Distance="0.3569" facematch:Version="0.1.0" facematch:Date="2026-11-26T12:00:00Z""#,
    ] {
        assert!(sidecar.contains(expected), "{expected} in\n{sidecar}");
    }
    assert_eq!(without_tags(sidecar.as_bytes()), Ok(WithoutTags::Nothing));
}

#[test]
fn nobody_makes_no_sidecar() {
    assert_eq!(with_tags(None, &tags(&[]), STAMP), Ok(None));
    assert_eq!(
        with_tags(Some(DIGIKAM.as_bytes()), &tags(&[]), STAMP),
        Ok(None)
    );
}

#[test]
fn tagging_twice_changes_no_byte() {
    let faces = [face("Ann", 0.5), face("Bob", 0.8)];
    for existing in [None, Some(DIGIKAM), Some(LIGHTROOM), Some(DARKTABLE)] {
        let once = tagged(existing, &faces);
        let later = Stamp {
            version: "9.9.9",
            date: "2027-01-01T00:00:00Z",
        };
        assert_eq!(
            with_tags(Some(once.as_bytes()), &tags(&faces), later),
            Ok(None)
        );
    }
}

#[test]
fn a_name_whose_accents_are_spelled_in_another_way_is_there() {
    for (there, known) in [("José", "Jose\u{301}"), ("Jose\u{301}", "José")] {
        let as_there = tagged(None, &[face("X y", 0.5)]).replace("X y", there);
        let again = with_tags(Some(as_there.as_bytes()), &tags(&[face(known, 0.5)]), STAMP);
        assert_eq!(again, Ok(None), "{known:?} where {there:?} is");
    }
    let new = tagged(None, &[face("Jose\u{301}", 0.5)]);
    assert!(new.contains("<rdf:li>People/José</rdf:li>"), "{new}");
    assert_eq!(without_tags(new.as_bytes()), Ok(WithoutTags::Nothing));
}

#[test]
fn all_that_was_there_is_there_in_the_same_order() {
    for existing in [DIGIKAM, LIGHTROOM, DARKTABLE] {
        let tagged = tagged(Some(existing), &[face("Ann", 0.5)]);
        let mut lines = tagged.lines();
        for line in existing.lines().filter(|line| line.trim() != "<rdf:Seq/>") {
            assert!(lines.any(|found| found == line), "{line}");
        }
    }
}

#[test]
fn what_was_added_goes_and_all_else_stays() {
    let marked = [DIGIKAM, LIGHTROOM, DARKTABLE].map(|existing| format!("\u{feff}{existing}"));
    let marked = marked.iter().map(|existing| &**existing);
    for existing in [DIGIKAM, LIGHTROOM, DARKTABLE].into_iter().chain(marked) {
        let once = tagged(Some(existing), &[face("Ann", 0.5)]);
        assert_eq!(untagged(&once), existing);
        let twice = tagged(Some(&once), &[face("Ann", 0.5), face("Bob", 0.8)]);
        assert_eq!(untagged(&twice), existing);
        assert_eq!(
            without_tags(existing.as_bytes()),
            Ok(WithoutTags::Unchanged)
        );
    }
}

#[test]
fn a_region_that_somebody_made_is_left_alone() {
    let same = FaceTag {
        area: Area {
            x: 0.21,
            y: 0.2,
            w: 0.2,
            h: 0.2,
        },
        ..face("Eileen Collins", 0.0)
    };
    let tagged = tagged(Some(DIGIKAM), std::slice::from_ref(&same));
    assert_eq!(tagged.matches("mwg-rs:Name=\"Eileen Collins\"").count(), 1);
    assert!(
        !tagged.contains("facematch:Property=\"mwg-rs:Regions\""),
        "{tagged}"
    );
    assert!(tagged.contains("facematch:Property=\"Iptc4xmpExt:PersonInImage\""));
    // The same name in another place is another face, and so is another name in the same place.
    for other in [
        face("Eileen Collins", 0.8),
        FaceTag {
            name: "Ann".to_owned(),
            ..same
        },
    ] {
        let tagged = self::tagged(Some(DIGIKAM), &[other]);
        assert!(
            tagged.contains("facematch:Property=\"mwg-rs:Regions\""),
            "{tagged}"
        );
    }
}

#[test]
fn a_region_is_left_alone_in_whichever_form_its_area_is() {
    let at = face("Eileen Collins", 0.5);
    let regions = |dimensions: &str, area: &str| {
        let item = region_item("rdf:", &at.name, &at.area);
        let (start, end) = item.split_once("stArea:x=").unwrap();
        let end = end.split_once("/>").unwrap().1;
        let region = format!("{start}{area}/>{end}");
        let list = "<mwg-rs:RegionList><rdf:Bag>";
        format!(
            "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
             <rdf:Description rdf:about='' xmlns:mwg-rs='http://www.metadataworkinggroup.com/schemas/regions/' \
             xmlns:stDim='http://ns.adobe.com/xap/1.0/sType/Dimensions#'>\
             <mwg-rs:Regions rdf:parseType='Resource'>{dimensions}{list}{region}</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>\
             </rdf:Description></rdf:RDF></x:xmpmeta>"
        )
    };
    let size = "<mwg-rs:AppliedToDimensions stDim:w='640' stDim:h='320'/>";
    for area in [
        "stArea:x='0,5' stArea:y='0,25' stArea:w='0,125' stArea:h='0,25'",
        "stArea:x='0.5' stArea:y='0.25' stArea:d='0.25'",
        "stArea:x='320' stArea:y='80' stArea:w='80' stArea:h='80' stArea:unit='pixel'",
    ] {
        let existing = regions(size, area);
        let tagged = tagged(Some(&existing), std::slice::from_ref(&at));
        assert!(tagged.contains(area), "{tagged}");
        assert_eq!(tagged.matches("mwg-rs:Name=").count(), 1, "{tagged}");
    }
}

#[test]
fn a_person_with_two_faces_is_one_keyword() {
    let sidecar = tagged(None, &[face("Ann", 0.2), face("Ann", 0.8)]);
    assert_eq!(
        sidecar.matches("<rdf:li>Ann</rdf:li>").count(),
        2,
        "subject and PersonInImage"
    );
    assert_eq!(sidecar.matches("mwg-rs:Name=\"Ann\"").count(), 2);
}

#[test]
fn what_others_add_to_our_lists_stays_theirs() {
    let sidecar = tagged(None, &[face("Ann", 0.5)]);
    let ours = "<rdf:li>Ann</rdf:li>";
    let theirs = format!("{ours}<rdf:li>beach</rdf:li>");
    let left = untagged(&sidecar.replacen(ours, &theirs, 1));
    assert!(
        left.contains("<dc:subject>") && left.contains("<rdf:li>beach</rdf:li>"),
        "{left}"
    );
    assert!(
        !left.contains("Ann") && !left.contains("<facematch:") && !left.contains("<mwg-rs:"),
        "{left}"
    );
}

#[test]
fn keywords_that_come_later_are_added_to_the_trees_that_are_ours() {
    let rome = |xmp: &str| {
        let start = xmp.find("<dc:subject>").unwrap();
        let end = start + xmp[start..].find("</rdf:Bag>").unwrap();
        [&xmp[..end], "<rdf:li>Rome</rdf:li>", &xmp[end..]].concat()
    };
    let faces = [face("Ann", 0.5)];
    let count = |xmp: &str| xmp.matches("<rdf:li>Rome</rdf:li>").count();
    let ours = rome(&tagged(Some(LIGHTROOM), &faces));
    let again = tagged(Some(&ours), &faces);
    assert_eq!([count(&ours), count(&again)], [1, 3], "{again}");
    assert_eq!(untagged(&again), untagged(&ours));
    // A list that another program created is complete.
    let theirs = rome(&tagged(Some(DIGIKAM), &faces));
    let again = with_tags(Some(theirs.as_bytes()), &tags(&faces), STAMP);
    assert_eq!(again, Ok(None));
}

#[test]
fn keywords_from_other_lists_stay_where_somebody_has_added_to_them() {
    let faces = [face("Ann", 0.5)];
    let sidecar = tagged(Some(LIGHTROOM), &faces);
    let beach = "<rdf:li>holidays &amp; beach</rdf:li>";
    assert_eq!(sidecar.matches(beach).count(), 3, "{sidecar}");
    let ann = "<rdf:li>People/Ann</rdf:li>";
    let theirs = sidecar.replacen(ann, &format!("{ann}<rdf:li>sunset</rdf:li>"), 1);
    // The keyword stays in digiKam's tree, which has another item, and in Lightroom's original
    // list.
    let left = untagged(&theirs);
    assert_eq!(left.matches(beach).count(), 2, "{left}");
    assert!(left.contains("sunset") && !left.contains("Ann"), "{left}");
    assert!(
        !left.contains("<lr:") && !left.contains("<facematch:"),
        "{left}"
    );
}

#[test]
fn a_comment_among_our_items_stays() {
    let item = "     <rdf:li>holidays &amp; beach</rdf:li>\n";
    let sidecar = LIGHTROOM.replace(item, "     <!-- none yet -->\n");
    assert_ne!(sidecar, LIGHTROOM);
    let left = untagged(&tagged(Some(&sidecar), &[face("Ann", 0.5)]));
    assert!(left.contains("<!-- none yet -->"), "{left}");
    assert!(!left.contains("Ann"), "{left}");
}

#[test]
fn a_region_that_somebody_renamed_stays() {
    let sidecar = tagged(Some(DIGIKAM), &[face("Ann", 0.5)]);
    let renamed = sidecar.replacen("mwg-rs:Name=\"Ann\"", "mwg-rs:Name=\"Anna\"", 1);
    let left = untagged(&renamed);
    assert!(left.contains("mwg-rs:Name=\"Anna\""), "{left}");
}

#[test]
fn what_somebody_corrected_or_took_out_is_not_written_again() {
    let faces = [face("Ann", 0.5), face("Bob", 0.8)];
    let sidecar = tagged(Some(LIGHTROOM), &faces);
    let again = |xmp: &str| with_tags(Some(xmp.as_bytes()), &tags(&faces), STAMP);
    // Photo managers rename the region and all keywords.
    let renamed = sidecar
        .replace("mwg-rs:Name=\"Ann\"", "mwg-rs:Name=\"Jo\"")
        .replace("Ann</rdf:li>", "Jo</rdf:li>");
    assert_eq!(again(&renamed), Ok(None));
    let lines = sidecar.lines();
    let without_ann: Vec<_> = lines
        .filter(|line| line.contains("facematch:") || !line.contains("Ann"))
        .collect();
    let deleted = without_ann.join("\n");
    assert!(!deleted.contains("mwg-rs:Name=\"Ann\"") && deleted.contains("mwg-rs:Name=\"Bob\""));
    assert_eq!(again(&deleted), Ok(None));
    // Only one keyword is missing.
    let without_keyword = sidecar.replacen("<rdf:li>People|Bob</rdf:li>", "", 1);
    assert_eq!(again(&without_keyword), Ok(None));
    // A face in another place is another face, which the user has not corrected.
    let elsewhere = tagged(Some(&deleted), &[face("Ann", 0.1)]);
    assert!(elsewhere.contains("mwg-rs:Name=\"Ann\""), "{elsewhere}");
    assert_eq!(elsewhere.matches("People|Ann</rdf:li>").count(), 1);
    // Corrections are forgotten when the records are removed.
    let left = untagged(&renamed);
    assert!(tagged(Some(&left), &faces).contains("mwg-rs:Name=\"Ann\""));
}

#[test]
fn another_spelling_of_the_same_properties_is_understood() {
    let sidecar = r#"<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description r:about="x"
        xmlns:d="http://purl.org/dc/elements/1.1/" xmlns:m="http://www.metadataworkinggroup.com/schemas/regions/"
        xmlns:a="http://ns.adobe.com/xmp/sType/Area#"><d:subject><r:Bag/></d:subject><m:Regions><r:Description><m:RegionList>
        <r:Seq><r:li r:parseType="Resource"><m:Name>Ann</m:Name><m:Area r:parseType="Resource"><a:x>0.5</a:x><a:y>0.25</a:y>
        <a:w>0.125</a:w><a:h>0.25</a:h></m:Area></r:li></r:Seq></m:RegionList></r:Description></m:Regions></r:Description></r:RDF>"#;
    let tagged = tagged(Some(sidecar), &[face("Ann", 0.5), face("Bob", 0.8)]);
    assert!(
        tagged.contains("<r:Bag><r:li>Ann</r:li><r:li>Bob</r:li></r:Bag>"),
        "{tagged}"
    );
    assert!(tagged.contains("r:about=\"x\""), "{tagged}");
    // exiv2 does not support two prefixes for one namespace.
    for prefix in ["rdf:", "dc:", "mwg-rs:", "stArea:"] {
        let noted = tagged.replace(&format!("Property=\"{prefix}"), "");
        assert!(
            !noted.contains(&format!("<{prefix}")) && !noted.contains(&format!(" {prefix}")),
            "{prefix} {tagged}"
        );
    }
    assert_eq!(tagged.matches("Type=\"Face\"").count(), 1, "{tagged}");
    assert_eq!(untagged(&tagged), sidecar);
}

#[test]
fn names_are_taken_out_in_whichever_spelling_they_are_by_then() {
    let tagged = tagged(Some(LIGHTROOM), &[face("José", 0.5)]);
    let apart = tagged
        .replace("José</rdf:li>", "Jose\u{301}</rdf:li>")
        .replace("mwg-rs:Name=\"José", "mwg-rs:Name=\"Jose\u{301}");
    assert_eq!(apart.matches("Jose\u{301}").count(), 5);
    assert_eq!(untagged(&apart), LIGHTROOM);
    // The same holds if the records have this spelling and the user corrected the name.
    let notes = tagged.replace("José", "Jose\u{301}").replacen(
        "mwg-rs:Name=\"Jose\u{301}",
        "mwg-rs:Name=\"Jo",
        1,
    );
    let again = with_tags(Some(notes.as_bytes()), &tags(&[face("José", 0.5)]), STAMP);
    assert_eq!(again, Ok(None));
}

#[test]
fn a_name_that_was_taken_out_of_a_tree_is_no_keyword_there() {
    let sidecar = tagged(None, &[face("Ann", 0.5)]);
    let moved = sidecar
        .replace("<rdf:li>People/Ann</rdf:li>", "")
        .replace("<rdf:li>People|Ann</rdf:li>", "");
    let again = with_tags(Some(moved.as_bytes()), &tags(&[face("Ann", 0.5)]), STAMP);
    assert_eq!(again, Ok(None));
    let with_bob = tagged(Some(&moved), &[face("Ann", 0.5), face("Bob", 0.8)]);
    assert_eq!(
        with_bob.matches("<rdf:li>Ann</rdf:li>").count(),
        2,
        "{with_bob}"
    );
}

#[test]
fn a_tree_that_somebody_deleted_is_made_whole_or_not_at_all() {
    let faces = [face("Ann", 0.5)];
    let sidecar = tagged(Some(LIGHTROOM), &faces);
    let start = sidecar.find("<digiKam:TagsList>").unwrap();
    let end = sidecar.find("</digiKam:TagsList>").unwrap() + "</digiKam:TagsList>".len();
    let without = [&sidecar[..start], &sidecar[end..]].concat();
    let again = with_tags(Some(without.as_bytes()), &tags(&faces), STAMP);
    assert_eq!(again, Ok(None));
    let with_bob = tagged(Some(&without), &[face("Ann", 0.5), face("Bob", 0.8)]);
    let tree = &with_bob[with_bob.find("<digiKam:TagsList>").unwrap()..];
    let tree = &tree[..tree.find("</digiKam:TagsList>").unwrap()];
    assert!(
        tree.contains("holidays &amp; beach") && tree.contains("People/Bob"),
        "{tree}"
    );
    assert_eq!(with_bob.matches(">digiKam:TagsList<").count(), 1);
}

#[test]
fn what_cannot_be_merged_is_an_error() {
    let wrong = |from: &str, to: &str| DIGIKAM.replacen(from, to, 1);
    let no_list = wrong("<dc:subject>", "<dc:subject>x</dc:subject><dc:subject>");
    for (sidecar, reason) in [
        (&DIGIKAM[..900], "cannot be parsed at byte"),
        ("<html/>", "has no rdf:RDF, so it is no XMP"),
        (&no_list, "has a dc:subject that is no list"),
        (
            &wrong("xmp:Rating=\"4\"", "xmp:Rating=\"\u{1}\""),
            "is not well-formed XML",
        ),
    ] {
        let error = with_tags(Some(sidecar.as_bytes()), &tags(&[face("Ann", 0.5)]), STAMP);
        assert!(error.unwrap_err().to_string().contains(reason), "{reason}");
    }
    // There is nothing to remove.
    assert_eq!(without_tags(no_list.as_bytes()), Ok(WithoutTags::Unchanged));
    let latin1 = b"<x:xmpmeta x='\xE9'/>";
    assert_eq!(without_tags(latin1), Err(XmpError::Encoding));
}

#[test]
fn a_name_of_spaces_alone_is_not_written() {
    let blank = tags(&[face(" ", 0.5), face("\u{a0}\t", 0.8)]);
    for existing in [None, Some(DIGIKAM.as_bytes())] {
        assert_eq!(with_tags(existing, &blank, STAMP), Ok(None));
    }
}

proptest! {
    /// For any names, the original content can be restored and the tags are found again.
    #[test]
    fn any_names_can_be_added_and_removed(
        names in proptest::collection::vec("\\PC{1,12}|[ &<>\"'/|\t\u{1}-\u{1f}]{1,4}x", 1..4),
        existing in prop_oneof![Just(DIGIKAM), Just(LIGHTROOM), Just(DARKTABLE)],
    ) {
        let faces: Vec<_> = (1_u8..).zip(&names).map(|(i, name)| face(name, f64::from(i) / 8.0)).collect();
        let added = with_tags(Some(existing.as_bytes()), &tags(&faces), STAMP).unwrap();
        prop_assert_eq!(added.is_none(), names.iter().all(|name| name.trim().is_empty()));
        let Some(tagged) = added.map(|bytes| String::from_utf8(bytes).unwrap()) else {
            return Ok(());
        };
        prop_assert_eq!(untagged(&tagged), existing);
        let again = with_tags(Some(tagged.as_bytes()), &tags(&faces), STAMP);
        prop_assert_eq!(again, Ok(None));
    }
}

#[test]
fn exiftool_gets_whole_lists_and_all_regions() {
    let sidecar = tagged(Some(LIGHTROOM), &[face("Ann & Co", 0.5)]);
    let tags = exiftool_tags(sidecar.as_bytes()).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&tags).unwrap(), @r#"
    {
      "XMP-dc:Subject": [
        "holidays & beach",
        "Ann & Co"
      ],
      "XMP-digiKam:TagsList": [
        "holidays & beach",
        "People/Ann & Co"
      ],
      "XMP-iptcExt:PersonInImage": [
        "Ann & Co"
      ],
      "XMP-lr:HierarchicalSubject": [
        "holidays & beach",
        "People|Ann & Co"
      ],
      "XMP-mwg-rs:RegionInfo": {
        "AppliedToDimensions": {
          "H": "480",
          "Unit": "pixel",
          "W": "640"
        },
        "RegionList": [
          {
            "Area": {
              "H": "0.250000",
              "Unit": "normalized",
              "W": "0.125000",
              "X": "0.500000",
              "Y": "0.250000"
            },
            "Name": "Ann & Co",
            "Type": "Face"
          }
        ]
      }
    }
    "#);
    // A packet without tags results in none.
    let other = exiftool_tags(untagged(&tagged(Some(DARKTABLE), &[face("Ann", 0.5)])).as_bytes());
    assert!(!other.unwrap().contains_key("XMP-mwg-rs:RegionInfo"));
}

#[test]
fn regions_with_fields_that_exiftool_does_not_take_are_refused() {
    let with_extension = tagged(None, &[face("Ann", 0.5)]).replace(
        "<mwg-rs:Area ",
        "<mwg-rs:Extensions rdf:parseType=\"Resource\"/><mwg-rs:Area ",
    );
    let error = exiftool_tags(with_extension.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("mwg-rs:Regions"), "{error}");
}
