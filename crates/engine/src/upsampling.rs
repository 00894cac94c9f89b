//! Doubling of an image before the search for faces, so that smaller ones are found: the resulting
//! size, its limits, and the mapping of boxes back to the image. Both engines follow dlib's
//! `pyramid_up` with `pyramid_down<2>` (dlib/image_transforms/image_pyramid.h).

use super::Detector;
use crate::error::EngineError;
use crate::geometry::{Point, Rect};

/// Shortest side, in pixels after upsampling, of an image that is searched: the smallest face that
/// a detector finds is several times as large, and dlib's filters do not fit into less.
const MIN_SIDE: u64 = 16;

/// Returns the size (width, height) of an image of `size` after `times` doublings: (2w + 2, 2h + 1)
/// each.
pub(super) fn upsampled_size((width, height): (u32, u32), times: u32) -> (u64, u64) {
    let start = (u64::from(width), u64::from(height));
    (0..times).fold(start, |(w, h), _| {
        (
            w.saturating_mul(2).saturating_add(2),
            h.saturating_mul(2).saturating_add(1),
        )
    })
}

/// Returns the number of pixels of an image of `size` after `times` doublings, or `None` if it is
/// too small to hold a face.
///
/// # Errors
/// [`EngineError::ImageTooLarge`] if they exceed the `limit` of `detector`.
pub(super) fn pixels_to_search(
    size: (u32, u32),
    times: u32,
    detector: Detector,
    limit: u64,
) -> Result<Option<u64>, EngineError> {
    let (width, height) = upsampled_size(size, times);
    let pixels = width.saturating_mul(height);
    if pixels > limit {
        return Err(EngineError::ImageTooLarge {
            width,
            height,
            detector: detector.name(),
            limit: limit / 1_000_000,
        });
    }
    Ok((width.min(height) >= MIN_SIDE).then_some(pixels))
}

/// Maps a rectangle in the copy, doubled `times` times, to the image: dlib's
/// `pyramid_down<2>::rect_down`, rounded once.
pub(super) fn mapped_down(rect: Rect, times: u32) -> Rect {
    let coordinate = |value: i64, offset: f64| {
        rounded((0..times).fold(value as f64, |value, _| value / 2.0 - offset))
    };
    Rect {
        left: coordinate(rect.left, 1.25),
        top: coordinate(rect.top, 0.75),
        right: coordinate(rect.right, 1.25),
        bottom: coordinate(rect.bottom, 0.75),
    }
}

/// Maps a point in the copy, doubled `times` times, to the image: dlib's
/// `pyramid_down<2>::point_down`.
pub(super) fn point_mapped_down(point: Point, times: u32) -> Point {
    (0..times).fold(point, |point, _| {
        Point::new(point.x / 2.0 - 1.25, point.y / 2.0 - 0.75)
    })
}

/// Rounds halves up, as when a `dlib::drectangle` becomes a `dlib::rectangle`.
pub(super) fn rounded(value: f64) -> i64 {
    (value + 0.5).floor() as i64
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
    fn upsampling_grows_as_in_dlib() {
        assert_eq!(upsampled_size((500, 293), 0), (500, 293));
        assert_eq!(upsampled_size((500, 293), 1), (1002, 587));
        assert_eq!(upsampled_size((500, 293), 2), (2006, 1175));
        assert_eq!(upsampled_size((u32::MAX, 1), 40).0, u64::MAX);
    }

    #[test]
    fn boxes_come_back_as_dlib_maps_them() {
        let below = rect(100, 100, 179, 179);
        assert_eq!(mapped_down(below, 0), below);
        // 100 / 2 - 1.25 = 48.75; 100 / 2 - 0.75 = 49.25; 179 / 2 - 1.25 = 88.25; 179 / 2 - 0.75 =
        // 88.75
        assert_eq!(mapped_down(below, 1), rect(49, 49, 88, 89));
    }

    #[test]
    fn too_large_is_refused_and_too_small_is_searched_in_vain() {
        let search = |size, times| pixels_to_search(size, times, Detector::Hog, 1_000_000);
        assert_eq!(search((500, 293), 1).unwrap(), Some(1002 * 587));
        assert_eq!(search((15, 500), 0).unwrap(), None);
        assert_eq!(search((16, 16), 0).unwrap(), Some(256));
        let error = search((500, 293), 2).unwrap_err();
        assert!(error.to_string().contains("2006x1175"), "{error}");
    }
}
