//! Vectors of 4 numbers.

use std::arch::aarch64::{
    float32x4_t, vaddq_f32, vcreate_s8, vcvtq_f32_s32, vdupq_n_f32, vfmaq_f32, vget_low_s16,
    vld1q_f32, vmaxq_f32, vminq_f32, vmovl_s8, vmovl_s16, vmulq_f32, vst1q_f32, vsubq_f32,
};

use super::Lanes;
use crate::Neon;

// SAFETY: `Neon::detect` returns a `Neon` only if the processor has NEON. `COUNT` is the
// size of the vector, and each load and store accesses that many items.
unsafe impl Lanes for Neon {
    type Vector = float32x4_t;

    const COUNT: usize = 4;

    #[inline(always)]
    fn splat(self, value: f32) -> float32x4_t {
        // SAFETY: the instruction needs NEON, which `self` proves.
        unsafe { vdupq_n_f32(value) }
    }

    #[inline(always)]
    unsafe fn load_unchecked(self, from: *const f32) -> float32x4_t {
        // SAFETY: `self` proves NEON; the caller guarantees that `COUNT` numbers are readable.
        unsafe { vld1q_f32(from) }
    }

    #[inline(always)]
    unsafe fn load_signed_bytes_unchecked(self, from: *const i8) -> float32x4_t {
        // SAFETY: `self` proves NEON; the caller guarantees that `COUNT` bytes are readable.
        unsafe {
            let bytes = u64::from(from.cast::<u32>().read_unaligned());
            vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vcreate_s8(bytes)))))
        }
    }

    #[inline(always)]
    fn prefetch(self, _from: *const f32) {}

    #[inline(always)]
    unsafe fn store_unchecked(self, to: *mut f32, vector: float32x4_t) {
        // SAFETY: `self` proves NEON; the caller guarantees that `COUNT` numbers are writable.
        unsafe { vst1q_f32(to, vector) }
    }

    #[inline(always)]
    fn multiply_add(self, a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        // SAFETY: the instruction needs NEON, which `self` proves.
        unsafe { vfmaq_f32(c, a, b) }
    }

    #[inline(always)]
    fn add(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: the instruction needs NEON, which `self` proves.
        unsafe { vaddq_f32(a, b) }
    }

    #[inline(always)]
    fn subtract(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: the instruction needs NEON, which `self` proves.
        unsafe { vsubq_f32(a, b) }
    }

    #[inline(always)]
    fn multiply(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: the instruction needs NEON, which `self` proves.
        unsafe { vmulq_f32(a, b) }
    }

    #[inline(always)]
    fn max(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: the instruction needs NEON, which `self` proves.
        unsafe { vmaxq_f32(a, b) }
    }

    #[inline(always)]
    fn min(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: the instruction needs NEON, which `self` proves.
        unsafe { vminq_f32(a, b) }
    }
}
