//! The parts that both convolutional networks consist of: [`Maps`] of numbers, and layers that turn
//! maps into maps.

mod convolution;
mod maps;
pub(super) mod pooling;
mod taps;
mod winograd;

pub(super) use convolution::{ConvolutionLayer, Workspace};
pub(super) use maps::{Maps, Shape};
