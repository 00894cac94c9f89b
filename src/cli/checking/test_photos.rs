//! Known photos for the tests, sketched as a person and a position of the face on a line.

use facematch::engine::{ENCODING_LEN, Encoding};
use facematch::geometry::PixelBox;
use facematch::photo::Face;
use proptest::prelude::*;

use super::{KnownPhoto, PhotoContent};

/// A known photo.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sketch {
    /// Index of the person.
    pub(super) person: usize,
    /// First number of its encoding, the only one that is not 0, or `None` for a photo without a
    /// face.
    pub(super) place: Option<f32>,
}

/// Returns photos of a few people. Some show the same picture, some have no face.
pub(super) fn sketches() -> impl Strategy<Value = Vec<Sketch>> {
    let place = prop_oneof![
        6 => (0.0_f32..4.0).prop_map(Some),
        2 => (0_u8..8).prop_map(|place| Some(f32::from(place) / 4.0)),
        1 => Just(None),
    ];
    let sketch = (0_usize..6, place).prop_map(|(person, place)| Sketch { person, place });
    proptest::collection::vec(sketch, 0..24)
}

/// Returns the photos as a search would find them: `known/0.jpg` and so on, of the people "person
/// 0" and so on.
pub(super) fn photos(content: &[Sketch]) -> Vec<KnownPhoto> {
    let photo = |(index, sketch): (usize, &Sketch)| KnownPhoto {
        path: format!("known/{index}.jpg").into(),
        person: format!("person {}", sketch.person),
        content: Ok(PhotoContent {
            faces: sketch
                .place
                .map(|place| face(place, 100))
                .into_iter()
                .collect(),
            digest: None,
        }),
    };
    content.iter().enumerate().map(photo).collect()
}

/// Returns a face with a box of `side` pixels.
pub(super) fn face(place: f32, side: u32) -> Face {
    let mut numbers = [0.0; ENCODING_LEN];
    numbers[0] = place;
    Face {
        bounds: PixelBox {
            x: 0,
            y: 0,
            w: side,
            h: side,
        },
        score: None,
        landmarks: Vec::new(),
        encoding: Some(Encoding::new(numbers)),
        quality: 1.0,
        upright: true,
    }
}
