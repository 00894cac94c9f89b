//! Vectors of 8 numbers.

use std::arch::x86_64::{
    __m256, _MM_HINT_T0, _mm_loadl_epi64, _mm_prefetch, _mm256_add_ps, _mm256_cvtepi8_epi32,
    _mm256_cvtepi32_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_max_ps, _mm256_min_ps,
    _mm256_mul_ps, _mm256_set1_ps, _mm256_storeu_ps, _mm256_sub_ps,
};

use super::Lanes;
use crate::Avx2;

// SAFETY: `Avx2::detect` returns an `Avx2` only if the processor has AVX2 and FMA. `COUNT` is the
// size of the vector, and each load and store accesses that many items.
unsafe impl Lanes for Avx2 {
    type Vector = __m256;

    const COUNT: usize = 8;

    #[inline(always)]
    fn splat(self, value: f32) -> __m256 {
        // SAFETY: the instruction needs AVX2 and FMA, which `self` proves.
        unsafe { _mm256_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load_unchecked(self, from: *const f32) -> __m256 {
        // SAFETY: `self` proves AVX2 and FMA; the caller guarantees that `COUNT` numbers are
        // readable.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_signed_bytes_unchecked(self, from: *const i8) -> __m256 {
        // SAFETY: `self` proves AVX2 and FMA; the caller guarantees that `COUNT` bytes are
        // readable.
        unsafe { _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(from.cast()))) }
    }

    #[inline(always)]
    fn prefetch(self, from: *const f32) {
        // SAFETY: prefetching reads nothing that the program could see, and never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
    }

    #[inline(always)]
    unsafe fn store_unchecked(self, to: *mut f32, vector: __m256) {
        // SAFETY: `self` proves AVX2 and FMA; the caller guarantees that `COUNT` numbers are
        // writable.
        unsafe { _mm256_storeu_ps(to, vector) }
    }

    #[inline(always)]
    fn multiply_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        // SAFETY: the instruction needs AVX2 and FMA, which `self` proves.
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: the instruction needs AVX2 and FMA, which `self` proves.
        unsafe { _mm256_add_ps(a, b) }
    }

    #[inline(always)]
    fn subtract(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: the instruction needs AVX2 and FMA, which `self` proves.
        unsafe { _mm256_sub_ps(a, b) }
    }

    #[inline(always)]
    fn multiply(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: the instruction needs AVX2 and FMA, which `self` proves.
        unsafe { _mm256_mul_ps(a, b) }
    }

    #[inline(always)]
    fn max(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: the instruction needs AVX2 and FMA, which `self` proves.
        unsafe { _mm256_max_ps(a, b) }
    }

    #[inline(always)]
    fn min(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: the instruction needs AVX2 and FMA, which `self` proves.
        unsafe { _mm256_min_ps(a, b) }
    }
}
