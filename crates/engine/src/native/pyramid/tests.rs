use image::Rgb;

use super::*;

fn rect(left: i64, top: i64, right: i64, bottom: i64) -> Rect {
    Rect {
        left,
        top,
        right,
        bottom,
    }
}

#[test]
fn boxes_map_as_in_dlib() {
    // 10 * 1.2 + 0.3 = 12.3; 12.3 * 1.2 + 0.3 = 15.06
    assert_eq!(mapped_up(rect(10, 10, 20, 20), 1).left, 12);
    assert_eq!(mapped_up(rect(10, 10, 20, 20), 2), rect(15, 15, 29, 29));
    // (0 - 0.3) * 5/6 = -0.25; (999 - 0.3) * 5/6 = 832.25
    assert_eq!(mapped_below(rect(0, 0, 999, 585)), rect(0, 0, 832, 487));
}

#[test]
fn sizes_are_those_of_dlib() {
    assert_eq!(size_below((1000, 586)), (833, 488));
    assert_eq!(size_below((1, 0)), (0, 0));
}

#[test]
fn a_flat_image_stays_flat_and_channels_stay_apart() {
    let image = RgbImage::from_pixel(37, 20, Rgb([10, 128, 255]));
    for level in SimdLevel::available() {
        let resizer = Resizer::new(level);
        let (mut planes, mut spare) = (Planes::default(), Planes::default());
        resizer.upsample(&image, 2, &mut planes, &mut spare);
        assert_eq!((planes.width(), planes.height()), (154, 83));
        resizer.resize(&planes, size_below((154, 83)), &mut spare);
        for y in 0..spare.height() {
            for (row, value) in spare.rows(y).into_iter().zip([10, 128, 255]) {
                // The shares may add up to slightly less than 1, and each of the three copies
                // truncates the fraction.
                let near = |pixel: &u8| value - pixel <= 3;
                assert!(row[..spare.width()].iter().all(near), "{level} {y}");
            }
        }
    }
}

#[test]
fn empty_images_do_no_harm() {
    let (mut planes, mut spare) = (Planes::default(), Planes::default());
    let resizer = Resizer::new(SimdLevel::best());
    resizer.upsample(&RgbImage::new(0, 0), 1, &mut planes, &mut spare);
    assert_eq!((planes.width(), planes.height()), (2, 1));
    resizer.resize(&planes, (0, 0), &mut spare);
    assert_eq!(spare.height(), 0);
}

/// Returns the 64-bit FNV-1a hash of the pixels as red, green, blue, row by row.
fn fingerprint(planes: &Planes) -> u64 {
    let mut hash = 1_469_598_103_934_665_603_u64;
    for y in 0..planes.height() {
        for x in 0..planes.width() {
            for row in planes.rows(y) {
                hash = (hash ^ u64::from(row[x])).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    hash
}

#[test]
fn copies_are_those_of_dlib_to_the_last_byte() {
    let image = RgbImage::from_fn(45, 37, |x, y| {
        let channel = |c: u32| ((x * x * 3 + y * y * 5 + x * y * (c + 1) + c * 40) / 7 % 256) as u8;
        Rgb([channel(0), channel(1), channel(2)])
    });
    for level in SimdLevel::available() {
        let resizer = Resizer::new(level);
        let (mut planes, mut other) = (Planes::default(), Planes::default());
        planes.set_image(&image);
        resizer.resize(&planes, size_below((45, 37)), &mut other);
        assert_eq!((other.width(), other.height()), (37, 30));
        // Computed with dlib 19.24: `pyramid_down<6>`, and `pyramid_up` with `pyramid_down<2>`.
        assert_eq!(fingerprint(&other), DOWN, "{level}");
        resizer.upsample(&image, 1, &mut planes, &mut other);
        assert_eq!((planes.width(), planes.height()), (92, 75));
        assert_eq!(fingerprint(&planes), UP, "{level}");
    }
}

const DOWN: u64 = 12_994_178_759_768_827_348;
const UP: u64 = 6_999_186_880_725_950_809;
