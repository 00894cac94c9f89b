//! The search for the landmarks of a face. Input: an image and the box of a face. Output: the
//! face's 5 or 68 points, as dlib's `shape_predictor` finds them
//! (`dlib/image_processing/shape_predictor.h`).
//!
//! The method is an ensemble of regression trees (Kazemi and Sullivan, One millisecond face
//! alignment, 2014). A search starts with the mean shape. Each cascade reads the grey values of
//! several hundred pixels, whose positions move with the shape; each of its trees compares a few of
//! them and adds one of its leaves to the shape.
//!
//! A shape is measured as a fraction of the box: (0, 0) is its top-left pixel, (1, 1) its
//! bottom-right one. It is a list of `f32`, alternating x and y, as in dlib; only the mapping into
//! the image is computed in `f64`.

mod similarity;

use std::ops::Range;

use image::RgbImage;

use self::similarity::Similarity;
use crate::geometry::{Point, Rect};
use crate::models::parse_landmarks;
use crate::models::shape_predictor::Sink;
use crate::{LandmarkModel, Landmarks};

/// A landmark model of dlib, ready for use. It takes 7 MB of memory for the usual 5 points, 67 MB
/// for 68.
///
/// # Thread safety
/// Never changes after loading; any number of threads may share one.
#[derive(Debug, Clone)]
pub struct LandmarkPredictor {
    model: LandmarkModel,
    mean_shape: Vec<f32>,
    cascades: Vec<Cascade>,
    trees: Vec<Tree>,
    splits: Vec<Split>,
    /// Leaves of all trees in sequence, each as long as a shape.
    leaves: Vec<f32>,
    pixels: Vec<Pixel>,
}

/// The part of the search with one set of pixels. Both ranges index the predictor's lists.
#[derive(Debug, Clone)]
struct Cascade {
    trees: Range<usize>,
    pixels: Range<usize>,
}

/// A tree with all its levels: the node `n` leads to the nodes `2n + 1` and `2n + 2`, which are
/// leaves if there are no such splits.
#[derive(Debug, Clone)]
struct Tree {
    /// Its splits in the predictor's list.
    splits: Range<usize>,
    /// Start of its first leaf in the predictor's list of numbers.
    first_leaf: usize,
}

/// A comparison: is the first pixel brighter than the second by more than the threshold?
#[derive(Debug, Clone, Copy)]
struct Split {
    /// Indices into the pixels of the cascade.
    pixels: [u32; 2],
    /// Threshold in levels of grey.
    threshold: f32,
}

/// The position of a pixel relative to a point of the shape.
#[derive(Debug, Clone, Copy)]
struct Pixel {
    /// Index of the point.
    anchor: usize,
    /// Offset from the point to the pixel in the mean shape.
    delta: [f32; 2],
}

impl LandmarkPredictor {
    /// Loads the model in `bytes`, the content of a file. They are untrusted: all checks of
    /// [`check_landmark_bytes`](crate::models::check_landmark_bytes) are done here too.
    ///
    /// # Errors
    /// The sentence of `check_landmark_bytes` that says why these bytes are not a landmark model.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let mut numbers = Numbers::default();
        let model = parse_landmarks(bytes, &mut numbers)?;
        Ok(numbers.into_predictor(model))
    }

    /// Returns the kind of model, which decides the points it finds.
    pub fn model(&self) -> LandmarkModel {
        self.model
    }

    /// Returns the landmarks of the face in the box `rect` of `image`, in whole pixels of the
    /// image, rounded like dlib.
    ///
    /// The box may extend beyond the image, which is treated as black all around. There is always a
    /// result: without a face in the box it is meaningless, and with an absurd model or box it need
    /// not even be finite. [`ChipGeometry::of_face`](crate::chip::ChipGeometry::of_face) rejects
    /// such landmarks.
    pub fn landmarks(&self, image: &RgbImage, rect: Rect) -> Landmarks {
        let to_image = BoxToImage::new(rect);
        let mut shape = self.mean_shape.clone();
        let mut greys = Vec::new();
        for cascade in &self.cascades {
            let pixels = &self.pixels[cascade.pixels.clone()];
            self.read_pixels(pixels, &shape, image, to_image, &mut greys);
            for tree in &self.trees[cascade.trees.clone()] {
                let steps = self.leaf(tree, &greys);
                for (number, step) in shape.iter_mut().zip(steps) {
                    *number += step;
                }
            }
        }
        Landmarks {
            model: self.model,
            rect,
            points: whole_pixels(&shape, to_image),
        }
    }

    /// Writes the grey value of each of `pixels` to `greys`: dlib's `extract_feature_pixel_values`.
    fn read_pixels(
        &self,
        pixels: &[Pixel],
        shape: &[f32],
        image: &RgbImage,
        to_image: BoxToImage,
        greys: &mut Vec<f32>,
    ) {
        let turn = Similarity::between(&self.mean_shape, shape);
        greys.clear();
        greys.extend(pixels.iter().map(|pixel| {
            let [dx, dy] = turn.apply(pixel.delta);
            let at = 2 * pixel.anchor;
            grey(image, to_image.apply([dx + shape[at], dy + shape[at + 1]]))
        }));
    }

    /// Returns the leaf of `tree` that the grey values of its cascade lead to.
    fn leaf(&self, tree: &Tree, greys: &[f32]) -> &[f32] {
        let splits = &self.splits[tree.splits.clone()];
        let mut node = 0;
        while let Some(split) = splits.get(node) {
            let [first, second] = split.pixels.map(|pixel| greys[pixel as usize]);
            // No `if`, since the branches of a tree are unpredictable.
            node = 2 * node + 2 - usize::from(first - second > split.threshold);
        }
        let length = self.mean_shape.len();
        let start = tree.first_leaf + (node - splits.len()) * length;
        &self.leaves[start..start + length]
    }
}

