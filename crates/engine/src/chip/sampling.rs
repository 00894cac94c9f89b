//! Sampling of images between pixels: affine maps between images, bilinear interpolation, and
//! halving.
//!
//! Input: RGB images of 8 bits and places in pixels. Output: interpolated values and half-size
//! images, with dlib's formulas and dlib's treatment of edges.

use image::RgbImage;

use crate::geometry::{Point, Rect};

const CHANNELS: usize = 3;

/// An affine map of the plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Affine {
    /// Change of the result for one step along x, and for one step along y.
    columns: [Point; 2],
    /// Image of (0, 0).
    origin: Point,
}

impl Affine {
    /// Returns the similarity that maps `from` to `to`: first mirrored left to right if `mirrored`,
    /// then scaled by `scale`, then rotated by `angle` radians (from the x axis towards the y axis:
    /// clockwise as displayed).
    pub(crate) fn similarity(
        from: Point,
        to: Point,
        scale: f64,
        angle: f64,
        mirrored: bool,
    ) -> Self {
        let (sin, cos) = angle.sin_cos();
        let sign = if mirrored { -1.0 } else { 1.0 };
        let linear = Self {
            columns: [
                Point::new(sign * scale * cos, sign * scale * sin),
                Point::new(-scale * sin, scale * cos),
            ],
            origin: Point::default(),
        };
        let moved = linear.apply(from);
        Self {
            origin: Point::new(to.x - moved.x, to.y - moved.y),
            ..linear
        }
    }

    /// Returns the image of `p`.
    pub(crate) fn apply(&self, p: Point) -> Point {
        let [along_x, along_y] = self.columns;
        Point::new(
            along_x.x * p.x + along_y.x * p.y + self.origin.x,
            along_x.y * p.x + along_y.y * p.y + self.origin.y,
        )
    }

    /// Returns the composition of this map, applied first, and `next`.
    pub(crate) fn then(&self, next: &Self) -> Self {
        let origin = next.apply(self.origin);
        let column = |c: Point| {
            let end = next.apply(Point::new(self.origin.x + c.x, self.origin.y + c.y));
            Point::new(end.x - origin.x, end.y - origin.y)
        };
        Self {
            columns: self.columns.map(column),
            origin,
        }
    }

    /// Returns the inverse map, or `None` for a map that flattens the plane.
    pub(crate) fn inverse(&self) -> Option<Self> {
        let [x, y] = self.columns;
        let determinant = x.x * y.y - y.x * x.y;
        if determinant == 0.0 || !determinant.is_finite() {
            return None;
        }
        let linear = Self {
            columns: [
                Point::new(y.y / determinant, -x.y / determinant),
                Point::new(-y.x / determinant, x.x / determinant),
            ],
            origin: Point::default(),
        };
        let moved = linear.apply(self.origin);
        Some(Self {
            origin: Point::new(-moved.x, -moved.y),
            ..linear
        })
    }
}

/// A borrowed rectangle of an image. Its top-left pixel is (0, 0).
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    /// Samples from the view's first pixel on.
    samples: &'a [u8],
    /// Distance from one row to the next, in samples.
    stride: usize,
    width: usize,
    height: usize,
}

impl<'a> View<'a> {
    /// Returns a view of all of `image`.
    pub(crate) fn whole(image: &'a RgbImage) -> Self {
        Self {
            samples: image.as_raw(),
            stride: image.width() as usize * CHANNELS,
            width: image.width() as usize,
            height: image.height() as usize,
        }
    }

    /// Returns the part of the view in `region`, which is empty where the region is outside the
    /// view.
    pub(crate) fn part(&self, region: Rect) -> Self {
        let left = region.left.clamp(0, self.width as i64) as usize;
        let top = region.top.clamp(0, self.height as i64) as usize;
        let right = region
            .right
            .saturating_add(1)
            .clamp(left as i64, self.width as i64) as usize;
        let bottom = region
            .bottom
            .saturating_add(1)
            .clamp(top as i64, self.height as i64) as usize;
        let start = top * self.stride + left * CHANNELS;
        Self {
            samples: self.samples.get(start..).unwrap_or_default(),
            stride: self.stride,
            width: right - left,
            height: bottom - top,
        }
    }

