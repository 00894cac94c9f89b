//! Vectors of `f32` made from bytes and turned into bytes, for kernels that work on pixels. Extends
//! [`Lanes`]; AVX-512 has no implementation, since shuffles limit these kernels and they gain
//! nothing from it.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "aarch64")]
mod neon;

use super::lanes::Lanes;
use super::resize_rows::Place;

/// Operations that kernels on pixels need in addition to [`Lanes`].
///
/// Every method is `#[inline(always)]`: compiled separately, it would not use the level's
/// instructions.
///
/// # Safety
/// [`COUNT`](Lanes::COUNT) must be at most 8: kernels check for that many items after the last one.
pub(crate) unsafe trait PixelLanes: Lanes {
    /// Returns the bytes of `source` at the first `COUNT` of `places`, as numbers.
    ///
    /// # Panics
    /// If there are fewer places.
    fn pick(self, source: &[u8; 16], places: &[Place]) -> Self::Vector;

    /// Loads the first `COUNT` bytes of `from`, as numbers.
    ///
    /// # Panics
    /// If `from` is shorter.
    fn load_bytes(self, from: &[u8]) -> Self::Vector;

    /// Writes numbers from 0 to below 256 as bytes to the start of `to`, truncating their
    /// fractions.
    ///
    /// # Panics
    /// If `to` is shorter than `COUNT`.
    fn store_bytes(self, to: &mut [u8], vector: Self::Vector);

    /// Returns `a / b`.
    fn divide(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// Returns the square root of `a`, rounded correctly.
    fn square_root(self, a: Self::Vector) -> Self::Vector;

    /// Returns `yes` where `a` is greater than `b`, and `no` elsewhere.
    fn select_greater(
        self,
        a: Self::Vector,
        b: Self::Vector,
        yes: Self::Vector,
        no: Self::Vector,
    ) -> Self::Vector;
}
