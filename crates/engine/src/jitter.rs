//! Jitter: slightly rotated, scaled, shifted and mirrored copies of a face. Averaging the encodings
//! of several copies makes the encoding of one photo more stable.
//!
//! Input: a photo with the position of a chip (or the chip itself) and the number of the copy.
//! Output: an image of the same size. The copies are those of dlib's `jitter_image`
//! (`dlib/image_transforms/interpolation.h`) with two differences: nothing is rounded to whole
//! pixels, and the random numbers depend only on the number of the copy, while dlib draws them from
//! one generator for the whole program. The same photo therefore always gives the same encoding,
//! regardless of earlier photos and of the thread.

use std::f64::consts::PI;

use image::{Rgb, RgbImage};

use super::chip::{Affine, ChipGeometry, View};
use crate::geometry::Point;

/// Maximum rotation of a copy to either side, in radians.
const MAX_ANGLE: f64 = 3.0 * PI / 180.0;
/// Range of the height of the face in a copy, as a fraction of the copy's height.
const FACE_HEIGHT: (f64, f64) = (0.97, 0.99999);
/// Maximum shift of a copy along each axis, as a fraction of the chip's side.
const MAX_SHIFT: f64 = 0.02;
/// Assumed distance of the face from the edge of the chip, in pixels.
const BORDER: f64 = 3.0;

/// Returns a photo of the same size in which the face at `geometry` is jittered: the chip cut from
/// it at the same `geometry` is the jittered copy number `copy`, up to the blur of one more
/// interpolation.
///
/// Only the pixels that the chip is computed from change, in the box that surrounds it, so chips of
/// other faces need a photo of their own. This is for an encoder that takes photos, not chips.
/// Places outside the photo are black.
pub fn jittered(image: &RgbImage, geometry: &ChipGeometry, copy: u32) -> RgbImage {
    let jitter = Jitter::of_copy(copy).to_source(geometry.size());
    with_moved_face(image, geometry, &jitter)
}

/// Returns a photo of the same size in which the face at `geometry` is mirrored, as in
/// [`jittered`].
pub fn mirrored(image: &RgbImage, geometry: &ChipGeometry) -> RgbImage {
    let last = f64::from(geometry.size() - 1);
    let middle = Point::new(last / 2.0, last / 2.0);
    let mirror = Affine::similarity(middle, middle, 1.0, 0.0, true);
    with_moved_face(image, geometry, &mirror)
}

/// Returns a photo of the same size. Each pixel of the chip cut from it at `geometry` shows the
/// pixel of the chip of `image` at the place that `to_source` maps it to.
fn with_moved_face(image: &RgbImage, geometry: &ChipGeometry, to_source: &Affine) -> RgbImage {
    let mut photo = image.clone();
    let chip_to_photo = geometry.to_photo();
    let (Some(photo_to_chip), Some(reach)) =
        (chip_to_photo.inverse(), geometry.reach(image.dimensions()))
    else {
        // A chip of a single pixel of the photo, or one that misses the photo, has nothing to
        // jitter.
        return photo;
    };
    let map = photo_to_chip.then(to_source).then(&chip_to_photo);
    let source = View::whole(image);
    // `reach` is inside the photo, so its corners are columns and rows.
    for y in reach.top as u32..=reach.bottom as u32 {
        for x in reach.left as u32..=reach.right as u32 {
            photo.put_pixel(x, y, sampled(&source, &map, x, y));
        }
    }
    photo
}

/// Returns the jittered copy number `copy` of a square chip. Places beyond the chip's edges, a few
/// pixels at most, are black, where [`jittered`] shows the photo.
pub fn jittered_chip(chip: &RgbImage, copy: u32) -> RgbImage {
    let (width, height) = chip.dimensions();
    let map = Jitter::of_copy(copy).to_source(width);
    let source = View::whole(chip);
    RgbImage::from_fn(width, height, |x, y| sampled(&source, &map, x, y))
}

/// Returns the pixel at (`x`, `y`), rounded; black outside the source.
fn sampled(source: &View<'_>, map: &Affine, x: u32, y: u32) -> Rgb<u8> {
    let place = map.apply(Point::new(f64::from(x), f64::from(y)));
    let value = source.bilinear(place).unwrap_or_default();
    // Chips truncate the fraction, as dlib does; truncating twice would darken jittered copies.
    Rgb(value.map(|channel| channel.round() as u8))
}

