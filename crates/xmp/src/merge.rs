//! Addition of names to a sidecar. Existing content is never changed, and names that the user
//! removed are not written again.

use std::collections::HashSet;

use super::hidden_keywords::hidden_keywords;
use super::keywords::{KEYWORD_LISTS, KeywordList};
use super::record::{self, CREATED, Record, SIDECAR, TAGS, copy_note};
use super::regions::{
    REGION_LIST, REGIONS, Region, SAME_FACE, dimensions, region_item, region_list,
};
use super::taken_over::taken_over;
use super::xmp::edits::Edits;
use super::xmp::encoding::decoded;
use super::xmp::prefixes::Prefixes;
use super::xmp::tree::Element;
use super::xmp::{Property, XmpError, check_file, declaration, escaped, lasting};
use super::{Area, FaceTag, PhotoTags, Stamp, region_area};
use crate::composed_name;

/// Beginning and end of a sidecar, as the XMP specification (part 1, 7.3.2) requires.
const FRAME: [&str; 2] = [
    "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>
<x:xmpmeta xmlns:x=\"adobe:ns:meta/\" x:xmptk=\"facematch\">
 <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">",
    "
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end=\"w\"?>
",
];

/// Prefix of RDF in new content.
const RDF: &str = "rdf:";

/// Returns the content of a photo's sidecar with `tags` added to its `existing` content, or `None`
/// if there is nothing to add. Skips a face that has a region of the same name with an overlap of
/// more than 0.5, and a face that an earlier run named if its region was removed or renamed since,
/// because the user knows better. A new tree of keywords also gets the keywords of the other lists,
/// because programs that read trees would no longer see them.
///
/// # Errors
/// [`XmpError`] if the sidecar cannot be parsed, or a property in it does not have the form of its
/// schema.
pub fn with_tags(
    existing: Option<&[u8]>,
    tags: &PhotoTags,
    stamp: Stamp<'_>,
) -> Result<Option<Vec<u8>>, XmpError> {
    match existing {
        Some(bytes) => {
            let text = std::str::from_utf8(bytes).map_err(|_| XmpError::Encoding)?;
            merged(text, Vec::new(), tags, stamp)
        }
        None => merged(&FRAME.concat(), vec![SIDECAR.to_owned()], tags, stamp),
    }
}

/// Returns the content of a new sidecar for a photo with embedded XMP `packets`, or `None` if there
/// are no names to add. It contains `tags` and the users' statements in the packets (keywords,
/// regions, ratings, titles, places and rights), because programs that read a sidecar do not look
/// for these in the photo. Packets that cannot be parsed are skipped.
///
/// # Errors
/// [`XmpError`], as for [`with_tags`]. Packets do not cause errors.
pub fn new_sidecar(
    packets: &[impl AsRef<[u8]>],
    tags: &PhotoTags,
    stamp: Stamp<'_>,
) -> Result<Option<Vec<u8>>, XmpError> {
    let tags = packets.iter().fold(tags.clone(), |tags, packet| {
        without_corrected(&tags, packet.as_ref())
    });
    let copy = copy_of(packets);
    match copy.map(|copy| merged(&copy, vec![copy_note(&copy)], &tags, stamp)) {
        Some(Ok(sidecar)) => Ok(sidecar),
        // The packets may be nested to the maximum depth, for example.
        Some(Err(_)) | None => with_tags(None, &tags, stamp),
    }
}

/// Returns `tags` without the faces that facematch named in `xmp` before and whose region the user
/// removed or changed. Returns all tags if `xmp` cannot be parsed.
pub fn without_corrected(tags: &PhotoTags, xmp: &[u8]) -> PhotoTags {
    let faces = uncorrected_faces(&tags.faces, &decoded(xmp));
    PhotoTags {
        faces: faces.unwrap_or_else(|_| tags.faces.clone()),
        ..*tags
    }
}

fn uncorrected_faces(faces: &[FaceTag], xmp: &str) -> Result<Vec<FaceTag>, XmpError> {
    let root = Element::parse(xmp)?;
    let rdf = root.rdf()?;
    let noted = Record::all(rdf)?;
    let told = ToldRegions::of(rdf, &noted)?;
    let was_corrected = |face: &&FaceTag| {
        let lasting = face.lasting();
        lasting.is_some_and(|face| told.was_corrected(&face))
    };
    let kept = faces.iter().filter(|face| !was_corrected(face));
    Ok(kept.cloned().collect())
}

/// Returns a sidecar with the users' statements in the XMP `packets` of a photo, if any.
pub(super) fn copy_of(packets: &[impl AsRef<[u8]>]) -> Option<String> {
    let [head, end] = FRAME;
    let descriptions = taken_over(packets)?;
    Some([head, &descriptions, end].concat())
}

