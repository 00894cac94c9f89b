use image::{Rgb, RgbImage};

use super::*;
use crate::models::hog_filters::PLANES;

/// Returns a picture for which dlib's features are known; see [`DLIB`].
fn picture() -> RgbImage {
    RgbImage::from_fn(45, 37, |x, y| {
        let channel = |c: u32| ((x * x * 3 + y * y * 5 + x * y * (c + 1) + c * 40) / 7 % 256) as u8;
        Rgb([channel(0), channel(1), channel(2)])
    })
}

/// Features that dlib 19.24 (SSE2) computes for the fourth cell with features in the rows 0 and 2.
const DLIB: [[f32; PLANES]; 2] = [
    [
        0.0, 0.0, 0.170729, 0.0, 0.0, 0.0, 0.0, 0.0, 0.118255, 0.019263, 0.0, 0.4, 0.018621, 0.0,
        0.0, 0.000383, 0.0, 0.0, 0.019263, 0.0, 0.4, 0.018621, 0.0, 0.0, 0.000383, 0.0, 0.118255,
        0.083880, 0.095736, 0.077091, 0.086119,
    ],
    [
        0.0, 0.0, 0.026087, 0.067092, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.4, 0.0, 0.0, 0.011410,
        0.153490, 0.0, 0.0, 0.0, 0.0, 0.4, 0.067092, 0.0, 0.011410, 0.153490, 0.0, 0.0, 0.084527,
        0.075550, 0.079175, 0.070965,
    ],
];

fn extracted(level: SimdLevel, image: &RgbImage) -> FeatureMap {
    let mut planes = Planes::default();
    planes.set_image(image);
    let mut map = FeatureMap::default();
    FeatureExtractor::new(level).extract(&planes, &mut map);
    map
}

#[test]
fn features_are_those_of_dlib() {
    for level in SimdLevel::available() {
        let map = extracted(level, &picture());
        assert_eq!((map.columns(), map.rows()), (4, 3));
        for (row, expected) in [0, 2].into_iter().zip(DLIB) {
            for (plane, expected) in expected.into_iter().enumerate() {
                let found = map.cells[row * map.columns() + 3].feature(plane);
                let difference = (found - expected).abs();
                assert!(difference < 2e-6, "{level} {row} {plane} {found}");
            }
        }
    }
}

#[test]
fn a_tile_is_a_part_of_the_map_with_zeros_around() {
    let (columns, rows) = (40, 30);
    let cells = (0..columns * rows).map(|number| Cell::of(1.0 + number as f32));
    let map = FeatureMap {
        columns,
        rows,
        cells: cells.collect(),
        row: Vec::new(),
    };
    for first in [[0, 0], [3, 29], [39, 1], [7, 10], [30, 23]] {
        let mut tile = [[Cell::of(-1.0); TILE]; TILE];
        map.copy_tile(first, tile.iter_mut());
        for (y, row) in tile.iter().enumerate() {
            for (x, cell) in row.iter().enumerate() {
                let place = [first[0] + x, first[1] + y].map(|place| place.wrapping_sub(BEFORE));
                let expected = if place[0] < columns && place[1] < rows {
                    map.cells[place[1] * columns + place[0]]
                } else {
                    Cell::ZERO
                };
                assert_eq!(*cell, expected, "{first:?} {x} {y}");
            }
        }
    }
}

#[test]
fn an_extractor_serves_for_images_of_any_size() {
    let mut extractor = FeatureExtractor::new(SimdLevel::best());
    let (mut planes, mut map) = (Planes::default(), FeatureMap::default());
    let large = extracted(SimdLevel::best(), &picture());
    for (width, height) in [
        (45, 37),
        (200, 9),
        (3, 3),
        (19, 400),
        (20, 20),
        (0, 0),
        (45, 37),
    ] {
        let image = image::imageops::crop_imm(&picture(), 0, 0, width, height).to_image();
        let image = if image.dimensions() == (width, height) {
            image
        } else {
            RgbImage::new(width, height)
        };
        planes.set_image(&image);
        extractor.extract(&planes, &mut map);
        let cells = |pixels: u32| ((pixels + 4) / 8).saturating_sub(2) as usize;
        let expected = match (cells(width), cells(height)) {
            (0, _) | (_, 0) => (0, 0),
            size => size,
        };
        assert_eq!((map.columns(), map.rows()), expected, "{width} {height}");
    }
    assert_eq!(map.cells[..large.cells.len()], large.cells);
}

#[test]
fn a_flat_image_has_no_features() {
    let map = extracted(
        SimdLevel::best(),
        &RgbImage::from_pixel(80, 80, Rgb([1, 2, 3])),
    );
    assert!(map.cells.iter().all(|cell| *cell == Cell::ZERO));
}
