//! The detector's network: from an image to the outputs of its three levels.

use image::RgbImage;

use super::first_stage::FirstStage;
use crate::models::network::Convolution;
use crate::models::retinaface::{LEVEL, LevelModel, RetinafaceModel, STAGES};
use crate::native::network::{ConvolutionLayer, Maps, SeparableLayer, Shape, Workspace};
use facematch_kernels::winograd::Scheme;
use facematch_kernels::{Finish, SimdLevel};

/// Number of outputs for each pixel of a level: for both anchors two scores, four numbers of the
/// box and ten of the landmarks.
pub(super) const OUTPUTS: usize = 32;

/// The layers, packed for the kernels.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) stem: ConvolutionLayer,
    /// The blocks of the first stage of the backbone, and of the others.
    pub(super) first_stage: Vec<SeparableLayer>,
    later_stages: [Vec<SeparableLayer>; 2],
    laterals: [ConvolutionLayer; 3],
    merges: [ConvolutionLayer; 2],
    levels: [Level; 3],
}

/// The context module and the heads of a level.
#[derive(Debug)]
struct Level {
    context_3: ConvolutionLayer,
    shared: ConvolutionLayer,
    context_5: ConvolutionLayer,
    context_7: [ConvolutionLayer; 2],
    /// The parts of all heads for the maps of the branches of 3, 5 and 7 pixels.
    heads: [ConvolutionLayer; 3],
}

/// Memory for intermediate results; it is kept for further images of the same size.
#[derive(Debug, Default)]
pub(super) struct Memory {
    workspace: Workspace,
    state: Option<State>,
}

/// The maps of an image of one size.
#[derive(Debug)]
struct State {
    /// Height and width of the image.
    size: [usize; 2],
    first: FirstStage,
    /// Maps after the first stage.
    features: Maps,
    stages: [StageMaps; 2],
    levels: [LevelMaps; 3],
}

/// The maps of a stage of the backbone.
#[derive(Debug)]
struct StageMaps {
    /// Maps within each block.
    within: Vec<Maps>,
    /// Maps after the blocks: the first and every second, and the others.
    after: [Maps; 2],
}

/// The maps of a level of the feature pyramid.
#[derive(Debug)]
struct LevelMaps {
    /// Maps of the backbone, and those of the coarser level added to them.
    sum: Maps,
    merged: Maps,
    context_3: Maps,
    shared: Maps,
    context_5: Maps,
    context_7: [Maps; 2],
    outputs: Maps,
}

impl Network {
    /// Packs the layers of `model`.
    pub(super) fn new(model: &RetinafaceModel) -> Self {
        let stem = ConvolutionLayer::direct(&model.stem, 3);
        let mut stored = stem.channels();
        let mut blocks = model.blocks.iter().map(|block| {
            let block = SeparableLayer::new(block, stored, Finish::StorePrelu);
            stored = block.pointwise.channels();
            block
        });
        let mut next = |count| blocks.by_ref().take(count).collect();
        let [first, second, third] = STAGES;
        Self {
            stem,
            first_stage: next(first),
            later_stages: [next(second), next(third)],
            laterals: model.laterals.each_ref().map(direct),
            merges: model.merges.each_ref().map(winograd),
            levels: model.levels.each_ref().map(Level::new),
        }
    }

