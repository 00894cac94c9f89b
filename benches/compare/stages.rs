//! The stages of the engines, in one process.

use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use facematch::engine::{self, Detector, EngineParams, FaceEngine};
use facematch_image_files::decode_for_copy;
use image::RgbImage;

use super::{ENGINES, print_row};

/// Working width.
const WIDTH: u32 = 500;

/// Prints a row for each stage, the mean of all `photos` that can be read; the best of `rounds`
/// runs each.
pub(super) fn compare(photos: &[PathBuf], rounds: usize) -> Result<(), Box<dyn Error>> {
    let images: Vec<RgbImage> = photos
        .iter()
        .filter_map(|path| working_copy(path))
        .collect();
    let mut hog = engines(Detector::Hog, 1)?;
    let count = images.len() as f64;
    let row = |what: &str, [native, dlib]: [f64; 2], count: f64| {
        print_row(what, [native / count, dlib / count]);
    };
    let mut detection = [0.0; 2];
    let mut landmarks = [0.0; 2];
    let mut encoding = [0.0; 2];
    let mut faces = 0.0;
    for image in &images {
        add(
            &mut detection,
            fastest(rounds, &mut hog, |engine| {
                Ok(black_box(engine.detect(image)?).len())
            })?,
        );
        let detections = hog[0].detect(image)?;
        for detection in detections.iter().take(1) {
            let face = std::slice::from_ref(detection);
            add(
                &mut landmarks,
                fastest(rounds, &mut hog, |engine| {
                    Ok(black_box(engine.landmarks(image, face)?).len())
                })?,
            );
            let found: Vec<_> = hog[0]
                .landmarks(image, face)?
                .into_iter()
                .flatten()
                .collect();
            add(
                &mut encoding,
                fastest(rounds, &mut hog, |engine| {
                    Ok(black_box(engine.encode(image, &found)?).len())
                })?,
            );
            faces += 1.0;
        }
    }
    row("HOG detector, upsample 1, a photo", detection, count);
    row("landmarks (5), a face", landmarks, faces);
    row("chip and encoding, one face", encoding, faces);
    let mut cnn = engines(Detector::Cnn, 0)?;
    let mut detection = [0.0; 2];
    for image in &images {
        add(
            &mut detection,
            fastest(rounds, &mut cnn, |engine| {
                Ok(black_box(engine.detect(image)?).len())
            })?,
        );
    }
    row("CNN detector, upsample 0, a photo", detection, count);
    Ok(())
}

fn working_copy(path: &Path) -> Option<RgbImage> {
    let decoded = decode_for_copy(path, &std::fs::read(path).ok()?, WIDTH).ok()?;
    decoded.upright_copy(path, WIDTH).ok()
}

fn engines(detector: Detector, upsample: u32) -> Result<[Box<dyn FaceEngine>; 2], Box<dyn Error>> {
    let load = |kind| {
        let mut params = EngineParams::new("models");
        params.kind = kind;
        params.detector = detector;
        params.upsample = upsample;
        engine::load(&params)
    };
    let [native, dlib] = ENGINES.map(load);
    Ok([native?, dlib?])
}

/// Returns the milliseconds of the fastest of `rounds` runs of `work`, for each engine. A run
/// before them does not count, because some models are read when they are first needed.
fn fastest(
    rounds: usize,
    engines: &mut [Box<dyn FaceEngine>; 2],
    work: impl Fn(&mut dyn FaceEngine) -> Result<usize, Box<dyn Error>>,
) -> Result<[f64; 2], Box<dyn Error>> {
    for engine in engines.iter_mut() {
        work(engine.as_mut())?;
    }
    let mut fastest = [f64::INFINITY; 2];
    for _ in 0..rounds {
        for (engine, fastest) in engines.iter_mut().zip(&mut fastest) {
            let start = Instant::now();
            work(engine.as_mut())?;
            *fastest = fastest.min(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    Ok(fastest)
}

fn add(sums: &mut [f64; 2], times: [f64; 2]) {
    sums.iter_mut()
        .zip(times)
        .for_each(|(sum, time)| *sum += time);
}
