//! Memory for numbers that starts at a cache line.

use std::ops::{Deref, DerefMut};

/// Size of a cache line, in numbers; one vector of the widest level fills it.
const LINE: usize = 64 / size_of::<f32>();

/// Numbers whose first one is at the start of a cache line. When vectors of 16 numbers are read in
/// sequence, none of them then spans two lines, which would take twice the time.
#[derive(Debug, Default)]
pub struct AlignedNumbers {
    /// The numbers, preceded by as many zeros as it takes to align them.
    numbers: Vec<f32>,
    start: usize,
}

impl AlignedNumbers {
    /// Returns an empty list with room for `length` numbers. If the caller adds more, they may move
    /// away from the cache line.
    ///
    /// # Panics
    /// If `length` numbers do not fit in memory.
    pub fn with_capacity(length: usize) -> Self {
        // An overflow must not become a small number; `Vec` refuses the largest one.
        let mut numbers: Vec<f32> = Vec::with_capacity(length.saturating_add(LINE - 1));
        let start = numbers.as_ptr().align_offset(size_of::<f32>() * LINE);
        // `align_offset` may return `usize::MAX`; then the numbers are not aligned, only slower to
        // read.
        let start = start.min(LINE - 1);
        numbers.resize(start, 0.0);
        Self { numbers, start }
    }

    /// Returns `length` zeros.
    pub fn zeros(length: usize) -> Self {
        let mut zeros = Self::with_capacity(length);
        zeros.resize(length);
        zeros
    }

    /// Returns the same numbers in an allocation of exactly their size, aligned or not.
    #[cfg(test)]
    pub fn exactly(numbers: &[f32]) -> Self {
        Self {
            numbers: numbers.to_vec(),
            start: 0,
        }
    }

    /// Appends `numbers`.
    pub fn extend_from_slice(&mut self, numbers: &[f32]) {
        self.numbers.extend_from_slice(numbers);
    }

    /// Truncates the numbers to `length`, or appends zeros up to it.
    ///
    /// # Panics
    /// If `length` numbers do not fit in memory.
    pub fn resize(&mut self, length: usize) {
        if length > self.numbers.capacity() - self.start {
            let mut larger = Self::with_capacity(length);
            larger.extend_from_slice(self);
            *self = larger;
        }
        self.numbers.resize(self.start + length, 0.0);
    }
}

impl Deref for AlignedNumbers {
    type Target = [f32];

    #[inline]
    fn deref(&self) -> &[f32] {
        &self.numbers[self.start..]
    }
}

impl DerefMut for AlignedNumbers {
    #[inline]
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.numbers[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_aligned(numbers: &[f32]) -> bool {
        numbers.as_ptr().addr().is_multiple_of(64)
    }

    #[test]
    fn numbers_begin_at_a_line_whatever_their_length() {
        for length in [0, 1, 15, 16, 1000, 100_000] {
            let mut numbers = AlignedNumbers::zeros(length);
            assert!(is_aligned(&numbers));
            assert_eq!(*numbers, vec![0.0; length]);
            numbers.fill(1.0);
            numbers.resize(length + 40);
            assert!(is_aligned(&numbers));
            assert_eq!(numbers[..length], vec![1.0; length]);
            assert_eq!(numbers[length..], [0.0; 40]);
            numbers.resize(length / 2);
            assert_eq!(*numbers, vec![1.0; length / 2]);
        }
    }
}