    /// Returns the outputs of each level, finest first: [`OUTPUTS`] numbers for each pixel.
    pub(super) fn outputs<'a>(
        &self,
        level: SimdLevel,
        image: &RgbImage,
        memory: &'a mut Memory,
    ) -> [&'a Maps; 3] {
        let size = [image.height(), image.width()].map(|side| side as usize);
        let state = memory.state.take().filter(|state| state.size == size);
        let state = state.unwrap_or_else(|| State::new(self, size));
        let state = memory.state.insert(state);
        self.find_features(level, image, state, &mut memory.workspace);
        self.merge(level, &mut state.levels, &mut memory.workspace);
        state.levels.each_ref().map(|maps| &maps.outputs)
    }

    /// Passes `image` through the backbone.
    fn find_features(
        &self,
        level: SimdLevel,
        image: &RgbImage,
        state: &mut State,
        workspace: &mut Workspace,
    ) {
        let State {
            first,
            features,
            stages,
            levels,
            ..
        } = state;
        first.apply(self, level, image, features, workspace);
        let finish = Finish::StorePrelu;
        let [lateral, laterals @ ..] = &self.laterals;
        let [maps, levels @ ..] = levels;
        lateral.apply(level, 1, features.all(), &mut maps.sum, finish, workspace);
        let mut input = &*features;
        for ((blocks, maps), (lateral, level_maps)) in
            (self.later_stages.iter().zip(stages)).zip(laterals.iter().zip(levels))
        {
            input = maps.apply(blocks, level, input, workspace);
            let output = &mut level_maps.sum;
            lateral.apply(level, 1, input.all(), output, finish, workspace);
        }
    }

    /// Passes the features through the feature pyramid and its levels, the coarsest first.
    fn merge(&self, level: SimdLevel, levels: &mut [LevelMaps; 3], workspace: &mut Workspace) {
        for (index, layers) in self.levels.iter().enumerate().rev() {
            let (finer, coarser) = levels.split_at_mut(index + 1);
            let maps = &mut finer[index];
            match (self.merges.get(index), coarser.first()) {
                (Some(merge), Some(coarser)) => {
                    add_enlarged(&coarser.merged, &mut maps.sum);
                    let (input, output) = (maps.sum.all(), &mut maps.merged);
                    merge.apply(level, 1, input, output, Finish::StorePrelu, workspace);
                }
                _ => std::mem::swap(&mut maps.sum, &mut maps.merged),
            }
            layers.apply(level, maps, workspace);
        }
    }
}

impl Memory {
    /// Returns the number of bytes that the maps take.
    pub(super) fn capacity(&self) -> usize {
        self.state.as_ref().map_or(0, |state| {
            let levels = state.levels.iter().flat_map(LevelMaps::all);
            let stages = state.stages.iter().flat_map(|maps| &maps.after);
            let maps = stages.chain(levels).chain([&state.features]);
            state.first.capacity() + maps.map(Maps::capacity).sum::<usize>()
        })
    }
}

impl State {
    /// Makes room for the maps of an image of `size`.
    fn new(network: &Network, size: [usize; 2]) -> Self {
        let first = FirstStage::new(network, size);
        let features = first.result();
        let [second, third] = &network.later_stages;
        let second = StageMaps::new(second, features.shape());
        let third = StageMaps::new(third, second.after[0].shape());
        let [fine, middle, coarse] = &network.levels;
        let levels = [
            LevelMaps::new(fine, features.shape()),
            LevelMaps::new(middle, second.after[0].shape()),
            LevelMaps::new(coarse, third.after[0].shape()),
        ];
        Self {
            size,
            first,
            features,
            stages: [second, third],
            levels,
        }
    }
}

impl StageMaps {
    /// Makes room for the maps of `blocks`, for an input of the size of `from`.
    fn new(blocks: &[SeparableLayer], from: Shape) -> Self {
        let [first, ..] = blocks else {
            unreachable!("a stage has blocks");
        };
        let [rows, columns] = first.depthwise.output_size([from.rows, from.columns]);
        let after = Shape::bordered(rows, columns, first.pointwise.channels(), 1);
        Self {
            within: blocks
                .iter()
                .map(|block| block.maps_within(columns))
                .collect(),
            after: [Maps::new(after, 1), Maps::new(after, 1)],
        }
    }

    /// Passes `input` through `blocks`, and returns the maps after the last.
    fn apply(
        &mut self,
        blocks: &[SeparableLayer],
        level: SimdLevel,
        input: &Maps,
        workspace: &mut Workspace,
    ) -> &Maps {
        for (index, (block, within)) in blocks.iter().zip(&mut self.within).enumerate() {
            let [even, odd] = &mut self.after;
            let (before, after) = if index % 2 == 0 {
                (odd, even)
            } else {
                (even, odd)
            };
            let input = if index == 0 { input } else { before };
            block.apply(level, input.all(), within, after, 0, workspace);
        }
        &self.after[(blocks.len() + 1) % 2]
    }
}

impl LevelMaps {
    /// Makes room for the maps of a level of the size of `at`.
    fn new(level: &Level, at: Shape) -> Self {
        let maps = |channels| Maps::new(Shape::bordered(at.rows, at.columns, channels, 1), 1);
        let of = |layer: &ConvolutionLayer| maps(layer.channels());
        Self {
            sum: maps(LEVEL),
            merged: maps(LEVEL),
            context_3: of(&level.context_3),
            shared: of(&level.shared),
            context_5: of(&level.context_5),
            context_7: level.context_7.each_ref().map(of),
            outputs: of(&level.heads[0]),
        }
    }

