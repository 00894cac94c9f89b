//! Face regions: the positions of people in a photo. Their schema is that of the Metadata Working
//! Group (Guidelines for Handling Image Metadata 2.0, section 5.9).

use super::Area;
use super::region_area::working_group_area;
use super::xmp::tree::Element;
use super::xmp::{Property, XmpError, declaration, escaped};
use crate::composed_name;

pub(super) const REGIONS: Property = Property::new("mwg-rs", "Regions");
pub(super) const REGION_LIST: Property = Property::new("mwg-rs", "RegionList");
pub(super) const NAME: Property = Property::new("mwg-rs", "Name");
pub(super) const AREA: Property = Property::new("mwg-rs", "Area");
pub(super) const TYPE: Property = Property::new("mwg-rs", "Type");

/// Overlap above which a face belongs to a region of the same name.
pub(super) const SAME_FACE: f64 = 0.5;
/// Maximum difference of numbers that are considered equal, because other programs write fewer
/// digits.
const SAME_NUMBER: f64 = 1e-4;

/// A region in a sidecar.
pub(super) struct Region<'a> {
    name: Option<&'a str>,
    area: Option<Area>,
}

/// Returns the list of regions in the property `regions`, or `None` if it has none.
pub(super) fn region_list(regions: &Element) -> Result<Option<&Element>, XmpError> {
    let list = regions.field(REGION_LIST);
    list.map(|list| list.list(REGION_LIST)).transpose()
}

impl<'a> Region<'a> {
    /// Returns the region in an item of the list, which was made for an image of `dimensions`.
    pub(super) fn of(item: &'a Element, dimensions: Option<(f64, f64)>) -> Self {
        let area = item.structure().field(AREA);
        Self {
            name: item.field_text(NAME),
            area: area.and_then(|area| working_group_area(area, dimensions).ok()),
        }
    }

    /// Returns whether the region assigns the face at `area` to `name`.
    pub(super) fn shows(&self, name: &str, area: &Area) -> bool {
        let overlap = self.area.map_or(0.0, |own| own.overlap(area));
        self.is_called(name) && overlap > SAME_FACE
    }

    fn is_called(&self, name: &str) -> bool {
        let name = composed_name(name);
        self.name.is_some_and(|own| composed_name(own) == name)
    }

    /// Returns whether the region has this name and this area.
    pub(super) fn is(&self, name: &str, area: &Area) -> bool {
        let numbers = |area: &Area| [area.x, area.y, area.w, area.h];
        self.is_called(name)
            && self.area.is_some_and(|own| {
                let pairs = numbers(&own).into_iter().zip(numbers(area));
                pairs.into_iter().all(|(a, b)| (a - b).abs() < SAME_NUMBER)
            })
    }
}

/// Formats an area as four numbers; `parse_area` is the inverse.
pub(super) fn area_text(area: &Area) -> String {
    let Area { x, y, w, h } = area;
    format!("{x:.6} {y:.6} {w:.6} {h:.6}")
}

pub(super) fn parse_area(text: &str) -> Option<Area> {
    let mut numbers = text.split(' ').map(|number| number.parse().ok());
    let mut next = || numbers.next().flatten();
    Some(Area {
        x: next()?,
        y: next()?,
        w: next()?,
        h: next()?,
    })
}

/// Returns the list item for the face of `name` at `area`, with `rdf` as the prefix of the list.
pub(super) fn region_item(rdf: &str, name: &str, area: &Area) -> String {
    let Area { x, y, w, h } = area;
    format!(
        "<{rdf}li><{rdf}Description {} mwg-rs:Name=\"{}\" mwg-rs:Type=\"Face\"><mwg-rs:Area {} stArea:x=\"{x:.6}\" \
         stArea:y=\"{y:.6}\" stArea:w=\"{w:.6}\" stArea:h=\"{h:.6}\" stArea:unit=\"normalized\"/></{rdf}Description></{rdf}li>",
        declaration("mwg-rs"),
        escaped(name),
        declaration("stArea"),
    )
}

/// Returns the size of the image that areas refer to, as an element.
pub(super) fn dimensions((width, height): (u32, u32)) -> String {
    format!(
        "<mwg-rs:AppliedToDimensions {} stDim:w=\"{width}\" stDim:h=\"{height}\" stDim:unit=\"pixel\"/>",
        declaration("stDim"),
    )
}
