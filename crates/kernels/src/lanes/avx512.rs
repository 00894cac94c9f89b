//! Vectors of 16 numbers.

use std::arch::x86_64::{
    __m512, _MM_HINT_T0, _mm_loadu_si128, _mm_prefetch, _mm512_add_ps, _mm512_cvtepi8_epi32,
    _mm512_cvtepi32_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_max_ps, _mm512_min_ps,
    _mm512_mul_ps, _mm512_set1_ps, _mm512_storeu_ps, _mm512_sub_ps,
};

use super::Lanes;
use crate::Avx512;

// SAFETY: `Avx512::detect` returns an `Avx512` only if the processor has AVX-512. `COUNT` is the
// size of the vector, and each load and store accesses that many items.
unsafe impl Lanes for Avx512 {
    type Vector = __m512;

    const COUNT: usize = 16;

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        // SAFETY: the instruction needs AVX-512, which `self` proves.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load_unchecked(self, from: *const f32) -> __m512 {
        // SAFETY: `self` proves AVX-512; the caller guarantees that `COUNT` numbers are readable.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_signed_bytes_unchecked(self, from: *const i8) -> __m512 {
        // SAFETY: `self` proves AVX-512; the caller guarantees that `COUNT` bytes are readable.
        unsafe { _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(from.cast()))) }
    }

    #[inline(always)]
    fn prefetch(self, from: *const f32) {
        // SAFETY: prefetching reads nothing that the program could see, and never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
    }

    #[inline(always)]
    unsafe fn store_unchecked(self, to: *mut f32, vector: __m512) {
        // SAFETY: `self` proves AVX-512; the caller guarantees that `COUNT` numbers are writable.
        unsafe { _mm512_storeu_ps(to, vector) }
    }

    #[inline(always)]
    fn multiply_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: the instruction needs AVX-512, which `self` proves.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the instruction needs AVX-512, which `self` proves.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn subtract(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the instruction needs AVX-512, which `self` proves.
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn multiply(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the instruction needs AVX-512, which `self` proves.
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the instruction needs AVX-512, which `self` proves.
        unsafe { _mm512_max_ps(a, b) }
    }

    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: the instruction needs AVX-512, which `self` proves.
        unsafe { _mm512_min_ps(a, b) }
    }
}
