//! Vectors of 4 numbers.

use std::arch::aarch64::{
    float32x4_t, vaddq_f32, vcreate_s8, vcvtq_f32_s32, vdupq_n_f32, vfmaq_f32, vget_low_s16,
    vld1q_f32, vmaxq_f32, vmovl_s8, vmovl_s16, vmulq_f32, vst1q_f32, vsubq_f32,
};

use super::Lanes;
use crate::engine::native::kernels::Neon;

// SAFETY of all methods: a `Neon` exists only where the processor has the instructions; what pointers must be is handed
// on to the caller.
impl Lanes for Neon {
    type Vector = float32x4_t;

    const COUNT: usize = 4;

    #[inline(always)]
    fn splat(self, value: f32) -> float32x4_t {
        // SAFETY: see above.
        unsafe { vdupq_n_f32(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> float32x4_t {
        // SAFETY: see above.
        unsafe { vld1q_f32(from) }
    }

    #[inline(always)]
    unsafe fn load_signed_bytes(self, from: *const i8) -> float32x4_t {
        // SAFETY: see above; 4 bytes are read.
        unsafe {
            let bytes = u64::from(from.cast::<u32>().read_unaligned());
            vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vcreate_s8(bytes)))))
        }
    }

    #[inline(always)]
    fn prefetch(self, _from: *const f32) {}

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, vector: float32x4_t) {
        // SAFETY: see above.
        unsafe { vst1q_f32(to, vector) }
    }

    #[inline(always)]
    fn multiply_add(self, a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        // SAFETY: see above.
        unsafe { vfmaq_f32(c, a, b) }
    }

    #[inline(always)]
    fn add(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: see above.
        unsafe { vaddq_f32(a, b) }
    }

    #[inline(always)]
    fn subtract(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: see above.
        unsafe { vsubq_f32(a, b) }
    }

    #[inline(always)]
    fn multiply(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: see above.
        unsafe { vmulq_f32(a, b) }
    }

    #[inline(always)]
    fn max(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: see above.
        unsafe { vmaxq_f32(a, b) }
    }
}
