//! The detector's network: from the image that contains the pyramid to the map of scores.

use std::ops::Range;

use crate::models::network::{Convolution, MmodModel};
use crate::native::network::{ConvolutionLayer, Maps, Shape, Workspace};
use facematch_kernels::winograd::Scheme;
use facematch_kernels::{Finish, SimdLevel};

/// Number of rows computed together of the map after the halving layers. The maps before it are
/// large, so only a band of them is ever in memory.
const BAND_ROWS: usize = 16;

/// The layers, packed for the kernels.
#[derive(Debug)]
pub(super) struct Network {
    /// Layers that halve the map, with windows of 5x5 without padding.
    halving: Vec<ConvolutionLayer>,
    /// Layers that keep its size, with windows of 5x5.
    keeping: Vec<ConvolutionLayer>,
    last: LastLayer,
}

/// The last layer. It has one filter, so computing many filters at a time would be wasted. Instead,
/// each number of its window is treated as a filter of 1x1, and the products are added where they
/// belong.
#[derive(Debug)]
struct LastLayer {
    taps: ConvolutionLayer,
    /// Side of the window.
    side: usize,
    bias: f32,
}

/// Memory for the network's intermediate results.
#[derive(Debug, Default)]
pub(super) struct Memory {
    workspace: Workspace,
    /// A band of the map after each halving layer.
    bands: Vec<Maps>,
}

/// The map of scores.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scores {
    columns: usize,
    numbers: Vec<f32>,
}

impl Network {
    /// Packs the layers of `model`.
    pub(super) fn new(model: &MmodModel) -> Self {
        let mut stored = 3;
        let (mut halving, mut keeping) = (Vec::new(), Vec::new());
        let [others @ .., last] = &model.layers;
        for convolution in others {
            let layer = if convolution.stride == 1 {
                ConvolutionLayer::winograd(convolution, stored, Scheme::Tile2Window5)
            } else {
                ConvolutionLayer::direct(convolution, stored)
            };
            stored = layer.channels();
            if convolution.stride == 1 {
                keeping.push(layer);
            } else {
                halving.push(layer);
            }
        }
        Self {
            halving,
            keeping,
            last: LastLayer::new(last, stored),
        }
    }
}

impl Network {
    /// Returns the place in the network's input that is the centre of the window of the score at
    /// `place` (column, row): dlib's `output_tensor_to_input_tensor`.
    pub(super) fn window_centre(&self, place: [usize; 2]) -> [f64; 2] {
        place.map(|at| {
            let layers = self.halving.iter();
            // The layers that keep the size keep the place too.
            layers.fold(at as f64, |at, layer| {
                2.0 * at + layer.window_radius() as f64
            })
        })
    }

    /// Returns the scores of `pyramid`, maps without a border; none if it is too small for the
    /// windows of the layers.
    pub(super) fn scores(&self, level: SimdLevel, pyramid: &Maps, memory: &mut Memory) -> Scores {
        let mut maps = self.halve(level, pyramid, memory);
        for layer in &self.keeping {
            let Shape { rows, columns, .. } = maps.shape();
            let shape = Shape::bordered(rows, columns, layer.channels(), layer.window_radius());
            let mut output = Maps::new(shape, 1);
            let (input, finish) = (maps.all(), Finish::StoreRelu);
            layer.apply(level, 1, input, &mut output, finish, &mut memory.workspace);
            maps = output;
        }
        self.last.scores(level, &maps, &mut memory.workspace)
    }

    /// Returns the map after the halving layers.
    fn halve(&self, level: SimdLevel, pyramid: &Maps, memory: &mut Memory) -> Maps {
        let from = pyramid.shape();
        let [rows, columns] = (self.halving.iter())
            .fold([from.rows, from.columns], |size, layer| {
                layer.output_size(size)
            });
        let channels = (self.halving.last()).map_or(from.channels, ConvolutionLayer::channels);
        let radius = (self.keeping.first()).map_or(0, ConvolutionLayer::window_radius);
        let mut halved = Maps::new(Shape::bordered(rows, columns, channels, radius), 1);
        if columns == 0 {
            return halved;
        }
        for first in (0..rows).step_by(BAND_ROWS) {
            let band = first..rows.min(first + BAND_ROWS);
            let made = self.make_band(level, pyramid, band.clone(), memory);
            for row in band {
                let numbers = made.row(0, row - first);
                halved.row_mut(0, row).copy_from_slice(numbers);
            }
        }
        halved
    }