    fn all(&self) -> [&Maps; 8] {
        let [first, second] = &self.context_7;
        let context = [
            &self.context_3,
            &self.shared,
            &self.context_5,
            first,
            second,
        ];
        let [a, b, c, d, e] = context;
        [&self.sum, &self.merged, a, b, c, d, e, &self.outputs]
    }
}

/// Prepares a convolution of maps that hold as many channels as it has, window by window.
fn direct(convolution: &Convolution) -> ConvolutionLayer {
    ConvolutionLayer::direct(convolution, convolution.channels)
}

/// Prepares a convolution of 3x3 pixels of maps that hold as many channels as it has.
fn winograd(convolution: &Convolution) -> ConvolutionLayer {
    ConvolutionLayer::winograd(convolution, convolution.channels, Scheme::Tile4Window3)
}

/// Adds to each pixel of `finer` the pixel of `coarser` at its place: `coarser` is enlarged to
/// twice its size without interpolation.
fn add_enlarged(coarser: &Maps, finer: &mut Maps) {
    let Shape { rows, channels, .. } = finer.shape();
    for row in 0..rows {
        let pixels = coarser.row(0, row / 2).chunks_exact(channels);
        let pairs = finer.row_mut(0, row).chunks_mut(2 * channels);
        for (pair, pixel) in pairs.zip(pixels) {
            for numbers in pair.chunks_exact_mut(channels) {
                for (number, other) in numbers.iter_mut().zip(pixel) {
                    *number += other;
                }
            }
        }
    }
}

impl Level {
    fn new(model: &LevelModel) -> Self {
        let heads = joined(&model.heads);
        let branches = [&model.context_3, &model.context_5, &model.context_7[1]];
        let mut first = 0;
        let heads = branches.map(|branch| {
            let part = of_channels(&heads, first, branch.filters);
            first += branch.filters;
            direct(&part)
        });
        Self {
            context_3: winograd(&model.context_3),
            shared: winograd(&model.shared),
            context_5: winograd(&model.context_5),
            context_7: model.context_7.each_ref().map(winograd),
            heads,
        }
    }

    /// Computes the outputs of a level from `maps.merged`.
    fn apply(&self, level: SimdLevel, maps: &mut LevelMaps, workspace: &mut Workspace) {
        let LevelMaps {
            merged,
            context_3,
            shared,
            context_5,
            context_7: [first_of_7, context_7],
            outputs,
            ..
        } = maps;
        let mut layer = |layer: &ConvolutionLayer, input: &Maps, output: &mut Maps, finish| {
            layer.apply(level, 1, input.all(), output, finish, workspace);
        };
        layer(&self.context_3, merged, context_3, Finish::StoreRelu);
        layer(&self.shared, merged, shared, Finish::StorePrelu);
        layer(&self.context_5, shared, context_5, Finish::StoreRelu);
        layer(&self.context_7[0], shared, first_of_7, Finish::StorePrelu);
        layer(&self.context_7[1], first_of_7, context_7, Finish::StoreRelu);
        let [of_3, of_5, of_7] = &self.heads;
        layer(of_3, context_3, outputs, Finish::Store);
        layer(of_5, context_5, outputs, Finish::Add);
        layer(of_7, context_7, outputs, Finish::Add);
    }
}

/// Returns one convolution with the filters of all `convolutions`, which have windows of a pixel.
fn joined(convolutions: &[Convolution; 3]) -> Convolution {
    let of_all = |part: fn(&Convolution) -> &[f32]| {
        let parts = convolutions.iter().flat_map(part);
        parts.copied().collect()
    };
    let [first, ..] = convolutions;
    Convolution {
        filters: convolutions.iter().map(|each| each.filters).sum(),
        weights: of_all(|each| &each.weights),
        bias: of_all(|each| &each.bias),
        ..first.clone()
    }
}

/// Returns the part of `convolution`, which has windows of a pixel, for `count` of its input maps.
/// The biases belong to the part for the first map.
fn of_channels(convolution: &Convolution, first: usize, count: usize) -> Convolution {
    let weights = convolution.weights.chunks_exact(convolution.channels);
    let weights = weights.flat_map(|each| &each[first..first + count]);
    Convolution {
        channels: count,
        weights: weights.copied().collect(),
        bias: match first {
            0 => convolution.bias.clone(),
            _ => vec![0.0; convolution.filters],
        },
        ..convolution.clone()
    }
}
