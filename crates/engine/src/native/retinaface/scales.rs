//! Large images at several scales.
//!
//! The network has learnt faces of up to 512 pixels and takes parts of larger ones, and large
//! smooth things, for faces. A large image is therefore searched in halves, quarters and so on too:
//! large faces are found there, and only small ones in the image itself. Input: an image, or the
//! faces of all scales. Output: its halves, or the faces that are kept.

use std::borrow::Cow;

use image::{Rgb, RgbImage};

use super::anchors::{Candidate, suppress_overlapping};

/// Longest side of the smallest copy that is searched, in pixels.
const MAX_SIDE: u32 = 1024;

/// Longest side of a face that is believed in a copy that is not the smallest one, in pixels of
/// that copy. The next copy shows larger ones with half of it.
const MAX_FACE: f32 = 256.0;

/// Largest share of the area of a face that lies in a larger one. A part of a face, such as an eye
/// with the nose, lies in it as a whole.
const MAX_COVERED: f32 = 0.75;

/// Returns `image` and its halves, largest first, the last of them with sides of at most 1,024
/// pixels.
pub(super) fn copies(image: &RgbImage) -> Vec<Cow<'_, RgbImage>> {
    let mut copies = vec![Cow::Borrowed(image)];
    while let Some(last) = copies.last()
        && last.width().max(last.height()) > MAX_SIDE
        && last.width().min(last.height()) >= 2
    {
        let half = halved(last);
        copies.push(Cow::Owned(half));
    }
    copies
}

/// Returns an image of half the size, each pixel the mean of four. A last odd row or column is left
/// out.
fn halved(image: &RgbImage) -> RgbImage {
    RgbImage::from_fn(image.width() / 2, image.height() / 2, |x, y| {
        let at = |dx: u32, dy: u32| image.get_pixel(2 * x + dx, 2 * y + dy).0.map(u16::from);
        let four = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)];
        let mean = |channel: usize| four.iter().map(|pixel| pixel[channel]).sum::<u16>() + 2;
        Rgb([0, 1, 2].map(|channel| (mean(channel) / 4) as u8))
    })
}

/// Returns the faces among `found`, which has those of each of the [`copies`], in pixels of the
/// first one.
pub(super) fn joined(found: Vec<Vec<Candidate>>) -> Vec<Candidate> {
    let smallest = found.len().saturating_sub(1);
    if smallest == 0 {
        return found.into_iter().flatten().collect();
    }
    let mut all: Vec<Candidate> = Vec::new();
    for (halvings, faces) in found.into_iter().enumerate().rev() {
        let is_believed = |face: &Candidate| halvings == smallest || face.side() <= MAX_FACE;
        let faces = faces.into_iter().filter(is_believed);
        let faces: Vec<_> = faces
            .map(|face| face.doubled(halvings))
            .filter(|face| !all.iter().any(|larger| face.is_part_of(larger)))
            .collect();
        all.extend(faces);
    }
    suppress_overlapping(all)
}

impl Candidate {
    /// Returns the longer side of the face's box.
    fn side(&self) -> f32 {
        let [left, top, right, bottom] = self.edges;
        (right - left).max(bottom - top)
    }

    /// Returns whether this is a part of the `larger` face: it is less than half as large, and most
    /// of it lies in it.
    fn is_part_of(&self, larger: &Self) -> bool {
        let [left, top, right, bottom] = self.edges;
        let common = |axis: usize| {
            let (start, end) = (axis, axis + 2);
            (self.edges[end].min(larger.edges[end]) - self.edges[start].max(larger.edges[start]))
                .max(0.0)
        };
        let area = (right - left) * (bottom - top);
        2.0 * self.side() < larger.side() && common(0) * common(1) > MAX_COVERED * area
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Point;

    fn face(left: f32, top: f32, side: f32, score: f32) -> Candidate {
        Candidate {
            score,
            edges: [left, top, left + side, top + side],
            points: [Point::default(); 5],
        }
    }

    #[test]
    fn only_large_images_have_copies() {
        let sizes = |width, height| -> Vec<(u32, u32)> {
            let image = RgbImage::new(width, height);
            copies(&image)
                .iter()
                .map(|copy| copy.dimensions())
                .collect()
        };
        assert_eq!(sizes(1024, 700), [(1024, 700)]);
        assert_eq!(sizes(1201, 900), [(1201, 900), (600, 450)]);
        assert_eq!(
            sizes(30, 5000),
            [(30, 5000), (15, 2500), (7, 1250), (3, 625)]
        );
        assert_eq!(sizes(1, 5000), [(1, 5000)]);
    }

    #[test]
    fn a_pixel_of_a_half_is_the_mean_of_four() {
        let image = RgbImage::from_fn(5, 2, |x, y| Rgb([(10 * x + y) as u8, 255, 0]));
        let half = halved(&image);
        assert_eq!(half.dimensions(), (2, 1));
        assert_eq!(half.get_pixel(0, 0).0, [6, 255, 0]);
        assert_eq!(half.get_pixel(1, 0).0, [26, 255, 0]);
    }

    #[test]
    fn large_faces_come_from_the_half_and_small_ones_from_the_image() {
        let large = face(100.0, 100.0, 200.0, 0.99);
        let found = joined(vec![
            vec![
                // A part of the large face, a false large one, and a small face beside it.
                face(300.0, 300.0, 120.0, 0.95),
                face(900.0, 0.0, 400.0, 0.9),
                face(700.0, 50.0, 30.0, 0.98),
            ],
            vec![large],
        ]);
        let edges: Vec<_> = found.iter().map(|face| face.edges).collect();
        assert_eq!(
            edges,
            [[200.5, 200.5, 600.5, 600.5], [700.0, 50.0, 730.0, 80.0]]
        );
    }

    #[test]
    fn a_face_that_both_show_counts_once() {
        let found = joined(vec![
            vec![face(200.0, 200.0, 120.0, 0.97)],
            vec![face(101.0, 99.0, 60.0, 0.99)],
        ]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].score, 0.99);
    }
}
