//! All tags of one photo. Input: the regions in its sidecars and in the photo itself, and the
//! orientation of the photo. Output: people and areas of the photo as displayed.

use super::named_regions::{NamedRegion, NamedRegions};
use super::regions::SAME_FACE;
use facematch_geometry::{Orientation, Original};

/// Maximum difference of the proportions of two images of the same shape, whose sizes may be
/// rounded.
const SAME_SHAPE: f64 = 0.01;

/// Regions with a name of one photo.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PhotoRegions(Vec<NamedRegions>);

/// Regions with a name of one photo as displayed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DisplayedRegions {
    /// People and their areas. Each person appears only once in a place.
    pub regions: Vec<NamedRegion>,
    /// Number of regions that are left out because they were made for an image of another shape.
    pub left_out: usize,
}

/// State of the image when regions were made for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MadeFor {
    /// The image as stored.
    Stored,
    /// The image as displayed.
    Displayed,
    /// The packet has no size.
    Unknown,
    /// Another image.
    Other,
}

impl PhotoRegions {
    /// Returns the regions of a photo with these packets. Regions that facematch wrote into one
    /// packet and another program copied to another one are left out.
    pub fn new(mut packets: Vec<NamedRegions>) -> Self {
        let own: Vec<_> = packets
            .iter()
            .flat_map(|packet| packet.own.clone())
            .collect();
        for packet in &mut packets {
            packet
                .regions
                .retain(|region| !own.iter().any(|own| region.is_copy_of(own)));
        }
        packets.retain(|packet| !packet.regions.is_empty());
        Self(packets)
    }

    /// Returns whether no person is tagged.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the regions in the photo `original` as displayed. Their areas refer to the image as
    /// stored (MWG Guidelines 2.0, section 5.9), unless the size they were made for has only the
    /// shape of the displayed image.
    ///
    /// If the size matches neither, the photo was cropped or rotated since, so the positions are
    /// unknown. These regions are left out, and so are regions of other packets without a size.
    pub fn displayed(&self, original: Original) -> DisplayedRegions {
        let packets: Vec<_> = self
            .0
            .iter()
            .map(|packet| (made_for(packet.dimensions, original), packet))
            .collect();
        let was_changed = packets
            .iter()
            .any(|(made_for, _)| *made_for == MadeFor::Other);
        let mut displayed = DisplayedRegions::default();
        for (made_for, packet) in packets {
            let orientation = match made_for {
                MadeFor::Other => None,
                MadeFor::Unknown if was_changed => None,
                MadeFor::Stored | MadeFor::Unknown => Some(original.orientation),
                MadeFor::Displayed => Some(Orientation::UPRIGHT),
            };
            match orientation {
                Some(orientation) => displayed.add(&packet.regions, orientation),
                None => displayed.left_out += packet.regions.len(),
            }
        }
        displayed
    }
}

impl DisplayedRegions {
    /// Adds the regions of an image stored in `orientation`, except those that are already present.
    fn add(&mut self, regions: &[NamedRegion], orientation: Orientation) {
        for NamedRegion { name, area } in regions {
            let area = area.displayed(orientation);
            let is_there = self
                .regions
                .iter()
                .any(|known| known.name == *name && known.area.overlap(&area) > SAME_FACE);
            if !is_there {
                let name = name.clone();
                self.regions.push(NamedRegion { name, area });
            }
        }
    }
}

