//! See [`body`](super::body).

use super::plan::{Columns, RowPair};
use crate::engine::native::kernels::Avx2;

/// Writes the columns of all groups; returns how many they are.
pub(super) fn resize_groups(
    simd: Avx2,
    columns: &Columns,
    pair: RowPair,
    top: [&[u8]; 3],
    bottom: [&[u8]; 3],
    out: &mut [&mut [u8]; 3],
) -> usize {
    // SAFETY: `simd` proves that the processor has AVX2 and FMA, all that this safe function requires.
    unsafe { with_instructions(simd, columns, pair, top, bottom, out) }
}

#[target_feature(enable = "avx2,fma")]
fn with_instructions(
    simd: Avx2,
    columns: &Columns,
    pair: RowPair,
    top: [&[u8]; 3],
    bottom: [&[u8]; 3],
    out: &mut [&mut [u8]; 3],
) -> usize {
    super::body::resize_groups(simd, columns, pair, top, bottom, out)
}
