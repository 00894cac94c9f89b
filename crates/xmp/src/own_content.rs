//! Distinction of the content that facematch wrote into an element from other programs' additions.
//! Other programs may change the RDF syntax, but facematch's elements still have the same fields,
//! each once, and nothing else.

use std::collections::HashSet;
use std::ops::Range;

use super::record;
use super::region_area::DIMENSIONS;
use super::regions::{AREA, NAME, REGION_LIST, TYPE};
use super::xmp::tree::Element;
use super::xmp::{Property, namespace};

const DESCRIPTION: Property = Property::new("rdf", "Description");
const BAG: Property = Property::new("rdf", "Bag");
const SEQ: Property = Property::new("rdf", "Seq");
const ALT: Property = Property::new("rdf", "Alt");

/// Content that facematch writes into an element.
pub(super) struct Shape {
    /// Elements that hold other elements.
    containers: &'static [Property],
    /// Fields: attributes, or elements that hold a text.
    fields: &'static [Property],
}

/// The item of a region.
const REGION: Shape = Shape {
    containers: &[DESCRIPTION, AREA],
    fields: &[
        NAME,
        TYPE,
        Property::new("stArea", "x"),
        Property::new("stArea", "y"),
        Property::new("stArea", "w"),
        Property::new("stArea", "h"),
        Property::new("stArea", "unit"),
    ],
};

/// A property that is a list, or the list of regions, without its items.
pub(super) const LIST: Shape = Shape {
    containers: &[BAG, SEQ, ALT],
    fields: &[],
};

/// `mwg-rs:Regions` without its items.
pub(super) const REGIONS_FRAME: Shape = Shape {
    containers: &[DESCRIPTION, DIMENSIONS, REGION_LIST, BAG, SEQ, ALT],
    fields: &[
        Property::new("stDim", "w"),
        Property::new("stDim", "h"),
        Property::new("stDim", "unit"),
    ],
};

impl Shape {
    /// Returns whether `element` in `text` holds only content that facematch writes, apart from the
    /// elements that are `removed`.
    pub(super) fn fits(
        &self,
        text: &str,
        element: &Element,
        removed: impl Fn(&Element) -> bool,
    ) -> bool {
        self.fits_container(text, element, &removed, &mut HashSet::new())
    }

    /// Returns whether `element` fits. `seen` collects the fields found so far, because facematch
    /// writes each field only once.
    fn fits_container<'a>(
        &self,
        text: &str,
        element: &'a Element,
        removed: &dyn Fn(&Element) -> bool,
        seen: &mut HashSet<(&'a str, &'a str)>,
    ) -> bool {
        let mut attributes = element.attributes.iter();
        is_blank(text, element)
            && attributes.all(|attribute| {
                attribute.is_declaration()
                    || attribute.is_resource()
                    || is_among(self.fields, attribute.name()) && seen.insert(attribute.name())
            })
            && element.children.iter().all(|child| {
                removed(child)
                    || is_among(self.containers, child.name())
                        && self.fits_container(text, child, removed, seen)
                    || is_among(self.fields, child.name())
                        && is_plain_text(text, child)
                        && seen.insert(child.name())
            })
    }
}

fn is_among(properties: &[Property], name: (&str, &str)) -> bool {
    properties
        .iter()
        .any(|property| property.full_name() == name)
}

/// Returns whether the region `item` is a face and has only content that facematch writes.
pub(super) fn is_plain_region(text: &str, item: &Element) -> bool {
    let kind = item.field_text(TYPE).map_or("", str::trim);
    (kind.is_empty() || kind.eq_ignore_ascii_case("Face")) && REGION.fits(text, item, |_| false)
}

/// Returns whether `element` holds only a text, without comments, languages and other elements.
pub(super) fn is_plain_text(text: &str, element: &Element) -> bool {
    let mut attributes = element.attributes.iter();
    let content = element.content.clone().unwrap_or_default();
    attributes.all(|attribute| attribute.is_declaration())
        && element.children.is_empty()
        && !["<!--", "<?"]
            .iter()
            .any(|remark| text[content.clone()].contains(remark))
}

/// Returns whether `item` of `facematch:Tags` has only fields of facematch's namespace.
pub(super) fn is_plain_record(text: &str, item: &Element) -> bool {
    let own = namespace(record::PREFIX);
    let mut attributes = item.attributes.iter();
    is_blank(text, item)
        && attributes.all(|attribute| {
            attribute.is_declaration() || attribute.is_resource() || attribute.name().0 == own
        })
        && item.children.iter().all(|child| {
            child.name() == DESCRIPTION.full_name() && is_plain_record(text, child)
                || child.is_of(own) && is_plain_text(text, child)
        })
}

/// Returns whether `element` holds only children and white space: no text and no comment.
pub(super) fn is_blank(text: &str, element: &Element) -> bool {
    let content = element.content.iter();
    let mut between = content.flat_map(|content| between_children(text, content, element));
    between.all(|between| between.trim().is_empty())
}

/// Returns the parts of `text` in `element` that are not children. `content` is the range of the
/// element's content.
fn between_children<'a>(
    text: &'a str,
    content: &Range<usize>,
    element: &Element,
) -> impl Iterator<Item = &'a str> {
    let starts = element.children.iter().map(|child| child.span.start);
    let ends = element.children.iter().map(|child| child.span.end);
    std::iter::once(content.start)
        .chain(ends)
        .zip(starts.chain([content.end]))
        .map(|(from, to)| &text[from..to])
}
