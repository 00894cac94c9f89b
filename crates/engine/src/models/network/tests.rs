use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::ENCODING_LEN;
use crate::models::ShippedModel;

static ENCODER: LazyLock<Vec<u8>> = LazyLock::new(|| shipped(ShippedModel::Encoder));
static DETECTOR: LazyLock<Vec<u8>> = LazyLock::new(|| shipped(ShippedModel::CnnDetector));

fn shipped(model: ShippedModel) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    std::fs::read(folder.join(model.file_name())).unwrap()
}

/// Returns the numbers in a tensor of `bytes` from byte `at` on.
fn floats(bytes: &[u8], at: usize, count: usize) -> Vec<f32> {
    let (items, _) = bytes[at..at + 4 * count].as_chunks();
    items.iter().map(|&item| f32::from_le_bytes(item)).collect()
}

fn convolutions(model: &ResnetModel) -> Vec<&Convolution> {
    let blocks = model.blocks.iter();
    let pairs = blocks.flat_map(|block| [&block.first, &block.second]);
    [&model.stem].into_iter().chain(pairs).collect()
}

/// Checks that the number of weights and biases matches the geometry and that they are finite;
/// returns how many they are.
fn number_count(convolution: &Convolution) -> usize {
    let window = convolution.rows * convolution.columns;
    let expected = convolution.filters * convolution.channels * window;
    assert_eq!(convolution.weights.len(), expected);
    assert_eq!(convolution.bias.len(), convolution.filters);
    let numbers = convolution.weights.iter().chain(&convolution.bias);
    assert!({ numbers }.all(|number| number.is_finite()));
    convolution.weights.len() + convolution.bias.len()
}

/// Returns the number of numbers in the file for these convolutions, of which the first `scaled`
/// have a gamma and a beta for each filter.
fn parameters(convolutions: &[&Convolution], scaled: usize) -> usize {
    let own: usize = convolutions.iter().copied().map(number_count).sum();
    let scales: usize = convolutions[..scaled].iter().map(|c| 2 * c.filters).sum();
    own + scales
}

fn assert_sound_detector(model: &MmodModel) {
    let layers: Vec<&Convolution> = model.layers.iter().collect();
    assert_eq!(parameters(&layers, 6), 181_141);
    assert!(model.mean.iter().all(|mean| (0.0..=255.0).contains(mean)));
    assert!((0.0..=1.0).contains(&model.overlap.intersection_over_union));
}

#[test]
fn the_shipped_encoder_is_read() {
    let model = read_resnet(&ENCODER).unwrap();
    let layers = convolutions(&model);
    assert_eq!(layers.len(), 29);
    let projection = model.projection.len();
    assert_eq!(projection, 256 * ENCODING_LEN);
    assert!(model.projection.iter().all(|number| number.is_finite()));
    assert_eq!(parameters(&layers, 29) + projection, 5_614_592);
    assert_eq!(model.mean, [122.782, 117.001, 104.298]);
    let halved = model.blocks.iter().filter(|block| block.downsamples);
    assert_eq!(halved.count(), 4);
    assert_eq!(model.projection[..100], floats(&ENCODER, 22_334_922, 100));
}

#[test]
fn the_affine_layers_of_the_encoder_are_folded_in() {
    let model = read_resnet(&ENCODER).unwrap();
    // The last convolution has its parameters at 19972170 and its affine layer's at 22332597.
    for (convolution, weights_at, scales_at) in [
        (&model.stem, 352, 19_400),
        (&model.blocks[13].second, 19_972_170, 22_332_597),
    ] {
        let (filters, count) = (convolution.filters, convolution.weights.len());
        let weights = floats(&ENCODER, weights_at, count);
        let biases = floats(&ENCODER, weights_at + 4 * count, filters);
        let gammas = floats(&ENCODER, scales_at, filters);
        let betas = floats(&ENCODER, scales_at + 4 * filters, filters);
        for (index, &weight) in weights.iter().enumerate() {
            let folded = f64::from(weight) * f64::from(gammas[index / (count / filters)]);
            assert_eq!(convolution.weights[index], folded as f32);
        }
        for filter in 0..filters {
            let folded =
                f64::from(biases[filter]) * f64::from(gammas[filter]) + f64::from(betas[filter]);
            assert_eq!(convolution.bias[filter], folded as f32);
        }
    }
}

#[test]
fn the_shipped_detector_is_read() {
    let model = read_mmod(&DETECTOR).unwrap();
    assert_sound_detector(&model);
    assert_eq!(model.layers.len(), 7);
    assert_eq!(model.mean, [122.782, 117.001, 104.298]);
    assert_eq!(model.window, [80, 80]);
    assert!((model.overlap.intersection_over_union - 0.338_276).abs() < 1e-6);
    assert_eq!(model.overlap.covered, 1.0);
    let paddings = model.layers.iter().map(|layer| layer.padding);
    assert_eq!(paddings.collect::<Vec<_>>(), [0, 0, 0, 2, 2, 2, 4]);
    // Nothing is folded into the last layer.
    let last = &model.layers[6];
    assert_eq!(last.weights, floats(&DETECTOR, 715_273, last.weights.len()));
    assert_eq!(last.bias, floats(&DETECTOR, 729_853, 1));
}

