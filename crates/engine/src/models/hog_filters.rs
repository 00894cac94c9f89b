//! A reader for the frontal face detector: five linear filters over histograms of oriented
//! gradients. Input: the whole file as bytes. Output: a [`FrontalFaceDetector`], or a sentence that
//! says why the file is refused.
//!
//! dlib has this detector in a header (dlib/image_processing/frontal_face_detector.h), not in a
//! file. `models/export_frontal_face_detector.cpp` created the file that comes with facematch, and
//! also documents the format. The file must match the architecture below exactly; filters and
//! thresholds may be any finite numbers.

use std::fmt;

use facematch_kernels::filter_bank::TAPS as FILTER;
pub use facematch_kernels::filter_bank::{PLANES, SeparableFilter};

use super::network::{Kind, read_whole};
use super::overlap::OverlapTest;
use super::reader::{Damage, MIN_FLOAT_BYTES, MIN_INTEGER_BYTES, Reader};

const KIND: Kind = Kind {
    head: b"\x01\x01\x01\x15frontal_face_detector",
    name: "frontal face detector",
};

/// Width and height of a cell, in pixels.
pub const CELL: usize = 8;
/// Width and height of the detector's window, in pixels.
pub const WINDOW: usize = CELL * FILTER;
/// Minimum width and height of a level of the image pyramid, in pixels, except for the first level.
pub const MIN_LEVEL: usize = 64;
/// Maximum number of levels of the image pyramid, more than any image has.
const MAX_LEVELS: usize = 1000;

/// Minimum size of a filter pair in bytes: its plane and two columns of numbers.
const MIN_PAIR_BYTES: usize = MIN_INTEGER_BYTES + 2 * MIN_COLUMN_BYTES;
const MIN_COLUMN_BYTES: usize = 2 * MIN_INTEGER_BYTES + FILTER * MIN_FLOAT_BYTES;
/// Minimum size of a detector in bytes: its threshold and the number of its filter pairs.
const MIN_DETECTOR_BYTES: usize = MIN_FLOAT_BYTES + MIN_INTEGER_BYTES;

/// dlib's `get_frontal_face_detector()`.
#[derive(Debug, Clone, PartialEq)]
pub struct FrontalFaceDetector {
    /// One detector for each of the poses: front, left, right, front rotated to the left, front
    /// rotated to the right.
    pub detectors: Vec<LinearDetector>,
    /// Test for two detections of one face; the one with the lower score is dropped.
    pub overlap: OverlapTest,
}

/// A linear filter of 10 x 10 cells with 31 planes, as a sum of filters that are the product of a
/// column and a row.
#[derive(Clone, PartialEq)]
pub struct LinearDetector {
    /// Minimum response of a window with a face; the difference is the face's score.
    pub threshold: f64,
    /// Products, plane by plane.
    pub filters: Vec<SeparableFilter>,
}

impl fmt::Debug for LinearDetector {
    /// Formats the numbers except the filters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinearDetector")
            .field("threshold", &self.threshold)
            .field("filters", &self.filters.len())
            .finish_non_exhaustive()
    }
}

/// Reads the detector in `bytes`, the content of `frontal_face_detector.dat` or a detector of the
/// same architecture. Takes no more memory than `bytes` account for.
///
/// # Errors
/// A sentence without a subject that says why the file is refused, such as "is not a frontal face
/// detector of dlib" or "damaged at byte 26: ...".
pub fn read_frontal_face_detector(bytes: &[u8]) -> Result<FrontalFaceDetector, String> {
    read_whole(bytes, &KIND, read)
}

fn read(reader: &mut Reader<'_>) -> Result<FrontalFaceDetector, Damage> {
    reader.expect(1, "the version of the detector")?;
    reader.expect_text("frontal_face_detector")?;
    for (expected, name) in [
        (WINDOW, "the width of the detector's window"),
        (WINDOW, "the height of the detector's window"),
        (CELL, "the size of a cell"),
        (0, "the padding of the window"),
        (MIN_LEVEL, "the smallest width of a pyramid level"),
        (MIN_LEVEL, "the smallest height of a pyramid level"),
        (MAX_LEVELS, "the number of pyramid levels"),
    ] {
        reader.expect(expected, name)?;
    }
    let overlap = OverlapTest::read(reader)?;
    let count = reader.count(MIN_DETECTOR_BYTES, "the number of detectors")?;
    let detectors = (0..count).map(|_| read_detector(reader));
    Ok(FrontalFaceDetector {
        detectors: detectors.collect::<Result<_, _>>()?,
        overlap,
    })
}

fn read_detector(reader: &mut Reader<'_>) -> Result<LinearDetector, Damage> {
    let threshold = reader.finite_double("the threshold of a detector")?;
    let count = reader.count(MIN_PAIR_BYTES, "the number of filters")?;
    let filters = (0..count).map(|_| read_filter(reader));
    Ok(LinearDetector {
        threshold,
        filters: filters.collect::<Result<_, _>>()?,
    })
}

fn read_filter(reader: &mut Reader<'_>) -> Result<SeparableFilter, Damage> {
    let at = reader.position();
    let plane = reader.index("the plane of a filter")?;
    if plane >= PLANES {
        let what = format!("expected the plane of a filter from 0 to 30, found {plane}");
        return Err(Damage::new(at, what));
    }
    Ok(SeparableFilter {
        plane,
        row: read_column(reader, "the row of a filter")?,
        column: read_column(reader, "the column of a filter")?,
    })
}

/// Reads a matrix of 10 rows and 1 column.
fn read_column(reader: &mut Reader<'_>, name: &str) -> Result<[f32; FILTER], Damage> {
    let at = reader.position();
    let size = reader.matrix_size(name)?;
    if size != (FILTER, 1) {
        let what = format!(
            "expected {FILTER} x 1 numbers for {name}, found {} x {}",
            size.0, size.1
        );
        return Err(Damage::new(at, what));
    }
    let mut numbers = [0.0; FILTER];
    for number in &mut numbers {
        *number = reader.finite_float(name)?;
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests;
