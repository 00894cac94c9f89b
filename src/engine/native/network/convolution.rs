//! A convolution, ready to be computed: its weights in the order of the kernels, and the method that is fastest for it.

use super::super::kernels::convolution::{BLOCK, PackedFilters, Places, Windows, convolve};
use super::super::kernels::winograd::{Grid, Scheme, join, split};
use super::super::kernels::{Finish, SimdLevel};
use super::maps::{Maps, MapsView, Shape};
use crate::engine::models::network::Convolution;

/// How many tiles go through Winograd's convolution together: a multiple of the width of the matrix kernel's tiles, and
/// few enough for patches and products to stay in the processor's cache.
const TILES_AT_ONCE: usize = 28;

/// A convolution with its weights packed. It takes 36/9, 16/9 or 36/25 of the weights' memory with the schemes of
/// Winograd.
#[derive(Debug)]
pub(in super::super) struct ConvolutionLayer {
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
    /// Tile by tile.
    Winograd {
        scheme: Scheme,
        /// For each number of a patch the transformed filters.
        filters: Vec<PackedFilters>,
        bias: Vec<f32>,
    },
}

/// Memory for what a layer computes on the way; it grows to what the largest layer needs.
#[derive(Debug, Default)]
pub(in super::super) struct Workspace {
    patches: Vec<f32>,
    products: Vec<f32>,
}

impl ConvolutionLayer {
    /// For maps that hold `stored` channels, of which those beyond the convolution's are ignored. It is computed window
    /// by window.
    pub(in super::super) fn direct(convolution: &Convolution, stored: usize) -> Self {
        let filters = PackedFilters::of_convolution(convolution, stored);
        Self::new(convolution, filters.channels(), Method::Direct(filters))
    }

