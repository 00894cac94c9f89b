//! Elements of an XML text with their positions. Input: the text. Output: its root.

use std::ops::Range;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{NamespaceError, NamespaceResolver, PrefixDeclaration, ResolveResult};
use quick_xml::{NsReader, XmlVersion};

use super::XmpError;

/// Maximum nesting depth of elements; XMP needs about a dozen levels.
const MOST_LEVELS: usize = 64;
/// Maximum number of attributes of an element; Lightroom writes about 300. Strict readers compare
/// each with every other one, so a megabyte of them would take a minute. quick-xml limits the
/// namespaces.
const MOST_ATTRIBUTES: usize = 1000;
/// Namespace of namespace declarations among the attributes.
const DECLARATION: &str = "xmlns";

/// An element with its content.
#[derive(Debug)]
pub(crate) struct Element {
    pub(super) namespace: String,
    pub(super) local: String,
    /// Name as written, with its prefix.
    pub(crate) written: String,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) children: Vec<Self>,
    /// Characters directly in the element.
    pub(crate) text: String,
    /// Range from `<` to the `>` of the end tag.
    pub(crate) span: Range<usize>,
    /// Range between the tags, or `None` for `<this/>`.
    pub(crate) content: Option<Range<usize>>,
}

/// An attribute of an element.
#[derive(Debug)]
pub(crate) struct Attribute {
    /// Namespace; [`DECLARATION`] for a declaration.
    pub(super) namespace: String,
    /// Local name. For a declaration, its prefix, or empty for the default namespace.
    pub(crate) local: String,
    /// Name as written, with its prefix.
    pub(crate) written: String,
    pub(crate) value: String,
}

impl Attribute {
    pub(crate) fn is_declaration(&self) -> bool {
        self.namespace == DECLARATION
    }
}

impl Element {
    /// Returns the root of the XML `text`. Refuses entities defined in a document type, which XMP
    /// does not have.
    pub(crate) fn parse(text: &str) -> Result<Self, XmpError> {
        Parser::new(text).root()
    }

    /// Returns whether the element has this name.
    pub(crate) fn is(&self, namespace: &str, local: &str) -> bool {
        self.namespace == namespace && self.local == local
    }

    /// Returns the prefix as written, with its colon, or empty if there is none.
    pub(crate) fn prefix(&self) -> &str {
        self.written
            .strip_suffix(self.local.as_str())
            .unwrap_or_default()
    }
}

struct Parser<'a> {
    reader: NsReader<&'a [u8]>,
    /// Number of bytes before the input of `reader`.
    offset: usize,
    /// Open elements, outermost first.
    open: Vec<Element>,
    root: Option<Element>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        // The reader would skip a byte order mark without counting it.
        let marked = text.trim_start_matches('\u{feff}');
        Self {
            reader: NsReader::from_str(marked),
            offset: text.len() - marked.len(),
            open: Vec::new(),
            root: None,
        }
    }

    fn root(mut self) -> Result<Element, XmpError> {
        loop {
            let start = self.position();
            let event = self.reader.read_event().map_err(|error| match error {
                quick_xml::Error::Namespace(NamespaceError::TooManyBindings(_)) => {
                    syntax(start, "too many namespaces are declared")
                }
                error => syntax(start, error),
            })?;
            let end = self.position();
            match event {
                Event::Start(tag) => {
                    let element = self.element(&tag, start..end)?;
                    if self.open.len() >= MOST_LEVELS {
                        return Err(syntax(start, "elements are nested too deep"));
                    }
                    self.open.push(element);
                }
                Event::Empty(tag) => {
                    let mut element = self.element(&tag, start..end)?;
                    element.content = None;
                    self.close(element, start)?;
                }
                Event::End(_) => {
                    let Some(mut element) = self.open.pop() else {
                        return Err(syntax(start, "an end without a beginning"));
                    };
                    element.span.end = end;
                    if let Some(content) = &mut element.content {
                        content.end = start;
                    }
                    self.close(element, start)?;
                }
                Event::Text(text) => self.add_text(&text.xml10_content(), start)?,
                Event::CData(text) => self.add_text(&text.xml10_content(), start)?,
                Event::GeneralRef(reference) => {
                    let character = character(&reference, start)?;
                    self.add_text(character.encode_utf8(&mut [0; 4]), start)?;
                }
                Event::DocType(_) => return Err(syntax(start, "XMP has no document type")),
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
        if let Some(element) = self.open.last() {
            let reason = format!("<{}> is not closed", element.written);
            return Err(syntax(element.span.start, reason));
        }
        self.root.ok_or_else(|| syntax(0, "there is no element"))
    }

    fn position(&self) -> usize {
        self.offset + self.reader.buffer_position() as usize
    }

    /// Returns the element that `tag`, in the bytes `span`, begins.
    fn element(&self, tag: &BytesStart<'_>, span: Range<usize>) -> Result<Element, XmpError> {
        let at = span.start;
        let resolver = self.reader.resolver();
        if tag.attributes().take(MOST_ATTRIBUTES + 1).count() > MOST_ATTRIBUTES {
            return Err(syntax(at, "an element has too many attributes"));
        }
        let (namespace, local) = resolver.resolve_element(tag.name());
        Ok(Element {
            namespace: bound(namespace, at)?,
            local: local.as_ref().to_owned(),
            written: tag.name().as_ref().to_owned(),
            attributes: attributes(tag, resolver, at)?,
            children: Vec::new(),
            text: String::new(),
            content: Some(span.end..span.end),
            span,
        })
    }

    /// Adds a finished element to its parent, or makes it the root.
    fn close(&mut self, element: Element, at: usize) -> Result<(), XmpError> {
        if let Some(parent) = self.open.last_mut() {
            parent.children.push(element);
        } else if self.root.is_none() {
            self.root = Some(element);
        } else {
            return Err(syntax(at, "there is a second root"));
        }
        Ok(())
    }

    fn add_text(&mut self, text: &str, at: usize) -> Result<(), XmpError> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text
                .trim_matches(['\u{feff}', ' ', '\t', '\r', '\n', '\0'])
                .is_empty() => {}
            None => return Err(syntax(at, "there is text outside of the root")),
        }
        Ok(())
    }
}

