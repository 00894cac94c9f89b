//! Resizing of the planes of a JPEG at a reduced scale one by one, so that colours are computed
//! only for the pixels of the small copy.

use facematch_jpeg::{ComponentPlanes, Plane};
use image::RgbImage;

use super::resampling::{Source, resample};

/// Returns `photo` in RGB, resized to `size`, or `None` if pixels are missing.
pub(super) fn resized(photo: &ComponentPlanes, size: (u32, u32)) -> Option<RgbImage> {
    if size == photo.size() {
        return to_rgb(photo);
    }
    let planes = photo.planes.iter().map(|plane| resized_plane(plane, size));
    let planes: Vec<_> = planes.collect::<Option<_>>()?;
    let planes: Vec<_> = planes.iter().map(Vec::as_slice).collect();
    let mut rgb = vec![0; 3 * size.0 as usize * size.1 as usize];
    photo.colours.write_rgb(&planes, &mut rgb)?;
    RgbImage::from_raw(size.0, size.1, rgb)
}

/// Returns `photo` in RGB, at the scale at which it was decoded, or `None` if pixels are missing.
pub(super) fn to_rgb(photo: &ComponentPlanes) -> Option<RgbImage> {
    let (width, height) = photo.size();
    RgbImage::from_raw(width, height, photo.to_rgb()?)
}

fn resized_plane(plane: &Plane, size: (u32, u32)) -> Option<Vec<u8>> {
    let source = Source {
        pixels: &plane.pixels,
        width: plane.width,
        extent: plane.extent,
    };
    resample::<1>(&source, size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use facematch_jpeg::Colours;

    fn plane(width: usize, level: u8, extent: (f64, f64)) -> Plane {
        Plane {
            width,
            pixels: vec![level; width * extent.1.ceil() as usize],
            extent,
        }
    }

    fn grey(planes: Vec<Plane>, extent: (f64, f64)) -> ComponentPlanes {
        ComponentPlanes {
            planes,
            colours: Colours::Grey,
            extent,
        }
    }

    #[test]
    fn what_lies_outside_of_the_photo_does_not_show() {
        let mut luma = plane(16, 50, (9.5, 4.0));
        for row in luma.pixels.chunks_exact_mut(16) {
            row[10..].fill(255);
        }
        luma.pixels.extend([255; 64]);
        let planes = grey(vec![luma], (9.5, 4.0));
        assert_eq!(planes.size(), (10, 4));
        for size in [(10, 4), (5, 2), (30, 12)] {
            let image = resized(&planes, size).unwrap();
            assert!(image.pixels().all(|pixel| pixel.0 == [50; 3]), "{size:?}");
        }
    }

    #[test]
    fn coarser_chroma_covers_the_same_photo() {
        let (luma, blue) = (plane(32, 100, (20.0, 10.0)), plane(16, 128, (10.0, 5.0)));
        let mut red = blue.clone();
        // Red in the left half.
        for row in red.pixels.chunks_exact_mut(16) {
            row[..5].fill(228);
        }
        let planes = ComponentPlanes {
            planes: vec![luma, blue, red],
            colours: Colours::YCbCr,
            extent: (20.0, 10.0),
        };
        for size in [(20, 10), (21, 10)] {
            let image = resized(&planes, size).unwrap();
            assert_eq!(image.get_pixel(2, 5).0, [240, 29, 100]);
            assert_eq!(image.get_pixel(17, 5).0, [100; 3]);
        }
    }

    #[test]
    fn the_number_of_planes_is_that_of_the_colours() {
        let one = plane(8, 0, (8.0, 8.0));
        let missing = Plane {
            pixels: vec![0; 63],
            ..one.clone()
        };
        for planes in [vec![], vec![one.clone(), one], vec![missing]] {
            let planes = grey(planes, (8.0, 8.0));
            assert!(resized(&planes, (4, 4)).is_none());
            assert!(to_rgb(&planes).is_none());
        }
    }
}
