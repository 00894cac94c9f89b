//! The container of HEIC and AVIF files (ISO/IEC 14496-12 and 23008-12): which items a file has,
//! their properties, and where their bytes are.
//!
//! Input: the bytes of a file. Output: its [`Container`], which borrows from them. Every number is
//! the file's: nothing is allocated for more than the bytes that are there.

use std::collections::HashMap;

use super::Problem;

/// Size in bytes of the largest `meta` box that is read. That of a photo has some kilobytes.
const MOST_META: usize = 4 << 20;
/// Deepest item that is built from other items.
const DEEPEST: u32 = 4;

/// The items of a file.
pub(crate) struct Container<'a> {
    file: &'a [u8],
    idat: &'a [u8],
    pub(crate) primary: u32,
    items: HashMap<u32, Item<'a>>,
    locations: HashMap<u32, Location>,
    /// Lists of items by kind and by the item that has them.
    references: HashMap<([u8; 4], u32), Vec<u32>>,
    properties: Vec<Child<'a>>,
    /// Numbers of properties by item, counted from 1.
    associations: HashMap<u32, Vec<u16>>,
}

/// Kind and encoding of an item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) kind: [u8; 4],
    /// The content type of an item of the kind `mime`.
    pub(crate) content_type: &'a [u8],
    /// Whether the bytes are compressed.
    pub(crate) is_encoded: bool,
}

/// Where the bytes of an item are.
struct Location {
    place: Place,
    /// Offset and length of each part. A length of 0 means the rest.
    extents: Vec<(u64, u64)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    File,
    Idat,
    Other,
}

impl<'a> Container<'a> {
    /// Reads the items of `file`, the content of a file.
    pub(crate) fn of(file: &'a [u8]) -> Result<Self, Problem> {
        // Boxes after `meta` are not looked at: phones append some of their own.
        let meta = find(file, b"meta")?.ok_or(Problem::Unsupported("without a still image"))?;
        if meta.len() > MOST_META {
            return Err(Problem::Unsupported("with very long metadata"));
        }
        let mut container = Self {
            file,
            idat: &[],
            primary: 0,
            items: HashMap::new(),
            locations: HashMap::new(),
            references: HashMap::new(),
            properties: Vec::new(),
            associations: HashMap::new(),
        };
        let mut primary = None;
        // After the version and the flags.
        for child in Boxes(meta.get(4..).unwrap_or_default()) {
            let (kind, content) = child?;
            let mut reader = Reader(content);
            match &kind {
                b"pitm" => {
                    let version = reader.version()?.0;
                    primary = Some(reader.id(version >= 1)?);
                }
                b"iinf" => container.read_items(reader)?,
                b"iloc" => container.read_locations(reader)?,
                b"iref" => container.read_references(reader)?,
                b"iprp" => container.read_properties(content)?,
                b"idat" => container.idat = content,
                _ => {}
            }
        }
        container.primary = primary.ok_or(Problem::Damaged)?;
        Ok(container)
    }

    fn read_items(&mut self, mut reader: Reader<'a>) -> Result<(), Problem> {
        let version = reader.version()?.0;
        // The number of items.
        reader.id(version >= 1)?;
        for child in Boxes(reader.0) {
            let (kind, content) = child?;
            let mut reader = Reader(content);
            let version = reader.version()?.0;
            // Versions 0 and 1 have no kind and do not occur in photos.
            if kind != *b"infe" || version < 2 {
                continue;
            }
            let id = reader.id(version >= 3)?;
            reader.number(2)?;
            let kind = reader.array()?;
            let mut texts = reader.0.split(|&byte| byte == 0).skip(1);
            let content_type = texts.next().unwrap_or_default();
            let is_encoded = texts.next().is_some_and(|encoding| !encoding.is_empty());
            let item = Item {
                kind,
                content_type,
                is_encoded,
            };
            self.items.insert(id, item);
        }
        Ok(())
    }

