//! The face encoder. Input: face chips of 150x150 pixels. Output: encodings, as dlib's network
//! `dlib_face_recognition_resnet_model_v1` gives them (dlib's
//! tools/python/src/face_recognition.cpp).
//!
//! Most of the network's work is convolutions with windows of 3x3, which Winograd's method
//! computes. Sums run in another order than in dlib, so an encoding differs in the last digits.

use std::sync::Arc;

use image::RgbImage;

use super::network::{ConvolutionLayer, Maps, Shape, Workspace, pooling};
use crate::chip::CHIP_SIZE;
use crate::models::network::{Convolution, ResidualBlock, read_resnet_blocks};
use crate::{ENCODING_LEN, Encoding};
use facematch_kernels::winograd::Scheme;
use facematch_kernels::{Finish, SimdLevel};

/// Number of chips that pass through the network together: enough for each weight to be read
/// rarely, and few enough to take little memory (1.5 MB each).
const CHIPS_AT_ONCE: usize = 8;

const SIDE: usize = CHIP_SIZE as usize;

/// The face encoder with its memory for intermediate numbers.
///
/// # Thread safety
/// Works for one thread at a time. [`Encoder::fork`] returns another one that shares the weights.
#[derive(Debug)]
pub struct Encoder {
    weights: Arc<Weights>,
    level: SimdLevel,
    state: State,
}

/// The network, packed for the kernels.
#[derive(Debug)]
struct Weights {
    mean: [f32; 3],
    stem: ConvolutionLayer,
    blocks: Vec<Block>,
    /// Share of each feature in each number of the encoding.
    projection: Vec<[f32; ENCODING_LEN]>,
}

/// A [`ResidualBlock`].
#[derive(Debug)]
struct Block {
    first: ConvolutionLayer,
    second: ConvolutionLayer,
    /// Maps between the two.
    between: Shape,
    /// Output maps, if their shape differs from that of the input.
    smaller: Option<Shape>,
}

/// Memory for intermediate results.
#[derive(Debug)]
struct State {
    chip: Maps,
    stem: Maps,
    /// Maps that pass through the blocks, from the largest to the smallest.
    maps: Vec<Maps>,
    /// Maps within the blocks, one for each shape.
    between: Vec<Maps>,
    workspace: Workspace,
}

impl Encoder {
    /// Loads the network in `bytes`, the content of `dlib_face_recognition_resnet_model_v1.dat` or
    /// of a network of the same architecture, and packs its weights, which takes 23 MB.
    ///
    /// # Errors
    /// The sentence of [`read_resnet`](crate::models::network::read_resnet) that says why the bytes
    /// are refused.
    pub fn from_bytes(bytes: &[u8], level: SimdLevel) -> Result<Self, String> {
        let weights = Weights::from_bytes(bytes)?;
        Ok(Self {
            state: State::new(&weights),
            weights: Arc::new(weights),
            level,
        })
    }

    /// Returns another encoder with the same weights.
    pub fn fork(&self) -> Self {
        Self {
            weights: Arc::clone(&self.weights),
            level: self.level,
            state: State::new(&self.weights),
        }
    }

    /// Returns the encoding of each chip, in the same order. The encoding of one chip does not
    /// depend on the others.
    ///
    /// # Panics
    /// If a chip is not 150x150 pixels.
    pub fn encode(&mut self, chips: &[RgbImage]) -> Vec<Encoding> {
        let batches = chips.chunks(CHIPS_AT_ONCE);
        batches
            .flat_map(|batch| self.state.encode(&self.weights, self.level, batch))
            .collect()
    }
}

impl Weights {
    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let mut shape = None;
        let model = read_resnet_blocks(bytes, |stem, block| {
            let from = shape.unwrap_or_else(|| maps_after_stem(&stem_layer(stem)));
            let block = Block::new(&block, from);
            shape = Some(block.smaller.unwrap_or(from));
            block
        })?;
        Ok(Self {
            mean: model.mean,
            stem: stem_layer(&model.stem),
            blocks: model.blocks,
            projection: model.projection.as_chunks().0.to_vec(),
        })
    }
}

/// Returns the layer next to the chip, which has three channels.
fn stem_layer(stem: &Convolution) -> ConvolutionLayer {
    ConvolutionLayer::direct(stem, 3)
}

/// Returns the shape of the first block's input.
fn maps_after_stem(stem: &ConvolutionLayer) -> Shape {
    let pooled = stem
        .output_size([SIDE; 2])
        .map(|length| 1 + (length - 3) / 2);
    Shape::bordered(pooled[0], pooled[1], stem.channels(), 1)
}

impl Block {
    /// Prepares `block` for maps of the shape `from`.
    fn new(block: &ResidualBlock, from: Shape) -> Self {
        let size = [from.rows, from.columns];
        let first = layer(&block.first, size, from.channels);
        let between = first.output_size(size);
        let second = layer(&block.second, between, first.channels());
        let smaller = block.downsamples.then(|| {
            // dlib adds maps of different sizes as if the smaller ones were padded with zeros.
            let through = second.output_size(between);
            let around = size.map(|length| length / 2);
            let [rows, columns] = [0, 1].map(|axis| through[axis].max(around[axis]));
            Shape::bordered(rows, columns, second.channels(), 1)
        });
        Self {
            between: Shape::bordered(between[0], between[1], first.channels(), 1),
            first,
            second,
            smaller,
        }
    }
}

