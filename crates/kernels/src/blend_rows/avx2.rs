//! Two rows at a time, since one instruction multiplies pairs of numbers and adds both products.

use std::arch::x86_64::{
    __m256i, _mm_cvtsi32_si128, _mm256_add_epi32, _mm256_loadu_si256, _mm256_madd_epi16,
    _mm256_packs_epi32, _mm256_packus_epi16, _mm256_set1_epi32, _mm256_setzero_si256,
    _mm256_sra_epi32, _mm256_storeu_si256, _mm256_unpackhi_epi8, _mm256_unpacklo_epi8,
};

use super::{RowWeights, scalar};
use crate::Avx2;

/// Bytes of a vector.
const VECTOR: usize = 32;

/// Columns whose sums are computed together: two vectors, whose sums take half of the registers.
const BLOCK: usize = 2 * VECTOR;

#[inline(always)]
pub(super) fn blend_rows(
    simd: Avx2,
    source: &[u8],
    stride: usize,
    weights: RowWeights<'_>,
    out: &mut [u8],
) {
    let Some(last) = out.len().checked_sub(VECTOR) else {
        return scalar::blend_rows(source, stride, weights, out);
    };
    let mut first = 0;
    while first + BLOCK <= out.len() {
        blend_vectors::<2>(simd, &source[first..], stride, weights, &mut out[first..]);
        first += BLOCK;
    }
    if first + VECTOR < out.len() {
        blend_vectors::<1>(simd, &source[first..], stride, weights, &mut out[first..]);
    }
    // The last vector ends with the row; what it has in common with others is computed twice.
    if first < out.len() {
        blend_vectors::<1>(simd, &source[last..], stride, weights, &mut out[last..]);
    }
}

/// Writes the first `COUNT` vectors of `out`.
#[inline(always)]
fn blend_vectors<const COUNT: usize>(
    simd: Avx2,
    source: &[u8],
    stride: usize,
    weights: RowWeights<'_>,
    out: &mut [u8],
) {
    // SAFETY: the instruction needs AVX2 and FMA, which `simd` proves.
    let half = unsafe { _mm256_set1_epi32(1 << (weights.precision - 1)) };
    let mut sums = [[half; 4]; COUNT];
    let (pairs, rest) = weights.weights.as_chunks::<2>();
    for (pair, weights) in pairs.iter().enumerate() {
        let upper = &source[2 * pair * stride..][..COUNT * VECTOR];
        let lower = &source[(2 * pair + 1) * stride..][..COUNT * VECTOR];
        let weights = pair_of(simd, weights[0], weights[1]);
        for (vector, sums) in sums.iter_mut().enumerate() {
            let upper = load(simd, &upper[vector * VECTOR..]);
            let lower = load(simd, &lower[vector * VECTOR..]);
            add(simd, sums, upper, lower, weights);
        }
    }
    if let [weight] = rest {
        let row = &source[2 * pairs.len() * stride..][..COUNT * VECTOR];
        let weights = pair_of(simd, *weight, 0);
        for (vector, sums) in sums.iter_mut().enumerate() {
            let row = load(simd, &row[vector * VECTOR..]);
            add(simd, sums, row, row, weights);
        }
    }
    for (sums, out) in sums.into_iter().zip(out.as_chunks_mut().0) {
        store(simd, sums, weights.precision, out);
    }
}

/// Returns two weights in the halves of every lane.
#[inline(always)]
fn pair_of(_: Avx2, upper: i16, lower: i16) -> __m256i {
    let pair = i32::from(upper.cast_unsigned()) | i32::from(lower) << 16;
    // SAFETY: the instruction needs AVX2 and FMA, which an `Avx2` proves.
    unsafe { _mm256_set1_epi32(pair) }
}

#[inline(always)]
fn load(_: Avx2, from: &[u8]) -> __m256i {
    let from = &from[..VECTOR];
    // SAFETY: an `Avx2` proves AVX2 and FMA. The 32 bytes of the slice are read.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}

/// Adds both rows, each times its weight. The sums are in the order in which [`store`] packs them.
#[inline(always)]
fn add(_: Avx2, sums: &mut [__m256i; 4], upper: __m256i, lower: __m256i, weights: __m256i) {
    // SAFETY: the instructions need AVX2 and FMA, which an `Avx2` proves; they access no memory.
    unsafe {
        let zero = _mm256_setzero_si256();
        let low = _mm256_unpacklo_epi8(upper, lower);
        let high = _mm256_unpackhi_epi8(upper, lower);
        let pairs = [
            _mm256_unpacklo_epi8(low, zero),
            _mm256_unpackhi_epi8(low, zero),
            _mm256_unpacklo_epi8(high, zero),
            _mm256_unpackhi_epi8(high, zero),
        ];
        for (sum, pair) in sums.iter_mut().zip(pairs) {
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pair, weights));
        }
    }
}

#[inline(always)]
fn store(_: Avx2, sums: [__m256i; 4], precision: u32, to: &mut [u8; VECTOR]) {
    // SAFETY: an `Avx2` proves AVX2 and FMA. The 32 bytes of the array are written.
    unsafe {
        let count = _mm_cvtsi32_si128(precision.cast_signed());
        let low = _mm256_packs_epi32(
            _mm256_sra_epi32(sums[0], count),
            _mm256_sra_epi32(sums[1], count),
        );
        let high = _mm256_packs_epi32(
            _mm256_sra_epi32(sums[2], count),
            _mm256_sra_epi32(sums[3], count),
        );
        let bytes = _mm256_packus_epi16(low, high);
        _mm256_storeu_si256(to.as_mut_ptr().cast(), bytes);
    }
}
