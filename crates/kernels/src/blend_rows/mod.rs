//! A weighted sum of rows of bytes: the inner loop of resizing with any filter. Input: rows, and a
//! whole number for each, in fractions of a power of two. Output: a row of bytes.
//!
//! Sums are computed modulo 2^32, so all levels compute the same bytes. A sum is rounded to the
//! nearest byte, halves upwards, and one outside of 0 to 255 becomes the nearer of the two. 512-bit
//! vectors gain nothing, so AVX-512 uses the AVX2 variant; for NEON the compiler makes vectors of
//! the scalar loop.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod scalar;
#[cfg(test)]
mod tests;

use crate::SimdLevel;
use crate::extent::{end, fits};
use crate::level::kernel;

/// Largest [`RowWeights::precision`], that of fast_image_resize. Sums of weights of up to 2 fit in
/// 32 bits.
pub const MAX_PRECISION: u32 = 21;

/// Weights of adjacent rows.
#[derive(Debug, Clone, Copy)]
pub struct RowWeights<'a> {
    /// Weight of each row, times 2 to the power of `precision`.
    pub weights: &'a [i16],
    /// From 1 to [`MAX_PRECISION`].
    pub precision: u32,
}

/// Writes the sum of the rows that start at multiples of `stride` in `source`, each times its
/// weight, to `out`. Sums that do not fit in 32 bits wrap around.
///
/// # Panics
/// If a row ends outside of `source`, or the precision is out of range.
pub fn blend_rows(
    level: SimdLevel,
    source: &[u8],
    stride: usize,
    weights: RowWeights<'_>,
    out: &mut [u8],
) {
    assert!(
        (1..=MAX_PRECISION).contains(&weights.precision),
        "the precision is out of range"
    );
    if weights.weights.is_empty() {
        out.fill(0);
        return;
    }
    let end = end(&[(weights.weights.len(), stride)], out.len());
    assert!(fits(end, source.len()), "a row is too short");
    run(level, source, stride, weights, out);
}

kernel! {
    fn run(source: &[u8], stride: usize, weights: RowWeights<'_>, out: &mut [u8]);
    scalar: scalar::blend_rows,
    avx2: avx2::blend_rows,
    neon: |_, source, stride, weights, out| scalar::blend_rows(source, stride, weights, out),
}
