//! Points and rectangles in pixels, and the orientation of stored images. All crates describe
//! places in an image with these types.
//!
//! `x` grows to the right, `y` grows downwards, and (0, 0) is the centre of the top-left pixel, as
//! in dlib.

#![forbid(unsafe_code)]

mod orientation;

use serde::Serialize;

pub use orientation::{Orientation, Original};

/// A point in an image, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// Pixels to the right of the centre of the leftmost column.
    pub x: f64,
    /// Pixels below the centre of the topmost row.
    pub y: f64,
}

impl Point {
    /// Returns the point at (`x`, `y`).
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }
}

/// A rectangle of whole pixels that **includes** its right column and its bottom row, like
/// `dlib::rectangle`: its width is `right - left + 1`. It may extend beyond the image on every
/// side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rect {
    /// Leftmost column of the rectangle.
    pub left: i64,
    /// Topmost row of the rectangle.
    pub top: i64,
    /// Rightmost column of the rectangle.
    pub right: i64,
    /// Bottom row of the rectangle.
    pub bottom: i64,
}

impl Rect {
    /// Returns the number of columns; 0 for an empty rectangle.
    pub fn width(&self) -> i64 {
        (self.right - self.left + 1).max(0)
    }

    /// Returns the number of rows; 0 for an empty rectangle.
    pub fn height(&self) -> i64 {
        (self.bottom - self.top + 1).max(0)
    }

    /// Returns the number of pixels.
    pub fn area(&self) -> i64 {
        self.width() * self.height()
    }
}

/// A face's box as users see it: inside the image, in pixels of the original photo as displayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct PixelBox {
    /// Number of columns to the left of the box.
    pub x: u32,
    /// Number of rows above the box.
    pub y: u32,
    /// Number of columns.
    pub w: u32,
    /// Number of rows.
    pub h: u32,
}

impl PixelBox {
    /// Returns the rectangle of the box's pixels.
    pub fn rect(&self) -> Rect {
        let (left, top) = (i64::from(self.x), i64::from(self.y));
        Rect {
            left,
            top,
            right: left + i64::from(self.w) - 1,
            bottom: top + i64::from(self.h) - 1,
        }
    }

    /// Returns the number of pixels.
    pub fn area(&self) -> u64 {
        u64::from(self.w) * u64::from(self.h)
    }
}

/// The mapping from a resized copy of a photo back to the photo itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Width and height of the photo as displayed.
    original: (u32, u32),
    /// Photo pixels per pixel of the copy, along x and along y.
    factor: (f64, f64),
}

impl Scale {
    /// Returns the scale between a photo of `original` (width, height) and its copy of `resized`
    /// (width, height). All four must be at least 1.
    pub fn new(original: (u32, u32), resized: (u32, u32)) -> Self {
        Self {
            original,
            factor: (
                f64::from(original.0) / f64::from(resized.0.max(1)),
                f64::from(original.1) / f64::from(resized.1.max(1)),
            ),
        }
    }

    /// Returns the pixels of the photo per pixel of the copy, at most 1: less than 1 if the copy is
    /// an enlargement, which has no more detail than the photo.
    pub fn detail(&self) -> f64 {
        self.factor.0.min(1.0)
    }

    /// Maps a point of the copy to the photo. Pixel centres map to pixel centres.
    pub fn point(&self, p: Point) -> Point {
        Point::new(
            (p.x + 0.5) * self.factor.0 - 0.5,
            (p.y + 0.5) * self.factor.1 - 0.5,
        )
    }

    /// Maps a rectangle of the copy to a box in the photo: rounded to whole pixels, clipped at the
    /// photo's edges, and at least one pixel wide and high.
    pub fn pixel_box(&self, r: Rect) -> PixelBox {
        let (x, w) = span(r.left, r.right, self.factor.0, self.original.0);
        let (y, h) = span(r.top, r.bottom, self.factor.1, self.original.1);
        PixelBox { x, y, w, h }
    }
}

/// Returns the start and length of the inclusive pixel range `first..=last`, scaled and clamped to
/// `0..limit`.
fn span(first: i64, last: i64, factor: f64, limit: u32) -> (u32, u32) {
    let limit = f64::from(limit.max(1));
    let start = (first as f64 * factor).round().clamp(0.0, limit - 1.0);
    let end = ((last as f64 + 1.0) * factor)
        .round()
        .clamp(start + 1.0, limit);
    (start as u32, (end - start) as u32)
}

#[cfg(test)]
mod tests {
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
    fn a_rect_includes_its_last_row_and_column() {
        assert_eq!(rect(2, 3, 2, 3).area(), 1);
        assert_eq!(rect(0, 0, 9, 4).area(), 50);
        assert_eq!(rect(5, 5, 3, 3).area(), 0);
    }

    #[test]
    fn boxes_are_scaled_to_the_photo_and_cut_off_at_its_edges() {
        let scale = Scale::new((1000, 600), (500, 300));
        assert_eq!(
            scale.pixel_box(rect(10, 20, 59, 69)),
            PixelBox {
                x: 20,
                y: 40,
                w: 100,
                h: 100
            }
        );
        assert_eq!(
            scale.pixel_box(rect(-30, -5, 19, 44)),
            PixelBox {
                x: 0,
                y: 0,
                w: 40,
                h: 90
            }
        );
        assert_eq!(
            scale.pixel_box(rect(480, 290, 520, 330)),
            PixelBox {
                x: 960,
                y: 580,
                w: 40,
                h: 20
            }
        );
    }

    #[test]
    fn a_box_wholly_outside_becomes_one_pixel_at_the_edge() {
        let scale = Scale::new((500, 300), (500, 300));
        assert_eq!(
            scale.pixel_box(rect(600, -50, 650, -10)),
            PixelBox {
                x: 499,
                y: 0,
                w: 1,
                h: 1
            }
        );
    }

    #[test]
    fn points_keep_to_pixel_centres() {
        let scale = Scale::new((1000, 1000), (500, 500));
        assert_eq!(scale.point(Point::new(0.0, 499.0)), Point::new(0.5, 998.5));
        let same = Scale::new((500, 500), (500, 500));
        assert_eq!(same.point(Point::new(7.0, 8.0)), Point::new(7.0, 8.0));
    }
}
