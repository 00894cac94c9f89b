//! The eight EXIF orientations: how the stored pixels must be turned and mirrored to be looked at.

use image::{DynamicImage, RgbImage};

/// How a photo is stored, as EXIF tag 0x0112 tells (Exif 2.32, section 4.6.4): 1 is upright, 6 must be turned by
/// 90 degrees clockwise, and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Orientation(image::metadata::Orientation);

impl Orientation {
    /// Stored as it is looked at.
    pub const UPRIGHT: Self = Self(image::metadata::Orientation::NoTransforms);

    /// The orientation of this EXIF number, 1 to 8; `None` for every other number.
    pub fn from_exif(number: u8) -> Option<Self> {
        image::metadata::Orientation::from_exif(number).map(Self)
    }

    /// The EXIF number, 1 to 8.
    pub fn exif(self) -> u8 {
        self.0.to_exif()
    }

    /// Whether width and height change places when the photo is turned upright.
    pub fn swaps_sides(self) -> bool {
        self.exif() >= 5
    }

    /// (width, height) as displayed of an image stored with (width, height), and the other way round.
    pub fn turn_size(self, (width, height): (u32, u32)) -> (u32, u32) {
        if self.swaps_sides() {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// The stored pixels turned upright.
    pub fn upright(self, stored: RgbImage) -> RgbImage {
        let mut image = DynamicImage::ImageRgb8(stored);
        image.apply_orientation(self.0);
        image.into_rgb8()
    }
}

/// The orientation that EXIF metadata name with this number, if it is one.
pub(super) fn from_number(number: u64) -> Option<Orientation> {
    u8::try_from(number).ok().and_then(Orientation::from_exif)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_exif() {
        for number in 1..=8 {
            let orientation = Orientation::from_exif(number).unwrap();
            assert_eq!(orientation.exif(), number);
            assert_eq!(orientation.swaps_sides(), number >= 5);
        }
        assert_eq!(Orientation::from_exif(0), None);
        assert_eq!(Orientation::from_exif(9), None);
    }

    #[test]
    fn orientation_6_is_turned_clockwise() {
        // Stored: one row, red then blue. Upright: red on top.
        let stored = RgbImage::from_raw(2, 1, vec![255, 0, 0, 0, 0, 255]).unwrap();
        let upright = Orientation::from_exif(6).unwrap().upright(stored);
        assert_eq!(upright.dimensions(), (1, 2));
        assert_eq!(upright.get_pixel(0, 0).0, [255, 0, 0]);
        assert_eq!(upright.get_pixel(0, 1).0, [0, 0, 255]);
    }
}
