//! Known people from tags: people with a named face region in a photo or its sidecar. Input: photos
//! and gallery files. Output: one gallery.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use facematch::batch::{Folders, WalkOptions};
use facematch::cache::FaceFinder;
use facematch::engine::{Encoding, EngineParams, FaceEngine};
use facematch::gallery::{Gallery, GalleryBuilder};
use facematch::geometry::PixelBox;
use facematch::photo::{EncodeFrom, PhotoFaces};
use facematch_image_files::embedded_packets;
use facematch_xmp::{
    Area, FaceOfRegion, NamedRegion, NamedRegions, PhotoRegions, faces_of_regions, named_regions,
};

use super::earlier_faces::{EarlierFaces, PhotosToEnroll};
use super::known_sources::{KnownSources, find_known_faces};
use super::words::counted;
use crate::cli::console::Console;
use crate::cli::exit::Failure;
use crate::cli::inputs::tagged_photos;
use crate::cli::photo_error::PhotoError;
use crate::cli::tagging::Sidecars;

/// Tagged people who are not enrolled yet.
pub(super) struct TaggedPeople {
    pub(super) sources: KnownSources,
}

/// Tagged people who are enrolled.
pub(super) struct EnrolledFromTags {
    pub(super) gallery: Gallery,
    /// Outcome of the photos.
    pub(super) counts: TagCounts,
}

/// Outcome of tagged photos.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct TagCounts {
    /// Number of regions with a name.
    pub(super) regions: usize,
    /// Number of those regions that gave no face.
    pub(super) without_face: usize,
    /// Number of photos that could not be read.
    pub(super) unreadable: usize,
}

/// Usable tags of one photo.
#[derive(Default)]
struct TaggedPhoto {
    faces: Vec<TaggedFace>,
    warnings: Vec<Warning>,
    regions: usize,
    without_face: usize,
}

/// A face tagged with a name.
struct TaggedFace {
    name: String,
    bounds: PixelBox,
    encoding: Encoding,
}

/// A warning about a photo.
struct Warning {
    about: PathBuf,
    /// Person whose face was not taken, if the warning is about a person.
    person: Option<String>,
    message: String,
}

impl TaggedPeople {
    /// Finds the people tagged in the photos of `known`, and those in its gallery files. A photo
    /// that is given twice, by itself and with its folder, counts once.
    pub(super) fn find(
        known: &[PathBuf],
        options: &WalkOptions,
        params: &EngineParams,
        encode_from: EncodeFrom,
        console: &Console,
    ) -> Result<Self, Failure> {
        let mut given = HashSet::new();
        let mut folders = Folders::default();
        let sources = KnownSources::find(known, params, encode_from, |path| {
            let mut photos = tagged_photos(path, options, console)?;
            photos
                .list
                .retain(|photo| given.insert(folders.place(photo.path())));
            Ok(photos)
        })?;
        if sources.roots().next().is_none() {
            return Err(Failure::Usage(
                "--from-tags takes photos and folders, besides gallery files".to_owned(),
            ));
        }
        Ok(Self { sources })
    }

    /// Returns the gallery of all tagged people. A problem with a photo or a tag is a warning; the
    /// run fails if no person is left.
    pub(super) fn enroll(
        self,
        engines: &mut [Box<dyn FaceEngine>],
        params: &EngineParams,
        finder: &FaceFinder,
        console: &Console,
    ) -> Result<EnrolledFromTags, Failure> {
        let mut counts = TagCounts::default();
        let has_galleries = self.sources.galleries().next().is_some();
        // Without a gallery file there are no earlier faces to compare them with.
        let photos = self.sources.photo_paths().filter(|_| has_galleries);
        let to_enroll = PhotosToEnroll::of_anybody(photos.map(|(_, photo)| photo));
        let work = |engine: &mut dyn FaceEngine, path: &Path| tagged_photo(engine, path, finder);
        let gallery = self
            .sources
            .join(params, &to_enroll, |_, photos, builder, earlier| {
                counts.unreadable += find_known_faces(
                    photos,
                    engines,
                    console,
                    work,
                    |path, result| match result {
                        Ok(photo) => {
                            counts.regions += photo.regions;
                            counts.without_face += photo.without_face;
                            add_photo(builder, path, photo, earlier, console);
                        }
                        Err(error) => console.error(format_args!("photo left out: {error}")),
                    },
                )?;
                Ok(())
            })?;
        if gallery.faces() == 0 {
            return Err(self.nobody(&counts));
        }
        if counts.regions == 0 {
            console.warn(format_args!(
                "no face region with a name in {}",
                self.places()
            ));
        }
        Ok(EnrolledFromTags { gallery, counts })
    }

