//! The eight EXIF orientations: how to rotate and mirror stored pixels for display.

/// Orientation of a stored image, as in EXIF tag 0x0112 (Exif 2.32, section 4.6.4): 1 is upright, 6
/// must be rotated by 90 degrees clockwise, and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Orientation(u8);

impl Orientation {
    /// Stored as displayed.
    pub const UPRIGHT: Self = Self(1);

    /// Returns the orientation with this EXIF number, 1 to 8, or `None` for any other number.
    pub fn from_exif(number: u8) -> Option<Self> {
        (1..=8).contains(&number).then_some(Self(number))
    }

    /// Returns the EXIF number, 1 to 8.
    pub fn exif(self) -> u8 {
        self.0
    }

    /// Returns whether turning the image upright swaps its width and height.
    pub fn swaps_sides(self) -> bool {
        self.exif() >= 5
    }

    /// Returns the displayed (width, height) of an image stored with (width, height), or the
    /// reverse.
    pub fn turn_size(self, (width, height): (u32, u32)) -> (u32, u32) {
        if self.swaps_sides() {
            (height, width)
        } else {
            (width, height)
        }
    }
}

/// Size and orientation of a photo file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Original {
    /// Width and height as displayed, in pixels.
    pub size: (u32, u32),
    /// Orientation of the stored pixels.
    pub orientation: Orientation,
    /// `true` if the pixels are those of a JPEG inside a camera raw file.
    pub is_preview: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_exif() {
        for number in 1..=8 {
            let orientation = Orientation::from_exif(number).unwrap();
            assert_eq!(orientation.exif(), number);
            assert_eq!(orientation.swaps_sides(), number >= 5);
        }
        assert_eq!(Orientation::from_exif(0), None);
        assert_eq!(Orientation::from_exif(9), None);
    }
}
