//! The ends of items laid out in memory, for the checks that `unsafe` code relies on. No sum or
//! product wraps around: a value that does not fit in a `usize` fits in no slice.

/// Returns the end of the last item, if each is `length` numbers long and they are laid out along
/// `axes` (count and step of each), or `None` on overflow.
pub(super) fn end(axes: &[(usize, usize)], length: usize) -> Option<usize> {
    axes.iter().try_fold(length, |end, (count, step)| {
        end.checked_add(count.saturating_sub(1).checked_mul(*step)?)
    })
}

/// Returns the product of `factors`, or `None` on overflow.
pub(super) fn product(factors: &[usize]) -> Option<usize> {
    factors
        .iter()
        .try_fold(1_usize, |product, factor| product.checked_mul(*factor))
}

/// Returns whether an item that ends at `end` lies within `length` numbers.
pub(super) fn fits(end: Option<usize>, length: usize) -> bool {
    end.is_some_and(|end| end <= length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_overflows_fits_nowhere() {
        assert_eq!(end(&[(3, 10), (2, 5)], 4), Some(29));
        assert_eq!(end(&[(0, usize::MAX), (1, usize::MAX)], 4), Some(4));
        assert_eq!(end(&[(2, usize::MAX)], 1), None);
        assert_eq!(end(&[(3, usize::MAX / 2 + 1)], 0), None);
        assert_eq!(product(&[3, 4]), Some(12));
        assert_eq!(product(&[usize::MAX / 2, 3]), None);
        assert!(fits(Some(4), 4) && !fits(Some(5), 4) && !fits(None, usize::MAX));
    }
}
