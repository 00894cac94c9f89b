//! The pixels of a scaled JPEG, component by component, and how they become RGB.

use image::RgbImage;

use super::header::{Frame, Headers};
use super::transform::{Coefficients, Transform, to_level};
use crate::image::scale::DctScale;

/// The planes of all components.
pub(super) struct Layout {
    pub(super) planes: Vec<Plane>,
    /// The number of minimum coded units, along x and along y.
    pub(super) units: (usize, usize),
    /// The image, of which the planes may hold more at the right and at the bottom.
    size: (u32, u32),
}

/// The pixels of a component.
pub(super) struct Plane {
    /// Blocks of a minimum coded unit, along x and along y.
    pub(super) sampling: (usize, usize),
    /// Blocks that hold a part of the image, along x and along y.
    pub(super) own_blocks: (usize, usize),
    /// All blocks, those that fill the last units included.
    pub(super) blocks: (usize, usize),
    pub(super) transform: Transform,
    /// Pixels of the image for one of the plane, along x and along y.
    ratio: (usize, usize),
    /// Width and height of a block in pixels.
    block_side: usize,
    stride: usize,
    pixels: Vec<u8>,
}

impl Layout {
    /// For the frame of `headers` at `scale`; `None` for samplings that are too odd.
    pub(super) fn new(headers: &Headers, frame: &Frame, scale: DctScale) -> Option<Self> {
        // The blocks of a lone component are not grouped, whatever its sampling.
        let samplings: Vec<_> = match &frame.components[..] {
            [_] => vec![(1, 1)],
            components => components.iter().map(|c| c.sampling).collect(),
        };
        let largest = (
            samplings.iter().map(|s| s.0).max()?,
            samplings.iter().map(|s| s.1).max()?,
        );
        let units = (
            frame.width.div_ceil(8 * largest.0) as usize,
            frame.height.div_ceil(8 * largest.1) as usize,
        );
        let planes = frame
            .components
            .iter()
            .zip(samplings)
            .map(|(component, sampling)| {
                let quantisation = headers.quantisation.get(component.quantisation)?.as_ref()?;
                Plane::new(frame, sampling, largest, units, scale, quantisation)
            })
            .collect::<Option<_>>()?;
        Some(Self {
            planes,
            units,
            size: (scale.decoded(frame.width), scale.decoded(frame.height)),
        })
    }

    /// The planes as RGB.
    pub(super) fn into_rgb(self) -> Option<RgbImage> {
        let width = self.size.0 as usize;
        let mut rgb = vec![0; width * 3 * self.size.1 as usize];
        for (y, row) in rgb.chunks_exact_mut(width * 3).enumerate() {
            match &self.planes[..] {
                [grey] => grey_row(row, grey.row(y)?),
                // Luma is never the coarser one in what photos are.
                [luma, blue, red] if luma.ratio == (1, 1) => {
                    let chroma = Chroma::of(blue, red, y)?;
                    colour_row(row, luma.row(y)?, chroma);
                }
                _ => return None,
            }
        }
        RgbImage::from_raw(self.size.0, self.size.1, rgb)
    }
}

impl Plane {
    fn new(
        frame: &Frame,
        sampling: (u32, u32),
        largest: (u32, u32),
        units: (usize, usize),
        scale: DctScale,
        quantisation: &[u16; 64],
    ) -> Option<Self> {
        if !largest.0.is_multiple_of(sampling.0) || !largest.1.is_multiple_of(sampling.1) {
            return None;
        }
        let block_side = scale.eighths() as usize;
        let blocks = |side: u32, sampling: u32, largest: u32| {
            (side * sampling).div_ceil(8 * largest) as usize
        };
        let own_blocks = (
            blocks(frame.width, sampling.0, largest.0),
            blocks(frame.height, sampling.1, largest.1),
        );
        let ratio = (largest.0 / sampling.0, largest.1 / sampling.1);
        let sampling = (sampling.0 as usize, sampling.1 as usize);
        let all_blocks = (units.0 * sampling.0, units.1 * sampling.1);
        let stride = all_blocks.0 * block_side;
        Some(Self {
            transform: Transform::new(block_side, quantisation)?,
            pixels: vec![0; stride * all_blocks.1 * block_side],
            sampling,
            own_blocks,
            blocks: all_blocks,
            ratio: (ratio.0 as usize, ratio.1 as usize),
            block_side,
            stride,
        })
    }

    /// Writes the pixels of `block` (x, y).
    #[inline(always)]
    pub(super) fn write(
        &mut self,
        block: (usize, usize),
        coefficients: &Coefficients,
        has_detail: bool,
    ) -> Option<()> {
        let start = (block.1 * self.stride + block.0) * self.block_side;
        let pixels = self.pixels.get_mut(start..)?;
        if has_detail {
            self.transform.write(coefficients, pixels, self.stride);
        } else {
            self.transform.write_flat(coefficients, pixels, self.stride);
        }
        Some(())
    }

    /// The row that holds row `y` of the image.
    fn row(&self, y: usize) -> Option<&[u8]> {
        let start = y / self.ratio.1 * self.stride;
        self.pixels.get(start..start + self.stride)
    }
}

fn grey_row(rgb: &mut [u8], grey: &[u8]) {
    for (pixel, &level) in rgb.chunks_exact_mut(3).zip(grey) {
        pixel.fill(level);
    }
}

/// A row of both chromas.
struct Chroma<'a> {
    blue: &'a [u8],
    red: &'a [u8],
    /// Pixels of the image that share a pixel of chroma. They are not blended: the photo is made smaller after this.
    ratio: usize,
}

impl<'a> Chroma<'a> {
    fn of(blue: &'a Plane, red: &'a Plane, y: usize) -> Option<Self> {
        (blue.ratio == red.ratio).then_some(Self {
            blue: blue.row(y)?,
            red: red.row(y)?,
            ratio: blue.ratio.0,
        })
    }
}

/// YCbCr to RGB as JFIF 1.02 has it.
fn colour_row(rgb: &mut [u8], luma: &[u8], chroma: Chroma) {
    let groups = rgb
        .chunks_mut(3 * chroma.ratio)
        .zip(luma.chunks(chroma.ratio));
    for ((group, luma), (&blue, &red)) in groups.zip(chroma.blue.iter().zip(chroma.red)) {
        let (blue, red) = (f32::from(blue) - 128.0, f32::from(red) - 128.0);
        let shifts = [
            1.402 * red,
            -0.344_136 * blue - 0.714_136 * red,
            1.772 * blue,
        ];
        for (pixel, &luma) in group.chunks_exact_mut(3).zip(luma) {
            for (level, shift) in pixel.iter_mut().zip(shifts) {
                *level = to_level(f32::from(luma) + shift);
            }
        }
    }
}