    /// Returns the value at `p`, 0 to 255 per channel, interpolated from the four pixels around it
    /// like dlib's `interpolate_bilinear` (`dlib/image_transforms/interpolation.h`). Returns `None`
    /// if one of the four is outside; this includes places exactly on the last row or column, where
    /// dlib, too, requires a pixel beyond.
    pub(crate) fn bilinear(&self, p: Point) -> Option<[f64; CHANNELS]> {
        let inside = |at: f64, length: usize| at >= 0.0 && at < length as f64 - 1.0;
        if !inside(p.x, self.width) || !inside(p.y, self.height) {
            return None;
        }
        let (left, top) = (p.x as usize, p.y as usize);
        let (right_share, bottom_share) = (p.x - left as f64, p.y - top as f64);
        let start = top * self.stride + left * CHANNELS;
        let upper = self.samples.get(start..start + 2 * CHANNELS)?;
        let lower = self
            .samples
            .get(start + self.stride..start + self.stride + 2 * CHANNELS)?;
        // The order of operations is dlib's: its chips truncate the fraction, so the last bit can
        // change a level.
        let across = |row: &[u8], channel: usize| {
            (1.0 - right_share) * f64::from(row[channel])
                + right_share * f64::from(row[channel + CHANNELS])
        };
        Some(std::array::from_fn(|channel| {
            (1.0 - bottom_share) * across(upper, channel) + bottom_share * across(lower, channel)
        }))
    }

    /// Returns the view at half its size: a Gaussian filter of 5x5 pixels, then every other pixel,
    /// like dlib's `pyramid_down<2>` (`dlib/image_transforms/image_pyramid.h`). Pixel (x, y) of the
    /// result is at pixel (2x + 2, 2y + 2) of the view. The result is empty if the view is at most
    /// 8 pixels wide or high.
    pub(super) fn halved(&self) -> RgbImage {
        if self.width <= 8 || self.height <= 8 {
            return RgbImage::new(0, 0);
        }
        let (width, height) = ((self.width - 3) / 2, (self.height - 3) / 2);
        let row_length = width * CHANNELS;
        let mut across = Vec::with_capacity(row_length * self.height);
        for row in self.samples.chunks(self.stride).take(self.height) {
            across.extend((0..row_length).map(|i| {
                let first = i / CHANNELS * 2 * CHANNELS + i % CHANNELS;
                weighted_sum(row, first, CHANNELS, u16::from)
            }));
        }
        let mut samples = Vec::with_capacity(row_length * height);
        for y in 0..height {
            let first = 2 * y * row_length;
            samples.extend((first..first + row_length).map(|i| {
                // At most 255 * 16 * 16, and truncated, not rounded, like dlib.
                (weighted_sum(&across, i, row_length, u16::from) / 256) as u8
            }));
        }
        RgbImage::from_raw(width as u32, height as u32, samples).unwrap_or_default()
    }
}

