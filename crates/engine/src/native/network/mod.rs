//! The parts that the convolutional networks consist of: [`Maps`] of numbers, and layers that turn
//! maps into maps.

mod convolution;
mod depthwise;
mod maps;
pub(super) mod pooling;
mod separable;
mod taps;
mod winograd;

pub(super) use convolution::{ConvolutionLayer, Workspace};
pub(super) use depthwise::DepthwiseLayer;
pub(super) use maps::{Maps, MapsView, Shape};
pub(super) use separable::SeparableLayer;
