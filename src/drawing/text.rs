//! A line of text on a picture, in the font that the program brings along. In come the text and its height in pixels; out
//! come its width, and its pixels blended into the picture.

use ab_glyph::{Font, FontRef, Glyph, PxScale, PxScaleFont, ScaleFont, point};
use image::{Rgb, RgbImage};

/// The font at one size.
pub(super) struct Writing {
    font: PxScaleFont<FontRef<'static>>,
}

impl Writing {
    /// With lines `height` pixels high; `None` when the font cannot be read.
    pub(super) fn new(height: f32) -> Option<Self> {
        let font = FontRef::try_from_slice(dejavu::sans::regular()).ok()?;
        let font = font.into_scaled(PxScale::from(height));
        Some(Self { font })
    }

    /// How many pixels wide `text` is.
    pub(super) fn width(&self, text: &str) -> u32 {
        self.lay_out(text, |_| ()).ceil() as u32
    }

    /// Writes `text` with its upper left corner at `corner`; what lies outside of the picture is cut off.
    pub(super) fn write(
        &self,
        picture: &mut RgbImage,
        text: &str,
        corner: (i32, i32),
        ink: Rgb<u8>,
    ) {
        self.lay_out(text, |glyph| {
            // A blank has no outline.
            let Some(glyph) = self.font.outline_glyph(glyph) else {
                return;
            };
            let start = glyph.px_bounds().min;
            let (left, top) = (corner.0 + start.x as i32, corner.1 + start.y as i32);
            glyph.draw(|x, y, coverage| {
                let (x, y) = (left + x as i32, top + y as i32);
                let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else {
                    return;
                };
                if let Some(pixel) = picture.get_pixel_mut_checked(x, y) {
                    *pixel = blended(*pixel, ink, coverage);
                }
            });
        });
    }

    /// Hands each letter with its place to `place`, and returns the width of all.
    fn lay_out(&self, text: &str, mut place: impl FnMut(Glyph)) -> f32 {
        let mut right = 0.0;
        let mut previous = None;
        for letter in text.chars() {
            let id = self.font.glyph_id(letter);
            if let Some(previous) = previous {
                right += self.font.kern(previous, id);
            }
            let glyph =
                id.with_scale_and_position(self.font.scale(), point(right, self.font.ascent()));
            place(glyph);
            right += self.font.h_advance(id);
            previous = Some(id);
        }
        right
    }
}

/// `below` covered with `ink` by the part `coverage` (0 to 1).
fn blended(below: Rgb<u8>, ink: Rgb<u8>, coverage: f32) -> Rgb<u8> {
    let coverage = coverage.clamp(0.0, 1.0);
    let mix = |below: u8, ink: u8| {
        (f32::from(below) * (1.0 - coverage) + f32::from(ink) * coverage).round() as u8
    };
    Rgb(std::array::from_fn(|channel| {
        mix(below.0[channel], ink.0[channel])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUND: Rgb<u8> = Rgb([200, 210, 220]);
    const INK: Rgb<u8> = Rgb([10, 20, 30]);

    /// The columns and rows that `text` changed, written at `(left, top)`: first and last of each.
    fn inked(text: &str, left: i32, top: i32) -> Option<[u32; 4]> {
        let mut picture = RgbImage::from_pixel(200, 60, GROUND);
        Writing::new(20.0)
            .unwrap()
            .write(&mut picture, text, (left, top), INK);
        let changed: Vec<_> = picture
            .enumerate_pixels()
            .filter(|(_, _, pixel)| **pixel != GROUND)
            .map(|(x, y, _)| (x, y))
            .collect();
        let columns = changed.iter().map(|&(x, _)| x);
        let rows = changed.iter().map(|&(_, y)| y);
        Some([
            columns.clone().min()?,
            columns.max()?,
            rows.clone().min()?,
            rows.max()?,
        ])
    }

    #[test]
    fn text_stands_where_it_is_written_and_is_as_wide_as_told() {
        let width = Writing::new(20.0).unwrap().width("HAWH");
        let [first, last, above, below] = inked("HAWH", 30, 10).unwrap();
        assert!((30..34).contains(&first), "{first}");
        assert!(
            (30 + width - 4..=30 + width).contains(&last),
            "{last} {width}"
        );
        assert!(above >= 10 && below <= 30, "{above} {below}");
        assert!(below - above > 10, "{above} {below}");
    }

    #[test]
    fn letters_are_of_the_ink_and_a_blank_is_of_the_ground() {
        let mut picture = RgbImage::from_pixel(60, 40, GROUND);
        Writing::new(32.0)
            .unwrap()
            .write(&mut picture, "I", (10, 0), INK);
        assert!(picture.pixels().any(|&pixel| pixel == INK));
        assert_eq!(inked(" ", 30, 10), None);
        assert!(Writing::new(20.0).unwrap().width(" ") > 3);
        assert_eq!(Writing::new(20.0).unwrap().width(""), 0);
    }

    #[test]
    fn what_lies_outside_of_the_picture_is_cut_off() {
        for (left, top) in [(-1000, 0), (0, -1000), (1000, 0), (0, 1000)] {
            assert_eq!(inked("Zoë", left, top), None);
        }
        assert!(inked("MMM", -10, -10).is_some());
    }
}
