//! Vectors of 4 channels.

use super::{Join, Split, vectors};
use crate::engine::native::kernels::Neon;

/// Transforms the patches of tiles.
pub(super) fn split(neon: Neon, task: Split<'_>) {
    #[target_feature(enable = "neon")]
    fn compiled(neon: Neon, task: Split<'_>) {
        vectors::split(neon, task);
    }
    // SAFETY: `neon` proves that the processor has NEON, all that this safe function requires.
    unsafe { compiled(neon, task) }
}

/// Transforms products into pixels.
pub(super) fn join(neon: Neon, task: Join<'_>) {
    #[target_feature(enable = "neon")]
    fn compiled(neon: Neon, task: Join<'_>) {
        vectors::join(neon, task);
    }
    // SAFETY: `neon` proves that the processor has NEON, all that this safe function requires.
    unsafe { compiled(neon, task) }
}
