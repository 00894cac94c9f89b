//! XMP (ISO 16684-1): metadata as RDF in XML. Input: the text of a sidecar. Output: its properties
//! with their positions, and the text with properties added or removed. All other content stays as
//! it is, byte for byte, because the text is edited and never serialized again.

pub(super) mod edits;
pub(super) mod encoding;
pub(super) mod prefixes;
pub(super) mod properties;
pub(super) mod tree;

/// Reason why a sidecar is left alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum XmpError {
    /// The sidecar is not UTF-8, the encoding of sidecars.
    #[error("is not UTF-8")]
    Encoding,
    /// The sidecar is not well-formed XML, or contains something that XMP does not allow.
    #[error("cannot be parsed at byte {at}: {reason}")]
    Syntax {
        /// Byte offset of the error, starting at 0.
        at: usize,
        /// Description of the error.
        reason: String,
    },
    /// The sidecar is not XML to a strict reader, though parts of it can be read.
    #[error("is not well-formed XML: {0}")]
    Malformed(String),
    /// The XML declaration names another encoding, which other programs use to read the text.
    #[error("declares the encoding {0:?} instead of UTF-8")]
    DeclaredEncoding(String),
    /// The sidecar is XML, but not XMP.
    #[error("has no rdf:RDF, so it is no XMP")]
    NotXmp,
    /// A property does not have the form of its schema.
    #[error("has a {property} that is no {expected}")]
    Form {
        /// Property, such as `dc:subject`.
        property: String,
        /// Expected form: "list", "structure".
        expected: &'static str,
    },
}

/// Refuses a text that strict readers, and so most programs, refuse: control characters, `<` in
/// attributes, two attributes with the same name. The frame around it in a file is not checked.
pub(super) fn check_well_formed(text: &str) -> Result<(), XmpError> {
    let text = text.trim_matches(['\u{feff}', '\0', ' ', '\t', '\r', '\n']);
    roxmltree::Document::parse(text)
        .map(drop)
        .map_err(|error| XmpError::Malformed(error.to_string()))
}

/// Refuses a file that other programs cannot read: [not well-formed](check_well_formed), with
/// anything except one byte order mark before its XML declaration, or declared in another encoding.
/// Trailing NUL bytes are allowed.
pub(super) fn check_file(text: &str) -> Result<(), XmpError> {
    let malformed = |reason: &str| Err(XmpError::Malformed(reason.to_owned()));
    let marked = text.strip_prefix('\u{feff}').unwrap_or(text);
    let content = marked.trim_end_matches(['\0', ' ', '\t', '\r', '\n']);
    if content.starts_with('\u{feff}') {
        return malformed("it has two byte order marks");
    }
    let trimmed = content.trim_start();
    let (start, rest) = trimmed
        .split_at_checked(DECLARATION.len())
        .unwrap_or_default();
    if start.eq_ignore_ascii_case(DECLARATION) && rest.starts_with(char::is_whitespace) {
        if trimmed.len() < content.len() {
            return malformed("white space stands before its XML declaration");
        }
        if start != DECLARATION {
            return malformed("its XML declaration is in capital letters");
        }
    }
    roxmltree::Document::parse(content).map_err(|error| XmpError::Malformed(error.to_string()))?;
    match declared_encoding(content) {
        Some(encoding) if !encoding.eq_ignore_ascii_case("UTF-8") => {
            Err(XmpError::DeclaredEncoding(encoding.to_owned()))
        }
        _ => Ok(()),
    }
}

/// Beginning of an XML declaration.
const DECLARATION: &str = "<?xml";

/// Returns the encoding in the XML declaration of a well-formed `text`, if any.
fn declared_encoding(text: &str) -> Option<&str> {
    let (declaration, _) = text.strip_prefix(DECLARATION)?.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim();
    let quote = value.chars().next()?;
    value[quote.len_utf8()..].split(quote).next()
}

/// A property of XMP: facematch's prefix for it, and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) prefix: &'static str,
    pub(super) name: &'static str,
}

impl Property {
    pub(super) const fn new(prefix: &'static str, name: &'static str) -> Self {
        Self { prefix, name }
    }

    pub(super) fn namespace(self) -> &'static str {
        namespace(self.prefix)
    }

    /// Returns the namespace and the name.
    pub(super) fn full_name(self) -> (&'static str, &'static str) {
        (self.namespace(), self.name)
    }
}

