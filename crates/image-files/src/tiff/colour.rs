//! Conversion of the samples of a TIFF image, one byte each, to RGB.

use super::directory::{Directory, tag};
use super::picture::{JPEG, Meaning, Picture, Problem, damaged};

/// Luma coefficients of JFIF. They also apply to JPEG in TIFF, because libtiff lets libjpeg convert
/// it.
const JFIF: [f32; 3] = [0.299, 0.587, 0.114];
/// Reference black and white of luma, blue and red chroma for files that specify none.
const FULL_RANGE: [f32; 6] = [0.0, 255.0, 128.0, 255.0, 128.0, 255.0];

/// Conversion of the samples of a pixel to a colour.
pub(super) enum Colours {
    /// Samples are grey levels, or 255 minus grey levels if inverted.
    Grey { is_inverted: bool },
    /// Samples are RGB.
    Rgb,
    /// Samples are indices into a palette.
    Palette(Vec<[u8; 3]>),
    /// Samples are inks: cyan, magenta, yellow and black.
    Cmyk,
    /// Samples are luma and chroma.
    YCbCr(Box<YCbCr>),
}

impl Colours {
    /// Creates the conversion for `picture`, which `directory` describes.
    pub(super) fn of(picture: &Picture, directory: &Directory) -> Result<Self, Problem> {
        Ok(match picture.meaning {
            Meaning::WhiteIsZero => Self::Grey { is_inverted: true },
            Meaning::BlackIsZero => Self::Grey { is_inverted: false },
            Meaning::Rgb => Self::Rgb,
            Meaning::Palette => Self::Palette(palette(directory, picture.bits)?),
            Meaning::Cmyk => Self::Cmyk,
            Meaning::YCbCr => {
                Self::YCbCr(Box::new(YCbCr::of(directory, picture.compression == JPEG)))
            }
        })
    }

    /// Returns the colour of a pixel with these samples.
    pub(super) fn rgb(&self, samples: &[u8]) -> [u8; 3] {
        match (self, samples) {
            (Self::Grey { is_inverted: false }, &[level, ..]) => [level; 3],
            (Self::Grey { is_inverted: true }, &[level, ..]) => [!level; 3],
            (Self::Palette(colours), &[place, ..]) => {
                colours.get(usize::from(place)).copied().unwrap_or_default()
            }
            (Self::Rgb, &[red, green, blue, ..]) => [red, green, blue],
            (Self::Cmyk, &[cyan, magenta, yellow, black, ..]) => {
                let light = 1.0 - f32::from(black) / 255.0;
                [cyan, magenta, yellow].map(|ink| (f32::from(!ink) * light) as u8)
            }
            (Self::YCbCr(conversion), &[luma, blue, red, ..]) => conversion.rgb([luma, blue, red]),
            _ => [0; 3],
        }
    }
}

/// Reads the palette: all reds, then all greens, then all blues, with 16 bits each.
fn palette(directory: &Directory, bits: u16) -> Result<Vec<[u8; 3]>, Problem> {
    let count = 1_usize << bits.min(8);
    let levels: Vec<u64> = directory
        .numbers(tag::COLOR_MAP)
        .map(|levels| levels.take(3 * count).collect())
        .unwrap_or_default();
    if levels.len() != 3 * count {
        return Err(damaged("its list of colours is missing or too short"));
    }
    // Some programs write 8 bits.
    let shift = if levels.iter().any(|level| *level > 255) {
        8
    } else {
        0
    };
    let level = |at: usize| (levels[at] >> shift).min(255) as u8;
    let colours = (0..count).map(|at| [level(at), level(count + at), level(2 * count + at)]);
    Ok(colours.collect())
}

/// Conversion of luma and chroma to RGB (TIFF 6.0, sections 20 and 21).
#[derive(Debug)]
pub(super) struct YCbCr {
    /// Amount that a level of luma adds to each colour.
    luma: [f32; 256],
    /// Amounts that a level of red chroma adds to red and green, and a level of blue chroma to
    /// green and blue.
    red: [[f32; 2]; 256],
    blue: [[f32; 2]; 256],
}

impl YCbCr {
    fn of(directory: &Directory, is_jpeg: bool) -> Self {
        let fractions = |tag, count| {
            let found = directory.fractions(tag).filter(|_| !is_jpeg);
            found.filter(|found| found.len() == count && found.iter().all(|n| n.is_finite()))
        };
        let shares = fractions(tag::YCBCR_COEFFICIENTS, 3).unwrap_or(JFIF.to_vec());
        let reference = fractions(tag::REFERENCE_BLACK_WHITE, 6).unwrap_or(FULL_RANGE.to_vec());
        Self::new(
            shares.try_into().unwrap_or(JFIF),
            reference.try_into().unwrap_or(FULL_RANGE),
        )
    }

    fn new(shares: [f32; 3], reference: [f32; 6]) -> Self {
        let [red, green, blue] = shares;
        let [black, white, no_blue, most_blue, no_red, most_red] = reference;
        let level = |level: usize, zero: f32, most: f32, span: f32| {
            (level as f32 - zero) * span / (most - zero)
        };
        let (of_red, of_blue) = (2.0 - 2.0 * red, 2.0 - 2.0 * blue);
        Self {
            luma: std::array::from_fn(|n| level(n, black, white, 255.0)),
            red: std::array::from_fn(|n| {
                let chroma = level(n, no_red, most_red, 127.0);
                [chroma * of_red, -chroma * of_red * red / green]
            }),
            blue: std::array::from_fn(|n| {
                let chroma = level(n, no_blue, most_blue, 127.0);
                [-chroma * of_blue * blue / green, chroma * of_blue]
            }),
        }
    }

    fn rgb(&self, [luma, blue, red]: [u8; 3]) -> [u8; 3] {
        let luma = self.luma[usize::from(luma)];
        let (blue, red) = (self.blue[usize::from(blue)], self.red[usize::from(red)]);
        // A cast from float to integer saturates.
        [luma + red[0], luma + red[1] + blue[0], luma + blue[1]].map(|level| (level + 0.5) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luma_and_chroma_become_the_colours_of_jfif() {
        let conversion = YCbCr::new(JFIF, FULL_RANGE);
        for (samples, colour) in [
            ([0, 128, 128], [0, 0, 0]),
            ([255, 128, 128], [255, 255, 255]),
            ([76, 85, 255], [254, 0, 0]),
            ([150, 44, 21], [0, 255, 1]),
            ([29, 255, 107], [0, 0, 254]),
        ] {
            let found = conversion.rgb(samples);
            let worst = found.iter().zip(colour).map(|(a, b)| a.abs_diff(b)).max();
            assert!(worst <= Some(1), "{samples:?}: {found:?}");
        }
    }

    #[test]
    fn senseless_references_give_some_colour() {
        let conversion = YCbCr::new([0.5, 0.0, 0.5], [255.0; 6]);
        let _ = conversion.rgb([255, 0, 3]);
    }
}
