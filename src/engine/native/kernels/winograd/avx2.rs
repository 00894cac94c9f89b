//! Vectors of 8 channels.

use super::{Join, Split, vectors};
use crate::engine::native::kernels::Avx2;

/// Transforms the patches of tiles.
pub(super) fn split(avx2: Avx2, task: Split<'_>) {
    #[target_feature(enable = "avx2,fma")]
    fn compiled(avx2: Avx2, task: Split<'_>) {
        vectors::split(avx2, task);
    }
    // SAFETY: `avx2` proves that the processor has AVX2 and FMA, all that this safe function requires.
    unsafe { compiled(avx2, task) }
}

/// Transforms products into pixels.
pub(super) fn join(avx2: Avx2, task: Join<'_>) {
    #[target_feature(enable = "avx2,fma")]
    fn compiled(avx2: Avx2, task: Join<'_>) {
        vectors::join(avx2, task);
    }
    // SAFETY: `avx2` proves that the processor has AVX2 and FMA, all that this safe function requires.
    unsafe { compiled(avx2, task) }
}
