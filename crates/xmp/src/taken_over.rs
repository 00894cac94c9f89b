//! Content of a photo's embedded metadata for its new sidecar. Input: the photo's XMP packets.
//! Output: a sidecar with the users' statements about the photo: keywords, regions, ratings,
//! titles, places, rights.
//!
//! digiKam ignores embedded XMP if the photo has a sidecar, and Immich ignores embedded properties
//! that the sidecar has, so a sidecar with only the new names would hide all others. Data of the
//! file itself is not copied, because it would be duplicated, become outdated or be applied twice:
//! EXIF as XMP, sizes and dates, the settings of raw converters, the history.

use std::collections::HashSet;

use super::keywords::{KEYWORD_LISTS, KeywordList};
use super::regions::{REGIONS, region_list};
use super::removal::{WithoutTags, without_tags};
use super::xmp::encoding::decoded;
use super::xmp::tree::{Attribute, Element};
use super::xmp::{check_well_formed, declaration, escaped};

/// Namespaces whose properties are copied, with the names of these properties; an empty list means
/// all.
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

/// Returns the descriptions for an `rdf:RDF` that are copied from the XMP `packets` of a photo,
/// without facematch's additions. Returns `None` if there are none, or if no packet can be parsed.
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

/// Returns the descriptions that are copied from the packet `text`, without properties in `seen`,
/// and adds their properties to `seen`.
fn taken_descriptions(text: &str, seen: &mut HashSet<(String, String)>) -> Option<String> {
    // This parser limits its input, so it runs before the strict one, which does not.
    let root = Element::parse(text).ok()?;
    check_well_formed(text).ok()?;
    let rdf = root.rdf().ok()?;
    // Programs based on Adobe's XMP Toolkit ignore RDF with another prefix.
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

/// Returns the last element of `open`, a description in `text` with its ancestors, reduced to the
/// properties that are copied.
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
    // All descriptions of a packet have the same subject.
    Some(format!(
        "\n  <rdf:Description rdf:about=\"\"{declarations}{texts}>{properties}\n  </rdf:Description>"
    ))
}

/// Returns the property `element` in `text` in a form that names can be added to, or `None` if
/// there is no such form.
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

/// Returns whether the element contains XML literals, which the XMP specification (part 1, 7.9.2)
/// forbids.
fn has_literal(element: &Element) -> bool {
    let mut attributes = element.attributes.iter();
    attributes.any(|attribute| attribute.local == "parseType" && attribute.value == "Literal")
        || element.children.iter().any(has_literal)
}

/// Returns the list with this namespace and name that names are added to.
fn list_called(name: (&str, &str)) -> Option<KeywordList> {
    let mut lists = KEYWORD_LISTS.into_iter();
    lists.find(|list| list.property.full_name() == name)
}

/// Returns a list with the single item that another program wrote instead of a list, if it is not
/// empty. `written` is the name of the property in the packet.
fn list_of_one(list: KeywordList, written: &str, item: &str) -> Option<String> {
    let item = escaped(item.trim());
    if item.is_empty() {
        return None;
    }
    let KeywordList { property, form, .. } = list;
    // Keeps the prefix of the packet, because exiv2 does not support two prefixes for one
    // namespace.
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

/// Returns whether a property may be a plain text, and therefore an attribute.
fn is_text(name: (&str, &str)) -> bool {
    list_called(name).is_none() && name != REGIONS.full_name()
}

/// Returns the declarations in scope in the last element of `open`. An inner one replaces an outer
/// one with the same prefix.
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

/// Formats an attribute on a line of its own. Other white space than spaces is escaped, because
/// parsers turn it into spaces (XML 1.0, 3.3.3).
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
mod tests;
