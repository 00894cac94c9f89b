//! See [`body`](super::body).

use super::plan::{Columns, RowPair};
use crate::engine::native::kernels::Neon;

/// Writes the columns of all groups; returns how many they are.
pub(super) fn resize_groups(
    simd: Neon,
    columns: &Columns,
    pair: RowPair,
    top: [&[u8]; 3],
    bottom: [&[u8]; 3],
    out: &mut [&mut [u8]; 3],
) -> usize {
    // SAFETY: `simd` proves that the processor has NEON, all that this safe function requires.
    unsafe { with_instructions(simd, columns, pair, top, bottom, out) }
}

#[target_feature(enable = "neon")]
fn with_instructions(
    simd: Neon,
    columns: &Columns,
    pair: RowPair,
    top: [&[u8]; 3],
    bottom: [&[u8]; 3],
    out: &mut [&mut [u8]; 3],
) -> usize {
    super::body::resize_groups(simd, columns, pair, top, bottom, out)
}
