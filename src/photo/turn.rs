//! Quarter turns of a photo, and the mapping of faces in a turned photo back to the photo.

use std::borrow::Cow;

use image::RgbImage;
use image::imageops::{rotate90, rotate180, rotate270};

use super::Face;
use crate::geometry::{PixelBox, Point};

/// Clockwise turn of a photo in which a face was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// No turn.
    None,
    /// Turn by 90 degrees.
    Quarter,
    /// Turn by 180 degrees.
    Half,
    /// Turn by 270 degrees.
    ThreeQuarters,
}

impl Turn {
    /// All turns.
    pub const ALL: [Self; 4] = [Self::None, Self::Quarter, Self::Half, Self::ThreeQuarters];

    /// Returns the turned image.
    pub fn apply(self, image: &RgbImage) -> Cow<'_, RgbImage> {
        match self {
            Self::None => Cow::Borrowed(image),
            Self::Quarter => Cow::Owned(rotate90(image)),
            Self::Half => Cow::Owned(rotate180(image)),
            Self::ThreeQuarters => Cow::Owned(rotate270(image)),
        }
    }

    /// Returns the size of a photo of this size after the turn.
    pub(super) fn size(self, (width, height): (u32, u32)) -> (u32, u32) {
        match self {
            Self::None | Self::Half => (width, height),
            Self::Quarter | Self::ThreeQuarters => (height, width),
        }
    }

    /// Maps a face in the turned photo to its position in the photo, which has the size `size`.
    pub(super) fn bring_back(self, face: &mut Face, size: (u32, u32)) {
        if self == Self::None {
            return;
        }
        face.bounds = self.box_back(face.bounds, size);
        for point in &mut face.landmarks {
            *point = self.point_back(*point, size);
        }
    }

    /// Maps a box in the turned photo to the photo, which has this size.
    pub(super) fn box_back(self, bounds: PixelBox, (width, height): (u32, u32)) -> PixelBox {
        let PixelBox { x, y, w, h } = bounds;
        match self {
            Self::None => bounds,
            Self::Quarter => PixelBox {
                x: y,
                y: height - x - w,
                w: h,
                h: w,
            },
            Self::Half => PixelBox {
                x: width - x - w,
                y: height - y - h,
                w,
                h,
            },
            Self::ThreeQuarters => PixelBox {
                x: width - y - h,
                y: x,
                w: h,
                h: w,
            },
        }
    }

    fn point_back(self, p: Point, (width, height): (u32, u32)) -> Point {
        let (right, bottom) = (f64::from(width) - 1.0, f64::from(height) - 1.0);
        match self {
            Self::None => p,
            Self::Quarter => Point::new(p.y, bottom - p.x),
            Self::Half => Point::new(right - p.x, bottom - p.y),
            Self::ThreeQuarters => Point::new(right - p.y, p.x),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the position of the only white pixel.
    fn white(image: &RgbImage) -> (u32, u32) {
        let mut pixels = image.enumerate_pixels();
        let (x, y, _) = pixels.find(|(_, _, pixel)| pixel.0 == [255; 3]).unwrap();
        (x, y)
    }

    #[test]
    fn places_in_a_turned_photo_come_back_to_where_they_were() {
        let size = (7, 5);
        let mut image = RgbImage::new(size.0, size.1);
        image.put_pixel(5, 1, image::Rgb([255; 3]));
        for turn in [Turn::None, Turn::Quarter, Turn::Half, Turn::ThreeQuarters] {
            let turned = turn.apply(&image);
            assert_eq!(turned.dimensions(), turn.size(size), "{turn:?}");
            let (x, y) = white(&turned);
            let mut face = Face {
                bounds: PixelBox { x, y, w: 1, h: 1 },
                score: None,
                landmarks: vec![Point::new(f64::from(x), f64::from(y))],
                encoding: None,
                quality: 1.0,
                upright: true,
            };
            turn.bring_back(&mut face, size);
            let expected = PixelBox {
                x: 5,
                y: 1,
                w: 1,
                h: 1,
            };
            assert_eq!(face.bounds, expected, "{turn:?}");
            assert_eq!(face.landmarks, [Point::new(5.0, 1.0)], "{turn:?}");
        }
    }

    #[test]
    fn a_box_comes_back_with_its_sides_swapped() {
        let bounds = PixelBox {
            x: 0,
            y: 1,
            w: 2,
            h: 3,
        };
        let expected = PixelBox {
            x: 1,
            y: 8,
            w: 3,
            h: 2,
        };
        assert_eq!(Turn::Quarter.box_back(bounds, (20, 10)), expected);
    }
}
