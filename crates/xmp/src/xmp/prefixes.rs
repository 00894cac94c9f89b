//! Prefixes of a document. exiv2, and therefore digiKam and darktable, reads nothing from a
//! document with two prefixes for one namespace. Input: additions with our prefixes. Output: the
//! additions with those of the document.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::{BytesEnd, BytesStart, Event};

use super::NAMESPACES;
use super::tree::Element;

/// The document's prefixes for namespaces for which ours differ, by our prefixes.
#[derive(Debug, Default)]
pub(crate) struct Prefixes(HashMap<&'static str, String>);

impl Prefixes {
    /// Returns the prefixes that the document with this root declares, preferring outer
    /// declarations.
    pub(crate) fn of(root: &Element) -> Self {
        let mut declared = HashMap::new();
        collect(root, &mut declared);
        let other = |(own, namespace): &(&'static str, &'static str)| {
            let prefix = declared.get(namespace)?;
            (prefix != own).then(|| (*own, prefix.to_string()))
        };
        Self(NAMESPACES.iter().filter_map(other).collect())
    }

    /// Returns `element`, which has our prefixes, with those of the document.
    pub(crate) fn renamed(&self, element: &str) -> String {
        match self.0.is_empty() {
            true => element.to_owned(),
            // Our own content can always be parsed.
            false => self
                .try_renamed(element)
                .unwrap_or_else(|| element.to_owned()),
        }
    }

    fn try_renamed(&self, element: &str) -> Option<String> {
        let mut reader = Reader::from_str(element);
        let mut renamed = String::new();
        loop {
            let start = reader.buffer_position() as usize;
            let event = reader.read_event().ok()?;
            let end = reader.buffer_position() as usize;
            match event {
                Event::Start(tag) => renamed += &format!("<{}>", self.tag(&tag)?),
                Event::Empty(tag) => renamed += &format!("<{}/>", self.tag(&tag)?),
                Event::End(tag) => renamed += &format!("</{}>", self.end(&tag)),
                Event::Eof => return Some(renamed),
                _ => renamed += &element[start..end],
            }
        }
    }

    fn tag(&self, tag: &BytesStart<'_>) -> Option<String> {
        let mut text = self.name(tag.name().as_ref());
        for attribute in tag.attributes() {
            let attribute = attribute.ok()?;
            let name = match attribute.key.as_ref().strip_prefix("xmlns:") {
                Some(prefix) => format!("xmlns:{}", self.prefix(prefix)),
                None => self.name(attribute.key.as_ref()),
            };
            text += &format!(" {name}=\"{}\"", attribute.value);
        }
        Some(text)
    }

    fn end(&self, tag: &BytesEnd<'_>) -> String {
        self.name(tag.name().as_ref())
    }

    fn name(&self, written: &str) -> String {
        match written.split_once(':') {
            Some((prefix, name)) => format!("{}:{name}", self.prefix(prefix)),
            None => written.to_owned(),
        }
    }

    fn prefix<'a>(&'a self, own: &'a str) -> &'a str {
        self.0.get(own).map_or(own, String::as_str)
    }
}

/// Collects the prefixes that are declared in `element`, by namespace. Default namespaces have
/// none.
fn collect<'a>(element: &'a Element, declared: &mut HashMap<&'a str, &'a str>) {
    for attribute in &element.attributes {
        if attribute.is_declaration() && !attribute.local.is_empty() {
            declared.entry(&attribute.value).or_insert(&attribute.local);
        }
    }
    for child in &element.children {
        collect(child, declared);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_gets_the_prefixes_of_the_document() {
        let root = Element::parse(
            "<a xmlns:d='http://purl.org/dc/elements/1.1/' xmlns:lr='http://ns.adobe.com/lightroom/1.0/'><b \
             xmlns:e='http://purl.org/dc/elements/1.1/' xmlns='http://www.digikam.org/ns/1.0/'/></a>",
        )
        .unwrap();
        let prefixes = Prefixes::of(&root);
        let ours = "\n <dc:subject xmlns:dc=\"urn:dc\" dc:x='a &amp; dc:b' lr:y=\"\"><lr:li>dc:subject &lt;</lr:li><dc:z/></dc:subject>";
        assert_eq!(
            prefixes.renamed(ours),
            "\n <d:subject xmlns:d=\"urn:dc\" d:x=\"a &amp; dc:b\" lr:y=\"\"><lr:li>dc:subject &lt;</lr:li><d:z/></d:subject>"
        );
        let usual = Prefixes::of(&Element::parse("<a/>").unwrap());
        assert_eq!(usual.renamed(ours), ours);
    }
}
