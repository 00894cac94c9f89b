//! Assignment of regions to faces. Input: the regions with a name and the faces found in a photo,
//! both in the photo as displayed. Output: the face of each region, or the reason why there is
//! none.
//!
//! Programs draw a region around the whole head, or only around the eyes and the mouth, while
//! detectors cover the brows to the chin. A region and a face therefore belong together if each
//! contains the centre of the other.

use super::Area;
use super::named_regions::NamedRegion;

/// Minimum overlap of a region and a face that belong together: the smaller one covers about 1/3 of
/// the other's width and height.
const LEAST_OVERLAP: f64 = 0.1;
/// Ratio of overlaps above which a region claims the face of another region as well.
const ABOUT_EQUAL: f64 = 0.5;

/// Face that a region shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaceOfRegion<'a> {
    /// The face with this index.
    Face(usize),
    /// There is no face in the region.
    None,
    /// The face fits a region with this other name about as well, so its person is uncertain.
    Contested(&'a str),
    /// The face belongs to another region with the same name.
    Counted,
    /// Several faces have this name; at most one of them is right.
    Several,
}

/// A region and a face that may belong together.
struct Pair {
    region: usize,
    face: usize,
    overlap: f64,
}

/// Returns the face of each of `regions` among those at `faces`. No face has two regions, and no
/// name has two faces. Pairs with the largest overlap are assigned first.
pub fn faces_of_regions<'a>(regions: &'a [NamedRegion], faces: &[Area]) -> Vec<FaceOfRegion<'a>> {
    let pairs = pairs(regions, faces);
    let assigned = assign(&pairs, regions.len());
    let found: Vec<_> = (0..regions.len())
        .map(|region| face_of(region, regions, &pairs, &assigned))
        .collect();
    let has_face_of_its_name = |region: usize, other: usize| {
        matches!(found[other], FaceOfRegion::Face(_)) && regions[other].name == regions[region].name
    };
    let several = |region: usize| {
        (0..regions.len()).any(|other| other != region && has_face_of_its_name(region, other))
    };
    (0..regions.len())
        .map(|region| match found[region] {
            FaceOfRegion::Face(_) if several(region) => FaceOfRegion::Several,
            other => other,
        })
        .collect()
}

/// Returns all pairs of regions and faces that may belong together, those with the largest overlap
/// first.
fn pairs(regions: &[NamedRegion], faces: &[Area]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (region, NamedRegion { area, .. }) in regions.iter().enumerate() {
        for (face, bounds) in faces.iter().enumerate() {
            let overlap = area.overlap(bounds);
            let is_centred = area.has_centre_of(bounds) && bounds.has_centre_of(area);
            if is_centred && overlap >= LEAST_OVERLAP {
                pairs.push(Pair {
                    region,
                    face,
                    overlap,
                });
            }
        }
    }
    // The sort is stable: of equal pairs, that of the first region comes first.
    pairs.sort_by(|a, b| b.overlap.total_cmp(&a.overlap));
    pairs
}

/// Returns the pair of each region, where each region and each face is in at most one pair.
fn assign(pairs: &[Pair], regions: usize) -> Vec<Option<&Pair>> {
    let mut assigned: Vec<Option<&Pair>> = vec![None; regions];
    for pair in pairs {
        let is_taken = assigned
            .iter()
            .flatten()
            .any(|other| other.face == pair.face);
        if assigned[pair.region].is_none() && !is_taken {
            assigned[pair.region] = Some(pair);
        }
    }
    assigned
}

