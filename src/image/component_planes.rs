//! A decoded photo before it becomes RGB: a plane of luma and, unless it is grey, two of chroma, which may have fewer
//! pixels. They are resized one by one, so that colours are computed for the pixels of the small copy alone.

use fast_image_resize::pixels::U8;
use image::RgbImage;

use super::resize::{Source, resize_pixels};
use super::transpose::transposed;

/// A plane of luma, or planes of luma, blue and red chroma (ITU-T T.871, JFIF).
#[derive(Debug, Clone)]
pub(super) struct ComponentPlanes {
    planes: Vec<Plane>,
}

/// One number from 0 to 255 for each pixel.
#[derive(Debug, Clone)]
pub(super) struct Plane {
    /// Pixels of a row, those outside of the photo included.
    pub(super) width: usize,
    /// Row by row; the photo begins with the first.
    pub(super) pixels: Vec<u8>,
    /// Width and height of the photo in pixels of the plane, the last ones perhaps in part.
    pub(super) extent: (f64, f64),
}

impl ComponentPlanes {
    /// Of one plane or of three.
    pub(super) fn new(planes: Vec<Plane>) -> Self {
        Self { planes }
    }

    /// The size (width, height) of the plane of luma, pixels that are the photo's in part counted whole.
    pub(super) fn size(&self) -> (u32, u32) {
        self.planes.first().map_or((0, 0), |luma| {
            (luma.extent.0.ceil() as u32, luma.extent.1.ceil() as u32)
        })
    }

    /// The photo in RGB, resized to `size`; `None` when pixels are missing.
    pub(super) fn resized(&self, size: (u32, u32)) -> Option<RgbImage> {
        let planes: Vec<_> = self
            .planes
            .iter()
            .map(|plane| plane.resized(size))
            .collect::<Option<_>>()?;
        let mut rgb = vec![0; 3 * size.0 as usize * size.1 as usize];
        match &planes[..] {
            [grey] => {
                for (pixel, &level) in rgb.as_chunks_mut::<3>().0.iter_mut().zip(grey) {
                    *pixel = [level; 3];
                }
            }
            [luma, blue, red] => {
                let chroma = blue.iter().zip(red);
                let pixels = rgb.as_chunks_mut::<3>().0.iter_mut();
                for ((pixel, &luma), (&blue, &red)) in pixels.zip(luma).zip(chroma) {
                    *pixel = to_rgb(luma, blue, red);
                }
            }
            _ => return None,
        }
        RgbImage::from_raw(size.0, size.1, rgb)
    }
}

impl Plane {
    fn resized(&self, size: (u32, u32)) -> Option<Vec<u8>> {
        let (width, height) = self.extent;
        let columns = width.ceil() as u32;
        let shrunk = resize_pixels::<U8>(
            &Source {
                pixels: &self.pixels,
                width: self.width,
                extent: (columns.into(), height),
            },
            (columns, size.1),
        )?;
        // Of single bytes, the library resizes columns several times as fast as rows.
        let shrunk = resize_pixels::<U8>(
            &Source {
                pixels: &transposed(&shrunk, columns as usize),
                width: size.1 as usize,
                extent: (size.1.into(), width),
            },
            (size.1, size.0),
        )?;
        Some(transposed(&shrunk, size.1 as usize))
    }
}

/// YCbCr to RGB as JFIF has it, in whole numbers of 1/65536.
#[inline(always)]
fn to_rgb(luma: u8, blue: u8, red: u8) -> [u8; 3] {
    let luma = (i32::from(luma) << 16) + (1 << 15);
    let (blue, red) = (i32::from(blue) - 128, i32::from(red) - 128);
    // 1.402, 0.344136, 0.714136 and 1.772.
    [
        luma + 91_881 * red,
        luma - 22_553 * blue - 46_802 * red,
        luma + 116_130 * blue,
    ]
    .map(|level| (level >> 16).clamp(0, 255) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plane(width: usize, level: u8, extent: (f64, f64)) -> Plane {
        Plane {
            width,
            pixels: vec![level; width * extent.1.ceil() as usize],
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
        let planes = ComponentPlanes::new(vec![luma]);
        assert_eq!(planes.size(), (10, 4));
        for size in [(10, 4), (5, 2), (30, 12)] {
            let image = planes.resized(size).unwrap();
            assert!(image.pixels().all(|pixel| pixel.0 == [50; 3]), "{size:?}");
        }
    }

    #[test]
    fn coarser_chroma_covers_the_same_photo() {
        let (luma, blue) = (plane(32, 100, (20.0, 10.0)), plane(16, 128, (10.0, 5.0)));
        let mut red = blue.clone();
        // Red on the left half.
        for row in red.pixels.chunks_exact_mut(16) {
            row[..5].fill(228);
        }
        let image = ComponentPlanes::new(vec![luma, blue, red])
            .resized((20, 10))
            .unwrap();
        assert_eq!(image.get_pixel(2, 5).0, [240, 29, 100]);
        assert_eq!(image.get_pixel(17, 5).0, [100; 3]);
    }

    #[test]
    fn neither_two_planes_nor_none_are_a_photo() {
        let one = plane(8, 0, (8.0, 8.0));
        assert!(ComponentPlanes::new(Vec::new()).resized((4, 4)).is_none());
        assert!(
            ComponentPlanes::new(vec![one.clone(), one.clone()])
                .resized((4, 4))
                .is_none()
        );
        let missing = Plane {
            pixels: vec![0; 63],
            ..one
        };
        assert!(
            ComponentPlanes::new(vec![missing])
                .resized((4, 4))
                .is_none()
        );
    }

    proptest! {
        #[test]
        fn colours_are_those_of_the_definition(luma: u8, blue: u8, red: u8) {
            let [y, b, r] = [f64::from(luma), f64::from(blue) - 128.0, f64::from(red) - 128.0];
            let wanted = [y + 1.402 * r, y - 0.344_136 * b - 0.714_136 * r, y + 1.772 * b];
            for (got, wanted) in to_rgb(luma, blue, red).into_iter().zip(wanted) {
                prop_assert!((f64::from(got) - wanted.clamp(0.0, 255.0)).abs() <= 0.51);
            }
        }
    }
}
