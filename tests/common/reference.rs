//! The results of dlib 20.0.1 for the reference photos: `reference/*.json` in the folder of
//! evaluation photos. Input: that folder, from `FACEMATCH_SHARED`. Output: the photos, their faces,
//! and dlib's chips and numbers for each.
//!
//! Separate from the other helpers, since they need the binary and tests of the library do not.

#![allow(
    dead_code,
    reason = "every test binary compiles this module and uses a part of it"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what is missing by failing"
)]

use std::path::{Path, PathBuf};

use facematch::geometry::{Point, Rect};
use facematch_image_files::decode_for_copy;
use image::RgbImage;
use serde_json::Value;

/// Returns the path of the file or folder `name` of the evaluation photos.
pub(crate) fn shared(name: &str) -> PathBuf {
    let folder = std::env::var_os("FACEMATCH_SHARED").expect("FACEMATCH_SHARED is not set");
    let path = std::path::absolute(PathBuf::from(folder))
        .unwrap()
        .join(name);
    assert!(path.exists(), "{} is missing", path.display());
    path
}

/// Returns the 68-point landmark model, which is not shipped: the photos that it was trained on are
/// not for commercial use.
pub(crate) fn sixty_eight_point_model() -> &'static Path {
    // The path in Debian's libdlib-data.
    let file = Path::new("/usr/share/dlib/shape_predictor_68_face_landmarks.dat");
    assert!(
        file.exists(),
        "{} is missing: install libdlib-data (apt-get install libdlib-data)",
        file.display()
    );
    file
}

/// A reference photo, and everything that dlib found in it.
pub(crate) struct Reference {
    pub(crate) name: String,
    pub(crate) photo: RgbImage,
    values: Value,
}

/// Returns every reference photo, in the order of their names; never an empty list.
pub(crate) fn references() -> Vec<Reference> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(shared("reference"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no references");
    files
        .iter()
        .map(|file| {
            let values: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
            let name = values["image"].as_str().unwrap().to_owned();
            Reference {
                photo: picture(&name),
                name,
                values,
            }
        })
        .collect()
}

/// Returns the pixels of a file beside the references.
fn picture(name: &str) -> RgbImage {
    let file = shared("reference").join(name);
    image::open(file).unwrap().into_rgb8()
}

impl Reference {
    pub(crate) fn faces(&self) -> impl ExactSizeIterator<Item = ReferenceFace<'_>> {
        let faces = self.values["faces"].as_array().unwrap();
        faces.iter().map(|values| ReferenceFace { values })
    }

    /// Returns the boxes at `pointer`, such as `/hog/upsample_0`.
    pub(crate) fn boxes(&self, pointer: &str) -> Vec<Rect> {
        let boxes = self.values.pointer(pointer).unwrap().as_array().unwrap();
        boxes.iter().map(rect).collect()
    }

    /// Returns the boxes at `pointer`, each with its score at `key`; in dlib's order, highest
    /// first.
    pub(crate) fn scored_boxes(&self, pointer: &str, key: &str) -> Vec<(Rect, f64)> {
        let boxes = self.values.pointer(pointer).unwrap().as_array().unwrap();
        let scored = boxes.iter().map(|b| (rect(b), b[key].as_f64().unwrap()));
        scored.collect()
    }
}

fn rect(values: &Value) -> Rect {
    let side = |key: &str| values[key].as_i64().unwrap();
    Rect {
        left: side("left"),
        top: side("top"),
        right: side("right"),
        bottom: side("bottom"),
    }
}

/// A face of a reference photo.
#[derive(Clone, Copy)]
pub(crate) struct ReferenceFace<'a> {
    values: &'a Value,
}

impl ReferenceFace<'_> {
    /// Returns the box in which dlib searched for the landmarks.
    pub(crate) fn rect(self) -> Rect {
        let [left, top, right, bottom] =
            std::array::from_fn(|i| self.values["rect"][i].as_i64().unwrap());
        Rect {
            left,
            top,
            right,
            bottom,
        }
    }

    /// Returns the landmarks at `key`: `landmarks_5` or `landmarks_68`.
    pub(crate) fn points(self, key: &str) -> Vec<Point> {
        let points = self.values[key].as_array().unwrap();
        points
            .iter()
            .map(|point| Point::new(point[0].as_f64().unwrap(), point[1].as_f64().unwrap()))
            .collect()
    }

    /// Returns the name of the chip's file.
    pub(crate) fn chip_name(self) -> String {
        self.values["chip"].as_str().unwrap().to_owned()
    }

    /// Returns the face chip that dlib cut.
    pub(crate) fn chip(self) -> RgbImage {
        picture(&self.chip_name())
    }

    /// Returns the encoding at `key`, such as `encoding_from_chip`.
    pub(crate) fn encoding(self, key: &str) -> Vec<f64> {
        let numbers = self.values[key].as_array().unwrap();
        numbers.iter().map(|n| n.as_f64().unwrap()).collect()
    }
}

/// Returns the working copy of `width` of the photo at `path`.
pub(crate) fn working_copy(path: &Path, width: u32) -> RgbImage {
    let decoded = decode_for_copy(path, &std::fs::read(path).unwrap(), width).unwrap();
    decoded.upright_copy(path, width).unwrap()
}
