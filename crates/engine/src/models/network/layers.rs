//! A reader for the data of single layers, which checks each for the options of the architecture.
//! Input: a [`Reader`] at the layer's name. Output: the layer's numbers.
//!
//! Format: dlib/dnn/layers.h and input.h; `add_layer` of dlib/dnn/core.h writes the data after each
//! layer's own.

use super::Convolution;
use crate::models::reader::{Damage, Reader, all_finite};

/// Version of a layer on another layer (`add_layer`).
pub(super) const ON_LAYER: usize = 2;
/// Version of a layer on the input (`add_layer`).
pub(super) const ON_INPUT: usize = 3;
/// Version of layers that only name or look up an output (`add_tag_layer`, `add_skip_layer`).
pub(super) const TAG: usize = 1;

/// The convolution that a file must have at a given place; window, stride and padding are the same
/// along both axes.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConvolutionShape {
    pub(super) filters: usize,
    pub(super) channels: usize,
    pub(super) window: usize,
    pub(super) stride: usize,
    pub(super) padding: usize,
}

/// The effect of an affine layer on one channel: multiply by `gamma`, then add `beta`.
struct Scale {
    gamma: f64,
    beta: f64,
}

/// Reads the mean colour that the input layer `name` subtracts: red, green and blue, each from 0 to
/// 255.
pub(super) fn input(reader: &mut Reader<'_>, name: &str) -> Result<[f32; 3], Damage> {
    reader.expect_text(name)?;
    let mut mean = [0.0; 3];
    for channel in &mut mean {
        let at = reader.position();
        *channel = reader.finite_float("the mean colour")?;
        if !(0.0..=255.0).contains(channel) {
            let what = format!("expected a mean colour from 0 to 255, found {channel}");
            return Err(Damage::new(at, what));
        }
    }
    Ok(mean)
}

/// Reads a convolution on another layer (`con_4`), with nothing folded into it.
pub(super) fn convolution(
    reader: &mut Reader<'_>,
    shape: ConvolutionShape,
) -> Result<Convolution, Damage> {
    reader.expect_text("con_4")?;
    let ConvolutionShape {
        filters,
        channels,
        window,
        stride,
        padding,
    } = shape;
    let weight_count = filters * channels * window * window;
    let size = [weight_count + filters, 1, 1, 1];
    let mut weights = reader.tensor(size, "the parameters of a convolution")?;
    let bias = weights.split_off(weight_count);
    for (expected, name) in [
        (filters, "the filters of a convolution"),
        (window, "the rows of a convolution"),
        (window, "the columns of a convolution"),
        (stride, "the vertical stride of a convolution"),
        (stride, "the horizontal stride of a convolution"),
        (padding, "the vertical padding of a convolution"),
        (padding, "the horizontal padding of a convolution"),
    ] {
        reader.expect(expected, name)?;
    }
    reader.alias_tensor([filters, channels, window, window], "the weights")?;
    reader.alias_tensor([1, filters, 1, 1], "the biases")?;
    learning_rates(reader)?;
    end(reader)?;
    Ok(Convolution {
        filters,
        channels,
        rows: window,
        columns: window,
        stride,
        padding,
        weights,
        bias,
        slopes: Vec::new(),
    })
}

/// Reads a convolution on the input, with nothing folded into it.
pub(super) fn first_convolution(
    reader: &mut Reader<'_>,
    shape: ConvolutionShape,
) -> Result<Convolution, Damage> {
    let convolution = convolution(reader, shape)?;
    reader.expect(1, "the sample expansion factor")?;
    Ok(convolution)
}

/// Reads an affine layer (`affine_`) and folds it into the convolution below it.
pub(super) fn affine(reader: &mut Reader<'_>, convolution: &mut Convolution) -> Result<(), Damage> {
    let at = reader.position();
    reader.expect_text("affine_")?;
    let scales = scales(reader, convolution.filters)?;
    reader.expect(0, "the mode of an affine layer (0 for convolutions)")?;
    end(reader)?;
    fold(convolution, &scales, at)
}

/// Reads a batch normalization (`bn_con2`) and folds it into the convolution below it.
pub(super) fn batch_normalization(
    reader: &mut Reader<'_>,
    convolution: &mut Convolution,
) -> Result<(), Damage> {
    let at = reader.position();
    let channels = convolution.filters;
    reader.expect_text("bn_con2")?;
    let mut scales = scales(reader, channels)?;
    let mut statistics = |name| reader.tensor([1, channels, 1, 1], name);
    statistics("the means of the last batch")?;
    statistics("the deviations of the last batch")?;
    let means = statistics("the means of a batch normalization")?;
    let variances = statistics("the variances of a batch normalization")?;
    reader.index("the number of updates")?;
    reader.index("the number of averaged batches")?;
    learning_rates(reader)?;
    let epsilon = reader.finite_double("the epsilon of a batch normalization")?;
    end(reader)?;
    for ((scale, &mean), &variance) in scales.iter_mut().zip(&means).zip(&variances) {
        scale.gamma /= (f64::from(variance) + epsilon).sqrt();
        scale.beta -= scale.gamma * f64::from(mean);
    }
    fold(convolution, &scales, at)
}

