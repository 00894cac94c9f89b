//! A reader for the face encoder: a residual network of 29 convolutions that turns a face chip into
//! 128 numbers. Input: the whole file as bytes. Output: a [`ResnetModel`], or a sentence that says
//! why the file is refused.
//!
//! Architecture: dlib's tools/python/src/face_recognition.cpp. Format: `loss_metric_2` of
//! dlib/dnn/loss.h.

use std::fmt;

use super::layers::{self, ConvolutionShape, ON_INPUT, ON_LAYER, TAG};
use super::{Convolution, Kind, read_versions, read_whole};
use crate::ENCODING_LEN;
use crate::chip::CHIP_SIZE;
use crate::models::reader::{Damage, Reader};

const KIND: Kind = Kind {
    head: b"\x01\x01\x01\x0dloss_metric_2",
    name: "face encoder",
};

/// Convolution next to the image.
const STEM: ConvolutionShape = ConvolutionShape {
    filters: 32,
    channels: 3,
    window: 7,
    stride: 2,
    padding: 0,
};

/// Blocks in the order of computation: number of filters, and whether the block halves the map.
const BLOCKS: [(usize, bool); 14] = [
    (32, false),
    (32, false),
    (32, false),
    (64, true),
    (64, false),
    (64, false),
    (64, false),
    (128, true),
    (128, false),
    (128, false),
    (256, true),
    (256, false),
    (256, false),
    (256, true),
];

/// Number of numbers left after each map of the last block is averaged.
const FEATURES: usize = 256;

/// Versions of the layers above the blocks: fully connected, average of each map.
const HEAD_VERSIONS: [usize; 2] = [ON_LAYER; 2];
/// Versions of the layers of a block: relu, add_prev1, affine, con, relu, affine, con, tag1.
const BLOCK_VERSIONS: [usize; 8] = [
    ON_LAYER, ON_LAYER, ON_LAYER, ON_LAYER, ON_LAYER, ON_LAYER, ON_LAYER, TAG,
];
/// Versions of the layers of a block that halves the map: relu, add_prev2, avg_pool, skip1, tag2,
/// affine, con, relu, affine, con, tag1.
const DOWN_BLOCK_VERSIONS: [usize; 11] = [
    ON_LAYER, ON_LAYER, ON_LAYER, TAG, TAG, ON_LAYER, ON_LAYER, ON_LAYER, ON_LAYER, ON_LAYER, TAG,
];
/// Versions of the layers below the blocks: max_pool, relu, affine, con.
const STEM_VERSIONS: [usize; 4] = [ON_LAYER, ON_LAYER, ON_LAYER, ON_INPUT];

/// The face encoder.
///
/// From a chip of 150x150 pixels to the encoding:
/// 1. Each channel (red, green, blue) of each pixel becomes `(value - mean) / 256`.
/// 2. [`stem`](Self::stem), relu, and the maximum of each 3x3 window, moving by 2, without padding:
///    32 maps of 35x35.
/// 3. [`blocks`](Self::blocks), in order; the last one gives 256 maps of 2x2.
/// 4. The average of each map: 256 numbers, which [`projection`](Self::projection) turns into 128.
///
/// Its blocks are [`ResidualBlock`]s, or the results of `take` of [`read_resnet_blocks`].
#[derive(Clone, PartialEq)]
pub struct ResnetModel<B = ResidualBlock> {
    /// Mean colour: red, green, blue, from 0 to 255.
    pub mean: [f32; 3],
    /// Convolution next to the image, 7x7 in steps of 2, with its affine layer folded in.
    pub stem: Convolution,
    /// 14 blocks in the order of computation.
    pub blocks: Vec<B>,
    /// 256 x 128 finite numbers: for each feature, its share in each number of the encoding. There
    /// are no biases.
    pub projection: Vec<f32>,
}

impl<B: fmt::Debug> fmt::Debug for ResnetModel<B> {
    /// Formats the geometry without the numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResnetModel")
            .field("mean", &self.mean)
            .field("stem", &self.stem)
            .field("blocks", &self.blocks)
            .finish_non_exhaustive()
    }
}

/// Two convolutions and a shortcut around them: `relu(second(relu(first(input))) + around)`.
///
/// `around` is the input itself or, in a block that halves the map, the average of each 2x2 window
/// of the input, moving by 2, without padding. In such a block the two summands may differ in size;
/// dlib pads the smaller one with zeros, so that its first channel, row and column meet those of
/// the larger one.
#[derive(Debug, Clone, PartialEq)]
pub struct ResidualBlock {
    /// 3x3; in steps of 2 without padding in a block that halves the map, otherwise in steps of 1
    /// with a padding of 1. Its affine layer is folded in.
    pub first: Convolution,
    /// 3x3, in steps of 1 with a padding of 1. Its affine layer is folded in.
    pub second: Convolution,
    /// True if the block halves the map.
    pub downsamples: bool,
}

