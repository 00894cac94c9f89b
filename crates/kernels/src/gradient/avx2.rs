//! 16 pixels at a time, in 16-bit integers: the differences of a pixel along x and y are adjacent,
//! so one instruction squares and adds both.

use super::body::BOUNDARIES;
use super::{Neighbourhood, Row};
use crate::Avx2;
use std::arch::x86_64::{
    __m128i, __m256i, _mm_loadu_si128, _mm_packus_epi16, _mm_storeu_si128, _mm256_abs_epi16,
    _mm256_add_epi16, _mm256_and_si256, _mm256_andnot_si256, _mm256_blendv_epi8,
    _mm256_castsi256_si128, _mm256_cmpeq_epi16, _mm256_cmpgt_epi16, _mm256_cmpgt_epi32,
    _mm256_cvtepi32_ps, _mm256_cvtepu8_epi16, _mm256_extracti128_si256, _mm256_madd_epi16,
    _mm256_max_epi32, _mm256_mulhi_epu16, _mm256_packs_epi32, _mm256_permute2f128_ps,
    _mm256_set1_epi16, _mm256_setzero_si256, _mm256_slli_epi16, _mm256_slli_epi32, _mm256_sqrt_ps,
    _mm256_srai_epi16, _mm256_srai_epi32, _mm256_storeu_ps, _mm256_sub_epi16,
    _mm256_unpackhi_epi16, _mm256_unpacklo_epi16, _mm256_xor_si256,
};

/// Number of pixels processed at a time.
const PIXELS: usize = 16;

/// The gradients of eight pixels.
#[derive(Clone, Copy)]
struct Gradients {
    /// Differences along x and y of each pixel.
    differences: __m256i,
    /// Square of each length.
    squared: __m256i,
}

/// Writes the gradients of `row`.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn row(simd: Avx2, row: Row<'_>) {
    if row.columns.body.len() < PIXELS {
        super::body::row(simd, row);
        return;
    }
    let Row {
        rows,
        columns,
        lengths,
        orientations,
    } = row;
    super::body::tail(simd, rows, &columns, lengths, orientations);
    let last = columns.body.end - PIXELS;
    for x in columns.body.step_by(PIXELS) {
        // Fewer than 16 pixels remain at the end, so some are computed again.
        let x = x.min(last);
        // SAFETY: the body has at least `PIXELS` columns, and `x` is at most `last`, so the 16
        // columns from `x` on are in the body. The body starts at column 1 and ends at or before
        // `columns.end`, so the caller guarantees the columns `x - 1` and `x + 16`.
        unsafe {
            let lengths = lengths.as_mut_ptr().add(x);
            sixteen(rows, x, lengths, orientations.as_mut_ptr().add(x));
        }
    }
}

/// Writes the gradients of 16 pixels.
///
/// # Safety
/// All rows must have the columns from `x - 1` to `x + 16`, and both outputs must have room for 16
/// numbers.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn sixteen(rows: Neighbourhood<'_>, x: usize, lengths: *mut f32, orientations: *mut u8) {
    // SAFETY: the caller guarantees the columns that are read, and 16 items of each output, which
    // is all that is written.
    unsafe {
        let red = of_channel(rows, 0, x);
        let green = of_channel(rows, 1, x);
        let blue = of_channel(rows, 2, x);
        // The first of a pair has the pixels 0 to 3 and 8 to 11, the second one the others.
        let first = stronger(stronger(red[0], green[0]), blue[0]);
        let second = stronger(stronger(red[1], green[1]), blue[1]);
        let first_root = _mm256_sqrt_ps(_mm256_cvtepi32_ps(first.squared));
        let second_root = _mm256_sqrt_ps(_mm256_cvtepi32_ps(second.squared));
        let low = _mm256_permute2f128_ps::<0x20>(first_root, second_root);
        let high = _mm256_permute2f128_ps::<0x31>(first_root, second_root);
        _mm256_storeu_ps(lengths, low);
        _mm256_storeu_ps(lengths.add(8), high);
        let words = orientations_of(first.differences, second.differences);
        let bytes = _mm_packus_epi16(
            _mm256_castsi256_si128(words),
            _mm256_extracti128_si256::<1>(words),
        );
        _mm_storeu_si128(orientations.cast::<__m128i>(), bytes);
    }
}

