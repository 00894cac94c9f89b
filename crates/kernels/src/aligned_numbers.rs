//! Memory for numbers that begins at a cache line.

use std::ops::{Deref, DerefMut};

/// The size of a cache line, in numbers; a vector of the widest level fills one.
const LINE: usize = 64 / size_of::<f32>();

/// Numbers of which the first stands at the beginning of a cache line. Where vectors of 16 numbers are read one after
/// the other, none of them then lies in two lines, which would take twice the time.
#[derive(Debug, Default)]
pub struct AlignedNumbers {
    /// The numbers, and before them as many zeros as bring them to a line.
    numbers: Vec<f32>,
    start: usize,
}

impl AlignedNumbers {
    /// No numbers, and room for `length`. When more are pushed than that they may move away from the line.
    ///
    /// # Panics
    /// If so many numbers do not fit in memory.
    pub fn with_capacity(length: usize) -> Self {
        // What overflows must not become a small number: `Vec` refuses the largest.
        let mut numbers: Vec<f32> = Vec::with_capacity(length.saturating_add(LINE - 1));
        let start = numbers.as_ptr().align_offset(size_of::<f32>() * LINE);
        // An offset that cannot be told is larger than that; then the numbers are merely read more slowly.
        let start = start.min(LINE - 1);
        numbers.resize(start, 0.0);
        Self { numbers, start }
    }

    /// So many zeros.
    pub fn zeros(length: usize) -> Self {
        let mut zeros = Self::with_capacity(length);
        zeros.resize(length);
        zeros
    }

    /// The same numbers in memory of exactly their size, wherever that begins.
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

    /// Cuts the numbers off at `length`, or appends zeros up to there.
    ///
    /// # Panics
    /// If so many numbers do not fit in memory.
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
