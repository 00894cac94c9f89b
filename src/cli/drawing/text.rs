//! A line of text on a picture. Input: the text and its height in pixels. Output: its width, and
//! its pixels blended into the picture.

use ab_glyph::{Font, FontArc, Glyph, PxScale, ScaleFont, point};
use image::{Rgb, RgbImage};

use super::fonts::{Fonts, has};

/// A line of text at one size, with each letter in the first font that has it.
pub(super) struct Writing<'a> {
    text: &'a str,
    fonts: Vec<FontArc>,
    scale: PxScale,
}

impl<'a> Writing<'a> {
    /// Returns `text` in a line `height` pixels high, or `None` if the built-in font cannot be
    /// read.
    pub(super) fn new(text: &'a str, fonts: &Fonts, height: f32) -> Option<Self> {
        let fonts = fonts.for_text(text);
        (!fonts.is_empty()).then_some(Self {
            text,
            fonts,
            scale: PxScale::from(height),
        })
    }

    /// Returns the width in pixels.
    pub(super) fn width(&self) -> u32 {
        self.lay_out(|_, _| ()).ceil() as u32
    }

    /// Writes the text with its upper left corner at `corner`, clipped to the picture.
    pub(super) fn write(&self, picture: &mut RgbImage, corner: (i32, i32), ink: Rgb<u8>) {
        self.lay_out(|font, glyph| {
            // A blank has no outline.
            let Some(glyph) = font.outline_glyph(glyph) else {
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

    /// Passes each letter with its font and position to `place`, and returns the total width.
    fn lay_out(&self, mut place: impl FnMut(&FontArc, Glyph)) -> f32 {
        let Some(first) = self.fonts.first() else {
            return 0.0;
        };
        // All fonts share one baseline.
        let ascent = first.as_scaled(self.scale).ascent();
        let mut right = 0.0;
        let mut previous = None;
        for letter in self.text.chars() {
            let number = self.fonts.iter().position(|font| has(font, letter));
            // A letter that no font has is drawn as the box of the built-in font.
            let number = number.unwrap_or(0);
            let font = &self.fonts[number];
            let id = font.glyph_id(letter);
            if let Some((number_before, id_before)) = previous
                && number_before == number
            {
                right += font.as_scaled(self.scale).kern(id_before, id);
            }
            let glyph = id.with_scale_and_position(self.scale, point(right, ascent));
            place(font, glyph);
            right += font.as_scaled(self.scale).h_advance(id);
            previous = Some((number, id));
        }
        right
    }
}

/// Returns `below` covered with `ink` by the share `coverage` (0 to 1).
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

    fn writing(text: &str, height: f32) -> Writing<'_> {
        Writing::new(text, &Fonts::new(Vec::new()), height).unwrap()
    }

    /// Returns the first and last of the columns and of the rows that `text` at `(left, top)`
    /// changed.
    fn inked(text: &str, left: i32, top: i32) -> Option<[u32; 4]> {
        let mut picture = RgbImage::from_pixel(200, 60, GROUND);
        writing(text, 20.0).write(&mut picture, (left, top), INK);
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
        let width = writing("HAWH", 20.0).width();
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
        writing("I", 32.0).write(&mut picture, (10, 0), INK);
        assert!(picture.pixels().any(|&pixel| pixel == INK));
        assert_eq!(inked(" ", 30, 10), None);
        assert!(writing(" ", 20.0).width() > 3);
        assert_eq!(writing("", 20.0).width(), 0);
    }

    #[test]
    fn what_lies_outside_of_the_picture_is_cut_off() {
        for (left, top) in [(-1000, 0), (0, -1000), (1000, 0), (0, 1000)] {
            assert_eq!(inked("Zoë", left, top), None);
        }
        assert!(inked("MMM", -10, -10).is_some());
    }
}
