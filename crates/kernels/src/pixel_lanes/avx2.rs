//! Vectors of 8 numbers.

use std::arch::x86_64::{
    __m256, _CMP_GT_OQ, _mm_loadl_epi64, _mm_loadu_si128, _mm_packus_epi16, _mm_packus_epi32,
    _mm_storel_epi64, _mm256_blendv_ps, _mm256_broadcastsi128_si256, _mm256_castsi256_si128,
    _mm256_cmp_ps, _mm256_cvtepi32_ps, _mm256_cvtepu8_epi32, _mm256_cvttps_epi32, _mm256_div_ps,
    _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_shuffle_epi8, _mm256_sqrt_ps,
};

use super::PixelLanes;
use crate::Avx2;
use crate::lanes::Lanes;
use crate::resize_rows::Place;

// SAFETY: `COUNT` is 8.
unsafe impl PixelLanes for Avx2 {
    #[inline(always)]
    fn pick(self, source: &[u8; 16], places: &[Place]) -> __m256 {
        let places = &places[..Self::COUNT];
        // SAFETY: `self` proves AVX2 and FMA. Only the 16 bytes of the array and the 8 places of
        // the slice, 32 bytes, are read.
        unsafe {
            let bytes = _mm256_broadcastsi128_si256(_mm_loadu_si128(source.as_ptr().cast()));
            let places = _mm256_loadu_si256(places.as_ptr().cast());
            _mm256_cvtepi32_ps(_mm256_shuffle_epi8(bytes, places))
        }
    }

    #[inline(always)]
    fn load_bytes(self, from: &[u8]) -> __m256 {
        let from = &from[..Self::COUNT];
        // SAFETY: `self` proves AVX2 and FMA. The 8 bytes of the slice are read.
        unsafe { _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(from.as_ptr().cast()))) }
    }

    #[inline(always)]
    fn store_bytes(self, to: &mut [u8], vector: __m256) {
        let to = &mut to[..Self::COUNT];
        // SAFETY: `self` proves AVX2 and FMA. The 8 bytes of the slice are written.
        unsafe {
            let whole = _mm256_cvttps_epi32(vector);
            let (low, high) = (
                _mm256_castsi256_si128(whole),
                _mm256_extracti128_si256::<1>(whole),
            );
            let words = _mm_packus_epi32(low, high);
            _mm_storel_epi64(to.as_mut_ptr().cast(), _mm_packus_epi16(words, words));
        }
    }

    #[inline(always)]
    fn divide(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: the instruction needs AVX2 and FMA, which `self` proves.
        unsafe { _mm256_div_ps(a, b) }
    }

    #[inline(always)]
    fn square_root(self, a: __m256) -> __m256 {
        // SAFETY: the instruction needs AVX2 and FMA, which `self` proves.
        unsafe { _mm256_sqrt_ps(a) }
    }

    #[inline(always)]
    fn select_greater(self, a: __m256, b: __m256, yes: __m256, no: __m256) -> __m256 {
        // SAFETY: the instruction needs AVX2 and FMA, which `self` proves.
        unsafe { _mm256_blendv_ps(no, yes, _mm256_cmp_ps::<_CMP_GT_OQ>(a, b)) }
    }
}
