//! Bounds the memory of all workers together. A worker takes as many pixels as its image has, and waits while the others
//! have too many.

use std::sync::{Condvar, Mutex, PoisonError};

/// Pixels that may be worked on at a time.
pub(super) struct PixelBudget {
    free: Mutex<u64>,
    given_back: Condvar,
}

/// A part of a [`PixelBudget`], given back on drop.
pub(super) struct PixelShare<'a> {
    budget: &'a PixelBudget,
    pixels: u64,
}

impl PixelBudget {
    /// A budget of `pixels`.
    pub(super) fn new(pixels: u64) -> Self {
        Self {
            free: Mutex::new(pixels),
            given_back: Condvar::new(),
        }
    }

    /// Waits for `pixels`, of which there must be as many in the whole budget.
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