    fn nobody(&self, counts: &TagCounts) -> Failure {
        let places = self.places();
        Failure::Start(match counts {
            TagCounts { regions: 0, .. } if counts.unreadable == self.sources.photos() => {
                format!("nothing to enroll: no photo can be read in {places}")
            }
            TagCounts { regions: 0, .. } => format!(
                "nothing to enroll: no face region with a name in {places}; let the program with which you tagged faces \
                 write them to the photos or to sidecars"
            ),
            TagCounts { regions, .. } => format!(
                "nothing to enroll: no face could be taken for {} in {places}; the warnings say why",
                counted(
                    *regions,
                    "face region with a name",
                    "face regions with names"
                )
            ),
        })
    }

    /// Returns the given photos and folders, for messages.
    fn places(&self) -> String {
        let roots = self.sources.roots();
        let roots: Vec<_> = roots.map(|root| root.display().to_string()).collect();
        roots.join(", ")
    }
}

/// Adds the faces of the photo at `path`. If no face of a person is found, the person's earlier
/// face from this photo stays.
fn add_photo(
    builder: &mut GalleryBuilder,
    path: &Path,
    photo: TaggedPhoto,
    earlier: &mut EarlierFaces,
    console: &Console,
) {
    for Warning {
        about,
        person,
        message,
    } in photo.warnings
    {
        let stays = person.map_or("", |person| earlier.stays(&person, path));
        console.warn(format_args!("{}: {message}{stays}", about.display()));
    }
    for TaggedFace {
        name,
        bounds,
        encoding,
    } in photo.faces
    {
        builder.add_encoding(&name, path, bounds, &encoding);
        earlier.replace(&name, path);
    }
}

/// Returns the tagged faces of the photo at `path`. A photo without tags is not searched, so most
/// photos are not decoded.
fn tagged_photo(
    engine: &mut dyn FaceEngine,
    path: &Path,
    finder: &FaceFinder,
) -> Result<TaggedPhoto, PhotoError> {
    let mut warnings = Vec::new();
    let (tags, unread) = read_tags(path, &mut warnings)?;
    if tags.is_empty() {
        return Ok(TaggedPhoto {
            warnings,
            regions: unread,
            without_face: unread,
            faces: Vec::new(),
        });
    }
    let found = finder.find(path, engine)?;
    let displayed = tags.displayed(found.original);
    if displayed.left_out > 0 {
        warnings.push(Warning {
            about: path.to_owned(),
            person: None,
            message: format!(
                "{} made for an image of another shape, left out; tag the photo again",
                counted(displayed.left_out, "face region was", "face regions were")
            ),
        });
    }
    let (faces, told) = faces_of(path, &displayed.regions, &found);
    let left_out = displayed.left_out + unread;
    let without_face = left_out + told.len();
    warnings.extend(told);
    Ok(TaggedPhoto {
        regions: displayed.regions.len() + left_out,
        without_face,
        faces,
        warnings,
    })
}

/// Reads the tags in the sidecars of the photo at `path` and inside it. Returns them with the
/// number of people whose named regions cannot be read. Adds a warning for what cannot be read.
///
/// # Errors
/// If the photo cannot be read and its sidecars have no tags.
fn read_tags(
    path: &Path,
    warnings: &mut Vec<Warning>,
) -> Result<(PhotoRegions, usize), PhotoError> {
    let mut packets = Vec::new();
    for sidecar in Sidecars::of(path)? {
        match Sidecars::read(&sidecar) {
            Ok(xmp) => {
                let packet = parse(&sidecar, "the sidecar ", &xmp, warnings);
                packets.extend(packet.map(|packet| (sidecar, packet)));
            }
            Err(error) => warnings.push(unread_sidecar(sidecar, error)),
        }
    }
    let is_tagged = packets.iter().any(|(_, packet)| !packet.regions.is_empty());
    match embedded_packets(path) {
        Ok(inside) => {
            let inside = inside.iter();
            let parsed = inside.filter_map(|xmp| parse(path, "the XMP in it ", xmp, warnings));
            packets.extend(parsed.map(|packet| (path.to_owned(), packet)));
        }
        // The search reports the error again if more than the metadata is damaged.
        Err(_) if is_tagged => {}
        Err(error) => return Err(error.into()),
    }
    let unread = warn_of_unread(&packets, warnings);
    let packets = packets.into_iter().map(|(_, packet)| packet).collect();
    Ok((PhotoRegions::new(packets), unread))
}

