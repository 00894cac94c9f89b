//! The final step for a sum of products: how it is stored.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use super::lanes::Lanes;

/// Final step for a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// Store the sum.
    Store,
    /// Store the sum, or 0 if it is below 0.
    StoreRelu,
    /// Add the sum to the number in its place.
    Add,
    /// Add the sum to the number in its place, or store 0 if the result is below 0.
    AddRelu,
}

impl Finish {
    /// Writes `sum` to `place`.
    pub(super) fn put(self, sum: f32, place: &mut f32) {
        *place = match self {
            Self::Store => sum,
            Self::StoreRelu => sum.max(0.0),
            Self::Add => sum + *place,
            Self::AddRelu => (sum + *place).max(0.0),
        };
    }

    /// Writes a vector of sums to `place`.
    ///
    /// # Safety
    /// `COUNT` numbers must be readable and writable from `place` on.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    #[inline(always)]
    pub(super) unsafe fn put_vector<L: Lanes>(self, lanes: L, sum: L::Vector, place: *mut f32) {
        // SAFETY: only `COUNT` numbers at `place` are read and written, which the caller
        // guarantees.
        unsafe {
            let result = match self {
                Self::Store => sum,
                Self::StoreRelu => lanes.max(sum, lanes.splat(0.0)),
                Self::Add => lanes.add(sum, lanes.load_unchecked(place)),
                Self::AddRelu => lanes.max(
                    lanes.add(sum, lanes.load_unchecked(place)),
                    lanes.splat(0.0),
                ),
            };
            lanes.store_unchecked(place, result);
        }
    }
}
