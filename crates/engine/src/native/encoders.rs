//! The common interface to the encoders of the native engine. Input: face chips of the place that
//! [`LoadedEncoder::geometry`] returns. Output: one encoding for each.

use image::RgbImage;
use image::imageops::flip_horizontal;

use super::lazy::Lazy;
use super::mobilefacenet::MobilefacenetEncoder;
use super::resnet::Encoder;
use crate::chip::{CHIP_PADDING, CHIP_SIZE, ChipGeometry};
use crate::error::{EngineError, LoadError};
use crate::jitter::jittered_chip;
use crate::{
    ENCODING_LEN, EncoderKind, Encoding, EngineParams, LandmarkModel, Landmarks, check_encodings,
};

/// The requested encoder.
pub(super) enum LoadedEncoder {
    Dlib(Box<DlibEncoder>),
    Mobilefacenet(Box<UnitEncoder>),
}

/// dlib's network, with the ways to average its encodings: `flip` only without jittered copies.
pub(super) struct DlibEncoder {
    network: Lazy<Encoder>,
    jitters: u32,
    flip: bool,
}

/// MobileFaceNet, with encodings of length 1.
pub(super) struct UnitEncoder {
    network: Lazy<MobilefacenetEncoder>,
    flip: bool,
}

/// Pixels by which a face of RetinaFace is beside the middle of dlib's chip if it is encoded with
/// its mirror image, so that the two show it in two places. The mean of two places tells people
/// apart better than that of one (`docs/ACCURACY.md`), at no cost.
const ASIDE: f64 = 3.0;

impl LoadedEncoder {
    /// Loads the encoder of `params`.
    ///
    /// # Errors
    /// [`LoadError::MissingModel`], or [`LoadError::Model`] if its model is not the expected one.
    pub(super) fn load(params: &EngineParams) -> Result<Self, LoadError> {
        let (level, flip) = (params.simd, params.has_mirror_images());
        let model = params.models.bytes(params.encoder.model())?;
        Ok(match params.encoder {
            EncoderKind::Dlib => Self::Dlib(Box::new(DlibEncoder {
                network: Lazy::new(model, level),
                jitters: params.jitters,
                flip,
            })),
            EncoderKind::Mobilefacenet => Self::Mobilefacenet(Box::new(UnitEncoder {
                network: Lazy::new(model, level),
                flip,
            })),
        })
    }

    /// Returns the place of the chip that is encoded.
    pub(super) fn geometry(&self, landmarks: &Landmarks) -> Result<ChipGeometry, EngineError> {
        match self {
            Self::Dlib(encoder) => encoder.geometry(landmarks),
            Self::Mobilefacenet(_) => ChipGeometry::of_arcface(landmarks),
        }
    }

    /// Returns the encoding of each chip.
    pub(super) fn encode(&mut self, chips: Vec<RgbImage>) -> Result<Vec<Encoding>, EngineError> {
        check_encodings(match self {
            Self::Dlib(encoder) => encoder.encode(chips)?,
            Self::Mobilefacenet(encoder) => encoder.encode(chips)?,
        })
    }

    /// Returns the same encoder for another thread.
    pub(super) fn fork(&self) -> Self {
        match self {
            Self::Dlib(encoder) => Self::Dlib(Box::new(DlibEncoder {
                network: encoder.network.fork(),
                ..**encoder
            })),
            Self::Mobilefacenet(encoder) => Self::Mobilefacenet(Box::new(UnitEncoder {
                network: encoder.network.fork(),
                ..**encoder
            })),
        }
    }
}

impl DlibEncoder {
    fn geometry(&self, landmarks: &Landmarks) -> Result<ChipGeometry, EngineError> {
        let geometry = ChipGeometry::of_face(landmarks, CHIP_SIZE, CHIP_PADDING)?;
        Ok(match landmarks.model {
            LandmarkModel::Retinaface if self.flip => geometry.with_face_to_the_right(ASIDE),
            _ => geometry,
        })
    }

    fn encode(&mut self, chips: Vec<RgbImage>) -> Result<Vec<Encoding>, EngineError> {
        if self.jitters > 1 {
            return chips
                .iter()
                .map(|chip| self.encode_jittered(chip))
                .collect();
        }
        let network = self.network.get()?;
        if !self.flip {
            return Ok(network.encode(&chips));
        }
        let encodings = network.encode(&with_mirror_images(chips));
        let (pairs, _) = encodings.as_chunks::<2>();
        Ok(pairs.iter().map(Encoding::of_face_and_mirror).collect())
    }

    /// Returns the mean encoding of the jittered copies of a chip.
    fn encode_jittered(&mut self, chip: &RgbImage) -> Result<Encoding, EngineError> {
        let network = self.network.get()?;
        let mut sums = [0.0_f64; ENCODING_LEN];
        for copy in 0..self.jitters {
            let jittered = jittered_chip(chip, copy);
            for encoding in network.encode(std::slice::from_ref(&jittered)) {
                for (sum, number) in sums.iter_mut().zip(encoding.values()) {
                    *sum += f64::from(*number);
                }
            }
        }
        let count = f64::from(self.jitters);
        Ok(Encoding::new(sums.map(|sum| (sum / count) as f32)))
    }
}

impl UnitEncoder {
    fn encode(&mut self, chips: Vec<RgbImage>) -> Result<Vec<Encoding>, EngineError> {
        let network = self.network.get()?;
        if !self.flip {
            let encodings = network.encode(&chips).into_iter();
            return Ok(encodings
                .map(|numbers| Encoding::scaled(numbers.into(), 1.0))
                .collect());
        }
        let encodings = network.encode(&with_mirror_images(chips));
        let (pairs, _) = encodings.as_chunks::<2>();
        let mean = |[face, mirror]: &[[f32; EncoderKind::Mobilefacenet.numbers()]; 2]| {
            let sum = face.iter().zip(mirror).map(|(a, b)| a + b);
            Encoding::scaled(sum.collect(), 1.0)
        };
        Ok(pairs.iter().map(mean).collect())
    }
}

/// Returns each chip followed by its mirror image.
fn with_mirror_images(chips: Vec<RgbImage>) -> Vec<RgbImage> {
    chips
        .into_iter()
        .flat_map(|chip| {
            let mirrored = flip_horizontal(&chip);
            [chip, mirrored]
        })
        .collect()
}
