//! The encoder's network: from a chip to its encoding.
//!
//! Maps that a window moves over by 2 have zeros only below and on the right: one row and one
//! column more than the layer before them computes. They are the largest, so only some of their
//! rows are ever in memory, which stay in the processor's cache.

use std::ops::Range;

use image::RgbImage;

use crate::models::mobilefacenet::{
    Bottleneck, CHIP_SIZE, ENCODING_LEN, MobilefacenetModel, Stage,
};
use crate::models::network::{Convolution, SeparableConvolution};
use crate::native::network::{
    ConvolutionLayer, DepthwiseLayer, Maps, SeparableLayer, Shape, Workspace,
};
use facematch_kernels::{Finish, SimdLevel};

/// Width and height of the network's input.
const SIDE: usize = CHIP_SIZE as usize;

/// Number of rows of wide maps that are computed at a time; with the row before them, they give
/// half as many rows of the next maps.
const BAND: usize = 4;

/// The layers, packed for the kernels; their meaning is that of [`MobilefacenetModel`].
#[derive(Debug)]
pub(super) struct Network {
    stem: ConvolutionLayer,
    expanded_stem: SeparableLayer,
    stages: [StageLayers; 3],
    pooling: DepthwiseLayer,
    projection: ConvolutionLayer,
}

/// The layers of a [`Stage`].
#[derive(Debug)]
struct StageLayers {
    reduction: SeparableLayer,
    bottlenecks: Vec<BottleneckLayers>,
    expansion: ConvolutionLayer,
}

/// The layers of a [`Bottleneck`].
#[derive(Debug)]
struct BottleneckLayers {
    expansion: ConvolutionLayer,
    reduction: SeparableLayer,
}

/// Memory for intermediate results.
#[derive(Debug)]
pub(super) struct Memory {
    chip: Maps,
    stem: Maps,
    /// Maps within `expanded_stem`.
    within: Maps,
    stages: [StageMaps; 3],
    /// Maps after the last stage.
    last: Maps,
    features: Maps,
    encoding: Maps,
    workspace: Workspace,
}

/// The maps of a [`Stage`].
#[derive(Debug)]
struct StageMaps {
    /// Side of the maps before the stage.
    side: usize,
    /// Some rows of them, expanded.
    wide: Maps,
    /// Maps within the reduction of the first bottleneck, and of the others.
    within: [Maps; 2],
    /// Maps between the bottlenecks.
    between: Maps,
    /// Maps within a bottleneck.
    expanded: Maps,
}

impl Network {
    /// Packs the layers of `model`.
    pub(super) fn new(model: &MobilefacenetModel) -> Self {
        Self {
            stem: direct(&model.stem),
            expanded_stem: separable(&model.expanded_stem, Finish::StorePrelu),
            stages: model.stages.each_ref().map(StageLayers::new),
            pooling: DepthwiseLayer::new(&model.pooling, model.pooling.filters),
            projection: direct(&model.projection),
        }
    }

    /// Returns the encoding of `chip`.
    ///
    /// # Panics
    /// If the chip is not 112x112 pixels.
    pub(super) fn encode(
        &self,
        level: SimdLevel,
        chip: &RgbImage,
        memory: &mut Memory,
    ) -> [f32; ENCODING_LEN] {
        let Memory {
            chip: input,
            stem,
            within,
            stages: [first, second, third],
            last,
            features,
            encoding,
            workspace,
        } = memory;
        read(chip, input);
        let (prelu, store) = (Finish::StorePrelu, Finish::Store);
        self.stem
            .apply(level, 1, input.all(), stem, prelu, workspace);
        let [of_first, of_second, of_third] = &self.stages;
        first.apply(of_first, level, workspace, |rows, row, wide, workspace| {
            let input = stem.rows(self.expanded_stem.depthwise.input_rows(rows));
            self.expanded_stem
                .apply(level, input, within, wide, row, workspace);
        });
        second.apply(
            of_second,
            level,
            workspace,
            of_first.expand(level, &first.between),
        );
        third.apply(
            of_third,
            level,
            workspace,
            of_second.expand(level, &second.between),
        );
        of_third.expand(level, &third.between)(0..third.between.shape().rows, 0, last, workspace);
        self.pooling.apply(level, 1, last.all(), features, store);
        self.projection
            .apply(level, 1, features.all(), encoding, store, workspace);
        let mut numbers = [0.0; ENCODING_LEN];
        numbers.copy_from_slice(&encoding.row(0, 0)[..ENCODING_LEN]);
        numbers
    }
}

impl StageLayers {
    fn new(stage: &Stage) -> Self {
        Self {
            reduction: separable(&stage.reduction, Finish::Store),
            bottlenecks: stage
                .bottlenecks
                .iter()
                .map(BottleneckLayers::new)
                .collect(),
            expansion: direct(&stage.expansion),
        }
    }

    /// Returns a function that expands some rows of `between`, the maps between the bottlenecks,
    /// and writes them from a given row on.
    fn expand(
        &self,
        level: SimdLevel,
        between: &Maps,
    ) -> impl FnMut(Range<usize>, usize, &mut Maps, &mut Workspace) {
        move |rows, row, wide, workspace| {
            let (input, finish) = (between.rows(rows), Finish::StorePrelu);
            self.expansion
                .apply_from(row, level, 1, input, wide, finish, workspace);
        }
    }
}

