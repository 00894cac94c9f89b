//! Names added to a sidecar. Nothing that is there is changed, and what somebody has taken out again is not written once more.

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

/// The beginning and the end of a sidecar, as the XMP specification (part 1, 7.3.2) asks for them.
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

/// The prefix of RDF in what is written from scratch.
const RDF: &str = "rdf:";

/// The content of a photo's sidecar with `tags` added to what it has, `existing`; `None` when nothing is to be added. A face
/// is left alone whose region is there: one of the same name that has more than half of their area in common. So is one that
/// was named by an earlier run, where the region is gone or has another name now: somebody knows better. A tree of
/// keywords that is not there yet gets the keywords of the other lists, too, as programs that read trees would not see them
/// any more.
///
/// # Errors
/// [`XmpError`] when the sidecar cannot be parsed, or a property in it is not what its schema says.
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

/// The content of a new sidecar for a photo that has the XMP `packets` inside: `tags` and what people have said of the photo
/// there, keywords, regions, ratings, titles, places and rights, since programs that read a sidecar do not look for these in
/// the photo. Nothing of a packet that cannot be parsed. `None` when nobody is to be named.
///
/// # Errors
/// [`XmpError`], as [`with_tags`]; no packet causes one.
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
        // Nested as deep as can be, for one.
        Some(Err(_)) | None => with_tags(None, &tags, stamp),
    }
}

/// `tags` without the faces that facematch has named in `xmp` before, and somebody took that out or changed it. All of
/// them when it cannot be parsed.
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

/// A sidecar with what people have said in the XMP `packets` of a photo, if anything.
pub(super) fn copy_of(packets: &[impl AsRef<[u8]>]) -> Option<String> {
    let [head, end] = FRAME;
    let descriptions = taken_over(packets)?;
    Some([head, &descriptions, end].concat())
}

/// `text` with `tags`; `created` is noted as facematch's.
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
    /// It with a name that XML keeps, in the spelling of galleries; `None` when nothing is left of the name.
    fn lasting(&self) -> Option<Self> {
        let name = composed_name(&lasting(&self.name));
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
    records: Vec<Record>,
    created: Vec<String>,
    /// What an earlier run has created.
    created_before: Vec<&'a str>,
    /// The items that earlier runs have added: their property and their text.
    noted: HashSet<(&'a str, String)>,
    told: &'a ToldRegions<'a>,
    prefixes: Prefixes,
}

/// What the regions in a sidecar say.
struct ToldRegions<'a> {
    regions: Vec<Region<'a>>,
    /// Those that facematch has added, whether they are there still or not.
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

    /// Whether the face has its name already.
    fn show(&self, face: &FaceTag) -> bool {
        let mut regions = self.regions.iter();
        regions.any(|region| region.shows(&face.name, &face.area))
    }

    /// Whether facematch has named the face before, and somebody took that out or changed it.
    fn was_corrected(&self, face: &FaceTag) -> bool {
        let mut own = self.own.iter();
        let was_written = own.any(|(name, area)| {
            composed_name(name) == face.name && area.overlap(&face.area) > SAME_FACE
        });
        was_written && !self.show(face)
    }
}

impl Merge<'_> {
    /// Whether an earlier run has added this keyword, which is not there any more, and somebody took it out therefore.
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

    /// The keywords for `faces` that are to be added to the list `existing`, each with the least distance.
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

    /// Adds `elements` behind the last child of `parent`.
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

    /// The text with all that is added, and with the records of it.
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

    /// A description with the properties that were not there, which declares all prefixes that it uses.
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
