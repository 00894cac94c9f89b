//! Where the pixels of a scaled JPEG go, component by component.

use super::header::{Frame, Headers};
use super::transform::{Blocks, GROUP, Transform};
use crate::image::component_planes::{ComponentPlanes, Plane as FinishedPlane};
use crate::image::scale::DctScale;

/// How many minimum coded units beside one another are transformed together: enough for groups of blocks, and few
/// enough for their coefficients to stay in the nearest cache.
pub(super) const UNITS: usize = 8 * GROUP;

/// The planes of all components.
pub(super) struct Layout {
    pub(super) planes: Vec<Plane>,
    /// The number of minimum coded units, along x and along y.
    pub(super) units: (usize, usize),
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
    /// The part that is the image's, in pixels of the plane, the last ones perhaps in part.
    extent: (f64, f64),
    /// Pixels of a line.
    width: usize,
    /// Width and height of a block in pixels.
    block_side: usize,
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
        // Luma is never the coarser one in what photos are, and both chromas are alike.
        let is_usual = match &samplings[..] {
            [luma, blue, red] => *luma == largest && blue == red,
            _ => true,
        };
        if !is_usual {
            return None;
        }
        let units = (
            frame.width.div_ceil(8 * largest.0) as usize,
            frame.height.div_ceil(8 * largest.1) as usize,
        );
        let planes = frame
            .components
            .iter()
            .zip(samplings)
            .enumerate()
            .map(|(index, (component, sampling))| {
                let quantisation = headers.quantisation.get(component.quantisation)?.as_ref()?;
                let is_fine_chroma = index > 0 && sampling == largest;
                let block_side = if is_fine_chroma {
                    scale.of_chroma()
                } else {
                    scale
                };
                Plane::new(frame, sampling, largest, units, block_side, quantisation)
            })
            .collect::<Option<_>>()?;
        Some(Self { planes, units })
    }

    /// The planes, finished.
    pub(super) fn finish(self) -> ComponentPlanes {
        let finished = |plane: Plane| FinishedPlane {
            width: plane.width,
            pixels: plane.pixels,
            extent: plane.extent,
        };
        ComponentPlanes::new(self.planes.into_iter().map(finished).collect())
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
        let extent = (
            scale.extent(frame.width) / f64::from(largest.0 / sampling.0),
            scale.extent(frame.height) / f64::from(largest.1 / sampling.1),
        );
        let sampling = (sampling.0 as usize, sampling.1 as usize);
        let all_blocks = (units.0 * sampling.0, units.1 * sampling.1);
        let width = units.0.next_multiple_of(UNITS) * sampling.0 * block_side;
        Some(Self {
            transform: Transform::new(block_side, quantisation)?,
            pixels: vec![0; width * block_side * all_blocks.1],
            sampling,
            own_blocks,
            blocks: all_blocks,
            extent,
            width,
            block_side,
        })
    }

    /// Room for the coefficients of the blocks of [`UNITS`] units that are beside one another in the image.
    pub(super) fn some_blocks(&self) -> Blocks {
        self.transform.blocks(UNITS * self.sampling.0)
    }

    /// Writes the pixels of blocks, the first of which is `first` (x, y).
    pub(super) fn write(&mut self, first: (usize, usize), blocks: &Blocks) -> Option<()> {
        let start = (first.1 * self.width + first.0) * self.block_side;
        let pixels = self.pixels.get_mut(start..)?;
        self.transform.write(blocks, pixels, self.width)
    }
}
