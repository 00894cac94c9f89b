//! Prints the box and the landmarks of each face in photos.
//!
//! cargo run --release --example find_faces -- unknown/obama2.jpg

use facematch::{EngineParams, Facematch};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut facematch = Facematch::new(&EngineParams::default())?;
    for photo in std::env::args().skip(1) {
        for face in facematch.faces(&photo)? {
            let (bounds, points) = (face.bounds, face.landmarks.len());
            println!(
                "{photo}: {}x{} pixels at ({}, {}), {points} landmarks",
                bounds.w, bounds.h, bounds.x, bounds.y
            );
        }
    }
    Ok(())
}
