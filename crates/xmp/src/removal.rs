//! Removal of facematch's additions from a sidecar.

use std::collections::{HashMap, HashSet};

use super::Area;
use super::keywords::KEYWORD_LISTS;
use super::own_content::{
    LIST, REGIONS_FRAME, Shape, is_blank, is_plain_record, is_plain_region, is_plain_text,
};
use super::record::{self, CREATED, Record, SIDECAR, copy_note};
use super::region_area::dimensions;
use super::regions::{REGION_LIST, REGIONS, Region, region_list};
use super::xmp::edits::Edits;
use super::xmp::tree::Element;
use super::xmp::{Property, XmpError, check_file, namespace};
use crate::composed_name;

/// Content of a sidecar without facematch's additions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WithoutTags {
    /// The sidecar contains nothing from facematch.
    Unchanged,
    /// This content is left.
    Changed(Vec<u8>),
    /// Only the content that facematch copied from the photo when it created the sidecar is left,
    /// unchanged. The sidecar can be removed if the photo [still contains it](super::holds).
    Copied(Vec<u8>),
    /// Only the frame of a new sidecar is left: facematch created the sidecar, and no other program
    /// added to it.
    Nothing,
}

/// Returns the sidecar `existing` without the additions of [`with_tags`](super::with_tags). Content
/// that other programs have changed since is theirs and stays.
///
/// # Errors
/// [`XmpError`] if the sidecar cannot be parsed, or a property in it does not have the form of its
/// schema.
pub fn without_tags(existing: &[u8]) -> Result<WithoutTags, XmpError> {
    let text = std::str::from_utf8(existing).map_err(|_| XmpError::Encoding)?;
    let root = Element::parse(text)?;
    let rdf = root.rdf()?;
    let created = record::created(rdf)?;
    let (names, copies): (Vec<_>, Vec<_>) = Record::all(rdf)?
        .into_iter()
        .partition(|record| record.distance.is_some());
    let items = items(text, rdf);
    let mut removal = Removal::default();
    removal.remove_items(text, rdf, &items, names.iter())?;
    for list in KEYWORD_LISTS {
        removal.remove_copies(text, rdf, &items, list.property, &copies)?;
    }
    removal.remove_created(text, rdf, &created);
    removal.remove_records(text, rdf);
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

/// Items of the lists of keywords, by property and by text in the spelling in which texts are
/// compared.
type Items<'a> = HashMap<(String, String), Vec<&'a Element>>;

/// Returns the items that hold only a text, of properties that are lists. Other programs have added
/// to all others, for example a comment or a language.
fn items<'a>(text: &str, rdf: &'a Element) -> Items<'a> {
    let mut items = Items::new();
    for property in KEYWORD_LISTS.map(|list| list.property) {
        let list = rdf.property(property).and_then(Element::any_list);
        let written = list.into_iter().flat_map(Element::items);
        for item in written.filter(|item| is_plain_text(text, item)) {
            let keyword = composed_name(item.text.trim());
            let named = items.entry((property.to_string(), keyword)).or_default();
            named.push(item);
        }
    }
    items
}

