//! Keywords that a new tree of keywords would hide. digiKam and Immich read one list alone: `digiKam:TagsList`, where there is
//! none `lr:hierarchicalSubject`, where there is neither `dc:subject` (digiKam) or the IPTC keywords. In come the lists that
//! are there, out come their keywords in the form of the tree that is made, so that it has them too.

use std::collections::HashSet;

use super::FaceTag;
use super::keywords::{KEYWORD_LISTS, KeywordList, SUBJECT};
use super::xmp::tree::Element;
use super::xmp::{XmpError, lasting};
use crate::gallery::composed_name;

/// The keywords of the other lists in an `rdf:RDF` that the tree `list` does not have. What `faces` add to it is not among
/// them. Of a list that is no tree, none.
///
/// # Errors
/// [`XmpError`] when a list is not what its schema says.
pub(super) fn hidden_keywords(
    rdf: &Element,
    list: &KeywordList,
    faces: &[FaceTag],
) -> Result<Vec<String>, XmpError> {
    let Some(separator) = list.separator else {
        return Ok(Vec::new());
    };
    let added = faces.iter().map(|face| list.keyword(&face.name));
    let own = texts(rdf, list)?.into_iter();
    let mut known: HashSet<_> = own
        .chain(added)
        .map(|path| levels(&path, separator))
        .collect();
    let mut hidden = Vec::new();
    for other in &KEYWORD_LISTS {
        let Some(other_separator) = other.separator else {
            continue;
        };
        for path in texts(rdf, other)? {
            if known.insert(levels(&path, other_separator)) {
                let levels = path.split(other_separator).map(|level| list.level(level));
                hidden.push(levels.collect::<Vec<_>>().join(&separator.to_string()));
            }
        }
    }
    let known: HashSet<_> = known.into_iter().flatten().collect();
    let mut keywords = texts(rdf, &SUBJECT)?;
    keywords.retain(|keyword| !known.contains(&level(keyword)));
    for keyword in keywords {
        let keyword = list.level(&keyword);
        if !hidden.contains(&keyword) {
            hidden.push(keyword);
        }
    }
    Ok(hidden)
}

/// The levels of the keyword `path`, for comparing.
fn levels(path: &str, separator: char) -> Vec<String> {
    path.split(separator).map(level).collect()
}

/// One level as it is in any tree: what would begin another one in the one or the other is a hyphen.
fn level(text: &str) -> String {
    let trees = KEYWORD_LISTS.iter().filter(|list| list.separator.is_some());
    trees.fold(composed_name(text), |text, list| list.level(&text))
}

/// The keywords of a list, in characters that an attribute keeps: they are noted in one.
fn texts(rdf: &Element, list: &KeywordList) -> Result<Vec<String>, XmpError> {
    let list = rdf.property_list(list.property)?;
    let texts = list.into_iter().flat_map(Element::items);
    let texts = texts.map(|item| lasting(&item.text));
    Ok(texts.filter(|text| !text.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tagging::Area;

    fn hidden(properties: &str, name: &str) -> [Vec<String>; 4] {
        let text = format!(
            "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><r:Description \
             xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:lr='http://ns.adobe.com/lightroom/1.0/' \
             xmlns:digiKam='http://www.digikam.org/ns/1.0/'>{properties}</r:Description></r:RDF>"
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
        KEYWORD_LISTS.map(|list| hidden_keywords(&rdf, &list, &faces).unwrap())
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
