//! See [`body`](super::body).

use super::{PlaneFilters, Responses, Strip};
use crate::engine::native::kernels::Avx2;

/// Adds the responses of all filters. The caller has checked the lengths.
pub(super) fn add_responses(
    simd: Avx2,
    strip: Strip<'_>,
    filters: &PlaneFilters,
    responses: &mut Responses,
) {
    // SAFETY: the level exists only where the processor has the instructions; `mod.rs` has checked the lengths.
    unsafe { with_instructions(simd, strip, filters, responses) };
}

#[target_feature(enable = "avx2,fma")]
unsafe fn with_instructions(
    simd: Avx2,
    strip: Strip<'_>,
    filters: &PlaneFilters,
    responses: &mut Responses,
) {
    // SAFETY: handed on to the caller; the constants suit the width of the vectors.
    unsafe { super::body::add_responses::<_, 2, 4>(simd, strip, filters, responses) };
}
