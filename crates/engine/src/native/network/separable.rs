//! A depthwise convolution and one whose window is a pixel, computed together.

use super::convolution::{ConvolutionLayer, Workspace};
use super::depthwise::DepthwiseLayer;
use super::maps::{Maps, MapsView, Shape};
use crate::models::network::SeparableConvolution;
use facematch_kernels::{Finish, SimdLevel};

/// Number of rows that pass through both convolutions at a time, so that those between stay in the
/// processor's cache.
const ROWS: usize = 2;

/// A depthwise convolution with a PReLU, followed by one whose window is a pixel.
#[derive(Debug)]
pub(crate) struct SeparableLayer {
    pub(crate) depthwise: DepthwiseLayer,
    pub(crate) pointwise: ConvolutionLayer,
    /// Final step of the latter.
    finish: Finish,
}

impl SeparableLayer {
    /// Prepares `convolution` for maps that hold `stored` channels.
    pub(crate) fn new(convolution: &SeparableConvolution, stored: usize, finish: Finish) -> Self {
        Self {
            depthwise: DepthwiseLayer::new(&convolution.depthwise, stored),
            pointwise: ConvolutionLayer::direct(&convolution.pointwise, stored),
            finish,
        }
    }

    /// Makes room for the maps between both convolutions, which are `columns` wide.
    pub(crate) fn maps_within(&self, columns: usize) -> Maps {
        Maps::new(Shape::bare(ROWS, columns, self.depthwise.channels()), 1)
    }

    /// Computes rows of `output` from `input`, starting at row `first`. `within` is overwritten.
    pub(crate) fn apply(
        &self,
        level: SimdLevel,
        input: MapsView<'_>,
        within: &mut Maps,
        output: &mut Maps,
        first: usize,
        workspace: &mut Workspace,
    ) {
        let [rows, _] = self.depthwise.output_size(input.size());
        for start in (0..rows).step_by(ROWS) {
            let count = ROWS.min(rows - start);
            let input = input.rows(self.depthwise.input_rows(start..start + count));
            self.depthwise
                .apply(level, 1, input, within, Finish::StorePrelu);
            let (rows, first) = (within.rows(0..count), first + start);
            self.pointwise
                .apply_from(first, level, 1, rows, output, self.finish, workspace);
        }
    }
}
