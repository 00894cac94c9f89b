use super::*;

const LFS_POINTER: &[u8] =
    b"version https://git-lfs.github.com/spec/v1\noid sha256:c4b1e980\nsize 9150489\n";
const WEB_PAGE: &[u8] = b"\n<!doctype html>\n<html><title>Sign in</title></html>";
const COMPRESSED: &[u8] = b"BZh91AY&SY\x01\x02\x03";

fn shipped_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models")
}

fn reason(result: Result<impl std::fmt::Debug, LoadError>) -> String {
    match result {
        Err(LoadError::Model { reason, .. }) => reason,
        other => panic!("expected a model error, got {other:?}"),
    }
}

/// Returns the errors of `check_shipped` and `check_landmarks` for a file with `content` in the
/// landmark model's place.
fn reasons(content: &[u8]) -> [String; 2] {
    let folder = tempfile::tempdir().unwrap();
    let path = folder
        .path()
        .join(ShippedModel::FivePointLandmarks.file_name());
    fs::write(&path, content).unwrap();
    [
        reason(check_shipped(
            folder.path(),
            ShippedModel::FivePointLandmarks,
        )),
        reason(check_landmarks(&path)),
    ]
}

#[test]
fn the_shipped_files_pass() {
    let folder = shipped_folder();
    for model in ShippedModel::ALL {
        let path = check_shipped(&folder, model).unwrap();
        assert_eq!(path, folder.join(model.file_name()));
    }
    let landmarks = folder.join(ShippedModel::FivePointLandmarks.file_name());
    assert_eq!(
        check_landmarks(&landmarks).unwrap(),
        LandmarkModel::FivePoint
    );
    for other in [ShippedModel::Encoder, ShippedModel::CnnDetector] {
        let sentence = reason(check_landmarks(&folder.join(other.file_name())));
        assert_eq!(
            sentence,
            "is not a landmark model of dlib (a shape predictor)"
        );
    }
}

#[test]
fn what_is_no_model_is_named() {
    for (content, word) in [
        (LFS_POINTER, "git lfs pull"),
        (WEB_PAGE, "web page"),
        (COMPRESSED, "bunzip2"),
        (b"", "empty"),
    ] {
        for sentence in reasons(content) {
            assert!(sentence.contains(word), "{sentence}");
        }
    }
}

#[test]
fn another_size_and_another_content_are_told_apart() {
    let [sentence, _] = reasons(&[1, 1, 0x81]);
    assert!(
        sentence.starts_with("has 3 bytes instead of 9150489"),
        "{sentence}"
    );
    let [sentence, landmarks] = reasons(&vec![7; 9_150_489]);
    assert!(sentence.contains("its SHA-256 is "), "{sentence}");
    assert!(
        sentence.contains(ShippedModel::FivePointLandmarks.sha256()),
        "{sentence}"
    );
    assert_eq!(
        landmarks,
        "is not a landmark model of dlib (a shape predictor)"
    );
}

#[test]
fn missing_files_and_folders_in_their_place_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(ShippedModel::Encoder.file_name());
    let missing = check_shipped(folder.path(), ShippedModel::Encoder).unwrap_err();
    assert!(
        matches!(&missing, LoadError::MissingModel { path: file } if *file == path),
        "{missing}"
    );
    assert_eq!(reason(check_landmarks(&path)), "is missing");
    fs::create_dir(&path).unwrap();
    for sentence in [
        reason(check_shipped(folder.path(), ShippedModel::Encoder)),
        reason(check_landmarks(&path)),
    ] {
        assert_eq!(sentence, "is a folder, not a model file");
    }
}

#[test]
fn a_huge_file_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.dat");
    // A sparse file takes no space on the disk.
    File::create(&path)
        .unwrap()
        .set_len(MAX_LANDMARK_BYTES + 1)
        .unwrap();
    assert!(reason(check_landmarks(&path)).contains("larger than 256 MiB"));
}

#[test]
fn sha256_agrees_with_the_standard() {
    // FIPS 180-4, the example "abc".
    assert_eq!(
        sha256(b"abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}