/// The map from the unit square of shapes to a box in an image: dlib's `unnormalizing_tform`.
#[derive(Debug, Clone, Copy)]
struct BoxToImage {
    corner: [f64; 2],
    extent: [f64; 2],
}

impl BoxToImage {
    /// Returns the map that takes (0, 0) to the first pixel of `rect` and (1, 1) to its last one.
    fn new(rect: Rect) -> Self {
        // dlib stores the corners as `float`, which matters only for boxes farther away than 2^24
        // pixels.
        let [left, top, right, bottom] =
            [rect.left, rect.top, rect.right, rect.bottom].map(|edge| f64::from(edge as f32));
        Self {
            corner: [left, top],
            extent: [right - left, bottom - top],
        }
    }

    /// Maps a point of a shape to the image, in pixels.
    fn apply(self, [x, y]: [f32; 2]) -> Point {
        Point::new(
            self.extent[0] * f64::from(x) + self.corner[0],
            self.extent[1] * f64::from(y) + self.corner[1],
        )
    }
}

/// Returns the grey value, 0 to 255, of the pixel that contains `place`; 0 outside the image.
fn grey(image: &RgbImage, place: Point) -> f32 {
    let pixel = index_below(place.x + 0.5, image.width())
        .zip(index_below(place.y + 0.5, image.height()))
        .and_then(|(x, y)| image.get_pixel_checked(x, y));
    // Truncated, not rounded, like dlib's `get_pixel_intensity`.
    pixel.map_or(0.0, |rgb| {
        let sum: u16 = rgb.0.iter().copied().map(u16::from).sum();
        f32::from(sum / 3)
    })
}

/// Returns the largest integer that is not above `value`, if it is in `0..length`.
fn index_below(value: f64, length: u32) -> Option<u32> {
    // For numbers of at least 0, truncating is rounding down. NaN is in no range.
    (0.0..f64::from(length))
        .contains(&value)
        .then_some(value as u32)
}

/// Returns the points of `shape` in the image, rounded like `dlib::point`: halves up.
fn whole_pixels(shape: &[f32], to_image: BoxToImage) -> Vec<Point> {
    let (points, _) = shape.as_chunks::<2>();
    let rounded = |value: f64| (value + 0.5).floor();
    let places = points.iter().map(|&point| to_image.apply(point));
    places
        .map(|place| Point::new(rounded(place.x), rounded(place.y)))
        .collect()
}

/// The numbers of a model while its file is read.
#[derive(Default)]
struct Numbers {
    mean_shape: Vec<f32>,
    /// Number of trees of each cascade.
    tree_counts: Vec<usize>,
    trees: Vec<Tree>,
    splits: Vec<Split>,
    leaves: Vec<f32>,
    /// Number of pixels of each cascade.
    pixel_counts: Vec<usize>,
    anchors: Vec<usize>,
    deltas: Vec<[f32; 2]>,
}

impl Sink for Numbers {
    fn shape(&mut self, number: f32) {
        self.mean_shape.push(number);
    }

    fn cascade(&mut self) {
        self.tree_counts.push(0);
    }

    fn tree(&mut self, splits: usize) {
        if let Some(count) = self.tree_counts.last_mut() {
            *count += 1;
        }
        let first_split = self.splits.len();
        self.trees.push(Tree {
            splits: first_split..first_split + splits,
            first_leaf: self.leaves.len(),
        });
    }

    fn split(&mut self, pixels: [usize; 2], threshold: f32) {
        // A later check refuses the file unless each index is smaller than the number of pixels. An
        // index that does not fit here comes from a file of several gigabytes, and would lead to
        // another pixel, but not beyond the last.
        let pixels = pixels.map(|pixel| u32::try_from(pixel).unwrap_or(u32::MAX));
        self.splits.push(Split { pixels, threshold });
    }

    fn leaf(&mut self, numbers: &[f32]) {
        self.leaves.extend_from_slice(numbers);
    }

    fn pixels(&mut self, count: usize) {
        self.pixel_counts.push(count);
    }

    fn anchor(&mut self, point: usize) {
        self.anchors.push(point);
    }

    fn delta(&mut self, place: [f32; 2]) {
        self.deltas.push(place);
    }
}

impl Numbers {
    /// Returns the predictor. Call it only after the whole file has been accepted.
    fn into_predictor(mut self, model: LandmarkModel) -> LandmarkPredictor {
        let pixels = self.anchors.into_iter().zip(self.deltas);
        // Vectors grow by doubling; the leaves of the 68-point model would keep up to 64 MiB too
        // much.
        self.leaves.shrink_to_fit();
        LandmarkPredictor {
            model,
            mean_shape: self.mean_shape,
            cascades: ranges(&self.tree_counts)
                .zip(ranges(&self.pixel_counts))
                .map(|(trees, pixels)| Cascade { trees, pixels })
                .collect(),
            trees: self.trees,
            splits: self.splits,
            leaves: self.leaves,
            pixels: pixels
                .map(|(anchor, delta)| Pixel { anchor, delta })
                .collect(),
        }
    }
}

/// Returns adjacent ranges from 0 on with these lengths.
fn ranges(lengths: &[usize]) -> impl Iterator<Item = Range<usize>> {
    lengths.iter().scan(0, |end, length| {
        let start = *end;
        *end += length;
        Some(start..*end)
    })
}

#[cfg(test)]
mod tests;
