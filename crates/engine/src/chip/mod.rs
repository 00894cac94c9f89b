//! Face chips: faces rotated upright, scaled to a square of fixed size and cut out, as the encoder
//! expects them.
//!
//! Input: a photo and the landmarks of its faces. Output: square images. [`ChipGeometry::of_face`]
//! computes the position of a chip and rejects landmarks that cannot belong to a face.
//! [`extract_chips`] cuts the chips.
//!
//! Everything follows dlib, bit for bit where it can, because the encoder was trained on such
//! chips: `get_face_chip_details`, `chip_details` and `extract_image_chips` of
//! `dlib/image_transforms/interpolation.h`, `find_similarity_transform` of
//! `dlib/geometry/point_transforms.h`, and `pyramid_down<2>` of
//! `dlib/image_transforms/image_pyramid.h`.

mod mean_face;
mod sampling;

use std::ops::RangeInclusive;

use image::{Rgb, RgbImage};

use self::mean_face::MeanPoint;
use super::{LandmarkModel, Landmarks};
use crate::error::EngineError;
use crate::geometry::{Point, Rect};
use crate::models::mobilefacenet;
pub(super) use sampling::{Affine, View};

/// Side of the chips for dlib's face recognition network, in pixels.
pub const CHIP_SIZE: u32 = 150;

/// Padding of those chips around the face on each side, as a fraction of the face's side.
pub const CHIP_PADDING: f64 = 0.25;

/// Allowed sizes of a chip. The largest has 48 MiB of pixels; a single pixel has no scale.
const SIZES: RangeInclusive<u32> = 2..=4096;

/// Largest coordinate in an image. C++ could not store a larger one as an integer.
const MAX_COORDINATE: f64 = 2_147_483_648.0;

/// Maximum distance of a landmark from the middle of its detection, in sides of the detection.
const MAX_BOX_SIDES: f64 = 4.0;

/// The position of a chip in a photo: a square, rotated about its centre. dlib calls it
/// `chip_details`.
///
/// All values are finite; the square has a side of at least 1 pixel of the photo, and the chip a
/// side of 2 to 4096.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChipGeometry {
    centre: Point,
    side: f64,
    angle: f64,
    size: u32,
}

impl ChipGeometry {
    /// Returns the chip of the face with these `landmarks` (5 or 68 points): `size` pixels wide and
    /// high (2 to 4096), with the face in its middle and `padding` (0 or more) times the face's
    /// side around it.
    ///
    /// The square is the one that brings the landmarks nearest to those of a mean face, by least
    /// squares over all translations, rotations and scales, like dlib's `get_face_chip_details`.
    /// dlib's own values are [`CHIP_SIZE`] and [`CHIP_PADDING`].
    ///
    /// # Errors
    /// [`EngineError::ImplausibleLandmarks`] if there are not as many points as the model has, if
    /// the detection is empty, if a coordinate is not finite or is farther than 4 sides of the
    /// detection from its middle, if the square is smaller than a pixel, or if `size` or `padding`
    /// is out of range. Accepted values are safe to pass to C++.
    pub fn of_face(landmarks: &Landmarks, size: u32, padding: f64) -> Result<Self, EngineError> {
        Self::of_mean_face(
            mean_face::of_model(landmarks.model),
            landmarks,
            size,
            padding,
        )
    }

    /// Returns the chip of the face with these `landmarks`, those of RetinaFace, for
    /// [MobileFaceNet](crate::native::mobilefacenet): like [`of_face`](Self::of_face), but the mean
    /// face is ArcFace's template.
    ///
    /// # Errors
    /// [`EngineError::ForeignLandmarks`] if the landmarks are those of another model, and otherwise
    /// as [`of_face`](Self::of_face).
    pub fn of_arcface(landmarks: &Landmarks) -> Result<Self, EngineError> {
        if landmarks.model != LandmarkModel::Retinaface {
            return Err(EngineError::ForeignLandmarks);
        }
        Self::of_mean_face(
            &mean_face::ARCFACE,
            landmarks,
            mobilefacenet::CHIP_SIZE,
            0.0,
        )
    }

    fn of_mean_face(
        mean_face: &[MeanPoint],
        landmarks: &Landmarks,
        size: u32,
        padding: f64,
    ) -> Result<Self, EngineError> {
        if !are_plausible(landmarks) || !(0.0..f64::INFINITY).contains(&padding) {
            return Err(EngineError::ImplausibleLandmarks);
        }
        fitted(mean_face, &landmarks.points, size, padding).ok_or(EngineError::ImplausibleLandmarks)
    }

