//! What facematch added to a sidecar, taken away again.

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

/// The items of the lists of keywords, by their property and their text in the one spelling in which texts are compared.
type Items<'a> = HashMap<(String, String), Vec<&'a Element>>;

/// Those that hold more than a text, such as a comment or a language, are left out, and so are all of a property that is no
/// list: another program has written to them.
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
        self.has_all_children_of(element) && is_blank(text, element)
    }

    /// Removes what `records` tell of.
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

    /// Removes the keywords from other lists that `copies` tell of, if nothing else is in the list of `property` any more:
    /// where somebody has filled it, programs look for keywords there alone.
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

    /// Removes one region, if it is still there and no other program has added to it.
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

    /// Removes the properties that facematch created and that hold nothing else by now.
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

    /// Removes one of facematch's own properties, or what facematch wrote into it.
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

    /// Removes the descriptions that had something that goes, and have nothing left in them. The last one that says what all
    /// are about stays.
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

    /// Whether what `description` is about is nothing, or is said by another description that stays.
    fn is_about_kept(&self, rdf: &Element, description: &Element) -> bool {
        let about = description.own_about();
        let mut others = rdf
            .descriptions()
            .filter(|other| other.span != description.span && !self.has(other));
        about.is_empty() || others.any(|other| other.own_about() == about)
    }

    /// The edits that remove all from `element`. A list that loses its last item becomes empty as one that never had any.
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

/// Whether there is nothing around the content of `rdf` but what programs put around all XMP: `x:xmpmeta` with the name of the
/// program, and the instructions that begin and end a packet.
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