#[test]
fn the_batch_normalizations_of_the_detector_are_folded_in() {
    let model = read_mmod(&DETECTOR).unwrap();
    let first = &model.layers[0];
    let [weights, biases] =
        [(153, 1200), (4953, 16)].map(|(at, count)| floats(&DETECTOR, at, count));
    let [gammas, betas, means, variances] = [5121, 5185, 5427, 5501].map(|at| {
        floats(&DETECTOR, at, 16)
            .into_iter()
            .map(f64::from)
            .collect::<Vec<_>>()
    });
    for filter in 0..16 {
        let gamma = gammas[filter] / (variances[filter] + 1e-4).sqrt();
        let window = filter * 75..(filter + 1) * 75;
        let pairs = first.weights[window.clone()].iter().zip(&weights[window]);
        for (&found, &weight) in pairs {
            let folded = f64::from(weight) * gamma;
            assert!((f64::from(found) - folded).abs() <= 1e-6 * folded.abs());
        }
        let normalized = gamma * (f64::from(biases[filter]) - means[filter]) + betas[filter];
        assert!((f64::from(first.bias[filter]) - normalized).abs() < 1e-5);
    }
}

#[test]
fn another_file_is_named() {
    assert_eq!(
        read_resnet(&DETECTOR).unwrap_err(),
        "is not a face encoder of dlib"
    );
    assert_eq!(
        read_mmod(&ENCODER).unwrap_err(),
        "is not a face detector of dlib"
    );
    assert!(read_mmod(b"").unwrap_err().contains("empty"));
    assert!(
        read_resnet(b"version https://git-lfs.")
            .unwrap_err()
            .contains("git lfs pull")
    );
}

#[test]
fn damage_is_named_with_its_place() {
    let refusal = |at: usize, byte| {
        let mut bytes = DETECTOR.clone();
        bytes[at] = byte;
        read_mmod(&bytes).unwrap_err()
    };
    for (at, byte, sentence) in [
        (
            15,
            3,
            "byte 14: expected 1 for the version of the detector's options, found 3",
        ),
        (
            17,
            81,
            "byte 16: expected 80 for the width of the detector's window, found 81",
        ),
        (
            91,
            2,
            "byte 90: expected 3 for the version of a layer, found 2",
        ),
        (
            141,
            b'5',
            "byte 135: expected the text \"con_4\", found \"con_5\"",
        ),
        (
            145,
            0,
            "byte 144: expected 1216 for the samples of the parameters of a convolution, found 1024",
        ),
        // The sixth weight; all bits of its exponent are set.
        (
            176,
            0x7f,
            "byte 173: a number of the parameters of a convolution is not finite",
        ),
    ] {
        let expected = format!("damaged at {sentence}; get the file again");
        assert_eq!(refusal(at, byte), expected);
    }
    let longer = [&DETECTOR[..], b"!"].concat();
    assert_eq!(
        read_mmod(&longer).unwrap_err(),
        "damaged at byte 729940: the model ends here, but 1 more bytes follow; get the file again"
    );
}

#[test]
fn numbers_that_fold_into_infinity_are_refused() {
    let mut bytes = DETECTOR.clone();
    // The first variance becomes -1, which has no root.
    bytes[5501..5505].copy_from_slice(&(-1.0_f32).to_le_bytes());
    let sentence = read_mmod(&bytes).unwrap_err();
    assert!(
        sentence.contains("weights that are not finite"),
        "{sentence}"
    );
    let mut bytes = ENCODER.clone();
    for at in [352, 19_400] {
        bytes[at..at + 4].copy_from_slice(&f32::MAX.to_le_bytes());
    }
    let sentence = read_resnet(&bytes).unwrap_err();
    assert!(
        sentence.contains("weights that are not finite"),
        "{sentence}"
    );
}

#[test]
fn every_cut_is_refused() {
    let lengths = |whole: usize| {
        let tail = whole - 200..whole;
        (0..1000)
            .chain((1000..whole).step_by(whole / 150))
            .chain(tail)
    };
    for length in lengths(DETECTOR.len()) {
        assert!(read_mmod(&DETECTOR[..length]).is_err(), "{length}");
    }
    for length in lengths(ENCODER.len()).step_by(5) {
        assert!(read_resnet(&ENCODER[..length]).is_err(), "{length}");
    }
}

/// Returns offsets at which the detector's file has no raw numbers: before those of the first
/// convolution, and around its batch normalization.
fn structure() -> impl Strategy<Value = usize> {
    prop_oneof![
        0..153_usize,
        5017..5121_usize,
        5249..5279_usize,
        5343..5353_usize,
        5565..5686_usize
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn changed_bytes_give_an_error_or_finite_numbers(
        places in prop::collection::vec((prop_oneof![structure(), 0..729_940_usize], any::<u8>()), 1..3)
    ) {
        let mut bytes = DETECTOR.clone();
        for (at, byte) in places {
            bytes[at] = byte;
        }
        if let Ok(model) = read_mmod(&bytes) {
            assert_sound_detector(&model);
        }
    }

    #[test]
    fn bytes_left_out_or_put_in_are_found(at in structure(), length in 1..20_usize, extra in any::<bool>()) {
        let mut bytes = DETECTOR[..at].to_vec();
        if extra {
            bytes.resize(at + length, 1);
            bytes.extend(&DETECTOR[at..]);
        } else {
            bytes.extend(&DETECTOR[at + length..]);
        }
        prop_assert!(read_mmod(&bytes).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn changed_bytes_of_the_encoder_give_an_error_or_finite_numbers(
        places in prop::collection::vec(
            (prop_oneof![0..352_usize, 19_288..19_826_usize, 0..22_466_066_usize], any::<u8>()),
            1..3,
        ),
    ) {
        let mut bytes = ENCODER.clone();
        for (at, byte) in places {
            bytes[at] = byte;
        }
        if let Ok(model) = read_resnet(&bytes) {
            prop_assert!(model.projection.iter().all(|number| number.is_finite()));
            prop_assert_eq!(parameters(&convolutions(&model), 29), 5_614_592 - 256 * ENCODING_LEN);
        }
    }
}
