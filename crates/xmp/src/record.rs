//! Records of facematch's additions, in properties of its own namespace. They allow removing the
//! additions, and distinguish them from the content of other programs.
//!
//! `facematch:Tags` is a list of structures, one for each item that was added to a list: the
//! property, the item's text (for a region its name and area), the distance if the item is for a
//! face, the version and the date. `facematch:Created` lists the properties that facematch created,
//! [`SIDECAR`] if it created the sidecar, and [`copy_note`] if the sidecar began as a copy of the
//! photo's embedded metadata.

use super::regions::{REGIONS, area_text, parse_area};
use super::xmp::tree::Element;
use super::xmp::{Property, XmpError, escaped};
use super::{Area, Stamp};
use crate::composed_name;

pub(super) const PREFIX: &str = "facematch";
pub(super) const TAGS: Property = Property::new(PREFIX, "Tags");
pub(super) const CREATED: Property = Property::new(PREFIX, "Created");
/// Entry for the whole sidecar in [`CREATED`].
pub(super) const SIDECAR: &str = "sidecar";

/// Returns the entry in [`CREATED`] for a whole sidecar that was `text` before tags were added.
/// After the tags are removed, it shows whether the rest was changed.
pub(super) fn copy_note(text: &str) -> String {
    format!("{SIDECAR} {}", blake3::hash(text.as_bytes()).to_hex())
}

const PROPERTY: Property = Property::new(PREFIX, "Property");
const VALUE: Property = Property::new(PREFIX, "Value");
const AREA: Property = Property::new(PREFIX, "Area");
const DISTANCE: Property = Property::new(PREFIX, "Distance");

/// An item that facematch added to a list.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    /// List, such as `dc:subject`.
    pub(super) property: String,
    /// Text of the item, or the name of a region.
    pub(super) value: String,
    /// Area of a region.
    pub(super) area: Option<Area>,
    /// Distance of the face from the nearest known face of the person, or `None` for a keyword from
    /// another list.
    pub(super) distance: Option<f32>,
}

impl Record {
    /// Returns the records in an `rdf:RDF`.
    pub(super) fn all(rdf: &Element) -> Result<Vec<Self>, XmpError> {
        let items = rdf
            .property_list(TAGS)?
            .into_iter()
            .flat_map(Element::items);
        Ok(items.filter_map(Self::of).collect())
    }

    fn of(item: &Element) -> Option<Self> {
        Some(Self {
            property: item.field_text(PROPERTY)?.to_owned(),
            value: item.field_text(VALUE)?.to_owned(),
            area: item.field_text(AREA).and_then(parse_area),
            distance: item.field_text(DISTANCE).and_then(|text| text.parse().ok()),
        })
    }

    /// Returns the name and area if the record is for a region.
    pub(super) fn region(&self) -> Option<(&str, Area)> {
        match self.property == REGIONS.to_string() {
            true => Some((&self.value, self.area?)),
            false => None,
        }
    }

    /// Returns the list and the text, in the spelling in which texts are compared.
    pub(super) fn item_name(&self) -> (&str, String) {
        (&self.property, composed_name(&self.value))
    }

    /// Returns the record as an item of [`TAGS`], with `rdf` as the prefix of the list.
    pub(super) fn item(&self, rdf: &str, stamp: Stamp<'_>) -> String {
        let distance = self.distance.map_or_else(String::new, |distance| {
            format!(" facematch:Distance=\"{distance:.4}\"")
        });
        let area = self.area.as_ref().map_or_else(String::new, |area| {
            format!(" facematch:Area=\"{}\"", area_text(area))
        });
        format!(
            "<{rdf}li><{rdf}Description {} facematch:Property=\"{}\" facematch:Value=\"{}\"{area}{distance} \
             facematch:Version=\"{}\" facematch:Date=\"{}\"/></{rdf}li>",
            super::xmp::declaration(PREFIX),
            escaped(&self.property),
            escaped(&self.value),
            escaped(stamp.version),
            escaped(stamp.date),
        )
    }
}

/// Returns the properties that facematch created in an `rdf:RDF`.
pub(super) fn created(rdf: &Element) -> Result<Vec<&str>, XmpError> {
    let items = rdf
        .property_list(CREATED)?
        .into_iter()
        .flat_map(Element::items);
    Ok(items.map(|item| item.text.trim()).collect())
}
