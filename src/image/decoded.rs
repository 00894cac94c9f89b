//! A photo that was decoded, at full size or at a reduced DCT scale, and the upright pixels that are made of it.

use std::path::Path;

use image::RgbImage;

use super::decode::{check_bytes, damaged};
use super::scale::DctScale;
use super::{Orientation, resize};
use crate::error::Error;

/// What a photo is in its file, whatever scale it was decoded at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Original {
    /// Width and height as displayed, in pixels.
    pub size: (u32, u32),
    /// How it is stored.
    pub orientation: Orientation,
}

/// A decoded photo, not yet turned upright.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// Rounded up to whole pixels at each side: the photo itself may end within the last column and row.
    stored: RgbImage,
    scale: DctScale,
    original: Original,
}

impl Decoded {
    /// All pixels as stored in the file, and how they must be turned.
    pub fn new(stored: RgbImage, orientation: Orientation) -> Self {
        let size = orientation.turn_size(stored.dimensions());
        Self {
            stored,
            scale: DctScale::FULL,
            original: Original { size, orientation },
        }
    }

    /// The photo `original`, decoded at `scale` to the pixels `stored`.
    pub(super) fn at_scale(stored: RgbImage, scale: DctScale, original: Original) -> Self {
        Self {
            stored,
            scale,
            original,
        }
    }

    /// What the photo is in its file.
    pub fn original(&self) -> Original {
        self.original
    }

    /// The pixels upright, at the scale that they were decoded at.
    pub fn into_upright(self) -> RgbImage {
        self.original.orientation.upright(self.stored)
    }

    /// An upright copy `width` pixels wide, its aspect kept, larger or smaller than the photo; 0 keeps the size. A copy
    /// that would be higher than [`MAX_SIDE`](super::MAX_SIDE) is made narrower instead.
    ///
    /// The stored pixels are resized first and the small copy is turned: the same picture for a fraction of the work.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the copy would pass [`MAX_DECODED_BYTES`](super::MAX_DECODED_BYTES); [`Error::Decode`]
    /// when the photo has no pixels.
    pub fn upright_copy(&self, path: &Path, width: u32) -> Result<RgbImage, Error> {
        let Original { size, orientation } = self.original;
        let upright_size = resize::working_size(size, width);
        check_bytes(path, upright_size, 3)?;
        let (stored_width, stored_height) = orientation.turn_size(size);
        let extent = (
            self.scale.extent(stored_width),
            self.scale.extent(stored_height),
        );
        let copy = resize::resize(&self.stored, extent, orientation.turn_size(upright_size))
            .ok_or_else(|| damaged(path, "the image cannot be resized"))?;
        Ok(orientation.upright(copy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::MAX_SIDE;
    use image::Rgb;

    fn gradient(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, 128])
        })
    }

    fn worst_difference(a: &RgbImage, b: &RgbImage) -> u8 {
        assert_eq!(a.dimensions(), b.dimensions());
        let differences = a.iter().zip(b.iter()).map(|(a, b)| a.abs_diff(*b));
        differences.max().unwrap()
    }

    #[test]
    fn the_copy_is_upright_and_of_the_wanted_width() {
        let stored = gradient(300, 200);
        for number in 1..=8 {
            let orientation = Orientation::from_exif(number).unwrap();
            let decoded = Decoded::new(stored.clone(), orientation);
            let copy = decoded.upright_copy(Path::new("photo"), 100).unwrap();
            let turned_first = Decoded::new(decoded.clone().into_upright(), Orientation::UPRIGHT)
                .upright_copy(Path::new("photo"), 100)
                .unwrap();
            let worst = worst_difference(&copy, &turned_first);
            assert!(worst <= 2, "orientation {number}: {worst}");
        }
    }

    #[test]
    fn a_copy_of_reduced_pixels_has_the_size_and_place_of_one_of_all_pixels() {
        // 100.125 x 49.625 pixels at 1/8, so that a part of the last column and row is not the photo's.
        let (eighth, full) = (DctScale::from_eighths(1), gradient(801, 397));
        let blocks = RgbImage::from_fn(101, 50, |x, y| {
            let middle = |at: u32, side: u32| (at * 8 + 4).min(side - 1);
            *full.get_pixel(middle(x, 801), middle(y, 397))
        });
        for number in 1..=8 {
            let orientation = Orientation::from_exif(number).unwrap();
            let whole = Decoded::new(full.clone(), orientation);
            let reduced = Decoded::at_scale(blocks.clone(), eighth, whole.original());
            let copies = [whole, reduced].map(|d| d.upright_copy(Path::new("photo"), 50).unwrap());
            let worst = worst_difference(&copies[0], &copies[1]);
            assert!(worst <= 3, "orientation {number}: {worst}");
        }
    }

    #[test]
    fn a_copy_is_held_to_the_limit_of_every_image() {
        let decoded = Decoded::new(RgbImage::new(512, 512), Orientation::UPRIGHT);
        let error = decoded
            .upright_copy(Path::new("photo"), MAX_SIDE)
            .unwrap_err();
        assert_eq!(error.kind(), "too_large");
    }
}
