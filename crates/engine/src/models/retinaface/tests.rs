use std::sync::LazyLock;

use proptest::prelude::*;
use safetensors::SafeTensors;

use super::*;
use crate::models::ShippedModel;
use crate::models::tensors::reader_tests::{
    assert_all_are_needed, assert_others_are_refused, assert_sound, number, shipped,
};

static SHIPPED: LazyLock<Vec<u8>> = LazyLock::new(|| shipped(ShippedModel::Retinaface));

fn convolutions(model: &RetinafaceModel) -> Vec<&Convolution> {
    let blocks = model.blocks.iter();
    let blocks = blocks.flat_map(|block| [&block.depthwise, &block.pointwise]);
    let levels = model.levels.iter().flat_map(|level| {
        let context = [&level.context_3, &level.shared, &level.context_5];
        context
            .into_iter()
            .chain(&level.context_7)
            .chain(&level.heads)
    });
    [&model.stem]
        .into_iter()
        .chain(blocks)
        .chain(&model.laterals)
        .chain(&model.merges)
        .chain(levels)
        .collect()
}

/// Number of weights and biases.
const NUMBERS: usize = 423_264;

#[test]
fn the_shipped_detector_is_read() {
    let model = read_retinaface(&SHIPPED).unwrap();
    assert_sound(&convolutions(&model), NUMBERS);
    assert_eq!(convolutions(&model).len(), 56);
    // 112 tensors in the file: weights and biases.
    assert_eq!(SafeTensors::deserialize(&SHIPPED).unwrap().len(), 112);
    let strides = model.blocks.iter().map(|block| block.depthwise.stride);
    assert_eq!(strides.filter(|stride| *stride == 2).count(), 4);
    // The last layers of the context modules, and the heads, have no activation.
    let linear = convolutions(&model);
    let linear = linear.iter().filter(|layer| layer.slopes.is_empty());
    assert_eq!(linear.count(), 3 * (3 + 3));
}

#[test]
fn the_first_layer_takes_red_green_and_blue() {
    let stem = read_retinaface(&SHIPPED).unwrap().stem;
    // The file has 9 weights of blue, green and red for each filter.
    for filter in 0..8 {
        let weights = &stem.weights[27 * filter..27 * (filter + 1)];
        for place in 0..9 {
            let [blue, green, red] =
                [0, 9, 18].map(|channel| number(&SHIPPED, 27 * filter + channel + place));
            assert_eq!(weights[place], red);
            assert_eq!(weights[9 + place], green);
            assert_eq!(weights[18 + place], blue);
        }
    }
    assert_eq!(stem.bias[0], number(&SHIPPED, 8 * 27));
}

#[test]
fn every_tensor_is_needed_and_no_other() {
    assert_all_are_needed(&SHIPPED, read_retinaface);
}

#[test]
fn another_file_and_every_cut_are_refused() {
    assert_others_are_refused(&SHIPPED, read_retinaface);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn changed_bytes_give_an_error_or_finite_numbers(
        places in prop::collection::vec((prop_oneof![0..10_944_usize, 0..1_704_000_usize], any::<u8>()), 1..3)
    ) {
        let mut bytes = SHIPPED.clone();
        for (at, byte) in places {
            bytes[at] = byte;
        }
        if let Ok(model) = read_retinaface(&bytes) {
            assert_sound(&convolutions(&model), NUMBERS);
        }
    }
}
