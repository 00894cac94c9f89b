//! What facematch notes of what it added, in properties of its own namespace: so that it can be taken away again, and told
//! from what others wrote.
//!
//! `facematch:Tags` is a list of structures, one for each item that was added to a list: the property, the item's text (for
//! a region its name and area), the distance of the face where it is of one, the version and the date. `facematch:Created` lists the properties
//! that were not there before, [`SIDECAR`] when there was no sidecar, and [`copy_note`] when it began as a copy of what the
//! photo has inside.

use super::regions::{REGIONS, area_text, parse_area};
use super::xmp::tree::Element;
use super::xmp::{Property, XmpError, escaped};
use super::{Area, Stamp};
use crate::composed_name;

pub(super) const PREFIX: &str = "facematch";
pub(super) const TAGS: Property = Property::new(PREFIX, "Tags");
pub(super) const CREATED: Property = Property::new(PREFIX, "Created");
/// Stands for the whole sidecar in [`CREATED`].
pub(super) const SIDECAR: &str = "sidecar";

/// Stands in [`CREATED`] for the whole sidecar that was `text` before tags were added: what is left when they are gone tells
/// by this whether somebody changed it.
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
    /// The list, such as `dc:subject`.
    pub(super) property: String,
    /// The item's text, or the name of a region.
    pub(super) value: String,
    /// The area of a region.
    pub(super) area: Option<Area>,
    /// How far the face is from the nearest known one of the person; `None` where it is a keyword from another list.
    pub(super) distance: Option<f32>,
}

impl Record {
    /// The records in an `rdf:RDF`.
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

    /// Its name and area, where it is of a region.
    pub(super) fn region(&self) -> Option<(&str, Area)> {
        match self.property == REGIONS.to_string() {
            true => Some((&self.value, self.area?)),
            false => None,
        }
    }

    /// Its list and its text, in the one spelling in which texts are compared.
    pub(super) fn item_name(&self) -> (&str, String) {
        (&self.property, composed_name(&self.value))
    }

    /// It as an item of [`TAGS`]; `rdf` is the prefix of the list.
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

/// The properties that facematch created, in an `rdf:RDF`.
pub(super) fn created(rdf: &Element) -> Result<Vec<&str>, XmpError> {
    let items = rdf
        .property_list(CREATED)?
        .into_iter()
        .flat_map(Element::items);
    Ok(items.map(|item| item.text.trim()).collect())
}