    fn read_locations(&mut self, mut reader: Reader<'a>) -> Result<(), Problem> {
        let version = reader.version()?.0;
        let [lengths, more] = reader.array()?;
        let (offset_size, length_size) = (lengths >> 4, lengths & 15);
        let (base_size, index_size) = (more >> 4, if version >= 1 { more & 15 } else { 0 });
        let count = reader.id(version >= 2)?;
        for _ in 0..count {
            let id = reader.id(version >= 2)?;
            let method = if version >= 1 {
                reader.number(2)? & 15
            } else {
                0
            };
            let place = match method {
                0 => Place::File,
                1 => Place::Idat,
                _ => Place::Other,
            };
            // Number of the file that has the bytes: 0 for this one.
            let place = match reader.number(2)? {
                0 => place,
                _ => Place::Other,
            };
            let base = reader.number(base_size)?;
            let parts = reader.number(2)?;
            // Parts without a size would be free for the file, but not for the reader.
            if parts > 1 && offset_size == 0 && length_size == 0 {
                return Err(Problem::Damaged);
            }
            let mut extents = Vec::new();
            for _ in 0..parts {
                reader.number(index_size)?;
                let offset = reader.number(offset_size)?;
                let length = reader.number(length_size)?;
                extents.push((base.saturating_add(offset), length));
            }
            self.locations.insert(id, Location { place, extents });
        }
        Ok(())
    }

    fn read_references(&mut self, mut reader: Reader<'a>) -> Result<(), Problem> {
        let is_long = reader.version()?.0 >= 1;
        for child in Boxes(reader.0) {
            let (kind, content) = child?;
            let mut reader = Reader(content);
            let from = reader.id(is_long)?;
            let count = reader.number(2)?;
            let to: Result<Vec<_>, _> = (0..count).map(|_| reader.id(is_long)).collect();
            self.references.insert((kind, from), to?);
        }
        Ok(())
    }

    fn read_properties(&mut self, content: &'a [u8]) -> Result<(), Problem> {
        for child in Boxes(content) {
            let (kind, content) = child?;
            match &kind {
                b"ipco" => self.properties = Boxes(content).collect::<Result<_, _>>()?,
                b"ipma" => {
                    let mut reader = Reader(content);
                    let (version, flags) = reader.version()?;
                    let size = if flags & 1 == 1 { 2 } else { 1 };
                    for _ in 0..reader.number(4)? {
                        let id = reader.id(version >= 1)?;
                        let count = reader.number(1)?;
                        let mut numbers = Vec::new();
                        for _ in 0..count {
                            // The first bit says whether a reader must know the property.
                            let mask = if size == 2 { 0x7FFF } else { 0x7F };
                            numbers.push(reader.number(size)? as u16 & mask);
                        }
                        self.associations.insert(id, numbers);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub(crate) fn item(&self, id: u32) -> Result<Item<'a>, Problem> {
        self.items.get(&id).copied().ok_or(Problem::Damaged)
    }

    /// Returns the items of `kind` that refer to `id`: in the order of their numbers.
    pub(crate) fn items_about(&self, id: u32, reference: [u8; 4]) -> Vec<u32> {
        let references = self.references.iter();
        let about = references.filter(|((kind, _), to)| *kind == reference && to.contains(&id));
        let mut items: Vec<_> = about.map(|((_, from), _)| *from).collect();
        items.sort_unstable();
        items
    }

    /// Returns the items from which the picture `id` is composed.
    pub(crate) fn parts(&self, id: u32) -> &[u32] {
        let parts = self.references.get(&(*b"dimg", id));
        parts.map_or(&[], Vec::as_slice)
    }

    /// Returns the properties of the item `id`, kind and content, in the order that counts.
    pub(crate) fn properties(&self, id: u32) -> impl Iterator<Item = Child<'a>> {
        let numbers = self.associations.get(&id).into_iter().flatten();
        numbers.filter_map(|number| {
            let index = usize::from(*number).checked_sub(1)?;
            self.properties.get(index).copied()
        })
    }

    pub(crate) fn property(&self, id: u32, kind: [u8; 4]) -> Option<&'a [u8]> {
        let mut properties = self.properties(id).filter(|(other, _)| *other == kind);
        properties.next().map(|(_, content)| content)
    }

    /// Returns the bytes of the item `id`.
    pub(crate) fn data(&self, id: u32) -> Result<Vec<u8>, Problem> {
        let location = self.locations.get(&id).ok_or(Problem::Damaged)?;
        let source = match location.place {
            Place::File => self.file,
            Place::Idat => self.idat,
            Place::Other => return Err(Problem::Unsupported("whose data is elsewhere")),
        };
        let mut data = Vec::new();
        for &(offset, length) in &location.extents {
            let start = usize::try_from(offset).map_err(|_| Problem::CutOff)?;
            let rest = source.get(start..).ok_or(Problem::CutOff)?;
            let part = match usize::try_from(length) {
                Ok(0) => rest,
                Ok(length) => rest.get(..length).ok_or(Problem::CutOff)?,
                Err(_) => return Err(Problem::CutOff),
            };
            // Parts that overlap could make a small file large.
            if data.len() + part.len() > source.len() {
                return Err(Problem::Damaged);
            }
            data.extend_from_slice(part);
        }
        Ok(data)
    }

    /// Follows items that only repeat another one (`iden`). Returns the item with pixels, and all
    /// that were passed, the innermost first.
    pub(crate) fn source(&self, mut id: u32) -> Result<(u32, Vec<u32>), Problem> {
        let mut passed = vec![id];
        for _ in 0..DEEPEST {
            if self.item(id)?.kind != *b"iden" {
                passed.reverse();
                return Ok((id, passed));
            }
            id = *self.parts(id).first().ok_or(Problem::Damaged)?;
            passed.push(id);
        }
        Err(Problem::Damaged)
    }
}

/// Returns the content of the first box of `kind` in `bytes`.
pub(crate) fn find<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> Result<Option<&'a [u8]>, Problem> {
    for child in Boxes(bytes) {
        let (other, content) = child?;
        if other == *kind {
            return Ok(Some(content));
        }
    }
    Ok(None)
}

/// The boxes in some bytes: kind and content of each.
pub(crate) struct Boxes<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Boxes<'a> {
    type Item = Result<Child<'a>, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let read = read_box(self.0);
        self.0 = read.as_ref().map_or(&[], |(_, rest)| rest);
        Some(read.map(|(child, _)| child))
    }
}