/// Reads the face encoder in `bytes`, the content of `dlib_face_recognition_resnet_model_v1.dat` or
/// a network of the same architecture. Takes the memory of the weights, 22 MB, and no more than
/// `bytes` account for.
///
/// # Errors
/// A sentence without a subject that says why the file is refused, such as "is not a face encoder
/// of dlib" or "damaged at byte 352: ...".
pub fn read_resnet(bytes: &[u8]) -> Result<ResnetModel, String> {
    read_resnet_blocks(bytes, |_, block| block)
}

/// Reads like [`read_resnet`], but passes each block to `take`, in the order of computation and
/// together with the stem, as soon as it is read, so that memory need not hold all of them at once.
///
/// # Errors
/// As [`read_resnet`]; some blocks may have been passed on before.
pub fn read_resnet_blocks<B>(
    bytes: &[u8],
    take: impl FnMut(&Convolution, ResidualBlock) -> B,
) -> Result<ResnetModel<B>, String> {
    read_whole(bytes, &KIND, |reader| read(reader, take))
}

fn read<B>(
    reader: &mut Reader<'_>,
    mut take: impl FnMut(&Convolution, ResidualBlock) -> B,
) -> Result<ResnetModel<B>, Damage> {
    reader.expect(1, "the version of the loss layer")?;
    reader.expect_text("loss_metric_2")?;
    reader.finite_float("the margin of the loss")?;
    reader.finite_float("the distance threshold of the loss")?;
    read_versions(reader, versions())?;
    let mean = layers::input(reader, "input_rgb_image_sized")?;
    reader.expect(CHIP_SIZE as usize, "the rows of the input")?;
    reader.expect(CHIP_SIZE as usize, "the columns of the input")?;
    let mut stem = layers::first_convolution(reader, STEM)?;
    layers::affine(reader, &mut stem)?;
    layers::plain(reader, "relu_")?;
    layers::pooling(reader, "max_pool_2", 3, 2)?;
    let blocks = read_blocks(reader, |block| take(&stem, block))?;
    layers::pooling(reader, "avg_pool_2", 0, 1)?;
    let projection = layers::fully_connected(reader, FEATURES, ENCODING_LEN)?;
    Ok(ResnetModel {
        mean,
        stem,
        blocks,
        projection,
    })
}

/// Returns the versions of all layers, outermost first.
fn versions() -> impl Iterator<Item = usize> {
    let blocks = BLOCKS.iter().rev().flat_map(|&(_, downsamples)| {
        let versions: &[usize] = if downsamples {
            &DOWN_BLOCK_VERSIONS
        } else {
            &BLOCK_VERSIONS
        };
        versions.iter().copied()
    });
    HEAD_VERSIONS.into_iter().chain(blocks).chain(STEM_VERSIONS)
}

fn read_blocks<B>(
    reader: &mut Reader<'_>,
    mut take: impl FnMut(ResidualBlock) -> B,
) -> Result<Vec<B>, Damage> {
    let mut channels = STEM.filters;
    let mut blocks = Vec::with_capacity(BLOCKS.len());
    for (filters, downsamples) in BLOCKS {
        blocks.push(take(read_block(reader, channels, filters, downsamples)?));
        channels = filters;
    }
    Ok(blocks)
}

fn read_block(
    reader: &mut Reader<'_>,
    channels: usize,
    filters: usize,
    downsamples: bool,
) -> Result<ResidualBlock, Damage> {
    let second = ConvolutionShape {
        filters,
        channels: filters,
        window: 3,
        stride: 1,
        padding: 1,
    };
    let (stride, padding) = if downsamples { (2, 0) } else { (1, 1) };
    let first = ConvolutionShape {
        channels,
        stride,
        padding,
        ..second
    };
    let mut first = layers::convolution(reader, first)?;
    layers::affine(reader, &mut first)?;
    layers::plain(reader, "relu_")?;
    let mut second = layers::convolution(reader, second)?;
    layers::affine(reader, &mut second)?;
    if downsamples {
        layers::pooling(reader, "avg_pool_2", 2, 2)?;
    }
    layers::plain(reader, "add_prev_")?;
    layers::plain(reader, "relu_")?;
    Ok(ResidualBlock {
        first,
        second,
        downsamples,
    })
}
