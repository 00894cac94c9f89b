use std::sync::LazyLock;

use proptest::prelude::*;
use safetensors::{Dtype, SafeTensors};

use super::*;
use crate::models::ShippedModel;
use crate::models::tensors::reader_tests::{
    Tensor, assert_all_are_needed, assert_others_are_refused, named, number, refusal, shipped,
};

static SHIPPED: LazyLock<Vec<u8>> = LazyLock::new(|| shipped(ShippedModel::Mobilefacenet));

/// Returns the sentence about the shipped file after `change` to its tensors.
fn changed(change: impl FnOnce(&mut Vec<Tensor>)) -> String {
    refusal(&SHIPPED, read_mobilefacenet, change)
}

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

/// Checks that the numbers of all layers match their sizes and are finite.
fn assert_sound(model: &MobilefacenetModel) {
    let mut count = 0;
    for layer in convolutions(model) {
        let window = layer.rows * layer.columns;
        let weights = layer.filters * layer.channels * window;
        assert_eq!(layer.weights.len(), weights);
        assert_eq!(layer.bias.len(), layer.filters);
        assert!(layer.slopes.is_empty() || layer.slopes.len() == layer.filters);
        let numbers = layer.weights.iter().chain(&layer.bias).chain(&layer.slopes);
        assert!({ numbers }.all(|number| number.is_finite()));
        count += weights + layer.filters + layer.slopes.len();
    }
    assert_eq!(count, 1_026_176);
}

#[test]
fn the_shipped_encoder_is_read() {
    let model = read_mobilefacenet(&SHIPPED).unwrap();
    assert_sound(&model);
    let layers = convolutions(&model);
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
fn a_tensor_of_another_shape_or_type_or_with_infinite_numbers_is_named() {
    let project = "blocks.5.project.weight";
    assert_eq!(
        changed(|tensors| named(tensors, project).2 = vec![256, 128, 1, 1]),
        "the tensor blocks.5.project.weight is F32 [256, 128, 1, 1] instead of F32 \
         [128, 256, 1, 1]; get the file again"
    );
    let slope = "blocks.13.depthwise.slope";
    assert_eq!(
        changed(|tensors| named(tensors, slope).1 = Dtype::U32),
        "the tensor blocks.13.depthwise.slope is U32 [256] instead of F32 [256]; get the file again"
    );
    for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let bytes = number.to_le_bytes();
        assert_eq!(
            changed(|tensors| named(tensors, slope).3[1020..].copy_from_slice(&bytes)),
            "the tensor blocks.13.depthwise.slope has a number that is not finite; \
             get the file again"
        );
    }
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
            assert_sound(&model);
        }
    }
}