fn made_for(dimensions: Option<(f64, f64)>, original: Original) -> MadeFor {
    let Some((width, height)) = dimensions else {
        return MadeFor::Unknown;
    };
    let has_shape_of = |size: (u32, u32)| {
        let ratio = width * f64::from(size.1) / (height * f64::from(size.0));
        (ratio - 1.0).abs() <= SAME_SHAPE
    };
    match original.size {
        _ if has_shape_of(original.orientation.turn_size(original.size)) => MadeFor::Stored,
        displayed if has_shape_of(displayed) => MadeFor::Displayed,
        _ => MadeFor::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Area;

    const AREA: Area = Area {
        x: 0.25,
        y: 0.5,
        w: 0.125,
        h: 0.25,
    };

    fn region(name: &str, area: Area) -> NamedRegion {
        NamedRegion {
            name: name.to_owned(),
            area,
        }
    }

    fn packet(name: &str, dimensions: Option<(f64, f64)>) -> NamedRegions {
        NamedRegions {
            regions: vec![region(name, AREA)],
            dimensions,
            ..NamedRegions::default()
        }
    }

    /// Returns a photo that is displayed with 300x400 pixels.
    fn original(exif: u8) -> Original {
        Original {
            size: (300, 400),
            orientation: Orientation::from_exif(exif).unwrap(),
            is_preview: false,
        }
    }

    fn displayed(packets: &[NamedRegions], exif: u8) -> DisplayedRegions {
        PhotoRegions::new(packets.to_vec()).displayed(original(exif))
    }

    #[test]
    fn regions_are_those_of_the_stored_image_where_its_shape_says_so_or_nothing_does() {
        let turned = AREA.displayed(original(6).orientation);
        for dimensions in [None, Some((4000.0, 3000.0)), Some((400.0, 301.0))] {
            let found = displayed(&[packet("Ann", dimensions)], 6);
            assert_eq!(found.regions, [region("Ann", turned)], "{dimensions:?}");
            assert_eq!(found.left_out, 0);
        }
    }

    #[test]
    fn regions_of_a_program_that_looked_at_the_upright_photo_stay_where_they_are() {
        for exif in [1, 6, 8] {
            let found = displayed(&[packet("Ann", Some((3000.0, 4000.0)))], exif);
            assert_eq!(found.regions, [region("Ann", AREA)], "{exif}");
        }
    }

    #[test]
    fn a_photo_that_was_cropped_since_loses_its_regions() {
        for dimensions in [(1000.0, 1000.0), (400.0, 310.0), (4000.0, 3000.0)] {
            let of_cropped = packet("Ann", Some(dimensions));
            let found = displayed(&[of_cropped.clone(), packet("Bob", None)], 1);
            assert_eq!((found.regions, found.left_out), (Vec::new(), 2));
            // Regions tagged after the change have the new size.
            let later = packet("Bob", Some((300.0, 400.0)));
            let found = displayed(&[of_cropped, later], 1);
            assert_eq!(found.regions, [region("Bob", AREA)]);
            assert_eq!(found.left_out, 1);
        }
    }

    #[test]
    fn a_person_who_is_tagged_twice_at_a_place_counts_once() {
        let near = Area { x: 0.26, ..AREA };
        let far = Area { x: 0.75, ..AREA };
        let second = NamedRegions {
            regions: vec![region("Ann", near), region("Ann", far), region("Bob", AREA)],
            ..packet("Ann", None)
        };
        let found = displayed(&[packet("Ann", None), second], 1).regions;
        let expected = [region("Ann", AREA), region("Ann", far), region("Bob", AREA)];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_copy_of_what_facematch_wrote_to_another_packet_counts_for_nobody() {
        let noted = NamedRegions {
            own: vec![region("Ann", AREA)],
            ..NamedRegions::default()
        };
        let of_photo = |copy: NamedRegion| {
            let regions = vec![copy];
            let inside = NamedRegions {
                regions,
                ..NamedRegions::default()
            };
            PhotoRegions::new(vec![noted.clone(), inside])
        };
        let rounded = Area { w: 0.1255, ..AREA };
        let elsewhere = Area { x: 0.28, ..AREA };
        assert!(of_photo(region("Ann", rounded)).is_empty());
        assert!(!of_photo(region("Anna", rounded)).is_empty());
        assert!(!of_photo(region("Ann", elsewhere)).is_empty());
    }
}