impl std::fmt::Display for Property {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.prefix, self.name)
    }
}

/// Namespaces that are read and written, by their usual prefixes.
const NAMESPACES: [(&str, &str); 15] = [
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("lr", "http://ns.adobe.com/lightroom/1.0/"),
    ("digiKam", "http://www.digikam.org/ns/1.0/"),
    ("Iptc4xmpExt", "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"),
    (
        "mwg-rs",
        "http://www.metadataworkinggroup.com/schemas/regions/",
    ),
    ("stDim", "http://ns.adobe.com/xap/1.0/sType/Dimensions#"),
    ("stArea", "http://ns.adobe.com/xmp/sType/Area#"),
    ("MicrosoftPhoto", "http://ns.microsoft.com/photo/1.0/"),
    // ExifTool's prefix.
    ("MicrosoftPhoto10", "http://ns.microsoft.com/photo/1.0"),
    ("mediapro", "http://ns.iview-multimedia.com/mediapro/1.0/"),
    ("MP", "http://ns.microsoft.com/photo/1.2/"),
    ("MPRI", "http://ns.microsoft.com/photo/1.2/t/RegionInfo#"),
    ("MPReg", "http://ns.microsoft.com/photo/1.2/t/Region#"),
    ("facematch", super::NAMESPACE),
];

/// Returns the namespace of one of our prefixes.
pub(super) fn namespace(prefix: &str) -> &'static str {
    let found = NAMESPACES.iter().find(|(known, _)| *known == prefix);
    found.map_or("", |(_, namespace)| namespace)
}

/// Returns the declaration of one of our prefixes.
pub(super) fn declaration(prefix: &str) -> String {
    format!("xmlns:{prefix}=\"{}\"", namespace(prefix))
}

/// Escapes `text` for an element or an attribute.
pub(super) fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

/// Replaces the characters of `text` that XML does not preserve. Most control characters are not
/// allowed (XML 1.0, 2.2), and the others become spaces in attributes (3.3.3) and at both ends.
pub(super) fn lasting(text: &str) -> String {
    let lasting: String = text
        .chars()
        .map(|c| match c {
            '\u{FFFE}' | '\u{FFFF}' => char::REPLACEMENT_CHARACTER,
            c if c.is_control() => ' ',
            c => c,
        })
        .collect();
    lasting.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_other_programs_do_not_read_is_refused() {
        const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a/>";
        for text in [
            "<a/>",
            "\n <a/>\n",
            XML,
            &format!("\u{feff}{XML}"),
            "\u{feff}<?xpacket begin=\"\u{feff}\" id=\"x\"?><a/><?xpacket end=\"w\"?>",
            &format!("{XML}\r\n\0\0"),
            &format!("{XML}<!-- x -->"),
            "<?xml version='1.0'?><a/>",
            "<?xml version = '1.0' encoding = 'utf-8' standalone='yes' ?><a/>",
        ] {
            assert_eq!(check_file(text), Ok(()), "{text:?}");
        }
        for (text, reason) in [
            (
                format!("\n{XML}"),
                "white space stands before its XML declaration",
            ),
            (format!(" \t{XML}"), "white space stands before"),
            (format!("\u{feff}\n{XML}"), "white space stands before"),
            (format!("\u{feff}\u{feff}{XML}"), "two byte order marks"),
            (format!("\n\u{feff}{XML}"), "not well-formed"),
            (format!("\u{a0}{XML}"), "not well-formed"),
            (format!("<!-- x -->{XML}"), "not well-formed"),
            (format!("{XML}<b/>"), "not well-formed"),
            (format!("{XML}\u{feff}"), "not well-formed"),
            (format!("{XML}x"), "not well-formed"),
            ("\0<a/>".to_owned(), "not well-formed"),
            (XML.replace("<?xml", "<?XML"), "in capital letters"),
            ("<a b='<'/>".to_owned(), "not well-formed"),
            ("<a><b:c/></a>".to_owned(), "not well-formed"),
            ("<a>&x;</a>".to_owned(), "not well-formed"),
            (
                XML.replace("UTF-8", "ISO-8859-1"),
                "declares the encoding \"ISO-8859-1\"",
            ),
            (XML.replace("UTF-8", "utf8"), "instead of UTF-8"),
            (XML.replace("UTF-8", "UTF-16"), "instead of UTF-8"),
        ] {
            let error = check_file(&text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text:?}: {error}");
        }
    }
}
