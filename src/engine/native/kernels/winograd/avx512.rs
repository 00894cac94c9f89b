//! Vectors of 16 channels.

use super::{Join, Split, vectors};
use crate::engine::native::kernels::Avx512;

/// Transforms the patches of tiles.
pub(super) fn split(avx512: Avx512, task: Split<'_>) {
    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma")]
    fn compiled(avx512: Avx512, task: Split<'_>) {
        vectors::split(avx512, task);
    }
    // SAFETY: `avx512` proves that the processor has AVX-512, all that this safe function requires.
    unsafe { compiled(avx512, task) }
}

/// Transforms products into pixels.
pub(super) fn join(avx512: Avx512, task: Join<'_>) {
    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma")]
    fn compiled(avx512: Avx512, task: Join<'_>) {
        vectors::join(avx512, task);
    }
    // SAFETY: `avx512` proves that the processor has AVX-512, all that this safe function requires.
    unsafe { compiled(avx512, task) }
}
