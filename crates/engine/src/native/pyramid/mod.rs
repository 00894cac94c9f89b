//! Image pyramids. Input: an RGB image. Output: its three colour channels as [`Planes`], and copies
//! of them in other sizes, identical byte for byte to dlib's: doubled (`pyramid_up` with
//! `pyramid_down<2>`) and 5/6 as large (`pyramid_down<6>`; dlib/image_transforms/image_pyramid.h
//! and interpolation.h).
//!
//! A [`Resizer`] creates one copy at a time, so a detector needs the memory of only two levels.

mod planes;

pub(crate) use planes::Planes;

use image::RgbImage;

use crate::geometry::Rect;
use crate::upsampling::rounded;
use facematch_kernels::SimdLevel;
use facematch_kernels::resize_rows::{Columns, RowPair, resize_row};

/// Returns the size (width, height) of the next level below one of `size`: dlib's
/// `pyramid_down<6>`.
pub(crate) fn size_below((width, height): (usize, usize)) -> (usize, usize) {
    (5 * width / 6, 5 * height / 6)
}

/// Maps a rectangle in level `level` of a pyramid to the first level: dlib's
/// `pyramid_down<6>::rect_up`, rounded once.
pub(crate) fn mapped_up(rect: Rect, level: usize) -> Rect {
    map_edges(rect, |value| coordinate_up(value as f64, level))
}

/// Maps a coordinate in level `level` of a pyramid to the first level: dlib's
/// `pyramid_down<6>::point_up`, rounded once.
pub(crate) fn coordinate_up(value: f64, level: usize) -> i64 {
    let ratio = 6.0 / 5.0;
    rounded((0..level).fold(value, |value, _| value * ratio + 0.3))
}

/// Maps `rect` to the next level below: dlib's `pyramid_down<6>::rect_down`, rounded.
pub(crate) fn mapped_below(rect: Rect) -> Rect {
    map_edges(rect, |value| {
        let ratio = 5.0 / 6.0;
        rounded((value as f64 - 0.3) * ratio)
    })
}

fn map_edges(rect: Rect, coordinate: impl Fn(i64) -> i64) -> Rect {
    Rect {
        left: coordinate(rect.left),
        top: coordinate(rect.top),
        right: coordinate(rect.right),
        bottom: coordinate(rect.bottom),
    }
}

/// Creates copies of images in other sizes.
#[derive(Debug, Clone)]
pub(crate) struct Resizer {
    level: SimdLevel,
}

impl Resizer {
    /// Creates a resizer with the vector instructions of `level`.
    pub(crate) fn new(level: SimdLevel) -> Self {
        Self { level }
    }

    /// Writes a copy of `source`, with a size of `size` (width, height) pixels, to `target`: dlib's
    /// `resize_image` with bilinear interpolation. The pixels of a copy of an empty image have no
    /// meaning.
    pub(crate) fn resize(&self, source: &Planes, size: (usize, usize), target: &mut Planes) {
        target.set_size(size);
        let columns = Columns::new(source.width(), size.0);
        if columns.width() == 0 {
            return;
        }
        for (y, pair) in RowPair::all(source.height(), size.1).enumerate() {
            let [top, bottom] = [pair.top, pair.bottom].map(|y| source.rows(y));
            resize_row(self.level, &columns, pair, top, bottom, target.rows_mut(y));
        }
    }

    /// Writes the channels of `image`, doubled `times` times, to `target`. `spare` is overwritten.
    pub(crate) fn upsample(
        &self,
        image: &RgbImage,
        times: u32,
        target: &mut Planes,
        spare: &mut Planes,
    ) {
        target.set_image(image);
        for _ in 0..times {
            std::mem::swap(target, spare);
            let size = (2 * spare.width() + 2, 2 * spare.height() + 1);
            self.resize(spare, size, target);
        }
    }

    /// Returns `image`, doubled `times` times.
    pub(crate) fn upsampled(&self, image: &RgbImage, times: u32) -> RgbImage {
        let (mut planes, mut spare) = (Planes::default(), Planes::default());
        self.upsample(image, times, &mut planes, &mut spare);
        let mut doubled = RgbImage::new(planes.width() as u32, planes.height() as u32);
        for (y, pixels) in doubled.rows_mut().enumerate() {
            let [red, green, blue] = planes.rows(y);
            for (((pixel, red), green), blue) in pixels.zip(red).zip(green).zip(blue) {
                pixel.0 = [*red, *green, *blue];
            }
        }
        doubled
    }
}

#[cfg(test)]
mod tests;
