//! Resizing to the working width, antialiased when shrinking.

use image::RgbImage;

use super::MAX_DECODED_BYTES;
use super::resampling::{Source, resample};

/// Largest ratio of height to width of a copy of full width. Higher images are screenshots and
/// strips and would cost many times as much as a photo.
const MOST_ASPECT: u64 = 12;

/// Columns that the CNN detector adds to a copy: 11 on each side, and two on each side of a map of
/// an eighth of the size. They are most of the cost of a copy that is a few pixels wide.
const MARGIN: u64 = 2 * 11 + 4 * 8;

/// Maximum number of pixels of a copy.
const MOST_PIXELS: u64 = MAX_DECODED_BYTES / 3;

/// Returns the size of a copy `width` pixels wide of an image of `size` (width, height), with the
/// same aspect ratio. 0 returns `size` itself.
///
/// The area of the copy is bounded: a photo more than 12 times as high as wide gets a narrower copy
/// that costs as much as one of that shape, including its margins, and no copy takes more than
/// [`MAX_DECODED_BYTES`].
pub fn working_size(size: (u32, u32), width: u32) -> (u32, u32) {
    if width == 0 {
        return size;
    }
    let height = scaled(size.1, width, size.0);
    let columns = u64::from(width);
    if height <= (MOST_ASPECT * columns).min(MOST_PIXELS / columns) {
        // At most 2^28, like the area.
        return (width, height as u32);
    }
    // Round both sides down, so that the area stays within its bound.
    let aspect = f64::from(size.1) / f64::from(size.0);
    let (most, margin) = (most_with_margin(width), MARGIN as f64);
    let columns = (margin * margin / 4.0 + most as f64 / aspect).sqrt() - margin / 2.0;
    let columns = columns.min((MOST_PIXELS as f64 / aspect).sqrt());
    let narrow = (columns as u64).max(1);
    let high = ((columns * aspect) as u64).max(1);
    // A side shorter than a pixel has become 1, which can exceed the bound.
    let high = high.min(most / (narrow + MARGIN)).min(MOST_PIXELS / narrow);
    (narrow as u32, high as u32)
}

/// Returns the maximum number of pixels of a narrow copy for this width, including the margins.
fn most_with_margin(width: u32) -> u64 {
    let width = u64::from(width);
    MOST_ASPECT * width * (width + MARGIN)
}

/// Returns `side * numerator / denominator`, rounded, at least 1.
fn scaled(side: u32, numerator: u32, denominator: u32) -> u64 {
    let denominator = u64::from(denominator.max(1));
    ((u64::from(side) * u64::from(numerator) + denominator / 2) / denominator).max(1)
}

/// Returns `image` resized to `size`, or `None` if a side is 0.
pub(super) fn resize(image: &RgbImage, size: (u32, u32)) -> Option<RgbImage> {
    if image.dimensions() == size {
        return Some(image.clone());
    }
    let source = Source {
        pixels: image.as_raw(),
        width: image.width() as usize,
        extent: (image.width().into(), image.height().into()),
    };
    RgbImage::from_raw(size.0, size.1, resample::<3>(&source, size)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MAX_WIDTH;
    use image::Rgb;

    #[test]
    fn the_aspect_is_kept_and_no_side_vanishes() {
        assert_eq!(working_size((4000, 3000), 500), (500, 375));
        assert_eq!(working_size((250, 250), 500), (500, 500));
        assert_eq!(working_size((16_384, 3), 500), (500, 1));
        assert_eq!(working_size((17_000, 450), 500), (500, 13));
        assert_eq!(working_size((640, 480), 0), (640, 480));
        assert_eq!(working_size((100, 20_000), 0), (100, 20_000));
        assert_eq!(working_size((3000, 4000), 1600), (1600, 2133));
        assert_eq!(working_size((1080, 12_960), 500), (500, 6000));
    }

    #[test]
    fn the_area_of_a_copy_is_bounded() {
        for (size, width) in [
            ((34, 1376), 500),
            ((500, 20_235), 500),
            ((8, 65_500), 500),
            ((1, 65_535), 500),
            ((1, 178_000_000), 500),
            ((1, u32::MAX), 1),
            ((u32::MAX, 1), MAX_WIDTH),
            ((4000, 3000), MAX_WIDTH),
            ((1, 1), MAX_WIDTH),
            ((3, 100_000), MAX_WIDTH),
            ((1, u32::MAX), MAX_WIDTH),
        ] {
            let (columns, rows) = working_size(size, width);
            assert!(columns > 0 && rows > 0, "{size:?}");
            let area = u64::from(columns) * u64::from(rows);
            let most = (MOST_ASPECT * u64::from(width).pow(2)).min(MOST_PIXELS);
            assert!(area <= most, "{size:?}: {columns}x{rows}");
            let with_margin = (u64::from(columns) + MARGIN) * u64::from(rows);
            let most = most_with_margin(width);
            assert!(with_margin <= most, "{size:?}: {columns}x{rows}");
        }
        // A bounded strip keeps its aspect ratio.
        assert_eq!(working_size((34, 1376), 500), (260, 10_557));
        assert_eq!(working_size((4000, 3000), MAX_WIDTH), (15_446, 11_585));
    }

    /// Detectors took 658 MiB for 8x65,500 pixels, whose copy had 19 columns and 156,000 rows.
    #[test]
    fn the_margins_of_a_narrow_copy_count() {
        assert_eq!(working_size((8, 65_500), 500), (6, 54_770));
        // The size does not jump where the bound begins.
        assert_eq!(working_size((1000, 12_000), 500), (500, 6000));
        assert_eq!(working_size((1000, 12_010), 500), (499, 6002));
    }

    #[test]
    fn shrinking_is_antialiased() {
        let stripes = RgbImage::from_fn(400, 10, |x, _| Rgb([if x % 2 == 0 { 255 } else { 0 }; 3]));
        let small = resize(&stripes, (50, 10)).unwrap();
        for pixel in small.pixels() {
            assert!(pixel.0[0].abs_diff(128) <= 12, "{pixel:?}");
        }
    }

    #[test]
    fn a_flat_image_stays_flat_when_enlarged() {
        let flat = RgbImage::from_pixel(7, 5, Rgb([12, 200, 99]));
        let large = resize(&flat, (500, 357)).unwrap();
        assert!(large.pixels().all(|p| p.0 == [12, 200, 99]));
    }
}