/// Returns the face of one region, given the pairs in `assigned`.
fn face_of<'a>(
    region: usize,
    regions: &'a [NamedRegion],
    pairs: &[Pair],
    assigned: &[Option<&Pair>],
) -> FaceOfRegion<'a> {
    let name = &regions[region].name;
    let owner = |face: usize| {
        let mut owners = assigned.iter().flatten().filter(|pair| pair.face == face);
        owners.next().copied()
    };
    let mut own_pairs = pairs.iter().filter(|pair| pair.region == region);
    let Some(best) = own_pairs.next() else {
        return FaceOfRegion::None;
    };
    let own = assigned[region];
    // The best face of this region, if it belongs to another region.
    let first_owner = owner(best.face).filter(|owner| owner.region != region);
    if let Some(first) = first_owner {
        let other = &regions[first.region].name;
        if own.is_none() && other == name {
            return FaceOfRegion::Counted;
        }
        let is_second_choice = own.is_some_and(|own| own.overlap < ABOUT_EQUAL * best.overlap);
        let is_late = own.is_none() && best.overlap >= ABOUT_EQUAL * first.overlap;
        if other != name && (is_second_choice || is_late) {
            return FaceOfRegion::Contested(other);
        }
    }
    let Some(own) = own else {
        return FaceOfRegion::None;
    };
    let rival = pairs.iter().find(|pair| {
        pair.face == own.face
            && regions[pair.region].name != *name
            && pair.overlap >= ABOUT_EQUAL * own.overlap
            && assigned[pair.region].is_none_or(|better| better.overlap < pair.overlap)
    });
    match rival {
        Some(rival) => FaceOfRegion::Contested(&regions[rival.region].name),
        None => FaceOfRegion::Face(own.face),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::FaceOfRegion::{Contested, Counted, Face, Several};
    use super::*;

    fn area(x: f64, y: f64, side: f64) -> Area {
        Area {
            x,
            y,
            w: side,
            h: side,
        }
    }

    fn tagged(names: &[(&str, Area)]) -> Vec<NamedRegion> {
        let region = |(name, area): &(&str, Area)| NamedRegion {
            name: (*name).to_owned(),
            area: *area,
        };
        names.iter().map(region).collect()
    }

    fn found(names: &[(&'static str, Area)], faces: &[Area]) -> String {
        format!("{:?}", faces_of_regions(&tagged(names), faces))
    }

    fn expected(faces: &[FaceOfRegion<'_>]) -> String {
        format!("{faces:?}")
    }

    #[test]
    fn each_region_gets_the_face_at_its_place() {
        let faces = [area(0.2, 0.5, 0.1), area(0.8, 0.5, 0.1)];
        let names = [
            ("Bob", area(0.81, 0.49, 0.12)),
            ("Ann", area(0.2, 0.48, 0.15)),
            ("Zoe", area(0.5, 0.5, 0.1)),
        ];
        let all = [Face(1), Face(0), FaceOfRegion::None];
        assert_eq!(found(&names, &faces), expected(&all));
        assert_eq!(found(&names[..1], &[]), expected(&[FaceOfRegion::None]));
    }

    #[test]
    fn a_region_may_be_larger_or_smaller_than_the_face_but_not_by_much() {
        let face = [area(0.5, 0.5, 0.1)];
        for (side, is_found) in [
            (0.03, false),
            (0.05, true),
            (0.2, true),
            (0.3, true),
            (0.4, false),
        ] {
            let wanted = if is_found {
                Face(0)
            } else {
                FaceOfRegion::None
            };
            let names = [("Ann", area(0.5, 0.5, side))];
            assert_eq!(found(&names, &face), expected(&[wanted]), "{side}");
        }
        // Hair and neck belong to the head too, but the centre must lie in the face.
        let head = ("Ann", area(0.5, 0.46, 0.18));
        assert_eq!(found(&[head], &face), expected(&[Face(0)]));
        let beside = ("Ann", area(0.56, 0.5, 0.14));
        assert_eq!(found(&[beside], &face), expected(&[FaceOfRegion::None]));
    }

    #[test]
    fn the_region_that_overlaps_a_face_the_most_has_it() {
        let faces = [area(0.4, 0.5, 0.2), area(0.52, 0.5, 0.2)];
        let names = [("Ann", area(0.44, 0.5, 0.2)), ("Bob", area(0.51, 0.5, 0.2))];
        assert_eq!(found(&names, &faces), expected(&[Face(0), Face(1)]));
    }

    #[test]
    fn a_face_that_two_names_claim_is_nobodys() {
        let face = [area(0.5, 0.5, 0.1)];
        let names = [("Ann", area(0.5, 0.5, 0.1)), ("Bob", area(0.51, 0.5, 0.11))];
        let nobody = [Contested("Bob"), Contested("Ann")];
        assert_eq!(found(&names, &face), expected(&nobody));
        // A large region, for a person whose face was not found, contains a face that has a good
        // region.
        let names = [("Ann", area(0.5, 0.5, 0.1)), ("Bob", area(0.52, 0.5, 0.2))];
        let anns = [Face(0), FaceOfRegion::None];
        assert_eq!(found(&names, &face), expected(&anns));
    }

    #[test]
    fn a_second_choice_that_is_much_worse_is_none() {
        let faces = [area(0.4, 0.5, 0.2), area(0.49, 0.5, 0.08)];
        let names = [("Ann", area(0.4, 0.5, 0.2)), ("Bob", area(0.46, 0.5, 0.2))];
        let [ann, bob] = [Contested("Bob"), Contested("Ann")];
        assert_eq!(found(&names, &faces), expected(&[ann, bob]));
    }

    #[test]
    fn two_regions_of_one_name_are_one_person() {
        let faces = [area(0.5, 0.5, 0.1), area(0.8, 0.5, 0.1)];
        // A face with two regions around it counts once.
        let names = [("Ann", area(0.5, 0.5, 0.2)), ("Ann", area(0.5, 0.5, 0.1))];
        assert_eq!(found(&names, &faces), expected(&[Counted, Face(0)]));
        // Two faces cannot belong to the same person, but the faces of other people count.
        let names = [("Ann", area(0.5, 0.5, 0.1)), ("Ann", area(0.8, 0.5, 0.1))];
        assert_eq!(found(&names, &faces), expected(&[Several, Several]));
    }

    proptest! {
        #[test]
        fn no_face_and_no_name_is_given_twice(
            regions in proptest::collection::vec((0..4_usize, 0.0..1.0, 0.0..1.0, 0.01..0.6), 0..8),
            faces in proptest::collection::vec((0.0..1.0, 0.0..1.0, 0.01..0.6), 0..8),
        ) {
            let names = ["Ann", "Bob", "Mia", "Zoe"];
            let regions: Vec<_> = regions.iter().map(|(name, x, y, side)| (names[*name], area(*x, *y, *side))).collect();
            let faces: Vec<_> = faces.iter().map(|(x, y, side)| area(*x, *y, *side)).collect();
            let regions = tagged(&regions);
            let found = faces_of_regions(&regions, &faces);
            prop_assert_eq!(found.len(), regions.len());
            let mut given: Vec<_> = found.iter().enumerate().filter_map(|(region, found)| match found {
                Face(face) => Some((*face, &regions[region].name)),
                _ => None,
            }).collect();
            let mut people: Vec<_> = given.iter().map(|(_, name)| *name).collect();
            let count = given.len();
            given.sort();
            given.dedup_by_key(|(face, _)| *face);
            people.sort();
            people.dedup();
            prop_assert_eq!((given.len(), people.len()), (count, count));
        }
    }
}
