//! Names in the form that `exiftool -json=FILE` reads. Input: an XMP packet. Output: its lists of
//! names and its regions under ExifTool's names. They are always complete, because ExifTool
//! replaces the lists in a photo.

use serde_json::{Map, Value};

use super::keywords::KEYWORD_LISTS;
use super::regions::REGIONS;
use super::xmp::tree::Element;
use super::xmp::{XmpError, namespace};

/// ExifTool's name for the regions (Image::ExifTool::TagNames(3), MWG tags).
const REGION_INFO: &str = "XMP-mwg-rs:RegionInfo";

/// Schemas whose fields ExifTool supports in regions.
const REGION_SCHEMAS: [&str; 3] = ["mwg-rs", "stArea", "stDim"];

/// Returns the lists of names and the regions in `packet` as ExifTool's tags: lists of texts, and
/// structures of texts.
///
/// # Errors
/// [`XmpError`] if the packet cannot be parsed, a property in it does not have the form of its
/// schema, or a region has fields that ExifTool does not support.
pub fn exiftool_tags(packet: &[u8]) -> Result<Map<String, Value>, XmpError> {
    let text = std::str::from_utf8(packet).map_err(|_| XmpError::Encoding)?;
    let root = Element::parse(text)?;
    let rdf = root.rdf()?;
    let mut tags = Map::new();
    for list in &KEYWORD_LISTS {
        if let Some(items) = rdf.property_list(list.property)? {
            let items = items.items().map(|item| Value::from(item.text.trim()));
            tags.insert(list.exiftool_name.to_owned(), items.collect());
        }
    }
    if let Some(regions) = rdf.property(REGIONS) {
        tags.insert(REGION_INFO.to_owned(), value(regions)?);
    }
    Ok(tags)
}

/// Converts `element` to a list, a structure or a text.
fn value(element: &Element) -> Result<Value, XmpError> {
    if let Some(list) = element.any_list() {
        return list.items().map(value).collect();
    }
    let mut fields = Map::new();
    for (namespace, name, text) in element.text_fields() {
        fields.insert(field_name(namespace, name)?, text.into());
    }
    for (namespace, name, field) in element.element_fields() {
        fields.insert(field_name(namespace, name)?, value(field)?);
    }
    Ok(match fields.is_empty() {
        true => element.text.trim().into(),
        false => Value::Object(fields),
    })
}

/// Returns ExifTool's name for a field, which begins with a capital letter.
fn field_name(of: &str, name: &str) -> Result<String, XmpError> {
    let is_known = REGION_SCHEMAS.iter().any(|schema| namespace(schema) == of);
    let mut letters = name.chars();
    match letters.next() {
        Some(first) if is_known && name != "Extensions" => {
            Ok(first.to_ascii_uppercase().to_string() + letters.as_str())
        }
        _ => Err(XmpError::Form {
            property: REGIONS.to_string(),
            expected: "structure of fields that exiftool takes from JSON",
        }),
    }
}
