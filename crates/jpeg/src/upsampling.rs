//! Upsampling of a component with fewer pixels than the photo, the way libjpeg does it: twice as
//! many pixels are interpolated, larger factors repeat pixels.

use super::component_planes::Plane;

/// Weight of a whole pixel.
const ONE: u32 = 256;

/// Upsamples the rows of a plane, one by one.
pub(super) struct Upsampler<'a> {
    plane: &'a Plane,
    columns: Vec<Mix>,
    rows: Vec<Mix>,
    /// True if each pixel becomes two along x.
    is_double: bool,
    /// Numbers added before the odd and the even ones of these pixels are rounded down.
    roundings: [u32; 2],
    /// A row between two rows of the plane, in 1/[`ONE`].
    blended: Vec<u16>,
    row: Vec<u8>,
}

/// A position between two adjacent pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mix {
    first: u32,
    second: u32,
    /// Weight of the second pixel, less than [`ONE`].
    weight: u16,
}

impl<'a> Upsampler<'a> {
    /// Creates an upsampler for `plane` of a photo of `extent` (width, height) in pixels. Returns
    /// `None` if pixels are missing.
    pub(super) fn new(plane: &'a Plane, extent: (f64, f64)) -> Option<Self> {
        let steps = (plane.extent.0 / extent.0, plane.extent.1 / extent.1);
        let (columns, rows) = (plane.extent.0.ceil(), plane.extent.1.ceil());
        let is_whole = columns >= 1.0
            && rows >= 1.0
            && columns as usize <= plane.width
            && plane.width * rows as usize <= plane.pixels.len();
        if !is_whole {
            return None;
        }
        let is_interpolated = is_interpolated(steps) && !(is_half(steps.0) && columns <= 2.0);
        let mixes = |step: f64, count: f64, length: f64| -> Vec<Mix> {
            (0..length.ceil() as u32)
                .map(|at| Mix::new(at, step, count as u32 - 1, is_interpolated))
                .collect()
        };
        Some(Self {
            plane,
            columns: mixes(steps.0, columns, extent.0),
            rows: mixes(steps.1, rows, extent.1),
            is_double: is_interpolated && is_half(steps.0),
            // Rounds like libjpeg, alternately: sixteenths if rows are blended too, otherwise
            // quarters.
            roundings: match is_half(steps.1) {
                true => [7 << 6, 8 << 6],
                false => [2 << 8, 1 << 8],
            },
            blended: vec![0; columns as usize],
            row: vec![0; extent.0.ceil() as usize],
        })
    }

    /// Returns the row `y`, or `None` after the last one.
    pub(super) fn row(&mut self, y: usize) -> Option<&[u8]> {
        let mix = *self.rows.get(y)?;
        let line = |row: u32| {
            let start = row as usize * self.plane.width;
            self.plane.pixels.get(start..start + self.blended.len())
        };
        let (first, second) = (line(mix.first)?, line(mix.second)?);
        if mix.weight == 0 && self.columns.iter().all(|mix| mix.weight == 0) {
            if self.row.len() == first.len() {
                return Some(first);
            }
            for (pixel, mix) in self.row.iter_mut().zip(&self.columns) {
                *pixel = *first.get(mix.first as usize)?;
            }
            return Some(&self.row);
        }
        let weights = [ONE as u16 - mix.weight, mix.weight];
        for ((blended, &a), &b) in self.blended.iter_mut().zip(first).zip(second) {
            *blended = u16::from(a) * weights[0] + u16::from(b) * weights[1];
        }
        if self.is_double {
            double(&self.blended, &mut self.row, self.roundings);
        } else {
            for (pixel, mix) in self.row.iter_mut().zip(&self.columns) {
                let pixels = [mix.first, mix.second].map(|at| self.blended.get(at as usize));
                let [Some(&a), Some(&b)] = pixels else {
                    return None;
                };
                *pixel = mix.of(a, b);
            }
        }
        Some(&self.row)
    }
}

impl Mix {
    /// Returns the position of the middle of pixel `at` of a row, if a pixel of the photo spans
    /// `step` pixels of the plane and `last` is the plane's last one.
    fn new(at: u32, step: f64, last: u32, is_interpolated: bool) -> Self {
        let middle = (f64::from(at) + 0.5) * step;
        if !is_interpolated {
            // Tolerates the rounding error of a step of a third.
            let pixel = ((middle + 1e-6) as u32).min(last);
            return Self {
                first: pixel,
                second: pixel,
                weight: 0,
            };
        }
        let place = (middle - 0.5).max(0.0);
        let first = (place as u32).min(last);
        let weight = ((place - f64::from(first)) * f64::from(ONE)).round() as u16;
        Self {
            first,
            second: (first + 1).min(last),
            weight: weight.min(ONE as u16 - 1),
        }
    }

