//! The inverse DCT of a part of a block's coefficients: n x n pixels from the n x n lowest
//! frequencies, like libjpeg's scaling. Adjacent blocks are transformed together, so that each step
//! runs on many at once.

use std::f32::consts::{PI, SQRT_2};

/// For each place of the zigzag order (ITU-T T.81, figure 5), the place row by row.
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Number of blocks transformed at a time.
pub(super) const GROUP: usize = 8;

/// One number for each block of a group.
type Numbers = [f32; GROUP];

/// The required coefficients of adjacent blocks, frequency by frequency: integers, as coded.
pub(super) struct Blocks {
    /// Number of blocks, a multiple of [`GROUP`].
    count: usize,
    numbers: Vec<i16>,
    /// Start of the coefficients of each place of the zigzag order. Coefficients that are not
    /// needed share a start with the places after the block.
    starts: [u32; 128],
}

impl Blocks {
    /// Clears the coefficients.
    pub(super) fn clear(&mut self) {
        self.numbers.fill(0);
    }

    /// Sets the coefficient at `place` of the zigzag order of a block. Places from 64 on are
    /// ignored.
    #[inline(always)]
    pub(super) fn set(&mut self, block: usize, place: usize, value: i32) {
        let at = self.starts[place & 127] as usize + block;
        if let Some(number) = self.numbers.get_mut(at) {
            *number = value as i16;
        }
    }

    /// Returns the coefficients of a frequency in a group of blocks.
    #[inline(always)]
    fn group(&self, frequency: usize, first: usize) -> Option<&[i16; GROUP]> {
        let start = frequency * self.count + first;
        self.numbers.get(start..)?.first_chunk()
    }
}

/// The conversion of a component's blocks to pixels.
pub(super) struct Transform {
    length: usize,
    /// Factor for each frequency, row by row.
    factors: Vec<f32>,
    /// Quantisation step of each frequency, row by row.
    steps: Vec<i32>,
    write: fn(&Self, &Blocks, usize, &mut [u8], usize) -> Option<()>,
    /// Last place of the zigzag order that is needed.
    pub(super) last: usize,
}

impl Transform {
    /// Creates the transform to blocks of `length` x `length` pixels, with a quantisation table.
    /// Returns `None` unless `length` is 1 to 8.
    pub(super) fn new(length: usize, quantisation: &[u16; 64]) -> Option<Self> {
        let write = match length {
            1 => write::<1, Few<1>>,
            2 => write::<2, Few<2>>,
            3 => write::<3, Few<3>>,
            4 => write::<4, Few<4>>,
            5 => write::<5, Few<5>>,
            6 => write::<6, Few<6>>,
            7 => write::<7, Few<7>>,
            8 => write_eight,
            _ => return None,
        };
        let mut steps = vec![0; length * length];
        for (&place, &step) in ZIGZAG.iter().zip(quantisation) {
            if let Some(frequency) = frequency(place, length) {
                steps[frequency] = i32::from(step);
            }
        }
        let factors = steps.iter().map(|&step| step as f32 / 8.0).collect();
        Some(Self {
            length,
            factors,
            steps,
            write,
            last: ZIGZAG
                .iter()
                .rposition(|&place| frequency(place, length).is_some())?,
        })
    }

    /// Returns `count` blocks, a multiple of [`GROUP`], with all coefficients zero.
    pub(super) fn blocks(&self, count: usize) -> Blocks {
        let needed = self.length * self.length;
        let start = |frequency: usize| (frequency * count) as u32;
        let mut starts = [start(needed); 128];
        for (starts, place) in starts.iter_mut().zip(ZIGZAG) {
            *starts = start(frequency(place, self.length).unwrap_or(needed));
        }
        Blocks {
            count,
            numbers: vec![0; (needed + 1) * count],
            starts,
        }
    }

    /// Writes the pixels of the first `count` of `blocks`, and of those that fill the last
    /// [`GROUP`], to lines that are `stride` apart. Returns `None` if the lines are too short.
    pub(super) fn write(
        &self,
        blocks: &Blocks,
        count: usize,
        pixels: &mut [u8],
        stride: usize,
    ) -> Option<()> {
        (self.write)(self, blocks, count, pixels, stride)
    }

