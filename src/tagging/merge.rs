//! Names added to a sidecar. Nothing that is there is changed.

use super::keywords::{KEYWORD_LISTS, KeywordList};
use super::record::{self, CREATED, Record, SIDECAR, TAGS};
use super::regions::{REGION_LIST, REGIONS, Region, dimensions, region_item, region_list};
use super::xmp::edits::Edits;
use super::xmp::tree::Element;
use super::xmp::{Property, XmpError, declaration, escaped, lasting};
use super::{FaceTag, PhotoTags, Stamp};

/// A sidecar with nothing in it, which begins as the XMP specification (part 1, 7.3.2) asks for.
const EMPTY: &str = "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>
<x:xmpmeta xmlns:x=\"adobe:ns:meta/\" x:xmptk=\"facematch\">
 <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end=\"w\"?>
";

/// The prefix of RDF in what is written from scratch.
const RDF: &str = "rdf:";

/// The content of a photo's sidecar with `tags` added to what it has, `existing`; `None` when nothing is to be added. A face
/// is left alone whose region is there: one of the same name that has more than half of their area in common.
///
/// # Errors
/// [`XmpError`] when the sidecar cannot be parsed, or a property in it is not what its schema says.
pub fn with_tags(
    existing: Option<&[u8]>,
    tags: &PhotoTags,
    stamp: Stamp<'_>,
) -> Result<Option<Vec<u8>>, XmpError> {
    let text = match existing {
        Some(bytes) => std::str::from_utf8(bytes).map_err(|_| XmpError::Encoding)?,
        None => EMPTY,
    };
    let root = Element::parse(text)?;
    let mut merge = Merge {
        text,
        rdf: root.rdf()?,
        stamp,
        edits: Edits::default(),
        properties: String::new(),
        records: Vec::new(),
        created: Vec::new(),
    };
    if existing.is_none() {
        merge.created.push(SIDECAR.to_owned());
    }
    let faces: Vec<_> = tags.faces.iter().filter_map(FaceTag::lasting).collect();
    for list in &KEYWORD_LISTS {
        merge.add_keywords(list, &faces)?;
    }
    merge.add_regions(&faces, tags.stored_size)?;
    if merge.records.is_empty() {
        return Ok(None);
    }
    merge.finish().map(|text| Some(text.into_bytes()))
}

impl FaceTag {
    /// It with a name that XML keeps; `None` when nothing is left of the name.
    fn lasting(&self) -> Option<Self> {
        let name = lasting(&self.name);
        (!name.is_empty()).then_some(Self { name, ..*self })
    }
}

/// What is added, while it is collected.
struct Merge<'a> {
    text: &'a str,
    rdf: &'a Element,
    stamp: Stamp<'a>,
    edits: Edits,
    /// The properties that are not there yet.
    properties: String,
    records: Vec<(Record, f32)>,
    created: Vec<String>,
}