/// Returns the gradients of one channel of 16 pixels.
///
/// # Safety
/// As for [`sixteen`].
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn of_channel(rows: Neighbourhood<'_>, channel: usize, x: usize) -> [Gradients; 2] {
    let here = rows.here[channel].as_ptr();
    // SAFETY: the four loads read the columns from `x - 1` to `x + 16`, which the caller
    // guarantees.
    let (along_x, along_y) = unsafe {
        let left = sixteen_bytes(here.add(x - 1));
        let right = sixteen_bytes(here.add(x + 1));
        let above = sixteen_bytes(rows.above[channel].as_ptr().add(x));
        let below = sixteen_bytes(rows.below[channel].as_ptr().add(x));
        (
            _mm256_sub_epi16(right, left),
            _mm256_sub_epi16(below, above),
        )
    };
    let first = _mm256_unpacklo_epi16(along_x, along_y);
    let second = _mm256_unpackhi_epi16(along_x, along_y);
    [
        Gradients {
            differences: first,
            squared: _mm256_madd_epi16(first, first),
        },
        Gradients {
            differences: second,
            squared: _mm256_madd_epi16(second, second),
        },
    ]
}

/// Loads 16 bytes as 16-bit integers.
///
/// # Safety
/// 16 bytes must be readable from `from` on.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn sixteen_bytes(from: *const u8) -> __m256i {
    // SAFETY: the caller guarantees 16 bytes.
    _mm256_cvtepu8_epi16(unsafe { _mm_loadu_si128(from.cast()) })
}

/// Returns the longer gradients; if they are equal, `b`.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn stronger(a: Gradients, b: Gradients) -> Gradients {
    let of_a = _mm256_cmpgt_epi32(a.squared, b.squared);
    Gradients {
        differences: _mm256_blendv_epi8(b.differences, a.differences, of_a),
        squared: _mm256_max_epi32(a.squared, b.squared),
    }
}

/// Returns the orientations of sixteen gradients; see [`body`](super::body).
#[inline]
#[target_feature(enable = "avx2,fma")]
fn orientations_of(first: __m256i, second: __m256i) -> __m256i {
    let (zero, nine) = (_mm256_setzero_si256(), _mm256_set1_epi16(9));
    let along_x = _mm256_packs_epi32(
        _mm256_srai_epi32::<16>(_mm256_slli_epi32::<16>(first)),
        _mm256_srai_epi32::<16>(_mm256_slli_epi32::<16>(second)),
    );
    let along_y = _mm256_packs_epi32(
        _mm256_srai_epi32::<16>(first),
        _mm256_srai_epi32::<16>(second),
    );
    let distance_y = _mm256_abs_epi16(along_y);
    let distance_x = _mm256_slli_epi16::<2>(_mm256_abs_epi16(along_x));
    let mut direction = zero;
    for [for_y, for_x] in BOUNDARIES {
        let slope = _mm256_set1_epi16(slope(for_y, for_x).cast_signed());
        let most = _mm256_mulhi_epu16(distance_x, slope);
        // A true comparison is -1.
        direction = _mm256_sub_epi16(direction, _mm256_cmpgt_epi16(distance_y, most));
    }
    let upwards = _mm256_srai_epi16::<15>(along_y);
    let upright_x = negated_where(along_x, upwards);
    let to_the_left = _mm256_srai_epi16::<15>(upright_x);
    let mirrored = negated_where(direction, to_the_left);
    let direction = _mm256_add_epi16(mirrored, _mm256_and_si256(to_the_left, nine));
    let direction = _mm256_add_epi16(direction, _mm256_and_si256(upwards, nine));
    // 18 is the same direction as 0.
    let around = _mm256_cmpeq_epi16(direction, _mm256_set1_epi16(18));
    _mm256_andnot_si256(around, direction)
}

/// Returns `for_x / for_y` in 16384ths, rounded. For all `x` from 0 to 255, `4 * x` times this is,
/// in whole 65536ths, the largest `y` for which `y * for_y` does not exceed `x * for_x`; the tests
/// try them all.
const fn slope(for_y: i16, for_x: i16) -> u16 {
    let (for_y, for_x) = (for_y as u32, for_x as u32);
    (((for_x << 14) + for_y / 2) / for_y) as u16
}

/// Returns `-numbers` where `mask` is -1, `numbers` where it is 0.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn negated_where(numbers: __m256i, mask: __m256i) -> __m256i {
    _mm256_sub_epi16(_mm256_xor_si256(numbers, mask), mask)
}