fn attributes(
    tag: &BytesStart<'_>,
    resolver: &NamespaceResolver,
    at: usize,
) -> Result<Vec<Attribute>, XmpError> {
    tag.attributes()
        .map(|attribute| {
            let attribute = attribute.map_err(|error| syntax(at, error))?;
            let written = attribute.key.as_ref().to_owned();
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| syntax(at, error))?
                .into_owned();
            if let Some(declared) = attribute.key.as_namespace_binding() {
                let local = match declared {
                    PrefixDeclaration::Default => String::new(),
                    PrefixDeclaration::Named(prefix) => prefix.to_owned(),
                };
                return Ok(Attribute {
                    namespace: DECLARATION.to_owned(),
                    local,
                    written,
                    value,
                });
            }
            let (namespace, local) = resolver.resolve_attribute(attribute.key);
            Ok(Attribute {
                namespace: bound(namespace, at)?,
                local: local.as_ref().to_owned(),
                written,
                value,
            })
        })
        .collect()
}

/// Returns the namespace of a name, empty if there is none.
fn bound(namespace: ResolveResult<'_>, at: usize) -> Result<String, XmpError> {
    match namespace {
        ResolveResult::Bound(namespace) => Ok(namespace.0.to_owned()),
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Unknown(prefix) => {
            let reason = format!("the prefix {prefix:?} is not declared");
            Err(syntax(at, reason))
        }
    }
}

/// Returns the character for `&reference;`.
fn character(reference: &BytesRef<'_>, at: usize) -> Result<char, XmpError> {
    let resolved = reference
        .resolve_char_ref()
        .map_err(|error| syntax(at, error))?;
    let named = || match reference.xml10_content().as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    };
    resolved.or_else(named).ok_or_else(|| {
        let reason = format!("&{}; is not defined", reference.xml10_content());
        syntax(at, reason)
    })
}

fn syntax(at: usize, reason: impl ToString) -> XmpError {
    XmpError::Syntax {
        at,
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_tell_their_names_text_and_places() {
        let text = r#"<a xmlns="urn:a" xmlns:b="urn:b" b:c="1 &amp; 2"><b:d/>x&lt;&#65;</a>"#;
        let root = Element::parse(text).unwrap();
        assert!(root.is("urn:a", "a"));
        assert_eq!((root.prefix(), root.text.as_str()), ("", "x<A"));
        assert_eq!(root.span, 0..text.len());
        assert_eq!(&text[root.content.clone().unwrap()], "<b:d/>x&lt;&#65;");
        let found = &root.attributes[2];
        assert_eq!(
            (&*found.namespace, &*found.local, &*found.value),
            ("urn:b", "c", "1 & 2")
        );
        let child = &root.children[0];
        assert!(child.is("urn:b", "d"));
        assert_eq!(
            (child.prefix(), &text[child.span.clone()]),
            ("b:", "<b:d/>")
        );
        assert_eq!(child.content, None);
    }

    #[test]
    fn a_byte_order_mark_moves_no_place() {
        for mark in ["\u{feff}", "\u{feff}\u{feff}"] {
            let text = format!("{mark}<?xml version='1.0'?><a><b/>x</a>");
            let root = Element::parse(&text).unwrap();
            assert_eq!(&text[root.span.clone()], "<a><b/>x</a>");
            assert_eq!(&text[root.children[0].span.clone()], "<b/>");
        }
    }

    #[test]
    fn what_is_no_xmp_is_refused() {
        let deep = "<a>".repeat(100);
        let attributes: String = (0..1001).map(|number| format!(" b{number}=''")).collect();
        let attributes = format!("<a{attributes}/>");
        let namespaces: String = (0..200)
            .map(|number| format!(" xmlns:b{number}='c'"))
            .collect();
        let namespaces = format!("<a{namespaces}/>");
        for (text, reason) in [
            ("", "there is no element"),
            ("<a>", "<a> is not closed"),
            ("<a></b>", "expected `</a>`"),
            ("<a/><b/>", "there is a second root"),
            ("<a/>x", "there is text outside"),
            ("<b:a/>", "the prefix \"b\" is not declared"),
            ("<a>&x;</a>", "&x; is not defined"),
            (
                "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
                "XMP has no document type",
            ),
            ("<a b='1' b='2'/>", "duplicate"),
            (&deep, "nested too deep"),
            (&attributes, "too many attributes"),
            (&namespaces, "too many namespaces"),
        ] {
            let error = Element::parse(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
