use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};

use super::*;
use crate::models::ShippedModel;

static SHIPPED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    std::fs::read(folder.join(ShippedModel::Retinaface.file_name())).unwrap()
});

/// Returns the position of the first number in the shipped file.
fn numbers_at() -> usize {
    let (head, _) = SafeTensors::read_metadata(&SHIPPED).unwrap();
    size_of::<u64>() + head
}

/// Returns the number in the shipped file at `index`, counted from the first.
fn number(index: usize) -> f32 {
    let (numbers, _) = SHIPPED[numbers_at()..].as_chunks();
    f32::from_le_bytes(numbers[index])
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
                [0, 9, 18].map(|channel| number(27 * filter + channel + place));
            assert_eq!(weights[place], red);
            assert_eq!(weights[9 + place], green);
            assert_eq!(weights[18 + place], blue);
        }
    }
    assert_eq!(stem.bias[0], number(8 * 27));
}

/// A tensor of a file: its name, type, shape and bytes.
type Tensor = (String, Dtype, Vec<usize>, Vec<u8>);

/// Returns the sentence about the shipped file after `change` to its tensors.
fn refusal(change: impl FnOnce(&mut Vec<Tensor>)) -> String {
    let shipped = SafeTensors::deserialize(&SHIPPED).unwrap();
    let mut tensors: Vec<Tensor> = shipped
        .tensors()
        .into_iter()
        .map(|(name, tensor)| {
            let (shape, data) = (tensor.shape().to_vec(), tensor.data().to_vec());
            (name, tensor.dtype(), shape, data)
        })
        .collect();
    change(&mut tensors);
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        let view = TensorView::new(*dtype, shape.clone(), data).unwrap();
        (name.as_str(), view)
    });
    read_retinaface(&serialize(views, None).unwrap()).unwrap_err()
}

fn named<'a>(tensors: &'a mut [Tensor], name: &str) -> &'a mut Tensor {
    tensors.iter_mut().find(|tensor| tensor.0 == name).unwrap()
}

#[test]
fn every_tensor_is_needed_and_no_other() {
    let shipped = SafeTensors::deserialize(&SHIPPED).unwrap();
    for name in shipped.names() {
        assert_eq!(
            refusal(|tensors| tensors.retain(|tensor| tensor.0 != name)),
            format!("has no tensor {name}; get the file again")
        );
    }
    let more = ("more".to_owned(), Dtype::F32, vec![1], vec![0; 4]);
    assert_eq!(
        refusal(|tensors| tensors.push(more)),
        "has 113 tensors instead of 112; get the file again"
    );
}

#[test]
fn a_tensor_of_another_shape_or_type_or_with_infinite_numbers_is_named() {
    let lateral = "fpn.output2.weight";
    assert_eq!(
        refusal(|tensors| named(tensors, lateral).2 = vec![128, 64, 1, 1]),
        "the tensor fpn.output2.weight is F32 [128, 64, 1, 1] instead of F32 [64, 128, 1, 1]; \
         get the file again"
    );
    let head = "heads.3.box.bias";
    assert_eq!(
        refusal(|tensors| named(tensors, head).1 = Dtype::U32),
        "the tensor heads.3.box.bias is U32 [8] instead of F32 [8]; get the file again"
    );
    for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let bytes = number.to_le_bytes();
        assert_eq!(
            refusal(|tensors| named(tensors, head).3[28..].copy_from_slice(&bytes)),
            "the tensor heads.3.box.bias has a number that is not finite; get the file again"
        );
    }
}

#[test]
fn another_file_and_every_cut_are_refused() {
    let is_refused = |bytes: &[u8]| {
        let sentence = read_retinaface(bytes).unwrap_err();
        let is_told = sentence.starts_with("is not a safetensors file: ")
            && sentence.ends_with("; get the file again");
        assert!(is_told, "{sentence}");
    };
    is_refused(b"hello");
    assert!(read_retinaface(b"").unwrap_err().contains("empty"));
    let pointer = read_retinaface(b"version https://git-lfs.").unwrap_err();
    assert!(pointer.contains("git lfs pull"), "{pointer}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    is_refused(&std::fs::read(folder.join(ShippedModel::CnnDetector.file_name())).unwrap());
    let whole = SHIPPED.len();
    for length in (1..100).chain((100..whole).step_by(whole / 200)) {
        is_refused(&SHIPPED[..length]);
    }
    is_refused(&SHIPPED[..whole - 1]);
    is_refused(&[&SHIPPED[..], b"!"].concat());
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
