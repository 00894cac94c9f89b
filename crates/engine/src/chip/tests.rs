//! Chips of synthetic faces in synthetic images. For chips of real faces, see
//! `tests/library/chips.rs`.

use proptest::prelude::*;

use super::*;

const FIVE: LandmarkModel = LandmarkModel::FivePoint;
const BOX: Rect = Rect {
    left: 100,
    top: 100,
    right: 299,
    bottom: 299,
};

/// Returns landmarks exactly like those of the mean face, so that the chip is the square of `side`
/// about `centre`.
fn face(model: LandmarkModel, centre: Point, side: f64, angle: f64) -> Landmarks {
    let unit = |mean: f64| (CHIP_PADDING + mean) / (2.0 * CHIP_PADDING + 1.0);
    let map = Affine::similarity(Point::new(0.5, 0.5), centre, side, angle, false);
    let mut points = vec![centre; model.point_count()];
    for &(index, mean) in mean_face::of_model(model) {
        points[index] = map.apply(Point::new(unit(mean.x), unit(mean.y)));
    }
    Landmarks {
        model,
        rect: BOX,
        points,
    }
}

fn geometry_of(landmarks: &Landmarks) -> Result<ChipGeometry, EngineError> {
    ChipGeometry::of_face(landmarks, CHIP_SIZE, CHIP_PADDING)
}

fn square(x: f64, y: f64, side: f64, angle: f64, size: u32) -> ChipGeometry {
    ChipGeometry::new(Point::new(x, y), side, angle, size).unwrap()
}

fn one_chip(image: &RgbImage, geometry: ChipGeometry) -> RgbImage {
    extract_chips(image, &[geometry]).remove(0)
}

/// Returns an image whose red is x and green is y, so that a pixel reveals its origin.
fn slopes() -> RgbImage {
    RgbImage::from_fn(256, 256, |x, y| Rgb([x as u8, y as u8, 200]))
}

#[test]
fn a_face_like_the_mean_face_has_the_square_it_was_made_for() {
    for model in LandmarkModel::ALL {
        for (side, angle) in [(150.0, 0.0), (260.5, 0.3), (71.0, -1.2), (90.0, 3.0)] {
            let centre = Point::new(190.25, 210.5);
            let geometry = geometry_of(&face(model, centre, side, angle)).unwrap();
            assert!((geometry.centre().x - centre.x).abs() < 1e-9);
            assert!((geometry.centre().y - centre.y).abs() < 1e-9);
            assert!((geometry.side() - side).abs() < 1e-9);
            assert!((geometry.angle() - angle).abs() < 1e-9);
            assert_eq!(geometry.size(), CHIP_SIZE);
        }
    }
}

#[test]
fn a_face_at_the_places_of_arcface_has_the_image_itself_as_its_chip() {
    let template = [
        (38.2946, 51.6963),
        (73.5318, 51.5014),
        (56.0252, 71.7366),
        (41.5493, 92.3655),
        (70.7299, 92.2041),
    ];
    let mut landmarks = Landmarks {
        model: LandmarkModel::Retinaface,
        rect: BOX,
        points: template.map(|(x, y)| Point::new(x, y)).to_vec(),
    };
    let geometry = ChipGeometry::of_arcface(&landmarks).unwrap();
    let image = slopes();
    let chip = one_chip(&image, geometry);
    assert_eq!(chip.dimensions(), (112, 112));
    for (x, y, pixel) in chip.enumerate_pixels().filter(|(x, y, _)| *x > 0 && *y > 0) {
        let expected = image.get_pixel(x, y).0;
        let differences = [0, 1, 2].map(|channel| pixel[channel].abs_diff(expected[channel]));
        assert!(
            differences.iter().all(|difference| *difference <= 1),
            "{x} {y} {pixel:?}"
        );
    }
    landmarks.model = FIVE;
    let foreign = ChipGeometry::of_arcface(&landmarks);
    assert_eq!(foreign, Err(EngineError::ForeignLandmarks));
    landmarks.model = LandmarkModel::Retinaface;
    landmarks.points.truncate(4);
    let implausible = ChipGeometry::of_arcface(&landmarks);
    assert_eq!(implausible, Err(EngineError::ImplausibleLandmarks));
}

#[test]
fn more_padding_makes_the_square_larger() {
    let landmarks = face(FIVE, Point::new(200.0, 200.0), 150.0, 0.0);
    let wide = ChipGeometry::of_face(&landmarks, CHIP_SIZE, 0.5).unwrap();
    assert!((wide.side() - 200.0).abs() < 1e-9);
}