/// Returns the layer of `convolution` for maps of `size`, with the fastest method for them.
fn layer(convolution: &Convolution, size: [usize; 2], stored: usize) -> ConvolutionLayer {
    let least = size[0].min(size[1]);
    if convolution.stride != 1 {
        ConvolutionLayer::direct(convolution, stored)
    } else if least > 8 {
        ConvolutionLayer::winograd(convolution, stored, Scheme::Tile4Window3)
    } else if least > 4 {
        // There are few tiles on such maps, so reading the weights takes as long as multiplying
        // with them, and this scheme has fewer than half as many.
        ConvolutionLayer::winograd(convolution, stored, Scheme::Tile2Window3)
    } else {
        ConvolutionLayer::tap_by_tap(convolution, stored, size)
    }
}

impl State {
    fn new(weights: &Weights) -> Self {
        let [rows, columns] = weights.stem.output_size([SIDE; 2]);
        let mut shapes = vec![maps_after_stem(&weights.stem)];
        shapes.extend(weights.blocks.iter().filter_map(|block| block.smaller));
        let mut between: Vec<Shape> = Vec::new();
        for block in &weights.blocks {
            if !between.contains(&block.between) {
                between.push(block.between);
            }
        }
        let empty = |shapes: Vec<Shape>| shapes.iter().map(|shape| Maps::new(*shape, 0)).collect();
        Self {
            chip: Maps::new(Shape::bare(SIDE, SIDE, 3), 1),
            stem: Maps::new(Shape::bare(rows, columns, weights.stem.channels()), 1),
            maps: empty(shapes),
            between: empty(between),
            workspace: Workspace::default(),
        }
    }

    fn encode(&mut self, weights: &Weights, level: SimdLevel, chips: &[RgbImage]) -> Vec<Encoding> {
        for maps in self.maps.iter_mut().chain(&mut self.between) {
            maps.reserve(chips.len());
        }
        for (image, chip) in chips.iter().enumerate() {
            self.begin(weights, level, chip, image);
        }
        let last = self.go_through_blocks(weights, level, chips.len());
        (0..chips.len())
            .map(|image| project(&self.maps[last], image, &weights.projection))
            .collect()
    }

    /// Passes `chip` through the stem to the first maps.
    fn begin(&mut self, weights: &Weights, level: SimdLevel, chip: &RgbImage, image: usize) {
        assert_eq!(chip.dimensions(), (CHIP_SIZE, CHIP_SIZE));
        let (pixels, _) = chip.as_raw().as_chunks::<3>();
        let (places, _) = self.chip.numbers_mut().as_chunks_mut::<3>();
        for (place, pixel) in places.iter_mut().zip(pixels) {
            for ((number, value), mean) in place.iter_mut().zip(pixel).zip(weights.mean) {
                *number = (f32::from(*value) - mean) / 256.0;
            }
        }
        weights.stem.apply(
            level,
            1,
            self.chip.all(),
            &mut self.stem,
            Finish::StoreRelu,
            &mut self.workspace,
        );
        pooling::max_3x3_by_2(&self.stem, &mut self.maps[0], image);
    }

    /// Passes the first `images` images through all blocks; returns the index of the output maps.
    fn go_through_blocks(&mut self, weights: &Weights, level: SimdLevel, images: usize) -> usize {
        let mut at = 0;
        let workspace = &mut self.workspace;
        for block in &weights.blocks {
            let Some(between) = self
                .between
                .iter_mut()
                .find(|maps| maps.shape() == block.between)
            else {
                continue;
            };
            let input = self.maps[at].all();
            block
                .first
                .apply(level, images, input, between, Finish::StoreRelu, workspace);
            if block.smaller.is_some() {
                let [input, output, ..] = &mut self.maps[at..] else {
                    continue;
                };
                for image in 0..images {
                    pooling::average_2x2_by_2(input, output, image);
                }
                at += 1;
            }
            let output = &mut self.maps[at];
            // The numbers outside the sums added here are averages of numbers that are not
            // negative, so relu would not change them.
            block.second.apply(
                level,
                images,
                between.all(),
                output,
                Finish::AddRelu,
                workspace,
            );
        }
        at
    }
}

/// Averages each map and returns the encoding computed from these features.
fn project(maps: &Maps, image: usize, projection: &[[f32; ENCODING_LEN]]) -> Encoding {
    let shape = maps.shape();
    let mut features = vec![0.0; shape.channels];
    for row in 0..shape.rows {
        for pixel in maps.row(image, row).chunks_exact(shape.channels) {
            for (feature, number) in features.iter_mut().zip(pixel) {
                *feature += number;
            }
        }
    }
    let area = (shape.rows * shape.columns) as f32;
    let mut encoding = [0.0; ENCODING_LEN];
    for (feature, shares) in features.iter().zip(projection) {
        for (number, share) in encoding.iter_mut().zip(shares) {
            *number += feature / area * share;
        }
    }
    Encoding::new(encoding)
}
