//! All levels of an image pyramid in one image, laid out like dlib's
//! (`compute_tiled_image_pyramid_details` in dlib/image_transforms/image_pyramid.h and
//! `input_image_pyramid` in dlib/dnn/input.h): the image itself on top, the next levels below it on
//! the left, the small ones going up again on the right, and zeros between them.

use crate::geometry::Rect;
use crate::models::network::MmodModel;
use crate::native::network::{Maps, Shape};
use crate::native::pyramid::{Planes, coordinate_up, size_below};
use crate::upsampling::rounded;

/// Minimum number of rows of the lowest level.
const MIN_HEIGHT: i64 = 5;

/// The pyramid as input of the network.
pub(super) struct TiledPyramid {
    levels: Vec<Rect>,
    maps: Maps,
}

/// The positions of the levels of a pyramid.
#[derive(Debug, PartialEq)]
struct Layout {
    levels: Vec<Rect>,
    width: i64,
    height: i64,
}

impl TiledPyramid {
    /// Lays out the pyramid of `image`. Each colour `c` of a pixel becomes `(c - mean) / 256`.
    pub(super) fn new(image: &Planes, model: &MmodModel) -> Self {
        let size = (image.width(), image.height());
        let layout = Layout::new(
            size,
            model.pyramid_padding as i64,
            model.outer_padding as i64,
        );
        let shape = Shape::bare(layout.height as usize, layout.width as usize, 3);
        let mut maps = Maps::new(shape, 1);
        if let Some(first) = layout.levels.first() {
            copy_image(image, model.mean, &mut maps, *first);
        }
        let mut between = Vec::new();
        for pair in layout.levels.windows(2) {
            shrink(&mut maps, pair[0], pair[1], &mut between);
        }
        Self {
            levels: layout.levels,
            maps,
        }
    }

    /// Returns the image that contains all levels.
    pub(super) fn maps(&self) -> &Maps {
        &self.maps
    }

    /// Returns the box in the first level of a window of `window` (width, height) pixels around
    /// `centre`, a place among the levels: dlib's `tiled_pyramid_to_image`.
    pub(super) fn box_in_image(&self, centre: [f64; 2], window: [usize; 2]) -> Rect {
        let level = self.nearest_level(centre.map(rounded));
        let origin = self
            .levels
            .get(level)
            .map_or([0, 0], |rect| [rect.left, rect.top]);
        let edge = |axis: usize, side: f64| {
            let half = (window[axis] as f64 - 1.0) / 2.0;
            coordinate_up(centre[axis] + side * half - origin[axis] as f64, level)
        };
        Rect {
            left: edge(0, -1.0),
            top: edge(1, -1.0),
            right: edge(0, 1.0),
            bottom: edge(1, 1.0),
        }
    }

    /// Returns the level that contains `place` or is nearest to it: dlib's `nearest_rect`.
    fn nearest_level(&self, [x, y]: [i64; 2]) -> usize {
        let distance = |rect: &Rect| {
            let dx = x - x.clamp(rect.left, rect.right);
            let dy = y - y.clamp(rect.top, rect.bottom);
            dx * dx + dy * dy
        };
        let nearest = self.levels.iter().enumerate();
        nearest
            .min_by_key(|(_, rect)| distance(rect))
            .map_or(0, |(level, _)| level)
    }
}

impl Layout {
    /// Returns the layout for an image of `size` (width, height) with `padding` pixels between the
    /// levels and `outer` ones at the edge.
    fn new(size: (usize, usize), padding: i64, outer: i64) -> Self {
        let sizes = level_sizes(size);
        let Some(&(width, image_height)) = sizes.first() else {
            return Self {
                levels: Vec::new(),
                width: 0,
                height: 0,
            };
        };
        let (in_first_column, height) = first_column(&sizes, padding);
        let mut levels = Vec::with_capacity(sizes.len());
        let mut y = outer;
        for &(level_width, level_height) in &sizes[..in_first_column] {
            levels.push(rect([outer, y], (level_width, level_height)));
            y += level_height + padding;
        }
        y -= padding;
        let image = rect([outer, outer], (width, image_height));
        for &(level_width, level_height) in &sizes[in_first_column..] {
            let corner = [outer + width - level_width, y - level_height];
            let level = rect(corner, (level_width, level_height));
            // Levels that would overlap the image itself are omitted.
            if level.top <= image.bottom && level.right >= image.left {
                break;
            }
            levels.push(level);
            y -= level_height + padding;
        }
        Self {
            levels,
            width: width + 2 * outer,
            height: height + 2 * outer,
        }
    }
}