#[test]
fn landmarks_that_cannot_be_a_face_are_refused() {
    let good = face(FIVE, Point::new(200.0, 200.0), 180.0, 0.0);
    assert!(geometry_of(&good).is_ok());
    let with_point = |x: f64, y: f64| {
        let mut landmarks = good.clone();
        landmarks.points[2] = Point::new(x, y);
        landmarks
    };
    let with_rect = |left: i64, right: i64| Landmarks {
        rect: Rect { left, right, ..BOX },
        ..good.clone()
    };
    let with_points = |points: Vec<Point>| Landmarks {
        points,
        ..good.clone()
    };
    let bad = [
        with_points(good.points[..4].to_vec()),
        with_points(vec![]),
        with_points(vec![Point::new(200.0, 200.0); 5]),
        with_points(vec![Point::new(200.0, 200.0); 68]),
        face(FIVE, Point::new(200.0, 200.0), 0.9, 0.0),
        with_point(f64::NAN, 200.0),
        with_point(200.0, f64::NEG_INFINITY),
        with_point(200.0, 1000.5),
        with_point(-601.0, 200.0),
        with_rect(300, 299),
        with_rect(i64::MIN, i64::MAX),
        with_rect(0, 1 << 40),
    ];
    for landmarks in bad {
        assert_eq!(
            geometry_of(&landmarks),
            Err(EngineError::ImplausibleLandmarks),
            "{landmarks:?}"
        );
    }
    // Just within four sides of 200 pixels.
    assert!(geometry_of(&with_point(200.0, 999.0)).is_ok());
}

#[test]
fn a_size_or_padding_out_of_range_is_refused() {
    let landmarks = face(FIVE, Point::new(200.0, 200.0), 180.0, 0.0);
    for (size, padding) in [
        (0, 0.25),
        (1, 0.25),
        (u32::MAX, 0.25),
        (150, -0.1),
        (150, f64::NAN),
        (150, f64::INFINITY),
    ] {
        assert!(ChipGeometry::of_face(&landmarks, size, padding).is_err());
    }
}

#[test]
fn an_upright_chip_of_the_same_size_is_a_copy() {
    let image = slopes();
    let chip = one_chip(&image, square(104.5, 204.5, 10.0, 0.0, 10));
    assert_eq!(
        chip,
        image::imageops::crop_imm(&image, 100, 200, 10, 10).to_image()
    );
}

#[test]
fn a_copy_that_leaves_the_image_is_black_there() {
    let image = RgbImage::from_pixel(20, 20, Rgb([9, 8, 7]));
    let chip = one_chip(&image, square(0.5, 18.5, 10.0, 0.0, 10));
    for (x, y, pixel) in chip.enumerate_pixels() {
        let inside = x >= 4 && y < 6;
        assert_eq!(pixel.0, if inside { [9, 8, 7] } else { [0; 3] }, "{x} {y}");
    }
}

#[test]
fn chips_of_every_scale_and_turn_show_the_place_that_they_are_said_to() {
    let image = slopes();
    // Enlarged; halved; and from one and two levels of the pyramid.
    for (side, depth) in [(20.0, 0), (58.0, 0), (100.0, 1), (160.0, 2)] {
        for angle in [0.0, 0.4, -2.0] {
            let geometry = square(128.2, 125.7, side, angle, 30);
            assert_eq!(geometry.depth(), depth);
            let (map, chip) = (geometry.to_photo(), one_chip(&image, geometry));
            for (x, y, pixel) in chip.enumerate_pixels() {
                let place = map.apply(Point::new(f64::from(x), f64::from(y)));
                let cut_off = [place.x, place.y].map(|at| (at + 1e-6).floor() as u8);
                // Rounding errors can change a level where the place is a whole number.
                assert!(pixel.0[0] == cut_off[0] || (place.x - place.x.round()).abs() < 1e-6);
                assert!(pixel.0[1] == cut_off[1] || (place.y - place.y.round()).abs() < 1e-6);
            }
        }
    }
}

#[test]
fn a_scaled_chip_that_leaves_the_image_is_black_there() {
    let image = RgbImage::from_pixel(400, 400, Rgb([200; 3]));
    for side in [120.0, 700.0] {
        // The lower right quarter of the chip is inside.
        let chip = one_chip(&image, square(0.0, 0.0, side, 0.0, 150));
        assert_eq!(chip.get_pixel(20, 130).0, [0; 3]);
        assert_eq!(chip.get_pixel(130, 20).0, [0; 3]);
        assert!(chip.get_pixel(90, 90).0[0] >= 199);
    }
}

#[test]
fn chips_off_the_image_and_images_without_pixels_give_black() {
    let off = [
        square(-5000.0, 50.0, 200.0, 0.3, 150),
        square(50.0, 1e9, 2e9, 0.3, 150),
        square(-2e9, -2e9, 150.0, 0.0, 150),
    ];
    for image in [
        RgbImage::from_pixel(99, 77, Rgb([255; 3])),
        RgbImage::new(0, 0),
        RgbImage::new(1, 1),
    ] {
        for chip in extract_chips(&image, &off[..2])
            .into_iter()
            .chain(extract_chips(&image, &off))
        {
            assert_eq!(chip.dimensions(), (150, 150));
            assert!(chip.iter().all(|&sample| sample == 0));
        }
    }
    assert!(extract_chips(&slopes(), &[]).is_empty());
}

