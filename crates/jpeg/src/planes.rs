//! The destination of a JPEG's pixels, component by component.

use super::header::{Frame, Headers, Scan};
use super::transform::{Blocks, GROUP, Transform};
use crate::component_planes::{Colours, ComponentPlanes, Plane as FinishedPlane};
use crate::scale::DctScale;

/// Number of adjacent minimum coded units that are transformed together: enough for groups of
/// blocks, and few enough for their coefficients to stay in the first-level cache.
pub(super) const UNITS: usize = 8 * GROUP;

/// The planes of all components.
pub(super) struct Layout {
    pub(super) planes: Vec<Plane>,
    /// Number of minimum coded units, along x and along y.
    pub(super) units: (usize, usize),
    colours: Colours,
    extent: (f64, f64),
}

/// The pixels of a component.
pub(super) struct Plane {
    /// Blocks of a minimum coded unit, along x and along y.
    pub(super) sampling: (usize, usize),
    /// Blocks that hold a part of the image, along x and along y.
    pub(super) own_blocks: (usize, usize),
    /// All blocks, including those that pad the last units.
    pub(super) blocks: (usize, usize),
    /// Transform with the quantisation table of the component's first scan.
    transform: Option<Transform>,
    /// Part that belongs to the image, in pixels of the plane; the last pixels may be partial.
    extent: (f64, f64),
    /// Pixels of a line.
    width: usize,
    /// Width and height of a block in pixels.
    block_side: usize,
    pixels: Vec<u8>,
}

/// The arrangement of the components that a scan codes together.
#[derive(Clone, Copy)]
pub(super) struct Unit {
    /// Number of units, along x and along y.
    pub(super) count: (usize, usize),
    /// True if the units are the blocks of a single component.
    pub(super) is_block: bool,
}

impl Unit {
    /// Returns the number of blocks of a component in a unit, along x and along y.
    pub(super) fn blocks(self, plane: &Plane) -> (usize, usize) {
        if self.is_block {
            (1, 1)
        } else {
            plane.sampling
        }
    }
}

impl Layout {
    /// Creates the layout for `frame` at `scale`, or returns `None` if the frame has no components.
    pub(super) fn new(frame: &Frame, colours: Colours, scale: DctScale) -> Option<Self> {
        // The blocks of a single component are not grouped, regardless of its sampling.
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
        let plane = |(index, sampling)| {
            let is_chroma = index > 0 && colours.has_chroma(index);
            let block_scale = scale.of_component(sampling, largest, is_chroma);
            Plane::new(frame, sampling, largest, units, block_scale)
        };
        Some(Self {
            planes: samplings.into_iter().enumerate().map(plane).collect(),
            units,
            colours,
            extent: (scale.extent(frame.width), scale.extent(frame.height)),
        })
    }

    /// Keeps the quantisation tables of the components whose first scan is `scan`. Returns `None`
    /// if one is missing.
    pub(super) fn keep_quantisation(&mut self, headers: &Headers, scan: &Scan) -> Option<()> {
        for component in &scan.components {
            let plane = self.planes.get_mut(component.index)?;
            if plane.transform.is_none() {
                let frame = headers.frame.as_ref()?;
                let table = frame.components.get(component.index)?.quantisation;
                let table = headers.quantisation.get(table)?.as_ref()?;
                plane.transform = Some(Transform::new(plane.block_side, table)?);
            }
        }
        Some(())
    }

    /// Returns the units of `scan`.
    pub(super) fn unit(&self, scan: &Scan) -> Option<Unit> {
        match &scan.components[..] {
            [component] => Some(Unit {
                count: self.planes.get(component.index)?.own_blocks,
                is_block: true,
            }),
            _ => Some(Unit {
                count: self.units,
                is_block: false,
            }),
        }
    }

    /// Returns the finished planes.
    pub(super) fn finish(self) -> ComponentPlanes {
        let finished = |plane: Plane| FinishedPlane {
            width: plane.width,
            pixels: plane.pixels,
            extent: plane.extent,
        };
        ComponentPlanes {
            planes: self.planes.into_iter().map(finished).collect(),
            colours: self.colours,
            extent: self.extent,
        }
    }
}

impl Plane {
    fn new(
        frame: &Frame,
        sampling: (u32, u32),
        largest: (u32, u32),
        units: (usize, usize),
        scale: DctScale,
    ) -> Self {
        let block_side = scale.eighths() as usize;
        let blocks = |side: u32, sampling: u32, largest: u32| {
            (side * sampling).div_ceil(8 * largest) as usize
        };
        let own_blocks = (
            blocks(frame.width, sampling.0, largest.0),
            blocks(frame.height, sampling.1, largest.1),
        );
        let extent = |side: u32, sampling: u32, largest: u32| {
            scale.extent(side) * f64::from(sampling) / f64::from(largest)
        };
        let extent = (
            extent(frame.width, sampling.0, largest.0),
            extent(frame.height, sampling.1, largest.1),
        );
        let sampling = (sampling.0 as usize, sampling.1 as usize);
        let all_blocks = (units.0 * sampling.0, units.1 * sampling.1);
        let width = all_blocks.0.next_multiple_of(GROUP) * block_side;
        Self {
            transform: None,
            pixels: vec![0; width * block_side * all_blocks.1],
            sampling,
            own_blocks,
            blocks: all_blocks,
            extent,
            width,
            block_side,
        }
    }

    /// Returns the transform of the blocks, or `None` before the component's first scan.
    pub(super) fn transform(&self) -> Option<&Transform> {
        self.transform.as_ref()
    }

    /// Writes the pixels of the first `count` of `blocks`, starting at the block `first` (x, y).
    pub(super) fn write(
        &mut self,
        first: (usize, usize),
        blocks: &Blocks,
        count: usize,
    ) -> Option<()> {
        let start = (first.1 * self.width + first.0) * self.block_side;
        let pixels = self.pixels.get_mut(start..)?;
        self.transform
            .as_ref()?
            .write(blocks, count, pixels, self.width)
    }
}
