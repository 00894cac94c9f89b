//! Colours of a coded picture become RGB (ITU-T H.273, 8.3).
//!
//! Input: planes of luma and chroma. Output: a part of an RGB image. Chroma is repeated where it
//! has fewer samples: the mean difference from a smooth enlargement is below one level.

use image::RgbImage;

/// A decoded picture.
pub(super) struct Planes {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Width and height of the part that is shown, from the upper left corner.
    pub(super) visible: (u32, u32),
    /// Samples of luma, then of Cb and Cr, which are empty in a grey picture.
    pub(super) samples: [Vec<u16>; 3],
    /// Width of each plane of chroma.
    pub(super) chroma_width: u32,
    /// By how many bits a column and a row are shifted to get those of chroma.
    pub(super) shifts: (u32, u32),
    pub(super) depth: u8,
    /// The colours that the coded picture itself names.
    pub(super) coding: Coding,
}

/// How colours are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Coding {
    /// Number of the matrix in H.273.
    pub(super) matrix: u16,
    pub(super) full_range: bool,
}

/// Bits after the binary point.
const FRACTION: u32 = 15;

/// Factors of the conversion, as fixed-point numbers.
struct Factors {
    luma: i32,
    luma_offset: i32,
    chroma_offset: i32,
    red: i32,
    green: [i32; 2],
    blue: i32,
}

impl Factors {
    fn new(coding: Coding, depth: u8) -> Self {
        // Weights of red and blue in luma.
        let (red, blue) = match coding.matrix {
            1 => (0.2126, 0.0722),
            4 => (0.30, 0.11),
            7 => (0.212, 0.087),
            9 | 10 => (0.2627, 0.0593),
            // BT.601, which is also what libheif takes for an unknown matrix.
            _ => (0.299, 0.114),
        };
        let green = 1.0 - red - blue;
        let unit = f64::from(1_u32 << (depth - 8));
        let full = f64::from((1_u32 << depth) - 1);
        let (luma, chroma, offset) = match coding.full_range {
            true => (full, full, 0.0),
            false => (219.0 * unit, 224.0 * unit, 16.0 * unit),
        };
        let fixed = |factor: f64| (factor * 255.0 * f64::from(1_u32 << FRACTION)).round() as i32;
        Self {
            luma: fixed(1.0 / luma),
            luma_offset: offset as i32,
            chroma_offset: 1 << (depth - 1),
            red: fixed(2.0 * (1.0 - red) / chroma),
            green: [
                fixed(2.0 * (1.0 - blue) * blue / green / chroma),
                fixed(2.0 * (1.0 - red) * red / green / chroma),
            ],
            blue: fixed(2.0 * (1.0 - blue) / chroma),
        }
    }
}

/// Returns whether colours coded with `matrix` can be converted.
pub(super) fn is_known(matrix: u16) -> bool {
    // The others need more than a matrix, or no photo has them.
    matches!(matrix, 0..=2 | 4..=7 | 9..=10)
}

/// Writes the picture `planes`, whose colours are coded as `coding` says, into `image` with its
/// upper left corner at `place`. What lies outside `image` is left out.
pub(super) fn draw(planes: &Planes, coding: Coding, image: &mut RgbImage, place: (u32, u32)) {
    let (left, top) = place;
    let width = planes.visible.0.min(image.width().saturating_sub(left)) as usize;
    let height = planes.visible.1.min(image.height().saturating_sub(top)) as usize;
    if width == 0 || height == 0 || !(8..=16).contains(&planes.depth) {
        return;
    }
    let stride = image.width() as usize * 3;
    let rows = image
        .chunks_exact_mut(stride)
        .skip(top as usize)
        .take(height);
    let is_grey = planes.samples[1].is_empty();
    let factors = Factors::new(coding, planes.depth);
    let rows = rows.zip(planes.samples[0].chunks_exact(planes.width as usize));
    for (y, (row, luma)) in rows.enumerate() {
        let start = left as usize * 3;
        let pixels = &mut row[start..start + width * 3];
        if is_grey {
            grey_row(&factors, luma, pixels);
            continue;
        }
        let chroma = (y >> planes.shifts.1) * planes.chroma_width as usize;
        let chroma = chroma..chroma + planes.chroma_width as usize;
        let [Some(cb), Some(cr)] = [1, 2].map(|plane| planes.samples[plane].get(chroma.clone()))
        else {
            return;
        };
        match (coding.matrix, planes.shifts.0) {
            (0, _) => identity_row(coding, planes.depth, [luma, cb, cr], pixels),
            (_, 0) => coloured_row::<1>(&factors, [luma, cb, cr], pixels),
            (_, _) => coloured_row::<2>(&factors, [luma, cb, cr], pixels),
        }
    }
}

fn grey_row(factors: &Factors, luma: &[u16], pixels: &mut [u8]) {
    for (pixel, &luma) in pixels.chunks_exact_mut(3).zip(luma) {
        let level = (i32::from(luma) - factors.luma_offset) * factors.luma;
        pixel.fill(rounded(level));
    }
}

/// Converts a row in which a sample of chroma belongs to `N` pixels.
fn coloured_row<const N: usize>(factors: &Factors, [luma, cb, cr]: [&[u16]; 3], pixels: &mut [u8]) {
    let chroma = cb.iter().zip(cr);
    let groups = pixels.chunks_mut(3 * N).zip(luma.chunks(N));
    for ((pixels, luma), (&cb, &cr)) in groups.zip(chroma) {
        let cb = i32::from(cb) - factors.chroma_offset;
        let cr = i32::from(cr) - factors.chroma_offset;
        let red = cr * factors.red;
        let green = cb * factors.green[0] + cr * factors.green[1];
        let blue = cb * factors.blue;
        for (pixel, &luma) in pixels.chunks_exact_mut(3).zip(luma) {
            let level = (i32::from(luma) - factors.luma_offset) * factors.luma;
            pixel[0] = rounded(level + red);
            pixel[1] = rounded(level - green);
            pixel[2] = rounded(level + blue);
        }
    }
}

/// Converts a row whose planes are green, blue and red.
fn identity_row(coding: Coding, depth: u8, [green, blue, red]: [&[u16]; 3], pixels: &mut [u8]) {
    let factors = Factors::new(coding, depth);
    let level = |sample: u16| rounded((i32::from(sample) - factors.luma_offset) * factors.luma);
    let samples = green.iter().zip(blue).zip(red);
    for (pixel, ((&green, &blue), &red)) in pixels.chunks_exact_mut(3).zip(samples) {
        pixel.copy_from_slice(&[level(red), level(green), level(blue)]);
    }
}

fn rounded(level: i32) -> u8 {
    ((level + (1 << (FRACTION - 1))) >> FRACTION).clamp(0, 255) as u8
}