/// Adds `tags` to `text`, and records `created` as facematch's.
fn merged(
    text: &str,
    created: Vec<String>,
    tags: &PhotoTags,
    stamp: Stamp<'_>,
) -> Result<Option<Vec<u8>>, XmpError> {
    let root = Element::parse(text)?;
    let rdf = root.rdf()?;
    let noted = Record::all(rdf)?;
    let told = ToldRegions::of(rdf, &noted)?;
    let faces: Vec<_> = tags
        .faces
        .iter()
        .filter_map(FaceTag::lasting)
        .filter(|face| !told.was_corrected(face))
        .collect();
    if faces.is_empty() {
        return Ok(None);
    }
    let mut merge = Merge {
        text,
        rdf,
        stamp,
        edits: Edits::default(),
        properties: String::new(),
        records: Vec::new(),
        created,
        created_before: record::created(rdf)?,
        noted: noted.iter().map(Record::item_name).collect(),
        told: &told,
        prefixes: Prefixes::of(&root),
    };
    for list in &KEYWORD_LISTS {
        merge.add_keywords(list, &faces)?;
    }
    merge.add_regions(&faces, tags.stored_size)?;
    if merge.records.is_empty() && merge.created.is_empty() {
        return Ok(None);
    }
    let text = merge.finish()?;
    check_file(&text)?;
    Ok(Some(text.into_bytes()))
}

impl FaceTag {
    /// Returns the face with a name that XML preserves, in the spelling of galleries, or `None` if
    /// the name would be empty.
    fn lasting(&self) -> Option<Self> {
        let name = composed_name(&lasting(&self.name));
        (!name.is_empty()).then_some(Self { name, ..*self })
    }
}

/// Additions to a sidecar while they are collected.
struct Merge<'a> {
    text: &'a str,
    rdf: &'a Element,
    stamp: Stamp<'a>,
    edits: Edits,
    /// Properties that do not exist yet.
    properties: String,
    records: Vec<Record>,
    created: Vec<String>,
    /// Properties that earlier runs created.
    created_before: Vec<&'a str>,
    /// Items that earlier runs added: property and text.
    noted: HashSet<(&'a str, String)>,
    told: &'a ToldRegions<'a>,
    prefixes: Prefixes,
}

/// Names and areas of the regions in a sidecar.
struct ToldRegions<'a> {
    regions: Vec<Region<'a>>,
    /// Regions that facematch added, including those removed since.
    own: Vec<(&'a str, Area)>,
}

impl<'a> ToldRegions<'a> {
    fn of(rdf: &'a Element, noted: &'a [Record]) -> Result<Self, XmpError> {
        let regions = rdf.property(REGIONS);
        let list = regions.map(region_list).transpose()?;
        let made_for = regions.and_then(region_area::dimensions);
        let items = list.flatten().into_iter().flat_map(Element::items);
        let own = noted.iter().filter_map(Record::region);
        Ok(Self {
            regions: items.map(|item| Region::of(item, made_for)).collect(),
            own: own.collect(),
        })
    }

    /// Returns whether the face already has its name.
    fn show(&self, face: &FaceTag) -> bool {
        let mut regions = self.regions.iter();
        regions.any(|region| region.shows(&face.name, &face.area))
    }

    /// Returns whether facematch named the face before and the user removed or changed its region.
    fn was_corrected(&self, face: &FaceTag) -> bool {
        let mut own = self.own.iter();
        let was_written = own.any(|(name, area)| {
            composed_name(name) == face.name && area.overlap(&face.area) > SAME_FACE
        });
        was_written && !self.show(face)
    }
}

