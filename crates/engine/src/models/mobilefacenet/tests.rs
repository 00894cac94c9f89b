use std::sync::LazyLock;

use proptest::prelude::*;
use safetensors::SafeTensors;

use super::*;
use crate::models::ShippedModel;
use crate::models::tensors::reader_tests::{
    assert_all_are_needed, assert_others_are_refused, assert_sound, number, shipped,
};

static SHIPPED: LazyLock<Vec<u8>> = LazyLock::new(|| shipped(ShippedModel::Mobilefacenet));

fn convolutions(model: &MobilefacenetModel) -> Vec<&Convolution> {
    fn both(separable: &SeparableConvolution) -> [&Convolution; 2] {
        [&separable.depthwise, &separable.pointwise]
    }
    let stages = model.stages.iter().flat_map(|stage| {
        let bottlenecks = stage.bottlenecks.iter().flat_map(|bottleneck| {
            [&bottleneck.expansion]
                .into_iter()
                .chain(both(&bottleneck.reduction))
        });
        both(&stage.reduction)
            .into_iter()
            .chain(bottlenecks)
            .chain([&stage.expansion])
    });
    let stem = [&model.stem].into_iter().chain(both(&model.expanded_stem));
    stem.chain(stages)
        .chain([&model.pooling, &model.projection])
        .collect()
}

/// Number of weights and biases.
const NUMBERS: usize = 1_018_624;

#[test]
fn the_shipped_encoder_is_read() {
    let model = read_mobilefacenet(&SHIPPED).unwrap();
    let layers = convolutions(&model);
    assert_sound(&layers, NUMBERS);
    assert_eq!(layers.len(), 50);
    // 133 tensors in the file: weights, biases, and slopes of all but 17 layers.
    assert_eq!(SafeTensors::deserialize(&SHIPPED).unwrap().len(), 133);
    let linear = layers.iter().filter(|layer| layer.slopes.is_empty());
    assert_eq!(linear.count(), 15 + 2);
    // A window that moves by 2 has no padding.
    let of_2 = layers.iter().filter(|layer| layer.stride == 2);
    assert_eq!(of_2.clone().count(), 4);
    assert!({ of_2 }.all(|layer| layer.padding == 0));
    assert_eq!((model.pooling.rows, model.pooling.padding), (7, 0));
    // Some slopes are far from those of a leaky ReLU.
    let slopes = || layers.iter().flat_map(|layer| &layer.slopes);
    assert!(slopes().any(|slope| *slope < -9.0) && slopes().any(|slope| *slope > 8.0));
}

#[test]
fn the_first_layer_takes_red_green_and_blue() {
    let stem = read_mobilefacenet(&SHIPPED).unwrap().stem;
    for (index, weight) in stem.weights.iter().enumerate() {
        assert_eq!(*weight, number(&SHIPPED, index));
    }
}

#[test]
fn every_tensor_is_needed_and_no_other() {
    assert_all_are_needed(&SHIPPED, read_mobilefacenet);
}

#[test]
fn another_file_and_every_cut_are_refused() {
    assert_others_are_refused(&SHIPPED, read_mobilefacenet);
    let other = read_mobilefacenet(&shipped(ShippedModel::Retinaface)).unwrap_err();
    assert_eq!(other, "has no tensor stem.conv.weight; get the file again");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn changed_bytes_give_an_error_or_finite_numbers(
        places in prop::collection::vec(prop_oneof![0..12_736_usize, 0..4_117_440_usize], 1..3),
        values in any::<[u8; 2]>(),
    ) {
        let mut bytes = SHIPPED.clone();
        for (at, byte) in places.into_iter().zip(values) {
            bytes[at] = byte;
        }
        if let Ok(model) = read_mobilefacenet(&bytes) {
            assert_sound(&convolutions(&model), NUMBERS);
        }
    }
}
