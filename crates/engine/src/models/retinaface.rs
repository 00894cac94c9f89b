//! A reader for the face detector RetinaFace. Input: the content of
//! `retinaface_mobilenet_0.25.safetensors`. Output: its layers.
//!
//! Architecture: Deng et al., RetinaFace: Single-Shot Multi-Level Face Localisation in the Wild,
//! 2020, with MobileNet (Howard et al., 2017) of a quarter of the width, as in
//! biubug6/Pytorch_Retinaface. Batch normalizations are folded into the convolutions.

use super::network::{Convolution, SeparableConvolution};
use super::tensors::{LayerShape, Tensors};

/// Slope of the leaky ReLU after each convolution of the backbone, of the feature pyramid, and
/// within the context modules.
const SLOPE: f32 = 0.1;

/// Number of filters of the backbone's separable convolutions, and the distance that the depthwise
/// window moves.
const BLOCKS: [(usize, usize); 13] = [
    (16, 1),
    (32, 2),
    (32, 1),
    (64, 2),
    (64, 1),
    (128, 2),
    (128, 1),
    (128, 1),
    (128, 1),
    (128, 1),
    (128, 1),
    (256, 2),
    (256, 1),
];

/// Number of blocks in each stage of the backbone. The maps after a stage are 1/8, 1/16 and 1/32 as
/// wide and high as the image.
pub(crate) const STAGES: [usize; 3] = [5, 6, 2];

/// Number of maps after the first convolution.
const STEM: usize = 8;

/// Number of maps of each level of the feature pyramid.
pub(crate) const LEVEL: usize = 64;

/// The layers of the network.
#[derive(Debug)]
pub struct RetinafaceModel {
    /// First convolution. Its input is red, green and blue, minus the mean colour.
    pub(crate) stem: Convolution,
    /// Blocks of the backbone.
    pub(crate) blocks: Vec<SeparableConvolution>,
    /// Convolution of the maps after each stage of the backbone, finest first.
    pub(crate) laterals: [Convolution; 3],
    /// Convolution after a level is added to the finer one: for the finest, and for the middle one.
    pub(crate) merges: [Convolution; 2],
    /// Layers after each level of the pyramid, finest first.
    pub(crate) levels: [LevelModel; 3],
}

/// The layers after a level of the pyramid: a context module (the paper's SSH), whose three
/// branches look at windows of 3, 5 and 7 pixels, and the heads.
#[derive(Debug)]
pub(crate) struct LevelModel {
    /// The branch of 3x3 pixels.
    pub(crate) context_3: Convolution,
    /// First layer of the other branches.
    pub(crate) shared: Convolution,
    /// The branch of 5x5 pixels, after `shared`.
    pub(crate) context_5: Convolution,
    /// The branch of 7x7 pixels, after `shared`.
    pub(crate) context_7: [Convolution; 2],
    /// For both anchors of a pixel: two scores, the box and the landmarks, before decoding. Their
    /// input are the maps of the three branches, one after the other.
    pub(crate) heads: [Convolution; 3],
}

/// Reads the network in `bytes`.
///
/// # Errors
/// A sentence without a subject that says why the bytes are refused.
pub fn read_retinaface(bytes: &[u8]) -> Result<RetinafaceModel, String> {
    let mut tensors = Tensors::of_bytes(bytes)?;
    let layer = |filters, channels, window, stride| LayerShape {
        filters,
        channels,
        window,
        stride,
        padding: window / 2,
    };
    let mut stem = tensors.convolution("backbone.0.conv", layer(STEM, 3, 3, 2), Some(SLOPE))?;
    // The network was trained on blue, green, red.
    for filter in stem.weights.chunks_exact_mut(3 * 9) {
        let (blue, others) = filter.split_at_mut(9);
        blue.swap_with_slice(&mut others[9..]);
    }
    let mut maps = STEM;
    let mut blocks = Vec::new();
    for (index, (filters, stride)) in BLOCKS.into_iter().enumerate() {
        let mut part = |part, shape| {
            let name = format!("backbone.{}.{part}", index + 1);
            tensors.convolution(&name, shape, Some(SLOPE))
        };
        blocks.push(SeparableConvolution {
            depthwise: part("depthwise", layer(maps, 1, 3, stride))?,
            pointwise: part("pointwise", layer(filters, maps, 1, 1))?,
        });
        maps = filters;
    }
    let mut pyramid = |name, channels, window| {
        tensors.convolution(name, layer(LEVEL, channels, window, 1), Some(SLOPE))
    };
    let [first, second, third] = STAGES;
    let ends = [first, first + second, first + second + third];
    let [fine, middle, coarse] = ends.map(|end| BLOCKS[end - 1].0);
    let laterals = [
        pyramid("fpn.output1", fine, 1)?,
        pyramid("fpn.output2", middle, 1)?,
        pyramid("fpn.output3", coarse, 1)?,
    ];
    let merges = [
        pyramid("fpn.merge1", LEVEL, 3)?,
        pyramid("fpn.merge2", LEVEL, 3)?,
    ];
    let mut level = |number: usize| {
        let mut context = |name, filters, channels, slope| {
            let name = format!("ssh.{number}.{name}");
            tensors.convolution(&name, layer(filters, channels, 3, 1), slope)
        };
        let context_3 = context("conv3x3", 32, LEVEL, None)?;
        let shared = context("conv5x5_1", 16, LEVEL, Some(SLOPE))?;
        let context_5 = context("conv5x5_2", 16, 16, None)?;
        let context_7 = [
            context("conv7x7_2", 16, 16, Some(SLOPE))?,
            context("conv7x7_3", 16, 16, None)?,
        ];
        let mut head = |name, filters| {
            let name = format!("heads.{number}.{name}");
            tensors.convolution(&name, layer(filters, LEVEL, 1, 1), None)
        };
        Ok::<_, String>(LevelModel {
            context_3,
            shared,
            context_5,
            context_7,
            heads: [head("class", 4)?, head("box", 8)?, head("landmarks", 20)?],
        })
    };
    let levels = [level(1)?, level(2)?, level(3)?];
    tensors.finish()?;
    Ok(RetinafaceModel {
        stem,
        blocks,
        laterals,
        merges,
        levels,
    })
}

#[cfg(test)]
mod tests;