    /// Returns a chip of `size` pixels, cut from the square of `side` photo pixels about `centre`,
    /// rotated by `angle` radians. Returns `None` if a value is out of range.
    pub(super) fn new(centre: Point, side: f64, angle: f64, size: u32) -> Option<Self> {
        let near = centre.x.abs() <= MAX_COORDINATE && centre.y.abs() <= MAX_COORDINATE;
        let sizes = (1.0..=MAX_COORDINATE).contains(&side) && SIZES.contains(&size);
        (near && sizes && angle.is_finite()).then_some(Self {
            centre,
            side,
            angle,
            size,
        })
    }

    /// Returns the chip that shows the face this many pixels farther to the right.
    pub(super) fn with_face_to_the_right(self, pixels: f64) -> Self {
        let move_left = pixels * (self.side - 1.0) / f64::from(self.size - 1);
        let (sin, cos) = self.angle.sin_cos();
        Self {
            centre: Point::new(
                self.centre.x - move_left * cos,
                self.centre.y - move_left * sin,
            ),
            ..self
        }
    }

    /// Returns how far `landmarks` are from those of the mean face in this square, without padding:
    /// the root mean square, in sides of the face. A face that looks ahead has a small one.
    pub(super) fn misfit(&self, landmarks: &Landmarks) -> f64 {
        let map = self.to_square(self.centre, self.side);
        let size = f64::from(self.size);
        let squares = mean_face::of_model(landmarks.model)
            .iter()
            .filter_map(|&(index, mean)| {
                let point = landmarks.points.get(index)?;
                let mean = map.apply(Point::new(mean.x * size, mean.y * size));
                Some((point.x - mean.x).powi(2) + (point.y - mean.y).powi(2))
            });
        let (sum, count) = squares.fold((0.0, 0.0), |(sum, count), square| {
            (sum + square, count + 1.0)
        });
        (sum / count).sqrt() / self.side
    }

    /// Returns the middle of the square, in pixels of the photo.
    pub fn centre(&self) -> Point {
        self.centre
    }

    /// Returns the side of the square, in pixels of the photo. As everywhere in dlib, the centres
    /// of its first and last pixel are `side - 1` apart.
    pub fn side(&self) -> f64 {
        self.side
    }

    /// Returns the clockwise rotation of the face as displayed, in radians from -π to π.
    pub fn angle(&self) -> f64 {
        self.angle
    }

    /// Returns the width and height of the chip, in pixels.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Returns the map from a pixel of the chip to the place in the photo that dlib actually reads
    /// for it.
    ///
    /// dlib maps a point `p` of the photo to `p / 2 - (1.25, 0.75)` of the half-size image, where
    /// `p / 2 - (1, 1)` would be right. A chip cut from a pyramid is shifted by that error, which
    /// doubles and adds up with each level.
    pub(super) fn to_photo(self) -> Affine {
        let error = 0.5 * (f64::from(self.depth()).exp2() - 1.0);
        let centre = Point::new(self.centre.x - error, self.centre.y + error);
        self.to_square(centre, self.side)
    }

    /// Returns the map from a pixel of the chip into a square of `side` about `centre`, rotated
    /// like the face.
    fn to_square(self, centre: Point, side: f64) -> Affine {
        let last = f64::from(self.size - 1);
        let middle = Point::new(last / 2.0, last / 2.0);
        let step = (side - 1.0) / last;
        Affine::similarity(middle, centre, step, self.angle, false)
    }

    /// Returns the number of times that the photo is halved before the chip is cut: until halving
    /// it again would leave fewer pixels than the chip has.
    fn depth(&self) -> u32 {
        let mut depth = 0;
        let mut side = halved_side(self.side);
        while side > f64::from(self.size) {
            side = halved_side(side);
            depth += 1;
        }
        depth
    }