/// Returns the sizes (width, height) of all levels.
fn level_sizes((width, height): (usize, usize)) -> Vec<(i64, i64)> {
    let mut sizes = Vec::new();
    let mut size = (width, height);
    while size.0 > 0 && size.1 > 0 && (sizes.is_empty() || size.1 as i64 >= MIN_HEIGHT) {
        sizes.push((size.0 as i64, size.1 as i64));
        size = size_below(size);
    }
    sizes
}

/// Returns the number of levels in the first column and its height without the outer padding. The
/// column ends when the next level fits beside the previous one, and half of the height below the
/// image is filled.
fn first_column(sizes: &[(i64, i64)], padding: i64) -> (usize, i64) {
    let (width, image_height) = sizes[0];
    let total = sizes
        .iter()
        .map(|(_, height)| height + padding)
        .sum::<i64>()
        - 2 * padding;
    let mut height = 0;
    let mut width_before = 0;
    let mut count = 0;
    for &(level_width, level_height) in sizes {
        let fits = level_width <= width - width_before - padding;
        if fits && 2 * (height - image_height) >= total - image_height {
            break;
        }
        height += level_height + padding;
        width_before = level_width;
        count += 1;
    }
    (count, height - padding)
}

/// Returns a rectangle by its upper left corner and its size.
fn rect([left, top]: [i64; 2], (width, height): (i64, i64)) -> Rect {
    Rect {
        left,
        top,
        right: left + width - 1,
        bottom: top + height - 1,
    }
}

/// Copies `image` to the first level.
fn copy_image(image: &Planes, mean: [f32; 3], maps: &mut Maps, level: Rect) {
    let left = level.left as usize;
    for y in 0..image.height() {
        let [reds, greens, blues] = image.rows(y);
        let row = &mut maps.row_mut(0, level.top as usize + y)[3 * left..];
        let (pixels, _) = row.as_chunks_mut::<3>();
        // The bytes after a row of planes have no meaning.
        let colours = reds.iter().zip(greens).zip(blues).take(image.width());
        for (pixel, ((red, green), blue)) in pixels.iter_mut().zip(colours) {
            let colours = [*red, *green, *blue];
            for ((number, colour), mean) in pixel.iter_mut().zip(colours).zip(mean) {
                *number = (f32::from(colour) - mean) / 256.0;
            }
        }
    }
}

