//! A decoded photo, at full size or at a reduced DCT scale, and the upright pixels made from it.

use std::path::Path;

use facematch_jpeg::ComponentPlanes;
use image::{DynamicImage, RgbImage};

use super::decode::{check_bytes, damaged};
use super::{Orientation, Original, plane_resizing, resize};
use crate::error::ImageFileError;

/// A decoded photo, not yet turned upright.
#[derive(Debug, Clone)]
pub struct Decoded {
    stored: Stored,
    original: Original,
}

/// Pixels of a photo as stored in its file.
#[derive(Debug, Clone)]
enum Stored {
    /// All pixels of the photo.
    Rgb(RgbImage),
    /// Planes of a JPEG, decoded at a reduced scale.
    Components(ComponentPlanes),
}

impl Decoded {
    /// Creates a photo from all its pixels, as stored in the file, and its orientation.
    pub(crate) fn new(stored: RgbImage, orientation: Orientation) -> Self {
        let size = orientation.turn_size(stored.dimensions());
        Self {
            stored: Stored::Rgb(stored),
            original: Original {
                size,
                orientation,
                is_preview: false,
            },
        }
    }

    /// Creates the photo `original` from `planes`, which were decoded at a reduced scale.
    pub(super) fn reduced(planes: ComponentPlanes, original: Original) -> Self {
        Self {
            stored: Stored::Components(planes),
            original,
        }
    }

    /// Returns the same photo as the preview in a raw file.
    pub(super) fn into_preview(mut self) -> Self {
        self.original.is_preview = true;
        self
    }

    /// Returns the size and orientation of the photo in its file.
    pub fn original(&self) -> Original {
        self.original
    }

    /// Returns the upright pixels at the scale at which they were decoded.
    ///
    /// # Errors
    /// [`ImageFileError::Decode`] if the photo at `path` has no pixels.
    pub fn into_upright(self, path: &Path) -> Result<RgbImage, ImageFileError> {
        let stored = match self.stored {
            Stored::Rgb(stored) => stored,
            Stored::Components(planes) => {
                plane_resizing::to_rgb(&planes).ok_or_else(|| without_pixels(path))?
            }
        };
        Ok(upright(stored, self.original.orientation))
    }

    /// Returns an upright copy `width` pixels wide, larger or smaller than the photo and with its
    /// aspect ratio; 0 keeps the size. A photo more than 12 times as high as wide gets a narrower
    /// copy, because the area is bounded.
    ///
    /// The stored pixels are resized first and the small copy is turned: the result is the same for
    /// a fraction of the work.
    ///
    /// # Errors
    /// [`ImageFileError::TooLarge`] if the copy would exceed
    /// [`MAX_DECODED_BYTES`](super::MAX_DECODED_BYTES), [`ImageFileError::Decode`] if the photo has
    /// no pixels.
    pub fn upright_copy(&self, path: &Path, width: u32) -> Result<RgbImage, ImageFileError> {
        let Original {
            size, orientation, ..
        } = self.original;
        let upright_size = resize::working_size(size, width);
        check_bytes(path, upright_size, 3)?;
        let stored_size = orientation.turn_size(upright_size);
        let copy = match &self.stored {
            Stored::Rgb(stored) => resize::resize(stored, stored_size),
            Stored::Components(planes) => plane_resizing::resized(planes, stored_size),
        };
        let copy = copy.ok_or_else(|| without_pixels(path))?;
        Ok(upright(copy, orientation))
    }
}

fn without_pixels(path: &Path) -> ImageFileError {
    damaged(path, "the image has no pixels")
}

/// Returns the pixels `stored`, turned and mirrored for display.
fn upright(stored: RgbImage, orientation: Orientation) -> RgbImage {
    let mut image = DynamicImage::ImageRgb8(stored);
    if let Some(orientation) = image::metadata::Orientation::from_exif(orientation.exif()) {
        image.apply_orientation(orientation);
    }
    image.into_rgb8()
}

#[cfg(test)]
mod tests {
    use super::*;
    use facematch_jpeg::{Colours, Plane};
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
    fn orientation_6_is_turned_clockwise() {
        // Stored: one row, red then blue. Upright: red at the top.
        let stored = RgbImage::from_raw(2, 1, vec![255, 0, 0, 0, 0, 255]).unwrap();
        let upright = upright(stored, Orientation::from_exif(6).unwrap());
        assert_eq!(upright.dimensions(), (1, 2));
        assert_eq!(upright.get_pixel(0, 0).0, [255, 0, 0]);
        assert_eq!(upright.get_pixel(0, 1).0, [0, 0, 255]);
    }

    #[test]
    fn the_copy_is_upright_and_of_the_wanted_width() {
        let stored = gradient(300, 200);
        for number in 1..=8 {
            let orientation = Orientation::from_exif(number).unwrap();
            let decoded = Decoded::new(stored.clone(), orientation);
            let copy = decoded.upright_copy(Path::new("photo"), 100).unwrap();
            let upright = decoded.clone().into_upright(Path::new("photo")).unwrap();
            let turned_first = Decoded::new(upright, Orientation::UPRIGHT)
                .upright_copy(Path::new("photo"), 100)
                .unwrap();
            let worst = worst_difference(&copy, &turned_first);
            assert!(worst <= 2, "orientation {number}: {worst}");
        }
    }

    #[test]
    fn a_copy_of_reduced_pixels_has_the_size_and_place_of_one_of_all_pixels() {
        // 100.125 x 49.625 pixels at 1/8, so part of the last column and row lies outside the
        // photo.
        let full = RgbImage::from_fn(801, 397, |x, y| Rgb([((x + y) * 255 / 1200) as u8; 3]));
        let mut pixels = Vec::new();
        for (y, x) in (0..50_u32).flat_map(|y| (0..101_u32).map(move |x| (y, x))) {
            let middle = |at: u32, side: u32| (at * 8 + 4).min(side - 1);
            pixels.push(full.get_pixel(middle(x, 801), middle(y, 397)).0[0]);
        }
        let extent = (100.125, 49.625);
        let plane = Plane {
            width: 101,
            pixels,
            extent,
        };
        let eighth = ComponentPlanes {
            planes: vec![plane],
            colours: Colours::Grey,
            extent,
        };
        for number in 1..=8 {
            let orientation = Orientation::from_exif(number).unwrap();
            let whole = Decoded::new(full.clone(), orientation);
            let reduced = Decoded::reduced(eighth.clone(), whole.original());
            let copies = [whole, reduced].map(|d| d.upright_copy(Path::new("photo"), 50).unwrap());
            let worst = worst_difference(&copies[0], &copies[1]);
            assert!(worst <= 3, "orientation {number}: {worst}");
        }
    }
}