    /// Returns the part of an image of `dimensions` (width, height) that the chip is computed from:
    /// the box around the rotated square, and a margin for the filter of each level of the pyramid.
    /// Returns `None` if the chip misses the image.
    pub(super) fn reach(&self, dimensions: (u32, u32)) -> Option<Rect> {
        let margin = (0..self.depth()).fold(2.0, |margin, _| margin * 2.0 + 2.0);
        let (sin, cos) = self.angle.sin_cos();
        let extent = (self.side - 1.0) / 2.0 * (sin.abs() + cos.abs()) + margin;
        let (left, right) = pixels_within(self.centre.x, extent, dimensions.0)?;
        let (top, bottom) = pixels_within(self.centre.y, extent, dimensions.1)?;
        Some(Rect {
            left,
            top,
            right,
            bottom,
        })
    }

    /// Returns whether the chip is a plain copy of pixels, without rotation and scaling.
    fn is_plain(&self) -> bool {
        self.angle == 0.0 && self.side == f64::from(self.size)
    }
}

/// Cuts the chips of one image, in the order of `geometries`, like dlib's `extract_image_chips`.
///
/// Pass all chips of an image in one call: they share the pyramid of smaller copies that large
/// faces are cut from, and the pyramid's origin is a corner of the box around all of them. A chip
/// cut separately may differ by a few levels.
///
/// Each chip is [`ChipGeometry::size`] pixels wide and high. Pixels outside the image are black; a
/// chip may be entirely outside. Memory: the chips and, if a face is much larger than its chip, up
/// to one and a half times the size of the image.
pub fn extract_chips(image: &RgbImage, geometries: &[ChipGeometry]) -> Vec<RgbImage> {
    let reach = geometries
        .iter()
        .filter_map(|geometry| geometry.reach(image.dimensions()))
        .reduce(union);
    let Some(reach) = reach else {
        return geometries.iter().map(black).collect();
    };
    let part = View::whole(image).part(reach);
    let depth = geometries
        .iter()
        .map(ChipGeometry::depth)
        .max()
        .unwrap_or(0);
    let levels = pyramid(part, depth);
    let cut = |geometry: &ChipGeometry| {
        if geometry.is_plain() {
            return copied(image, geometry);
        }
        let source = match geometry.depth() {
            0 => Some(part),
            depth => levels.get(depth as usize - 1).map(View::whole),
        };
        source.map_or_else(
            || black(geometry),
            |source| resampled(source, reach, geometry),
        )
    };
    geometries.iter().map(cut).collect()
}

/// Returns the half-size copies of `base`, each computed from the one before it.
fn pyramid(base: View<'_>, depth: u32) -> Vec<RgbImage> {
    let mut levels: Vec<RgbImage> = Vec::new();
    for _ in 0..depth {
        let next = levels.last().map_or(base, View::whole).halved();
        levels.push(next);
    }
    levels
}

/// Returns the chip, interpolated from its level of the pyramid over `reach`.
fn resampled(level: View<'_>, reach: Rect, geometry: &ChipGeometry) -> RgbImage {
    let mut centre = Point::new(
        geometry.centre.x - reach.left as f64,
        geometry.centre.y - reach.top as f64,
    );
    let mut side = geometry.side;
    for _ in 0..geometry.depth() {
        // dlib's `point_down`, with its two different numbers; see `ChipGeometry::to_photo`.
        centre = Point::new(centre.x / 2.0 - 1.25, centre.y / 2.0 - 0.75);
        side = halved_side(side);
    }
    let map = geometry.to_square(centre, side);
    RgbImage::from_fn(geometry.size, geometry.size, |x, y| {
        let place = map.apply(Point::new(f64::from(x), f64::from(y)));
        // dlib truncates the fraction.
        let value = level.bilinear(place).unwrap_or_default();
        Rgb(value.map(|channel| channel as u8))
    })
}

/// Returns the chip, copied pixel by pixel, its position rounded to whole pixels.
fn copied(image: &RgbImage, geometry: &ChipGeometry) -> RgbImage {
    let first = |middle: f64| (middle - (geometry.side - 1.0) / 2.0 + 0.5).floor() as i64;
    let (left, top) = (first(geometry.centre.x), first(geometry.centre.y));
    RgbImage::from_fn(geometry.size, geometry.size, |x, y| {
        let column = u32::try_from(left + i64::from(x)).ok();
        let row = u32::try_from(top + i64::from(y)).ok();
        let pixel = column
            .zip(row)
            .and_then(|(x, y)| image.get_pixel_checked(x, y));
        pixel.copied().unwrap_or(Rgb([0; 3]))
    })
}

