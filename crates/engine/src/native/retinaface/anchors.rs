//! From the outputs of the network to faces: how a face differs from its anchor, and the choice of
//! one anchor for each face.

use super::network::OUTPUTS;
use crate::Detection;
use crate::geometry::{Point, Rect};
use crate::native::network::Maps;
use crate::upsampling::{point_mapped_down, rounded};

/// Distance between the pixels of each level, in pixels of the image, and the sides of the two
/// anchors at each, finest first.
const LEVELS: [(f32, [f32; 2]); 3] = [
    (8.0, [16.0, 32.0]),
    (16.0, [64.0, 128.0]),
    (32.0, [256.0, 512.0]),
];

/// Units of the outputs: a centre or landmark is moved by so much of the anchor's side, and the
/// logarithm of a side grows by so much.
const PLACE_UNIT: f32 = 0.1;
const SIDE_UNIT: f32 = 0.2;

/// Maximum number of candidates that are compared with each other; those with lower scores are
/// dropped. A photo with a thousand faces has fewer, but with a least score of 0 every anchor is
/// one.
const MOST_CANDIDATES: usize = 20_000;

/// Largest intersection over union of the boxes of two faces.
const MAX_OVERLAP: f32 = 0.4;

/// An anchor at which there seems to be a face. Places are in pixels, whose centres are whole
/// numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    /// Confidence, from 0 to 1.
    pub(super) score: f32,
    /// Left, top, right and bottom edge of the face's box.
    pub(super) edges: [f32; 4],
    /// Centres of the left and right eye, tip of the nose, left and right corner of the mouth.
    pub(super) points: [Point; 5],
}

/// Returns the candidates in `outputs`, the levels finest first, with a score of at least
/// `min_score`.
pub(super) fn candidates(outputs: [&Maps; 3], min_score: f32) -> Vec<Candidate> {
    // Almost no anchor has a face, and this is faster than the score of each; the rest is rounding.
    let least = (min_score / (1.0 - min_score)).ln() - 0.001;
    let mut found = Vec::new();
    for (maps, (step, sides)) in outputs.into_iter().zip(LEVELS) {
        for row in 0..maps.shape().rows {
            let pixels = maps.row(0, row).chunks_exact(OUTPUTS);
            for (column, outputs) in pixels.enumerate() {
                for (anchor, side) in sides.into_iter().enumerate() {
                    let [background, face] = [outputs[2 * anchor], outputs[2 * anchor + 1]];
                    if face - background < least {
                        continue;
                    }
                    let score = score([background, face]);
                    if score >= min_score {
                        // Pixel centres are whole numbers, and the first is 0.
                        let centre = [column, row].map(|at| (at as f32 + 0.5) * step - 0.5);
                        let of_box = &outputs[4 + 4 * anchor..][..4];
                        let of_points = &outputs[12 + 10 * anchor..][..10];
                        found.push(decoded(score, centre, side, of_box, of_points));
                    }
                }
            }
        }
    }
    found
}

impl Candidate {
    /// Returns the face in pixels of the image before it was doubled `upsample` times.
    pub(super) fn detection(&self, upsample: u32) -> Detection {
        let down = |x: f64, y: f64| point_mapped_down(Point::new(x, y), upsample);
        let [left, top, right, bottom] = self.edges.map(f64::from);
        let (first, end) = (down(left, top), down(right, bottom));
        Detection {
            // The first pixel is the one whose centre comes after the edge.
            rect: Rect {
                left: rounded(first.x + 0.5),
                top: rounded(first.y + 0.5),
                right: rounded(end.x - 0.5),
                bottom: rounded(end.y - 0.5),
            },
            score: Some(self.score),
            points: Some(self.points.map(|point| on_grid(down(point.x, point.y)))),
        }
    }
}

/// Returns the share of the second of two numbers after `softmax`.
fn score([background, face]: [f32; 2]) -> f32 {
    1.0 / (1.0 + (background - face).exp())
}

/// Returns the nearest of the points that are a sixteenth of a pixel apart. The last digits of a
/// sum of floats differ from machine to machine, which then does not reach the pixels of a face
/// chip.
fn on_grid(point: Point) -> Point {
    let rounded = |value: f64| (value * 16.0).round() / 16.0;
    Point::new(rounded(point.x), rounded(point.y))
}

/// Returns the face that differs from the anchor of `side` about `centre` as the outputs say.
fn decoded(
    score: f32,
    centre: [f32; 2],
    side: f32,
    of_box: &[f32],
    of_points: &[f32],
) -> Candidate {
    let moved = |axis: usize, by: f32| centre[axis] + PLACE_UNIT * side * by;
    let half = |by: f32| side * (SIDE_UNIT * by).exp() / 2.0;
    let (x, y) = (moved(0, of_box[0]), moved(1, of_box[1]));
    let (half_width, half_height) = (half(of_box[2]), half(of_box[3]));
    let point = |index: usize| {
        Point::new(
            moved(0, of_points[2 * index]).into(),
            moved(1, of_points[2 * index + 1]).into(),
        )
    };
    Candidate {
        score,
        edges: [
            x - half_width,
            y - half_height,
            x + half_width,
            y + half_height,
        ],
        points: std::array::from_fn(point),
    }
}

/// Takes the candidates by score, highest first, and drops each that overlaps an earlier one.
pub(super) fn suppress_overlapping(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    candidates.truncate(MOST_CANDIDATES);
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        let is_new = |other: &Candidate| overlap(other.edges, candidate.edges) <= MAX_OVERLAP;
        if kept.iter().all(is_new) {
            kept.push(candidate);
        }
    }
    kept
}

/// Returns the intersection over union of two boxes.
fn overlap(a: [f32; 4], b: [f32; 4]) -> f32 {
    let area =
        |[left, top, right, bottom]: [f32; 4]| (right - left).max(0.0) * (bottom - top).max(0.0);
    let common = area([
        a[0].max(b[0]),
        a[1].max(b[1]),
        a[2].min(b[2]),
        a[3].min(b[3]),
    ]);
    common / (area(a) + area(b) - common)
}
