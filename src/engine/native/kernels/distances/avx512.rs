//! See [`body`](super::body).

use super::{Probe, ROWS, RowGroup};
use crate::engine::native::kernels::Avx512;

/// Writes the estimates of all rows for each of `probes`. The caller has checked the lengths.
pub(super) fn estimate(
    simd: Avx512,
    group: &RowGroup,
    probes: &[Probe],
    estimates: &mut [[f32; ROWS]],
) {
    // SAFETY: the level exists only where the processor has the instructions; `mod.rs` has checked the lengths.
    unsafe { with_instructions(simd, group, probes, estimates) };
}

#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma")]
unsafe fn with_instructions(
    simd: Avx512,
    group: &RowGroup,
    probes: &[Probe],
    estimates: &mut [[f32; ROWS]],
) {
    // SAFETY: handed on to the caller; the constants suit the width of the vectors.
    unsafe { super::body::estimate::<_, 4, 4, 4>(simd, group, probes, estimates) };
}
