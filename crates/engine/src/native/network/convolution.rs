//! A convolution, ready to be computed: its weights in the order of the kernels, and the fastest
//! method for it.

use super::depthwise::output_size;
use super::maps::{Maps, MapsView, Shape};
use super::taps::Taps;
use super::winograd::TransformedFilters;
use crate::models::network::Convolution;
use facematch_kernels::convolution::{PackedFilters, convolve};
use facematch_kernels::winograd::{Grid, Scheme};
use facematch_kernels::{AlignedNumbers, Finish, SimdLevel};

/// A convolution with packed weights. With the schemes of Winograd it takes 36/9, 16/9 or 36/25 of
/// the weights' memory.
#[derive(Debug)]
pub(crate) struct ConvolutionLayer {
    window: [usize; 2],
    stride: usize,
    padding: usize,
    channels: usize,
    method: Method,
}

#[derive(Debug)]
enum Method {
    /// Window by window.
    Direct(PackedFilters),
    /// Place by place of the window, on maps of one size.
    Taps(Taps),
    /// Tile by tile.
    Winograd(TransformedFilters),
}

/// Memory for intermediate results; it grows to the size that the largest layer needs.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    pub(super) patches: AlignedNumbers,
    pub(super) products: AlignedNumbers,
}

impl ConvolutionLayer {
    /// Prepares `convolution` for maps that hold `stored` channels; channels beyond those of the
    /// convolution are ignored. It is computed window by window.
    pub(crate) fn direct(convolution: &Convolution, stored: usize) -> Self {
        // Pixel by pixel, the channels beyond are skipped.
        let pixelwise = convolution.rows == 1 && convolution.columns == 1;
        let packed = if pixelwise {
            convolution.channels
        } else {
            stored
        };
        let filters = PackedFilters::pack(convolution.filters(), packed);
        let filters = filters.with_slopes(&convolution.slopes);
        Self::new(convolution, filters.channels(), Method::Direct(filters))
    }

    /// Prepares `convolution` for maps of `size` (rows, columns) that hold `stored` channels. It is
    /// computed place by place of the window, which must move by 1 and be padded by its radius.
    pub(crate) fn tap_by_tap(convolution: &Convolution, stored: usize, size: [usize; 2]) -> Self {
        let taps = Taps::new(convolution, stored, size);
        Self::new(convolution, taps.channels(), Method::Taps(taps))
    }

    /// Prepares `convolution` for maps that hold `stored` channels. It is computed with Winograd's
    /// method; the window must be that of the `scheme`, moving by 1.
    pub(crate) fn winograd(convolution: &Convolution, stored: usize, scheme: Scheme) -> Self {
        let filters = TransformedFilters::new(convolution, stored, scheme);
        Self::new(convolution, filters.channels(), Method::Winograd(filters))
    }

    fn new(convolution: &Convolution, channels: usize, method: Method) -> Self {
        Self {
            window: [convolution.rows, convolution.columns],
            stride: convolution.stride,
            padding: convolution.padding,
            channels,
            method,
        }
    }

    /// Returns the height and width of the output for a map of `rows` x `columns`.
    pub(crate) fn output_size(&self, [rows, columns]: [usize; 2]) -> [usize; 2] {
        output_size([rows, columns], self.window, self.stride, self.padding)
    }

    /// Returns the distance from the window's centre to its edge.
    pub(crate) fn window_radius(&self) -> usize {
        self.window[0] / 2
    }