/// Kind and content of a box.
pub(crate) type Child<'a> = ([u8; 4], &'a [u8]);

/// Returns the first box in `bytes`, and the bytes after it.
fn read_box(bytes: &[u8]) -> Result<(Child<'_>, &[u8]), Problem> {
    let mut reader = Reader(bytes);
    let size = reader.number(4)?;
    let kind = reader.array()?;
    let size = match size {
        // To the end of what contains it.
        0 => bytes.len() as u64,
        1 => reader.number(8)?,
        size => size,
    };
    let header = bytes.len() - reader.0.len();
    let length = usize::try_from(size).map_err(|_| Problem::CutOff)?;
    let length = length.checked_sub(header).ok_or(Problem::Damaged)?;
    let (content, rest) = reader.0.split_at_checked(length).ok_or(Problem::CutOff)?;
    Ok(((kind, content), rest))
}

/// Reads big-endian numbers.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl Reader<'_> {
    /// Reads a number of `size` bytes, at most 8.
    pub(crate) fn number(&mut self, size: u8) -> Result<u64, Problem> {
        let (bytes, rest) = self
            .0
            .split_at_checked(size.min(8).into())
            .ok_or(Problem::CutOff)?;
        self.0 = rest;
        Ok(bytes
            .iter()
            .fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let (array, rest) = self.0.split_first_chunk().ok_or(Problem::CutOff)?;
        self.0 = rest;
        Ok(*array)
    }

    /// Reads the version and the flags of a box.
    fn version(&mut self) -> Result<(u8, u32), Problem> {
        let number = self.number(4)? as u32;
        Ok(((number >> 24) as u8, number & 0xFF_FFFF))
    }

    /// Reads a number of four bytes if it `is_long`, else of two.
    fn id(&mut self, is_long: bool) -> Result<u32, Problem> {
        Ok(self.number(if is_long { 4 } else { 2 })? as u32)
    }
}
