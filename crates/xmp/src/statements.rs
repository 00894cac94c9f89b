//! What XMP says, however it is spelled: ExifTool and others write elements where there were attributes, and in another order.
//! In come packets, out come pairs of a place and a text.

use std::collections::HashSet;

use super::merge::copy_of;
use super::xmp::namespace;
use super::xmp::tree::Element;

/// The names on the way to a text, each with its namespace, and the text.
type Statement = (Vec<(String, String)>, String);

/// Attributes of RDF that say how something is spelled, and what it is about.
const FORMS: [&str; 2] = ["about", "parseType"];

/// Whether a photo with the XMP `packets` inside says all that is in the sidecar `copy`, which was taken over from it.
pub fn holds(packets: &[impl AsRef<[u8]>], copy: &[u8]) -> bool {
    let inside = copy_of(packets).unwrap_or_default();
    let inside = statements(&inside);
    let copy = std::str::from_utf8(copy).map(statements);
    copy.is_ok_and(|copy| copy.is_subset(&inside))
}

/// Of what cannot be parsed, none.
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
