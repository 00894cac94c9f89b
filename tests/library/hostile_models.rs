//! Models that no file contains, put together by a caller: whatever their sizes are, safe code
//! cannot make the kernels leave their slices. A model whose numbers do not match its sizes is
//! refused with a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use facematch::engine::SimdLevel;
use facematch::engine::models::hog_filters::read_frontal_face_detector;
use facematch::engine::models::network::{Convolution, MmodModel, read_mmod};
use facematch::engine::models::{ModelSource, ShippedModel};
use facematch::engine::native::hog::HogDetector;
use facematch::engine::native::mmod::MmodDetector;
use facematch::engine::native::mobilefacenet::MobilefacenetEncoder;
use facematch::engine::native::retinaface::RetinafaceDetector;
use image::RgbImage;

fn models() -> ModelSource {
    ModelSource::from(Path::new(env!("CARGO_MANIFEST_DIR")).join("models"))
}

/// Returns whether the CNN detector accepts `model`. If so, it must survive a search with it.
fn is_taken(model: &MmodModel, level: SimdLevel) -> bool {
    let detector = catch_unwind(|| MmodDetector::new(model.clone(), level));
    let is_taken = detector.is_ok();
    if let Ok(mut detector) = detector {
        let image = RgbImage::new(90, 90);
        let _ = catch_unwind(AssertUnwindSafe(|| detector.detect(&image, 0)));
    }
    is_taken
}

#[test]
fn a_convolution_with_other_weights_than_its_sizes_say_is_refused() {
    let model = models().load(ShippedModel::CnnDetector, read_mmod).unwrap();
    let changes: [fn(&mut Convolution); 7] = [
        |convolution| convolution.weights.clear(),
        |convolution| convolution.weights.truncate(convolution.weights.len() - 1),
        |convolution| convolution.weights.push(0.0),
        |convolution| convolution.filters += 1,
        |convolution| convolution.filters = usize::MAX,
        |convolution| convolution.channels = usize::MAX / 4 + 1,
        |convolution| convolution.columns = usize::MAX / 2 + 1,
    ];
    for level in SimdLevel::available() {
        assert!(is_taken(&model, level), "{level}");
        for layer in 0..model.layers.len() {
            for (index, change) in changes.iter().enumerate() {
                let mut hostile = model.clone();
                change(&mut hostile.layers[layer]);
                assert!(!is_taken(&hostile, level), "{level} {layer} {index}");
            }
        }
    }
}

#[test]
fn strides_and_paddings_that_wrap_around_crash_nothing() {
    let model = models().load(ShippedModel::CnnDetector, read_mmod).unwrap();
    for level in SimdLevel::available() {
        for layer in 0..model.layers.len() {
            for size in [usize::MAX, usize::MAX / 2 + 1, usize::MAX / 16 + 1] {
                let mut hostile = model.clone();
                hostile.layers[layer].padding = size;
                is_taken(&hostile, level);
                hostile = model.clone();
                hostile.layers[layer].stride = size;
                is_taken(&hostile, level);
            }
        }
    }
}

#[test]
fn a_filter_of_a_plane_that_is_none_is_refused() {
    let file = ShippedModel::FrontalFaceDetector;
    let mut model = models().load(file, read_frontal_face_detector).unwrap();
    for plane in [31, 32, usize::MAX] {
        model.detectors[0].filters[0].plane = plane;
        for level in SimdLevel::available() {
            assert!(catch_unwind(|| HogDetector::new(&model, level)).is_err());
        }
    }
}

/// Returns copies of the safetensors file of `model`: in each, all weights are one number. They are
/// finite, and the sums of the first layer no longer.
fn with_huge_weights(model: ShippedModel) -> impl Iterator<Item = Vec<u8>> {
    let shipped = models().load(model, |bytes| Ok(bytes.to_vec())).unwrap();
    let (length, _) = shipped.split_first_chunk().unwrap();
    let head = size_of::<u64>() + u64::from_le_bytes(*length) as usize;
    [f32::MAX, f32::MIN, 1e19].into_iter().map(move |number| {
        let mut bytes = shipped.clone();
        for place in bytes[head..].chunks_exact_mut(size_of::<f32>()) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    })
}

#[test]
fn weights_that_overflow_in_the_network_crash_nothing() {
    for bytes in with_huge_weights(ShippedModel::Mobilefacenet) {
        for level in SimdLevel::available() {
            let mut encoder = MobilefacenetEncoder::from_bytes(&bytes, level).unwrap();
            let chip = RgbImage::from_pixel(112, 112, image::Rgb([200, 120, 40]));
            assert_eq!(encoder.encode(&[chip]).len(), 1);
        }
    }
    for bytes in with_huge_weights(ShippedModel::Retinaface) {
        for level in SimdLevel::available() {
            let mut detector = RetinafaceDetector::from_bytes(&bytes, level).unwrap();
            let image = RgbImage::from_pixel(90, 90, image::Rgb([200, 120, 40]));
            for score in [0.0, 0.5] {
                let found = detector.detect(&image, 0, score).unwrap();
                assert!(found.len() < 100, "{level} {score}");
            }
        }
    }
}
