//! The face encoder MobileFaceNet, a convolutional network of inverted bottlenecks. Input: face
//! chips of 112x112 pixels, from [`of_arcface`](crate::chip::ChipGeometry::of_arcface). Output:
//! encodings of 192 numbers (Chen et al., 2018; the code of sirius-ai/MobileFaceNet_TF).
//!
//! Two faces are compared by the angle between their encodings, which have no particular length.

mod network;

use std::sync::Arc;

use image::RgbImage;

use self::network::{Memory, Network};
use crate::models::mobilefacenet::{MobilefacenetModel, read_mobilefacenet};
use facematch_kernels::SimdLevel;

pub use crate::models::mobilefacenet::{CHIP_SIZE, ENCODING_LEN};

/// The face encoder with its memory for intermediate numbers, 3 MB.
///
/// # Thread safety
/// Works for one thread at a time. [`MobilefacenetEncoder::fork`] returns another one that shares
/// the weights.
#[derive(Debug)]
pub struct MobilefacenetEncoder {
    network: Arc<Network>,
    level: SimdLevel,
    memory: Memory,
}

impl MobilefacenetEncoder {
    /// Packs the weights of `model`, which takes 4 MB.
    pub fn new(model: &MobilefacenetModel, level: SimdLevel) -> Self {
        Self::of_network(Arc::new(Network::new(model)), level)
    }

    /// Loads the network in `bytes`, the content of `mobilefacenet.safetensors`.
    ///
    /// # Errors
    /// The sentence of [`read_mobilefacenet`] that says why the bytes are refused.
    pub fn from_bytes(bytes: &[u8], level: SimdLevel) -> Result<Self, String> {
        read_mobilefacenet(bytes).map(|model| Self::new(&model, level))
    }

    fn of_network(network: Arc<Network>, level: SimdLevel) -> Self {
        Self {
            memory: Memory::new(&network),
            network,
            level,
        }
    }

    /// Returns another encoder with the same weights.
    pub fn fork(&self) -> Self {
        Self::of_network(Arc::clone(&self.network), self.level)
    }

    /// Returns the encoding of each chip, in the same order. The encoding of one chip does not
    /// depend on the others.
    ///
    /// # Panics
    /// If a chip is not 112x112 pixels.
    pub fn encode(&mut self, chips: &[RgbImage]) -> Vec<[f32; ENCODING_LEN]> {
        let (network, level, memory) = (&self.network, self.level, &mut self.memory);
        let encode = |chip| network.encode(level, chip, memory);
        chips.iter().map(encode).collect()
    }
}

#[cfg(test)]
mod tests;
