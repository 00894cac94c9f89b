//! The encodings of a gallery. Input: encodings of one encoder. Output: rows of one matrix, which
//! takes less memory than an allocation for each row.

/// Encodings of the same size, one after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    /// Number of numbers in each row, 0 while there is none.
    columns: usize,
    numbers: Vec<f32>,
}

impl Rows {
    /// Appends an encoding.
    ///
    /// # Panics
    /// If it does not have the size of the others.
    pub(super) fn push(&mut self, encoding: &[f32]) {
        if self.numbers.is_empty() {
            self.columns = encoding.len();
        }
        assert_eq!(
            encoding.len(),
            self.columns,
            "encodings of different encoders"
        );
        self.numbers.extend_from_slice(encoding);
    }

    /// Returns the number of rows.
    pub(super) fn len(&self) -> usize {
        self.iter().len()
    }

    /// Returns the number of numbers in each row, 0 if there is none.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Returns the numbers of `row`.
    pub(super) fn row(&self, row: usize) -> &[f32] {
        &self.numbers[row * self.columns..][..self.columns]
    }

    /// Returns all rows.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.numbers.chunks_exact(self.columns.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_what_was_pushed() {
        let mut rows = Rows::default();
        assert_eq!((rows.len(), rows.columns()), (0, 0));
        rows.push(&[1.0, 2.0]);
        rows.push(&[3.0, 4.0]);
        assert_eq!((rows.len(), rows.columns()), (2, 2));
        assert_eq!(rows.row(1), [3.0, 4.0]);
        assert!(rows.iter().eq([[1.0, 2.0], [3.0, 4.0]]));
    }

    #[test]
    #[should_panic(expected = "different encoders")]
    fn rows_have_one_size() {
        let mut rows = Rows::default();
        rows.push(&[1.0, 2.0]);
        rows.push(&[3.0]);
    }
}