impl Merge<'_> {
    fn add_keywords(&mut self, list: &KeywordList, faces: &[FaceTag]) -> Result<(), XmpError> {
        let property = list.property;
        let existing = self.rdf.property_list(property)?;
        let mut keywords: Vec<(String, f32)> = Vec::new();
        for face in faces {
            let keyword = list.keyword(&face.name);
            let is_there = existing.is_some_and(|list| {
                let mut items = list.items();
                items.any(|item| item.text.trim() == keyword)
            });
            match keywords.iter_mut().find(|(known, _)| *known == keyword) {
                Some((_, distance)) => *distance = distance.min(face.distance),
                None if is_there => {}
                None => keywords.push((keyword, face.distance)),
            }
        }
        let rdf = existing.map_or(RDF, Element::prefix);
        let items: Vec<_> = keywords
            .iter()
            .map(|(keyword, _)| format!("<{rdf}li>{}</{rdf}li>", escaped(keyword)))
            .collect();
        self.add_items(property, existing, list.form, &items);
        self.records
            .extend(keywords.into_iter().map(|(value, distance)| {
                let property = property.to_string();
                let area = None;
                (
                    Record {
                        property,
                        value,
                        area,
                    },
                    distance,
                )
            }));
        Ok(())
    }

    fn add_regions(&mut self, faces: &[FaceTag], size: (u32, u32)) -> Result<(), XmpError> {
        let regions = self.rdf.property(REGIONS);
        let list = regions.map(region_list).transpose()?.flatten();
        let known: Vec<_> = list
            .iter()
            .flat_map(|list| list.items())
            .map(Region::of)
            .collect();
        let faces: Vec<_> = faces
            .iter()
            .filter(|face| {
                !known
                    .iter()
                    .any(|region| region.shows(&face.name, &face.area))
            })
            .collect();
        if faces.is_empty() {
            return Ok(());
        }
        let rdf = list.map_or(RDF, Element::prefix);
        let items: Vec<_> = faces
            .iter()
            .map(|face| region_item(rdf, &face.name, &face.area))
            .collect();
        match (regions, list) {
            (_, Some(list)) => self.edits.append(self.text, list, &items),
            (Some(regions), None) => {
                let structure = regions.structure();
                if structure.content.is_none() {
                    return Err(XmpError::Form {
                        property: REGIONS.to_string(),
                        expected: "structure with elements",
                    });
                }
                let list = region_list_with(&items);
                self.edits.append(self.text, structure, &[list]);
                self.created.push(REGION_LIST.to_string());
            }
            (None, None) => {
                self.properties += &format!(
                    "\n   <mwg-rs:Regions rdf:parseType=\"Resource\">\n    {}\n    {}\n   </mwg-rs:Regions>",
                    dimensions(size),
                    region_list_with(&items),
                );
                self.created.push(REGIONS.to_string());
            }
        }
        self.records.extend(faces.into_iter().map(|face| {
            let record = Record {
                property: REGIONS.to_string(),
                value: face.name.clone(),
                area: Some(face.area),
            };
            (record, face.distance)
        }));
        Ok(())
    }

    /// Adds `items` to the list `existing` of a property, or makes one.
    fn add_items(
        &mut self,
        property: Property,
        existing: Option<&Element>,
        form: &str,
        items: &[String],
    ) {
        match existing {
            _ if items.is_empty() => {}
            Some(list) => self.edits.append(self.text, list, items),
            None => {
                let items: String = items.iter().map(|item| format!("\n     {item}")).collect();
                self.properties += &format!(
                    "\n   <{property}>\n    <rdf:{form}>{items}\n    </rdf:{form}>\n   </{property}>"
                );
                if property != TAGS && property != CREATED {
                    self.created.push(property.to_string());
                }
            }
        }
    }

    /// The text with all that is added, and with the records of it.
    fn finish(mut self) -> Result<String, XmpError> {
        let [tags, created] = [TAGS, CREATED].map(|property| self.rdf.property_list(property));
        let (tags, created) = (tags?, created?);
        let rdf = tags.map_or(RDF, Element::prefix);
        let records: Vec<_> = self
            .records
            .iter()
            .map(|(record, distance)| record.item(rdf, *distance, self.stamp))
            .collect();
        let rdf = created.map_or(RDF, Element::prefix);
        let noted: Vec<_> = self
            .created
            .iter()
            .map(|property| format!("<{rdf}li>{property}</{rdf}li>"))
            .collect();
        self.add_items(TAGS, tags, "Bag", &records);
        self.add_items(CREATED, created, "Bag", &noted);
        if !self.properties.is_empty() {
            let description = self.description();
            self.edits.append(self.text, self.rdf, &[description]);
        }
        Ok(self.edits.apply(self.text))
    }

    /// A description with the properties that were not there, which declares all prefixes that it uses.
    fn description(&self) -> String {
        let prefixes = KEYWORD_LISTS.iter().map(|list| list.property.prefix);
        let declarations: String = ["rdf"]
            .into_iter()
            .chain(prefixes)
            .chain([REGIONS.prefix, record::PREFIX])
            .map(|prefix| format!("\n    {}", declaration(prefix)))
            .collect();
        // The line that others have before them.
        let before = match self.rdf.children.is_empty() {
            true => "\n  ",
            false => "",
        };
        format!(
            "{before}<rdf:Description rdf:about=\"{}\"{declarations}>{}\n  </rdf:Description>",
            escaped(self.rdf.about()),
            self.properties,
        )
    }
}

fn region_list_with(items: &[String]) -> String {
    let items: String = items.iter().map(|item| format!("\n      {item}")).collect();
    let [mwg, rdf] = [REGION_LIST.prefix, "rdf"].map(declaration);
    format!(
        "<mwg-rs:RegionList {mwg} {rdf}>\n     <rdf:Bag>{items}\n     </rdf:Bag>\n    </mwg-rs:RegionList>"
    )
}
