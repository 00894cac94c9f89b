//! The stages of the native engine on the sample photos, for each level of vector instructions:
//! `cargo bench --bench stages`.

#![allow(
    missing_docs,
    reason = "criterion makes functions without documentation"
)]
#![allow(
    clippy::expect_used,
    reason = "a benchmark says what is missing by failing"
)]

use std::path::Path;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use facematch::engine::models::mobilefacenet::{CHIP_SIZE, read_mobilefacenet};
use facematch::engine::models::{ModelSource, ShippedModel};
use facematch::engine::native::mobilefacenet::MobilefacenetEncoder;
use facematch::engine::{Detector, EngineParams, FaceEngine, NativeEngine, SimdLevel};
use facematch_image_files::decode_for_copy;
use image::imageops::flip_horizontal;
use image::{Rgb, RgbImage};

/// Working width of the program.
const WIDTH: u32 = 500;

fn photo() -> RgbImage {
    let path = Path::new("unknown/obama2.jpg");
    let bytes = std::fs::read(path).expect("the sample photo is there");
    decode_for_copy(path, &bytes, WIDTH)
        .and_then(|decoded| decoded.upright_copy(path, WIDTH))
        .expect("the sample photo can be read")
}

fn engine(detector: Detector, upsample: u32, simd: SimdLevel) -> NativeEngine {
    let mut params = EngineParams::new("models");
    params.detector = detector;
    params.upsample = upsample;
    params.simd = simd;
    NativeEngine::load(&params).expect("the models can be read")
}

fn decoding(criterion: &mut Criterion) {
    criterion.bench_function("decode and resize", |bencher| bencher.iter(photo));
}

fn detection(criterion: &mut Criterion) {
    let photo = photo();
    let mut group = criterion.benchmark_group("detection");
    group.sample_size(20);
    for level in SimdLevel::available() {
        for (name, detector, upsample) in [
            ("HOG, upsample 1", Detector::Hog, 1),
            ("CNN, upsample 0", Detector::Cnn, 0),
        ] {
            let mut engine = engine(detector, upsample, level);
            group.bench_function(BenchmarkId::new(name, level.name()), |bencher| {
                bencher.iter(|| engine.detect(&photo));
            });
        }
    }
    group.finish();
}

fn faces(criterion: &mut Criterion) {
    let photo = photo();
    let mut group = criterion.benchmark_group("faces");
    group.sample_size(30);
    for level in SimdLevel::available() {
        let mut engine = engine(Detector::Hog, 1, level);
        let detections = engine.detect(&photo).expect("the photo is small enough");
        group.bench_function(BenchmarkId::new("landmarks", level.name()), |bencher| {
            bencher.iter(|| engine.landmarks(&photo, &detections));
        });
        let landmarks = engine.landmarks(&photo, &detections);
        let landmarks: Vec<_> = landmarks.into_iter().flatten().flatten().collect();
        group.bench_function(
            BenchmarkId::new("encode one face", level.name()),
            |bencher| {
                bencher.iter(|| engine.encode(&photo, &landmarks[..1]));
            },
        );
        let eight = vec![landmarks[0].clone(); 8];
        group.bench_function(
            BenchmarkId::new("encode eight faces", level.name()),
            |bencher| {
                bencher.iter(|| engine.encode(&photo, &eight));
            },
        );
    }
    group.finish();
}

fn mobilefacenet(criterion: &mut Criterion) {
    let models = ModelSource::from("models");
    let model = models
        .load(ShippedModel::Mobilefacenet, read_mobilefacenet)
        .expect("the model can be read");
    let chip = RgbImage::from_fn(CHIP_SIZE, CHIP_SIZE, |x, y| {
        Rgb([x * 7 + y, y * 5 + x, x * y].map(|number| number as u8))
    });
    let pair = [chip.clone(), flip_horizontal(&chip)];
    let mut group = criterion.benchmark_group("MobileFaceNet");
    group.sample_size(30);
    for level in SimdLevel::available() {
        let mut encoder = MobilefacenetEncoder::new(&model, level);
        let id = BenchmarkId::new("a face and its mirror image", level.name());
        group.bench_function(id, |bencher| bencher.iter(|| encoder.encode(&pair)));
    }
    group.finish();
}

fn start(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("start");
    group.sample_size(20);
    let params = EngineParams::new("models");
    group.bench_function("load the engine", |bencher| {
        bencher.iter(|| NativeEngine::load(&params).is_ok());
    });
    // The cost of the first face of a run, which includes reading and packing the encoder's
    // weights.
    let photo = photo();
    let mut engine = engine(Detector::Hog, 1, params.simd);
    let detections = engine.detect(&photo).expect("the photo is small enough");
    let landmarks = engine.landmarks(&photo, &detections);
    let landmarks: Vec<_> = landmarks.into_iter().flatten().flatten().collect();
    group.bench_function("load the engine and encode one face", |bencher| {
        bencher.iter(|| {
            let mut engine = NativeEngine::load(&params).expect("the models can be read");
            engine.encode(&photo, &landmarks[..1]).is_ok()
        });
    });
    group.finish();
}

criterion_group!(benches, decoding, detection, faces, mobilefacenet, start);
criterion_main!(benches);
