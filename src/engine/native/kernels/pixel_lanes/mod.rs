//! Vectors of `f32` made of bytes and turned into bytes, for kernels that work on pixels. Extends [`Lanes`]; AVX-512
//! has none of its own, since these kernels are bound by shuffles and gain nothing from it.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "aarch64")]
mod neon;

use super::lanes::Lanes;
use super::resize_rows::Place;

/// What kernels on pixels need besides [`Lanes`]. `COUNT` is at most 8.
///
/// Every method is `#[inline(always)]`: compiled on its own, it would not use the level's instructions.
pub(crate) trait PixelLanes: Lanes {
    /// The bytes of `source` at the first `COUNT` of `places`, as numbers.
    ///
    /// # Safety
    /// 16 bytes must be readable from `source` on, and `COUNT` places from `places` on.
    unsafe fn pick(self, source: *const u8, places: *const Place) -> Self::Vector;

    /// `COUNT` bytes from `from` on, as numbers.
    ///
    /// # Safety
    /// They must be readable.
    unsafe fn load_bytes(self, from: *const u8) -> Self::Vector;

    /// Writes numbers from 0 to below 256 as bytes from `to` on, their fractions cut off.
    ///
    /// # Safety
    /// `COUNT` bytes must be writable.
    unsafe fn store_bytes(self, to: *mut u8, vector: Self::Vector);

    /// The smaller of `a` and `b`, lane by lane.
    fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// `a / b`.
    fn divide(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// The square root of `a`, rounded correctly.
    fn square_root(self, a: Self::Vector) -> Self::Vector;

    /// Where `a` is greater than `b`, `yes`; elsewhere `no`.
    fn select_greater(
        self,
        a: Self::Vector,
        b: Self::Vector,
        yes: Self::Vector,
        no: Self::Vector,
    ) -> Self::Vector;
}
