//! Drawings: photos with the boxes, landmarks and names of their faces drawn on them.

mod fonts;
mod text;

use facematch::geometry::{PixelBox, Point};
pub(crate) use fonts::{Fonts, system_font_folders};
use image::{Rgb, RgbImage};
use text::Writing;

/// The drawing of one face, in pixels of the picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Marking {
    /// Box of the face.
    pub(crate) bounds: PixelBox,
    /// Landmarks, drawn as one dot each.
    pub(crate) landmarks: Vec<Point>,
    /// Text at the box, if any.
    pub(crate) label: Option<String>,
    /// Colour: green for a face with a name, yellow for an unknown face, grey for one that was not
    /// compared, blue in a run that compares no faces.
    pub(crate) tone: Tone,
}

/// Colour of a marking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tone {
    /// A face that is too poor to be compared with known people. It is drawn first, so that it
    /// hides no other one.
    NotCompared,
    /// A face that was only detected.
    Found,
    /// A known person.
    Known,
    /// A face that is no known person.
    Unknown,
}

impl Tone {
    fn color(self) -> Rgb<u8> {
        Rgb(match self {
            Self::NotCompared => [170, 170, 170],
            Self::Found => [64, 160, 255],
            Self::Known => [40, 200, 80],
            Self::Unknown => [255, 200, 0],
        })
    }
}

const LANDMARK_COLOR: Rgb<u8> = Rgb([255, 64, 64]);
const TEXT_COLOR: Rgb<u8> = Rgb([0, 0, 0]);

/// Draws `markings` on `picture` with the letters of `fonts`. Lines and letters are scaled with the
/// picture so that they are visible at any size, and letters are small at small faces.
pub(crate) fn draw(picture: &mut RgbImage, markings: &[Marking], fonts: &Fonts) {
    let shorter_side = picture.width().min(picture.height());
    let thickness = (shorter_side / 250).max(2);
    let mut markings: Vec<_> = markings.iter().collect();
    markings.sort_by_key(|marking| marking.tone);
    for marking in &markings {
        let thickness = match marking.tone {
            Tone::NotCompared => thickness / 2,
            Tone::Found | Tone::Known | Tone::Unknown => thickness,
        };
        draw_box(picture, marking.bounds, thickness, marking.tone.color());
    }
    // Drawn after all boxes, so that no line hides a point or a letter.
    for marking in &markings {
        draw_landmarks(picture, marking, thickness);
    }
    for marking in markings {
        draw_label(picture, marking, fonts, shorter_side, thickness);
    }
}

fn draw_box(picture: &mut RgbImage, bounds: PixelBox, thickness: u32, color: Rgb<u8>) {
    let PixelBox { x, y, w, h } = bounds;
    let (across, down) = (thickness.min(w), thickness.min(h));
    let bars = [
        (x, y, w, down),
        (x, y + h.saturating_sub(down), w, down),
        (x, y, across, h),
        (x + w.saturating_sub(across), y, across, h),
    ];
    for (x, y, w, h) in bars {
        fill(picture, PixelBox { x, y, w, h }, color);
    }
}

/// Fills the part of `area` that lies in the picture.
fn fill(picture: &mut RgbImage, area: PixelBox, color: Rgb<u8>) {
    let right = area.x.saturating_add(area.w).min(picture.width());
    let bottom = area.y.saturating_add(area.h).min(picture.height());
    for y in area.y..bottom {
        for x in area.x..right {
            picture.put_pixel(x, y, color);
        }
    }
}

/// Fills the circle around the pixel `centre`, which may lie outside the picture.
fn fill_circle(picture: &mut RgbImage, centre: (i32, i32), radius: i32, color: Rgb<u8>) {
    for down in -radius..=radius {
        for across in -radius..=radius {
            let pixel = (centre.0 + across, centre.1 + down);
            let is_inside = across * across + down * down <= radius * radius;
            if is_inside
                && let (Ok(x), Ok(y)) = (u32::try_from(pixel.0), u32::try_from(pixel.1))
                && let Some(pixel) = picture.get_pixel_mut_checked(x, y)
            {
                *pixel = color;
            }
        }
    }
}

fn draw_landmarks(picture: &mut RgbImage, marking: &Marking, thickness: u32) {
    // The 68 points of a small face must not merge into one blot.
    let radius = (thickness as i32).min(marking.bounds.w as i32 / 35).max(1);
    for point in &marking.landmarks {
        let centre = (point.x.round() as i32, point.y.round() as i32);
        fill_circle(picture, centre, radius, LANDMARK_COLOR);
    }
}

