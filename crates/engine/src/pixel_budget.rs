//! A common limit for the memory of all workers. A worker takes as many pixels as its image has,
//! and waits while the others have too many.

use std::sync::{Condvar, Mutex, PoisonError};

/// The pixels that may be processed at a time.
pub(super) struct PixelBudget {
    free: Mutex<u64>,
    given_back: Condvar,
}

/// A part of a [`PixelBudget`], returned on drop.
pub(super) struct PixelShare<'a> {
    budget: &'a PixelBudget,
    pixels: u64,
}

impl PixelBudget {
    /// Creates a budget of `pixels`.
    pub(super) fn new(pixels: u64) -> Self {
        Self {
            free: Mutex::new(pixels),
            given_back: Condvar::new(),
        }
    }

    /// Waits for `pixels`, which must not exceed the whole budget.
    pub(super) fn take(&self, pixels: u64) -> PixelShare<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self
            .given_back
            .wait_while(free, |free| *free < pixels)
            .unwrap_or_else(PoisonError::into_inner);
        *free -= pixels;
        PixelShare {
            budget: self,
            pixels,
        }
    }
}

impl Drop for PixelShare<'_> {
    fn drop(&mut self) {
        let mut free = self
            .budget
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *free += self.pixels;
        self.budget.given_back.notify_all();
    }
}
