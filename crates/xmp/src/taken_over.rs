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
    // Its limits come first: a strict reader has none.
    let root = Element::parse(text).ok()?;
    check_well_formed(text).ok()?;
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
mod tests;
