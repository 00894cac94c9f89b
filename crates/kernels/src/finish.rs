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
    /// Store the sum, or the sum times the slope of its channel if it is below 0: a PReLU, and with
    /// one slope for all channels a leaky ReLU.
    StorePrelu,
    /// Add the sum to the number in its place.
    Add,
    /// Add the sum to the number in its place, or store 0 if the result is below 0.
    AddRelu,
}

impl Finish {
    /// Writes `sum` to `place`. `slope` is that of its channel.
    pub(super) fn put(self, sum: f32, slope: f32, place: &mut f32) {
        *place = match self {
            Self::Store => sum,
            Self::StoreRelu => sum.max(0.0),
            Self::StorePrelu => slope * sum.min(0.0) + sum.max(0.0),
            Self::Add => sum + *place,
            Self::AddRelu => (sum + *place).max(0.0),
        };
    }

    /// Writes a vector of sums to `place`. `slopes` are those of their channels.
    ///
    /// # Safety
    /// `COUNT` numbers must be readable and writable from `place` on, and readable from `slopes`
    /// on.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    #[inline(always)]
    pub(super) unsafe fn put_vector<L: Lanes>(
        self,
        lanes: L,
        sum: L::Vector,
        slopes: *const f32,
        place: *mut f32,
    ) {
        // SAFETY: only `COUNT` numbers at `place` and at `slopes` are accessed, which the caller
        // guarantees.
        unsafe {
            let result = match self {
                Self::Store => sum,
                Self::StoreRelu => lanes.max(sum, lanes.splat(0.0)),
                Self::StorePrelu => {
                    let zero = lanes.splat(0.0);
                    let (negative, positive) = (lanes.min(sum, zero), lanes.max(sum, zero));
                    lanes.multiply_add(lanes.load_unchecked(slopes), negative, positive)
                }
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