/// Warns of the people whose regions in the `packets` of a photo cannot be read, and returns their
/// number. Programs write the same region in several schemas and places, so a person with another
/// region that can be read is not counted.
fn warn_of_unread(packets: &[(PathBuf, NamedRegions)], warnings: &mut Vec<Warning>) -> usize {
    const MOST_NAMES: usize = 8;
    let read = packets.iter().flat_map(|(_, packet)| &packet.regions);
    let mut known: HashSet<&str> = read.map(|region| region.name.as_str()).collect();
    let mut count = 0;
    for (file, packet) in packets {
        let unread = packet.unread.iter();
        let people: Vec<_> = unread.filter(|region| known.insert(&region.name)).collect();
        if people.is_empty() {
            continue;
        }
        count += people.len();
        let named = people.iter().take(MOST_NAMES);
        let mut listed: Vec<_> = named
            .map(|region| format!("{} ({})", region.name, region.fault))
            .collect();
        if people.len() > MOST_NAMES {
            listed.push(format!("{} more", people.len() - MOST_NAMES));
        }
        let message = match people.len() {
            1 => "1 face region with a name cannot be read and is left out".to_owned(),
            count => format!("{count} face regions with names cannot be read and are left out"),
        };
        warnings.push(Warning {
            about: file.clone(),
            person: None,
            message: format!("{message}: {}; tag the photo again", listed.join(", ")),
        });
    }
    count
}

fn parse(file: &Path, what: &str, xmp: &[u8], warnings: &mut Vec<Warning>) -> Option<NamedRegions> {
    let parsed = named_regions(xmp);
    let unread = |error| Warning {
        about: file.to_owned(),
        person: None,
        message: format!("{what}{error}; its tags are left out"),
    };
    parsed.map_err(|error| warnings.push(unread(error))).ok()
}

fn unread_sidecar(sidecar: PathBuf, error: PhotoError) -> Warning {
    let reason = match error {
        PhotoError::Sidecar { reason, .. } => reason,
        other => other.to_string(),
    };
    Warning {
        about: sidecar,
        person: None,
        message: format!("the sidecar {reason}; its tags are left out"),
    }
}

/// Returns the face of each of `regions` among the faces `found` in the photo at `path`, and a
/// warning for each person whose face is not taken.
fn faces_of(
    path: &Path,
    regions: &[NamedRegion],
    found: &PhotoFaces,
) -> (Vec<TaggedFace>, Vec<Warning>) {
    let areas: Vec<_> = found
        .faces
        .iter()
        .map(|found_face| Area::of_box(found_face.face.bounds, found.original.size))
        .collect();
    let mut faces = Vec::new();
    // A person who is tagged twice causes only one warning.
    let mut told = BTreeSet::new();
    for (region, face) in regions.iter().zip(faces_of_regions(regions, &areas)) {
        let name = &region.name;
        let message = match face {
            FaceOfRegion::Face(face) if !found.faces[face].face.upright => {
                format!("the face of {name} is upright in no turn; it is left out")
            }
            FaceOfRegion::Face(face) => {
                let face = &found.faces[face].face;
                match face.encoding.clone() {
                    Some(encoding) => {
                        faces.push(TaggedFace {
                            name: name.clone(),
                            bounds: face.bounds,
                            encoding,
                        });
                        continue;
                    }
                    None => format!(
                        "the face of {name} is too small, blurred or turned; it is left out"
                    ),
                }
            }
            FaceOfRegion::Counted => continue,
            FaceOfRegion::None => format!(
                "no face was found where {name} is tagged; a larger --width finds smaller faces"
            ),
            FaceOfRegion::Contested(other) => {
                format!(
                    "{name} is tagged at a face where {other} is tagged too; it is left out, remove one of the tags"
                )
            }
            FaceOfRegion::Several => {
                format!(
                    "{name} is tagged at several faces; they are left out, remove all but one of the tags"
                )
            }
        };
        told.insert((name.clone(), message));
    }
    let warnings = told.into_iter().map(|(person, message)| Warning {
        about: path.to_owned(),
        person: Some(person),
        message,
    });
    (faces, warnings.collect())
}
