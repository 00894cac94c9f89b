//! Compares the encoder's weights with dlib itself: for each face, `reference/*.json` in the folder
//! of evaluation photos has the chip that dlib 20.0.1 cut and its encoding. A plain forward pass
//! over the weights must give the same encoding. To run it:
//!
//! ```sh
//! FACEMATCH_SHARED=<folder> cargo test --release --test library network -- --ignored --nocapture
//! ```

use std::path::Path;
use std::time::Instant;

use facematch::engine::SimdLevel;
use facematch::engine::models::ShippedModel;
use facematch::engine::models::network::{Convolution, ResidualBlock, ResnetModel, read_resnet};
use facematch::engine::native::resnet::Encoder;
use image::RgbImage;

use crate::reference::references;

/// Maps of one size: for each channel, its numbers row by row.
#[derive(Clone)]
struct Maps {
    channels: usize,
    side: usize,
    numbers: Vec<f64>,
}

impl Maps {
    fn zero(channels: usize, side: usize) -> Self {
        let numbers = vec![0.0; channels * side * side];
        Self {
            channels,
            side,
            numbers,
        }
    }

    fn channel(&self, channel: usize) -> &[f64] {
        let area = self.side * self.side;
        &self.numbers[channel * area..][..area]
    }

    /// Returns the number at a place, or zero outside the map.
    fn at(&self, channel: usize, row: usize, column: usize) -> f64 {
        if channel < self.channels && row < self.side && column < self.side {
            self.numbers[(channel * self.side + row) * self.side + column]
        } else {
            0.0
        }
    }

    /// Creates maps with one number for each place, computed from its channel, row and column.
    fn from_places(
        channels: usize,
        side: usize,
        number: impl Fn(usize, usize, usize) -> f64,
    ) -> Self {
        let mut maps = Self::zero(channels, side);
        for (index, place) in maps.numbers.iter_mut().enumerate() {
            *place = number(index / side / side, index / side % side, index % side);
        }
        maps
    }

    fn relu(mut self) -> Self {
        self.numbers
            .iter_mut()
            .for_each(|number| *number = number.max(0.0));
        self
    }
}

/// Returns the bytes of the encoder's model.
fn model_bytes() -> Vec<u8> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    std::fs::read(models.join(ShippedModel::Encoder.file_name())).unwrap()
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn encodings_are_those_of_dlib() {
    let bytes = model_bytes();
    let start = Instant::now();
    let model = read_resnet(&bytes).unwrap();
    println!("read in {:?}", start.elapsed());

    let references = references();
    let faces: Vec<_> = references.iter().flat_map(|r| r.faces()).collect();
    assert!(!faces.is_empty(), "no reference chips found");
    let mut farthest = 0.0_f64;
    for face in faces {
        let encoding = encode(&model, &face.chip());
        let distance = distance(&encoding, &face.encoding("encoding_from_chip"));
        println!("{}: {distance:.2e}", face.chip_name());
        farthest = farthest.max(distance);
    }
    println!("farthest: {farthest:.2e}");
    assert!(farthest < 1e-4, "{farthest}");
}

#[test]
#[ignore = "needs the evaluation photos: FACEMATCH_SHARED=<folder>"]
fn the_encoder_gives_dlibs_encodings_on_every_level() {
    let bytes = model_bytes();
    let references = references();
    let faces: Vec<_> = references.iter().flat_map(|r| r.faces()).collect();
    let chips: Vec<_> = faces.iter().map(|face| face.chip()).collect();
    assert!(!chips.is_empty(), "no reference chips found");
    for level in SimdLevel::available() {
        let mut encoder = Encoder::from_bytes(&bytes, level).unwrap();
        let encodings = encoder.encode(&chips);
        let distances = encodings.iter().zip(&faces).map(|(found, face)| {
            let found: Vec<f64> = found.values().iter().copied().map(f64::from).collect();
            distance(&found, &face.encoding("encoding_from_chip"))
        });
        let farthest = distances.fold(0.0, f64::max);
        println!("{level}: farthest {farthest:.2e}");
        assert!(farthest < 1e-4, "{level}: {farthest}");
        assert_eq!(encoder.fork().encode(&chips[..1]), encodings[..1]);
    }
}

