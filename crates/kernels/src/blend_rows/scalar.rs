//! The specification, in blocks that a compiler turns into vectors.

use super::RowWeights;

/// Columns whose sums are computed together.
const BLOCK: usize = 32;

#[inline(always)]
pub(super) fn blend_rows(source: &[u8], stride: usize, weights: RowWeights<'_>, out: &mut [u8]) {
    for (block, out) in out.chunks_mut(BLOCK).enumerate() {
        let mut sums = [1 << (weights.precision - 1); BLOCK];
        for (row, weight) in weights.weights.iter().enumerate() {
            let pixels = &source[row * stride + block * BLOCK..][..out.len()];
            if let Some(pixels) = pixels.first_chunk::<BLOCK>() {
                add(&mut sums, pixels, *weight);
            } else {
                add(&mut sums, pixels, *weight);
            }
        }
        for (byte, sum) in out.iter_mut().zip(sums) {
            *byte = (sum >> weights.precision).clamp(0, 255) as u8;
        }
    }
}

/// Adds `pixels` times `weight`; for whole blocks the number of pixels is a constant.
#[inline(always)]
fn add<'a>(sums: &mut [i32; BLOCK], pixels: impl IntoIterator<Item = &'a u8>, weight: i16) {
    for (sum, pixel) in sums.iter_mut().zip(pixels) {
        *sum = sum.wrapping_add(i32::from(*pixel) * i32::from(weight));
    }
}