/// Returns the sum of five values, `step` apart from `first` on, weighted 1, 4, 6, 4, 1. The
/// weights add up to 16.
fn weighted_sum<T: Copy>(values: &[T], first: usize, step: usize, widen: impl Fn(T) -> u16) -> u16 {
    let value = |i: usize| widen(values[first + i * step]);
    value(0) + value(1) * 4 + value(2) * 6 + value(3) * 4 + value(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: Point, b: Point) -> bool {
        (a.x - b.x).abs() < 1e-9 && (a.y - b.y).abs() < 1e-9
    }

    #[test]
    fn a_similarity_mirrors_scales_and_turns_about_its_centre() {
        let quarter = std::f64::consts::FRAC_PI_2;
        let map = Affine::similarity(
            Point::new(1.0, 1.0),
            Point::new(5.0, 5.0),
            2.0,
            quarter,
            false,
        );
        assert!(close(map.apply(Point::new(1.0, 1.0)), Point::new(5.0, 5.0)));
        assert!(close(map.apply(Point::new(2.0, 1.0)), Point::new(5.0, 7.0)));
        let mirror = Affine::similarity(
            Point::new(1.0, 1.0),
            Point::new(5.0, 5.0),
            2.0,
            quarter,
            true,
        );
        assert!(close(
            mirror.apply(Point::new(2.0, 1.0)),
            Point::new(5.0, 3.0)
        ));
        assert!(close(
            mirror.apply(Point::new(1.0, 2.0)),
            Point::new(3.0, 5.0)
        ));
    }

    #[test]
    fn a_map_and_its_inverse_cancel_out() {
        let map = Affine::similarity(Point::new(3.0, -4.0), Point::new(7.5, 2.0), 1.7, 0.4, true);
        let there_and_back = map.then(&map.inverse().unwrap());
        for p in [Point::new(0.0, 0.0), Point::new(100.0, -3.0)] {
            assert!(close(there_and_back.apply(p), p));
        }
        let flat = Affine::similarity(Point::default(), Point::default(), 0.0, 0.0, false);
        assert_eq!(flat.inverse(), None);
    }

    #[test]
    fn bilinear_values_lie_between_the_pixels() {
        let image = RgbImage::from_fn(3, 2, |x, y| image::Rgb([10 * x as u8, 20 * y as u8, 7]));
        let view = View::whole(&image);
        assert_eq!(view.bilinear(Point::new(0.5, 0.25)), Some([5.0, 5.0, 7.0]));
        assert_eq!(view.bilinear(Point::new(1.0, 0.0)), Some([10.0, 0.0, 7.0]));
        for outside in [
            (2.0, 0.0),
            (0.0, 1.0),
            (-0.01, 0.0),
            (f64::NAN, 0.0),
            (0.0, f64::INFINITY),
        ] {
            assert_eq!(view.bilinear(Point::new(outside.0, outside.1)), None);
        }
    }

    #[test]
    fn a_part_starts_at_its_own_first_pixel_and_stays_inside() {
        let image = RgbImage::from_fn(6, 5, |x, y| image::Rgb([x as u8, y as u8, 0]));
        let part = View::whole(&image).part(Rect {
            left: 2,
            top: 1,
            right: 40,
            bottom: 3,
        });
        assert_eq!((part.width, part.height), (4, 3));
        assert_eq!(part.bilinear(Point::new(1.0, 1.0)), Some([3.0, 2.0, 0.0]));
        let nothing = View::whole(&image).part(Rect {
            left: 9,
            top: 9,
            right: 12,
            bottom: 12,
        });
        assert_eq!((nothing.width, nothing.height), (0, 0));
    }

    #[test]
    fn halving_takes_every_other_pixel_and_spreads_a_dot() {
        let mut image = RgbImage::new(13, 11);
        image.put_pixel(4, 4, image::Rgb([255, 0, 64]));
        let half = View::whole(&image).halved();
        assert_eq!(half.dimensions(), (5, 4));
        // The weights of the middle, the sides and the corners are 36, 6 and 1 out of 256.
        assert_eq!(half.get_pixel(1, 1).0, [35, 0, 9]);
        assert_eq!(half.get_pixel(0, 1).0, [5, 0, 1]);
        assert_eq!(half.get_pixel(2, 2).0, [0, 0, 0]);
        let white = RgbImage::from_pixel(9, 9, image::Rgb([255; 3]));
        assert!(
            View::whole(&white)
                .halved()
                .pixels()
                .all(|p| p.0 == [255; 3])
        );
        assert_eq!(
            View::whole(&RgbImage::new(8, 50)).halved().dimensions(),
            (0, 0)
        );
    }
}
