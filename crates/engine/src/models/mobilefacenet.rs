//! A reader for the face encoder MobileFaceNet. Input: the content of `mobilefacenet.safetensors`.
//! Output: its layers.
//!
//! Architecture: Chen et al., MobileFaceNets: Efficient CNNs for Accurate Real-Time Face
//! Verification on Mobile Devices, 2018, as in sirius-ai/MobileFaceNet_TF. Batch normalizations are
//! folded into the convolutions, and so are convolutions without an activation into those after
//! them, if the windows of both are a pixel.

use super::network::{Convolution, SeparableConvolution};
use super::tensors::{LayerShape, Tensors};

/// Side of the face chips that are the network's input, in pixels.
pub const CHIP_SIZE: u32 = 112;

/// Number of numbers that the network makes of a face.
pub const ENCODING_LEN: usize = crate::EncoderKind::Mobilefacenet.numbers();

/// Number of maps after the first convolution.
const STEM: usize = 64;

/// Number of maps after the last stage.
const FEATURES: usize = 512;

/// Side of these maps.
const FEATURES_SIDE: usize = 7;

/// The stages of the network.
const STAGES: [Shape; 3] = [
    Shape {
        maps: 64,
        reduced: 128,
        expanded: 128,
        bottlenecks: 4,
    },
    Shape {
        maps: 128,
        reduced: 256,
        expanded: 256,
        bottlenecks: 6,
    },
    Shape {
        maps: 128,
        reduced: 512,
        expanded: 256,
        bottlenecks: 2,
    },
];

/// The sizes of a [`Stage`].
struct Shape {
    /// Number of maps between the bottlenecks.
    maps: usize,
    /// Number of maps that the first bottleneck reduces to half the width and height.
    reduced: usize,
    /// Number of maps within each other bottleneck.
    expanded: usize,
    /// Number of the other bottlenecks.
    bottlenecks: usize,
}

/// The layers of the network. A window that moves by 2 has no padding: the maps that it moves over
/// must have a line of zeros below and on the right.
#[derive(Debug)]
pub struct MobilefacenetModel {
    /// First convolution. Its input is red, green and blue.
    pub(crate) stem: Convolution,
    /// The layers after it. They end with the expansion of the first stage's first bottleneck.
    pub(crate) expanded_stem: SeparableConvolution,
    pub(crate) stages: [Stage; 3],
    /// Window of the size of the last maps, for each of them.
    pub(crate) pooling: Convolution,
    /// Share of each of its results in each number of the encoding.
    pub(crate) projection: Convolution,
}

/// Bottlenecks on maps of one size: the first one makes them of larger ones.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The first bottleneck without its expansion.
    pub(crate) reduction: SeparableConvolution,
    /// The others. The input of each is added to its result.
    pub(crate) bottlenecks: Vec<Bottleneck>,
    /// Expansion of the next stage's first bottleneck, or the layer before the pooling.
    pub(crate) expansion: Convolution,
}

/// An inverted bottleneck: the maps are more in its middle than before and after it.
#[derive(Debug)]
pub(crate) struct Bottleneck {
    pub(crate) expansion: Convolution,
    pub(crate) reduction: SeparableConvolution,
}

/// Reads the network in `bytes`.
///
/// # Errors
/// A sentence without a subject that says why the bytes are refused.
pub fn read_mobilefacenet(bytes: &[u8]) -> Result<MobilefacenetModel, String> {
    let mut tensors = Tensors::of_bytes(bytes)?;
    let stem = tensors.convolution_with_prelu("stem.conv", window_of_3(STEM, 3, 2))?;
    let [first, second, third] = STAGES;
    let expanded_stem = SeparableConvolution {
        depthwise: tensors.convolution_with_prelu("stem.depthwise", window_of_3(STEM, 1, 1))?,
        pointwise: expansion(&mut tensors, "blocks.0.expand", first.reduced, STEM)?,
    };
    let stages = [
        stage(&mut tensors, 0, &first, "blocks.5.expand", second.reduced)?,
        stage(&mut tensors, 5, &second, "blocks.12.expand", third.reduced)?,
        stage(&mut tensors, 12, &third, "head.conv", FEATURES)?,
    ];
    let pooling = LayerShape {
        window: FEATURES_SIDE,
        ..pixelwise(FEATURES, 1)
    };
    let pooling = tensors.convolution("head.depthwise", pooling, None)?;
    let projection = pixelwise(ENCODING_LEN, FEATURES);
    let projection = tensors.convolution("head.linear", projection, None)?;
    tensors.finish()?;
    Ok(MobilefacenetModel {
        stem,
        expanded_stem,
        stages,
        pooling,
        projection,
    })
}

/// Reads a stage of the given `shape`, whose bottlenecks are numbered from `first` on, and its
/// expansion `name` to `filters` maps.
fn stage(
    tensors: &mut Tensors<'_>,
    first: usize,
    shape: &Shape,
    name: &str,
    filters: usize,
) -> Result<Stage, String> {
    let &Shape {
        maps,
        reduced,
        expanded,
        bottlenecks,
    } = shape;
    let first_reduction = reduction(tensors, first, window_of_3(reduced, 1, 2), maps)?;
    let bottleneck = |index| {
        let name = format!("blocks.{index}.expand");
        Ok(Bottleneck {
            expansion: expansion(tensors, &name, expanded, maps)?,
            reduction: reduction(tensors, index, window_of_3(expanded, 1, 1), maps)?,
        })
    };
    let bottlenecks = (first + 1..=first + bottlenecks).map(bottleneck);
    let bottlenecks = bottlenecks.collect::<Result<_, String>>()?;
    Ok(Stage {
        reduction: first_reduction,
        bottlenecks,
        expansion: expansion(tensors, name, filters, maps)?,
    })
}

/// Reads the layer `name`, which makes `filters` maps of `maps`.
fn expansion(
    tensors: &mut Tensors<'_>,
    name: &str,
    filters: usize,
    maps: usize,
) -> Result<Convolution, String> {
    tensors.convolution_with_prelu(name, pixelwise(filters, maps))
}

/// Reads the layers after the expansion of bottleneck `index`, which make `maps` maps.
fn reduction(
    tensors: &mut Tensors<'_>,
    index: usize,
    depthwise: LayerShape,
    maps: usize,
) -> Result<SeparableConvolution, String> {
    let name = format!("blocks.{index}.depthwise");
    let pointwise = format!("blocks.{index}.project");
    Ok(SeparableConvolution {
        depthwise: tensors.convolution_with_prelu(&name, depthwise)?,
        pointwise: tensors.convolution(&pointwise, pixelwise(maps, depthwise.filters), None)?,
    })
}

fn window_of_3(filters: usize, channels: usize, stride: usize) -> LayerShape {
    LayerShape {
        filters,
        channels,
        window: 3,
        stride,
        padding: if stride == 1 { 1 } else { 0 },
    }
}

fn pixelwise(filters: usize, channels: usize) -> LayerShape {
    LayerShape {
        filters,
        channels,
        window: 1,
        stride: 1,
        padding: 0,
    }
}

#[cfg(test)]
mod tests;