fn black(geometry: &ChipGeometry) -> RgbImage {
    RgbImage::new(geometry.size, geometry.size)
}

/// Returns the side of a square after halving: the distance between the centres of its outermost
/// pixels is halved.
fn halved_side(side: f64) -> f64 {
    (side - 1.0) / 2.0 + 1.0
}

/// Returns the first and last of the pixels `0..length` within `extent` of `middle`, rounded like
/// dlib.
fn pixels_within(middle: f64, extent: f64, length: u32) -> Option<(i64, i64)> {
    let first = (middle - extent).max(0.0);
    let last = (middle + extent).min(f64::from(length) - 1.0);
    let (first, last) = ((first + 0.5).floor() as i64, (last + 0.5).floor() as i64);
    (first <= last).then_some((first, last))
}

/// Returns the smallest rectangle around both.
fn union(a: Rect, b: Rect) -> Rect {
    Rect {
        left: a.left.min(b.left),
        top: a.top.min(b.top),
        right: a.right.max(b.right),
        bottom: a.bottom.max(b.bottom),
    }
}

/// Returns whether the detection is a box in an image and every point is near it.
fn are_plausible(landmarks: &Landmarks) -> bool {
    // In `f64`, since the sides of an absurd box need not fit into an integer.
    let rect = landmarks.rect;
    let [left, top, right, bottom] =
        [rect.left, rect.top, rect.right, rect.bottom].map(|edge| edge as f64);
    let side = (right - left + 1.0).max(bottom - top + 1.0);
    let limit = MAX_BOX_SIDES * side;
    let near = |at: f64, middle: f64| (at - middle).abs() <= limit;
    let is_complete = landmarks.points.len() == landmarks.model.point_count();
    let is_box = left <= right
        && top <= bottom
        && [left, top, right, bottom]
            .iter()
            .all(|edge| edge.abs() <= MAX_COORDINATE);
    is_complete
        && is_box
        && landmarks
            .points
            .iter()
            .all(|point| near(point.x, (left + right) / 2.0) && near(point.y, (top + bottom) / 2.0))
}

/// Returns the square whose chip brings `points` nearest to the mean face: dlib's
/// `find_similarity_transform` (Umeyama, 1991) and `chip_details`. Returns `None` if the points
/// have no extent.
///
/// dlib solves this by singular value decomposition, for any number of dimensions. In the plane, a
/// rotation and a scale are a product with one complex number, `a + bi`, and least squares gives
/// that number directly.
fn fitted(
    mean_face: &[MeanPoint],
    points: &[Point],
    size: u32,
    padding: f64,
) -> Option<ChipGeometry> {
    let chip_side = f64::from(size);
    let on_chip = |unit: f64| (padding + unit) / (2.0 * padding + 1.0) * chip_side;
    let pairs = mean_face.iter().filter_map(|&(index, mean)| {
        let photo = points.get(index)?;
        Some((Point::new(on_chip(mean.x), on_chip(mean.y)), *photo))
    });
    let chip_middle = mean_of(pairs.clone().map(|(chip, _)| chip));
    let photo_middle = mean_of(pairs.clone().map(|(_, photo)| photo));
    let (mut along, mut across, mut extent) = (0.0, 0.0, 0.0);
    for (chip, photo) in pairs {
        let (from, to) = (minus(chip, chip_middle), minus(photo, photo_middle));
        along += from.x * to.x + from.y * to.y;
        across += from.x * to.y - from.y * to.x;
        extent += from.x * from.x + from.y * from.y;
    }
    let (a, b) = (along / extent, across / extent);
    let offset = minus(Point::new(chip_side / 2.0, chip_side / 2.0), chip_middle);
    let centre = Point::new(
        photo_middle.x + a * offset.x - b * offset.y,
        photo_middle.y + b * offset.x + a * offset.y,
    );
    ChipGeometry::new(centre, chip_side * a.hypot(b), b.atan2(a), size)
}

fn minus(a: Point, b: Point) -> Point {
    Point::new(a.x - b.x, a.y - b.y)
}

fn mean_of(points: impl Iterator<Item = Point>) -> Point {
    let (sum, count) = points.fold((Point::default(), 0.0), |(sum, count), point| {
        (Point::new(sum.x + point.x, sum.y + point.y), count + 1.0)
    });
    Point::new(sum.x / count, sum.y / count)
}

#[cfg(test)]
mod tests;
