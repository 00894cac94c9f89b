//! See [`body`](super::body).

use super::{Probe, ROWS, RowGroup};
use crate::engine::native::kernels::Neon;

/// Writes the estimates of all rows for each of `probes`.
pub(super) fn estimate(
    simd: Neon,
    group: &RowGroup,
    probes: &[Probe],
    estimates: &mut [[f32; ROWS]],
) {
    // SAFETY: `simd` proves that the processor has NEON, all that this safe function requires.
    unsafe { with_instructions(simd, group, probes, estimates) };
}

#[target_feature(enable = "neon")]
fn with_instructions(
    simd: Neon,
    group: &RowGroup,
    probes: &[Probe],
    estimates: &mut [[f32; ROWS]],
) {
    super::body::estimate::<_, 4, 4, 8>(simd, group, probes, estimates);
}