fn draw_label(
    picture: &mut RgbImage,
    marking: &Marking,
    fonts: &Fonts,
    shorter_side: u32,
    thickness: u32,
) {
    let Some(label) = &marking.label else {
        return;
    };
    // The labels of a group must not hide its faces.
    let most = (marking.bounds.w as f32 / 3.0).clamp(13.0, 160.0);
    let height = (shorter_side as f32 / 28.0).clamp(13.0, most);
    let Some(writing) = Writing::new(label, fonts, height) else {
        return;
    };
    let w = writing.width() + 2 * thickness;
    let h = height.ceil() as u32 + 2 * thickness;
    let bounds = marking.bounds;
    let below = bounds.y + bounds.h;
    // The label goes below the box, above it at the lower edge of the picture, and inside it if
    // neither fits.
    let y = if below + h <= picture.height() {
        below
    } else if bounds.y >= h {
        bounds.y - h
    } else {
        picture.height().saturating_sub(h)
    };
    let x = bounds.x.min(picture.width().saturating_sub(w));
    fill(picture, PixelBox { x, y, w, h }, marking.tone.color());
    let corner = ((x + thickness) as i32, (y + thickness) as i32);
    writing.write(picture, corner, TEXT_COLOR);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marking(bounds: PixelBox, label: Option<&str>) -> Marking {
        Marking {
            bounds,
            landmarks: vec![Point::new(
                f64::from(bounds.x) + 20.0,
                f64::from(bounds.y) + 20.0,
            )],
            label: label.map(str::to_owned),
            tone: Tone::Known,
        }
    }

    #[test]
    fn the_box_the_landmarks_and_the_name_are_drawn_and_nothing_else() {
        let mut picture = RgbImage::new(300, 200);
        draw(
            &mut picture,
            &[marking(
                PixelBox {
                    x: 100,
                    y: 40,
                    w: 80,
                    h: 60,
                },
                Some("Zoë"),
            )],
            &Fonts::new(Vec::new()),
        );
        let at = |x, y| *picture.get_pixel(x, y);
        for (x, y) in [
            (100, 40),
            (179, 40),
            (100, 99),
            (179, 99),
            (140, 41),
            (178, 70),
        ] {
            assert_eq!(at(x, y), Tone::Known.color(), "({x}, {y})");
        }
        assert_eq!(at(120, 60), LANDMARK_COLOR);
        // Letters are below the box, on the box's colour.
        let label = image::imageops::crop_imm(&picture, 100, 100, 30, 16).to_image();
        assert!(label.pixels().any(|p| p.0.iter().all(|&v| v < 60)));
        assert!(label.pixels().any(|&p| p == Tone::Known.color()));
        for (x, y) in [(99, 40), (180, 99), (140, 70), (10, 10), (299, 199)] {
            assert_eq!(at(x, y), Rgb([0, 0, 0]), "({x}, {y})");
        }
    }

    /// Returns the number of pixels that the label of a face `side` pixels wide takes in a large
    /// picture.
    fn label_pixels(side: u32) -> usize {
        let mut picture = RgbImage::new(1400, 1400);
        let bounds = PixelBox {
            x: 100,
            y: 100,
            w: side,
            h: side,
        };
        draw(
            &mut picture,
            &[marking(bounds, Some("Ann"))],
            &Fonts::new(Vec::new()),
        );
        let below = 100 + side;
        let rows = picture.rows().skip(below as usize);
        rows.flatten().filter(|p| **p != Rgb([0, 0, 0])).count()
    }

    #[test]
    fn letters_are_small_at_small_faces() {
        let [small, middle, large] = [30, 90, 600].map(label_pixels);
        assert!(small > 0);
        assert!(
            2 * small < middle && middle < large,
            "{small} {middle} {large}"
        );
    }

    proptest! {
        #[test]
        fn every_box_and_name_can_be_drawn(
            (width, height) in (1_u32..200, 1_u32..200),
            (x, y) in (0_u32..200, 0_u32..200),
            (w, h) in (0_u32..200, 0_u32..200),
            label in "\\PC{0,40}",
        ) {
            let mut picture = RgbImage::new(width, height);
            draw(&mut picture, &[marking(PixelBox { x, y, w, h }, Some(&label))], &Fonts::new(Vec::new()));
        }
    }
}