    /// Computes the rows `band` of the map after the halving layers.
    fn make_band<'a>(
        &self,
        level: SimdLevel,
        pyramid: &'a Maps,
        band: Range<usize>,
        memory: &'a mut Memory,
    ) -> &'a Maps {
        // The row of the pyramid where the first window starts, and the number of rows of all
        // windows.
        let mut needed = (band.start, band.len());
        for layer in self.halving.iter().rev() {
            needed = (2 * needed.0, 2 * needed.1 - 1 + 2 * layer.window_radius());
        }
        let (start, count) = needed;
        let bands = &mut memory.bands;
        bands.resize_with(self.halving.len(), || Maps::new(Shape::bare(0, 0, 0), 0));
        let mut input = pyramid.rows(start..start + count);
        let mut last = pyramid;
        for (layer, output) in self.halving.iter().zip(bands) {
            let [rows, columns] = layer.output_size(input.size());
            output.set_bare_size(rows, columns, layer.channels());
            let finish = Finish::StoreRelu;
            layer.apply(level, 1, input, output, finish, &mut memory.workspace);
            last = output;
            input = last.all();
        }
        last
    }
}

impl LastLayer {
    /// Splits `convolution`, which has one filter, for maps that hold `stored` channels.
    fn new(convolution: &Convolution, stored: usize) -> Self {
        convolution.filters().check();
        let area = convolution.rows * convolution.columns;
        let weights = (0..area).flat_map(|tap| convolution.weights.iter().skip(tap).step_by(area));
        let taps = Convolution {
            filters: area,
            channels: convolution.channels,
            rows: 1,
            columns: 1,
            stride: 1,
            padding: 0,
            weights: weights.copied().collect(),
            bias: vec![0.0; area],
            slopes: Vec::new(),
        };
        Self {
            taps: ConvolutionLayer::direct(&taps, stored),
            side: convolution.rows,
            bias: convolution.bias.iter().sum(),
        }
    }

    fn scores(&self, level: SimdLevel, maps: &Maps, workspace: &mut Workspace) -> Scores {
        let Shape { rows, columns, .. } = maps.shape();
        let mut scores = Scores::new(rows, columns, self.bias);
        let mut products = Maps::new(Shape::bare(1, columns, self.taps.channels()), 1);
        for row in 0..rows {
            let input = maps.rows(row..row + 1);
            let finish = Finish::Store;
            self.taps
                .apply(level, 1, input, &mut products, finish, workspace);
            for tap_row in 0..self.side {
                // The products with the window's last row belong to the topmost scores.
                let above = row + self.side / 2;
                if let Some(target) = above.checked_sub(tap_row).filter(|target| *target < rows) {
                    let taps = tap_row * self.side..(tap_row + 1) * self.side;
                    let products = products.row(0, 0).chunks_exact(self.taps.channels());
                    scores.add(target, products.map(|products| &products[taps.clone()]));
                }
            }
        }
        scores
    }
}

impl Scores {
    fn new(rows: usize, columns: usize, bias: f32) -> Self {
        Self {
            columns,
            numbers: vec![bias; rows * columns],
        }
    }

    /// Returns the scores row by row.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.numbers.chunks_exact(self.columns.max(1))
    }

    /// Adds to row `row` the products of one row of the map with one row of the window: for each
    /// column, one number for each column of the window.
    fn add<'a>(&mut self, row: usize, products: impl Iterator<Item = &'a [f32]>) {
        let scores = &mut self.numbers[row * self.columns..][..self.columns];
        for (column, products) in products.enumerate() {
            let radius = products.len() / 2;
            // The window's last column belongs to the leftmost score.
            let first = column.saturating_sub(radius);
            let last = scores.len().min(column + radius + 1);
            let products = products[..column + radius + 1 - first].iter().rev();
            for (score, product) in scores[first..last].iter_mut().zip(products) {
                *score += product;
            }
        }
    }
}