/// The transformation of one copy.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Jitter {
    /// Shift to the right and downwards, from -1 to 1 times [`MAX_SHIFT`].
    shift: (f64, f64),
    /// Height of the face, within [`FACE_HEIGHT`].
    face_height: f64,
    /// Rotation in radians.
    angle: f64,
    mirrored: bool,
}

impl Jitter {
    /// Returns the jitter of copy number `copy`, always the same.
    fn of_copy(copy: u32) -> Self {
        let mut random = Random::of_copy(copy);
        Self {
            shift: (
                random.between(-MAX_SHIFT, MAX_SHIFT),
                random.between(-MAX_SHIFT, MAX_SHIFT),
            ),
            face_height: random.between(FACE_HEIGHT.0, FACE_HEIGHT.1),
            angle: random.between(-MAX_ANGLE, MAX_ANGLE),
            mirrored: random.between(0.0, 1.0) > 0.5,
        }
    }

    /// Returns the map from a pixel of the copy to its place in the original chip; both are `size`
    /// pixels wide and high.
    fn to_source(self, size: u32) -> Affine {
        let last = f64::from(size) - 1.0;
        let face = (f64::from(size) - 2.0 * BORDER).max(1.0);
        let middle = Point::new(last / 2.0, last / 2.0);
        let moved = Point::new(
            middle.x + self.shift.0 * face,
            middle.y + self.shift.1 * face,
        );
        // As in a chip, the distance between the centres of the outermost pixels is one less than
        // the side.
        let scale = (face / self.face_height - 1.0) / last.max(1.0);
        Affine::similarity(middle, moved, scale, self.angle, self.mirrored)
    }
}

/// The generator SplitMix64 (Steele, Lea and Flood, 2014): pseudorandom numbers from a counter that
/// is incremented and mixed. Small, fast, the same on every machine, and it can start anywhere in
/// its sequence.
struct Random {
    state: u64,
}

impl Random {
    /// Arbitrary, but fixed: another seed would give other copies and therefore other encodings.
    const SEED: u64 = 0x6661_6365_6d61_7463;
    /// Maximum number of random numbers per copy.
    const NUMBERS_PER_COPY: u64 = 8;
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