    /// Returns the number of output channels: the filters, and zeros up to a multiple of
    /// [`BLOCK`](facematch_kernels::convolution::BLOCK).
    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    /// Computes the first `images` images of `output` from those of `input`. The output may be
    /// larger than the layer's result; the rest of it is unchanged.
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
        workspace: &mut Workspace,
    ) {
        self.apply_from(0, level, images, input, output, finish, workspace);
    }

    /// Computes rows of `output` as [`apply`](Self::apply) does, starting at row `first` of each
    /// image.
    ///
    /// # Panics
    /// As [`apply`](Self::apply), and if the convolution is computed place by place and `first` is
    /// not 0.
    #[allow(
        clippy::too_many_arguments,
        reason = "those of `apply`, and the place of the result"
    )]
    pub(crate) fn apply_from(
        &self,
        first: usize,
        level: SimdLevel,
        images: usize,
        input: MapsView<'_>,
        output: &mut Maps,
        finish: Finish,
        workspace: &mut Workspace,
    ) {
        let (from, to) = (input.shape(), output.shape());
        let [rows, columns] = self.output_size([from.rows, from.columns]);
        assert!(from.border >= self.padding && from.border_after >= self.padding);
        assert!(first + rows <= to.rows && columns <= to.columns && to.channels == self.channels);
        let padded = &input.numbers()[from.pixel_before(self.padding)..];
        match &self.method {
            Method::Direct(filters) => {
                let size = [rows, columns];
                let window = [self.window[0], filters.run()];
                let windows = from.windows(images, size, self.stride, window);
                let places = to.places();
                let output = &mut output.numbers_mut()[to.pixel(first, 0)..];
                convolve(level, padded, &windows, filters, output, &places, finish);
            }
            Method::Taps(taps) => {
                assert_eq!(first, 0);
                taps.apply(level, images, input, output, finish);
            }
            Method::Winograd(filters) => {
                let grid = |shape: Shape| Grid {
                    images,
                    rows,
                    columns,
                    channels: shape.channels,
                    image_step: shape.image_step(),
                    row_step: shape.row_step(),
                };
                let output = &mut output.numbers_mut()[to.pixel(first, 0)..];
                let (from, to) = (grid(from), grid(to));
                filters.apply(level, padded, &from, output, &to, finish, workspace);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facematch_kernels::test_numbers::numbers;

    fn convolution(filters: usize, channels: usize, window: usize, stride: usize) -> Convolution {
        Convolution {
            filters,
            channels,
            rows: window,
            columns: window,
            stride,
            padding: if stride == 1 { window / 2 } else { 0 },
            weights: numbers(filters * channels * window * window, 1),
            bias: numbers(filters, 2),
            slopes: numbers(filters, 3),
        }
    }

    fn filled(shape: Shape, images: usize) -> Maps {
        let mut maps = Maps::new(shape, images);
        for image in 0..images {
            for row in 0..shape.rows {
                let seed = (image * shape.rows + row) as u32;
                let values = numbers(shape.columns * shape.channels, seed);
                maps.row_mut(image, row).copy_from_slice(&values);
            }
        }
        maps
    }

    fn apply(
        layer: &ConvolutionLayer,
        level: SimdLevel,
        images: usize,
        input: &Maps,
        finish: Finish,
    ) -> Maps {
        let [rows, columns] = layer.output_size([input.shape().rows, input.shape().columns]);
        let mut output = filled(Shape::bordered(rows, columns, layer.channels(), 2), images);
        let mut workspace = Workspace::default();
        layer.apply(
            level,
            images,
            input.all(),
            &mut output,
            finish,
            &mut workspace,
        );
        output
    }

    fn assert_close(found: &Maps, expected: &Maps, layer: &ConvolutionLayer) {
        let (found, expected) = (found.all().numbers(), expected.all().numbers());
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            let close = (found - expected).abs() < 2e-3;
            assert!(close, "{found} instead of {expected}: {:?}", layer.window);
        }
    }

    #[test]
    fn the_methods_agree_on_every_level() {
        for level in SimdLevel::available() {
            println!("level {level}");
            for (window, scheme) in [
                (3, Scheme::Tile4Window3),
                (3, Scheme::Tile2Window3),
                (5, Scheme::Tile2Window5),
            ] {
                for (rows, columns, filters, channels) in [
                    (8, 8, 32, 32),
                    (4, 4, 32, 16),
                    (3, 3, 16, 32),
                    (35, 17, 16, 16),
                    (4, 5, 45, 45),
                    (1, 1, 20, 17),
                ] {
                    let convolution = convolution(filters, channels, window, 1);
                    let input = filled(Shape::bordered(rows, columns, channels, 2), 2);
                    let stored = input.shape().channels;
                    let direct = ConvolutionLayer::direct(&convolution, stored);
                    let winograd = ConvolutionLayer::winograd(&convolution, stored, scheme);
                    let taps = ConvolutionLayer::tap_by_tap(&convolution, stored, [rows, columns]);
                    for finish in [
                        Finish::Store,
                        Finish::StoreRelu,
                        Finish::StorePrelu,
                        Finish::Add,
                        Finish::AddRelu,
                    ] {
                        let expected = apply(&direct, SimdLevel::Scalar, 2, &input, finish);
                        for layer in [&winograd, &taps] {
                            let found = apply(layer, level, 2, &input, finish);
                            assert_close(&found, &expected, layer);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn direct_is_the_sum_over_the_window() {
        let convolution = convolution(3, 5, 3, 2);
        let input = filled(Shape::bare(9, 8, 5), 1);
        let layer = ConvolutionLayer::direct(&convolution, 5);
        assert_eq!(layer.output_size([9, 8]), [4, 3]);
        let before = filled(Shape::bordered(4, 3, 16, 2), 1);
        let found = apply(&layer, SimdLevel::best(), 1, &input, Finish::AddRelu);
        for (row, column, filter) in [(0, 0, 0), (3, 2, 2), (1, 2, 1)] {
            let mut sum = convolution.bias[filter] + before.row(0, row)[column * 16 + filter];
            for channel in 0..5 {
                for tap in 0..9 {
                    let weight = convolution.weights[(filter * 5 + channel) * 9 + tap];
                    let pixel = (2 * column + tap % 3) * 5 + channel;
                    sum += weight * input.row(0, 2 * row + tap / 3)[pixel];
                }
            }
            let found = found.row(0, row)[column * 16 + filter];
            assert!(
                (found - sum.max(0.0)).abs() < 1e-5,
                "{found} instead of {sum}"
            );
        }
    }
}