#[test]
fn chips_come_in_the_order_of_their_geometries() {
    let image = slopes();
    let set = [
        square(100.0, 100.0, 150.0, 0.1, 50),
        square(200.0, 200.0, 62.0, 0.1, 60),
    ];
    let chips = extract_chips(&image, &set);
    assert_eq!(
        chips.iter().map(RgbImage::width).collect::<Vec<_>>(),
        [50, 60]
    );
    for (chip, geometry) in chips.iter().zip(set) {
        let alone = one_chip(&image, geometry);
        // Another pyramid, but the same place.
        assert!(
            chip.iter()
                .zip(alone.iter())
                .all(|(a, b)| a.abs_diff(*b) <= 1)
        );
    }
}

/// Returns coordinates as a broken model might give them: near, far, infinite and NaN.
fn coordinate() -> impl Strategy<Value = f64> {
    prop_oneof![99 => -300.0..700.0_f64, 1 => any::<f64>()]
}

/// Returns edges of boxes, likewise.
fn edge() -> impl Strategy<Value = i64> {
    prop_oneof![9 => -200..600_i64, 1 => any::<i64>()]
}

proptest! {
    #[test]
    fn no_landmarks_make_it_panic(
        edges in prop::array::uniform4(edge()),
        points in prop::collection::vec((coordinate(), coordinate()), 68),
        model in prop::sample::select(LandmarkModel::ALL.to_vec()),
        count in prop::sample::select(vec![0_usize, 4, 5, 5, 5, 68, 68]),
        size in 2..40_u32,
    ) {
        let [left, top, right, bottom] = edges;
        let landmarks = Landmarks {
            model,
            rect: Rect { left, top, right, bottom },
            points: points.iter().take(count).map(|&(x, y)| Point::new(x, y)).collect(),
        };
        if let Ok(geometry) = ChipGeometry::of_face(&landmarks, size, CHIP_PADDING) {
            let image = RgbImage::from_pixel(40, 30, Rgb([255; 3]));
            prop_assert!(geometry.side() >= 1.0 && geometry.side().is_finite());
            prop_assert_eq!(one_chip(&image, geometry).dimensions(), (size, size));
        }
    }
}

/// Returns noise on slopes, from a linear congruential generator.
fn noise() -> RgbImage {
    let mut state = 1_u32;
    RgbImage::from_fn(900, 700, |x, y| {
        Rgb([1, 2, 3].map(|channel| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 24) / 2 + (x * channel + y * 2) % 128) as u8
        }))
    })
}

/// The expected values are a few pixels of the chips that `extract_image_chips` of dlib 19.24 cuts
/// from the same noise. The set has chips from the photo and from two levels of the pyramid, two
/// that extend beyond the photo, and a plain copy.
#[test]
fn a_set_of_chips_is_that_of_dlib() {
    type Pixels = [(u32, u32, [u8; 3]); 3];
    let expected: [(ChipGeometry, Pixels); 6] = [
        (
            square(300.3, 310.7, 400.0, 0.3, 150),
            [
                (75, 50, [99, 179, 110]),
                (130, 110, [76, 111, 134]),
                (30, 145, [75, 60, 111]),
            ],
        ),
        (
            square(600.1, 150.2, 120.0, -1.1, 150),
            [
                (75, 50, [181, 161, 162]),
                (130, 110, [176, 61, 92]),
                (30, 145, [94, 95, 64]),
            ],
        ),
        (
            square(500.9, 500.4, 810.5, 2.9, 150),
            [
                (0, 0, [0, 0, 0]),
                (75, 50, [118, 80, 100]),
                (30, 145, [81, 78, 86]),
            ],
        ),
        (
            square(-50.0, 20.0, 500.0, 0.05, 150),
            [
                (75, 50, [0, 0, 0]),
                (130, 110, [117, 95, 109]),
                (149, 149, [179, 115, 173]),
            ],
        ),
        (
            square(100.4, 100.6, 150.0, 0.0, 150),
            [
                (0, 0, [182, 220, 16]),
                (75, 50, [226, 167, 181]),
                (149, 149, [114, 62, 194]),
            ],
        ),
        (
            square(850.5, 650.5, 650.0, -0.7, 100),
            [
                (0, 0, [140, 145, 157]),
                (50, 33, [148, 78, 83]),
                (99, 99, [0, 0, 0]),
            ],
        ),
    ];
    let set = expected.map(|(geometry, _)| geometry);
    assert_eq!(set.map(|geometry| geometry.depth()), [1, 0, 2, 1, 0, 2]);
    let chips = extract_chips(&noise(), &set);
    for (index, (chip, (_, pixels))) in chips.iter().zip(expected).enumerate() {
        for (x, y, pixel) in pixels {
            let differences: [u8; 3] =
                std::array::from_fn(|i| chip.get_pixel(x, y).0[i].abs_diff(pixel[i]));
            // Tolerates one level, for a sine that differs in its last digit.
            assert!(
                differences.iter().all(|&levels| levels <= 1),
                "chip {index} at {x}, {y}: {differences:?}"
            );
        }
    }
}