    /// Returns the generator for copy number `copy`, at a part of the sequence that no other copy
    /// uses.
    fn of_copy(copy: u32) -> Self {
        let used = u64::from(copy) * Self::NUMBERS_PER_COPY;
        Self {
            state: Self::SEED.wrapping_add(Self::STEP.wrapping_mul(used)),
        }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(Self::STEP);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number from `low` (included) to `high` (excluded), from the 53 highest bits of the
    /// next one.
    fn between(&mut self, low: f64, high: f64) -> f64 {
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        low + unit * (high - low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::extract_chips;

    const COPIES: std::ops::Range<u32> = 0..64;

    /// Returns a photo of slow waves, without symmetry.
    fn photo() -> RgbImage {
        RgbImage::from_fn(700, 600, |x, y| {
            let (x, y) = (f64::from(x), f64::from(y));
            let wave = |length: f64, phase: f64| {
                (127.0 + 120.0 * ((x + 0.6 * y) / length + phase).sin() * (y / length).cos()) as u8
            };
            Rgb([wave(23.0, 0.0), wave(31.0, 1.0), wave(47.0, 2.0)])
        })
    }

    fn geometry(side: f64, angle: f64) -> ChipGeometry {
        ChipGeometry::new(Point::new(340.3, 290.7), side, angle, 150).unwrap()
    }

    /// Returns the mean absolute difference away from the edges, where a jittered chip is black.
    fn mean_difference(a: &RgbImage, b: &RgbImage) -> f64 {
        let inner = |chip: &RgbImage| image::imageops::crop_imm(chip, 8, 8, 134, 134).to_image();
        let (a, b) = (inner(a), inner(b));
        let sum: f64 = a
            .iter()
            .zip(b.iter())
            .map(|(a, b)| f64::from(a.abs_diff(*b)))
            .sum();
        sum / a.as_raw().len() as f64
    }

    #[test]
    fn the_generator_is_splitmix64() {
        // The first numbers that the reference implementation gives for the seed 1234567.
        let mut random = Random { state: 1_234_567 };
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
        assert_eq!(random.next(), 9_817_491_932_198_370_423);
    }

    #[test]
    fn every_copy_keeps_to_the_limits_and_half_of_them_are_mirrored() {
        let copies: Vec<Jitter> = COPIES.map(Jitter::of_copy).collect();
        for jitter in &copies {
            assert!(jitter.shift.0.abs() <= MAX_SHIFT && jitter.shift.1.abs() <= MAX_SHIFT);
            assert!((FACE_HEIGHT.0..FACE_HEIGHT.1).contains(&jitter.face_height));
            assert!(jitter.angle.abs() <= MAX_ANGLE);
        }
        let mirrored = copies.iter().filter(|jitter| jitter.mirrored).count();
        assert!((24..=40).contains(&mirrored), "{mirrored} of 64");
    }

    #[test]
    fn a_copy_is_always_the_same_and_never_another() {
        let (photo, geometry) = (photo(), geometry(180.0, 0.2));
        let copies: Vec<RgbImage> = (0..6)
            .map(|copy| jittered(&photo, &geometry, copy))
            .collect();
        for (index, copy) in (0..).zip(&copies) {
            assert_eq!(copy, &jittered(&photo, &geometry, index));
            assert!(copies.iter().filter(|other| *other == copy).count() == 1);
            assert_ne!(copy, &photo);
        }
    }

    #[test]
    fn the_chip_of_a_jittered_photo_is_the_jittered_chip() {
        let photo = photo();
        // Enlarged, almost unchanged, and from one and two levels of the pyramid.
        for (side, angle) in [(90.0, -0.3), (170.0, 0.5), (310.0, 0.1), (420.0, -2.9)] {
            let geometry = geometry(side, angle);
            let chip = extract_chips(&photo, &[geometry]).remove(0);
            for copy in 0..8 {
                let expected = jittered_chip(&chip, copy);
                let warped = jittered(&photo, &geometry, copy);
                let actual = extract_chips(&warped, &[geometry]).remove(0);
                let difference = mean_difference(&actual, &expected);
                assert!(mean_difference(&chip, &expected) > 2.0 * difference);
                assert!(difference < 0.5, "side {side}, copy {copy}: {difference}");
            }
        }
    }

    #[test]
    fn the_chip_of_a_mirrored_face_is_the_mirrored_chip() {
        let photo = photo();
        for (side, angle) in [(90.0, -0.3), (170.0, 0.5), (310.0, 0.1)] {
            let geometry = geometry(side, angle);
            let chip = extract_chips(&photo, &[geometry]).remove(0);
            let expected = image::imageops::flip_horizontal(&chip);
            let actual = extract_chips(&mirrored(&photo, &geometry), &[geometry]).remove(0);
            let difference = mean_difference(&actual, &expected);
            assert!(mean_difference(&chip, &expected) > 2.0 * difference);
            assert!(difference < 0.5, "side {side}: {difference}");
        }
    }

    #[test]
    fn a_jittered_photo_changes_around_the_chip_only() {
        let photo = photo();
        let warped = jittered(&photo, &geometry(100.0, 0.0), 3);
        assert_eq!(warped.dimensions(), photo.dimensions());
        for (x, y, pixel) in warped.enumerate_pixels() {
            let (dx, dy) = (f64::from(x) - 340.3, f64::from(y) - 290.7);
            if dx.abs().max(dy.abs()) > 53.0 {
                assert_eq!(pixel, photo.get_pixel(x, y));
            }
        }
    }

    #[test]
    fn beyond_the_photo_is_black_and_nothing_panics() {
        let white = RgbImage::from_pixel(60, 60, Rgb([255; 3]));
        let corner = ChipGeometry::new(Point::new(0.0, 0.0), 80.0, 0.0, 150).unwrap();
        let warped: Vec<RgbImage> = (0..8).map(|copy| jittered(&white, &corner, copy)).collect();
        assert!(warped.iter().any(|photo| photo.get_pixel(0, 0).0 == [0; 3]));
        let outside = ChipGeometry::new(Point::new(-900.0, 0.0), 80.0, 0.0, 150).unwrap();
        assert_eq!(jittered(&white, &outside, 0), white);
        let dot = ChipGeometry::new(Point::new(9.0, 9.0), 1.0, 0.0, 150).unwrap();
        assert_eq!(jittered(&white, &dot, 0), white);
        assert_eq!(jittered_chip(&RgbImage::new(0, 0), 0).dimensions(), (0, 0));
        assert_eq!(jittered_chip(&RgbImage::new(1, 1), 0).dimensions(), (1, 1));
    }
}
