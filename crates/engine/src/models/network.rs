//! A reader for dlib's two convolutional networks: the face encoder and the face detector. Input:
//! the whole file as bytes. Output: the weights as plain numbers, or a sentence that says why the
//! file is refused.
//!
//! A dlib file does not describe how its layers are connected; only the C++ type of the network
//! does. Each reader therefore knows one architecture, and every version, name, size and option in
//! the file must match it. Weights, means and thresholds may be any finite numbers. Data that only
//! training needs (learning rates, the loss, statistics of the last batch) is read and dropped.
//!
//! For a network on top of another network, dlib writes the inner one first: all versions from the
//! outermost layer to the innermost, then the layers' data from the innermost, next to the image,
//! to the outermost.
//!
//! Formats: dlib/dnn/core.h, layers.h, loss.h and input.h. Architectures: dlib's
//! tools/python/src/face_recognition.cpp and cnn_face_detector.cpp.

mod layers;
mod mmod;
mod resnet;

use std::fmt;

use facematch_kernels::convolution::Filters;

pub use mmod::{MmodModel, read_mmod};
pub use resnet::{ResidualBlock, ResnetModel, read_resnet, read_resnet_blocks};

pub use super::overlap::OverlapTest;

use super::mistaken::mistaken_for;
use super::reader::{Damage, Reader};

/// A convolution, dlib's `con_`: each number of the output is the weighted sum of a window of the
/// input, plus a bias.
///
/// If the network has an affine layer (`affine_`) or a batch normalization (`bn_`) after the
/// convolution, that layer is folded into the weights and biases: for a filter with
/// `y = gamma x + beta`, the weights are multiplied by gamma, and the bias becomes
/// `gamma bias + beta`. For a batch normalization, gamma is first replaced by
/// `gamma / sqrt(variance + eps)` and beta by `beta - gamma mean`, as when dlib converts it to an
/// `affine_`. The computation is in `f64`, rounded once, so results differ from dlib's in the last
/// digits.
#[derive(Clone, PartialEq)]
pub struct Convolution {
    /// Number of output maps.
    pub filters: usize,
    /// Number of input maps.
    pub channels: usize,
    /// Height of the window.
    pub rows: usize,
    /// Width of the window.
    pub columns: usize,
    /// Distance that the window moves from one number of the output to the next, along both axes.
    pub stride: usize,
    /// Number of zeros around each map of the input on each side. An axis of `n` numbers becomes
    /// `1 + (n + 2 padding - window) / stride` long, rounded down.
    pub padding: usize,
    /// Weights: for each filter, for each channel, the window row by row. All finite.
    pub weights: Vec<f32>,
    /// One bias for each filter. All finite.
    pub bias: Vec<f32>,
    /// One slope for each filter if a PReLU or a leaky ReLU follows: the factor for results below
    /// 0. Otherwise empty. All finite.
    pub slopes: Vec<f32>,
}

impl Convolution {
    /// Returns the filters, for the kernels.
    pub(crate) fn filters(&self) -> Filters<'_> {
        Filters {
            count: self.filters,
            channels: self.channels,
            rows: self.rows,
            columns: self.columns,
            weights: &self.weights,
            bias: &self.bias,
        }
    }
}

/// A depthwise convolution, followed by one whose window is a pixel.
#[derive(Debug)]
pub(crate) struct SeparableConvolution {
    pub(crate) depthwise: Convolution,
    pub(crate) pointwise: Convolution,
}

impl fmt::Debug for Convolution {
    /// Formats the geometry without the numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Convolution")
            .field("filters", &self.filters)
            .field("channels", &self.channels)
            .field("rows", &self.rows)
            .field("columns", &self.columns)
            .field("stride", &self.stride)
            .field("padding", &self.padding)
            .finish_non_exhaustive()
    }
}

/// The start of a file that may be one of dlib's models.
pub(super) struct Kind {
    /// First bytes: a version (of a network, that of dlib's `add_loss_layer`) and a name (the
    /// loss).
    pub(super) head: &'static [u8],
    /// Name of the model, for the message about a file without these bytes.
    pub(super) name: &'static str,
}

/// Reads all of `bytes` with `read`; the error is a sentence without a subject.
pub(super) fn read_whole<'a, M>(
    bytes: &'a [u8],
    kind: &Kind,
    read: impl FnOnce(&mut Reader<'a>) -> Result<M, Damage>,
) -> Result<M, String> {
    if let Some(mistake) = mistaken_for(bytes) {
        return Err(mistake.to_owned());
    }
    if !bytes.starts_with(kind.head) {
        return Err(format!("is not a {} of dlib", kind.name));
    }
    let mut reader = Reader::new(bytes);
    let model = read(&mut reader).and_then(|model| reader.finish().map(|()| model));
    model.map_err(|damage| format!("{damage}; get the file again"))
}

/// Reads the versions of layers, outermost first.
fn read_versions(
    reader: &mut Reader<'_>,
    versions: impl IntoIterator<Item = usize>,
) -> Result<(), Damage> {
    versions
        .into_iter()
        .try_for_each(|version| reader.expect(version, "the version of a layer"))
}

#[cfg(test)]
mod tests;
