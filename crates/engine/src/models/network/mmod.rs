//! A reader for the face detector: seven convolutions that give each place of an image pyramid a
//! score. Input: the whole file as bytes. Output: an [`MmodModel`], or a sentence that says why the
//! file is refused.
//!
//! Architecture: dlib's tools/python/src/cnn_face_detector.cpp. Format: `loss_mmod_` and
//! `mmod_options` of dlib/dnn/loss.h, as written in 2016.

use super::layers::{self, ConvolutionShape, ON_INPUT, ON_LAYER};
use super::{Convolution, Kind, read_versions, read_whole};
use crate::models::overlap::OverlapTest;
use crate::models::reader::{Damage, Reader};

const KIND: Kind = Kind {
    head: b"\x01\x01\x01\x0aloss_mmod_",
    name: "face detector",
};

/// Width and height of the detector's window, in pixels.
const WINDOW: usize = 80;

/// Paddings that this old form of the input layer implies, in pixels (dlib/dnn/input.h).
const PYRAMID_PADDING: usize = 10;
const OUTER_PADDING: usize = 11;

/// Convolutions in the order of computation.
const CONVOLUTIONS: [ConvolutionShape; 7] = [
    shape(16, 3, 5, 2),
    shape(32, 16, 5, 2),
    shape(32, 32, 5, 2),
    shape(45, 32, 5, 1),
    shape(45, 45, 5, 1),
    shape(45, 45, 5, 1),
    shape(1, 45, 9, 1),
];

/// Returns the shape of dlib's `con`: padded to keep the size of the map, unless the window moves
/// by more than 1.
const fn shape(filters: usize, channels: usize, window: usize, stride: usize) -> ConvolutionShape {
    ConvolutionShape {
        filters,
        channels,
        window,
        stride,
        padding: if stride == 1 { window / 2 } else { 0 },
    }
}

/// The face detector.
///
/// From an image pyramid (each level 5/6 of the one before, all of them in one image) to the
/// scores:
/// 1. Each channel (red, green, blue) of each pixel becomes `(value - mean) / 256`.
/// 2. [`layers`](Self::layers) are applied in order, with a relu after each except the last. They
///    leave one map.
/// 3. A number of the map above 0 means that there may be a face; the number is the score.
#[derive(Debug, Clone, PartialEq)]
pub struct MmodModel {
    /// Mean colour: red, green, blue, from 0 to 255.
    pub mean: [f32; 3],
    /// Seven convolutions in the order of computation; a batch normalization is folded into all but
    /// the last.
    pub layers: [Convolution; 7],
    /// Width and height of the detector's window, in pixels: 80 and 80.
    pub window: [usize; 2],
    /// Test for two detections of one face; the one with the lower score is dropped.
    pub overlap: OverlapTest,
    /// Distance between the levels of the pyramid in the image that contains them all, in pixels:
    /// 10.
    pub pyramid_padding: usize,
    /// Distance between the levels of the pyramid and the edge of that image, in pixels: 11.
    pub outer_padding: usize,
}

/// Reads the face detector in `bytes`, the content of `mmod_human_face_detector.dat` or a network
/// of the same architecture. Takes the memory of the weights, 0.7 MB, and no more than `bytes`
/// account for.
///
/// # Errors
/// A sentence without a subject that says why the file is refused, such as "is not a face detector
/// of dlib" or "damaged at byte 153: ...".
pub fn read_mmod(bytes: &[u8]) -> Result<MmodModel, String> {
    read_whole(bytes, &KIND, read)
}

fn read(reader: &mut Reader<'_>) -> Result<MmodModel, Damage> {
    reader.expect(1, "the version of the loss layer")?;
    reader.expect_text("loss_mmod_")?;
    let overlap = read_options(reader)?;
    read_versions(reader, versions())?;
    let mean = layers::input(reader, "input_rgb_image_pyramid")?;
    Ok(MmodModel {
        mean,
        layers: read_convolutions(reader)?,
        window: [WINDOW; 2],
        overlap,
        pyramid_padding: PYRAMID_PADDING,
        outer_padding: OUTER_PADDING,
    })
}

/// Reads `mmod_options` and returns the only part needed: the test for two detections of one face.
fn read_options(reader: &mut Reader<'_>) -> Result<OverlapTest, Damage> {
    reader.expect(1, "the version of the detector's options")?;
    reader.expect(WINDOW, "the width of the detector's window")?;
    reader.expect(WINDOW, "the height of the detector's window")?;
    reader.finite_double("the loss for a false alarm")?;
    reader.finite_double("the loss for a missed face")?;
    reader.finite_double("the overlap with a labelled face")?;
    let overlap = OverlapTest::read(reader)?;
    // The boxes that training was to ignore.
    OverlapTest::read(reader)?;
    Ok(overlap)
}

/// Returns the versions of all layers, outermost first: a convolution, then relu, batch
/// normalization, convolution six times.
fn versions() -> impl Iterator<Item = usize> {
    let on_layers = 3 * (CONVOLUTIONS.len() - 1);
    std::iter::repeat_n(ON_LAYER, on_layers).chain([ON_INPUT])
}

fn read_convolutions(reader: &mut Reader<'_>) -> Result<[Convolution; 7], Damage> {
    let mut convolutions = Vec::with_capacity(CONVOLUTIONS.len());
    for (index, shape) in CONVOLUTIONS.into_iter().enumerate() {
        let mut convolution = if index == 0 {
            layers::first_convolution(reader, shape)?
        } else {
            layers::convolution(reader, shape)?
        };
        if index + 1 < CONVOLUTIONS.len() {
            layers::batch_normalization(reader, &mut convolution)?;
            layers::plain(reader, "relu_")?;
        }
        convolutions.push(convolution);
    }
    let at = reader.position();
    convolutions
        .try_into()
        .map_err(|_| Damage::new(at, "the detector has not seven convolutions"))
}
