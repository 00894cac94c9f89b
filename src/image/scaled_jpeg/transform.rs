//! The inverse DCT of a part of a block's coefficients: n x n pixels from the n x n lowest frequencies, as libjpeg scales.

use std::f32::consts::{PI, SQRT_2};

/// For each place of the zigzag order (ITU-T T.81, figure 5), the place row by row.
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Where coefficients go that are not needed.
const NOWHERE: u8 = 64;

/// The coefficients of a block that are needed, row by row, and one place for all the others.
pub(super) type Coefficients = [f32; 65];

/// No coefficient.
pub(super) const NO_COEFFICIENTS: Coefficients = [0.0; 65];

/// For `[k][i]`: what a coefficient of frequency `k` adds to pixel `i`.
type Basis = [[f32; 8]; 8];

/// How the blocks of a component become pixels.
pub(super) struct Transform {
    basis: Basis,
    kernels: Kernels,
    /// For each place of the zigzag order, the place in [`Coefficients`].
    places: [u8; 64],
    /// For each place of the zigzag order, what the coefficient is multiplied by.
    factors: [f32; 64],
    /// The last place of the zigzag order that is needed.
    pub(super) last: usize,
}

impl Transform {
    /// To blocks of `length` x `length` pixels, with a quantisation table; `None` for a length that is not 1 to 4.
    pub(super) fn new(length: usize, quantisation: &[u16; 64]) -> Option<Self> {
        let kernels = match length {
            1 => Kernels::of::<1>(),
            2 => Kernels::of::<2>(),
            3 => Kernels::of::<3>(),
            4 => Kernels::of::<4>(),
            _ => return None,
        };
        let is_needed =
            |place: u8| usize::from(place % 8) < length && usize::from(place / 8) < length;
        Some(Self {
            basis: basis(length),
            kernels,
            places: ZIGZAG.map(|place| if is_needed(place) { place } else { NOWHERE }),
            factors: quantisation.map(|step| f32::from(step) / 8.0),
            last: ZIGZAG.iter().rposition(|&place| is_needed(place))?,
        })
    }

    /// Sets the coefficient at `place` of the zigzag order; whether it is needed.
    #[inline(always)]
    pub(super) fn set(&self, coefficients: &mut Coefficients, place: usize, value: i32) -> bool {
        let target = self.places[place & 63];
        coefficients[usize::from(target)] = value as f32 * self.factors[place & 63];
        target != NOWHERE
    }

    /// Writes the block's pixels to `pixels`, whose rows are `stride` apart.
    #[inline(always)]
    pub(super) fn write(&self, coefficients: &Coefficients, pixels: &mut [u8], stride: usize) {
        (self.kernels.inverse)(self, coefficients, pixels, stride);
    }

    /// Writes a block of which all coefficients but the first are zero.
    #[inline(always)]
    pub(super) fn write_flat(&self, coefficients: &Coefficients, pixels: &mut [u8], stride: usize) {
        let level = to_level(coefficients[0] + 128.0);
        (self.kernels.fill)(level, pixels, stride);
    }
}

/// What writes a block, compiled for its size: all lengths are known, and the loops become vectors.
struct Kernels {
    inverse: fn(&Transform, &Coefficients, &mut [u8], usize),
    fill: fn(u8, &mut [u8], usize),
}

impl Kernels {
    fn of<const N: usize>() -> Self {
        Self {
            inverse: inverse::<N>,
            fill: fill::<N>,
        }
    }
}

fn inverse<const N: usize>(
    transform: &Transform,
    coefficients: &Coefficients,
    pixels: &mut [u8],
    stride: usize,
) {
    let mut columns = [[0.0_f32; N]; N];
    let (rows, _) = coefficients.as_chunks::<8>();
    for (row, basis) in rows.iter().zip(&transform.basis).take(N) {
        // Most high frequencies of most blocks are zero.
        if *row == [0.0; 8] {
            continue;
        }
        for (y, column) in columns.iter_mut().enumerate() {
            for x in 0..N {
                column[x] += basis[y] * row[x];
            }
        }
    }
    for (column, line) in columns.iter().zip(pixels.chunks_mut(stride)) {
        let mut levels = [128.0_f32; N];
        for (frequency, &coefficient) in column.iter().enumerate() {
            let basis = &transform.basis[frequency];
            for x in 0..N {
                levels[x] += coefficient * basis[x];
            }
        }
        if let Some(line) = line.first_chunk_mut::<N>() {
            *line = levels.map(to_level);
        }
    }
}

