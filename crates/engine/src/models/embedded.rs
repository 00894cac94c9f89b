//! The models in the program. Input: one of the models. Output: its bytes.

use super::ShippedModel;

/// Returns the bytes of `model`.
pub(super) fn bytes(model: ShippedModel) -> &'static [u8] {
    match model {
        ShippedModel::Encoder => ENCODER,
        ShippedModel::FivePointLandmarks => FIVE_POINT_LANDMARKS,
        ShippedModel::CnnDetector => CNN_DETECTOR,
        ShippedModel::FrontalFaceDetector => FRONTAL_FACE_DETECTOR,
        ShippedModel::Retinaface => RETINAFACE,
        ShippedModel::Mobilefacenet => MOBILEFACENET,
    }
}

static ENCODER: &[u8] = checked(
    include_bytes!("../../../../models/dlib_face_recognition_resnet_model_v1.dat"),
    ShippedModel::Encoder,
);
static FIVE_POINT_LANDMARKS: &[u8] = checked(
    include_bytes!("../../../../models/shape_predictor_5_face_landmarks.dat"),
    ShippedModel::FivePointLandmarks,
);
static CNN_DETECTOR: &[u8] = checked(
    include_bytes!("../../../../models/mmod_human_face_detector.dat"),
    ShippedModel::CnnDetector,
);
static FRONTAL_FACE_DETECTOR: &[u8] = checked(
    include_bytes!("../../../../models/frontal_face_detector.dat"),
    ShippedModel::FrontalFaceDetector,
);
static RETINAFACE: &[u8] = checked(
    include_bytes!("../../../../models/retinaface_mobilenet_0.25.safetensors"),
    ShippedModel::Retinaface,
);
static MOBILEFACENET: &[u8] = checked(
    include_bytes!("../../../../models/mobilefacenet.safetensors"),
    ShippedModel::Mobilefacenet,
);

/// Returns `bytes` after checking at compile time that `model` has that many: a Git LFS pointer
/// instead of the model must not get into a program. The tests check the SHA-256.
const fn checked(bytes: &'static [u8], model: ShippedModel) -> &'static [u8] {
    assert!(
        bytes.len() as u64 == model.size(),
        "a file in models/ is not the model that models/README.md describes; get it again"
    );
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::sha256;

    #[test]
    fn the_models_of_the_program_are_the_shipped_ones() {
        for model in ShippedModel::ALL {
            assert_eq!(sha256(bytes(model)), model.sha256(), "{model:?}");
        }
    }
}
