//! The first stage of the backbone, at whose end the maps are 1/8 as wide and high as the image.
//! Those before it are large, so only some of their rows are ever in memory: a few rows of the
//! result are computed at a time, and each step keeps the rows that the next ones need too.

use std::ops::Range;

use image::RgbImage;

use super::network::Network;
use crate::native::network::{Maps, MapsView, SeparableLayer, Shape, Workspace};
use facematch_kernels::{Finish, SimdLevel};

/// Number of rows of the result that are computed together.
const BAND: usize = 4;

/// Mean colour of the training images: red, green and blue.
const MEAN: [f32; 3] = [123.0, 117.0, 104.0];

/// The maps of all steps. All windows have 3x3 pixels.
#[derive(Debug)]
pub(super) struct FirstStage {
    input: Step,
    stem: Step,
    /// Maps within each block, and after it.
    blocks: Vec<(Maps, Step)>,
}

/// Some rows of the maps after a convolution.
#[derive(Debug)]
struct Step {
    maps: Maps,
    /// Distance that the window moves which computes these maps from those before.
    stride: usize,
    /// Height of the maps of the whole image.
    height: usize,
    /// The rows of them that `maps` holds.
    rows: Range<usize>,
    /// The last of these rows, which are to be computed.
    fresh: Range<usize>,
}

impl FirstStage {
    /// Makes room for the bands of an image of `size` (height, width).
    pub(super) fn new(network: &Network, size: [usize; 2]) -> Self {
        let (stem, blocks) = (&network.stem, &network.first_stage);
        let mut sizes = vec![size, stem.output_size(size)];
        for block in blocks {
            let before = sizes[sizes.len() - 1];
            sizes.push(block.depthwise.output_size(before));
        }
        // As many rows as `BAND` rows of the result need.
        let mut rows = vec![BAND];
        for block in blocks.iter().rev() {
            rows.push((rows[rows.len() - 1] - 1) * block.depthwise.stride() + 3);
        }
        rows.push((rows[rows.len() - 1] - 1) * 2 + 3);
        let step = |index: usize, channels, stride| {
            let [height, columns] = sizes[index];
            let rows = rows[rows.len() - 1 - index].min(height);
            Step {
                maps: Maps::new(Shape::narrow(rows, columns, channels), 1),
                stride,
                height,
                rows: 0..0,
                fresh: 0..0,
            }
        };
        let of_block = |(index, block): (usize, &SeparableLayer)| {
            let (pointwise, stride) = (&block.pointwise, block.depthwise.stride());
            let after = step(index + 2, pointwise.channels(), stride);
            (block.maps_within(after.maps.shape().columns), after)
        };
        Self {
            input: step(0, 3, 1),
            stem: step(1, stem.channels(), 2),
            blocks: blocks.iter().enumerate().map(of_block).collect(),
        }
    }

    /// Returns maps for the result.
    pub(super) fn result(&self) -> Maps {
        let (_, last) = &self.blocks[self.blocks.len() - 1];
        let Shape {
            columns, channels, ..
        } = last.maps.shape();
        Maps::new(Shape::bordered(last.height, columns, channels, 1), 1)
    }

    /// Returns the number of bytes that the maps take.
    pub(super) fn capacity(&self) -> usize {
        let blocks = self
            .blocks
            .iter()
            .flat_map(|(within, after)| [within, &after.maps]);
        let maps = blocks.chain([&self.input.maps, &self.stem.maps]);
        maps.map(Maps::capacity).sum()
    }

    /// Passes `image` through the first stage of `network` to `result`.
    pub(super) fn apply(
        &mut self,
        network: &Network,
        level: SimdLevel,
        image: &RgbImage,
        result: &mut Maps,
        workspace: &mut Workspace,
    ) {
        let steps = self.blocks.iter_mut().map(|(_, after)| after);
        for step in steps.chain([&mut self.input, &mut self.stem]) {
            step.rows = 0..0;
        }
        let height = result.shape().rows;
        for start in (0..height).step_by(BAND) {
            let band = start..height.min(start + BAND);
            self.choose_rows(band);
            self.read(image);
            self.compute(network, level, result, workspace);
        }
    }

