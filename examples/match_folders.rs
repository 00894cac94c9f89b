//! Prints who of one folder is in the photos of another, on all cores.
//!
//! cargo run --release --example match_folders -- known unknown

use std::ops::ControlFlow;
use std::path::Path;

use facematch::batch::{self, WalkOptions, walk};
use facematch::engine::FaceEngine;
use facematch::matching::identify_faces;
use facematch::photo::{PhotoSettings, find_faces};
use facematch::{EngineParams, Facematch, Rules};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut folders = std::env::args_os().skip(1);
    let (Some(known), Some(unknown)) = (folders.next(), folders.next()) else {
        return Err("give a folder of known people and a folder of photos".into());
    };
    let (settings, rules) = (PhotoSettings::default(), Rules::default());
    let facematch = Facematch::with_settings(&EngineParams::default(), settings)?;
    let known = facematch.known_people(known)?;
    for error in &known.errors {
        eprintln!("{error}");
    }

    let photos = walk(&[unknown.into()], &WalkOptions::default()).list;
    let mut engines = facematch.engines(photos.len());
    let work = |engine: &mut dyn FaceEngine, path: &Path| find_faces(path, &settings, engine);
    batch::run(&photos, &mut engines, work, |path, result| {
        match result {
            Ok(photo) => {
                let faces = photo.faces.iter().map(|found| &found.face);
                for identity in identify_faces(&known.gallery, faces, &rules) {
                    let name = identity.name().unwrap_or("unknown");
                    println!("{}\t{name}\t{:?}", path.display(), identity.distance());
                }
            }
            Err(error) => eprintln!("{error}"),
        }
        ControlFlow::Continue(())
    })?;
    Ok(())
}
