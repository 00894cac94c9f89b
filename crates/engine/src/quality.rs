//! How well a face can be encoded.
//!
//! Input: an image, the landmarks of a face in it and the detector's score. Output: a number from 0
//! to 1, the least of what size, sharpness, pose and score allow. `docs/ACCURACY.md` shows what it
//! says about the encodings of dlib's network.

use image::RgbImage;

use crate::chip::{ChipGeometry, extract_chips};
use crate::{LandmarkModel, Landmarks};

/// Side of the grey picture of the face whose sharpness is measured, in pixels.
const SIDE: u32 = 64;

/// Number of pixels that are averaged to blur the picture, as in the paper.
const BLUR: usize = 9;

/// Sides of the face in pixels of the image with a quality of 0 and 1.
const SIZES: [f64; 2] = [8.0, 24.0];

/// Values of [`sharpness`] with a quality of 0 and 1.
const SHARPNESSES: [f64; 2] = [0.2, 0.4];

/// Distances of the landmarks from those of a mean face with a quality of 0 and 1: those of faces
/// that are turned to the side by about 70 and 40 degrees.
const MISFITS: [f64; 2] = [0.2, 0.08];

/// Scores of RetinaFace with a quality of 0 and 1.
const SCORES: [f64; 2] = [0.6, 0.9];

/// Returns how well the face with these `landmarks` in `image` can be encoded, from 0 to 1: the
/// least of four numbers, each of which rises from 0 to 1
///
/// - with the side of the face, from 8 to 24 pixels, where `detail` is the number of pixels that a
///   pixel of the image was made from, if it is an enlargement, and otherwise 1;
/// - with its sharpness, from 0.2 to 0.4, where sharpness is 1 minus the blur effect (Crété,
///   Dolmiere, Ladret and Nicolas, 2007) of the face at 64x64 pixels;
/// - as it turns towards the camera, from about 70 to 40 degrees to the side: as the root mean
///   square of the distances of its landmarks from those of a mean face falls from 0.2 to 0.08
///   sides of the face;
/// - with the `score` of RetinaFace, from 0.6 to 0.9. The scores of other detectors do not count.
///
/// It is 0 if no face can have such landmarks.
pub fn quality(image: &RgbImage, detail: f64, landmarks: &Landmarks, score: Option<f32>) -> f32 {
    let Ok(geometry) = ChipGeometry::of_face(landmarks, SIDE, 0.0) else {
        return 0.0;
    };
    let chips = extract_chips(image, &[geometry]);
    let score = score.filter(|_| landmarks.model == LandmarkModel::Retinaface);
    let parts = [
        share(geometry.side() * detail, SIZES),
        share(chips.first().map_or(0.0, sharpness), SHARPNESSES),
        share(geometry.misfit(landmarks), MISFITS),
        score.map_or(1.0, |score| share(f64::from(score), SCORES)),
    ];
    parts.into_iter().fold(1.0, f64::min) as f32
}

/// Returns how far `value` is on the way from `none` to `all`, from 0 to 1.
fn share(value: f64, [none, all]: [f64; 2]) -> f64 {
    ((value - none) / (all - none)).clamp(0.0, 1.0)
}

/// Returns the sharpness of a picture: 1 minus its "blur effect", the share of the differences
/// between neighbouring pixels that remains when the picture is blurred (Crété, Dolmiere, Ladret
/// and Nicolas, "The blur effect: perception and estimation with a new no-reference perceptual blur
/// metric", 2007).
fn sharpness(picture: &RgbImage) -> f64 {
    let side = SIDE as usize;
    let grey: Vec<f32> = picture.pixels().map(|pixel| brightness(pixel.0)).collect();
    let turned: Vec<f32> = (0..side * side)
        .map(|i| grey[i % side * side + i / side])
        .collect();
    let blur = blur_effect(&grey, side).max(blur_effect(&turned, side));
    f64::from(1.0 - blur)
}

fn brightness([r, g, b]: [u8; 3]) -> f32 {
    0.299 * f32::from(r) + 0.587 * f32::from(g) + 0.114 * f32::from(b)
}

