//! See [`body`](super::body).

use super::{Probe, ROWS, RowGroup};
use crate::engine::native::kernels::Neon;

/// Writes the estimates of all rows for each of `probes`. The caller has checked the lengths.
pub(super) fn estimate(
    simd: Neon,
    group: &RowGroup,
    probes: &[Probe],
    estimates: &mut [[f32; ROWS]],
) {
    // SAFETY: the level exists only where the processor has the instructions; `mod.rs` has checked the lengths.
    unsafe { with_instructions(simd, group, probes, estimates) };
}

#[target_feature(enable = "neon")]
unsafe fn with_instructions(
    simd: Neon,
    group: &RowGroup,
    probes: &[Probe],
    estimates: &mut [[f32; ROWS]],
) {
    // SAFETY: handed on to the caller; the constants suit the width of the vectors.
    unsafe { super::body::estimate::<_, 4, 4, 8>(simd, group, probes, estimates) };
}
