//! Lists of names that photo managers read.

use super::xmp::Property;

/// A list of names or of paths in a tree of names.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeywordList {
    pub(super) property: Property,
    /// ExifTool's name for the list (Image::ExifTool::TagNames(3), XMP tags).
    pub(super) exiftool_name: &'static str,
    /// `Bag` or `Seq`, as the schema requires.
    pub(super) form: &'static str,
    /// Separator of the levels of a tree whose top level is [`BRANCH`], or `None` for plain names.
    pub(super) separator: Option<char>,
}

/// Top level of people in a tree of keywords.
const BRANCH: &str = "People";

/// Plain keywords: ISO 16684-1, 8.3.
pub(super) const SUBJECT: KeywordList = KeywordList {
    property: Property::new("dc", "subject"),
    exiftool_name: "XMP-dc:Subject",
    form: "Bag",
    separator: None,
};

/// All lists: [`SUBJECT`]; Lightroom; digiKam; IPTC Photo Metadata Standard, "Person Shown".
pub(super) const KEYWORD_LISTS: [KeywordList; 4] = [
    SUBJECT,
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

/// Trees that are read but not written, with the separators of their levels: Windows Photo Gallery,
/// Media Pro. digiKam reads them if there is no `digiKam:TagsList`.
pub(super) const FOREIGN_TREES: [(Property, char); 3] = [
    (Property::new("MicrosoftPhoto", "LastKeywordXMP"), '/'),
    (Property::new("MicrosoftPhoto10", "LastKeywordXMP"), '/'),
    (Property::new("mediapro", "CatalogSets"), '|'),
];

impl KeywordList {
    /// Returns the keyword for the person `name`.
    pub(super) fn keyword(&self, name: &str) -> String {
        let level = self.level(name);
        match self.separator {
            Some(separator) => format!("{BRANCH}{separator}{level}"),
            None => level,
        }
    }

    /// Returns `text` as one level of a keyword. Separators in it become hyphens, because they
    /// would begin another level.
    pub(super) fn level(&self, text: &str) -> String {
        match self.separator {
            Some(separator) => text.replace(separator, "-"),
            None => text.to_owned(),
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
