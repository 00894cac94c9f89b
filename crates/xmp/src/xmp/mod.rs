//! XMP (ISO 16684-1): metadata as RDF in XML. In comes the text of a sidecar, out come its properties with the places where
//! they stand, and a text in which some were added or removed. All the rest stays as it was, byte for byte: the text is never
//! written anew.

pub(super) mod edits;
pub(super) mod encoding;
pub(super) mod prefixes;
pub(super) mod properties;
pub(super) mod tree;

/// Why a sidecar is left alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum XmpError {
    /// It is no UTF-8, the encoding of sidecars.
    #[error("is not UTF-8")]
    Encoding,
    /// It is no well-formed XML, or has what XMP does not allow.
    #[error("cannot be parsed at byte {at}: {reason}")]
    Syntax {
        /// Where, from 0 on.
        at: usize,
        /// What is wrong.
        reason: String,
    },
    /// It is no XML to a strict reader, though parts of it can be read.
    #[error("is not well-formed XML: {0}")]
    Malformed(String),
    /// Other programs read its text as that of another encoding.
    #[error("declares the encoding {0:?} instead of UTF-8")]
    DeclaredEncoding(String),
    /// It is XML, but no XMP.
    #[error("has no rdf:RDF, so it is no XMP")]
    NotXmp,
    /// A property has another form than its schema says.
    #[error("has a {property} that is no {expected}")]
    Form {
        /// The property, such as `dc:subject`.
        property: String,
        /// What it should be: "list", "structure".
        expected: &'static str,
    },
}

/// Refuses a text that strict readers refuse, as most programs are: control characters, `<` in attributes, two attributes
/// of one name. What stands around it in a file is not looked at.
pub(super) fn check_well_formed(text: &str) -> Result<(), XmpError> {
    let text = text.trim_matches(['\u{feff}', '\0', ' ', '\t', '\r', '\n']);
    roxmltree::Document::parse(text)
        .map(drop)
        .map_err(|error| XmpError::Malformed(error.to_string()))
}

/// Refuses a file that other programs do not read: [not well-formed](check_well_formed), with anything but one byte order
/// mark before its XML declaration, or in another encoding by that declaration. NUL behind the end is no hindrance.
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

/// How an XML declaration begins.
const DECLARATION: &str = "<?xml";

/// The encoding in the XML declaration of a well-formed `text`, if any.
fn declared_encoding(text: &str) -> Option<&str> {
    let (declaration, _) = text.strip_prefix(DECLARATION)?.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim();
    let quote = value.chars().next()?;
    value[quote.len_utf8()..].split(quote).next()
}

/// A property of XMP: the prefix that it is written with here, and its name.
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

    /// Its namespace and its name.
    pub(super) fn full_name(self) -> (&'static str, &'static str) {
        (self.namespace(), self.name)
    }
}

impl std::fmt::Display for Property {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.prefix, self.name)
    }
}

/// The namespaces that are read and written, by their usual prefixes.
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
    // As ExifTool writes it.
    ("MicrosoftPhoto10", "http://ns.microsoft.com/photo/1.0"),
    ("mediapro", "http://ns.iview-multimedia.com/mediapro/1.0/"),
    ("MP", "http://ns.microsoft.com/photo/1.2/"),
    ("MPRI", "http://ns.microsoft.com/photo/1.2/t/RegionInfo#"),
    ("MPReg", "http://ns.microsoft.com/photo/1.2/t/Region#"),
    ("facematch", super::NAMESPACE),
];

/// The namespace of one of our prefixes.
pub(super) fn namespace(prefix: &str) -> &'static str {
    let found = NAMESPACES.iter().find(|(known, _)| *known == prefix);
    found.map_or("", |(_, namespace)| namespace)
}

/// The declaration of one of our prefixes.
pub(super) fn declaration(prefix: &str) -> String {
    format!("xmlns:{prefix}=\"{}\"", namespace(prefix))
}

/// `text` for an element or an attribute.
pub(super) fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

/// `text` in characters that XML keeps wherever they stand: it has no way to write most control characters (XML 1.0, 2.2),
/// and takes those that it can write for spaces in attributes (3.3.3) and in front and behind.
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
