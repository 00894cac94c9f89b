//! What facematch added to a sidecar, taken away again.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::Area;
use super::keywords::KEYWORD_LISTS;
use super::record::{self, Record, SIDECAR, copy_note};
use super::region_area::dimensions;
use super::regions::{REGION_LIST, REGIONS, Region, region_list};
use super::xmp::edits::Edits;
use super::xmp::tree::Element;
use super::xmp::{Property, XmpError, check_file, namespace};
use crate::gallery::composed_name;

/// What is left of a sidecar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WithoutTags {
    /// Nothing in it is of facematch.
    Unchanged,
    /// This content.
    Changed(Vec<u8>),
    /// This content: what facematch took over from inside the photo when it made the sidecar. Nobody has changed it, so it
    /// can go where the photo [has it still](super::holds).
    Copied(Vec<u8>),
    /// Nothing but what every new sidecar of facematch begins with: facematch made it, and there is nothing of others in it.
    Nothing,
}

/// The sidecar `existing` without what [`with_tags`](super::with_tags) added to it. What others changed meanwhile is theirs
/// and stays.
///
/// # Errors
/// [`XmpError`] when it cannot be parsed, or a property in it is not what its schema says.
pub fn without_tags(existing: &[u8]) -> Result<WithoutTags, XmpError> {
    let text = std::str::from_utf8(existing).map_err(|_| XmpError::Encoding)?;
    let root = Element::parse(text)?;
    let rdf = root.rdf()?;
    let created = record::created(rdf)?;
    let (names, copies): (Vec<_>, Vec<_>) = Record::all(rdf)?
        .into_iter()
        .partition(|record| record.distance.is_some());
    let items = items(rdf);
    let mut removal = Removal::default();
    removal.remove_items(rdf, &items, names.iter())?;
    for list in KEYWORD_LISTS {
        removal.remove_copies(rdf, &items, list.property, &copies)?;
    }
    removal.remove_created(text, rdf, &created)?;
    removal.remove_records(rdf);
    removal.remove_descriptions(text, rdf);
    if removal.0.is_empty() {
        return Ok(WithoutTags::Unchanged);
    }
    if created.contains(&SIDECAR) && removal.empties(text, rdf) && is_only_frame(text, &root, rdf) {
        return Ok(WithoutTags::Nothing);
    }
    check_file(text)?;
    let mut edits = Edits::default();
    removal.collect(text, &root, &mut edits);
    let left = edits.apply(text);
    Ok(match created.contains(&&*copy_note(&left)) {
        true => WithoutTags::Copied(left.into_bytes()),
        false => WithoutTags::Changed(left.into_bytes()),
    })
}

/// The items of the lists of keywords, by their property and their text in the one spelling in which texts are compared.
type Items<'a> = HashMap<(String, String), Vec<&'a Element>>;

/// Of what is no list, none: facematch has added nothing to it.
fn items(rdf: &Element) -> Items<'_> {
    let mut items = Items::new();
    for property in KEYWORD_LISTS.map(|list| list.property) {
        let list = rdf.property(property).and_then(Element::any_list);
        for item in list.into_iter().flat_map(Element::items) {
            let text = composed_name(item.text.trim());
            let named = items.entry((property.to_string(), text)).or_default();
            named.push(item);
        }
    }
    items
}

/// The elements that go, by where they begin.
#[derive(Clone, Default)]
struct Removal(HashSet<usize>);

impl Removal {
    fn remove(&mut self, element: &Element) {
        self.0.insert(element.span.start);
    }

    fn has(&self, element: &Element) -> bool {
        self.0.contains(&element.span.start)
    }

    fn has_all_children_of(&self, element: &Element) -> bool {
        element.children.iter().all(|child| self.has(child))
    }

    /// Whether nothing is left in `element`, comments included.
    fn empties(&self, text: &str, element: &Element) -> bool {
        let is_blank = |content| is_blank_between_children(text, content, element);
        self.has_all_children_of(element) && element.content.as_ref().is_none_or(is_blank)
    }

    /// Whether a comment or a processing instruction would be left in `element`, or in what is in it.
    fn leaves_remarks(&self, text: &str, element: &Element) -> bool {
        let is_remark = |between: &str| between.contains("<!--") || between.contains("<?");
        let content = element.content.iter();
        let mut between = content.flat_map(|content| between_children(text, content, element));
        let mut kept = element.children.iter().filter(|child| !self.has(child));
        between.any(is_remark) || kept.any(|child| self.leaves_remarks(text, child))
    }

