//! Vectors of `f32` under one name for all levels, so that a kernel's loops are written once. A
//! level is a [`Lanes`] value; a kernel's body is generic over it and always inlined into a
//! function that enables the level's instructions.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;

/// Operations on vectors of `f32`. A value proves that the processor has the instructions.
///
/// Every method is `#[inline(always)]`: compiled separately, it would not use them.
///
/// # Safety
/// Kernels step through memory by [`COUNT`](Self::COUNT) and check lengths against it. An
/// implementation must guarantee:
/// - A value exists only if the processor has the instructions that its methods use.
/// - `COUNT` is a power of two, at most 16, and the number of `f32` in a [`Vector`](Self::Vector).
/// - [`load_unchecked`](Self::load_unchecked),
///   [`load_signed_bytes_unchecked`](Self::load_signed_bytes_unchecked) and
///   [`store_unchecked`](Self::store_unchecked) access `COUNT` items and nothing else, at any
///   alignment.
pub(crate) unsafe trait Lanes: Copy {
    /// `COUNT` numbers.
    type Vector: Copy;

    /// Numbers in a vector.
    const COUNT: usize;

    /// Returns `value` in every lane.
    fn splat(self, value: f32) -> Self::Vector;

    /// Loads `COUNT` numbers from `from` on.
    ///
    /// # Safety
    /// They must be readable; `from` need not be aligned.
    unsafe fn load_unchecked(self, from: *const f32) -> Self::Vector;

    /// Loads `COUNT` bytes from `from` on, as numbers.
    ///
    /// # Safety
    /// They must be readable; `from` need not be aligned.
    unsafe fn load_signed_bytes_unchecked(self, from: *const i8) -> Self::Vector;

    /// Writes the numbers from `to` on.
    ///
    /// # Safety
    /// `COUNT` numbers must be writable; `to` need not be aligned.
    unsafe fn store_unchecked(self, to: *mut f32, vector: Self::Vector);

    /// Prefetches the cache line at `from`, which may be any address. Does nothing if the level has
    /// no instruction for it.
    fn prefetch(self, from: *const f32);

    /// Returns `a * b + c`, rounded once.
    fn multiply_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;

    /// Returns `a + b`.
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// Returns `a - b`.
    fn subtract(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// Returns `a * b`.
    fn multiply(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// Returns the larger of `a` and `b`, lane by lane.
    fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// Returns the smaller of `a` and `b`, lane by lane.
    fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// Loads the first `COUNT` numbers of `from`.
    ///
    /// # Panics
    /// If `from` is shorter.
    #[inline(always)]
    fn load(self, from: &[f32]) -> Self::Vector {
        let from = &from[..Self::COUNT];
        // SAFETY: the slice has `COUNT` numbers.
        unsafe { self.load_unchecked(from.as_ptr()) }
    }

    /// Loads the first `COUNT` bytes of `from`, as numbers.
    ///
    /// # Panics
    /// If `from` is shorter.
    #[inline(always)]
    fn load_signed_bytes(self, from: &[i8]) -> Self::Vector {
        let from = &from[..Self::COUNT];
        // SAFETY: the slice has `COUNT` bytes.
        unsafe { self.load_signed_bytes_unchecked(from.as_ptr()) }
    }

    /// Writes the numbers to the start of `to`.
    ///
    /// # Panics
    /// If `to` is shorter than `COUNT`.
    #[inline(always)]
    fn store(self, to: &mut [f32], vector: Self::Vector) {
        let to = &mut to[..Self::COUNT];
        // SAFETY: the slice has `COUNT` numbers, and the borrow is exclusive.
        unsafe { self.store_unchecked(to.as_mut_ptr(), vector) }
    }
}
