//! Vectors of `f32` under one name for all levels, so that a kernel's loops are written once. A level is a [`Lanes`]
//! value; a kernel's body is generic over it and always inlined into a function that switches the level's instructions
//! on.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;

/// Vectors of `f32`. A value proves that the processor has the instructions.
///
/// Every method is `#[inline(always)]`: compiled on its own, it would not use them.
pub(crate) trait Lanes: Copy {
    /// `COUNT` numbers.
    type Vector: Copy;

    /// How many numbers a vector has: a power of two, at most 16.
    const COUNT: usize;

    /// `value` in every lane.
    fn splat(self, value: f32) -> Self::Vector;

    /// The `COUNT` numbers from `from` on.
    ///
    /// # Safety
    /// They must be readable; `from` need not be aligned.
    unsafe fn load(self, from: *const f32) -> Self::Vector;

    /// The `COUNT` bytes from `from` on, as numbers.
    ///
    /// # Safety
    /// They must be readable; `from` need not be aligned.
    unsafe fn load_signed_bytes(self, from: *const i8) -> Self::Vector;

    /// Asks for the cache line at `from`, which may lie anywhere, to be fetched. Where there is no instruction for that,
    /// nothing happens.
    fn prefetch(self, from: *const f32);

    /// Writes the numbers from `to` on.
    ///
    /// # Safety
    /// `COUNT` numbers must be writable; `to` need not be aligned.
    unsafe fn store(self, to: *mut f32, vector: Self::Vector);

    /// `a * b + c`, rounded once.
    fn multiply_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;

    /// `a + b`.
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// `a - b`.
    fn subtract(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// `a * b`.
    fn multiply(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// The larger of `a` and `b`, lane by lane.
    fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
}
