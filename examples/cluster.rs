//! Groups the faces of photos without any names: two faces are of one person if their encodings are
//! near.
//!
//! cargo run --release --example cluster -- known/*.jpg unknown/*.jpg

use facematch::engine::Encoding;
use facematch::{EngineParams, Facematch};

/// Largest distance between a face and the first face of its group. Smaller than the threshold of a
/// match, because no person checks the groups.
const SAME_PERSON: f32 = 0.5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut facematch = Facematch::new(&EngineParams::default())?;
    let mut groups: Vec<(Encoding, Vec<String>)> = Vec::new();
    for photo in std::env::args().skip(1) {
        for face in facematch.faces(&photo)? {
            let Some(encoding) = face.encoding else {
                continue;
            };
            let place = format!("{photo} at ({}, {})", face.bounds.x, face.bounds.y);
            let near = |(first, _): &&mut (Encoding, _)| first.distance(&encoding) <= SAME_PERSON;
            match groups.iter_mut().find(near) {
                Some((_, faces)) => faces.push(place),
                None => groups.push((encoding, vec![place])),
            }
        }
    }
    groups.sort_by_key(|(_, faces)| std::cmp::Reverse(faces.len()));
    for (number, (_, faces)) in groups.iter().enumerate() {
        println!("person {}: {}", number + 1, faces.join(", "));
    }
    Ok(())
}