/// Returns the share of the differences along rows of `side` pixels that remains after blurring.
fn blur_effect(grey: &[f32], side: usize) -> f32 {
    let (mut all, mut lost) = (0.0_f32, 0.0_f32);
    let mut blurred = vec![0.0_f32; side];
    for row in grey.chunks_exact(side) {
        for (x, value) in blurred.iter_mut().enumerate() {
            let first = x.saturating_sub(BLUR / 2);
            let window = &row[first..(x + BLUR / 2 + 1).min(side)];
            *value = window.iter().sum::<f32>() / window.len() as f32;
        }
        for (sharp, blurred) in row.windows(2).zip(blurred.windows(2)) {
            let difference = (sharp[1] - sharp[0]).abs();
            let remains = (blurred[1] - blurred[0]).abs();
            all += difference;
            lost += (difference - remains).max(0.0);
        }
    }
    match all > 0.0 {
        true => (all - lost) / all,
        false => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Point, Rect};
    use image::{Rgb, imageops};

    /// An image with stripes of all directions, so that every part of it is sharp.
    fn image(side: u32) -> RgbImage {
        RgbImage::from_fn(side, side, |x, y| {
            let is_dark = (x / 3 + y / 3) % 2 == 0;
            Rgb([if is_dark { 40 } else { 210 }; 3])
        })
    }

    /// Landmarks of a face of `side` pixels in the middle of the image, which looks `yaw` degrees
    /// to the side. The tip of its nose is a fifth of its side in front of its eyes.
    fn landmarks(middle: f64, side: f64, yaw: f64) -> Landmarks {
        let (sin, cos) = yaw.to_radians().sin_cos();
        let points = [
            (-0.27, -0.3, 0.0),
            (0.27, -0.3, 0.0),
            (0.0, 0.02, 0.2),
            (-0.235, 0.29, 0.05),
            (0.235, 0.29, 0.05),
        ];
        let points = points
            .map(|(x, y, z)| Point::new(middle + side * (x * cos + z * sin), middle + side * y));
        let half = (side / 2.0) as i64 + 1;
        let middle = middle as i64;
        Landmarks {
            model: LandmarkModel::Retinaface,
            rect: Rect {
                left: middle - half,
                top: middle - half,
                right: middle + half,
                bottom: middle + half,
            },
            points: points.to_vec(),
        }
    }

    fn of(image: &RgbImage, side: f64, yaw: f64, score: f32) -> f32 {
        let middle = f64::from(image.width()) / 2.0;
        quality(image, 1.0, &landmarks(middle, side, yaw), Some(score))
    }

    #[test]
    fn a_large_sharp_face_that_looks_ahead_is_good() {
        assert_eq!(of(&image(200), 64.0, 0.0, 0.99), 1.0);
    }

    #[test]
    fn each_part_alone_makes_a_face_poor() {
        let sharp = image(200);
        let falls = |qualities: &[f32]| qualities.windows(2).all(|pair| pair[0] > pair[1]);
        let by_size = [24.0, 20.0, 14.0, 9.0, 7.0].map(|side| of(&sharp, side, 0.0, 0.99));
        assert!(falls(&by_size) && by_size[4] == 0.0, "{by_size:?}");
        let by_pose = [30.0, 50.0, 60.0, 68.0, 85.0].map(|yaw| of(&sharp, 64.0, yaw, 0.99));
        assert!(falls(&by_pose) && by_pose[4] == 0.0, "{by_pose:?}");
        let by_score = [0.89, 0.8, 0.7, 0.59].map(|score| of(&sharp, 64.0, 0.0, score));
        assert!(falls(&by_score) && by_score[3] == 0.0, "{by_score:?}");
        let blurred = imageops::fast_blur(&sharp, 8.0);
        assert!(of(&blurred, 64.0, 0.0, 0.99) < 0.1);
    }

    #[test]
    fn an_enlargement_is_no_better_than_the_photo() {
        let landmarks = landmarks(100.0, 64.0, 0.0);
        let of_detail = |detail| quality(&image(200), detail, &landmarks, None);
        let qualities = [1.0, 0.5, 0.25, 0.1].map(of_detail);
        assert_eq!((qualities[0], qualities[1], qualities[3]), (1.0, 1.0, 0.0));
        assert!((0.4..0.6).contains(&qualities[2]), "{qualities:?}");
    }

    #[test]
    fn a_picture_without_any_difference_is_not_sharp() {
        assert_eq!(sharpness(&RgbImage::new(SIDE, SIDE)), 0.0);
    }

    #[test]
    fn landmarks_that_no_face_has_are_of_no_quality() {
        let mut landmarks = landmarks(100.0, 64.0, 0.0);
        landmarks.points = vec![Point::new(100.0, 100.0); 5];
        assert_eq!(quality(&image(200), 1.0, &landmarks, None), 0.0);
    }
}
