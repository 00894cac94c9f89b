//! What the tests of all readers of safetensors files need: changed copies of a shipped model.
//! Input: the model. Output: what its reader says.

use std::fmt::Debug;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};

use crate::models::ShippedModel;
use crate::models::network::Convolution;

/// A tensor of a file: its name, type, shape and bytes.
type Tensor = (String, Dtype, Vec<usize>, Vec<u8>);

/// Returns the content of the file of `model`.
pub(in crate::models) fn shipped(model: ShippedModel) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    std::fs::read(folder.join(model.file_name())).unwrap()
}

/// Returns the number in `file` at `index`, counted from the first.
pub(in crate::models) fn number(file: &[u8], index: usize) -> f32 {
    let (head, _) = SafeTensors::read_metadata(file).unwrap();
    let (numbers, _) = file[size_of::<u64>() + head..].as_chunks();
    f32::from_le_bytes(numbers[index])
}

/// Returns the sentence of `read` about `file` after `change` to its tensors.
fn refusal<M: Debug>(
    file: &[u8],
    read: fn(&[u8]) -> Result<M, String>,
    change: impl FnOnce(&mut Vec<Tensor>),
) -> String {
    let shipped = SafeTensors::deserialize(file).unwrap();
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
    read(&serialize(views, None).unwrap()).unwrap_err()
}

/// Checks that the numbers of `layers` match their sizes and are finite, and that there are `count`
/// weights and biases.
pub(in crate::models) fn assert_sound(layers: &[&Convolution], count: usize) {
    let mut found = 0;
    for layer in layers {
        let weights = layer.filters * layer.channels * layer.rows * layer.columns;
        assert_eq!(layer.weights.len(), weights);
        assert_eq!(layer.bias.len(), layer.filters);
        assert!(layer.slopes.is_empty() || layer.slopes.len() == layer.filters);
        let numbers = layer.weights.iter().chain(&layer.bias).chain(&layer.slopes);
        assert!({ numbers }.all(|number| number.is_finite()));
        found += weights + layer.filters;
    }
    assert_eq!(found, count);
}

/// Checks that `read` needs every tensor of `file`, and accepts no other.
pub(in crate::models) fn assert_all_are_needed<M: Debug>(
    file: &[u8],
    read: fn(&[u8]) -> Result<M, String>,
) {
    let shipped = SafeTensors::deserialize(file).unwrap();
    for name in shipped.names() {
        assert_eq!(
            refusal(file, read, |tensors| tensors
                .retain(|tensor| tensor.0 != name)),
            format!("has no tensor {name}; get the file again")
        );
    }
    let more = ("more".to_owned(), Dtype::F32, vec![1], vec![0; 4]);
    let count = shipped.len();
    assert_eq!(
        refusal(file, read, |tensors| tensors.push(more)),
        format!(
            "has {} tensors instead of {count}; get the file again",
            count + 1
        )
    );
}

/// Checks that `read` refuses other files, and `file` cut off anywhere.
pub(in crate::models) fn assert_others_are_refused<M: Debug>(
    file: &[u8],
    read: fn(&[u8]) -> Result<M, String>,
) {
    let is_refused = |bytes: &[u8]| {
        let sentence = read(bytes).unwrap_err();
        let is_told = sentence.starts_with("is not a safetensors file: ")
            && sentence.ends_with("; get the file again");
        assert!(is_told, "{sentence}");
    };
    is_refused(b"hello");
    assert!(read(b"").unwrap_err().contains("empty"));
    let pointer = read(b"version https://git-lfs.").unwrap_err();
    assert!(pointer.contains("git lfs pull"), "{pointer}");
    is_refused(&shipped(ShippedModel::CnnDetector));
    let whole = file.len();
    for length in (1..100).chain((100..whole).step_by(whole / 200)) {
        is_refused(&file[..length]);
    }
    is_refused(&file[..whole - 1]);
    is_refused(&[file, b"!"].concat());
}
