//! Position of a face in a photo's metadata, in fractions of the stored image.

use facematch_geometry::Orientation;
use facematch_geometry::PixelBox;
use serde::Serialize;

/// A rectangle given by its **centre** and its size, in fractions of the image's width and height:
/// 0 to 1. Regions of the Metadata Working Group have areas of this form (Guidelines for Handling
/// Image Metadata 2.0, section 5.9, `stArea`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Area {
    /// Distance of the centre from the left edge.
    pub x: f64,
    /// Distance of the centre from the upper edge.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

impl Area {
    /// Returns the area of `bounds` in a photo of `size` (width, height), both as displayed.
    pub fn of_box(bounds: PixelBox, size: (u32, u32)) -> Self {
        let [width, height] = [size.0, size.1].map(|side| f64::from(side.max(1)));
        let [w, h] = [f64::from(bounds.w), f64::from(bounds.h)];
        Self {
            x: (f64::from(bounds.x) + w / 2.0) / width,
            y: (f64::from(bounds.y) + h / 2.0) / height,
            w: w / width,
            h: h / height,
        }
    }

    /// Converts an area of the photo as displayed to one of the image as stored. Regions refer to
    /// the stored image, before its EXIF orientation is applied.
    pub fn stored(self, orientation: Orientation) -> Self {
        let Self { x, y, w, h } = self;
        let (x, y) = match orientation.exif() {
            2 => (1.0 - x, y),
            3 => (1.0 - x, 1.0 - y),
            4 => (x, 1.0 - y),
            5 => (y, x),
            6 => (y, 1.0 - x),
            7 => (1.0 - y, 1.0 - x),
            8 => (1.0 - y, x),
            _ => (x, y),
        };
        let (w, h) = if orientation.swaps_sides() {
            (h, w)
        } else {
            (w, h)
        };
        Self { x, y, w, h }
    }

    /// Converts an area of the image as stored to one of the photo as displayed: the inverse of
    /// [`stored`](Self::stored).
    pub fn displayed(self, orientation: Orientation) -> Self {
        // The inverse of a quarter turn is the other one; all other orientations are their own
        // inverse.
        let back = match orientation.exif() {
            6 => 8,
            8 => 6,
            number => number,
        };
        self.stored(Orientation::from_exif(back).unwrap_or(orientation))
    }

    /// Returns whether the centre of `other` lies in this area.
    pub(super) fn has_centre_of(&self, other: &Self) -> bool {
        let is_within = |own: f64, length: f64, at: f64| (at - own).abs() <= length / 2.0;
        is_within(self.x, self.w, other.x) && is_within(self.y, self.h, other.y)
    }

    /// Returns the overlap of two areas: the intersection over the union, 0 to 1.
    pub fn overlap(&self, other: &Self) -> f64 {
        let along = |a: (f64, f64), b: (f64, f64)| {
            let end = (a.0 + a.1 / 2.0).min(b.0 + b.1 / 2.0);
            let start = (a.0 - a.1 / 2.0).max(b.0 - b.1 / 2.0);
            (end - start).max(0.0)
        };
        let common = along((self.x, self.w), (other.x, other.w))
            * along((self.y, self.h), (other.y, other.h));
        let union = self.w * self.h + other.w * other.h - common;
        if union > 0.0 { common / union } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, Rgb, RgbImage, metadata};

    use super::*;

    fn upright(stored: RgbImage, orientation: Orientation) -> RgbImage {
        let mut image = DynamicImage::ImageRgb8(stored);
        let orientation = metadata::Orientation::from_exif(orientation.exif()).unwrap();
        image.apply_orientation(orientation);
        image.into_rgb8()
    }

    #[test]
    fn the_example_of_orientation_6() {
        let displayed = Area {
            x: 0.2,
            y: 0.3,
            w: 0.2,
            h: 0.4,
        };
        let stored = displayed.stored(Orientation::from_exif(6).unwrap());
        assert_eq!(
            stored,
            Area {
                x: 0.3,
                y: 0.8,
                w: 0.4,
                h: 0.2
            }
        );
    }

    /// Draws a box into the stored image at its area. In the upright image it must be where it was
    /// found.
    #[test]
    fn a_box_that_is_drawn_at_its_stored_area_stands_at_its_place_in_the_upright_photo() {
        let bounds = PixelBox {
            x: 3,
            y: 7,
            w: 5,
            h: 11,
        };
        let white = Rgb([255; 3]);
        for orientation in (1..=8).map(|number| Orientation::from_exif(number).unwrap()) {
            let displayed = (40, 30);
            let stored = orientation.turn_size(displayed);
            let area = Area::of_box(bounds, displayed).stored(orientation);
            let span = |centre: f64, length: f64, side: u32| {
                let [centre, length] = [centre, length].map(|part| part * f64::from(side));
                let start = centre - length / 2.0;
                assert!((start - start.round()).abs() < 1e-9);
                start.round() as u32..(start + length).round() as u32
            };
            let mut image = RgbImage::new(stored.0, stored.1);
            for y in span(area.y, area.h, stored.1) {
                for x in span(area.x, area.w, stored.0) {
                    image.put_pixel(x, y, white);
                }
            }
            let upright = upright(image, orientation);
            assert_eq!(upright.dimensions(), displayed);
            for (x, y, pixel) in upright.enumerate_pixels() {
                let inside = (3..8).contains(&x) && (7..18).contains(&y);
                assert_eq!(*pixel == white, inside, "{orientation:?} {x} {y}");
            }
        }
    }

    #[test]
    fn every_orientation_has_its_way_back() {
        let area = Area {
            x: 0.25,
            y: 0.375,
            w: 0.125,
            h: 0.5,
        };
        for orientation in (1..=8).map(|number| Orientation::from_exif(number).unwrap()) {
            let back = area.stored(orientation).displayed(orientation);
            assert_eq!(back, area, "{orientation:?}");
        }
    }

    #[test]
    fn overlap_is_the_intersection_over_the_union() {
        let a = Area {
            x: 0.5,
            y: 0.5,
            w: 0.2,
            h: 0.2,
        };
        assert!((a.overlap(&a) - 1.0).abs() < 1e-12);
        let half = Area { x: 0.6, ..a };
        assert!((a.overlap(&half) - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(a.overlap(&Area { x: 0.8, ..a }), 0.0);
        let nothing = Area {
            w: 0.0,
            h: 0.0,
            ..a
        };
        assert_eq!(nothing.overlap(&nothing), 0.0);
    }
}
