//! See [`body`](super::body).

use super::{Probe, ROWS, RowGroup};
use crate::engine::native::kernels::Avx512;

/// Writes the estimates of all rows for each of `probes`.
pub(super) fn estimate(
    simd: Avx512,
    group: &RowGroup,
    probes: &[Probe],
    estimates: &mut [[f32; ROWS]],
) {
    // SAFETY: `simd` proves that the processor has AVX-512, all that this safe function requires.
    unsafe { with_instructions(simd, group, probes, estimates) };
}

#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma")]
fn with_instructions(
    simd: Avx512,
    group: &RowGroup,
    probes: &[Probe],
    estimates: &mut [[f32; ROWS]],
) {
    super::body::estimate::<_, 4, 4, 4>(simd, group, probes, estimates);
}
