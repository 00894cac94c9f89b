//! A decoded photo before conversion to RGB: one plane for each colour component, some of which may
//! have fewer pixels. To make a small copy, resize the planes one by one and compute colours only
//! for the pixels of the copy.

use super::upsampling::Upsampler;

/// Planes of a photo's colour components.
#[derive(Debug, Clone)]
pub struct ComponentPlanes {
    /// Planes, in the order of the components.
    pub planes: Vec<Plane>,
    /// Meaning of the components.
    pub colours: Colours,
    /// Width and height of the photo in decoded pixels; the last pixels may be partial.
    pub extent: (f64, f64),
}

/// Meaning of the components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// Luma only.
    Grey,
    /// Luma, blue and red chroma (ITU-T T.871, JFIF).
    YCbCr,
    /// Red, green and blue.
    Rgb,
    /// Cyan, magenta, yellow and black, each inverted, as Adobe's programs store them.
    Cmyk,
    /// The first three of [`Self::Cmyk`] as luma and chroma, and black.
    Ycck,
}

/// A plane with one number from 0 to 255 for each pixel.
#[derive(Debug, Clone)]
pub struct Plane {
    /// Pixels of a row, including those outside the photo.
    pub width: usize,
    /// Pixels row by row; the photo starts at the first.
    pub pixels: Vec<u8>,
    /// Width and height of the photo in pixels of the plane; the last pixels may be partial.
    pub extent: (f64, f64),
}

impl ComponentPlanes {
    /// Returns the width and height of the photo in decoded pixels. Partial pixels count.
    pub fn size(&self) -> (u32, u32) {
        (self.extent.0.ceil() as u32, self.extent.1.ceil() as u32)
    }

    /// Returns the decoded pixels in RGB, or `None` if pixels are missing.
    pub fn to_rgb(&self) -> Option<Vec<u8>> {
        let (width, height) = self.size();
        let mut upsamplers: Vec<_> = self
            .planes
            .iter()
            .map(|plane| Upsampler::new(plane, self.extent))
            .collect::<Option<_>>()?;
        let mut rgb = vec![0; 3 * width as usize * height as usize];
        let rows = rgb.chunks_exact_mut(3 * (width as usize).max(1));
        for (y, row) in rows.enumerate() {
            let components: Vec<_> = upsamplers
                .iter_mut()
                .map(|upsampler| upsampler.row(y))
                .collect::<Option<_>>()?;
            self.colours.write_rgb(&components, row)?;
        }
        Some(rgb)
    }
}

impl Colours {
    /// Returns whether component `index` is chroma, which the eye sees less sharply.
    pub(crate) fn has_chroma(self, index: usize) -> bool {
        matches!(self, Self::YCbCr | Self::Ycck) && (1..=2).contains(&index)
    }

    /// Writes RGB pixels, 3 bytes each, from those of each component. Returns `None` unless there
    /// is one slice per component.
    pub fn write_rgb(self, components: &[&[u8]], rgb: &mut [u8]) -> Option<()> {
        let pixels = rgb.as_chunks_mut::<3>().0.iter_mut();
        match (self, components) {
            (Self::Grey, [grey]) => {
                for (pixel, &level) in pixels.zip(*grey) {
                    *pixel = [level; 3];
                }
            }
            (Self::YCbCr, [luma, blue, red]) => {
                let chroma = blue.iter().zip(*red);
                for ((pixel, &luma), (&blue, &red)) in pixels.zip(*luma).zip(chroma) {
                    *pixel = to_rgb(luma, blue, red);
                }
            }
            (Self::Rgb, [red, green, blue]) => {
                let others = green.iter().zip(*blue);
                for ((pixel, &red), (&green, &blue)) in pixels.zip(*red).zip(others) {
                    *pixel = [red, green, blue];
                }
            }
            (Self::Cmyk | Self::Ycck, [first, second, third, black]) => {
                let colours = first.iter().zip(*second).zip(*third);
                for ((pixel, ((&a, &b), &c)), &black) in pixels.zip(colours).zip(*black) {
                    let inks = match self {
                        Self::Ycck => to_rgb(a, b, c).map(|level| 255 - level),
                        _ => [a, b, c],
                    };
                    *pixel = inks.map(|ink| multiplied(ink, black));
                }
            }
            _ => return None,
        }
        Some(())
    }
}

/// Returns the level of light that passes an ink and black, both inverted.
fn multiplied(ink: u8, black: u8) -> u8 {
    ((u32::from(ink) * u32::from(black) + 127) / 255) as u8
}

/// Converts YCbCr to RGB as defined by JFIF, in integers of 1/65536.
#[inline(always)]
fn to_rgb(luma: u8, blue: u8, red: u8) -> [u8; 3] {
    let luma = (i32::from(luma) << 16) + (1 << 15);
    let (blue, red) = (i32::from(blue) - 128, i32::from(red) - 128);
    // 1.402, 0.34414, 0.71414 and 1.772, rounded as libjpeg rounds them.
    [
        luma + 91_881 * red,
        luma - 22_554 * blue - 46_802 * red,
        luma + 116_130 * blue,
    ]
    .map(|level| (level >> 16).clamp(0, 255) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_kind_of_colours_becomes_rgb() {
        let first_pixel = |colours: Colours, levels: &[u8]| {
            let extent = (8.0, 8.0);
            let plane = |level: &u8| Plane {
                width: 8,
                pixels: vec![*level; 64],
                extent,
            };
            let planes = ComponentPlanes {
                planes: levels.iter().map(plane).collect(),
                colours,
                extent,
            };
            *planes.to_rgb().unwrap().first_chunk().unwrap()
        };
        assert_eq!(first_pixel(Colours::Grey, &[7]), [7; 3]);
        assert_eq!(
            first_pixel(Colours::YCbCr, &[100, 128, 228]),
            [240, 29, 100]
        );
        assert_eq!(first_pixel(Colours::Rgb, &[1, 2, 3]), [1, 2, 3]);
        assert_eq!(
            first_pixel(Colours::Cmyk, &[255, 128, 0, 128]),
            [128, 64, 0]
        );
        assert_eq!(
            first_pixel(Colours::Ycck, &[100, 128, 228, 255]),
            [15, 226, 155]
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
