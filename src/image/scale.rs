//! At which DCT scale a JPEG is decoded. In: how wide the photo is and how wide its working copy will be. Out: the
//! smallest scale that leaves the resizing enough pixels.

/// How many decoded pixels there must be for each pixel of the working copy, along x. Antialiasing needs two: with
/// fewer, the copy would show the aliasing of the scaled DCT, which cuts frequencies off.
const OVERSAMPLING: u32 = 2;

/// A share of a JPEG's size that can be decoded directly, from a part of each block's coefficients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DctScale {
    eighths: u32,
}

impl DctScale {
    /// All pixels.
    pub(super) const FULL: Self = Self { eighths: 8 };

    /// `eighths` over 8.
    #[cfg(test)]
    pub(super) fn from_eighths(eighths: u32) -> Self {
        Self { eighths }
    }

    /// The smallest scale at which a photo of `width` has enough pixels for a copy of `copy_width`.
    pub(super) fn sufficient(width: u32, copy_width: u32) -> Self {
        let wanted = copy_width.saturating_mul(OVERSAMPLING);
        Self::reduced()
            .find(|scale| scale.decoded(width) >= wanted)
            .unwrap_or(Self::FULL)
    }

    /// All scales but the full one.
    pub(super) fn reduced() -> impl Iterator<Item = Self> {
        (1..8).map(|eighths| Self { eighths })
    }

    /// The scale of chroma that has a pixel for each of luma. Half of luma's suffices: the eye sees no more of it, and most
    /// photos store no more of it.
    pub(super) fn of_chroma(self) -> Self {
        Self {
            eighths: self.eighths.div_ceil(2),
        }
    }

    /// Its numerator over 8.
    pub(super) fn eighths(self) -> u32 {
        self.eighths
    }

    /// The number of decoded pixels that `side` pixels become, the last one perhaps in part.
    pub(super) fn decoded(self, side: u32) -> u32 {
        (u64::from(side) * u64::from(self.eighths)).div_ceil(8) as u32
    }

    /// The length of `side` pixels in decoded pixels, not rounded.
    pub(super) fn extent(self, side: u32) -> f64 {
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
        let eighth = DctScale::from_eighths(1);
        assert_eq!(
            [1, 8, 9, 4001].map(|side| eighth.decoded(side)),
            [1, 1, 2, 501]
        );
        assert_eq!(eighth.extent(4001), 500.125);
        assert_eq!(DctScale::FULL.decoded(u32::MAX), u32::MAX);
    }

    proptest! {
        #[test]
        fn no_smaller_scale_would_do(width in 1..=16_384_u32, copy_width in 1..=16_384_u32) {
            let scale = DctScale::sufficient(width, copy_width);
            let suffices = |scale: DctScale| scale.decoded(width) >= 2 * copy_width;
            prop_assert!(suffices(scale) || scale == DctScale::FULL);
            for eighths in 1..scale.eighths() {
                prop_assert!(!suffices(DctScale::from_eighths(eighths)));
            }
        }
    }
}
