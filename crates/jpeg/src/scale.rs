//! The choice of the DCT scale for a JPEG. Input: the widths of the photo and of its working copy.
//! Output: the smallest scale that leaves enough pixels for resizing.

/// Number of decoded pixels for each pixel of the working copy, along x. Antialiasing needs two:
/// with fewer, the copy would show the aliasing of the scaled DCT, which discards frequencies.
const OVERSAMPLING: u32 = 2;

/// A fraction of a JPEG's size that can be decoded directly, from a part of each block's
/// coefficients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DctScale {
    eighths: u32,
}

impl DctScale {
    /// The scale that keeps all pixels.
    pub const FULL: Self = Self { eighths: 8 };

    /// Returns the scale `eighths`/8, if `eighths` is 1 to 8.
    pub fn from_eighths(eighths: u32) -> Option<Self> {
        (1..=8).contains(&eighths).then_some(Self { eighths })
    }

    /// Returns the smallest scale at which a photo of `width` has enough pixels for a copy of
    /// `copy_width`.
    pub fn sufficient(width: u32, copy_width: u32) -> Self {
        let wanted = copy_width.saturating_mul(OVERSAMPLING);
        Self::reduced()
            .find(|scale| scale.decoded(width) >= wanted)
            .unwrap_or(Self::FULL)
    }

    /// Returns all scales, the full one last.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::reduced().chain([Self::FULL])
    }

    /// Returns all scales except the full one.
    fn reduced() -> impl Iterator<Item = Self> {
        (1..8).map(|eighths| Self { eighths })
    }

    /// Returns the scale for the blocks of a component that has `sampling` of the `largest`
    /// sampling factors (x, y). It keeps one pixel for each of the photo's if the component has
    /// one. Half of that suffices for chroma at a reduced scale: the eye does not see more, and
    /// most photos do not store more.
    pub(crate) fn of_component(
        self,
        sampling: (u32, u32),
        largest: (u32, u32),
        is_chroma: bool,
    ) -> Self {
        let share = if is_chroma { 2 } else { 1 };
        let needed = |sampling: u32, largest: u32| {
            (self.eighths * largest).div_ceil(sampling.max(1) * share)
        };
        let eighths = needed(sampling.0, largest.0).max(needed(sampling.1, largest.1));
        if self == Self::FULL {
            return Self::FULL;
        }
        Self {
            eighths: eighths.clamp(1, 8),
        }
    }

    /// Returns the numerator over 8.
    pub fn eighths(self) -> u32 {
        self.eighths
    }

    /// Returns the number of decoded pixels for `side` pixels; the last one may be partial.
    pub fn decoded(self, side: u32) -> u32 {
        (u64::from(side) * u64::from(self.eighths)).div_ceil(8) as u32
    }

    /// Returns the length of `side` pixels in decoded pixels, not rounded.
    pub fn extent(self, side: u32) -> f64 {
        f64::from(side) * f64::from(self.eighths) / 8.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sufficient(width: u32, copy_width: u32) -> u32 {
        DctScale::sufficient(width, copy_width).eighths()
    }

    #[test]
    fn the_smallest_scale_with_two_pixels_for_one_is_taken() {
        assert_eq!(sufficient(8000, 500), 1);
        assert_eq!(sufficient(7992, 500), 2);
        assert_eq!(sufficient(4000, 500), 2);
        assert_eq!(sufficient(3999, 500), 2);
        assert_eq!(sufficient(3996, 500), 3);
        assert_eq!(sufficient(2000, 500), 4);
        assert_eq!(sufficient(1998, 500), 5);
        assert_eq!(sufficient(1600, 500), 5);
        assert_eq!(sufficient(1142, 500), 7);
        assert_eq!(sufficient(1140, 500), 8);
        assert_eq!(sufficient(300, 500), 8);
    }

    #[test]
    fn a_partly_filled_pixel_counts() {
        let eighth = DctScale::from_eighths(1).unwrap();
        assert_eq!(
            [1, 8, 9, 4001].map(|side| eighth.decoded(side)),
            [1, 1, 2, 501]
        );
        assert_eq!(eighth.extent(4001), 500.125);
        assert_eq!(DctScale::FULL.decoded(u32::MAX), u32::MAX);
    }

    #[test]
    fn a_component_has_the_pixels_that_the_photo_needs_of_it() {
        let component = |eighths, sampling, largest, is_chroma| {
            DctScale::from_eighths(eighths)
                .unwrap()
                .of_component(sampling, largest, is_chroma)
                .eighths()
        };
        // Chroma of 4:2:0, 4:2:2 and 4:4:4.
        assert_eq!(component(3, (1, 1), (2, 2), true), 3);
        assert_eq!(component(3, (1, 2), (2, 2), true), 3);
        assert_eq!(component(3, (1, 1), (1, 1), true), 2);
        assert_eq!(component(2, (1, 1), (4, 4), true), 4);
        // Luma, and luma that is coarser than chroma.
        assert_eq!(component(3, (2, 2), (2, 2), false), 3);
        assert_eq!(component(3, (1, 1), (2, 2), false), 6);
        assert_eq!(component(5, (1, 2), (2, 2), false), 8);
        assert_eq!(component(8, (1, 1), (1, 1), true), 8);
    }

    proptest! {
        #[test]
        fn no_smaller_scale_would_do(width in 1..=16_384_u32, copy_width in 1..=16_384_u32) {
            let scale = DctScale::sufficient(width, copy_width);
            let suffices = |scale: DctScale| scale.decoded(width) >= 2 * copy_width;
            prop_assert!(suffices(scale) || scale == DctScale::FULL);
            for eighths in 1..scale.eighths() {
                prop_assert!(!suffices(DctScale::from_eighths(eighths).unwrap()));
            }
        }
    }
}