impl BottleneckLayers {
    fn new(bottleneck: &Bottleneck) -> Self {
        Self {
            expansion: direct(&bottleneck.expansion),
            reduction: separable(&bottleneck.reduction, Finish::Add),
        }
    }
}

impl Memory {
    /// Makes room for the maps of one chip.
    pub(super) fn new(network: &Network) -> Self {
        let [first, second, third] = &network.stages;
        let chip = bare(SIDE + 1, 3);
        let [side, _] = network.stem.output_size([chip.rows, chip.columns]);
        let stem = Shape::narrow(side, side, network.stem.channels());
        let stages = [
            StageMaps::new(first, side, &network.expanded_stem.pointwise),
            StageMaps::new(second, side / 2, &first.expansion),
            StageMaps::new(third, side / 4, &second.expansion),
        ];
        let maps = |shape| Maps::new(shape, 1);
        Self {
            chip: maps(chip),
            stem: maps(stem),
            within: network.expanded_stem.maps_within(side),
            stages,
            last: maps(bare(side / 8, third.expansion.channels())),
            features: maps(bare(1, network.pooling.channels())),
            encoding: maps(bare(1, network.projection.channels())),
            workspace: Workspace::default(),
        }
    }
}

impl StageMaps {
    /// Makes room for the maps of `layers`. The maps before the stage have the given `side`, an
    /// even number, and `expansion` expands them.
    fn new(layers: &StageLayers, side: usize, expansion: &ConvolutionLayer) -> Self {
        let [bottleneck, ..] = &layers.bottlenecks[..] else {
            unreachable!("a stage has bottlenecks");
        };
        let half = side / 2;
        let expanded = Shape::narrow(half, half, bottleneck.expansion.channels());
        let wide = Shape::bare(BAND + 1, side + 1, expansion.channels());
        let reductions = [&layers.reduction, &bottleneck.reduction];
        Self {
            side,
            wide: Maps::new(wide, 1),
            within: reductions.map(|layer| layer.maps_within(half)),
            between: Maps::new(bare(half, layers.reduction.pointwise.channels()), 1),
            expanded: Maps::new(expanded, 1),
        }
    }

    /// Passes maps through the stage. `expand` computes the given rows of its wide maps and writes
    /// them from a given row on.
    fn apply(
        &mut self,
        layers: &StageLayers,
        level: SimdLevel,
        workspace: &mut Workspace,
        expand: impl FnMut(Range<usize>, usize, &mut Maps, &mut Workspace),
    ) {
        self.reduce(&layers.reduction, level, workspace, expand);
        let Self {
            within: [_, within],
            between,
            expanded,
            ..
        } = self;
        for bottleneck in &layers.bottlenecks {
            let (expansion, finish) = (&bottleneck.expansion, Finish::StorePrelu);
            expansion.apply(level, 1, between.all(), expanded, finish, workspace);
            bottleneck
                .reduction
                .apply(level, expanded.all(), within, between, 0, workspace);
        }
    }

    /// Computes the first maps of the stage, a few rows at a time.
    fn reduce(
        &mut self,
        reduction: &SeparableLayer,
        level: SimdLevel,
        workspace: &mut Workspace,
        mut expand: impl FnMut(Range<usize>, usize, &mut Maps, &mut Workspace),
    ) {
        let Self {
            side,
            wide,
            within: [within, _],
            between,
            ..
        } = self;
        for start in (0..*side).step_by(BAND) {
            let count = BAND.min(*side - start);
            // The last row of the band before this one is its first.
            let kept = usize::from(start > 0);
            wide.set_rows(BAND + 1, kept);
            let end = start + count;
            expand(start + kept..(end + 1).min(*side), kept, wide, workspace);
            if end == *side {
                wide.row_mut(0, count).fill(0.0);
            }
            let input = wide.rows(0..count + 1);
            reduction.apply(level, input, within, between, start / 2, workspace);
        }
    }
}

/// Returns the shape of square maps without a border.
fn bare(side: usize, channels: usize) -> Shape {
    Shape::bare(side, side, channels)
}

/// Prepares a convolution of maps that hold as many channels as it has.
fn direct(convolution: &Convolution) -> ConvolutionLayer {
    ConvolutionLayer::direct(convolution, convolution.channels)
}

/// Prepares two convolutions of maps that hold as many channels as they have.
fn separable(convolution: &SeparableConvolution, finish: Finish) -> SeparableLayer {
    SeparableLayer::new(convolution, convolution.depthwise.filters, finish)
}

/// Writes the numbers of `chip` to `maps`.
fn read(chip: &RgbImage, maps: &mut Maps) {
    assert_eq!(chip.dimensions(), (CHIP_SIZE, CHIP_SIZE));
    for (row, bytes) in chip.as_raw().chunks_exact(3 * SIDE).enumerate() {
        for (number, byte) in maps.row_mut(0, row).iter_mut().zip(bytes) {
            *number = (f32::from(*byte) - 127.5) / 128.0;
        }
    }
}
