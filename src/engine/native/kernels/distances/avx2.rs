//! See [`body`](super::body).

use super::{Probe, ROWS, RowGroup};
use crate::engine::native::kernels::Avx2;

/// Writes the estimates of all rows for each of `probes`.
pub(super) fn estimate(
    simd: Avx2,
    group: &RowGroup,
    probes: &[Probe],
    estimates: &mut [[f32; ROWS]],
) {
    // SAFETY: `simd` proves that the processor has AVX2 and FMA, all that this safe function requires.
    unsafe { with_instructions(simd, group, probes, estimates) };
}

#[target_feature(enable = "avx2,fma")]
fn with_instructions(
    simd: Avx2,
    group: &RowGroup,
    probes: &[Probe],
    estimates: &mut [[f32; ROWS]],
) {
    super::body::estimate::<_, 2, 4, 8>(simd, group, probes, estimates);
}