/// Computes the level at `to` from the one at `from`: dlib's `resize_bilinear`, in which the
/// corners of both coincide. `between` is overwritten.
fn shrink(maps: &mut Maps, from: Rect, to: Rect, between: &mut Vec<f32>) {
    let steps = |from: i64, to: i64| (from - 1) as f32 / (to - 1).max(1) as f32;
    let [from_size, to_size] = [from, to].map(|rect| [rect.width(), rect.height()]);
    let x_step = steps(from_size[0], to_size[0]);
    let y_step = steps(from_size[1], to_size[1]);
    let last = from_size.map(|length| length as usize - 1);
    for y in 0..to_size[1] as usize {
        let at = y as f32 * y_step;
        let top = (at as usize).min(last[1]);
        let bottom = (top + 1).min(last[1]);
        let [top_row, bottom_row] = [top, bottom].map(|row| {
            &maps.row(0, from.top as usize + row)[3 * from.left as usize..][..3 * (last[0] + 1)]
        });
        let share = at - top as f32;
        between.clear();
        let rows = top_row.iter().zip(bottom_row);
        between.extend(rows.map(|(top, bottom)| (1.0 - share) * top + share * bottom));
        let row = &mut maps.row_mut(0, to.top as usize + y)[3 * to.left as usize..];
        let (pixels, _) = row.as_chunks_mut::<3>();
        for (x, pixel) in pixels.iter_mut().take(to_size[0] as usize).enumerate() {
            let at = x as f32 * x_step;
            let left = (at as usize).min(last[0]);
            let right = (left + 1).min(last[0]);
            let share = at - left as f32;
            for (channel, number) in pixel.iter_mut().enumerate() {
                *number = (1.0 - share) * between[3 * left + channel]
                    + share * between[3 * right + channel];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_dlibs() {
        // The result of compute_tiled_image_pyramid_details of dlib 19.24 for 500 x 293 with 10 and
        // 11 pixels of padding.
        let layout = Layout::new((500, 293), 10, 11);
        assert_eq!((layout.width, layout.height), (522, 1111));
        let edges = layout.levels.iter();
        let found: Vec<_> = edges
            .map(|level| [level.left, level.top, level.right, level.bottom])
            .collect();
        let expected = [
            [11, 11, 510, 303],
            [11, 314, 426, 557],
            [11, 568, 356, 770],
            [11, 781, 298, 949],
            [11, 960, 250, 1099],
            [311, 984, 510, 1099],
            [345, 878, 510, 973],
            [373, 788, 510, 867],
            [396, 712, 510, 777],
            [416, 647, 510, 701],
            [432, 592, 510, 636],
            [446, 545, 510, 581],
            [457, 505, 510, 534],
            [466, 470, 510, 494],
            [474, 440, 510, 459],
            [481, 414, 510, 429],
            [486, 391, 510, 403],
            [491, 371, 510, 380],
            [495, 353, 510, 360],
            [498, 337, 510, 342],
            [501, 322, 510, 326],
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn levels_go_up_again_as_far_as_the_image() {
        for (size, height, count, last) in [
            ((1002, 777), 2848, 27, [1007, 830, 1012, 834]),
            ((123, 700), 2570, 21, [133, 846, 133, 861]),
        ] {
            let layout = Layout::new(size, 10, 11);
            assert_eq!(layout.height, height);
            assert_eq!(layout.levels.len(), count);
            assert_eq!(layout.levels.last(), Some(&rect_by_edges(last)));
        }
    }

    /// Regression test: the bytes after a row of the image once became pixels to the right of it.
    #[test]
    fn what_is_around_the_levels_is_zero() {
        let mut image = Planes::default();
        image.set_image(&image::RgbImage::from_pixel(50, 40, image::Rgb([0; 3])));
        let mut maps = Maps::new(Shape::bare(62, 72, 3), 1);
        let level = rect([11, 11], (50, 40));
        copy_image(&image, [128.0; 3], &mut maps, level);
        for y in 0..62 {
            for (x, pixel) in maps.row(0, y).as_chunks::<3>().0.iter().enumerate() {
                let (x, y) = (x as i64, y as i64);
                let inside = (11..61).contains(&x) && (11..51).contains(&y);
                let expected = if inside { -0.5 } else { 0.0 };
                assert_eq!(*pixel, [expected; 3], "{x}, {y}");
            }
        }
    }

    fn rect_by_edges([left, top, right, bottom]: [i64; 4]) -> Rect {
        Rect {
            left,
            top,
            right,
            bottom,
        }
    }

    #[test]
    fn levels_lie_in_the_image_and_apart() {
        for size in [
            (1, 1),
            (5, 300),
            (300, 5),
            (4, 4),
            (40, 40),
            (500, 293),
            (123, 700),
        ] {
            let layout = Layout::new(size, 10, 11);
            assert_eq!(
                layout.levels[0],
                rect([11, 11], (size.0 as i64, size.1 as i64))
            );
            for (index, level) in layout.levels.iter().enumerate() {
                assert!(
                    level.left >= 11 && level.right < layout.width - 11,
                    "{size:?}"
                );
                assert!(
                    level.top >= 11 && level.bottom < layout.height - 11,
                    "{size:?}"
                );
                for other in &layout.levels[..index] {
                    let apart = level.left > other.right
                        || level.right < other.left
                        || level.top > other.bottom
                        || level.bottom < other.top;
                    assert!(apart, "{size:?}: {level:?} and {other:?}");
                }
            }
        }
        assert!(Layout::new((0, 7), 10, 11).levels.is_empty());
    }
}
