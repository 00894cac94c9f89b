//! The lists of names that photo managers read.

use super::xmp::Property;

/// A list of names or of ways through a tree of names.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeywordList {
    pub(super) property: Property,
    /// What ExifTool calls it (Image::ExifTool::TagNames(3), XMP tags).
    pub(super) exiftool_name: &'static str,
    /// `Bag` or `Seq`, as its schema says.
    pub(super) form: &'static str,
    /// Between the levels of a tree whose uppermost one is [`BRANCH`]; `None` for names alone.
    separator: Option<char>,
}

/// Where people stand in a tree of keywords.
const BRANCH: &str = "People";

/// All of them: ISO 16684-1, 8.3; Lightroom; digiKam; IPTC Photo Metadata Standard, "Person Shown".
pub(super) const KEYWORD_LISTS: [KeywordList; 4] = [
    KeywordList {
        property: Property::new("dc", "subject"),
        exiftool_name: "XMP-dc:Subject",
        form: "Bag",
        separator: None,
    },
    KeywordList {
        property: Property::new("lr", "hierarchicalSubject"),
        exiftool_name: "XMP-lr:HierarchicalSubject",
        form: "Bag",
        separator: Some('|'),
    },
    KeywordList {
        property: Property::new("digiKam", "TagsList"),
        exiftool_name: "XMP-digiKam:TagsList",
        form: "Seq",
        separator: Some('/'),
    },
    KeywordList {
        property: Property::new("Iptc4xmpExt", "PersonInImage"),
        exiftool_name: "XMP-iptcExt:PersonInImage",
        form: "Bag",
        separator: None,
    },
];

impl KeywordList {
    /// The keyword for the person `name`. A separator within the name would begin another level and becomes a hyphen.
    pub(super) fn keyword(&self, name: &str) -> String {
        match self.separator {
            Some(separator) => format!("{BRANCH}{separator}{}", name.replace(separator, "-")),
            None => name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_separator_in_a_name_begins_no_level() {
        let keywords = KEYWORD_LISTS.map(|list| list.keyword("A/C|D"));
        assert_eq!(keywords, ["A/C|D", "People|A/C-D", "People/A-C|D", "A/C|D"]);
    }
}