/// Elements to remove, by their start.
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

    /// Returns whether nothing is left in `element`, not even a comment.
    fn empties(&self, text: &str, element: &Element) -> bool {
        self.has_all_children_of(element) && is_blank(text, element)
    }

    /// Removes the items of `records`.
    fn remove_items<'a>(
        &mut self,
        text: &str,
        rdf: &Element,
        items: &Items<'_>,
        records: impl Iterator<Item = &'a Record>,
    ) -> Result<(), XmpError> {
        for record in records {
            match record.region() {
                Some((name, area)) => self.remove_region(text, rdf, name, &area)?,
                None => self.remove_keyword(items, record),
            }
        }
        Ok(())
    }

    /// Removes the keywords in `copies`, which came from other lists, if the list of `property` has
    /// no other items. Otherwise they stay, because programs look for keywords only in this list.
    fn remove_copies(
        &mut self,
        text: &str,
        rdf: &Element,
        items: &Items<'_>,
        property: Property,
        copies: &[Record],
    ) -> Result<(), XmpError> {
        let name = property.to_string();
        let copies = copies.iter().filter(|copy| copy.property == name);
        let mut emptied = self.clone();
        emptied.remove_items(text, rdf, items, copies)?;
        if let Some(list) = rdf.property(property).and_then(Element::any_list)
            && emptied.has_all_children_of(list)
        {
            *self = emptied;
        }
        Ok(())
    }

    /// Removes one region if it still exists and no other program has added to it.
    fn remove_region(
        &mut self,
        text: &str,
        rdf: &Element,
        name: &str,
        area: &Area,
    ) -> Result<(), XmpError> {
        let regions = rdf.property(REGIONS);
        let list = regions.map(region_list).transpose()?;
        let made_for = regions.and_then(dimensions);
        let mut items = list.flatten().into_iter().flat_map(Element::items);
        let is_region = |item: &&Element| {
            Region::of(item, made_for).is(name, area) && is_plain_region(text, item)
        };
        let found = items.find(|item| !self.has(item) && is_region(item));
        found.into_iter().for_each(|item| self.remove(item));
        Ok(())
    }

    /// Removes one keyword if it still exists, preferring the spelling that was written.
    fn remove_keyword(&mut self, items: &Items<'_>, record: &Record) {
        let key = (record.property.clone(), composed_name(&record.value));
        let named = items.get(&key).map_or(&[][..], Vec::as_slice);
        let is_there = |item: &&&Element| !self.has(item);
        let mut left = named.iter().filter(is_there);
        let as_written = left.clone().find(|item| item.text.trim() == record.value);
        let found = as_written.or_else(|| left.next()).copied();
        found.into_iter().for_each(|item| self.remove(item));
    }

    /// Removes the properties that facematch created and that are now empty.
    fn remove_created(&mut self, text: &str, rdf: &Element, created: &[&str]) {
        let lists = KEYWORD_LISTS.map(|list| (list.property, rdf.property(list.property), LIST));
        for (property, element, shape) in lists {
            self.remove_if_created(text, created, property, element, &shape);
        }
        let regions = rdf.property(REGIONS);
        let list = regions.and_then(|regions| regions.field(REGION_LIST));
        self.remove_if_created(text, created, REGIONS, regions, &REGIONS_FRAME);
        self.remove_if_created(text, created, REGION_LIST, list, &LIST);
    }

    fn remove_if_created(
        &mut self,
        text: &str,
        created: &[&str],
        property: Property,
        element: Option<&Element>,
        shape: &Shape,
    ) {
        let is_created = created.contains(&&*property.to_string());
        let element = element
            .filter(|element| is_created && shape.fits(text, element, |child| self.has(child)));
        element.into_iter().for_each(|element| self.remove(element));
    }

    /// Removes facematch's own properties.
    fn remove_records(&mut self, text: &str, rdf: &Element) {
        let own = namespace(record::PREFIX);
        for description in rdf.descriptions() {
            for property in description.children.iter().filter(|child| child.is_of(own)) {
                self.remove_own(text, property);
            }
        }
    }

    /// Removes one of facematch's own properties, or only facematch's content in it.
    fn remove_own(&mut self, text: &str, property: &Element) {
        let is_own = |item: &&Element| match property.name() == CREATED.full_name() {
            true => is_plain_text(text, item),
            false => is_plain_record(text, item),
        };
        let items = property.any_list().into_iter().flat_map(Element::items);
        items.filter(is_own).for_each(|item| self.remove(item));
        if LIST.fits(text, property, |child| self.has(child)) || is_plain_text(text, property) {
            self.remove(property);
        }
    }

    /// Removes the descriptions that are empty after the removal. The last description that states
    /// the subject of all stays.
    fn remove_descriptions(&mut self, text: &str, rdf: &Element) {
        let own = namespace(record::PREFIX);
        for description in rdf.descriptions() {
            if !description.children.is_empty()
                && self.empties(text, description)
                && description.has_only_attributes_of(own)
                && self.is_about_kept(rdf, description)
            {
                self.remove(description);
            }
        }
    }

    /// Returns whether `description` has no subject, or another description that stays has the same
    /// subject.
    fn is_about_kept(&self, rdf: &Element, description: &Element) -> bool {
        let about = description.own_about();
        let mut others = rdf
            .descriptions()
            .filter(|other| other.span != description.span && !self.has(other));
        about.is_empty() || others.any(|other| other.own_about() == about)
    }

    /// Collects the edits for `element`. A list that loses its last item becomes an empty element,
    /// as if it never had items.
    fn collect(&self, text: &str, element: &Element, edits: &mut Edits) {
        if let Some(content) = &element.content
            && !element.children.is_empty()
            && self.has_all_children_of(element)
            && is_blank(text, element)
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

/// Returns whether only the usual XMP frame surrounds the content of `rdf`: `x:xmpmeta` with the
/// name of the program, and the instructions that begin and end a packet.
fn is_only_frame(text: &str, root: &Element, rdf: &Element) -> bool {
    let outside = [&text[..root.span.start], &text[root.span.end..]];
    let is_plain = |element: &Element| {
        let mut attributes = element.attributes.iter();
        attributes.all(|attribute| attribute.is_declaration() || attribute.is_toolkit())
    };
    let has_only_rdf = || root.children.len() == 1 && is_blank(text, root);
    let is_rdf = root.span == rdf.span;
    outside.into_iter().all(is_packet_frame)
        && is_plain(root)
        && (is_rdf || is_plain(rdf) && has_only_rdf())
}

/// Returns whether `outside`, the text before or after the root, has only an XML declaration and
/// the instructions of a packet.
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
