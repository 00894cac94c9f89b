//! What becomes of a sum of products at last.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use super::lanes::Lanes;

/// What becomes of a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// It is written.
    Store,
    /// It is written, or 0 when it is below 0.
    StoreRelu,
    /// It is added to what stands in its place.
    Add,
    /// It is added to what stands in its place; 0 is written when that is below 0.
    AddRelu,
}

impl Finish {
    /// Puts `sum` into its `place`.
    pub(super) fn put(self, sum: f32, place: &mut f32) {
        *place = match self {
            Self::Store => sum,
            Self::StoreRelu => sum.max(0.0),
            Self::Add => sum + *place,
            Self::AddRelu => (sum + *place).max(0.0),
        };
    }

    /// Puts a vector of sums into its place.
    ///
    /// # Safety
    /// `COUNT` numbers must be readable and writable from `place` on.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    #[inline(always)]
    pub(super) unsafe fn put_vector<L: Lanes>(self, lanes: L, sum: L::Vector, place: *mut f32) {
        // SAFETY: the caller guarantees `COUNT` numbers at `place`, all that is read and written.
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