    /// Returns whether the DC coefficient of a block of pixels can be as large as `coded`.
    pub(super) fn has_dc_level(&self, coded: u32) -> bool {
        /// Half of the levels of a pixel.
        const LEVELS: f32 = 128.0;
        // Rounding to a quantisation step adds at most one step.
        let step = self.factors.first().copied().unwrap_or_default();
        coded as f32 * step <= LEVELS + step
    }
}

/// Returns the index among the `length` x `length` lowest frequencies, row by row, of the frequency
/// at `place` of all 8 x 8.
fn frequency(place: u8, length: usize) -> Option<usize> {
    let (x, y) = (usize::from(place % 8), usize::from(place / 8));
    (x < length && y < length).then_some(y * length + x)
}

/// An inverse DCT over `N` places.
trait Inverse<const N: usize>: Sized {
    fn new() -> Self;

    /// Returns the levels at the places. A method, since closures are not always inlined, and a
    /// call would copy all numbers.
    fn places(&self, frequencies: [Numbers; N]) -> [Numbers; N];
}

/// Writes blocks, compiled for their size: all lengths are known, so the loops become vectors.
fn write<const N: usize, I: Inverse<N>>(
    transform: &Transform,
    blocks: &Blocks,
    count: usize,
    pixels: &mut [u8],
    stride: usize,
) -> Option<()> {
    let inverse = I::new();
    for first in (0..count).step_by(GROUP) {
        let columns = columns(&inverse, transform, blocks, first)?;
        for y in 0..N {
            let mut frequencies = [[0.0; GROUP]; N];
            for (frequency, column) in frequencies.iter_mut().zip(&columns) {
                *frequency = column[y];
            }
            let start = y * stride + first * N;
            let line = pixels.get_mut(start..start + GROUP * N)?;
            write_line(&inverse.places(frequencies), line);
        }
    }
    Some(())
}

/// Returns the transform along y of each column of frequencies.
#[inline(always)]
fn columns<const N: usize>(
    inverse: &impl Inverse<N>,
    transform: &Transform,
    blocks: &Blocks,
    first: usize,
) -> Option<[[Numbers; N]; N]> {
    let mut columns = [[[0.0; GROUP]; N]; N];
    for (x, column) in columns.iter_mut().enumerate() {
        let mut frequencies = [[0.0; GROUP]; N];
        for (y, numbers) in frequencies.iter_mut().enumerate() {
            let factor = *transform.factors.get(y * N + x)?;
            let coded = blocks.group(y * N + x, first)?;
            for (number, &coded) in numbers.iter_mut().zip(coded) {
                *number = f32::from(coded) * factor;
            }
        }
        if x == 0 {
            // The middle level of a pixel.
            for number in &mut frequencies[0] {
                *number += 128.0;
            }
        }
        *column = inverse.places(frequencies);
    }
    Some(columns)
}

/// The inverse DCT over few places. Waves of even frequencies are symmetric, those of odd
/// frequencies antisymmetric.
struct Few<const N: usize>([[f32; N]; N]);

impl<const N: usize> Inverse<N> for Few<N> {
    fn new() -> Self {
        Self(basis())
    }

    #[inline(always)]
    fn places(&self, frequencies: [Numbers; N]) -> [Numbers; N] {
        let mut places = [[0.0; GROUP]; N];
        for x in 0..N.div_ceil(2) {
            let (mut even, mut odd) = (frequencies[0], [0.0; GROUP]);
            for (frequency, numbers) in frequencies.iter().enumerate().skip(1) {
                let sum = if frequency % 2 == 0 {
                    &mut even
                } else {
                    &mut odd
                };
                for (sum, number) in sum.iter_mut().zip(numbers) {
                    *sum += self.0[frequency][x] * number;
                }
            }
            for block in 0..GROUP {
                places[N - 1 - x][block] = even[block] - odd[block];
                places[x][block] = even[block] + odd[block];
            }
        }
        places
    }
}

