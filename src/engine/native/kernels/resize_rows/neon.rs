//! See [`body`](super::body).

use super::plan::{Columns, RowPair};
use crate::engine::native::kernels::Neon;

/// Writes the columns of all groups; returns how many they are. The caller has checked the lengths of the rows.
pub(super) fn resize_groups(
    simd: Neon,
    columns: &Columns,
    pair: RowPair,
    top: [&[u8]; 3],
    bottom: [&[u8]; 3],
    out: &mut [&mut [u8]; 3],
) -> usize {
    // SAFETY: a `Neon` exists only where the processor has the instructions; `resize_row` has checked the lengths.
    unsafe { with_instructions(simd, columns, pair, top, bottom, out) }
}

#[target_feature(enable = "neon")]
unsafe fn with_instructions(
    simd: Neon,
    columns: &Columns,
    pair: RowPair,
    top: [&[u8]; 3],
    bottom: [&[u8]; 3],
    out: &mut [&mut [u8]; 3],
) -> usize {
    // SAFETY: handed on to the caller.
    unsafe { super::body::resize_groups(simd, columns, pair, top, bottom, out) }
}