    /// Chooses the rows of each step that the rows `band` of the result need.
    fn choose_rows(&mut self, band: Range<usize>) {
        let mut rows = band;
        for index in (0..self.blocks.len()).rev() {
            let height = match index.checked_sub(1) {
                Some(before) => self.blocks[before].1.height,
                None => self.stem.height,
            };
            rows = self.blocks[index].1.choose(rows, height);
        }
        rows = self.stem.choose(rows, self.input.height);
        self.input.choose(rows, 0);
    }

    /// Reads the chosen rows of `image`.
    fn read(&mut self, image: &RgbImage) {
        let Step {
            maps, rows, fresh, ..
        } = &mut self.input;
        let bytes = image.as_raw().chunks_exact(3 * image.width() as usize);
        for (row, bytes) in fresh.clone().zip(bytes.skip(fresh.start)) {
            let (numbers, _) = maps.row_mut(0, row - rows.start).as_chunks_mut::<3>();
            for (numbers, bytes) in numbers.iter_mut().zip(bytes.as_chunks::<3>().0) {
                for ((number, byte), mean) in numbers.iter_mut().zip(bytes).zip(MEAN) {
                    *number = f32::from(*byte) - mean;
                }
            }
        }
    }

    /// Computes the fresh rows of all other steps.
    fn compute(
        &mut self,
        network: &Network,
        level: SimdLevel,
        result: &mut Maps,
        workspace: &mut Workspace,
    ) {
        let first = self.stem.first_fresh();
        if let Some(input) = self.input.window_of(&self.stem) {
            let (output, finish) = (&mut self.stem.maps, Finish::StorePrelu);
            let layer = &network.stem;
            layer.apply_from(first, level, 1, input, output, finish, workspace);
        }
        let last = self.blocks.len() - 1;
        let mut before = &self.stem;
        let blocks = network.first_stage.iter().zip(&mut self.blocks);
        for (index, (block, (within, after))) in blocks.enumerate() {
            let first = after.first_fresh();
            if let Some(input) = before.window_of(after) {
                let (output, first) = match index == last {
                    true => (&mut *result, after.fresh.start),
                    false => (&mut after.maps, first),
                };
                block.apply(level, input, within, output, first, workspace);
            }
            before = after;
        }
    }
}

impl Step {
    /// Chooses `rows`, of which those that are there already are kept. Returns the rows that the
    /// others need of the step before, which has maps of `height`: the window also reads the row
    /// above and below.
    fn choose(&mut self, rows: Range<usize>, height: usize) -> Range<usize> {
        let fresh = rows.start.max(self.rows.end)..rows.end.max(self.rows.end);
        if !fresh.is_empty() {
            self.maps.set_rows(rows.len(), fresh.start - rows.start);
            self.rows = rows;
        }
        self.fresh = fresh.clone();
        if fresh.is_empty() {
            return 0..0;
        }
        let first = (self.stride * fresh.start).saturating_sub(1);
        first..height.min(self.stride * (fresh.end - 1) + 2)
    }

    /// Returns the index of the first fresh row in the maps.
    fn first_fresh(&self) -> usize {
        self.fresh.start - self.rows.start
    }

    /// Returns a view of these maps over which the window moves to compute the fresh rows of
    /// `next`, or `None` if there are none. The row above the view and the one below it belong to
    /// the maps, or are zeros at their edge.
    fn window_of(&self, next: &Self) -> Option<MapsView<'_>> {
        let moves = next.fresh.len().checked_sub(1)?;
        let first = next.stride * next.fresh.start - self.rows.start;
        Some(self.maps.rows(first..first + next.stride * moves + 1))
    }
}