    /// For maps that hold `stored` channels. It is computed by Winograd's method; the window must be that of the
    /// `scheme`, moving by 1.
    pub(in super::super) fn winograd(
        convolution: &Convolution,
        stored: usize,
        scheme: Scheme,
    ) -> Self {
        assert_eq!(
            [convolution.rows, convolution.columns, convolution.stride],
            [scheme.window(), scheme.window(), 1]
        );
        let filters = transformed_filters(convolution, stored, scheme);
        let channels = convolution.filters.next_multiple_of(BLOCK);
        let mut bias = convolution.bias.clone();
        bias.resize(channels, 0.0);
        let method = Method::Winograd {
            scheme,
            filters,
            bias,
        };
        Self::new(convolution, channels, method)
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

    /// The height and width of the map that it makes of one of `rows` x `columns`.
    pub(in super::super) fn output_size(&self, [rows, columns]: [usize; 2]) -> [usize; 2] {
        let along = |length: usize, window: usize| {
            (length + 2 * self.padding)
                .checked_sub(window)
                .map_or(0, |rest| 1 + rest / self.stride)
        };
        [along(rows, self.window[0]), along(columns, self.window[1])]
    }

    /// How far its window reaches from the centre.
    pub(in super::super) fn window_radius(&self) -> usize {
        self.window[0] / 2
    }

    /// How many channels it makes: the filters, and zeros up to a multiple of [`BLOCK`].
    pub(in super::super) fn channels(&self) -> usize {
        self.channels
    }

    /// Computes the first `images` images of `output` from those of `input`. The output may be larger than what the
    /// layer makes; the rest of it is left alone.
    ///
    /// # Panics
    /// When the input's border is narrower than the padding, or the output has other channels or is too small.
    pub(in super::super) fn apply(
        &self,
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
        assert!(rows <= to.rows && columns <= to.columns && to.channels == self.channels);
        let first = (from.border - self.padding) * (from.row_step() + from.channels);
        let input = &input.numbers()[first..];
        let output = &mut output.numbers_mut()[to.origin()..];
        match &self.method {
            Method::Direct(filters) => {
                let windows = self.windows(images, [rows, columns], from);
                let places = Places {
                    image_step: to.image_step(),
                    row_step: to.row_step(),
                    column_step: to.channels,
                };
                convolve(level, input, &windows, filters, output, &places, finish);
            }
            Method::Winograd {
                scheme,
                filters,
                bias,
            } => {
                let grid = |shape: Shape| Grid {
                    images,
                    rows,
                    columns,
                    channels: shape.channels,
                    image_step: shape.image_step(),
                    row_step: shape.row_step(),
                };
                let (from, to) = (grid(from), grid(to));
                let all = from.tiles(*scheme);
                for start in (0..all).step_by(TILES_AT_ONCE) {
                    let tiles = start..all.min(start + TILES_AT_ONCE);
                    let numbers = scheme.size().pow(2) * tiles.len();
                    let patches = first_of(&mut workspace.patches, numbers * from.channels);
                    let products = first_of(&mut workspace.products, numbers * to.channels);
                    split(level, *scheme, input, &from, tiles.clone(), patches);
                    multiply(level, filters, patches, products, tiles.len());
                    join(level, *scheme, products, &to, tiles, bias, output, finish);
                }
            }
        }
    }

    fn windows(&self, images: usize, [rows, columns]: [usize; 2], from: Shape) -> Windows {
        Windows {
            images,
            rows,
            columns,
            image_step: from.image_step(),
            row_step: self.stride * from.row_step(),
            column_step: self.stride * from.channels,
            window_rows: self.window[0],
            window_row_step: from.row_step(),
            window_run: self.window[1] * from.channels,
        }
    }
}

/// The first `length` numbers of `numbers`, which grows when it must.
fn first_of(numbers: &mut Vec<f32>, length: usize) -> &mut [f32] {
    if numbers.len() < length {
        numbers.resize(length, 0.0);
    }
    &mut numbers[..length]
}

/// For each number of a patch the product of the matrices `patches` (tiles x channels) and `filters`.
fn multiply(
    level: SimdLevel,
    filters: &[PackedFilters],
    patches: &[f32],
    products: &mut [f32],
    tiles: usize,
) {
    let patches = patches.chunks_exact(patches.len() / filters.len());
    let products = products.chunks_exact_mut(products.len() / filters.len());
    for ((filters, patches), products) in filters.iter().zip(patches).zip(products) {
        let windows = Windows {
            images: 1,
            rows: 1,
            columns: tiles,
            image_step: 0,
            row_step: 0,
            column_step: filters.run(),
            window_rows: 1,
            window_row_step: 0,
            window_run: filters.run(),
        };
        let places = Places {
            image_step: 0,
            row_step: 0,
            column_step: filters.channels(),
        };
        let finish = Finish::Store;
        convolve(level, patches, &windows, filters, products, &places, finish);
    }
}

/// The filters of `convolution` for each number of a patch.
fn transformed_filters(
    convolution: &Convolution,
    stored: usize,
    scheme: Scheme,
) -> Vec<PackedFilters> {
    let numbers = scheme.size().pow(2);
    let taps = scheme.window().pow(2);
    let filters = convolution.filters.next_multiple_of(BLOCK);
    let mut packed: Vec<_> = (0..numbers)
        .map(|_| Vec::with_capacity(filters * stored))
        .collect();
    let mut block_filters = vec![[0.0; BLOCK]; taps];
    let mut transformed = vec![[0.0; BLOCK]; numbers];
    for block in (0..filters).step_by(BLOCK) {
        for channel in 0..stored {
            gather(convolution, block, channel, &mut block_filters);
            scheme.transform_filters(&block_filters, &mut transformed);
            for (packed, weights) in packed.iter_mut().zip(&transformed) {
                packed.extend_from_slice(weights);
            }
        }
    }
    packed
        .into_iter()
        .map(|weights| PackedFilters::of_matrix(filters, stored, weights))
        .collect()
}

/// The weights of [`BLOCK`] filters from `block` on for one channel: for each number of the window one of each filter;
/// zeros where there is no such filter or channel.
fn gather(
    convolution: &Convolution,
    block: usize,
    channel: usize,
    block_filters: &mut [[f32; BLOCK]],
) {
    let taps = block_filters.len();
    block_filters.fill([0.0; BLOCK]);
    if channel >= convolution.channels {
        return;
    }
    for lane in 0..BLOCK.min(convolution.filters - block) {
        let start = ((block + lane) * convolution.channels + channel) * taps;
        let weights = &convolution.weights[start..start + taps];
        for (weight, lanes) in weights.iter().zip(block_filters.iter_mut()) {
            lanes[lane] = *weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::kernels::test_numbers::numbers;
    use super::*;

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

    fn apply(layer: &ConvolutionLayer, level: SimdLevel, images: usize, input: &Maps) -> Maps {
        let [rows, columns] = layer.output_size([input.shape().rows, input.shape().columns]);
        let mut output = filled(Shape::bordered(rows, columns, layer.channels(), 2), images);
        let mut workspace = Workspace::default();
        layer.apply(
            level,
            images,
            input.all(),
            &mut output,
            Finish::AddRelu,
            &mut workspace,
        );
        output
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
                    (35, 17, 16, 16),
                    (4, 5, 45, 45),
                    (1, 1, 20, 17),
                ] {
                    let convolution = convolution(filters, channels, window, 1);
                    let input = filled(Shape::bordered(rows, columns, channels, 2), 2);
                    let stored = input.shape().channels;
                    let direct = ConvolutionLayer::direct(&convolution, stored);
                    let winograd = ConvolutionLayer::winograd(&convolution, stored, scheme);
                    let expected = apply(&direct, SimdLevel::Scalar, 2, &input);
                    let found = apply(&winograd, level, 2, &input);
                    for (found, expected) in
                        found.all().numbers().iter().zip(expected.all().numbers())
                    {
                        let close = (found - expected).abs() < 2e-3;
                        assert!(close, "{found} instead of {expected}: {scheme:?}");
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
        let found = apply(&layer, SimdLevel::best(), 1, &input);
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
