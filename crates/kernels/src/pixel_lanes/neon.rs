//! Vectors of 4 numbers.

use std::arch::aarch64::{
    float32x4_t, uint8x16_t, vbslq_f32, vcgtq_f32, vcombine_u8, vcombine_u16, vcvtq_f32_u32,
    vcvtq_u32_f32, vdivq_f32, vdup_n_u32, vget_lane_u32, vget_low_u8, vget_low_u16, vld1q_u8,
    vmovl_u8, vmovl_u16, vmovn_u16, vmovn_u32, vqtbl1q_u8, vreinterpret_u8_u32,
    vreinterpret_u32_u8, vreinterpretq_u32_u8, vset_lane_u32, vsqrtq_f32,
};

use super::PixelLanes;
use crate::Neon;
use crate::lanes::Lanes;
use crate::resize_rows::Place;

/// Returns four bytes, followed by zeros.
#[inline(always)]
fn four_bytes(_: Neon, bytes: [u8; 4]) -> uint8x16_t {
    let word = u32::from_ne_bytes(bytes);
    // SAFETY: the instructions need NEON, which a `Neon` proves; they access no memory.
    unsafe {
        let low = vreinterpret_u8_u32(vset_lane_u32::<0>(word, vdup_n_u32(0)));
        vcombine_u8(low, vreinterpret_u8_u32(vdup_n_u32(0)))
    }
}

/// Returns the first four bytes as numbers.
#[inline(always)]
fn widened(_: Neon, bytes: uint8x16_t) -> float32x4_t {
    // SAFETY: the instructions need NEON, which a `Neon` proves; they access no memory.
    unsafe { vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vget_low_u8(bytes))))) }
}

// SAFETY: `COUNT` is 4.
unsafe impl PixelLanes for Neon {
    #[inline(always)]
    fn pick(self, source: &[u8; 16], places: &[Place]) -> float32x4_t {
        let places = &places[..Self::COUNT];
        // SAFETY: `self` proves NEON. Only the 16 bytes of the array and the 4 places of the slice,
        // 16 bytes, are read. A place's first byte is its lowest.
        unsafe {
            let bytes = vqtbl1q_u8(vld1q_u8(source.as_ptr()), vld1q_u8(places.as_ptr().cast()));
            vcvtq_f32_u32(vreinterpretq_u32_u8(bytes))
        }
    }

    #[inline(always)]
    fn load_bytes(self, from: &[u8]) -> float32x4_t {
        let bytes = [from[0], from[1], from[2], from[3]];
        widened(self, four_bytes(self, bytes))
    }

    #[inline(always)]
    fn store_bytes(self, to: &mut [u8], vector: float32x4_t) {
        // SAFETY: the instructions need NEON, which `self` proves; they access no memory.
        let word = unsafe {
            let words = vmovn_u32(vcvtq_u32_f32(vector));
            let bytes = vmovn_u16(vcombine_u16(words, words));
            vget_lane_u32::<0>(vreinterpret_u32_u8(bytes))
        };
        to[..Self::COUNT].copy_from_slice(&word.to_ne_bytes());
    }

    #[inline(always)]
    fn divide(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: the instruction needs NEON, which `self` proves.
        unsafe { vdivq_f32(a, b) }
    }

    #[inline(always)]
    fn square_root(self, a: float32x4_t) -> float32x4_t {
        // SAFETY: the instruction needs NEON, which `self` proves.
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
        // SAFETY: the instruction needs NEON, which `self` proves.
        unsafe { vbslq_f32(vcgtq_f32(a, b), yes, no) }
    }
}
