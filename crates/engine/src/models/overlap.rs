//! The test for two boxes of one face. Input: the two numbers of a model file. Output: an
//! [`OverlapTest`], which `overlap` of the native engine applies.

use super::reader::{Damage, Reader};

/// The test for overlapping boxes: dlib's `test_box_overlap`
/// (dlib/image_processing/box_overlap_testing.h).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OverlapTest {
    /// Boxes overlap if their common area is more than this share of the area of the smallest box
    /// around both; 0 to 1. dlib calls it intersection over union, although the box around both is
    /// larger than their union.
    pub intersection_over_union: f64,
    /// Boxes overlap if their common area is more than this share of the area of one of them; 0 to
    /// 1, where 1 means never.
    pub covered: f64,
}

impl OverlapTest {
    /// Reads both numbers as dlib writes a `test_box_overlap`.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let mut share = |name: &str| {
            let at = reader.position();
            let value = reader.finite_double(name)?;
            if (0.0..=1.0).contains(&value) {
                return Ok(value);
            }
            let what = format!("expected {name} from 0 to 1, found {value}");
            Err(Damage::new(at, what))
        };
        Ok(Self {
            intersection_over_union: share("the overlap of two boxes")?,
            covered: share("the covered part of a box")?,
        })
    }
}