/// One integer for each block of a group.
type Integers = [i32; GROUP];

/// A factor of [`eight_places`] for each block of a group. Processors multiply 16-bit numbers
/// several times as fast as 32-bit ones.
type Shorts = [i16; GROUP];

/// Writes blocks of 8 x 8 pixels in integers, with the same pixels as libjpeg's accurate method
/// (jidctint.c, after Loeffler, Ligtenberg and Moschytz), so that the faces found in a photo do not
/// depend on the decoder.
fn write_eight(
    transform: &Transform,
    blocks: &Blocks,
    count: usize,
    pixels: &mut [u8],
    stride: usize,
) -> Option<()> {
    for first in (0..count).step_by(GROUP) {
        let mut columns: [[Shorts; 8]; 8] = [[[0; GROUP]; 8]; 8];
        for (x, column) in columns.iter_mut().enumerate() {
            let mut frequencies = [[0; GROUP]; 8];
            for (y, numbers) in frequencies.iter_mut().enumerate() {
                let step = *transform.steps.get(y * 8 + x)? as i16;
                let coded = blocks.group(y * 8 + x, first)?;
                for (number, &coded) in numbers.iter_mut().zip(coded) {
                    *number = coded.wrapping_mul(step);
                }
            }
            let places = eight_places::<{ FRACTION - EXTRA }>(frequencies);
            for (numbers, places) in column.iter_mut().zip(&places) {
                *numbers = to_shorts(*places);
            }
        }
        for y in 0..8 {
            let mut frequencies = [[0; GROUP]; 8];
            for (frequency, column) in frequencies.iter_mut().zip(&columns) {
                *frequency = column[y];
            }
            let places = eight_places::<{ FRACTION + EXTRA + 3 }>(frequencies);
            let mut levels = [[0; GROUP]; 8];
            for (levels, places) in levels.iter_mut().zip(&places) {
                *levels = each(*places, to_byte);
            }
            let start = y * stride + first * 8;
            let line = pixels.get_mut(start..start + GROUP * 8)?;
            write_levels(&levels, line);
        }
    }
    Some(())
}

/// Number of fractional bits of a constant.
const FRACTION: u32 = 13;
/// Number of fractional bits kept between the passes.
const EXTRA: u32 = 2;

/// Applies `compute` to each number. A loop, since `map` of arrays does not become vectors.
#[inline(always)]
fn each<A: Copy, B: Copy + Default>(numbers: [A; GROUP], compute: impl Fn(A) -> B) -> [B; GROUP] {
    let mut results = [B::default(); GROUP];
    for (result, &number) in results.iter_mut().zip(&numbers) {
        *result = compute(number);
    }
    results
}

/// Applies `compute` to each pair of numbers.
#[inline(always)]
fn both<A: Copy + Default>(
    a: [A; GROUP],
    b: [A; GROUP],
    compute: impl Fn(A, A) -> A,
) -> [A; GROUP] {
    let mut results = [A::default(); GROUP];
    for ((result, &a), &b) in results.iter_mut().zip(&a).zip(&b) {
        *result = compute(a, b);
    }
    results
}

/// Clamps to 16 bits; only damaged numbers exceed them.
#[inline(always)]
fn to_shorts(numbers: Integers) -> Shorts {
    each(numbers, |number| {
        number.clamp(i16::MIN.into(), i16::MAX.into()) as i16
    })
}

/// Converts a level relative to the middle one, clamped to 0 to 255.
#[inline(always)]
fn to_byte(level: i32) -> u8 {
    level.wrapping_add(128).clamp(0, 255) as u8
}

