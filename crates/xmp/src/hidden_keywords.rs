//! Keywords that a new tree of keywords would hide. digiKam and Immich read only one list:
//! `digiKam:TagsList`, or else another tree, or else `dc:subject` (digiKam) or the IPTC keywords.
//! Input: the existing lists. Output: their keywords in the form of the new tree, so that it
//! contains them too.

use std::collections::HashSet;

use super::FaceTag;
use super::keywords::{FOREIGN_TREES, KEYWORD_LISTS, KeywordList, SUBJECT};
use super::record::Record;
use super::xmp::tree::Element;
use super::xmp::{Property, lasting};
use crate::composed_name;

/// Returns the keywords of the other lists in an `rdf:RDF` that the tree `list` lacks, except those
/// that `faces` add to it. Returns none if `list` is not a tree.
pub(super) fn hidden_keywords(rdf: &Element, list: &KeywordList, faces: &[FaceTag]) -> Vec<String> {
    let Some(separator) = list.separator else {
        return Vec::new();
    };
    let added = faces.iter().map(|face| list.keyword(&face.name));
    let own = texts(rdf, list.property).into_iter();
    let mut known: HashSet<_> = own
        .chain(added)
        .map(|path| levels(&path, separator))
        .collect();
    let mut hidden = Vec::new();
    for (path, other_separator) in paths(rdf) {
        if known.insert(levels(&path, other_separator)) {
            let levels = path.split(other_separator).map(|level| list.level(level));
            hidden.push(levels.collect::<Vec<_>>().join(&separator.to_string()));
        }
    }
    // Names that facematch wrote and whose tree path the user removed.
    let names = Record::all(rdf).unwrap_or_default().into_iter();
    let names = names.filter(|record| record.distance.is_some());
    let names = names.map(|record| level(&record.value));
    // Some programs also write whole paths into the list of keywords.
    let whole: Vec<_> = known.iter().map(|levels| levels.join("-")).collect();
    let known: HashSet<_> = known
        .into_iter()
        .flatten()
        .chain(whole)
        .chain(names)
        .collect();
    let mut keywords = texts(rdf, SUBJECT.property);
    keywords.retain(|keyword| !known.contains(&level(keyword)));
    let mut told: HashSet<_> = hidden.iter().cloned().collect();
    for keyword in keywords {
        let keyword = list.level(&keyword);
        if told.insert(keyword.clone()) {
            hidden.push(keyword);
        }
    }
    hidden
}

/// Returns the keywords of all trees, each with the separator of its levels.
fn paths(rdf: &Element) -> Vec<(String, char)> {
    let own = KEYWORD_LISTS.iter();
    let own = own.filter_map(|list| Some((list.property, list.separator?)));
    let mut paths = Vec::new();
    for (property, separator) in own.chain(FOREIGN_TREES) {
        let of_tree = texts(rdf, property).into_iter();
        paths.extend(of_tree.map(|path| (path, separator)));
    }
    paths
}

/// Returns the levels of the keyword `path`, for comparison.
fn levels(path: &str, separator: char) -> Vec<String> {
    path.split(separator).map(level).collect()
}

/// Returns one level in a form common to all trees: separators of any tree become hyphens.
fn level(text: &str) -> String {
    let trees = KEYWORD_LISTS.iter().filter(|list| list.separator.is_some());
    trees.fold(composed_name(text), |text, list| list.level(&text))
}

/// Returns the keywords of a list, or none if the property is not a list. They contain only
/// characters that an attribute preserves, because they are recorded in one.
fn texts(rdf: &Element, property: Property) -> Vec<String> {
    let list = rdf.property(property).and_then(Element::any_list);
    let texts = list.into_iter().flat_map(Element::items);
    let texts = texts.map(|item| lasting(&item.text));
    texts.filter(|text| !text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Area;

    fn hidden(properties: &str, name: &str) -> [Vec<String>; 4] {
        let text = format!(
            "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><r:Description \
             xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:lr='http://ns.adobe.com/lightroom/1.0/' \
             xmlns:digiKam='http://www.digikam.org/ns/1.0/' xmlns:m='http://ns.microsoft.com/photo/1.0/' \
             xmlns:e='http://ns.microsoft.com/photo/1.0' xmlns:v='http://ns.iview-multimedia.com/mediapro/1.0/'>{properties}</r:Description></r:RDF>"
        );
        let rdf = Element::parse(&text).unwrap();
        let area = Area {
            x: 0.5,
            y: 0.5,
            w: 0.5,
            h: 0.5,
        };
        let faces = [FaceTag {
            name: name.to_owned(),
            area,
            distance: 0.3,
        }];
        KEYWORD_LISTS.map(|list| hidden_keywords(&rdf, &list, &faces))
    }

    fn list(property: &str, items: &[&str]) -> String {
        let items: String = items
            .iter()
            .map(|item| format!("<r:li>{item}</r:li>"))
            .collect();
        format!("<{property}><r:Bag>{items}</r:Bag></{property}>")
    }

    #[test]
    fn a_tree_has_the_keywords_of_the_other_lists_in_its_own_form() {
        let lightroom = list(
            "lr:hierarchicalSubject",
            &["Places|Rome/Lazio", "People|Ann"],
        ) + &list("dc:subject", &["Rome/Lazio", "Ann", "beach", "1/2", ""]);
        let [subject, lightroom, digikam, person] = hidden(&lightroom, "Ann");
        assert_eq!([subject, person], [[""; 0]; 2]);
        assert_eq!(lightroom, ["beach", "1/2"]);
        assert_eq!(digikam, ["Places/Rome-Lazio", "beach", "1-2"]);
    }

    #[test]
    fn the_trees_of_other_programs_are_read_too() {
        for tree in ["m:LastKeywordXMP", "e:LastKeywordXMP"] {
            let windows = list(tree, &["Places/Rome"]) + &list("dc:subject", &["Places/Rome", "x"]);
            let [_, lightroom, digikam, _] = hidden(&windows, "Ann");
            assert_eq!(lightroom, ["Places|Rome", "x"]);
            assert_eq!(digikam, ["Places/Rome", "x"]);
        }
        let [_, _, digikam, _] = hidden(&list("v:CatalogSets", &["Places|Rome"]), "Ann");
        assert_eq!(digikam, ["Places/Rome"]);
    }

    #[test]
    fn a_name_of_an_earlier_run_is_no_keyword_of_its_own() {
        let earlier = list("dc:subject", &["A/C", "Bob"])
            + &list("lr:hierarchicalSubject", &["People|A/C"])
            + &list("digiKam:TagsList", &["People/A-C"]);
        let [_, lightroom, digikam, _] = hidden(&earlier, "Bob");
        assert_eq!([lightroom, digikam], [["People|A-C"; 0]; 2]);
    }

    #[test]
    fn a_keyword_with_a_line_break_is_one_that_can_be_noted() {
        let [_, lightroom, digikam, _] = hidden(&list("dc:subject", &["two\n lines"]), "Ann");
        assert_eq!([lightroom, digikam], [["two  lines"]; 2]);
    }
}