/// Reads a layer without options: `relu_`, `add_prev_`.
pub(super) fn plain(reader: &mut Reader<'_>, name: &str) -> Result<(), Damage> {
    reader.expect_text(name)?;
    end(reader)
}

/// Reads a pooling layer without padding; a `window` of 0 means the whole map.
pub(super) fn pooling(
    reader: &mut Reader<'_>,
    name: &str,
    window: usize,
    stride: usize,
) -> Result<(), Damage> {
    reader.expect_text(name)?;
    for (expected, option) in [
        (window, "the rows of a pooling layer"),
        (window, "the columns of a pooling layer"),
        (stride, "the vertical stride of a pooling layer"),
        (stride, "the horizontal stride of a pooling layer"),
        (0, "the vertical padding of a pooling layer"),
        (0, "the horizontal padding of a pooling layer"),
    ] {
        reader.expect(expected, option)?;
    }
    end(reader)
}

/// Reads a fully connected layer without biases (`fc_2`). Returns its weights, for each input one
/// for each output.
pub(super) fn fully_connected(
    reader: &mut Reader<'_>,
    inputs: usize,
    outputs: usize,
) -> Result<Vec<f32>, Damage> {
    reader.expect_text("fc_2")?;
    reader.expect(outputs, "the outputs of a fully connected layer")?;
    reader.expect(inputs, "the inputs of a fully connected layer")?;
    let size = [inputs, outputs, 1, 1];
    let weights = reader.tensor(size, "the weights of a fully connected layer")?;
    reader.alias_tensor(size, "the weights")?;
    reader.alias_tensor([0; 4], "the missing biases")?;
    reader.expect(1, "the bias mode (1 for none)")?;
    learning_rates(reader)?;
    end(reader)?;
    Ok(weights)
}

/// Reads gamma and beta of each channel, as stored in the file.
fn scales(reader: &mut Reader<'_>, channels: usize) -> Result<Vec<Scale>, Damage> {
    let size = [2 * channels, 1, 1, 1];
    let mut gammas = reader.tensor(size, "the parameters of an affine layer")?;
    let betas = gammas.split_off(channels);
    reader.alias_tensor([1, channels, 1, 1], "the gammas")?;
    reader.alias_tensor([1, channels, 1, 1], "the betas")?;
    let pairs = gammas.into_iter().zip(betas);
    Ok(pairs
        .map(|(gamma, beta)| Scale {
            gamma: gamma.into(),
            beta: beta.into(),
        })
        .collect())
}

/// Folds `scales`, one for each filter, into `convolution`. Finite numbers can have an infinite
/// product, and a negative variance has no root; such an error refers to `at` in the file.
fn fold(convolution: &mut Convolution, scales: &[Scale], at: usize) -> Result<(), Damage> {
    let length = convolution.channels * convolution.rows * convolution.columns;
    let filters = convolution.weights.chunks_exact_mut(length);
    for ((weights, bias), scale) in filters.zip(&mut convolution.bias).zip(scales) {
        multiply(weights, scale.gamma);
        *bias = (f64::from(*bias) * scale.gamma + scale.beta) as f32;
        if !bias.is_finite() || !all_finite(weights) {
            let what = "a convolution and the layer on it give weights that are not finite";
            return Err(Damage::new(at, what));
        }
    }
    Ok(())
}

/// Multiplies `weights` by `gamma` as in `f64`, rounded once.
fn multiply(weights: &mut [f32], gamma: f64) {
    let narrow = gamma as f32;
    if f64::from(narrow) == gamma {
        // The product of two `f32` is exact in `f64`, so `f32` rounds to the same number in half
        // the time.
        weights.iter_mut().for_each(|weight| *weight *= narrow);
    } else {
        for weight in weights {
            *weight = (f64::from(*weight) * gamma) as f32;
        }
    }
}

/// Reads the learning rates and weight decays of weights and biases.
fn learning_rates(reader: &mut Reader<'_>) -> Result<(), Damage> {
    for _ in 0..4 {
        reader.finite_double("a learning rate or weight decay")?;
    }
    Ok(())
}

/// Reads the data at the end of each layer: three flags, and three tensors for outputs and
/// gradients, which are empty in a fully trained network.
fn end(reader: &mut Reader<'_>) -> Result<(), Damage> {
    let at = reader.position();
    if !reader.boolean("whether a layer is set up")? {
        return Err(Damage::new(at, "a layer is not set up"));
    }
    reader.boolean("whether a gradient is stale")?;
    reader.boolean("whether a layer works in place")?;
    for name in ["the gradient", "the output", "the parameters' gradient"] {
        reader.tensor([0; 4], name)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn factors_of_either_width_give_the_product_in_f64_rounded_once(
            weights in prop::collection::vec(any::<f32>(), 0..20),
            factor in any::<f32>(),
            digits in prop_oneof![Just(0.0), -1e-9..1e-9_f64],
        ) {
            let gamma = f64::from(factor) * (1.0 + digits);
            let mut products = weights.clone();
            multiply(&mut products, gamma);
            for (product, weight) in products.iter().zip(weights) {
                let expected = (f64::from(weight) * gamma) as f32;
                prop_assert!(product.to_bits() == expected.to_bits() || (product.is_nan() && expected.is_nan()));
            }
        }
    }
}