/// Returns the encoding of `chip`, computed in plain loops.
fn encode(model: &ResnetModel, chip: &RgbImage) -> Vec<f64> {
    let side = usize::try_from(chip.width()).unwrap();
    let input = Maps::from_places(3, side, |channel, row, column| {
        let index = (row * side + column) * 3 + channel;
        (f64::from(chip.as_raw()[index]) - f64::from(model.mean[channel])) / 256.0
    });
    let mut maps = max_pool(&convolve(&model.stem, &input).relu());
    assert_eq!(maps.side, 35);
    for block in &model.blocks {
        maps = residual(block, &maps);
    }
    assert_eq!((maps.channels, maps.side), (256, 2));
    let area = (maps.side * maps.side) as f64;
    let means: Vec<f64> = (0..maps.channels)
        .map(|channel| maps.channel(channel).iter().sum::<f64>() / area)
        .collect();
    let outputs = model.projection.len() / means.len();
    (0..outputs)
        .map(|output| {
            let weights = model.projection.iter().skip(output).step_by(outputs);
            let products = means.iter().zip(weights);
            products
                .map(|(mean, &weight)| mean * f64::from(weight))
                .sum()
        })
        .collect()
}

fn convolve(convolution: &Convolution, input: &Maps) -> Maps {
    assert_eq!(input.channels, convolution.channels);
    let (window, padding, stride) = (convolution.rows, convolution.padding, convolution.stride);
    let padded_side = input.side + 2 * padding;
    let padded = Maps::from_places(input.channels, padded_side, |channel, row, column| {
        let moved = |place: usize| place.checked_sub(padding).unwrap_or(usize::MAX);
        input.at(channel, moved(row), moved(column))
    });
    let side = 1 + (padded_side - window) / stride;
    Maps::from_places(convolution.filters, side, |filter, row, column| {
        let taps = window * window;
        let weights = &convolution.weights[filter * input.channels * taps..];
        let mut sum = f64::from(convolution.bias[filter]);
        for channel in 0..input.channels {
            let map = padded.channel(channel);
            for y in 0..window {
                let numbers = &map[(row * stride + y) * padded_side + column * stride..][..window];
                let weights = &weights[channel * taps + y * window..][..window];
                let products = numbers.iter().zip(weights);
                sum += products
                    .map(|(number, &weight)| number * f64::from(weight))
                    .sum::<f64>();
            }
        }
        sum
    })
}

fn residual(block: &ResidualBlock, input: &Maps) -> Maps {
    let through = convolve(&block.second, &convolve(&block.first, input).relu());
    let around = if block.downsamples {
        average_pool(input)
    } else {
        input.clone()
    };
    let channels = through.channels.max(around.channels);
    let side = through.side.max(around.side);
    Maps::from_places(channels, side, |channel, row, column| {
        through.at(channel, row, column) + around.at(channel, row, column)
    })
    .relu()
}

/// Returns the maximum of each 3x3 window, moving by 2.
fn max_pool(input: &Maps) -> Maps {
    let side = 1 + (input.side - 3) / 2;
    Maps::from_places(input.channels, side, |channel, row, column| {
        let places = (0..9).map(|tap| (2 * row + tap / 3, 2 * column + tap % 3));
        places
            .map(|(row, column)| input.at(channel, row, column))
            .fold(f64::NEG_INFINITY, f64::max)
    })
}

/// Returns the average of each 2x2 window, moving by 2.
fn average_pool(input: &Maps) -> Maps {
    let side = 1 + (input.side - 2) / 2;
    Maps::from_places(input.channels, side, |channel, row, column| {
        let places = (0..4).map(|tap| (2 * row + tap / 2, 2 * column + tap % 2));
        let sum: f64 = places
            .map(|(row, column)| input.at(channel, row, column))
            .sum();
        sum / 4.0
    })
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let squares = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
    squares.sum::<f64>().sqrt()
}
