//! The nearest person in galleries of 1,000 to 1,000,000 faces, for one face and for eight of one
//! photo, on one core: `cargo bench --bench gallery`. Times are those of all faces together.
//!
//! - `search`: the program's search, for each level of vector instructions;
//! - `eight lanes`: every row compared with `distance`, face by face;
//! - `scalar`: every row compared number by number, face by face.
//!
//! The encodings resemble dlib's: those of two people are about 0.8 apart, those of one person
//! about 0.35.

#![allow(
    missing_docs,
    reason = "criterion makes functions without documentation"
)]

use std::path::Path;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use facematch::engine::{ENCODING_LEN, Encoding, SimdLevel, distance};
use facematch::gallery::{Gallery, GalleryBuilder};
use facematch::geometry::PixelBox;

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// Number of known photos per person.
const PHOTOS: usize = 4;

/// Standard deviations of each number, between people and between photos of one person.
const OF_PEOPLE: f32 = 0.05;
const OF_PHOTOS: f32 = 0.022;

/// Pseudorandom numbers with a normal distribution.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        // The sum of four uniform numbers.
        let mut sum = 0.0;
        for _ in 0..4 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            sum += (self.0 >> 40) as f32 / (1 << 24) as f32 - 0.5;
        }
        sum * 3.0_f32.sqrt()
    }

    fn around(&mut self, centre: &[f32; ENCODING_LEN], deviation: f32) -> [f32; ENCODING_LEN] {
        std::array::from_fn(|i| centre[i] + deviation * self.next())
    }
}

/// Returns a gallery, and faces of which every other one is known.
fn gallery(size: usize, level: SimdLevel) -> (Gallery, Vec<Encoding>) {
    let mut noise = Noise(1);
    let mean = noise.around(&[0.0; ENCODING_LEN], 0.1);
    let mut builder = GalleryBuilder::new(level);
    let mut faces = Vec::new();
    let bounds = PixelBox {
        x: 0,
        y: 0,
        w: 1,
        h: 1,
    };
    for person in 0..size / PHOTOS {
        let centre = noise.around(&mean, OF_PEOPLE);
        let name = person.to_string();
        for _ in 0..PHOTOS {
            let encoding = Encoding::new(noise.around(&centre, OF_PHOTOS));
            builder.add_encoding(&name, Path::new("photo.jpg"), bounds, &encoding);
        }
        if faces.len() < 8 && person % (size / PHOTOS / 5) == 7 {
            faces.push(Encoding::new(noise.around(&centre, OF_PHOTOS)));
            faces.push(Encoding::new(noise.around(&mean, OF_PEOPLE)));
        }
    }
    (builder.build(), faces)
}

/// Returns the smallest distance that `distance` finds.
fn nearest(gallery: &Gallery, face: &Encoding, distance: impl Fn(&[f32], &[f32]) -> f32) -> f32 {
    gallery
        .known_faces()
        .map(|known| distance(face.values(), known.encoding))
        .fold(f32::INFINITY, f32::min)
}

/// Computes the distance number by number.
fn scalar_distance(a: &[f32], b: &[f32]) -> f32 {
    let mut sum = 0.0;
    for (x, y) in a.iter().zip(b) {
        sum += (x - y) * (x - y);
    }
    sum.sqrt()
}

fn search(criterion: &mut Criterion) {
    for size in SIZES {
        let (_, probes) = gallery(size, SimdLevel::Scalar);
        assert_eq!(probes.len(), 8);
        for level in SimdLevel::available() {
            let (gallery, _) = gallery(size, level);
            for count in [1, 8] {
                let faces: Vec<&Encoding> = probes.iter().take(count).collect();
                let mut group = criterion.benchmark_group(format!("{size} rows, {count} faces"));
                group
                    .sample_size(10)
                    .warm_up_time(Duration::from_millis(500))
                    .measurement_time(Duration::from_secs(2));
                group.bench_function(BenchmarkId::new("search", level.name()), |bencher| {
                    bencher.iter(|| gallery.nearest_people_of_all(&faces, 1));
                });
                if level != SimdLevel::Scalar {
                    continue;
                }
                group.bench_function("eight lanes", |bencher| {
                    bencher.iter(|| {
                        let each = faces.iter().map(|face| nearest(&gallery, face, distance));
                        each.collect::<Vec<_>>()
                    });
                });
                group.bench_function("scalar", |bencher| {
                    bencher.iter(|| {
                        let each = faces
                            .iter()
                            .map(|face| nearest(&gallery, face, scalar_distance));
                        each.collect::<Vec<_>>()
                    });
                });
                group.finish();
            }
        }
    }
}

criterion_group!(benches, search);
criterion_main!(benches);
