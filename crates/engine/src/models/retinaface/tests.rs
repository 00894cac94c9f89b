use std::sync::LazyLock;

use proptest::prelude::*;
use safetensors::{Dtype, SafeTensors};

use super::*;
use crate::models::ShippedModel;
use crate::models::tensors::reader_tests::{
    Tensor, assert_all_are_needed, assert_others_are_refused, named, number, refusal, shipped,
};

static SHIPPED: LazyLock<Vec<u8>> = LazyLock::new(|| shipped(ShippedModel::Retinaface));

/// Returns the sentence about the shipped file after `change` to its tensors.
fn changed(change: impl FnOnce(&mut Vec<Tensor>)) -> String {
    refusal(&SHIPPED, read_retinaface, change)
}

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

/// Checks that the numbers of all layers match their sizes and are finite.
fn assert_sound(model: &RetinafaceModel) {
    let mut count = 0;
    for layer in convolutions(model) {
        let window = layer.rows * layer.columns;
        let weights = layer.filters * layer.channels * window;
        assert_eq!(layer.weights.len(), weights);
        assert_eq!(layer.bias.len(), layer.filters);
        assert!(layer.slopes.is_empty() || layer.slopes.len() == layer.filters);
        let numbers = layer.weights.iter().chain(&layer.bias);
        assert!({ numbers }.all(|number| number.is_finite()));
        count += weights + layer.filters;
    }
    assert_eq!(count, 423_264);
}

#[test]
fn the_shipped_detector_is_read() {
    let model = read_retinaface(&SHIPPED).unwrap();
    assert_sound(&model);
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
fn a_tensor_of_another_shape_or_type_or_with_infinite_numbers_is_named() {
    let lateral = "fpn.output2.weight";
    assert_eq!(
        changed(|tensors| named(tensors, lateral).2 = vec![128, 64, 1, 1]),
        "the tensor fpn.output2.weight is F32 [128, 64, 1, 1] instead of F32 [64, 128, 1, 1]; \
         get the file again"
    );
    let head = "heads.3.box.bias";
    assert_eq!(
        changed(|tensors| named(tensors, head).1 = Dtype::U32),
        "the tensor heads.3.box.bias is U32 [8] instead of F32 [8]; get the file again"
    );
    for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let bytes = number.to_le_bytes();
        assert_eq!(
            changed(|tensors| named(tensors, head).3[28..].copy_from_slice(&bytes)),
            "the tensor heads.3.box.bias has a number that is not finite; get the file again"
        );
    }
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
            assert_sound(&model);
        }
    }
}
