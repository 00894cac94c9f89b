//! Statements of XMP, independent of its syntax: ExifTool and others turn attributes into elements,
//! and change their order. Input: packets. Output: pairs of a path and a text.

use std::collections::HashSet;

use super::merge::copy_of;
use super::xmp::namespace;
use super::xmp::tree::Element;

/// The names on the path to a text, each with its namespace, and the text.
type Statement = (Vec<(String, String)>, String);

/// Attributes of RDF that describe the syntax or the subject.
const FORMS: [&str; 2] = ["about", "parseType"];

/// Returns whether a photo with the embedded XMP `packets` contains all statements of the sidecar
/// `copy`, which was copied from it.
pub fn holds(packets: &[impl AsRef<[u8]>], copy: &[u8]) -> bool {
    let inside = copy_of(packets).unwrap_or_default();
    let inside = statements(&inside);
    let copy = std::str::from_utf8(copy).map(statements);
    copy.is_ok_and(|copy| copy.is_subset(&inside))
}

/// Returns the statements in `text`, or none if it cannot be parsed.
fn statements(text: &str) -> HashSet<Statement> {
    let mut found = HashSet::new();
    let root = Element::parse(text);
    if let Ok(rdf) = root.as_ref().map_or_else(|e| Err(e.clone()), Element::rdf) {
        collect(rdf, &mut Vec::new(), &mut found);
    }
    found
}

fn collect(element: &Element, way: &mut Vec<(String, String)>, found: &mut HashSet<Statement>) {
    let is_rdf = |of: &str| of == namespace("rdf");
    let owned = |(namespace, name): (&str, &str)| (namespace.to_owned(), name.to_owned());
    let name = (!is_rdf(element.name().0)).then(|| owned(element.name()));
    let depth = way.len();
    way.extend(name);
    for attribute in &element.attributes {
        let is_form = is_rdf(attribute.name().0) && FORMS.contains(&attribute.name().1);
        if !attribute.is_declaration() && !is_form {
            let place = [&way[..], &[owned(attribute.name())]].concat();
            found.insert((place, attribute.value.trim().to_owned()));
        }
    }
    let text = element.text.trim();
    if !text.is_empty() {
        found.insert((way.clone(), text.to_owned()));
    }
    for child in &element.children {
        collect(child, way, found);
    }
    way.truncate(depth);
}
