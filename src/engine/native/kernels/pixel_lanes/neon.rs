//! Vectors of 4 numbers.

use std::arch::aarch64::{
    float32x4_t, uint8x16_t, vbslq_f32, vcgtq_f32, vcombine_u8, vcombine_u16, vcvtq_f32_u32,
    vcvtq_u32_f32, vdivq_f32, vdup_n_u32, vget_lane_u32, vget_low_u8, vget_low_u16, vld1q_u8,
    vminq_f32, vmovl_u8, vmovl_u16, vmovn_u16, vmovn_u32, vqtbl1q_u8, vreinterpret_u8_u32,
    vreinterpret_u32_u8, vreinterpretq_u32_u8, vset_lane_u32, vsqrtq_f32,
};

use super::PixelLanes;
use crate::engine::native::kernels::Neon;
use crate::engine::native::kernels::resize_rows::Place;

/// The four bytes from `from` on, followed by zeros.
///
/// # Safety
/// They must be readable.
#[inline(always)]
unsafe fn four_bytes(_: Neon, from: *const u8) -> uint8x16_t {
    // SAFETY: four bytes are read, aligned or not; a `Neon` exists only where the processor has the instructions.
    unsafe {
        let word = from.cast::<u32>().read_unaligned();
        let low = vreinterpret_u8_u32(vset_lane_u32::<0>(word, vdup_n_u32(0)));
        vcombine_u8(low, vreinterpret_u8_u32(vdup_n_u32(0)))
    }
}

/// The first four bytes as numbers.
#[inline(always)]
fn widened(_: Neon, bytes: uint8x16_t) -> float32x4_t {
    // SAFETY: a `Neon` exists only where the processor has the instructions.
    unsafe { vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vget_low_u8(bytes))))) }
}

// SAFETY of all methods: a `Neon` exists only where the processor has the instructions; what pointers must be is handed
// on to the caller.
impl PixelLanes for Neon {
    #[inline(always)]
    unsafe fn pick(self, source: *const u8, places: *const Place) -> float32x4_t {
        // SAFETY: see above; 16 bytes of the source and 4 places are read. A place is four bytes, the first one of them
        // the lowest.
        unsafe {
            let bytes = vqtbl1q_u8(vld1q_u8(source), vld1q_u8(places.cast()));
            vcvtq_f32_u32(vreinterpretq_u32_u8(bytes))
        }
    }

    #[inline(always)]
    unsafe fn load_bytes(self, from: *const u8) -> float32x4_t {
        // SAFETY: see above; 4 bytes are read.
        unsafe { widened(self, four_bytes(self, from)) }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8, vector: float32x4_t) {
        // SAFETY: see above; 4 bytes are written, aligned or not.
        unsafe {
            let words = vmovn_u32(vcvtq_u32_f32(vector));
            let bytes = vmovn_u16(vcombine_u16(words, words));
            let word = vget_lane_u32::<0>(vreinterpret_u32_u8(bytes));
            to.cast::<u32>().write_unaligned(word);
        }
    }

    #[inline(always)]
    fn min(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: see above.
        unsafe { vminq_f32(a, b) }
    }

    #[inline(always)]
    fn divide(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: see above.
        unsafe { vdivq_f32(a, b) }
    }

    #[inline(always)]
    fn square_root(self, a: float32x4_t) -> float32x4_t {
        // SAFETY: see above.
        unsafe { vsqrtq_f32(a) }
    }

    #[inline(always)]
    fn select_greater(
        self,
        a: float32x4_t,
        b: float32x4_t,
        yes: float32x4_t,
        no: float32x4_t,
    ) -> float32x4_t {
        // SAFETY: see above.
        unsafe { vbslq_f32(vcgtq_f32(a, b), yes, no) }
    }
}
