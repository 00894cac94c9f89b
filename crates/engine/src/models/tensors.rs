//! A reader for networks in safetensors files. Input: the whole file as bytes. Output: layers, each
//! checked for the sizes of its architecture, or a sentence that says why the file is refused.
//!
//! A layer `NAME` has the tensors `NAME.weight` (filters, channels, rows, columns) and `NAME.bias`,
//! and if a PReLU follows `NAME.slope`, of 32-bit floats. `models/README.md` names the scripts that
//! write such files.

use safetensors::{Dtype, SafeTensors};

use super::mistaken::mistaken_for;
use super::network::Convolution;

/// The tensors of a file, and how many of them have been read.
pub(super) struct Tensors<'a> {
    all: SafeTensors<'a>,
    read: usize,
}

/// The convolution that a file must have under a given name; its window is square.
#[derive(Debug, Clone, Copy)]
pub(super) struct LayerShape {
    pub(super) filters: usize,
    /// Number of input maps of each filter: 1 in a depthwise convolution.
    pub(super) channels: usize,
    pub(super) window: usize,
    pub(super) stride: usize,
    pub(super) padding: usize,
}

impl<'a> Tensors<'a> {
    /// Reads the head of a file, which must say where each tensor is.
    pub(super) fn of_bytes(bytes: &'a [u8]) -> Result<Self, String> {
        if let Some(mistake) = mistaken_for(bytes) {
            return Err(mistake.to_owned());
        }
        let all = SafeTensors::deserialize(bytes)
            .map_err(|error| format!("is not a safetensors file: {error}; get the file again"))?;
        Ok(Self { all, read: 0 })
    }

    /// Reads the convolution `name`. If `slope` is given, a leaky ReLU with this slope follows it.
    pub(super) fn convolution(
        &mut self,
        name: &str,
        shape: LayerShape,
        slope: Option<f32>,
    ) -> Result<Convolution, String> {
        let LayerShape {
            filters,
            channels,
            window,
            stride,
            padding,
        } = shape;
        Ok(Convolution {
            filters,
            channels,
            rows: window,
            columns: window,
            stride,
            padding,
            weights: self.floats(
                &format!("{name}.weight"),
                &[filters, channels, window, window],
            )?,
            bias: self.floats(&format!("{name}.bias"), &[filters])?,
            slopes: slope.map_or_else(Vec::new, |slope| vec![slope; filters]),
        })
    }

    /// Reads the convolution `name` and the slopes of the PReLU that follows it.
    pub(super) fn convolution_with_prelu(
        &mut self,
        name: &str,
        shape: LayerShape,
    ) -> Result<Convolution, String> {
        let convolution = self.convolution(name, shape, None)?;
        let slopes = self.floats(&format!("{name}.slope"), &[shape.filters])?;
        Ok(Convolution {
            slopes,
            ..convolution
        })
    }

    /// Reads the tensor `name`, which must be of `shape`.
    pub(super) fn floats(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        let again = "get the file again";
        let Ok(tensor) = self.all.tensor(name) else {
            return Err(format!("has no tensor {name}; {again}"));
        };
        if tensor.dtype() != Dtype::F32 || tensor.shape() != shape {
            let (dtype, found) = (tensor.dtype(), tensor.shape());
            return Err(format!(
                "the tensor {name} is {dtype:?} {found:?} instead of F32 {shape:?}; {again}"
            ));
        }
        let (numbers, _) = tensor.data().as_chunks::<4>();
        let numbers: Vec<f32> = numbers
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        if !numbers.iter().all(|number| number.is_finite()) {
            return Err(format!(
                "the tensor {name} has a number that is not finite; {again}"
            ));
        }
        self.read += 1;
        Ok(numbers)
    }

    /// Checks that every tensor of the file has been read.
    pub(super) fn finish(self) -> Result<(), String> {
        let count = self.all.len();
        if count == self.read {
            return Ok(());
        }
        Err(format!(
            "has {count} tensors instead of {}; get the file again",
            self.read
        ))
    }
}

#[cfg(test)]
pub(super) mod reader_tests;
#[cfg(test)]
mod tests;
