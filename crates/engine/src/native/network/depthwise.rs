//! A depthwise convolution, ready to be computed.

use std::ops::Range;

use super::maps::{Maps, MapsView};
use crate::models::network::Convolution;
use facematch_kernels::depthwise::{DepthwiseFilters, convolve_depthwise};
use facematch_kernels::{Finish, SimdLevel};

/// A convolution in which each map has a window of its own, with packed weights.
#[derive(Debug)]
pub(crate) struct DepthwiseLayer {
    window: [usize; 2],
    stride: usize,
    padding: usize,
    filters: DepthwiseFilters,
}

impl DepthwiseLayer {
    /// Prepares `convolution`, whose filters have one channel each, for maps that hold `stored`
    /// channels.
    pub(crate) fn new(convolution: &Convolution, stored: usize) -> Self {
        assert_eq!(convolution.channels, 1);
        let window = [convolution.rows, convolution.columns];
        let mut slopes = convolution.slopes.clone();
        slopes.resize(convolution.filters, 0.0);
        Self {
            window,
            stride: convolution.stride,
            padding: convolution.padding,
            filters: DepthwiseFilters::new(
                window,
                stored,
                &convolution.weights,
                &convolution.bias,
                &slopes,
            ),
        }
    }

    /// Returns the distance that the window moves.
    pub(crate) fn stride(&self) -> usize {
        self.stride
    }

    /// Returns the number of channels of the input and of the output.
    pub(crate) fn channels(&self) -> usize {
        self.filters.channels()
    }

    /// Returns the height and width of the output for a map of `rows` x `columns`.
    pub(crate) fn output_size(&self, [rows, columns]: [usize; 2]) -> [usize; 2] {
        output_size([rows, columns], self.window, self.stride, self.padding)
    }

    /// Returns the rows of the input whose windows give `rows` of the output; windows also read the
    /// padding above and below.
    pub(crate) fn input_rows(&self, rows: Range<usize>) -> Range<usize> {
        let last = self.stride * (rows.end - 1);
        self.stride * rows.start..last + self.window[0] - 2 * self.padding
    }

    /// Computes the first `images` images of `output` from those of `input`.
    ///
    /// # Panics
    /// If the input's border is narrower than the padding, or the output has other channels or is
    /// too small.
    pub(crate) fn apply(
        &self,
        level: SimdLevel,
        images: usize,
        input: MapsView<'_>,
        output: &mut Maps,
        finish: Finish,
    ) {
        let (from, to) = (input.shape(), output.shape());
        let [rows, columns] = self.output_size([from.rows, from.columns]);
        assert!(from.border >= self.padding && from.border_after >= self.padding);
        assert!(rows <= to.rows && columns <= to.columns);
        assert_eq!([from.channels, to.channels], [self.channels(); 2]);
        let window = [self.window[0], self.window[1] * from.channels];
        let windows = from.windows(images, [rows, columns], self.stride, window);
        let input = &input.numbers()[from.pixel_before(self.padding)..];
        let places = to.places();
        let output = &mut output.numbers_mut()[to.origin()..];
        convolve_depthwise(
            level,
            input,
            &windows,
            &self.filters,
            output,
            &places,
            finish,
        );
    }
}

/// Returns the height and width of the output of a convolution for maps of `size`.
pub(super) fn output_size(
    size: [usize; 2],
    window: [usize; 2],
    stride: usize,
    padding: usize,
) -> [usize; 2] {
    [0, 1].map(|axis| {
        let rest = (size[axis] + 2 * padding).checked_sub(window[axis]);
        rest.map_or(0, |rest| 1 + rest / stride)
    })
}