/// Computes the inverse DCT over 8 places, without the last `SHIFT` bits. Only damaged numbers wrap
/// around.
///
/// Factors are multiplied out so that all but two of the multiplied numbers are frequencies, which
/// have 16 bits.
#[inline(always)]
fn eight_places<const SHIFT: u32>(frequencies: [Shorts; 8]) -> [Integers; 8] {
    let (add, less) = (
        |a: Integers, b: Integers| both(a, b, i32::wrapping_add),
        |a: Integers, b: Integers| both(a, b, i32::wrapping_sub),
    );
    let add_shorts = |a: Shorts, b: Shorts| both(a, b, i16::wrapping_add);
    let times = |a: Shorts, factor: i16| each(a, |number| i32::from(number) * i32::from(factor));
    let whole = |a: Shorts| each(a, |number| i32::from(number) << FRACTION);
    let [f0, f1, f2, f3, f4, f5, f6, f7] = frequencies;

    let outer = add(times(f2, 4433 + 6270), times(f6, 4433));
    let inner = add(times(f2, 4433), times(f6, 4433 - 15_137));
    let sum = add(whole(f0), whole(f4));
    let difference = less(whole(f0), whole(f4));
    let even = [
        add(sum, outer),
        add(difference, inner),
        less(difference, inner),
        less(sum, outer),
    ];

    let (z3, z4) = (add_shorts(f7, f3), add_shorts(f5, f1));
    let (with_z3, with_z4) = (
        add(times(z3, 9633 - 16_069), times(z4, 9633)),
        add(times(z3, 9633), times(z4, 9633 - 3196)),
    );
    let pair = |a: Shorts, for_a: i16, b: Shorts, for_b: i16| add(times(a, for_a), times(b, for_b));
    let odd = [
        add(pair(f1, 12_299 - 7373, f7, -7373), with_z4),
        add(pair(f3, 25_172 - 20_995, f5, -20_995), with_z3),
        add(pair(f5, 16_819 - 20_995, f3, -20_995), with_z4),
        add(pair(f7, 2446 - 7373, f1, -7373), with_z3),
    ];

    let half = 1 << (SHIFT - 1);
    let rounded = |a: Integers| each(a, |number| number.wrapping_add(half) >> SHIFT);
    let mut places = [[0; GROUP]; 8];
    for place in 0..4 {
        places[place] = rounded(add(even[place], odd[place]));
        places[7 - place] = rounded(less(even[place], odd[place]));
    }
    places
}

/// Writes a line of pixels, rounded, block by block.
#[inline(always)]
fn write_line<const N: usize>(levels: &[Numbers; N], line: &mut [u8]) {
    let mut rounded = [[0; GROUP]; N];
    for (rounded, levels) in rounded.iter_mut().zip(levels) {
        for (rounded, &level) in rounded.iter_mut().zip(levels) {
            *rounded = to_level(level);
        }
    }
    write_levels(&rounded, line);
}

/// Writes a line of pixels, block by block.
#[inline(always)]
fn write_levels<const N: usize>(levels: &[[u8; GROUP]; N], line: &mut [u8]) {
    let (blocks, _) = line.as_chunks_mut::<N>();
    for (block, pixels) in blocks.iter_mut().enumerate().take(GROUP) {
        for (pixel, levels) in pixels.iter_mut().zip(levels) {
            *pixel = levels[block];
        }
    }
}

/// Returns the basis of the inverse DCT over `N` places, `[frequency][place]`, scaled so that
/// frequency 0 is added unchanged.
fn basis<const N: usize>() -> [[f32; N]; N] {
    let mut basis = [[1.0; N]; N];
    for (frequency, waves) in basis.iter_mut().enumerate().skip(1) {
        for (place, share) in waves.iter_mut().enumerate() {
            let angle = ((2 * place + 1) * frequency) as f32 * PI / (2 * N) as f32;
            *share = SQRT_2 * angle.cos();
        }
    }
    basis
}

/// Rounds `value` and clamps it to 0 to 255.
#[inline(always)]
pub(crate) fn to_level(value: f32) -> u8 {
    /// Added to a small number, it leaves the number's integer part in the lowest bits. Casts do
    /// the same but are slower.
    const TO_INTEGER: f32 = 12_582_912.0;
    let value = if value > 0.0 { value } else { 0.0 };
    let value = if value < 255.0 { value } else { 255.0 };
    (value + TO_INTEGER).to_bits() as u8
}

#[cfg(test)]
mod tests;