    /// Returns the pixel between `first` and `second`, which are in 1/[`ONE`].
    fn of(self, first: u16, second: u16) -> u8 {
        let weight = u32::from(self.weight);
        let sum = u32::from(first) * (ONE - weight) + u32::from(second) * weight;
        ((sum + ONE * ONE / 2) / (ONE * ONE)) as u8
    }
}

/// Returns whether pixels are interpolated, given the `steps` in the plane for each pixel of the
/// photo, along x and along y: unless one pixel becomes three, four or more.
fn is_interpolated(steps: (f64, f64)) -> bool {
    let is_repeated = |step: f64| {
        let times = (1.0 / step).round();
        times >= 3.0 && (times * step - 1.0).abs() < 1e-6
    };
    !is_repeated(steps.0) && !is_repeated(steps.1)
}

fn is_half(step: f64) -> bool {
    (step - 0.5).abs() < 1e-6
}

/// Turns each of `pixels`, in 1/[`ONE`], into two of `row`, each a quarter of the way to its
/// neighbour.
fn double(pixels: &[u16], row: &mut [u8], [odd, even]: [u32; 2]) {
    let quarter = |near: u16, far: u16, rounding: u32| {
        ((3 * u32::from(near) + u32::from(far) + rounding) >> 10) as u8
    };
    let (Some(&first), Some(&last)) = (pixels.first(), pixels.last()) else {
        return;
    };
    if let Some(pixel) = row.first_mut() {
        *pixel = quarter(first, first, even);
    }
    let rest = row.get_mut(1..).unwrap_or_default();
    for (pair, sides) in rest.chunks_exact_mut(2).zip(pixels.windows(2)) {
        pair[0] = quarter(sides[0], sides[1], odd);
        pair[1] = quarter(sides[1], sides[0], even);
    }
    if row.len() == 2 * pixels.len()
        && let Some(pixel) = row.last_mut()
    {
        *pixel = quarter(last, last, odd);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plane_of(pixels: &[u8], width: usize) -> Plane {
        Plane {
            width,
            pixels: pixels.to_vec(),
            extent: (width as f64, (pixels.len() / width) as f64),
        }
    }

    fn rows(plane: &Plane, extent: (f64, f64)) -> Vec<Vec<u8>> {
        let mut upsampler = Upsampler::new(plane, extent).unwrap();
        let rows = (0..extent.1.ceil() as usize).map(|y| upsampler.row(y).unwrap().to_vec());
        rows.collect()
    }

    #[test]
    fn twice_as_many_pixels_are_interpolated() {
        let plane = plane_of(&[0, 40, 80], 3);
        assert_eq!(rows(&plane, (6.0, 1.0)), [[0, 10, 30, 50, 70, 80]]);
        let column = plane_of(&[0, 40, 80], 1);
        assert_eq!(rows(&column, (1.0, 6.0)).concat(), [0, 10, 30, 50, 70, 80]);
    }

    #[test]
    fn two_columns_and_more_than_twice_as_many_pixels_are_repeated() {
        assert_eq!(rows(&plane_of(&[0, 40], 2), (4.0, 1.0)), [[0, 0, 40, 40]]);
        let thirds = rows(&plane_of(&[0, 40, 80], 3), (9.0, 1.0));
        assert_eq!(thirds, [[0, 0, 0, 40, 40, 40, 80, 80, 80]]);
        let quarters = rows(&plane_of(&[0, 40], 1), (2.0, 8.0));
        assert_eq!(quarters.concat(), [[0; 8], [40; 8]].concat());
    }

    #[test]
    fn missing_pixels_are_noticed() {
        let mut plane = plane_of(&[0; 12], 4);
        assert!(Upsampler::new(&plane, (8.0, 6.0)).is_some());
        plane.extent.1 = 3.5;
        assert!(Upsampler::new(&plane, (8.0, 7.0)).is_none());
        plane.extent = (4.5, 3.0);
        assert!(Upsampler::new(&plane, (9.0, 6.0)).is_none());
    }

    proptest! {
        #[test]
        fn the_way_of_libjpeg_for_twice_as_many_differs_only_in_rounding(
            pixels in proptest::collection::vec(any::<u8>(), 3..40),
            is_odd: bool,
        ) {
            let width = pixels.len();
            let plane = plane_of(&pixels, width);
            let length = 2 * width - usize::from(is_odd);
            let extent = (length as f64 / 2.0, 1.0);
            let plane = Plane { extent, ..plane };
            let mut upsampler = Upsampler::new(&plane, (length as f64, 1.0)).unwrap();
            prop_assert!(upsampler.is_double);
            let quick = upsampler.row(0).unwrap().to_vec();
            upsampler.is_double = false;
            let plain = upsampler.row(0).unwrap();
            prop_assert!(quick.iter().zip(plain).all(|(a, b)| a.abs_diff(*b) <= 1));
        }
    }
}