    /// Removes what `records` tell of.
    fn remove_items<'a>(
        &mut self,
        rdf: &Element,
        items: &Items<'_>,
        records: impl Iterator<Item = &'a Record>,
    ) -> Result<(), XmpError> {
        for record in records {
            match record.region() {
                Some((name, area)) => self.remove_region(rdf, name, &area)?,
                None => self.remove_keyword(items, record),
            }
        }
        Ok(())
    }

    /// Removes the keywords from other lists that `copies` tell of, if nothing else is in the list of `property` any more:
    /// where somebody has filled it, programs look for keywords there alone.
    fn remove_copies(
        &mut self,
        rdf: &Element,
        items: &Items<'_>,
        property: Property,
        copies: &[Record],
    ) -> Result<(), XmpError> {
        let name = property.to_string();
        let copies = copies.iter().filter(|copy| copy.property == name);
        let mut emptied = self.clone();
        emptied.remove_items(rdf, items, copies)?;
        if let Some(list) = rdf.property(property).and_then(Element::any_list)
            && emptied.has_all_children_of(list)
        {
            *self = emptied;
        }
        Ok(())
    }

    /// Removes one region, if it is there still.
    fn remove_region(&mut self, rdf: &Element, name: &str, area: &Area) -> Result<(), XmpError> {
        let regions = rdf.property(REGIONS);
        let list = regions.map(region_list).transpose()?;
        let made_for = regions.and_then(dimensions);
        let mut items = list.flatten().into_iter().flat_map(Element::items);
        let is_region = |item: &&Element| Region::of(item, made_for).is(name, area);
        let found = items.find(|item| !self.has(item) && is_region(item));
        found.into_iter().for_each(|item| self.remove(item));
        Ok(())
    }

    /// Removes one keyword, if it is there still; of two spellings the one that was written.
    fn remove_keyword(&mut self, items: &Items<'_>, record: &Record) {
        let key = (record.property.clone(), composed_name(&record.value));
        let named = items.get(&key).map_or(&[][..], Vec::as_slice);
        let is_there = |item: &&&Element| !self.has(item);
        let mut left = named.iter().filter(is_there);
        let as_written = left.clone().find(|item| item.text.trim() == record.value);
        let found = as_written.or_else(|| left.next()).copied();
        found.into_iter().for_each(|item| self.remove(item));
    }

    /// Removes the properties that facematch created and that have nothing left in them.
    fn remove_created(
        &mut self,
        text: &str,
        rdf: &Element,
        created: &[&str],
    ) -> Result<(), XmpError> {
        for property in KEYWORD_LISTS.map(|list| list.property) {
            if !created.contains(&&*property.to_string()) {
                continue;
            }
            if let Some(element) = rdf.property(property)
                && self.has_all_children_of(element.list(property)?)
                && !self.leaves_remarks(text, element)
            {
                self.remove(element);
            }
        }
        let Some(regions) = rdf.property(REGIONS) else {
            return Ok(());
        };
        if !region_list(regions)?.is_none_or(|list| self.has_all_children_of(list)) {
            return Ok(());
        }
        let emptied = [
            (REGIONS, Some(regions)),
            (REGION_LIST, regions.field(REGION_LIST)),
        ];
        let removed = emptied.into_iter().find_map(|(property, element)| {
            let is_created = created.contains(&&*property.to_string());
            element.filter(|element| is_created && !self.leaves_remarks(text, element))
        });
        removed.into_iter().for_each(|element| self.remove(element));
        Ok(())
    }

    /// Removes facematch's own properties.
    fn remove_records(&mut self, rdf: &Element) {
        let own = namespace(record::PREFIX);
        for description in rdf.descriptions() {
            let records = description.children.iter().filter(|child| child.is_of(own));
            records.for_each(|child| self.remove(child));
        }
    }

    /// Removes the descriptions that had something that goes, and have nothing left in them.
    fn remove_descriptions(&mut self, text: &str, rdf: &Element) {
        let own = namespace(record::PREFIX);
        for description in rdf.descriptions() {
            if !description.children.is_empty()
                && self.empties(text, description)
                && description.has_only_attributes_of(own)
            {
                self.remove(description);
            }
        }
    }

    /// The edits that remove all from `element`. A list that loses its last item becomes empty as one that never had any.
    fn collect(&self, text: &str, element: &Element, edits: &mut Edits) {
        if let Some(content) = &element.content
            && !element.children.is_empty()
            && self.has_all_children_of(element)
            && is_blank_between_children(text, content, element)
        {
            edits.replace(content.start - ">".len()..element.span.end, "/>");
            return;
        }
        for child in &element.children {
            if self.has(child) {
                edits.remove(text, child);
            } else {
                self.collect(text, child, edits);
            }
        }
    }
}

/// Whether there is nothing in `element`, whose content is at `content`, but children and white space: no comment either.
fn is_blank_between_children(text: &str, content: &Range<usize>, element: &Element) -> bool {
    between_children(text, content, element).all(|between| between.trim().is_empty())
}

/// The parts of `text` in `element`, whose content is at `content`, that are no children.
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

/// Whether there is nothing around the content of `rdf` but what programs put around all XMP: `x:xmpmeta` with the name of the
/// program, and the instructions that begin and end a packet.
fn is_only_frame(text: &str, root: &Element, rdf: &Element) -> bool {
    let outside = [&text[..root.span.start], &text[root.span.end..]];
    let is_plain = |element: &Element| {
        let mut attributes = element.attributes.iter();
        attributes.all(|attribute| attribute.is_declaration() || attribute.is_toolkit())
    };
    let has_only_rdf = || {
        let content = root.content.as_ref();
        root.children.len() == 1
            && content.is_some_and(|content| is_blank_between_children(text, content, root))
    };
    let is_rdf = root.span == rdf.span;
    outside.into_iter().all(is_packet_frame)
        && is_plain(root)
        && (is_rdf || is_plain(rdf) && has_only_rdf())
}

/// Whether `outside`, what is before or behind the root, has only an XML declaration and the instructions of a packet.
fn is_packet_frame(outside: &str) -> bool {
    let ignored = ['\u{feff}', '\0', ' ', '\t', '\r', '\n'];
    let mut rest = outside.trim_matches(ignored);
    while let Some((instruction, behind)) = rest
        .strip_prefix("<?")
        .and_then(|rest| rest.split_once("?>"))
    {
        let target = instruction.split_ascii_whitespace().next();
        if !matches!(target, Some("xml" | "xpacket")) {
            return false;
        }
        rest = behind.trim_start_matches(ignored);
    }
    rest.is_empty()
}