impl Merge<'_> {
    /// Returns whether an earlier run added this keyword. A keyword that was added but is missing
    /// was removed by the user.
    fn was_taken_out(&self, property: &str, keyword: &str) -> bool {
        self.noted.contains(&(property, composed_name(keyword)))
    }

    fn add_keywords(&mut self, list: &KeywordList, faces: &[FaceTag]) -> Result<(), XmpError> {
        let property = list.property;
        let existing = self.rdf.property_list(property)?;
        let names = self.missing_names(list, existing, faces);
        let name = property.to_string();
        let hidden = match existing {
            None if names.is_empty() => Vec::new(),
            None => hidden_keywords(self.rdf, list, faces),
            Some(_) if self.created_before.contains(&&*name) => {
                let mut hidden = hidden_keywords(self.rdf, list, faces);
                hidden.retain(|keyword| !self.was_taken_out(&name, keyword));
                hidden
            }
            Some(_) => Vec::new(),
        };
        let hidden = hidden.into_iter().map(|keyword| (keyword, None));
        let names = names
            .into_iter()
            .map(|(name, distance)| (name, Some(distance)));
        let keywords: Vec<_> = hidden.chain(names).collect();
        let rdf = existing.map_or(RDF, Element::prefix);
        let items: Vec<_> = keywords
            .iter()
            .map(|(keyword, _)| format!("<{rdf}li>{}</{rdf}li>", escaped(keyword)))
            .collect();
        self.add_items(property, existing, list.form, &items);
        let records = keywords.into_iter().map(|(value, distance)| Record {
            property: name.clone(),
            value,
            area: None,
            distance,
        });
        self.records.extend(records);
        Ok(())
    }

    /// Returns the missing keywords of `faces` for the list `existing`, each with its smallest
    /// distance.
    fn missing_names(
        &self,
        list: &KeywordList,
        existing: Option<&Element>,
        faces: &[FaceTag],
    ) -> Vec<(String, f32)> {
        let items = existing.into_iter().flat_map(Element::items);
        let there: HashSet<_> = items.map(|item| composed_name(item.text.trim())).collect();
        let property = list.property.to_string();
        let mut missing: Vec<(String, f32)> = Vec::new();
        for face in faces {
            let keyword = list.keyword(&face.name);
            let was_taken_out = || self.told.show(face) && self.was_taken_out(&property, &keyword);
            match missing.iter_mut().find(|(known, _)| *known == keyword) {
                Some((_, distance)) => *distance = distance.min(face.distance),
                None if there.contains(&keyword) || was_taken_out() => {}
                None => missing.push((keyword, face.distance)),
            }
        }
        missing
    }

    fn add_regions(&mut self, faces: &[FaceTag], size: (u32, u32)) -> Result<(), XmpError> {
        let regions = self.rdf.property(REGIONS);
        let list = regions.map(region_list).transpose()?.flatten();
        let faces: Vec<_> = faces.iter().filter(|face| !self.told.show(face)).collect();
        if faces.is_empty() {
            return Ok(());
        }
        let rdf = list.map_or(RDF, Element::prefix);
        let items: Vec<_> = faces
            .iter()
            .map(|face| region_item(rdf, &face.name, &face.area))
            .collect();
        match (regions, list) {
            (_, Some(list)) => self.append(list, &items),
            (Some(regions), None) => {
                let structure = regions.structure();
                if structure.content.is_none() {
                    return Err(XmpError::Form {
                        property: REGIONS.to_string(),
                        expected: "structure with elements",
                    });
                }
                let list = region_list_with(&items);
                self.append(structure, &[list]);
                self.note_created(REGION_LIST);
            }
            (None, None) => {
                self.properties += &format!(
                    "\n   <mwg-rs:Regions rdf:parseType=\"Resource\">\n    {}\n    {}\n   </mwg-rs:Regions>",
                    dimensions(size),
                    region_list_with(&items),
                );
                self.note_created(REGIONS);
            }
        }
        self.records.extend(faces.into_iter().map(|face| Record {
            property: REGIONS.to_string(),
            value: face.name.clone(),
            area: Some(face.area),
            distance: Some(face.distance),
        }));
        Ok(())
    }

    /// Adds `elements` after the last child of `parent`.
    fn append(&mut self, parent: &Element, elements: &[String]) {
        let elements = elements
            .iter()
            .map(|element| self.prefixes.renamed(element));
        let elements: Vec<_> = elements.collect();
        self.edits.append(self.text, parent, &elements);
    }

    fn note_created(&mut self, property: Property) {
        let property = property.to_string();
        if !self.created_before.contains(&&*property) {
            self.created.push(property);
        }
    }

    /// Adds `items` to the list `existing` of a property, or creates the list.
    fn add_items(
        &mut self,
        property: Property,
        existing: Option<&Element>,
        form: &str,
        items: &[String],
    ) {
        match existing {
            _ if items.is_empty() => {}
            Some(list) => self.append(list, items),
            None => {
                let items: String = items.iter().map(|item| format!("\n     {item}")).collect();
                self.properties += &format!(
                    "\n   <{property}>\n    <rdf:{form}>{items}\n    </rdf:{form}>\n   </{property}>"
                );
                if property != TAGS && property != CREATED {
                    self.note_created(property);
                }
            }
        }
    }

    /// Returns the text with all additions and their records.
    fn finish(mut self) -> Result<String, XmpError> {
        let [tags, created] = [TAGS, CREATED].map(|property| self.rdf.property_list(property));
        let (tags, created) = (tags?, created?);
        let rdf = tags.map_or(RDF, Element::prefix);
        let records: Vec<_> = self
            .records
            .iter()
            .map(|record| record.item(rdf, self.stamp))
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
            self.append(self.rdf, &[description]);
        }
        Ok(self.edits.apply(self.text))
    }

    /// Returns a description with the new properties, which declares all prefixes that it uses.
    fn description(&self) -> String {
        let prefixes = KEYWORD_LISTS.iter().map(|list| list.property.prefix);
        let is_used = |prefix: &&str| self.properties.contains(&format!("<{prefix}:"));
        let declarations: String = ["rdf"]
            .into_iter()
            .chain(prefixes)
            .chain([REGIONS.prefix, record::PREFIX])
            .filter(is_used)
            .map(|prefix| format!("\n    {}", declaration(prefix)))
            .collect();
        // Other descriptions already have a line break before them.
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