fn fill<const N: usize>(level: u8, pixels: &mut [u8], stride: usize) {
    for line in pixels.chunks_mut(stride).take(N) {
        if let Some(line) = line.first_chunk_mut::<N>() {
            *line = [level; N];
        }
    }
}

/// The basis of the inverse DCT over `length` pixels, scaled so that frequency 0 adds itself.
fn basis(length: usize) -> Basis {
    let mut basis = [[0.0; 8]; 8];
    for (frequency, waves) in basis.iter_mut().enumerate().take(length) {
        for (place, share) in waves.iter_mut().enumerate().take(length) {
            let angle = ((2 * place + 1) * frequency) as f32 * PI / (2 * length) as f32;
            *share = if frequency == 0 {
                1.0
            } else {
                SQRT_2 * angle.cos()
            };
        }
    }
    basis
}

/// Rounded and held within 0 to 255.
#[inline(always)]
pub(super) fn to_level(value: f32) -> u8 {
    /// Added to a small number, it leaves the number's integer part in the lowest bits. Casts do the same and are slower.
    const TO_INTEGER: f32 = 12_582_912.0;
    let value = if value > 0.0 { value } else { 0.0 };
    let value = if value < 255.0 { value } else { 255.0 };
    (value + TO_INTEGER).to_bits() as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The inverse DCT of a block that has only its lowest frequencies, `length` along each side, over as many pixels,
    /// by the definition (T.81, A.3.3, with `length` for 8), in double precision.
    fn by_definition(block: &[i32; 64], length: usize) -> Vec<f64> {
        let share = |frequency: usize, place: usize| {
            let angle = ((2 * place + 1) * frequency) as f64 * std::f64::consts::PI;
            let scale = if frequency == 0 {
                1.0
            } else {
                std::f64::consts::SQRT_2
            };
            scale * (angle / (2 * length) as f64).cos()
        };
        let pixel = |x: usize, y: usize| {
            (0..length)
                .flat_map(|v| (0..length).map(move |u| (u, v)))
                .map(|(u, v)| f64::from(block[v * 8 + u]) / 8.0 * share(u, x) * share(v, y))
                .sum::<f64>()
        };
        (0..length)
            .flat_map(|y| (0..length).map(move |x| (x, y)))
            .map(|(x, y)| (pixel(x, y) + 128.0).clamp(0.0, 255.0))
            .collect()
    }

    proptest! {
        #[test]
        fn pixels_are_those_of_the_definition(
            length in 1_usize..=4,
            block in proptest::collection::vec(-300..300_i32, 64),
        ) {
            let block: [i32; 64] = block.try_into().unwrap();
            let transform = Transform::new(length, &[1; 64]).unwrap();
            let mut coefficients = NO_COEFFICIENTS;
            for (place, &target) in ZIGZAG.iter().enumerate() {
                transform.set(&mut coefficients, place, block[usize::from(target)]);
            }
            let mut pixels = vec![0; length * length];
            transform.write(&coefficients, &mut pixels, length);
            for (&got, wanted) in pixels.iter().zip(by_definition(&block, length)) {
                prop_assert!((f64::from(got) - wanted).abs() <= 0.51, "{got} for {wanted}");
            }
        }
    }

    #[test]
    fn a_flat_block_is_written_alike_both_ways() {
        for length in 1..=4 {
            let transform = Transform::new(length, &[16; 64]).unwrap();
            for value in [-100, -64, -1, 0, 7, 63, 100] {
                let mut coefficients = NO_COEFFICIENTS;
                transform.set(&mut coefficients, 0, value);
                let mut pixels = [[0; 16]; 2];
                transform.write(&coefficients, &mut pixels[0], length);
                transform.write_flat(&coefficients, &mut pixels[1], length);
                assert_eq!(pixels[0], pixels[1], "{value} at {length}/8");
            }
        }
    }

    #[test]
    fn levels_are_rounded_and_held_in_their_range() {
        for (value, level) in [
            (-1e9, 0),
            (-0.4, 0),
            (0.6, 1),
            (254.4, 254),
            (255.4, 255),
            (1e9, 255),
        ] {
            assert_eq!(to_level(value), level, "{value}");
        }
        assert_eq!(to_level(f32::NAN), 0);
    }
}
